//! The reasons for doing nothing. Doing nothing is a decision too, and a report always says why.

use std::fmt;

use crate::{
    Instant,
    id::InstanceType,
    resource::{Failure, Unsuitable},
};

/// Why a resource is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was as it should be when this edge came.
    AlreadyRunning,
    /// It was as it should be when this edge came.
    AlreadyStopped,
    /// This edge is settled, and it is still as it should be.
    AsDesired,
    /// This edge is settled; somebody has changed it since, which is respected until the next edge.
    ChangedByHand {
        /// The next edge, if there is one.
        until: Option<Instant>,
    },
    /// Somebody else had started it before its start edge, and the schedule retains such.
    Retained,
    /// It was never seen before, and the schedule does not stop what is new.
    NewAndRunning,
    /// The schedule has no opinion now.
    NoOpinion,
    /// It is on its way from one state to another.
    InTransition,
    /// A maintenance or backup window is open, in which nothing is stopped.
    InWindow {
        /// The window.
        name: String,
        /// When it ends.
        until: Instant,
    },
    /// AWS had accepted its start and took it back; it is started once more later.
    FellBack {
        /// What AWS gives as the reason.
        failure: Failure,
        /// When it is started once more.
        again: Instant,
    },
    /// It could not be given the instance type that it should have; it runs as what it was.
    TypeRefused {
        /// The instance type.
        wanted: InstanceType,
        /// What AWS said.
        because: String,
    },
    /// It should be stopped, but its windows could not be looked up.
    WindowsUnknown,
    /// It rests at nought, and nobody knows how large it was.
    SizeUnknown,
    /// Its size tag cannot be made out; the text says why.
    SizeUnclear(String),
    /// It no longer exists.
    Gone,
    /// It cannot be started and stopped.
    Unsuitable(Unsuitable),
    /// Its tags say that it is to be left alone.
    Excluded {
        /// Until when; none: for good.
        until: Option<Instant>,
    },
    /// Its tags say that it is to be left alone until an instant that cannot be made out; the text is the tag's.
    ExcludedUnclearly(String),
    /// The schedule that its tag names does not exist.
    UnknownSchedule {
        /// The one that was most likely meant.
        closest: Option<String>,
    },
    /// The schedule that its tag names has mistakes; the text is the first of them.
    BrokenSchedule(String),
    /// What is remembered of it cannot be read; the text says why.
    MemoryUnreadable(String),
    /// The pass is for an earlier instant than one already settled here.
    Late {
        /// The instant already settled.
        settled: Instant,
    },
}

impl Why {
    /// The reason's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Why::AlreadyRunning => "already-running",
            Why::AlreadyStopped => "already-stopped",
            Why::AsDesired => "as-desired",
            Why::ChangedByHand { .. } => "changed-by-hand",
            Why::Retained => "retained",
            Why::NewAndRunning => "new-and-running",
            Why::NoOpinion => "no-opinion",
            Why::InTransition => "in-transition",
            Why::InWindow { .. } => "in-window",
            Why::FellBack { failure, .. } => failure.code.as_str(),
            Why::TypeRefused { .. } => "type-refused",
            Why::WindowsUnknown => "windows-unknown",
            Why::SizeUnknown => "size-unknown",
            Why::SizeUnclear(_) => "size-unclear",
            Why::Gone => "gone",
            Why::Unsuitable(_) => "unsuitable",
            Why::Excluded { .. } => "excluded",
            Why::ExcludedUnclearly(_) => "excluded-unclearly",
            Why::UnknownSchedule { .. } => "unknown-schedule",
            Why::BrokenSchedule(_) => "broken-schedule",
            Why::MemoryUnreadable(_) => "memory-unreadable",
            Why::Late { .. } => "late",
        }
    }
}

/// The reason as a sentence without a full stop.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::AlreadyRunning => f.write_str("it was running already"),
            Why::AlreadyStopped => f.write_str("it was stopped already"),
            Why::AsDesired => f.write_str("it is as desired"),
            Why::ChangedByHand { until: Some(until) } => {
                write!(
                    f,
                    "somebody changed it by hand, which is respected until {}",
                    utc(*until)
                )
            }
            Why::ChangedByHand { until: None } => {
                f.write_str("somebody changed it by hand, which is respected")
            }
            Why::Retained => f.write_str(
                "somebody had started it before its start time, and the schedule retains such",
            ),
            Why::NewAndRunning => f.write_str("it is new, and the schedule does not stop new ones"),
            Why::NoOpinion => f.write_str("the schedule has no opinion now"),
            Why::InTransition => f.write_str("it is changing state; the next pass looks again"),
            Why::InWindow { name, until } => {
                write!(f, "{name} is open until {}, and nothing is stopped in one", utc(*until))
            }
            Why::FellBack { failure, again } => write!(
                f,
                "it fell back to rest after its start: {failure}; it is started again at {}",
                utc(*again)
            ),
            Why::TypeRefused { wanted, because } => {
                write!(f, "it could not be made a {wanted} and runs as what it was: {because}")
            }
            Why::WindowsUnknown => f.write_str(
                "its schedule names maintenance windows, which could not be looked up, and nothing is stopped in one",
            ),
            Why::SizeUnknown => f.write_str(
                "nobody knows how large it was before; give it a size tag such as ScheduleSize=1-2-4",
            ),
            Why::SizeUnclear(reason) => write!(f, "its size tag is unclear: {reason}"),
            Why::Gone => f.write_str("it no longer exists"),
            Why::Unsuitable(reason) => write!(f, "it is {}", reason.phrase()),
            Why::Excluded { until: None } => f.write_str("its tag says to ignore it"),
            Why::Excluded { until: Some(until) } => {
                write!(f, "its tag excludes it until {}", utc(*until))
            }
            Why::ExcludedUnclearly(text) => {
                write!(
                    f,
                    "its tag excludes it until `{text}`; write a date such as 2026-03-09 to end that"
                )
            }
            Why::UnknownSchedule { closest: None } => {
                f.write_str("no schedule has the name in its tag")
            }
            Why::UnknownSchedule { closest: Some(name) } => {
                write!(f, "no schedule has the name in its tag; did you mean `{name}`?")
            }
            Why::BrokenSchedule(mistake) => write!(f, "its schedule has a mistake: {mistake}"),
            Why::MemoryUnreadable(reason) => {
                write!(f, "its item in the state table cannot be read: {reason}")
            }
            Why::Late { settled } => {
                write!(
                    f,
                    "a pass for a later instant, {}, came first",
                    utc(*settled)
                )
            }
        }
    }
}

fn utc(at: Instant) -> impl fmt::Display {
    at.format("%Y-%m-%dT%H:%M:%SZ")
}
