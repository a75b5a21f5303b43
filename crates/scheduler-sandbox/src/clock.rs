//! The simulated clock. It stands still unless it is moved, and it never goes backwards.

use chrono::{DateTime, TimeDelta, Utc};

#[derive(Debug)]
pub(crate) struct Clock {
    now: DateTime<Utc>,
    /// A clock outside to read on every look, until somebody sets this one.
    followed: Option<fn() -> DateTime<Utc>>,
    /// How far it is ahead of the followed one.
    ahead: TimeDelta,
}

impl Clock {
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        Self { now, followed: None, ahead: TimeDelta::zero() }
    }

    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        if let Some(read) = self.followed {
            self.advance(read() + self.ahead);
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

    /// Jumps ahead, and goes on from there if it goes at all.
    pub(crate) fn jump(&mut self, by: TimeDelta) {
        self.ahead += by;
        self.advance(self.now + by);
    }

    fn advance(&mut self, now: DateTime<Utc>) {
        self.now = self.now.max(now);
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn at(minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 2, 8, minute, 0).unwrap()
    }

    #[test]
    fn a_followed_clock_goes_on_after_a_jump_and_stands_still_once_it_is_set() {
        let mut clock = Clock::new(at(0));
        clock.follow(|| at(10));
        clock.jump(TimeDelta::minutes(5));
        assert_eq!(clock.now(), at(15));
        clock.set(at(12));
        assert_eq!(clock.now(), at(15));
        clock.jump(TimeDelta::minutes(5));
        assert_eq!(clock.now(), at(20));
    }
}
