//! Laws about what a pass came to: each is held against what is true of every resource after it.

use scheduler_core::{
    Instant, Observed,
    decision::{Action, Cause, Step, Why},
    memory::{InFlight, Outcome},
    resource::FailureCode,
    schedule::Desired,
};
use scheduler_engine::{ActionResult, ResourceReport, lease::NotHeld};

use super::{Broken, Law, Scene, Tally};
use crate::{
    hub::End,
    ledger::{Ledger, Record, Settled},
    oracle::{self, Want},
    thing::{By, Id, Thing},
};

/// Holds them all against one pass.
pub(super) fn check(
    scene: &Scene<'_>,
    ledger: &mut Ledger,
    tally: &mut Tally,
) -> Result<(), Broken> {
    one_pass_at_a_time(scene, tally)?;
    shards_add_up(scene, tally)?;
    ours_is_never_a_persons(scene, ledger, tally)?;
    for id in &scene.ran.progress.stale {
        ledger.of(id).deceived = Some(scene.world.clock);
    }
    let Some(report) = scene.ran.report() else { return Ok(()) };
    for target in &report.targets {
        for one in &target.resources {
            let id = Id { target: target.target.clone(), key: one.resource.key.clone() };
            let Some(thing) = scene.world.things.get(&id) else { continue };
            let Some(want) = scene.oracle.wants(thing) else { continue };
            let record = ledger.get(&id);
            if scene.went_well_for(&id) {
                let seen =
                    Seen { scene, id: &id, thing, want: &want, report: one, record: &record };
                no_edge_is_lost(&seen, tally)?;
                what_a_window_started_rests_after_it(&seen, tally)?;
                restarts_are_undone(&seen, tally)?;
            }
            note(scene, &id, thing, &want, one, ledger);
        }
    }
    Ok(())
}

/// One resource in a pass that went well for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) id: &'a Id,
    pub(super) thing: &'a Thing,
    pub(super) want: &'a Want<'a>,
    pub(super) report: &'a ResourceReport,
    pub(super) record: &'a Record,
}

/// Whoever works on a target holds the lease, so that no two passes work at once; and a pass is only turned away while
/// another's claim lasts, so that a dead holder's is taken over.
fn one_pass_at_a_time(scene: &Scene<'_>, tally: &mut Tally) -> Result<(), Broken> {
    let broken = |how: String| move || Broken { law: Law::OnePassAtATime, id: None, how };
    let intruder = scene.world.intruders.first();
    let how = format!("{intruder:?} worked without the lease");
    tally.hold(Law::OnePassAtATime, intruder.is_none(), broken(how))?;
    if let End::NotHeld(NotHeld::Busy { holder, until }) = &scene.ran.end {
        let how = format!("{holder} kept the lease after {until}");
        tally.hold(Law::OnePassAtATime, *until > scene.world.clock, broken(how))?;
    }
    Ok(())
}

/// A pass in shards is put together once at most, whoever came twice or died, and then every target that it was begun with
/// counts once.
fn shards_add_up(scene: &Scene<'_>, tally: &mut Tally) -> Result<(), Broken> {
    let over = scene.world.post.passes.iter().filter(|(_, pass)| !pass.put_together.is_empty());
    for (name, pass) in over {
        let is_whole = pass.put_together == [pass.targets];
        let how = || {
            let how = format!("{name} of {} targets: {:?}", pass.targets, pass.put_together);
            Broken { law: Law::ShardsAddUp, id: None, how }
        };
        tally.hold(Law::ShardsAddUp, is_whole, how)?;
    }
    Ok(())
}

/// What is remembered as started by somebody else was last started by a person, or by us or AWS after an override had had
/// that stopped. (AWS's own start counts as a person's only if no pass had seen the database at rest before.)
fn ours_is_never_a_persons(
    scene: &Scene<'_>,
    ledger: &Ledger,
    tally: &mut Tally,
) -> Result<(), Broken> {
    for (target, memories) in &scene.world.memories {
        for (key, _) in memories.iter().filter(|(_, memory)| memory.retained) {
            let id = Id { target: target.clone(), key: key.clone() };
            let Some(thing) = scene.world.things.get(&id) else { continue };
            let starter = thing.last_starter();
            let holds = is_retainable(thing, &ledger.get(&id));
            let broken = || {
                Law::OursIsNeverAPersons
                    .broken(&id, format!("it is retained, and was started by {starter:?}"))
            };
            tally.hold(Law::OursIsNeverAPersons, holds, broken)?;
        }
    }
    Ok(())
}

