//! Which targets have something due, as far as can be told before they are looked at.
//!
//! A function that Lambda keeps alive has seen in earlier passes which schedules the resources of a target follow. Where
//! one of these has had an edge since, something is due; where nobody has looked yet, something may be. Those go first, so
//! that what time is short for is only ever a look at what is as it should be.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use scheduler_core::{Instant, ScheduleName, Target};

use crate::{
    pass::{Mode, Tick},
    report::TargetReport,
};

/// What earlier passes have seen. Kept from one to the next, and never needed.
#[derive(Debug, Default)]
pub struct Foresight(Mutex<HashMap<Target, Seen>>);

#[derive(Debug)]
struct Seen {
    /// The instant of the last pass.
    at: Instant,
    /// The schedules that resources followed.
    schedules: BTreeSet<ScheduleName>,
}

impl Foresight {
    /// Remembers what a pass has seen, if it was one that acts on everything that is due. A target that could not be looked at
    /// in full stays as it was.
    pub(crate) fn note(&self, report: &TargetReport, tick: &Tick) {
        let is_of_part = tick.scope.kind.is_some() || tick.scope.schedule.is_some();
        if !report.troubles.is_empty() || tick.mode == Mode::DryRun || is_of_part {
            return;
        }
        let mut schedules = BTreeSet::new();
        for resource in report.resources.iter().filter(|resource| resource.verdict.is_some()) {
            let name = resource.resource.marks.schedule.trim();
            if !schedules.contains(name) {
                schedules.extend(name.parse::<ScheduleName>());
            }
        }
        self.seen().insert(report.target.clone(), Seen { at: tick.now, schedules });
    }

    /// The targets in their turn: those in which something is due or may be, then the others. `since` says since when a
    /// schedule wants what it wants. Each pass begins elsewhere, so that where time is always short nobody is always last.
    pub(crate) fn in_turn<'t>(
        &self,
        mut targets: Vec<&'t Target>,
        now: Instant,
        since: impl Fn(&ScheduleName) -> Option<Instant>,
    ) -> Vec<&'t Target> {
        let minute = usize::try_from(now.timestamp() / 60).unwrap_or_default();
        let first = minute % targets.len().max(1);
        targets.rotate_left(first);
        let seen = self.seen();
        let is_due = |target: &Target| {
            seen.get(target).is_none_or(|seen| {
                seen.schedules.iter().filter_map(&since).any(|since| since > seen.at)
            })
        };
        targets.sort_by_cached_key(|target| !is_due(target));
        targets
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Target, Seen>> {
        // A poisoned lock means that somebody panicked between two targets; the map itself is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scheduler_core::decision::Action;
    use scheduler_core::{
        Desired, Kind, Observed, Resource, ResourceKey, Verdict,
        decision::Why,
        marks::Marks,
        resource::{Failure, FailureCode},
        verdict::Rule,
    };

    use super::*;
    use crate::{
        pass::Scope,
        report::{ResourceReport, Result},
    };

    fn target(n: u32) -> Target {
        Target::new(format!("{n:012}").parse().unwrap(), "eu-west-1".parse().unwrap())
    }

    fn at(minute: u32) -> Instant {
        format!("2026-03-02T08:{minute:02}:00Z").parse().unwrap()
    }

    fn tick(minute: u32) -> Tick {
        Tick { now: at(minute), scope: Scope::default(), mode: Mode::Act }
    }

    /// A look at a target in which one resource follows a schedule.
    fn look(n: u32, schedule: &str) -> TargetReport {
        let verdict = Verdict {
            desired: Desired::Running,
            instance_type: None,
            rule: Rule::Period,
            name: None,
            overridden_by: None,
            since: None,
            until: None,
        };
        let key = ResourceKey { kind: Kind::Ec2Instance, id: "i-1".parse().unwrap() };
        let resource = ResourceReport {
            resource: Resource::new(key, Marks::of(schedule), Observed::Running),
            verdict: Some(Arc::new(verdict)),
            action: Action::Leave(Why::AsDesired),
            result: Result::Left,
            memory: None,
        };
        TargetReport { target: target(n), troubles: Vec::new(), resources: vec![resource] }
    }

    #[test]
    fn what_is_due_or_unknown_comes_first() {
        let foresight = Foresight::default();
        foresight.note(&look(0, "early"), &tick(0));
        foresight.note(&look(1, "office"), &tick(0));
        foresight.note(&look(2, "early"), &tick(0));
        let denied = Failure { code: FailureCode::Denied, message: "no".into() };
        foresight.note(&TargetReport { troubles: vec![denied], ..look(3, "early") }, &tick(0));
        let targets: Vec<_> = (0..4).map(target).collect();
        let edge = at(3);
        let since = |name: &ScheduleName| (name.as_str() == "office").then_some(edge);
        let turns = |now| {
            let in_turn = foresight.in_turn(targets.iter().collect(), now, since);
            in_turn.into_iter().position(|one| *one == target(1)).unwrap()
        };
        assert!((4..8).all(|minute| turns(at(minute)) < 2));
        foresight.note(&look(1, "office"), &Tick { mode: Mode::DryRun, ..tick(5) });
        assert!((4..8).all(|minute| turns(at(minute)) < 2), "nobody has acted on it");
        foresight.note(&look(1, "office"), &tick(5));
        let first: BTreeSet<_> = (5..9)
            .map(|minute| foresight.in_turn(targets.iter().collect(), at(minute), since)[0].clone())
            .collect();
        assert_eq!(first, [target(3)].into(), "nobody has seen what is there");
    }
}
