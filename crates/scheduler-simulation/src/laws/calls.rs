//! Laws about what was asked of AWS and of the store: each is held against every call and every write, whatever became
//! of its pass.

use std::mem;

use chrono::TimeDelta;
use scheduler_core::{decision::Step, memory::Outcome, size::Size};

use super::{Broken, Law, Scene, Tally, passes};
use crate::{
    ledger::{Ledger, Record},
    oracle::{self, Want},
    thing::{By, Id, Thing},
    world::Call,
};

/// Holds them all against the calls and writes of a pass.
pub(super) fn check(
    scene: &Scene<'_>,
    ledger: &mut Ledger,
    tally: &mut Tally,
) -> Result<(), Broken> {
    late_ticks_do_nothing(scene, tally)?;
    for save in scene.saves {
        // The intent may be all that comes of it.
        ledger.of(&save.id).sizes.extend(save.size);
    }
    for call in scene.calls {
        calls_are_announced(call, tally)?;
        let Some(thing) = scene.world.things.get(&call.id) else { continue };
        let want = scene.oracle.wants(thing);
        only_what_is_ours(call, want.as_ref(), tally)?;
        let Some(want) = want else { continue };
        let record = ledger.get(&call.id);
        hands_are_respected(scene, call, thing, &want, &record, tally)?;
        windows_are_kept(scene, call, thing, &want, tally)?;
        sizes_come_back(call, thing, &record, tally)?;
        note(scene, call, thing, &want, ledger.of(&call.id));
    }
    unfinished(scene, ledger);
    Ok(())
}

/// A resource that carries no tag, or is excluded, unsuitable or gone, or follows a schedule that is broken or unknown,
/// is never called for. (One that was deleted a moment ago may still be listed.)
fn only_what_is_ours(
    call: &Call,
    want: Option<&Want<'_>>,
    tally: &mut Tally,
) -> Result<(), Broken> {
    let holds = want.is_some() || call.was_stale;
    tally.hold(Law::OnlyWhatIsOurs, holds, || {
        Law::OnlyWhatIsOurs.broken(&call.id, "it was called for")
    })
}

/// Every start, stop and resize is preceded by its intent, saved by the same pass.
fn calls_are_announced(call: &Call, tally: &mut Tally) -> Result<(), Broken> {
    let broken = || {
        Law::CallsAreAnnounced.broken(&call.id, "it was called for without an intent in the store")
    };
    tally.hold(Law::CallsAreAnnounced, call.was_announced, broken)
}

/// A pass for an instant before one that is settled already in a target calls for nothing and writes nothing there.
fn late_ticks_do_nothing(scene: &Scene<'_>, tally: &mut Tally) -> Result<(), Broken> {
    let targets = scene.settled_up_to.iter().filter(|(_, settled)| **settled > scene.ran.now);
    for (target, _) in targets {
        let call = scene.calls.iter().map(|call| &call.id).find(|id| id.target == *target);
        let id = call.or(scene.saves.iter().map(|save| &save.id).find(|id| id.target == *target));
        let broken = || Broken {
            law: Law::LateTicksDoNothing,
            id: id.cloned(),
            how: "a late tick did something".into(),
        };
        tally.hold(Law::LateTicksDoNothing, id.is_none(), broken)?;
    }
    Ok(())
}

/// What a person has started is not stopped, and what a person has stopped is not started, unless the schedule enforces,
/// an edge has come since a pass last came to its end for it, an attempt of our own is unfinished, another schedule is
/// followed than then, a window asks for it, or it looks as if AWS had done it.
fn hands_are_respected(
    scene: &Scene<'_>,
    call: &Call,
    thing: &Thing,
    want: &Want<'_>,
    record: &Record,
    tally: &mut Tally,
) -> Result<(), Broken> {
    let up = is_up(&call.step);
    let Some(_) = call.before.filter(|deed| deed.by == By::Person && deed.up != up) else {
        return Ok(());
    };
    let window = oracle::window(scene.world, &call.id, thing, want);
    let for_a_window =
        if up { window.is_some_and(|window| window.asks_to_run) } else { record.for_window };
    let holds = match &record.settled {
        None => true,
        Some(settled) => {
            want.is_new_or_of_another(settled)
                || !settled.is_same_schedule(thing, scene.table.version)
                || want.is_enforced()
                || for_a_window
                || looks_like_a_restart(call, record)
        }
    };
    let broken = || {
        let since = want.edge.map(|since| since.to_string());
        Law::HandsAreRespected.broken(
            &call.id,
            format!("what a person did was undone; {} wants {} since {since:?}, and the last pass was {:?}",
                want.schedule.name, want.verdict.desired, record.settled),
        )
    };
    tally.hold(Law::HandsAreRespected, holds, broken)
}

