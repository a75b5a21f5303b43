//! A pass in numbers for CloudWatch. Every metric stands in this table, with its unit and dimensions.
//!
//! | metric | dimensions | unit | meaning |
//! |---|---|---|---|
//! | `Managed` | Schedule, Kind | Count | resources that follow the schedule |
//! | `Running` | Schedule, Kind | Count | those that run after the pass |
//! | `Stopped` | Schedule, Kind | Count | those that rest after the pass |
//! | `Started` | Schedule, Kind | Count | those that the pass started |
//! | `StoppedNow` | Schedule, Kind | Count | those that the pass stopped |
//! | `Failed` | Schedule, Kind | Count | those whose start or stop failed or had no answer |
//! | `Failures` | Code, Kind | Count | resources for which something went wrong, by the class of failure |
//! | `PassDuration` | | Milliseconds | how long the pass took |
//! | `Targets` | | Count | targets visited |
//! | `FailedTargets` | | Count | targets with trouble of their own |

use std::collections::BTreeMap;

use scheduler_core::{
    Kind, Observed,
    decision::{Action, Step, Why},
    resource::FailureCode,
};

use crate::{
    pass::Scope,
    report::{PassReport, ResourceReport},
};

/// What a pass did, as opposed to what there is.
const COUNTERS: [&str; 3] = ["Started", "StoppedNow", "Failed"];

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Datum {
    /// The metric's name.
    pub name: &'static str,
    /// What it is about.
    pub dimensions: Dimensions,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// What a number is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dimensions {
    /// The whole pass.
    Pass,
    /// What follows a schedule, of one kind.
    Schedule(String, Kind),
    /// What went wrong in one way, with one kind.
    Code(FailureCode, Kind),
}

/// The units in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A count.
    Count,
    /// Milliseconds.
    Milliseconds,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    managed: u32,
    running: u32,
    stopped: u32,
    started: u32,
    stopped_now: u32,
    failed: u32,
}

/// The numbers of a pass. Those that count what there is come from passes over everything only: beside a full
/// pass's, a scoped one's would halve every average. A late pass has none.
///
/// Resources whose tag names no schedule are not counted: their tag is anybody's text, and every new dimension
/// costs money.
pub fn of(report: &PassReport) -> Vec<Datum> {
    let resources = || report.targets.iter().flat_map(|target| &target.resources);
    if resources().any(|resource| matches!(resource.action, Action::Leave(Why::Late { .. }))) {
        return Vec::new();
    }
    let is_whole = report.tick.scope == Scope::default();
    let mut tallies: BTreeMap<(&str, Kind), Tally> = BTreeMap::new();
    for resource in resources().filter(|resource| resource.verdict.is_some()) {
        let key = (resource.resource.marks.schedule.trim(), resource.resource.key.kind);
        tallies.entry(key).or_default().count(resource);
    }
    let data = tallies.iter().flat_map(|((schedule, kind), tally)| tally.data(schedule, *kind));
    let mut data: Vec<_> =
        data.filter(|datum| is_whole || COUNTERS.contains(&datum.name)).collect();
    data.extend(failures(resources()));
    if is_whole {
        data.extend(of_the_whole(report));
    }
    data
}

fn failures<'a>(resources: impl Iterator<Item = &'a ResourceReport>) -> Vec<Datum> {
    let mut counts: BTreeMap<(FailureCode, Kind), u32> = BTreeMap::new();
    for report in resources {
        if let Some(failure) = report.result.failure() {
            *counts.entry((failure.code, report.resource.key.kind)).or_default() += 1;
        }
    }
    let datum = |((code, kind), count): (_, u32)| Datum {
        name: "Failures",
        dimensions: Dimensions::Code(code, kind),
        value: count.into(),
        unit: Unit::Count,
    };
    counts.into_iter().map(datum).collect()
}

fn of_the_whole(report: &PassReport) -> [Datum; 3] {
    let failed = report.targets.iter().filter(|target| !target.troubles.is_empty()).count();
    let whole = |name, value, unit| Datum { name, dimensions: Dimensions::Pass, value, unit };
    [
        whole("PassDuration", report.duration.as_secs_f64() * 1000.0, Unit::Milliseconds),
        whole("Targets", report.targets.len() as f64, Unit::Count),
        whole("FailedTargets", failed as f64, Unit::Count),
    ]
}

impl Tally {
    fn count(&mut self, report: &ResourceReport) {
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

    fn data(self, schedule: &str, kind: Kind) -> impl Iterator<Item = Datum> {
        let dimensions = Dimensions::Schedule(schedule.to_owned(), kind);
        let counts = [
            ("Managed", self.managed),
            ("Running", self.running),
            ("Stopped", self.stopped),
            ("Started", self.started),
            ("StoppedNow", self.stopped_now),
            ("Failed", self.failed),
        ];
        counts.into_iter().map(move |(name, value)| Datum {
            name,
            dimensions: dimensions.clone(),
            value: value.into(),
            unit: Unit::Count,
        })
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
