//! What a schedule means and what to do about it: pure, without clock, network or threads
