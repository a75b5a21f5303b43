//! Laws about what comes of it all, once nothing goes wrong any more.

use scheduler_core::{
    Observed,
    decision::{Action, Why},
    memory::Overridden,
};

use super::{
    Broken, Law, Scene, Tally,
    passes::{Seen, counts_as_a_persons, is_excused, was_deceived_since},
};
use crate::{
    ledger::{Ledger, Record, Settled},
    oracle,
    thing::{By, Id, State, Thing},
};

/// Holds them against a pass long after the last fault.
///
/// # Errors
///
/// If one is broken.
pub fn check(scene: &Scene<'_>, ledger: &Ledger, tally: &mut Tally) -> Result<(), Broken> {
    let Some(report) = scene.ran.report() else {
        let how = format!("the pass came to no end: {:?}", scene.ran.end);
        return Err(Broken { law: Law::AllEndsWell, id: None, how });
    };
    for target in &report.targets {
        for one in &target.resources {
            let id = Id { target: target.target.clone(), key: one.resource.key.clone() };
            let Some(thing) = scene.world.things.get(&id) else { continue };
            let Some(want) = scene.oracle.wants(thing) else { continue };
            let record = ledger.get(&id);
            let seen = Seen { scene, id: &id, thing, want: &want, report: one, record: &record };
            all_is_as_it_should(&seen, tally)?;
            resizes_end(&seen, tally)?;
        }
    }
    Ok(())
}

/// Everything is what its schedule wants, or what a person has made of it since.
fn all_is_as_it_should(seen: &Seen<'_>, tally: &mut Tally) -> Result<(), Broken> {
    let Seen { id, thing, want, report, .. } = *seen;
    let is_so = match thing.now.state {
        State::Running => !want.is_to_rest(),
        State::Stopped => !want.is_to_run(),
        State::Starting(_) | State::Stopping(_) | State::Terminated(_) => true,
    };
    let holds = is_so
        || is_excused(seen)
        || is_a_persons(seen)
        || report.action.step().is_some() && super::passes::accords(seen);
    tally.hold(Law::AllEndsWell, holds, || {
        let how = format!(
            "{} wants {}, and in the end it is {:?} after {:?}: {:?}",
            want.schedule.name, want.verdict.desired, thing.now.state, report.action, report.result
        );
        Law::AllEndsWell.broken(id, how)
    })
}

/// Whether it is what a person, or AWS unseen, has made of it, and nothing forbids that.
fn is_a_persons(seen: &Seen<'_>) -> bool {
    let is_claimed =
        matches!(seen.report.action, Action::Leave(Why::ChangedByHand { .. } | Why::AsDesired));
    let is_theirs = seen.thing.last_deed().is_some_and(|deed| match deed.by {
        By::Person => true,
        By::Aws => counts_as_a_persons(seen.thing, seen.record),
        // Ours, in the place of a person's that an override had interrupted.
        By::Us => seen.record.was_interrupted && seen.want.schedule.retain_running,
    });
    let was_deceived = was_deceived_since(seen.record, seen.want.edge);
    is_claimed && (is_theirs || was_deceived) && !seen.want.is_enforced()
}

/// What was stopped to be resized does not stay stopped, unless it should rest by now; and what runs is a type that it
/// may run as, or the report says why not.
fn resizes_end(seen: &Seen<'_>, tally: &mut Tally) -> Result<(), Broken> {
    let Seen { id, thing, want, report, record, .. } = *seen;
    if record.resizing {
        let is_up = thing.is_up() || want.is_to_rest() || report.action.step().is_some();
        let how = || {
            Law::ResizesEnd
                .broken(id, format!("it was stopped for a resize and rests: {:?}", report.action))
        };
        tally.hold(Law::ResizesEnd, is_up, how)?;
    }
    let (types, current) = (want.types(thing), thing.now.instance_type.as_ref());
    let is_other = current.is_some_and(|current| !types.is_empty() && !types.contains(current));
    if is_other && want.is_to_run() && report.resource.observed == Observed::Running {
        let is_said = matches!(
            report.action,
            Action::Act(..)
                | Action::Leave(
                    Why::TypeRefused { .. }
                        | Why::ChangedByHand { .. }
                        | Why::InWindow { .. }
                        | Why::AsDesired
                )
        );
        let how = || {
            Law::ResizesEnd.broken(
                id,
                format!("it runs as {current:?} and not as {types:?}: {:?}", report.action),
            )
        };
        tally.hold(Law::ResizesEnd, is_said, how)?;
    }
    Ok(())
}

/// Where nothing has changed for a resource since the pass before, which went well, nothing is written of it.
///
/// # Errors
///
/// If something is.
pub fn there_is_quiet(scene: &Scene<'_>, before: &Ledger, tally: &mut Tally) -> Result<(), Broken> {
    for (id, resource) in &scene.ran.progress.shown {
        let Some(thing) = scene.world.things.get(id) else { continue };
        if !is_unchanged(scene, id, thing, resource, &before.get(id)) {
            continue;
        }
        let wrote = scene.ran.progress.wrote.contains(id);
        let called = scene.calls.iter().any(|call| call.id == *id);
        let labelled = scene.world.labelled.contains(id);
        tally.hold(Law::AllEndsWell, !wrote && !called && !labelled, || {
            Law::AllEndsWell.broken(id, format!("nothing has changed, and yet: wrote {wrote}, called {called}, tagged {labelled}"))
        })?;
    }
    Ok(())
}

fn is_unchanged(
    scene: &Scene<'_>,
    id: &Id,
    thing: &Thing,
    now: &scheduler_core::Resource,
    record: &Record,
) -> bool {
    let Some((at, before)) = &record.shown else { return false };
    let is_waiting =
        now.fell.is_some() || now.restarts_at.is_some_and(|restarts| restarts < scene.ran.now);
    let overridden = scene.oracle.wants(thing).and_then(|want| Overridden::of(&want.verdict));
    let is_followed = |settled: &Settled| {
        settled.is_same_schedule(thing, scene.table.version) && settled.overridden == overridden
    };
    // It may look as it did because somebody has undone what that pass did.
    let was_touched = thing.deeds.iter().any(|deed| deed.by != By::Us && deed.at > *at);
    before == now
        && !is_waiting
        && !was_touched
        && record.settled.as_ref().is_some_and(is_followed)
        && oracle::is_calm(scene.world, id, thing, scene.config(), *at, scene.ran.now)
}
