//! The pass: observe, decide, act, record, over ports that AWS and a fake both implement.
//!
//! [`pass::visit`] walks every target through the same steps, several at a time:
//!
//! ```text
//!            ┌ observe ─ list each kind, load memory      (reads)
//!  target ──▶┤ decide  ─ scheduler_core::decision         (pure)
//!            │ act     ─ record intent, call, settle      (writes)
//!            └▶ TargetReport ──▶ log; Summary ──▶ metrics, answer     (after all targets)
//! ```
//!
//! Trouble is a value: a target that cannot be read, a call that fails or a step that panics is a line in its
//! own target's report, and nothing in another's. Passes over more targets than one invocation takes are cut into
//! [`shards`]. The laws that hold are those of the crate `scheduler-simulation`, which lives through days of faults.
//!
//! This crate knows tokio and time limits, but no clock and no AWS.
#![warn(missing_docs)]

pub mod batch;
pub mod doctor;
pub mod explain;
pub mod foresight;
pub mod lease;
pub mod metrics;
pub mod pass;
pub mod ports;
pub mod rate;
pub mod record;
pub mod report;
pub mod shards;
pub mod status;
pub mod summary;

mod target;

pub use foresight::Foresight;
pub use pass::{Mode, Pass, Scope, Tick};
pub use ports::{Claims, Cloud, Leases, MemoryStore, Queue};
pub use report::{PassReport, ResourceReport, Result as ActionResult, TargetReport};
pub use summary::{Rows, Summary};