/// After a pass that went well for a resource that was not on its way, what was ordered for it last accords with its
/// schedule's latest edge, if that edge came after the last such pass: whatever people did, and whatever failed, before.
/// What is claimed instead (a window, a person's start to be retained, a new resource to be spared, a size nobody knows,
/// a fall, no capacity) is true.
fn no_edge_is_lost(seen: &Seen<'_>, tally: &mut Tally) -> Result<(), Broken> {
    let Seen { id, want, record, report, .. } = *seen;
    let is_about_an_edge = match &record.healthy {
        Some(healthy) => want.is_new_since(healthy),
        None => want.edge.is_some(),
    };
    let was_deceived = was_deceived_since(record, want.edge);
    if report.resource.observed == Observed::InTransition || !is_about_an_edge || was_deceived {
        return Ok(());
    }
    let holds = accords(seen) || is_excused(seen);
    let broken = || {
        Law::NoEdgeIsLost.broken(
            id,
            format!(
                "{} wants {} since {:?}; it is {:?}, after {:?}: {:?}",
                want.schedule.name,
                want.verdict.desired,
                want.edge.map(|edge| edge.to_string()),
                seen.thing.now.state,
                report.action,
                report.result
            ),
        )
    };
    tally.hold(Law::NoEdgeIsLost, holds, broken)
}

/// Whether a pass has been shown since then what was no longer true.
pub(super) fn was_deceived_since(record: &Record, since: Option<Instant>) -> bool {
    record.deceived.is_some() && record.deceived >= since
}

/// Whether what was ordered last is what is wanted.
pub(super) fn accords(seen: &Seen<'_>) -> bool {
    let up = seen.thing.last_deed().is_none_or(|deed| deed.up);
    // What was stopped in this very pass to be resized is about to be started.
    let resizing = matches!(seen.report.action, Action::Act(Step::Resize { .. }, _));
    match seen.want.verdict.desired {
        Desired::Running => up || resizing,
        Desired::Stopped => !seen.thing.is_up(),
        Desired::Any => true,
    }
}

/// Whether the reason that is claimed for leaving it otherwise is true.
pub(super) fn is_excused(seen: &Seen<'_>) -> bool {
    let Seen { scene, id, thing, want, report, record } = *seen;
    let tagged_size = thing.tags.get("ScheduleSize");
    match (&report.action, &report.result) {
        (Action::Leave(Why::InWindow { .. }), _) => {
            oracle::window(scene.world, id, thing, want).is_some()
        }
        (Action::Act(Step::Start { .. }, Cause::Window { .. }), ActionResult::Acted(_)) => {
            oracle::window(scene.world, id, thing, want).is_some_and(|window| window.asks_to_run)
        }
        (Action::Leave(Why::Retained), _) => {
            want.schedule.retain_running
                && want.verdict.overridden_by.is_none()
                && is_retainable(thing, record)
                && !want.is_enforced()
        }
        (Action::Leave(Why::NewAndRunning), _) => {
            !want.schedule.stop_new_instances
                && want.verdict.overridden_by.is_none()
                && !record.is_known
                && !want.is_enforced()
        }
        // Nobody asks how large a group is that a person brings down.
        (Action::Leave(Why::SizeUnknown), _) => {
            let is_a_persons = thing.last_deed().is_some_and(|deed| deed.by == By::Person);
            tagged_size.is_none() && (is_a_persons || !record.is_down)
        }
        (Action::Leave(Why::SizeUnclear(_)), _) => tagged_size.is_some_and(|text| text == "many"),
        // Stopped for that by a pass of the same instant: the next one starts it.
        (Action::Leave(Why::InTransition), _) => {
            record.resizing && thing.last_deed().is_some_and(|deed| deed.at >= scene.ran.now)
        }
        (Action::Leave(Why::FellBack { .. }), _) => thing.now.fell.is_some(),
        (Action::Leave(Why::ChangedByHand { .. }), _) => was_seen_to(seen),
        (Action::Act(..), ActionResult::Acted(Outcome::Failed(failure))) => {
            failure.code == FailureCode::NoCapacity
                && thing
                    .now
                    .instance_type
                    .as_ref()
                    .is_some_and(|one| !scene.world.is_available(&id.target, one))
        }
        (Action::Leave(_), _) | (Action::Act(..), _) => false,
    }
}

