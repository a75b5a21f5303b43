//! The whole policy as one snapshot: a change of policy shows as changed rows.

use std::fmt::Write;

use super::*;
use crate::{resource::Failure, resource::FailureCode, verdict::Rule};

const OLDER: &str = "2026-03-01T18:00:00Z";
const EDGE: &str = "2026-03-02T09:00:00Z";
const NOW: &str = "2026-03-02T09:30:00Z";

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// The memories that a decision can meet, each with a name.
fn memories() -> Vec<(&'static str, Option<Memory>)> {
    let blank = || Memory::blank(at(OLDER), "s");
    let settled = |desired, edge| blank().settle(desired, Some(at(edge)));
    let failure = Failure { code: FailureCode::NoCapacity, message: "none left".into() };
    vec![
        ("never seen", None),
        ("running, this edge", Some(settled(Desired::Running, EDGE))),
        ("running, older edge", Some(settled(Desired::Running, OLDER))),
        ("stopped, this edge", Some(settled(Desired::Stopped, EDGE))),
        ("stopped, older edge", Some(settled(Desired::Stopped, OLDER))),
        ("any, this edge", Some(settled(Desired::Any, EDGE))),
        ("any, older edge", Some(settled(Desired::Any, OLDER))),
        (
            "running and retained",
            Some(Memory { retained: true, ..settled(Desired::Running, OLDER) }),
        ),
        (
            "stopped, start in flight",
            Some(Memory { in_flight: Some(InFlight::Start), ..settled(Desired::Stopped, OLDER) }),
        ),
        (
            "running, stop in flight",
            Some(Memory { in_flight: Some(InFlight::Stop), ..settled(Desired::Running, OLDER) }),
        ),
        (
            "stopped, start failed",
            Some(Memory {
                attempts: 1,
                last_error: Some(failure.clone()),
                ..settled(Desired::Stopped, OLDER)
            }),
        ),
        (
            "running, stop failed",
            Some(Memory {
                attempts: 1,
                last_error: Some(failure.clone()),
                ..settled(Desired::Running, OLDER)
            }),
        ),
        (
            "another schedule's",
            Some(Memory { schedule: "other".into(), ..settled(Desired::Running, EDGE) }),
        ),
        ("first stop failed", Some(Memory { attempts: 1, last_error: Some(failure), ..blank() })),
    ]
}

/// The flags that change a decision, each with a name.
fn schedules() -> Vec<(&'static str, Schedule)> {
    let plain = || Schedule::new("s".parse().unwrap(), chrono_tz::UTC);
    let soon = chrono::TimeDelta::minutes(59);
    vec![
        ("plain", plain()),
        ("enforced", Schedule { enforcement: Enforcement::Always, ..plain() }),
        ("enforce_for 59m", Schedule { enforcement: Enforcement::For(soon), ..plain() }),
        ("retain_running", Schedule { retain_running: true, ..plain() }),
        (
            "enforce_for, retain",
            Schedule { enforcement: Enforcement::For(soon), retain_running: true, ..plain() },
        ),
        (
            "enforced, keep new",
            Schedule { enforcement: Enforcement::Always, stop_new_instances: false, ..plain() },
        ),
        ("keep new", Schedule { stop_new_instances: false, ..plain() }),
    ]
}

fn verdict(desired: Desired) -> Verdict {
    Verdict {
        desired,
        instance_type: None,
        rule: Rule::Period,
        name: None,
        since: Some(at(EDGE)),
        until: None,
    }
}

fn cell(decision: &Decision) -> String {
    let action = match &decision.action {
        Action::Start => "START",
        Action::Stop => "STOP",
        Action::Leave(why) => why.code(),
    };
    let memory = decision.memory.as_ref().map_or(String::new(), |memory| {
        let retained = if memory.retained { " retained" } else { "" };
        match (memory.in_flight, memory.settled) {
            (Some(intent), _) => format!(
                " [{}{retained}]",
                if intent == InFlight::Start { "starting" } else { "stopping" }
            ),
            (None, settled) => format!(
                " [{}{retained}]",
                settled.map_or("nothing".into(), |desired| desired.to_string())
            ),
        }
    });
    format!("{action}{memory}")
}

#[test]
fn the_truth_table() {
    let mut table = String::from(
        "Cells: the action, or why it is left; in brackets what is remembered, if that is news.\n",
    );
    for desired in [Desired::Running, Desired::Stopped, Desired::Any] {
        for observed in
            [Observed::Running, Observed::Stopped, Observed::InTransition, Observed::Gone]
        {
            writeln!(table, "\ndesired {desired}, observed {}", observed.as_str()).unwrap();
            write!(table, "  {:24}", "remembered").unwrap();
            schedules().iter().for_each(|(name, _)| write!(table, " | {name:34}").unwrap());
            table.push('\n');
            for (name, memory) in memories() {
                let verdict = verdict(desired);
                let decided = |schedule| {
                    cell(&decide(&Case {
                        now: at(NOW),
                        observed,
                        schedule,
                        verdict: &verdict,
                        memory: memory.as_ref(),
                    }))
                };
                let cells: Vec<_> =
                    schedules().iter().map(|(_, schedule)| decided(schedule)).collect();
                write!(table, "  {name:24}").unwrap();
                if cells.iter().all(|cell| *cell == cells[0]) {
                    writeln!(table, " | {}, whatever the flags", cells[0]).unwrap();
                } else {
                    cells.iter().for_each(|cell| write!(table, " | {cell:34}").unwrap());
                    table.push('\n');
                }
            }
        }
    }
    let table: Vec<_> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(table.join("\n"));
}

/// A second pass at the same instant does nothing, whatever came of the first.
#[test]
fn a_second_look_changes_nothing() {
    for (_, memory) in memories() {
        for (_, schedule) in schedules() {
            for desired in [Desired::Running, Desired::Stopped, Desired::Any] {
                for observed in [Observed::Running, Observed::Stopped] {
                    let verdict = verdict(desired);
                    let case = Case {
                        now: at(NOW),
                        observed,
                        schedule: &schedule,
                        verdict: &verdict,
                        memory: memory.as_ref(),
                    };
                    let first = decide(&case);
                    let after = match first.action {
                        Action::Start | Action::Stop => first.memory.map(|intent| {
                            intent.after(&crate::memory::Outcome::Done, desired, verdict.since)
                        }),
                        Action::Leave(_) => first.memory.or(memory.clone()),
                    };
                    let reached = match first.action {
                        Action::Start => Observed::Running,
                        Action::Stop => Observed::Stopped,
                        Action::Leave(_) => observed,
                    };
                    let second =
                        decide(&Case { observed: reached, memory: after.as_ref(), ..case });
                    assert!(
                        matches!(second.action, Action::Leave(_)),
                        "{second:?} after {after:?}"
                    );
                    assert_eq!(second.memory, None, "after {after:?} for {schedule:?}");
                }
            }
        }
    }
}
