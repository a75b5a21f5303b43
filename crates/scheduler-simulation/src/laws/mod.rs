//! The laws: what holds after every pass, whatever went wrong.
//!
//! Each law is a function with its sentence above it. [`calls`] are those about what was asked of AWS, [`passes`] those
//! about what a pass came to, [`twins`] those that compare two worlds, [`ends`] those about what comes of it all.

pub mod calls;
pub mod ends;
pub mod passes;
pub mod twins;

use std::{collections::BTreeMap, fmt};

use scheduler_core::{Config, Instant, Target};

use crate::{
    hub::Ran,
    ledger::Ledger,
    oracle::Oracle,
    thing::Id,
    timetable::Timetable,
    world::{Call, Save, World},
};

/// A law, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// What is not ours is never called for.
    OnlyWhatIsOurs = 1,
    /// A second pass at one instant is quiet.
    SecondPassIsQuiet,
    /// A failing target changes no other's report.
    TargetsAreApart,
    /// No edge is lost.
    NoEdgeIsLost,
    /// A person's change stays.
    HandsAreRespected,
    /// Our own action never counts as a person's.
    OursIsNeverAPersons,
    /// A tick out of order does nothing.
    LateTicksDoNothing,
    /// A dry run's actions equal the real run's.
    DryRunsAreTrue,
    /// A size comes back.
    SizesComeBack,
    /// Windows are kept.
    WindowsAreKept,
    /// What AWS starts by itself is stopped again.
    RestartsAreUndone,
    /// No two passes work at once.
    OnePassAtATime,
    /// A resize comes to its end.
    ResizesEnd,
    /// Everything ends as it should, and then there is quiet.
    AllEndsWell,
    /// Every call is announced.
    CallsAreAnnounced,
    /// The shards of a pass add up.
    ShardsAddUp,
}

impl Law {
    /// Every law.
    pub const ALL: [Law; 16] = [
        Law::OnlyWhatIsOurs,
        Law::SecondPassIsQuiet,
        Law::TargetsAreApart,
        Law::NoEdgeIsLost,
        Law::HandsAreRespected,
        Law::OursIsNeverAPersons,
        Law::LateTicksDoNothing,
        Law::DryRunsAreTrue,
        Law::SizesComeBack,
        Law::WindowsAreKept,
        Law::RestartsAreUndone,
        Law::OnePassAtATime,
        Law::ResizesEnd,
        Law::AllEndsWell,
        Law::CallsAreAnnounced,
        Law::ShardsAddUp,
    ];

    /// The law as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Law::OnlyWhatIsOurs => {
                "what carries no tag, or is excluded, unsuitable, gone or of no good schedule is never called for"
            }
            Law::SecondPassIsQuiet => {
                "a second pass at one instant starts, stops and resizes nothing"
            }
            Law::TargetsAreApart => "a denied or failing target changes no other target's report",
            Law::NoEdgeIsLost => {
                "after a pass that went well, what was ordered accords with the latest edge"
            }
            Law::HandsAreRespected => {
                "nobody's change is undone without enforcement, an edge, a window or another schedule"
            }
            Law::OursIsNeverAPersons => {
                "what is retained was last started by a person, or was before an override's stop"
            }
            Law::LateTicksDoNothing => "a tick out of order does nothing and writes nothing",
            Law::DryRunsAreTrue => {
                "a dry run's actions equal the real run's, and it writes nothing"
            }
            Law::SizesComeBack => {
                "what is started comes back at its size, with its automatic scaling as it was"
            }
            Law::WindowsAreKept => {
                "nothing is stopped in a window, and what was started for one rests after it"
            }
            Law::RestartsAreUndone => {
                "a database that AWS starts by itself is stopped again, and the report says so"
            }
            Law::OnePassAtATime => {
                "no two passes work at once on a target, and a dead holder's lease is taken over"
            }
            Law::ResizesEnd => {
                "what was stopped to be resized runs in the end, as a type it may run as or with a reason"
            }
            Law::AllEndsWell => {
                "once faults end, everything comes to what its schedule wants, and then nothing is written"
            }
            Law::CallsAreAnnounced => {
                "every call is announced in the store by its own pass before it is made"
            }
            Law::ShardsAddUp => {
                "a pass in shards is put together once at most, and every target of it counts once"
            }
        }
    }
}

/// `law 4`
impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law {}", *self as u8)
    }
}

/// A law that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub law: Law,
    /// By what became of which resource, if by one.
    pub id: Option<Id>,
    /// How.
    pub how: String,
}

impl Law {
    /// That this law is broken by what became of a resource.
    pub fn broken(self, id: &Id, how: impl Into<String>) -> Broken {
        Broken { law: self, id: Some(id.clone()), how: how.into() }
    }
}

/// How often each law has been put to the test.
#[derive(Clone, Debug, Default)]
pub struct Tally(pub BTreeMap<Law, u64>);

impl Tally {
    /// Holds a law against what happened.
    ///
    /// # Errors
    ///
    /// If it is broken.
    pub fn hold(
        &mut self,
        law: Law,
        holds: bool,
        broken: impl FnOnce() -> Broken,
    ) -> Result<(), Broken> {
        *self.0.entry(law).or_default() += 1;
        if holds { Ok(()) } else { Err(broken()) }
    }
}

/// What a pass has left behind, for the laws to look at.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The world after it.
    pub world: &'a World,
    /// The schedules.
    pub table: &'a Timetable,
    /// What is wanted at its instant.
    pub oracle: &'a Oracle<'a>,
    /// The pass.
    pub ran: &'a Ran,
    /// The calls that it made.
    pub calls: &'a [Call],
    /// The memories that it wrote.
    pub saves: &'a [Save],
    /// How far each target's time had come before it.
    pub settled_up_to: &'a BTreeMap<Target, Instant>,
    /// Whether another pass ran at the same time.
    pub is_shared: bool,
}

impl Scene<'_> {
    /// The schedules.
    pub fn config(&self) -> &Config {
        self.oracle.config
    }

    /// Whether it was for an instant before the clock's.
    pub fn is_late(&self) -> bool {
        self.ran.now < self.world.clock
    }

    /// Whether all went well for a resource: nothing struck it or its target, and what was seen of it was true.
    pub fn went_well_for(&self, id: &Id) -> bool {
        let progress = &self.ran.progress;
        !self.is_late()
            && !self.is_shared
            && self.ran.report().is_some()
            && !progress.struck_targets.contains(&id.target)
            && !progress.struck.contains(id)
            && !progress.stale.contains(id)
    }
}

/// Holds every law that one pass can break against it, and keeps in mind what happened.
///
/// # Errors
///
/// The first law that is broken.
pub fn check(scene: &Scene<'_>, ledger: &mut Ledger, tally: &mut Tally) -> Result<(), Broken> {
    calls::check(scene, ledger, tally)?;
    passes::check(scene, ledger, tally)
}