/// Whether an earlier pass, which did not go well in all, may have seen to the edge: a person has changed it after that,
/// or what a person had started was spared by it.
fn was_seen_to(seen: &Seen<'_>) -> bool {
    let Seen { want, record, .. } = *seen;
    let by_hand = seen.thing.last_deed().filter(|deed| deed.by == By::Person);
    let was_retained = want.is_to_rest()
        && want.schedule.retain_running
        && want.verdict.overridden_by.is_none()
        && is_retainable(seen.thing, record);
    let was_new = want.is_to_rest()
        && want.verdict.overridden_by.is_none()
        && !want.schedule.stop_new_instances
        && record.healthy.is_none();
    let mut since_then = record.touched.iter().filter(|touched| Some(**touched) >= want.edge);
    let was_seen = since_then
        .any(|touched| was_retained || was_new || by_hand.is_some_and(|deed| *touched <= deed.at));
    was_seen && !want.is_enforced()
}

/// What was started for a window rests again once that is over, unless its schedule or a person keeps it up, or a stale
/// listing had us start it once more.
fn what_a_window_started_rests_after_it(seen: &Seen<'_>, tally: &mut Tally) -> Result<(), Broken> {
    let Seen { scene, id, thing, want, report, record } = *seen;
    let is_over = oracle::window(scene.world, id, thing, want).is_none();
    if !record.for_window
        || !is_over
        || want.is_to_run()
        || report.resource.observed != Observed::Running
        || was_deceived_since(record, thing.last_deed().map(|deed| deed.at))
    {
        return Ok(());
    }
    let rests = thing.last_deed().is_some_and(|deed| !deed.up || deed.by == By::Person);
    tally.hold(Law::WindowsAreKept, rests, || {
        Law::WindowsAreKept.broken(
            id,
            format!("it was started for a window and still runs after it: {:?}", report.action),
        )
    })
}

/// A database that AWS has started by itself, after a pass had seen it rest as it should, is stopped again as soon as it
/// can be; and unless there was another cause, the report says so.
fn restarts_are_undone(seen: &Seen<'_>, tally: &mut Tally) -> Result<(), Broken> {
    let Seen { scene, id, thing, want, report, record } = *seen;
    let was_seen = was_seen_before_a_restart(thing, record);
    let is_in_window = oracle::window(scene.world, id, thing, want).is_some();
    if !was_seen
        || report.resource.observed != Observed::Running
        || !want.is_to_rest()
        || is_in_window
    {
        return Ok(());
    }
    let is_stopped = thing.last_deed().is_some_and(|deed| !deed.up);
    let has_other_cause = match &record.settled {
        None => true,
        Some(settled) => {
            want.is_new_or_of_another(settled)
                || want.is_enforced()
                || !settled.is_same_schedule(thing, scene.table.version)
        }
    };
    let is_said = matches!(report.action, Action::Act(_, Cause::RestartedByAws));
    tally.hold(Law::RestartsAreUndone, is_stopped && (is_said || has_other_cause), || {
        Law::RestartsAreUndone
            .broken(id, format!("AWS started it by itself, and then: {:?}", report.action))
    })
}

/// Whether it may be retained: its last start counts as a person's, or came after an override's stop of such and was ours
/// or AWS's.
pub(super) fn is_retainable(thing: &Thing, record: &Record) -> bool {
    let is_theirs = counts_as_a_persons(thing, record);
    is_theirs || record.was_interrupted || record.is_interrupted
}

/// Whether its last start counts as a person's: it was one, or it was AWS's own, of which nobody could know.
pub(super) fn counts_as_a_persons(thing: &Thing, record: &Record) -> bool {
    match thing.last_starter() {
        Some(By::Person) => true,
        Some(By::Aws) => !was_seen_before_a_restart(thing, record),
        Some(By::Us) | None => false,
    }
}

/// Whether AWS started it last, and a pass had seen it at rest before that.
fn was_seen_before_a_restart(thing: &Thing, record: &Record) -> bool {
    let upped =
        thing.deeds.iter().rposition(|deed| deed.up).filter(|n| thing.deeds[*n].by == By::Aws);
    record.seen_at_rest.is_some_and(|(deeds, _)| Some(deeds) == upped)
}

