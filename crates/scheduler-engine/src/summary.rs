//! What came of targets, added up: as large as what was done, however many resources there were.
//!
//! A target's report is added as soon as it is known and can then be dropped. Sums of several invocations add up to that
//! of one that did everything.

use std::{collections::BTreeMap, time::Duration};

use chrono::SecondsFormat;
use scheduler_core::{
    Kind, Observed, Target,
    decision::{Action, Step, Why},
    resource::{Failure, FailureCode},
};
use serde::{Deserialize, Serialize};

use crate::{
    pass::{Mode, Tick},
    report::{OutcomeRow, PassRow, ResourceReport, RunReport, TargetReport, TargetRow},
};

/// Rows of resources, and of targets, that are kept at most: some 3 MB, of the 6 that Lambda sends.
pub(crate) const MOST_ROWS: usize = 10_000;

/// Which rows are kept beside the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rows {
    /// None: what happened stands in the log.
    None,
    /// Of the resources with which something was done or tried, and of the targets in trouble.
    #[default]
    Notable,
    /// Of every resource and every target.
    All,
}

impl Rows {
    fn include(self, is_notable: bool) -> bool {
        match self {
            Rows::None => false,
            Rows::Notable => is_notable,
            Rows::All => true,
        }
    }
}

/// What came of some targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    rows: Rows,
    counts: Counts,
    /// By schedule, and by kind.
    tallies: BTreeMap<String, BTreeMap<Kind, Tally>>,
    /// How many resources something went wrong for, by its class and their kind.
    failures: BTreeMap<FailureCode, BTreeMap<Kind, u32>>,
    /// Whether a target was further on than the pass's instant.
    is_late: bool,
    outcomes: Vec<OutcomeRow>,
    targets: Vec<TargetRow>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) targets: usize,
    pub(crate) failed_targets: usize,
    started: usize,
    stopped: usize,
    resized: usize,
    left: usize,
    failed: usize,
}

/// What there is and what was done, of one schedule and kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) managed: u32,
    pub(crate) running: u32,
    pub(crate) stopped: u32,
    pub(crate) started: u32,
    pub(crate) stopped_now: u32,
    pub(crate) failed: u32,
}

impl Summary {
    /// Nothing yet.
    pub fn new(rows: Rows) -> Self {
        Self { rows, ..Self::default() }
    }

    /// Adds what came of a target.
    pub fn add(&mut self, report: &TargetReport) {
        self.add_target(report.row());
        for resource in &report.resources {
            self.add_resource(&report.target, resource);
        }
        self.prune(2 * MOST_ROWS);
    }

    /// Adds a target of which nothing is known but what went wrong.
    pub fn add_failed(&mut self, target: &Target, failure: Failure) {
        self.add_target(TargetReport::failed(target, failure).row());
    }

    /// Adds what came of other targets.
    pub fn absorb(&mut self, other: Summary) {
        self.counts.absorb(other.counts);
        self.is_late |= other.is_late;
        for (schedule, kinds) in other.tallies {
            let tallies = self.tallies.entry(schedule).or_default();
            kinds.into_iter().for_each(|(kind, one)| tallies.entry(kind).or_default().absorb(one));
        }
        for (code, kinds) in other.failures {
            let counts = self.failures.entry(code).or_default();
            kinds.into_iter().for_each(|(kind, n)| *counts.entry(kind).or_default() += n);
        }
        self.outcomes.extend(other.outcomes);
        self.targets.extend(other.targets);
        self.prune(2 * MOST_ROWS);
    }

    /// With no more rows than so many bytes of JSON hold: half of them for targets, those in trouble first, and what is left
    /// for resources, those with which something was done or tried first.
    #[must_use]
    pub fn within(mut self, bytes: usize) -> Self {
        self.targets.sort_by_key(|row| !row.is_failed());
        self.outcomes.sort_by_key(OutcomeRow::is_left);
        let left = bytes / 2 + fit(&mut self.targets, bytes / 2);
        fit(&mut self.outcomes, left);
        self
    }

    /// The summary as scripts read it. Rows are in the order of their targets; if they are too many, those that did or
    /// tried something stay.
    pub fn into_run(mut self, tick: &Tick, duration: Duration) -> RunReport {
        self.prune(MOST_ROWS);
        self.outcomes.sort_by(|a, b| a.place().cmp(&b.place()));
        self.targets.sort_by(|a, b| a.place().cmp(&b.place()));
        RunReport {
            pass: self.counts.row(tick, duration),
            outcomes: self.outcomes,
            targets: self.targets,
        }
    }

    /// How many resources have no row.
    pub fn omitted(&self) -> usize {
        self.counts.resources().saturating_sub(self.outcomes.len().min(MOST_ROWS))
    }

