//! The simulated clock. It stands still unless it is moved, and it never goes backwards.

use chrono::{DateTime, Utc};

#[derive(Debug)]
pub(crate) struct Clock {
    now: DateTime<Utc>,
    /// A clock outside to read on every look, until somebody sets this one.
    followed: Option<fn() -> DateTime<Utc>>,
}

impl Clock {
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        Self { now, followed: None }
    }

    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        if let Some(read) = self.followed {
            self.advance(read());
        }
        self.now
    }

    pub(crate) fn set(&mut self, now: DateTime<Utc>) {
        self.followed = None;
        self.advance(now);
    }

    pub(crate) fn follow(&mut self, read: fn() -> DateTime<Utc>) {
        self.followed = Some(read);
    }

    fn advance(&mut self, now: DateTime<Utc>) {
        self.now = self.now.max(now);
    }
}
