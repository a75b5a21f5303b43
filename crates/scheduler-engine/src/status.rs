//! What every managed resource does, should do and was last made to do: the rows of `status`.
//!
//! They come from a dry run, whose reports hold what was observed, what is desired and what is remembered.

use chrono::SecondsFormat;
use scheduler_core::{Instant, Target, memory::Memory};
use serde::{Deserialize, Serialize};

use crate::{
    report::{ResourceReport, TargetReport, TargetRow},
    summary::MOST_ROWS,
};

/// Every managed resource, and the targets that could not be looked at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StatusReport {
    /// The instant that was evaluated.
    pub at: String,
    /// One row for each resource.
    pub resources: Vec<StatusRow>,
    /// One row for each target in trouble.
    pub targets: Vec<TargetRow>,
    /// How many resources have no row, to keep the answer within what Lambda sends.
    pub omitted: usize,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRow {
    /// Its partition.
    pub partition: String,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub resource: String,
    /// The value of its schedule tag.
    pub schedule: String,
    /// What it does.
    pub observed: String,
    /// What its schedule wants, if it has one.
    pub desired: Option<String>,
    /// Since when.
    pub since: Option<String>,
    /// Until when.
    pub until: Option<String>,
    /// What was last done to it or tried: `start`, `stop` or `resize`.
    pub last_action: Option<String>,
    /// When.
    pub last_action_at: Option<String>,
    /// What came of that: `done`, `failed`, or `unknown` while no answer is known.
    pub last_outcome: Option<String>,
    /// What went wrong last, if that is not mended.
    pub last_error: Option<String>,
}

impl StatusReport {
    /// Nothing yet, at an instant.
    pub fn at(now: Instant) -> Self {
        Self { at: utc(now), ..Self::default() }
    }

    /// Adds what a dry run found in a target.
    pub fn add(&mut self, report: &TargetReport) {
        let room = MOST_ROWS.saturating_sub(self.resources.len());
        self.omitted += report.resources.len().saturating_sub(room);
        let rows = report.resources.iter().take(room);
        self.resources.extend(rows.map(|resource| StatusRow::of(&report.target, resource)));
        if !report.troubles.is_empty() {
            self.targets.push(report.row());
        }
    }

    /// Puts the rows in the order of their targets.
    pub fn sort(&mut self) {
        self.resources.sort_by(|a, b| a.place().cmp(&b.place()));
        self.targets.sort_by(|a, b| a.place().cmp(&b.place()));
    }
}

impl StatusRow {
    fn place(&self) -> [&str; 3] {
        [&self.partition, &self.account, &self.region]
    }

    pub(crate) fn of(target: &Target, report: &ResourceReport) -> Self {
        let (resource, verdict) = (&report.resource, report.verdict.as_deref());
        let memory = report.memory.as_ref();
        let last = memory.and_then(|memory| memory.last);
        Self {
            partition: target.partition.to_string(),
            account: target.account.to_string(),
            region: target.region.to_string(),
            kind: resource.key.kind.to_string(),
            resource: resource.key.id.to_string(),
            schedule: resource.marks.schedule.clone(),
            observed: resource.observed.as_str().into(),
            desired: verdict.map(|verdict| verdict.desired.to_string()),
            since: verdict.and_then(|verdict| verdict.since).map(utc),
            until: verdict.and_then(|verdict| verdict.until).map(utc),
            last_action: last.map(|last| last.action.as_str().into()),
            last_action_at: last.map(|last| utc(last.at)),
            last_outcome: memory.filter(|_| last.is_some()).map(|memory| outcome(memory).into()),
            last_error: memory
                .and_then(|memory| memory.last_error.as_ref())
                .map(|failure| format!("{}: {}", failure.code, failure.message)),
        }
    }
}

fn outcome(memory: &Memory) -> &'static str {
    match (memory.in_flight, memory.attempts + memory.falls) {
        (Some(_), _) => "unknown",
        (None, 0) => "done",
        (None, _) => "failed",
    }
}

fn utc(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
