//! The world: its clock, its resources, what is stored, and what has happened in it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use scheduler_core::{
    InstanceType, Instant, ResourceKey, Target, decision::Step, memory::Outcome, size::Size,
    window::NamedWindows,
};
use scheduler_engine::ports::{Lease, Memories};

use crate::{
    faults::Class,
    physics::Pace,
    post::Post,
    story::Chronicle,
    thing::{Deed, Id, Thing},
};

/// Everything there is. A clone is a world of its own in which the same would happen.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// What time it is.
    pub clock: Instant,
    /// How fast things change.
    pub pace: Pace,
    /// The resources.
    pub things: BTreeMap<Id, Thing>,
    /// The windows that operators have named.
    pub named: BTreeMap<Target, NamedWindows>,
    /// The instance types of which there are none left, until when.
    pub exhausted: BTreeMap<(Target, InstanceType), Instant>,
    /// What the store holds.
    pub memories: BTreeMap<Target, Memories>,
    /// The latest instant whose pass has written something of a target.
    pub settled_up_to: BTreeMap<Target, Instant>,
    /// Who holds which lease.
    pub leases: BTreeMap<String, Lease>,
    /// Passes in shards.
    pub post: Post,
    /// The calls for single resources, the oldest first, until somebody takes them.
    pub calls: Vec<Call>,
    /// The memories written, the oldest first, until somebody takes them.
    pub saves: Vec<Save>,
    /// The tags written, until somebody takes them.
    pub labelled: Vec<Id>,
    /// Who worked on a target without holding the lease, until somebody takes them.
    pub intruders: Vec<(String, Target)>,
    /// How many faults have struck, by class.
    pub struck: BTreeMap<Class, u64>,
    /// What has happened.
    pub chronicle: Chronicle,
}

/// A call for one resource that reached AWS.
#[derive(Clone, Debug)]
pub struct Call {
    /// The instant of its pass.
    pub now: Instant,
    /// When it was made.
    pub clock: Instant,
    /// The resource.
    pub id: Id,
    /// What was asked for.
    pub step: Step,
    /// What came of it, as AWS told.
    pub told: Outcome,
    /// Whether it happened, whatever was told.
    pub happened: bool,
    /// Who had brought it up or down before.
    pub before: Option<Deed>,
    /// Whether it was up before, with which size.
    pub was_up: bool,
    /// The size that it had when it ran, or was meant to have.
    pub proper: Option<Size>,
    /// The size that it had before in fact, and the one that the listing showed.
    pub sizes_before: Vec<Size>,
    /// The size that it has after.
    pub size_after: Option<Size>,
    /// Whether the store held the intent, written in the same pass.
    pub was_announced: bool,
    /// Whether the listing that it was decided on was old.
    pub was_stale: bool,
}

/// A memory that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// The instant of its pass.
    pub now: Instant,
    /// Whose it is.
    pub id: Id,
    /// How large it was then, if it was up.
    pub size: Option<Size>,
}

impl World {
    /// Lives on for a while.
    pub fn advance_to(&mut self, to: Instant) {
        self.clock = to;
        let pace = self.pace;
        for (id, thing) in &mut self.things {
            for (at, what) in thing.advance(id, to, pace) {
                self.chronicle.note(at, Some(id), what);
            }
        }
        self.things.retain(|_, thing| !thing.is_over(to));
        self.post.forget_before(to - TimeDelta::hours(2));
    }

    /// Notes what happened to a resource, or to the world as a whole.
    pub fn note(&mut self, id: Option<&Id>, what: impl Into<String>) {
        self.chronicle.note(self.clock, id, what.into());
    }

    /// Counts a fault that struck, and notes it.
    pub fn strike(&mut self, class: Class, id: Option<&Id>) {
        *self.struck.entry(class).or_default() += 1;
        self.note(id, format!("fault: {class}"));
    }

    /// The resources of a target and their keys.
    pub fn things_of<'a>(
        &'a self,
        target: &'a Target,
    ) -> impl Iterator<Item = (&'a ResourceKey, &'a Thing)> {
        self.things
            .iter()
            .filter(move |(id, _)| id.target == *target)
            .map(|(id, thing)| (&id.key, thing))
    }

    /// Whether a type is to be had there now.
    pub fn is_available(&self, target: &Target, instance_type: &InstanceType) -> bool {
        let until = self.exhausted.get(&(target.clone(), instance_type.clone()));
        until.is_none_or(|until| *until <= self.clock)
    }

    /// Nobody troubles the world any more.
    pub fn heal(&mut self) {
        self.exhausted.clear();
        for thing in self.things.values_mut() {
            thing.curse = None;
            thing.slow_until = None;
        }
    }
}
