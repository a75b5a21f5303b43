//! What Dayshift remembers of a resource between passes.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    id::InstanceType,
    resource::{Failure, FailureCode},
    schedule::Desired,
    size::Size,
    verdict::Verdict,
};

/// What was last settled for one resource, and what is under way. Written only when it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The desired state last settled: reached by an action, or found as it should be. None while the first
    /// action has not succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Desired>,
    /// The edge it was settled for. None where the schedule had no edge within its horizon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<Instant>,
    /// The instant of the pass that wrote this. The latest of a target is how far that target's time has come.
    pub at: Instant,
    /// The schedule that was in force.
    pub schedule: String,
    /// The override under which it was last settled, if one held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Overridden>,
    /// An action whose outcome is not known: recorded before the call, cleared after it. A resize stays in flight
    /// until the resource runs again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<InFlight>,
    /// How often the action now due has failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// What the last attempt failed with, or what went wrong beside one that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<Failure>,
    /// Somebody else had started it before its start edge: it is spared at the next stop edge. An override that has it
    /// stopped for a while does not end that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retained: bool,
    /// How large it was before it was stopped. Kept until it runs again, so that no second stop overwrites it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// The window that it was started for, while that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<ForWindow>,
    /// When AWS will start it without being asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts_at: Option<Instant>,
    /// How often it has fallen back to rest after a start that AWS had accepted, since it last ran.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub falls: u32,
    /// Before when it is not started again, after it has fallen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Instant>,
    /// The instance type that it could not be given at this edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<InstanceType>,
    /// The last action that was taken or tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastAction>,
    /// When the store may forget it, in seconds since 1970: set once its resource is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

/// A call that was about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InFlight {
    /// A start.
    Start,
    /// A stop.
    Stop,
    /// A stop to be followed by a start as another instance type.
    Resize,
}

impl InFlight {
    /// The action's name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            InFlight::Start => "start",
            InFlight::Stop => "stop",
            InFlight::Resize => "resize",
        }
    }
}

/// What was last done, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAction {
    /// What.
    pub action: InFlight,
    /// At the instant of which pass.
    pub at: Instant,
}

/// What is remembered of an override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    /// Its name.
    pub by: String,
    /// When it was to end. None: with the schedule's `override_status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

impl Overridden {
    /// The override that a verdict is from, if it is from one.
    pub fn of(verdict: &Verdict) -> Option<Self> {
        let by = verdict.overridden_by.clone()?;
        Some(Self { by, until: verdict.until })
    }

    /// Whether it still held at an instant, as far as anybody knew.
    pub fn covers(&self, at: Instant) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// What is remembered of a window that found its resource at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForWindow {
    /// When the window opened.
    pub opened: Instant,
    /// Whether we keep it up for the window; not if a person has stopped it since.
    pub ours: bool,
}

/// What came of a call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// AWS accepted it.
    Done,
    /// AWS accepted it, but something beside it went wrong: it was stopped without hibernating, or started as its old
    /// instance type.
    DoneBut(Failure),
    /// AWS refused it: nothing happened.
    Failed(Failure),
    /// No answer came: it may or may not have happened. The next observation settles it.
    Unknown(Failure),
}

/// What a call was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim<'a> {
    /// What is wanted, and since when.
    pub verdict: &'a Verdict,
    /// The instance type it was to run as, if one was asked for.
    pub instance_type: Option<&'a InstanceType>,
}

impl Outcome {
    /// What went wrong, if something did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Outcome::Done => None,
            Outcome::DoneBut(failure) | Outcome::Failed(failure) | Outcome::Unknown(failure) => {
                Some(failure)
            }
        }
    }
}

impl Memory {
    /// A memory of nothing yet, for a resource of that schedule.
    pub fn blank(at: Instant, schedule: &str) -> Self {
        Self {
            settled: None,
            edge: None,
            at,
            schedule: schedule.into(),
            overridden: None,
            in_flight: None,
            attempts: 0,
            last_error: None,
            retained: false,
            size: None,
            window: None,
            restarts_at: None,
            falls: 0,
            retry_at: None,
            refused: None,
            last: None,
            expires: None,
        }
    }

    /// Whether nothing was ever settled or tried.
    pub fn is_blank(&self) -> bool {
        self.settled.is_none() && !self.is_unfinished() && self.window.is_none()
    }

    /// Whether an action was tried that has not succeeded, or of which nobody knows.
    pub fn is_unfinished(&self) -> bool {
        self.in_flight.is_some() || self.attempts > 0
    }

