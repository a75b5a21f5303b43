//! What there is in the world when it begins, and what people create in it.

use chrono::TimeDelta;
use scheduler_core::{
    InstanceType, Instant, Kind, ResourceKey, Target,
    resource::Unsuitable,
    size::{Scaling, Size},
    window::Window,
};

use crate::{
    dice::Dice,
    physics::Pace,
    thing::{By, Condition, Deed, Id, State, Thing},
    timetable::{PATCHES, TAGS},
    world::World,
};

/// The instance types of the world.
pub const TYPES: [&str; 4] = ["m5.large", "m5.xlarge", "t3.small", "m5a.large"];

/// One of the targets of the world.
///
/// # Panics
///
/// Never: the names are well formed.
#[expect(clippy::unwrap_used, reason = "the names are well formed")]
pub fn target(n: usize) -> Target {
    let region = ["eu-west-1", "us-east-1", "cn-north-1"][n % 3].parse().unwrap();
    Target::new(format!("{:012}", 111_122_223_333_usize + n).parse().unwrap(), region)
}

/// An instance type by its name.
///
/// # Panics
///
/// If the name is not well formed.
#[expect(clippy::unwrap_used, reason = "the names are well formed")]
pub fn instance_type(name: &str) -> InstanceType {
    name.parse().unwrap()
}

/// A key by kind and id.
///
/// # Panics
///
/// If the id is not well formed.
#[expect(clippy::unwrap_used, reason = "the ids are well formed")]
pub fn key(kind: Kind, id: &str) -> ResourceKey {
    ResourceKey { kind, id: id.parse().unwrap() }
}

/// A world at an instant, with three targets and some two dozen resources.
pub fn world(dice: &mut Dice, clock: Instant) -> World {
    let mut world = World { clock, pace: Pace::Natural, ..World::default() };
    for n in 0..3 {
        let here = target(n);
        world.named.insert(here.clone(), [(PATCHES.to_owned(), patches(dice))].into());
        for _ in 0..7 {
            create(&mut world, dice, &here);
        }
    }
    world
}

/// Creates a resource in a target.
pub fn create(world: &mut World, dice: &mut Dice, here: &Target) -> Id {
    let kind = dice.pick(&[
        Kind::Ec2Instance,
        Kind::Ec2Instance,
        Kind::Ec2Instance,
        Kind::RdsInstance,
        Kind::RdsCluster,
        Kind::Asg,
        Kind::EcsService,
        Kind::EcsService,
        Kind::RedshiftCluster,
    ]);
    let id = Id {
        target: here.clone(),
        key: key(kind, &format!("r-{:08x}", dice.below(u64::from(u32::MAX)))),
    };
    let thing = thing(world.clock, kind, dice);
    world.note(
        Some(&id),
        format!("it is created with the tags {:?}, {:?}", thing.tags, thing.now.state),
    );
    world.things.insert(id.clone(), thing);
    id
}

fn thing(clock: Instant, kind: Kind, dice: &mut Dice) -> Thing {
    let up = dice.chance(50);
    let mut now = Condition::of(if up { State::Running } else { State::Stopped });
    let own = Dice::new(dice.seed());
    let mut thing = Thing::new(Some(dice.pick(&TAGS)), now.clone(), own);
    if kind.is_sized() {
        let proper = size(kind, dice);
        thing.proper = Some(proper);
        now.size = Some(if up { proper } else { resting(proper) });
    }
    if kind == Kind::Ec2Instance {
        now.instance_type = Some(instance_type(dice.pick(&TYPES)));
        thing.can_hibernate = dice.chance(30);
        if dice.chance(20) {
            thing.unsupported.insert(instance_type(dice.pick(&TYPES)));
        }
    }
    if matches!(kind, Kind::RdsInstance | Kind::RdsCluster) && !up {
        let since = clock - dice.between(TimeDelta::days(1), TimeDelta::days(7));
        now.restarts_at = Some(since + TimeDelta::days(7));
        now.restarts_in_fact = now.restarts_at;
    }
    thing.now = now;
    thing.windows = windows(kind, dice);
    thing.nature = nature(kind, dice);
    tags(kind, dice, &mut thing);
    thing.deeds.push(Deed { at: clock, by: By::Person, up });
    thing
}

/// What a person leaves a group or service at that should not run.
fn resting(proper: Size) -> Size {
    if proper.scaling.is_some() { Size { desired: 0, ..proper } } else { Size::NOUGHT }
}

/// A size that runs.
pub fn size(kind: Kind, dice: &mut Dice) -> Size {
    let desired = 1 + u32::try_from(dice.below(4)).unwrap_or(0);
    if kind == Kind::Asg {
        return Size { min: 1, desired, max: desired + 2, scaling: None };
    }
    if dice.chance(40) {
        return Size::count(desired);
    }
    let scaling = Scaling {
        scales_in: dice.chance(80),
        scales_out: dice.chance(90),
        scheduled: dice.chance(50),
    };
    Size { min: 1, desired, max: desired + 2, scaling: Some(scaling) }
}

fn windows(kind: Kind, dice: &mut Dice) -> Vec<Window> {
    let hour = dice.below(24);
    let day = dice.pick(&["mon", "tue", "wed", "thu", "fri", "sat"]);
    let maintenance = format!("{day}:{hour:02}:15-{day}:{hour:02}:55");
    let backup = format!("{:02}:05-{:02}:35", (hour + 7) % 24, (hour + 7) % 24);
    let maintenance = || Window::weekly(&maintenance);
    let all = match kind {
        Kind::RdsInstance | Kind::RdsCluster => vec![maintenance(), Window::daily(&backup)],
        Kind::RedshiftCluster => vec![maintenance()],
        Kind::Ec2Instance | Kind::Asg | Kind::EcsService => Vec::new(),
    };
    all.into_iter().flatten().collect()
}

fn patches(dice: &mut Dice) -> Vec<Window> {
    let expression = format!(
        "cron({} {} ? * {} *)",
        dice.below(60),
        dice.below(24),
        dice.pick(&["MON", "WED", "SAT", "*"])
    );
    let length = TimeDelta::hours(1 + i64::try_from(dice.below(3)).unwrap_or(0));
    let window = Window::named(
        PATCHES,
        &expression,
        chrono_tz::Europe::Berlin,
        TimeDelta::zero(),
        length,
        None,
    );
    window.into_iter().collect()
}

fn nature(kind: Kind, dice: &mut Dice) -> Option<Unsuitable> {
    let nature = match kind {
        Kind::Ec2Instance => Unsuitable::GroupMember,
        Kind::RdsInstance => Unsuitable::ReadReplica,
        Kind::RdsCluster => Unsuitable::GlobalMember,
        Kind::EcsService => Unsuitable::Daemon,
        Kind::Asg | Kind::RedshiftCluster => Unsuitable::BadState,
    };
    dice.chance(5).then_some(nature)
}

fn tags(kind: Kind, dice: &mut Dice, thing: &mut Thing) {
    if dice.chance(8) {
        thing.tags.clear();
    }
    if kind.is_sized() && dice.chance(30) {
        thing
            .tags
            .insert("ScheduleSize".into(), dice.pick(&["1-2-4", "3", "2-2-6", "many"]).into());
    }
    if kind == Kind::Ec2Instance && dice.chance(25) {
        let preferred = format!("{} {}", dice.pick(&TYPES), dice.pick(&TYPES));
        thing.tags.insert("SchedulePreferredTypes".into(), preferred);
    }
}
