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

use std::time::Duration;

use scheduler_core::{Kind, resource::FailureCode};

use crate::{
    pass::Scope,
    summary::{Summary, Tally},
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

/// The numbers of a pass, all of whose targets were looked at if it `is_whole`. Those of the pass, and those that count what
/// there is, come from such passes only: beside theirs, the numbers of a part would halve every average. A late pass has none.
///
/// Resources whose tag names no schedule are not counted: their tag is anybody's text, and every new dimension
/// costs money.
pub fn of(summary: &Summary, scope: &Scope, is_whole: bool, duration: Duration) -> Vec<Datum> {
    if summary.is_late() {
        return Vec::new();
    }
    let is_of_all = is_whole && *scope == Scope::default();
    let mut data: Vec<_> = summary.tallies().flat_map(of_schedule).collect();
    data.retain(|datum| is_of_all || COUNTERS.contains(&datum.name));
    data.extend(summary.failures().map(of_failures));
    if is_of_all {
        data.extend(of_pass(summary, duration));
    }
    data
}

fn of_failures((code, kind, count): (FailureCode, Kind, u32)) -> Datum {
    let dimensions = Dimensions::Code(code, kind);
    Datum { name: "Failures", dimensions, value: count.into(), unit: Unit::Count }
}

fn of_pass(summary: &Summary, duration: Duration) -> [Datum; 3] {
    let counts = summary.counts();
    let whole = |name, value, unit| Datum { name, dimensions: Dimensions::Pass, value, unit };
    [
        whole("PassDuration", duration.as_secs_f64() * 1000.0, Unit::Milliseconds),
        whole("Targets", counts.targets as f64, Unit::Count),
        whole("FailedTargets", counts.failed_targets as f64, Unit::Count),
    ]
}

/// Counters that stand at nought are left out: what is not sent costs nothing, and a sum is the same without it.
fn of_schedule((schedule, kind, tally): (&str, Kind, Tally)) -> impl Iterator<Item = Datum> {
    let dimensions = Dimensions::Schedule(schedule.to_owned(), kind);
    let numbers = [
        ("Managed", tally.managed),
        ("Running", tally.running),
        ("Stopped", tally.stopped),
        ("Started", tally.started),
        ("StoppedNow", tally.stopped_now),
        ("Failed", tally.failed),
    ];
    numbers.into_iter().filter(|(name, value)| *value > 0 || !COUNTERS.contains(name)).map(
        move |(name, value)| Datum {
            name,
            dimensions: dimensions.clone(),
            value: value.into(),
            unit: Unit::Count,
        },
    )
}
