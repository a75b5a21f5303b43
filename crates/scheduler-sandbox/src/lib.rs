//! An AWS in this process, at the wire, for the demo, the tests and the load bench