    /// Whether a stop was tried that has not succeeded, or of which nobody knows.
    pub fn is_stopping(&self) -> bool {
        let was_stop = self.last.is_some_and(|last| last.action == InFlight::Stop);
        self.in_flight == Some(InFlight::Stop) || self.attempts > 0 && was_stop
    }

    /// The memory after `desired` was reached for `edge`.
    #[must_use]
    pub fn settle(self, desired: Desired, edge: Option<Instant>) -> Self {
        // A size is what to go back to, and what runs is back.
        let size = self.size.filter(|_| desired != Desired::Running);
        Self {
            settled: Some(desired),
            edge,
            in_flight: None,
            attempts: 0,
            last_error: None,
            retry_at: None,
            size,
            ..self
        }
    }

    /// The memory after what a verdict wants was reached. The edge on record is never taken back: an override may have
    /// none, and an edited schedule an earlier one.
    #[must_use]
    pub fn reach(self, verdict: &Verdict) -> Self {
        let edge = verdict.since.max(self.edge);
        Self { overridden: Overridden::of(verdict), ..self.settle(verdict.desired, edge) }
    }

    /// The memory of an intent, after the call it announced.
    #[must_use]
    pub fn after(self, outcome: &Outcome, aim: &Aim<'_>) -> Self {
        let last_error = outcome.failure().cloned();
        let attempts = self.attempts.saturating_add(1);
        match outcome {
            Outcome::Done => Self { refused: None, ..self.accomplished(aim) },
            Outcome::DoneBut(_) => {
                let refused = aim.instance_type.cloned();
                Self { last_error, refused, ..self.accomplished(aim) }
            }
            // It runs on as what it is: there is nothing to be tried again before the next edge.
            Outcome::Failed(failure) if self.is_refusal(failure) => {
                let refused = aim.instance_type.cloned();
                Self { last_error, refused, ..self.reach(aim.verdict) }
            }
            Outcome::Failed(_) => {
                let window = self.window.map(|window| self.not_up_for(window));
                Self { in_flight: None, attempts, last_error, window, ..self }
            }
            Outcome::Unknown(_) => Self { attempts, last_error, ..self },
        }
    }

    fn accomplished(self, aim: &Aim<'_>) -> Self {
        match self.in_flight {
            Some(InFlight::Resize) => Self { attempts: 0, last_error: None, ..self },
            // A window has edges of its own: what the schedule has settled stays as it is.
            Some(InFlight::Start) if self.window.is_some() => {
                Self { in_flight: None, attempts: 0, last_error: None, ..self }
            }
            Some(InFlight::Start | InFlight::Stop) | None => {
                let retained = self.retained && self.is_to_stay_retained(aim.verdict);
                Self { retained, window: None, restarts_at: None, ..self.reach(aim.verdict) }
            }
        }
    }

    /// Whether it rests because an override had what was retained stopped.
    pub fn rests_retained(&self) -> bool {
        self.retained && self.settled == Some(Desired::Stopped)
    }

    fn is_to_stay_retained(&self, verdict: &Verdict) -> bool {
        self.in_flight == Some(InFlight::Start) || verdict.overridden_by.is_some()
    }

    /// A window for which it was not started after all: if it runs, that is somebody else's doing.
    fn not_up_for(&self, window: ForWindow) -> ForWindow {
        ForWindow { ours: window.ours && self.in_flight != Some(InFlight::Start), ..window }
    }

    /// Whether a resize is impossible, as opposed to not possible now.
    fn is_refusal(&self, failure: &Failure) -> bool {
        self.in_flight == Some(InFlight::Resize) && failure.code == FailureCode::Unsupported
    }

    /// The memory of a resource that is no longer there, kept for a month in case it comes back. None if that
    /// is on record already.
    pub fn forget(&self, now: Instant) -> Option<Self> {
        const KEPT: TimeDelta = TimeDelta::days(30);
        self.expires
            .is_none()
            .then(|| Self { expires: Some((now + KEPT).timestamp()), ..self.clone() })
    }
}

/// How long to wait before a resource that fell back to rest is started once more: five minutes after the first
/// fall, twice as long after each further one, an hour at most.
pub fn back_off(falls: u32) -> TimeDelta {
    const MOST: TimeDelta = TimeDelta::minutes(60);
    let doubled = TimeDelta::minutes(5) * (1 << falls.saturating_sub(1).min(4));
    doubled.min(MOST)
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_after_a_fall_doubles_up_to_an_hour() {
        let minutes: Vec<_> = (1..=7).map(|falls| back_off(falls).num_minutes()).collect();
        assert_eq!(minutes, [5, 10, 20, 40, 60, 60, 60]);
    }
}
