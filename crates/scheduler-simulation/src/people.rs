//! What people do in the world, and what it does to itself: starts and stops by hand, tags, sizes, deletions, want of
//! capacity, keys that cannot be used.

use chrono::TimeDelta;
use scheduler_core::{
    Kind,
    resource::{Failure, FailureCode},
    size::Size,
};

use crate::{
    dice::Dice,
    estate,
    faults::Class,
    thing::{By, Id, State, TAG},
    timetable::TAGS,
    world::World,
};

/// Perhaps somebody does something, or something happens.
pub fn live(world: &mut World, dice: &mut Dice) {
    while dice.chance(30) {
        let Some(id) = somewhere(world, dice) else { return };
        match dice.below(20) {
            0..=8 => by_hand(world, &id),
            9 | 10 => another_size(world, &id, dice),
            11..=13 => another_tag(world, &id, dice),
            14 => exclude(world, &id, dice),
            15 => delete_or_create(world, &id, dice),
            16 => another_type(world, &id, dice),
            _ => misfortune(world, &id, dice),
        }
    }
}

fn somewhere(world: &World, dice: &mut Dice) -> Option<Id> {
    let ids: Vec<_> = world.things.keys().collect();
    (!ids.is_empty()).then(|| dice.pick(&ids).clone())
}

/// Somebody starts what rests, or stops what runs.
pub fn by_hand(world: &mut World, id: &Id) {
    let (clock, pace) = (world.clock, world.pace);
    let Some(thing) = world.things.get_mut(id) else { return };
    let kind = id.key.kind;
    let what = match (thing.now.state, thing.nature) {
        (State::Running, None) => {
            if let Some(size) = thing.now.size {
                let rest =
                    if kind == Kind::Asg { Size::NOUGHT } else { Size { desired: 0, ..size } };
                thing.resize(clock, rest);
            }
            thing.bring_down(kind, clock, By::Person, pace);
            "somebody stops it"
        }
        (State::Stopped, None) => {
            if let (Some(now), Some(proper)) = (thing.now.size, thing.proper) {
                // Its count alone: whoever starts a service by hand does not think of its automatic scaling.
                thing.resize(clock, Size { scaling: now.scaling, ..proper });
            }
            thing.bring_up(kind, clock, By::Person, pace);
            "somebody starts it"
        }
        (State::Starting(_) | State::Stopping(_) | State::Terminated(_), _) | (_, Some(_)) => {
            return;
        }
    };
    world.note(Some(id), what);
}

/// Somebody gives a group or service that runs another size.
fn another_size(world: &mut World, id: &Id, dice: &mut Dice) {
    let clock = world.clock;
    let Some(thing) = world.things.get_mut(id).filter(|thing| thing.now.state == State::Running)
    else {
        return;
    };
    let (Some(now), Some(proper)) = (thing.now.size, thing.proper) else { return };
    let wanted = Size { scaling: proper.scaling, ..estate::size(id.key.kind, dice) };
    let wanted = if proper.scaling.is_none() && id.key.kind == Kind::EcsService {
        Size::count(wanted.desired)
    } else {
        wanted
    };
    thing.proper = Some(wanted);
    thing.resize(clock, Size { scaling: now.scaling, ..wanted });
    world.note(Some(id), format!("somebody gives it the size {wanted}"));
}

fn another_tag(world: &mut World, id: &Id, dice: &mut Dice) {
    let Some(thing) = world.things.get_mut(id) else { return };
    let what = match dice.below(4) {
        0 => {
            thing.tags.insert(TAG.into(), "ignore".into());
            "somebody tags it to be ignored".to_owned()
        }
        1 if thing.proper.is_some() => {
            let size = dice.pick(&["1-2-4", "3", "2-2-6", "many"]);
            thing.tags.insert("ScheduleSize".into(), size.into());
            format!("somebody tags it with the size {size}")
        }
        _ => {
            let tag = dice.pick(&TAGS);
            thing.tags.insert(TAG.into(), tag.into());
            format!("somebody has it follow `{tag}`")
        }
    };
    world.note(Some(id), what);
}

fn exclude(world: &mut World, id: &Id, dice: &mut Dice) {
    let until = world.clock + dice.between(TimeDelta::hours(1), TimeDelta::days(2));
    let text = match dice.below(5) {
        0 => "next week".to_owned(),
        1 | 2 => until.format("%Y-%m-%d").to_string(),
        _ => until.to_rfc3339(),
    };
    let Some(thing) = world.things.get_mut(id) else { return };
    let key = "ScheduleExcludeUntil".to_owned();
    let what = if thing.tags.remove(&key).is_some() {
        "somebody ends its exclusion".to_owned()
    } else {
        let what = format!("somebody excludes it until `{text}`");
        thing.tags.insert(key, text);
        what
    };
    world.note(Some(id), what);
}

fn delete_or_create(world: &mut World, id: &Id, dice: &mut Dice) {
    if dice.chance(50) {
        let created = estate::create(world, dice, &id.target);
        world.note(Some(&created), "it is new");
        return;
    }
    let clock = world.clock;
    if let Some(thing) = world.things.get_mut(id) {
        thing.change(clock, |now| now.state = State::Terminated(clock + TimeDelta::minutes(30)));
    }
    world.note(Some(id), "somebody deletes it");
}

fn another_type(world: &mut World, id: &Id, dice: &mut Dice) {
    let clock = world.clock;
    let Some(thing) = world.things.get_mut(id) else { return };
    if thing.now.state == State::Stopped && thing.now.instance_type.is_some() {
        let wanted = estate::instance_type(dice.pick(&estate::TYPES));
        thing.change(clock, |now| now.instance_type = Some(wanted));
        world.note(Some(id), "somebody gives it another instance type");
    }
}

fn misfortune(world: &mut World, id: &Id, dice: &mut Dice) {
    let until = world.clock + dice.between(TimeDelta::minutes(10), TimeDelta::hours(5));
    match dice.below(3) {
        0 => {
            let wanted = estate::instance_type(dice.pick(&estate::TYPES));
            world.note(None, format!("there is no {wanted} left in {} until {until}", id.target));
            world.exhausted.insert((id.target.clone(), wanted), until);
        }
        1 if id.key.kind == Kind::Ec2Instance => {
            let code = dice.pick(&[FailureCode::EncryptionKey, FailureCode::NoCapacity]);
            let why = Failure { code, message: format!("AWS took the start back: {code}") };
            if let Some(thing) = world.things.get_mut(id) {
                thing.curse = Some((until, why));
            }
            world.strike(Class::StartTakenBack, Some(id));
        }
        _ => {
            if let Some(thing) = world.things.get_mut(id) {
                thing.slow_until = Some(until);
            }
            world.strike(Class::SlowTransition, Some(id));
        }
    }
}
