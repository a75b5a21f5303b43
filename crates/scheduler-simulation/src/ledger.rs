//! What the laws keep in mind of each resource between passes. None of it is what the engine remembers.

use std::collections::BTreeMap;

use scheduler_core::{Instant, Resource, memory::Overridden, schedule::Desired, size::Size};

use crate::{
    oracle::Want,
    thing::{Id, TAG, Thing},
};

/// What is kept in mind, by resource.
#[derive(Clone, Debug, Default)]
pub struct Ledger(pub BTreeMap<Id, Record>);

/// What is kept in mind of one.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The last pass that came to an end for it with nothing left to be done; none while an attempt is unfinished.
    pub settled: Option<Settled>,
    /// The latest edge that a pass came to an end for.
    pub schedule_edge: Option<Instant>,
    /// The last pass that went well for it.
    pub healthy: Option<Settled>,
    /// When passes looked at it that did not go well, or were late, since the last that did.
    pub touched: Vec<Instant>,
    /// When a pass last saw of it what was no longer true.
    pub deceived: Option<Instant>,
    /// Whether we brought it up last, and only a window asked for that.
    pub for_window: bool,
    /// How large it may have been before we brought it down.
    pub sizes: Vec<Size>,
    /// Whether we brought it down, and no pass has seen it run as it should since.
    pub is_down: bool,
    /// Whether a pass that went well has seen it run as it should since we brought it down.
    pub is_back: bool,
    /// Whether it was an override that had us bring it down last, and a person's start that this undid.
    pub is_interrupted: bool,
    /// Whether our last start followed upon such a stop.
    pub was_interrupted: bool,
    /// Whether we brought it down to have it run as another instance type.
    pub resizing: bool,
    /// How many deeds there were when a pass saw it at rest, and when AWS would start it as that pass learnt. None once one
    /// has seen it run.
    pub seen_at_rest: Option<(usize, Instant)>,
    /// Whether any pass has ever come to an end for it.
    pub is_known: bool,
    /// What the last pass was shown of it, if that went well.
    pub shown: Option<(Instant, Resource)>,
}

/// A pass that came to an end for a resource, and what was wanted at its instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its instant.
    pub now: Instant,
    /// The schedule that was followed.
    pub tag: Option<String>,
    /// Which of the timetable's versions was in force.
    pub version: u64,
    /// What was desired.
    pub desired: Desired,
    /// Since when.
    pub edge: Option<Instant>,
    /// The override that held, if one did.
    pub overridden: Option<Overridden>,
}

impl Settled {
    /// A pass that came to an end now.
    pub fn at(now: Instant, thing: &Thing, version: u64, want: &Want<'_>) -> Self {
        let tag = thing.tags.get(TAG).cloned();
        let (desired, overridden) = (want.verdict.desired, Overridden::of(&want.verdict));
        Self { now, tag, version, desired, edge: want.edge, overridden }
    }

    /// Whether the same schedule is followed still.
    pub fn is_same_schedule(&self, thing: &Thing, version: u64) -> bool {
        self.tag.as_deref() == thing.tag() && self.version == version
    }
}

impl Ledger {
    /// What is kept in mind of a resource.
    pub fn of(&mut self, id: &Id) -> &mut Record {
        self.0.entry(id.clone()).or_default()
    }

    /// What is kept in mind of a resource, if anything is.
    pub fn get(&self, id: &Id) -> Record {
        self.0.get(id).cloned().unwrap_or_default()
    }
}
