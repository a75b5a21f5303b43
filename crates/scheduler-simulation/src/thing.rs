//! One resource as it truly is, whatever a listing says of it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use scheduler_core::{
    InstanceType, Instant, Observed, Resource, ResourceKey, Target,
    marks::Marks,
    resource::{Failure, Unsuitable},
    size::{Scaling, Size},
    window::Window,
};

use crate::dice::Dice;

/// The key of the schedule tag.
pub const TAG: &str = "Schedule";

/// A resource in the whole world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// Where it is.
    pub target: Target,
    /// Which one there.
    pub key: ResourceKey,
}

/// `aws/111122223333/eu-west-1/ec2-instance/i-1`
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.target, self.key)
    }
}

/// A resource as it truly is.
#[derive(Clone, Debug)]
pub struct Thing {
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Why it cannot be started and stopped, if it cannot.
    pub nature: Option<Unsuitable>,
    /// What it is doing, and how large it is.
    pub now: Condition,
    /// What it was doing, and since when, the oldest first: listings may be old.
    pub past: VecDeque<(Instant, Condition)>,
    /// The size that it is meant to have when it runs, with its automatic scaling as people want it.
    pub proper: Option<Size>,
    /// Whether it can hibernate.
    pub can_hibernate: bool,
    /// Its own windows.
    pub windows: Vec<Window>,
    /// Why a start of it that was accepted is taken back, until when.
    pub curse: Option<(Instant, Failure)>,
    /// The instance types that it can never have.
    pub unsupported: BTreeSet<InstanceType>,
    /// Its transitions take long until then.
    pub slow_until: Option<Instant>,
    /// Who brought it up and down, the oldest first.
    pub deeds: Vec<Deed>,
    /// What chance has in store for it alone.
    pub dice: Dice,
}

/// What changes about a resource by itself or by orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it is doing.
    pub state: State,
    /// Its instance type.
    pub instance_type: Option<InstanceType>,
    /// How large it is, if it is sized.
    pub size: Option<Size>,
    /// Why AWS took its start back.
    pub fell: Option<Failure>,
    /// When AWS says that it will start it.
    pub restarts_at: Option<Instant>,
    /// When AWS will in fact.
    pub restarts_in_fact: Option<Instant>,
}

/// What it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// It rests.
    Stopped,
    /// It will run at an instant.
    Starting(Instant),
    /// It will rest at an instant.
    Stopping(Instant),
    /// It is deleted, and shown until an instant.
    Terminated(Instant),
}

/// Somebody brought it up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: By,
    /// Whether up.
    pub up: bool,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The engine.
    Us,
    /// A person.
    Person,
    /// AWS, by itself.
    Aws,
}

impl Condition {
    /// What it does, and nothing else known.
    pub fn of(state: State) -> Self {
        Self {
            state,
            instance_type: None,
            size: None,
            fell: None,
            restarts_at: None,
            restarts_in_fact: None,
        }
    }
}

impl Thing {
    /// A resource with this schedule tag, or none.
    pub fn new(tag: Option<&str>, now: Condition, dice: Dice) -> Self {
        let tags = tag.map(|tag| (TAG.to_owned(), tag.to_owned())).into_iter().collect();
        Self {
            tags,
            nature: None,
            past: VecDeque::new(),
            proper: None,
            can_hibernate: false,
            windows: Vec::new(),
            curse: None,
            unsupported: BTreeSet::new(),
            slow_until: None,
            deeds: Vec::new(),
            dice,
            now,
        }
    }

    /// Whether it runs or is about to.
    pub fn is_up(&self) -> bool {
        matches!(self.now.state, State::Running | State::Starting(_))
    }

    /// Whether it is deleted, and no longer shown.
    pub fn is_over(&self, now: Instant) -> bool {
        matches!(self.now.state, State::Terminated(until) if until <= now)
    }

    /// Whether it is on its way.
    pub fn in_transition(&self) -> bool {
        matches!(self.now.state, State::Starting(_) | State::Stopping(_))
    }

    /// Who brought it up or down last.
    pub fn last_deed(&self) -> Option<Deed> {
        self.deeds.last().copied()
    }

    /// Who brought it up last.
    pub fn last_starter(&self) -> Option<By> {
        self.deeds.iter().rev().find(|deed| deed.up).map(|deed| deed.by)
    }

    /// Its schedule tag's value.
    pub fn tag(&self) -> Option<&str> {
        self.tags.get(TAG).map(String::as_str)
    }

    /// What it was like at an instant, as far as that is kept.
    pub fn condition_at(&self, at: Instant) -> &Condition {
        let before = self.past.iter().rev().find(|(since, _)| *since <= at);
        before.or(self.past.front()).map_or(&self.now, |(_, condition)| condition)
    }

    /// What a listing shows of it, in this condition; none if it carries no schedule tag or is no more.
    pub fn shown(&self, key: &ResourceKey, condition: &Condition) -> Option<Resource> {
        let tags = self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let marks = Marks::read(TAG, tags)?;
        let observed = match (condition.state, self.nature) {
            (State::Terminated(_), _) => Observed::Gone,
            (_, Some(why)) => Observed::Unsuitable(why),
            (State::Running, None) => Observed::Running,
            (State::Stopped, None) => Observed::Stopped,
            (State::Starting(_) | State::Stopping(_), None) => Observed::InTransition,
        };
        let rests = observed == Observed::Stopped;
        Some(Resource {
            instance_type: condition.instance_type.clone(),
            size: condition.size,
            can_hibernate: self.can_hibernate,
            fell: condition.fell.clone().filter(|_| rests),
            restarts_at: condition.restarts_at.filter(|_| rests),
            windows: self.windows.clone(),
            ..Resource::new(key.clone(), marks, observed)
        })
    }
}

/// A size at rest: nought, with automatic scaling suspended where it has a say.
pub fn at_rest(size: Size) -> Size {
    match size.scaling {
        Some(_) => Size { desired: 0, scaling: Some(Scaling::SUSPENDED), ..size },
        None => Size::NOUGHT,
    }
}
