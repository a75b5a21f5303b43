//! An instance: what was launched, and where it is in its life. Small, because a bench holds 400,000 of them.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::place::Place;
use crate::services::tags::Tags;

/// Seventeen hexadecimal digits after `i-`: nought, ten that say where, and six that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InstanceId(u64);

impl InstanceId {
    /// The id of the instance with this number in this place.
    pub(super) fn new(place: &Place, number: u32) -> Self {
        Self(place.number() << 24 | u64::from(number))
    }

    /// An id of the right form, old ones of eight digits included; no instance has such a one here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("i-").filter(|digits| matches!(digits.len(), 8 | 17))?;
        let hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        // The few ids that do not fit are nobody's, and so is the greatest one.
        let number = || u64::from_str_radix(digits, 16).unwrap_or(u64::MAX);
        let old = digits.len() == 8;
        hexadecimal.then(|| Self(if old { u64::MAX } else { number() }))
    }

    /// A number for the things that come with an instance, its address, interface and volume.
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "i-{:017x}", self.0)
    }
}

/// What all instances of one RunInstances call have in common, held once.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) reservation: u32,
    pub(super) image: String,
    pub(super) kind: String,
    pub(super) zone: String,
    pub(super) lifecycle: Lifecycle,
    pub(super) ebs_optimized: bool,
    /// Whether it was set up to hibernate, which only a launch can do.
    pub(super) hibernates: bool,
    /// When the volumes were attached, which unlike the launch time a later start does not change.
    pub(super) at: DateTime<Utc>,
}

impl Launch {
    pub(super) fn has_ebs_root(&self) -> bool {
        !self.image.starts_with("ami-store")
    }

    pub(super) fn has_ena(&self) -> bool {
        !self.image.starts_with("ami-noena")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lifecycle {
    OnDemand,
    /// One-time: it can be terminated and not stopped.
    Spot,
}

/// A state as DescribeInstances gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl State {
    /// The low byte of AWS's state code; what its high byte holds is AWS's own business.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }
}

/// What was last asked of an instance. Where it has got to follows from this and the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Start,
    Stop,
    /// A stop that keeps the memory.
    Hibernate,
    /// A start that was accepted and then fails.
    FallBack,
    Terminate,
}

impl Course {
    /// How long the state in between lasts. AWS promises nothing; these are ordinary times.
    fn lasts(self) -> Duration {
        match self {
            Self::Start | Self::FallBack => Duration::seconds(20),
            Self::Stop | Self::Hibernate => Duration::seconds(40),
            Self::Terminate => Duration::seconds(20),
        }
    }

    fn states(self) -> (State, State) {
        match self {
            Self::Start => (State::Pending, State::Running),
            Self::Stop | Self::Hibernate => (State::Stopping, State::Stopped),
            Self::FallBack => (State::Pending, State::Stopped),
            Self::Terminate => (State::ShuttingDown, State::Terminated),
        }
    }

    /// Whether an instance in this state has nothing to do for the one who asks for this course.
    fn is_done_in(self, state: State) -> bool {
        match self {
            Self::Start | Self::FallBack => matches!(state, State::Pending | State::Running),
            Self::Stop | Self::Hibernate => matches!(state, State::Stopping | State::Stopped),
            Self::Terminate => matches!(state, State::ShuttingDown | State::Terminated),
        }
    }
}

#[derive(Debug)]
pub(super) struct Instance {
    pub(super) launch: Arc<Launch>,
    /// Shared by the instances of one call until somebody changes the tags of one.
    pub(super) tags: Arc<Tags>,
    pub(super) index: u32,
    course: Course,
    since: DateTime<Utc>,
    /// The launch time AWS gives: that of the last start.
    pub(super) started: DateTime<Utc>,
    /// What few instances have, kept out of the others' way.
    altered: Option<Box<Altered>>,
}

/// What became of an instance after its launch.
#[derive(Debug, Default)]
pub(super) struct Altered {
    pub(super) kind: Option<String>,
    pub(super) ebs_optimized: Option<bool>,
    /// Why its last start failed.
    failure: Option<StateReason>,
}

/// Why an instance is in its state, as `stateReason` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StateReason {
    pub(crate) code: String,
    /// Begins with the code and a colon, as at AWS.
    pub(crate) message: String,
}

impl Instance {
    pub(super) fn new(launch: Arc<Launch>, tags: Arc<Tags>, index: u32) -> Self {
        let at = launch.at;
        Self { launch, tags, index, course: Course::Start, since: at, started: at, altered: None }
    }

    pub(super) fn state(&self, now: DateTime<Utc>) -> State {
        let (between, after) = self.course.states();
        if now < self.since + self.course.lasts() { between } else { after }
    }

    pub(super) fn course(&self) -> Course {
        self.course
    }

    /// The instance type it has now.
    pub(super) fn kind(&self) -> &str {
        let changed = self.altered.as_ref().and_then(|altered| altered.kind.as_deref());
        changed.unwrap_or(&self.launch.kind)
    }

    pub(super) fn is_ebs_optimized(&self) -> bool {
        let changed = self.altered.as_ref().and_then(|altered| altered.ebs_optimized);
        changed.unwrap_or(self.launch.ebs_optimized)
    }

    /// What is to be changed about it.
    pub(super) fn altered(&mut self) -> &mut Altered {
        self.altered.get_or_insert_default()
    }

    /// Sets out on a course, unless it is there already or on its way.
    pub(super) fn set_out(&mut self, course: Course, now: DateTime<Utc>) {
        if course.is_done_in(self.state(now)) {
            return;
        }
        (self.course, self.since) = (course, now);
        if matches!(course, Course::Start | Course::FallBack) {
            self.started = now;
        }
    }

    /// Starts, and fails for this reason.
    pub(super) fn set_out_to_fail(&mut self, reason: StateReason, now: DateTime<Utc>) {
        self.set_out(Course::FallBack, now);
        self.altered().failure = Some(reason);
    }

    /// When its owner stopped or terminated it, if that was the last thing done to it.
    pub(super) fn ended_by_owner(&self) -> Option<DateTime<Utc>> {
        let ended = matches!(self.course, Course::Stop | Course::Hibernate | Course::Terminate);
        ended.then_some(self.since)
    }

    /// Why its last start failed, if that is the last thing that happened to it.
    pub(super) fn failure(&self, now: DateTime<Utc>) -> Option<&StateReason> {
        let failed = self.course == Course::FallBack && self.state(now) == State::Stopped;
        self.altered.as_ref().and_then(|altered| altered.failure.as_ref()).filter(|_| failed)
    }

    /// When a terminated instance is shown no longer: about an hour after its end.
    pub(super) fn forgotten_at(&self) -> Option<DateTime<Utc>> {
        (self.course == Course::Terminate)
            .then(|| self.since + self.course.lasts() + Duration::hours(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_seventeen_digits_and_reads_back() {
        let id = InstanceId(0x1234_5678_9abc_def0);
        assert_eq!(id.to_string(), "i-0123456789abcdef0");
        assert_eq!(InstanceId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn only_what_looks_like_an_id_is_one() {
        for (text, well_formed) in [
            ("i-0123456789abcdef0", true),
            ("i-fffffffffffffffff", true),
            ("i-1a2b3c4d", true),
            ("i-1", false),
            ("i-0123456789ABCDEF0", false),
            ("vol-0123456789abcdef0", false),
            ("", false),
        ] {
            assert_eq!(InstanceId::parse(text).is_some(), well_formed, "{text}");
        }
    }
}
