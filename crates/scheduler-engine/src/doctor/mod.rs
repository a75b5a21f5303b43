//! What keeps a deployment from doing its work: findings, and those among them that follow from a dry run.
//!
//! What AWS has to be asked for beyond a dry run, such as what a role may do, is the hub's to ask.

mod finding;
mod signs;

pub use finding::{Checked, Code, Examination, Finding, Severity};
pub use signs::{Signs, of_keys, of_passes};