    /// The counts.
    pub fn row(&self, tick: &Tick, duration: Duration) -> PassRow {
        self.counts.row(tick, duration)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn is_late(&self) -> bool {
        self.is_late
    }

    pub(crate) fn tallies(&self) -> impl Iterator<Item = (&str, Kind, Tally)> {
        self.tallies.iter().flat_map(|(schedule, kinds)| {
            kinds.iter().map(move |(kind, tally)| (schedule.as_str(), *kind, *tally))
        })
    }

    pub(crate) fn failures(&self) -> impl Iterator<Item = (FailureCode, Kind, u32)> {
        self.failures
            .iter()
            .flat_map(|(code, kinds)| kinds.iter().map(move |(kind, n)| (*code, *kind, *n)))
    }

    fn add_target(&mut self, row: TargetRow) {
        self.counts.targets += 1;
        self.counts.failed_targets += usize::from(row.is_failed());
        if self.rows.include(row.is_failed()) {
            self.targets.push(row);
        }
    }

    fn add_resource(&mut self, target: &Target, report: &ResourceReport) {
        self.counts.count(report);
        self.is_late |= matches!(report.action, Action::Leave(Why::Late { .. }));
        let kind = report.resource.key.kind;
        // A tag that names no schedule is anybody's text, and every name costs money.
        if report.verdict.is_some() {
            let schedule = report.resource.marks.schedule.trim().to_owned();
            self.tallies.entry(schedule).or_default().entry(kind).or_default().count(report);
        }
        if let Some(failure) = report.result.failure() {
            *self.failures.entry(failure.code).or_default().entry(kind).or_default() += 1;
        }
        if self.rows.include(report.is_notable()) {
            self.outcomes.push(report.row(target));
        }
    }

    /// Once there are more than so many rows of resources, leaves as many as are kept.
    fn prune(&mut self, more_than: usize) {
        if self.outcomes.len() > more_than {
            self.outcomes.sort_by_key(OutcomeRow::is_left);
            self.outcomes.truncate(MOST_ROWS);
        }
        if self.targets.len() > more_than {
            self.targets.sort_by_key(|row| !row.is_failed());
            self.targets.truncate(MOST_ROWS);
        }
    }
}

/// Leaves as many rows as so many bytes of JSON hold. Answers how many bytes are left.
fn fit<T: Serialize>(rows: &mut Vec<T>, bytes: usize) -> usize {
    let mut left = bytes;
    let fits = |row: &&T| {
        let length = serde_json::to_string(row).map_or(usize::MAX, |text| text.len() + 1);
        let less = left.checked_sub(length);
        left = less.unwrap_or(left);
        less.is_some()
    };
    let fitting = rows.iter().take_while(fits).count();
    rows.truncate(fitting);
    left
}

impl Counts {
    fn resources(self) -> usize {
        self.started + self.stopped + self.resized + self.left + self.failed
    }

    fn count(&mut self, report: &ResourceReport) {
        let count = match report.action.step() {
            _ if report.result.has_failed() => &mut self.failed,
            Some(Step::Start { .. }) => &mut self.started,
            Some(Step::Stop { .. }) => &mut self.stopped,
            Some(Step::Resize { .. }) => &mut self.resized,
            None => &mut self.left,
        };
        *count += 1;
    }

    fn absorb(&mut self, other: Counts) {
        self.targets += other.targets;
        self.failed_targets += other.failed_targets;
        self.started += other.started;
        self.stopped += other.stopped;
        self.resized += other.resized;
        self.left += other.left;
        self.failed += other.failed;
    }

    fn row(self, tick: &Tick, duration: Duration) -> PassRow {
        PassRow {
            at: tick.now.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            dry_run: tick.mode == Mode::DryRun,
            targets: self.targets,
            resources: self.resources(),
            started: self.started,
            stopped: self.stopped,
            resized: self.resized,
            left: self.left,
            failed: self.failed,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Tally {
    pub(crate) fn count(&mut self, report: &ResourceReport) {
        let done = report.result.is_done();
        self.managed += 1;
        match (report.action.step(), report.resource.observed) {
            (Some(Step::Start { .. }), _) if done => {
                self.started += 1;
                self.running += 1;
            }
            (Some(Step::Stop { .. }), _) if done => {
                self.stopped_now += 1;
                self.stopped += 1;
            }
            // It rests until a later pass starts it as the other type.
            (Some(Step::Resize { .. }), _) if done => self.stopped += 1,
            (_, Observed::Running) => self.running += 1,
            (_, Observed::Stopped) => self.stopped += 1,
            (_, Observed::InTransition | Observed::Gone | Observed::Unsuitable(_)) => {}
        }
        self.failed += u32::from(report.result.has_failed());
    }

    fn absorb(&mut self, other: Tally) {
        self.managed += other.managed;
        self.running += other.running;
        self.stopped += other.stopped;
        self.started += other.started;
        self.stopped_now += other.stopped_now;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use scheduler_core::{
        Resource, ResourceKey, decision::Cause, marks::Marks, memory::Outcome, resource::Failure,
    };

    use super::*;
    use crate::report::Result;

    /// What the tally of one running instance counts as running, stopped and failed, after a resize.
    fn counts_after(outcome: Outcome) -> (u32, u32, u32) {
        let key = ResourceKey { kind: Kind::Ec2Instance, id: "i-1".parse().unwrap() };
        let step = Step::Resize { types: vec!["m5.large".parse().unwrap()] };
        let mut tally = Tally::default();
        tally.count(&ResourceReport {
            resource: Resource::new(key, Marks::of("office"), Observed::Running),
            verdict: None,
            action: Action::Act(step, Cause::Desired),
            result: Result::Acted(outcome),
            memory: None,
        });
        (tally.running, tally.stopped, tally.failed)
    }

    #[test]
    fn what_was_stopped_to_be_resized_rests_after_the_pass() {
        assert_eq!(counts_after(Outcome::Done), (0, 1, 0));
        let failure = Failure { code: FailureCode::Unsupported, message: "no".into() };
        assert_eq!(counts_after(Outcome::Failed(failure)), (1, 0, 1));
    }
}
