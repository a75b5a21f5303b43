//! What Dayshift remembers of a resource between passes.

use serde::{Deserialize, Serialize};

use crate::{Instant, resource::Failure, schedule::Desired};

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
    /// An action whose outcome is not known: recorded before the call, cleared after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<InFlight>,
    /// How often the action now due has failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// What the last attempt failed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<Failure>,
    /// Somebody else had started it before its start edge: it is spared at the next stop edge.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retained: bool,
    /// When the store may forget it, in seconds since 1970: set once its resource is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

/// A call that was about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InFlight {
    /// A start.
    Start,
    /// A stop.
    Stop,
}

/// What came of a call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// AWS accepted it.
    Done,
    /// AWS refused it: nothing happened.
    Failed(Failure),
    /// No answer came: it may or may not have happened. The next observation settles it.
    Unknown(Failure),
}

impl Memory {
    /// A memory of nothing yet, for a resource of that schedule.
    pub fn blank(at: Instant, schedule: &str) -> Self {
        Self {
            settled: None,
            edge: None,
            at,
            schedule: schedule.into(),
            in_flight: None,
            attempts: 0,
            last_error: None,
            retained: false,
            expires: None,
        }
    }

    /// Whether nothing was ever settled or tried.
    pub fn is_blank(&self) -> bool {
        self.settled.is_none() && self.in_flight.is_none() && self.attempts == 0
    }

    /// The memory after `desired` was reached for `edge`.
    #[must_use]
    pub fn settle(self, desired: Desired, edge: Option<Instant>) -> Self {
        Self {
            settled: Some(desired),
            edge,
            in_flight: None,
            attempts: 0,
            last_error: None,
            ..self
        }
    }

    /// The memory of an intent, after the call it announced. `desired` and `edge` are what the call was for.
    #[must_use]
    pub fn after(self, outcome: &Outcome, desired: Desired, edge: Option<Instant>) -> Self {
        let attempts = self.attempts.saturating_add(1);
        match outcome {
            Outcome::Done => Self { retained: false, ..self.settle(desired, edge) },
            Outcome::Failed(failure) => {
                Self { in_flight: None, attempts, last_error: Some(failure.clone()), ..self }
            }
            Outcome::Unknown(failure) => {
                Self { attempts, last_error: Some(failure.clone()), ..self }
            }
        }
    }

    /// The memory of a resource that is no longer there, kept for a month in case it comes back. None if that
    /// is on record already.
    pub fn forget(&self, now: Instant) -> Option<Self> {
        const KEPT: chrono::TimeDelta = chrono::TimeDelta::days(30);
        self.expires
            .is_none()
            .then(|| Self { expires: Some((now + KEPT).timestamp()), ..self.clone() })
    }
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}
