//! `doctor`: what keeps the deployment from doing its work, and what to do about it. It writes nothing.
//!
//! ```text
//! parameters -> tables -> schedules -> a dry run of every target -> what roles may do
//!   (deployment)                          (spokes)                    (permissions)
//! ```
//!
//! Each step looks only at what the one before has left usable, so that one thing that is wrong is one finding.

mod deployment;
mod examine;
mod permissions;
mod spokes;

pub use examine::Diagnosis;
pub(crate) use examine::examine;
