//! Laws that compare: a pass with the same pass again, elsewhere, or without writing.

use std::collections::{BTreeMap, BTreeSet};

use scheduler_core::{Target, decision::Action};
use scheduler_engine::{PassReport, ResourceReport};

use super::{Broken, Law, Tally};
use crate::{thing::Id, world::World};

/// A second pass at the same instant, with nothing gone wrong in either, starts, stops and resizes nothing but what the
/// first one could not.
///
/// # Errors
///
/// If it does.
pub fn second_pass_is_quiet(
    first: &PassReport,
    second: &PassReport,
    tally: &mut Tally,
) -> Result<(), Broken> {
    let failed: BTreeSet<Id> =
        results(first).filter(|(_, one)| one.result.has_failed()).map(|(id, _)| id).collect();
    let acts = actions(second)
        .into_iter()
        .find(|(id, action)| action.step().is_some() && !failed.contains(id));
    let broken = || {
        let (id, how) = acts.as_ref().map_or((None, String::new()), |(id, action)| {
            (Some(id.clone()), format!("{action:?}"))
        });
        Broken { law: Law::SecondPassIsQuiet, id, how: format!("a second pass acts: {how}") }
    };
    tally.hold(Law::SecondPassIsQuiet, acts.is_none(), broken)
}

/// A target that is denied changes nothing in any other target's report.
///
/// # Errors
///
/// If it does.
pub fn targets_are_apart(
    well: &PassReport,
    ill: &PassReport,
    denied: &Target,
    tally: &mut Tally,
) -> Result<(), Broken> {
    for (expected, found) in
        well.targets.iter().zip(&ill.targets).filter(|(_, found)| found.target != *denied)
    {
        let broken = || {
            let differ =
                expected.resources.iter().zip(&found.resources).find(|(one, other)| one != other);
            let id = differ
                .map(|(one, _)| Id { target: found.target.clone(), key: one.resource.key.clone() });
            Broken {
                law: Law::TargetsAreApart,
                id,
                how: format!("the denial of {denied} changed {}: {differ:?}", found.target),
            }
        };
        tally.hold(Law::TargetsAreApart, expected == found, broken)?;
    }
    Ok(())
}

/// What a dry run would do is what the real run decides.
///
/// # Errors
///
/// If they differ.
pub fn dry_runs_are_true(
    dry: &PassReport,
    real: &PassReport,
    tally: &mut Tally,
) -> Result<(), Broken> {
    let (dry, real) = (actions(dry), actions(real));
    let differ = dry.iter().find(|(id, action)| real.get(id) != Some(action));
    let holds = dry == real;
    tally.hold(Law::DryRunsAreTrue, holds, || Broken {
        law: Law::DryRunsAreTrue,
        id: differ.map(|(id, _)| id.clone()),
        how: format!("planned {differ:?}, done {:?}", differ.and_then(|(id, _)| real.get(id))),
    })
}

/// A dry run writes nothing.
///
/// # Errors
///
/// If it does.
pub fn dry_runs_write_nothing(after: &World, tally: &mut Tally) -> Result<(), Broken> {
    let id = after.calls.first().map(|call| &call.id).or(after.saves.first().map(|save| &save.id));
    let id = id.or(after.labelled.first());
    tally.hold(Law::DryRunsAreTrue, id.is_none(), || Broken {
        law: Law::DryRunsAreTrue,
        id: id.cloned(),
        how: "a dry run wrote something".into(),
    })
}

fn actions(report: &PassReport) -> BTreeMap<Id, Action> {
    results(report).map(|(id, one)| (id, one.action.clone())).collect()
}

fn results(report: &PassReport) -> impl Iterator<Item = (Id, &ResourceReport)> {
    report.targets.iter().flat_map(|target| {
        let id = |one: &ResourceReport| Id {
            target: target.target.clone(),
            key: one.resource.key.clone(),
        };
        target.resources.iter().map(move |one| (id(one), one))
    })
}