/// Keeps in mind what the pass came to for a resource.
fn note(
    scene: &Scene<'_>,
    id: &Id,
    thing: &Thing,
    want: &Want<'_>,
    report: &ResourceReport,
    ledger: &mut Ledger,
) {
    let before = scene.calls.iter().any(|call| call.id == *id);
    let is_in_window = oracle::window(scene.world, id, thing, want).is_some();
    let was_written = !scene.ran.progress.struck_targets.contains(&id.target);
    let now = scene.ran.now;
    let settled = Settled::at(now, thing, scene.table.version, want);
    let goes_well = scene.went_well_for(id);
    let record = ledger.of(id);
    // An override settles no edge of its schedule's: only one that says from when it holds has one of its own.
    let edge = want.verdict.since.max(record.schedule_edge);
    let settled = if settled.overridden.is_some() { Settled { edge, ..settled } } else { settled };
    let healthy = settled.clone();
    record.settled = match (&report.action, &report.result) {
        _ if !was_written => None,
        (Action::Act(step, _), ActionResult::Acted(Outcome::Done | Outcome::DoneBut(_))) => {
            match step.intent() {
                InFlight::Resize => None,
                // What the schedule wants is not settled by a window.
                InFlight::Start if !want.is_to_run() => None,
                InFlight::Start | InFlight::Stop => Some(settled),
            }
        }
        (Action::Act(..), _) => None,
        (Action::Leave(why), _) if settles(why, is_in_window) => Some(settled),
        (Action::Leave(_), _) => record.settled.clone().filter(|_| !before),
    };
    record.schedule_edge = record.settled.as_ref().map_or(record.schedule_edge, |one| one.edge);
    record.is_known |= record.settled.is_some() || before;
    if goes_well {
        record.healthy = Some(healthy_at(healthy, record));
        record.touched.clear();
        record.shown = Some((now, report.resource.clone()));
    } else {
        record.touched.push(scene.world.clock);
        record.shown = None;
    }
    if goes_well && want.is_to_run() {
        record.for_window = false;
    }
    if want.is_to_rest() && report.resource.observed == Observed::Stopped {
        // It would rest by now in any case.
        record.resizing = false;
    }
    if want.is_to_run() && report.resource.observed == Observed::Running && !before {
        record.is_down = false;
        record.is_back |= goes_well;
    }
    if scene.is_late() && report.resource.observed == Observed::Running {
        // At the instant of such a pass AWS was not to start it yet.
        record.seen_at_rest = None;
    }
    if goes_well && want.is_to_rest() && !is_in_window {
        match report.resource.observed {
            Observed::Running => record.seen_at_rest = None,
            Observed::Stopped => {
                record.seen_at_rest = report.resource.restarts_at.map(|at| (thing.deeds.len(), at));
                record.is_interrupted &= want.verdict.overridden_by.is_some();
            }
            Observed::InTransition | Observed::Gone | Observed::Unsuitable(_) => {}
        }
    }
}

/// A pass that went well: of an override that it could not bring about, nothing is to be undone when that ends.
fn healthy_at(pass: Settled, record: &Record) -> Settled {
    let earlier = record.settled.as_ref().or(record.healthy.as_ref());
    match earlier.filter(|_| pass.overridden.is_some()) {
        Some(Settled { desired, edge, overridden, .. }) => {
            Settled { desired: *desired, edge: *edge, overridden: overridden.clone(), ..pass }
        }
        None => pass,
    }
}

fn settles(why: &Why, is_in_window: bool) -> bool {
    match why {
        Why::AlreadyRunning
        | Why::AlreadyStopped
        | Why::AsDesired
        | Why::Retained
        | Why::NewAndRunning
        | Why::NoOpinion => true,
        Why::ChangedByHand { .. } => !is_in_window,
        Why::InTransition
        | Why::InWindow { .. }
        | Why::FellBack { .. }
        | Why::TypeRefused { .. }
        | Why::WindowsUnknown
        | Why::SizeUnknown
        | Why::SizeUnclear(_)
        | Why::Gone
        | Why::Unsuitable(_)
        | Why::Excluded { .. }
        | Why::ExcludedUnclearly(_)
        | Why::UnknownSchedule { .. }
        | Why::BrokenSchedule(_)
        | Why::MemoryUnreadable(_)
        | Why::Late { .. } => false,
    }
}
