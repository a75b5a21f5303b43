//! Tests that look at the whole house live in this package's `tests/` folder.