/// Whether nobody can tell what a person did from what AWS does: a database that was last seen at rest runs, and AWS would
/// have started it by about now.
fn looks_like_a_restart(call: &Call, record: &Record) -> bool {
    const ABOUT: TimeDelta = TimeDelta::hours(1);
    record.seen_at_rest.is_some_and(|(_, restarts_at)| call.now >= restarts_at - ABOUT)
        && !is_up(&call.step)
}

/// Nothing is stopped, and nothing stopped to be resized, while a window is open that counts for it.
fn windows_are_kept(
    scene: &Scene<'_>,
    call: &Call,
    thing: &Thing,
    want: &Want<'_>,
    tally: &mut Tally,
) -> Result<(), Broken> {
    if is_up(&call.step)
        || thing.windows.is_empty() && want.schedule.ssm_maintenance_windows.is_empty()
    {
        return Ok(());
    }
    let open = oracle::window(scene.world, &call.id, thing, want);
    tally.hold(Law::WindowsAreKept, open.is_none(), || {
        Law::WindowsAreKept.broken(&call.id, "it was stopped in a window")
    })
}

/// A group or service that is started comes back at the size that it had before it was stopped, or at its tag's; its
/// automatic scaling is as it was; and it is never nought.
fn sizes_come_back(
    call: &Call,
    thing: &Thing,
    record: &Record,
    tally: &mut Tally,
) -> Result<(), Broken> {
    let (Some(after), Some(proper)) = (call.size_after, call.proper) else { return Ok(()) };
    let was_refused = matches!(call.told, Outcome::Failed(_));
    if !is_up(&call.step) || was_refused || !call.happened {
        return Ok(());
    }
    let tagged = thing.tags.get("ScheduleSize").and_then(|text| text.parse::<Size>().ok());
    let as_tagged = tagged.is_some_and(|size| is_as_large(size, after));
    let as_it_was =
        call.sizes_before.iter().chain(&record.sizes).any(|size| is_as_large(*size, after));
    let holds = after.desired > 0 && (as_tagged || as_it_was) && after.scaling == proper.scaling;
    let broken = || {
        Law::SizesComeBack.broken(
            &call.id,
            format!(
                "it came back as {after:?}; before, it was {:?}, {:?}",
                record.sizes, proper.scaling
            ),
        )
    };
    tally.hold(Law::SizesComeBack, holds, broken)
}

fn is_as_large(one: Size, other: Size) -> bool {
    (one.min, one.desired, one.max) == (other.min, other.desired, other.max)
}

fn is_up(step: &Step) -> bool {
    matches!(step, Step::Start { .. })
}

/// Keeps in mind what a call did.
fn note(scene: &Scene<'_>, call: &Call, thing: &Thing, want: &Want<'_>, record: &mut Record) {
    record.settled = None;
    if matches!(call.step, Step::Stop { .. }) {
        note_sizes(call, record);
    }
    if !call.happened {
        return;
    }
    match &call.step {
        Step::Start { .. } => {
            record.was_interrupted = mem::take(&mut record.is_interrupted);
            let window = oracle::window(scene.world, &call.id, thing, want);
            record.for_window = !want.is_to_run() && window.is_some();
            record.resizing = false;
        }
        Step::Stop { .. } => {
            record.for_window = false;
            record.resizing = false;
            let was_theirs = passes::is_retainable(thing, record);
            record.is_interrupted = want.verdict.overridden_by.is_some() && was_theirs;
            record.is_down = true;
        }
        Step::Resize { .. } => record.resizing = true,
    }
}

/// A stop saves the size that its pass was shown, even where a person's stop has come between and nothing changes.
fn note_sizes(call: &Call, record: &mut Record) {
    if mem::take(&mut record.is_back) {
        record.sizes.clear();
    }
    record.sizes.extend(&call.sizes_before);
}

/// What was announced or called for by a pass that did not come to its end is unfinished.
fn unfinished(scene: &Scene<'_>, ledger: &mut Ledger) {
    if scene.ran.report().is_some() {
        return;
    }
    let written: Vec<&Id> = scene.saves.iter().map(|save| &save.id).collect();
    for id in written {
        let record = ledger.of(id);
        record.settled = None;
        record.touched.push(scene.world.clock);
    }
}
