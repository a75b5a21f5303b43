//! What all passes come to.

use chrono::TimeDelta;
use scheduler_engine::report::{OutcomeRow, RunReport};
use serde::Serialize;

/// The sums.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) passes: usize,
    pub(super) started: usize,
    pub(super) stopped: usize,
    pub(super) failed: usize,
    /// Resource-hours spent at rest because a schedule wanted it so.
    pub(super) hours_avoided: f64,
    /// Resource-hours of everything that follows a schedule.
    pub(super) hours_managed: f64,
}

impl Totals {
    /// Adds a pass. A resource that is at rest after it is taken to rest until the next one.
    pub(super) fn add(&mut self, report: &RunReport, every: TimeDelta) {
        let hours = every.num_seconds() as f64 / 3600.0;
        let managed = || report.outcomes.iter().filter(|row| row.desired.is_some());
        let is_stopped = |row: &&OutcomeRow| {
            row.observed == "stopped" || (row.action == "stop" && row.outcome == "done")
        };
        let rests =
            managed().filter(|row| row.desired.as_deref() == Some("stopped")).filter(is_stopped);
        self.passes += 1;
        self.started += report.pass.started;
        self.stopped += report.pass.stopped;
        self.failed += report.pass.failed;
        self.hours_avoided += rests.count() as f64 * hours;
        self.hours_managed += managed().count() as f64 * hours;
    }
}
