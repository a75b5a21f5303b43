//! The pass: observe, decide, act, record, over ports
