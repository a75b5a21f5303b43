//! How many tasks run: the number follows the desired count after a while.

use chrono::{DateTime, Duration, Utc};

/// From the order to a running task, image and all.
const STARTING: Duration = Duration::minutes(1);

/// What a container has to end itself in, before it is killed: the default of the agent's stop timeout.
const STOPPING: Duration = Duration::seconds(30);

#[derive(Debug)]
pub(super) struct Tasks {
    before: u32,
    desired: u32,
    since: DateTime<Utc>,
}

impl Tasks {
    /// None yet, and some wanted.
    pub(super) fn new(desired: u32, now: DateTime<Utc>) -> Self {
        Self { before: 0, desired, since: now }
    }

    pub(super) fn want(&mut self, desired: u32, now: DateTime<Utc>) {
        *self = Self { before: self.running(now), desired, since: now };
    }

    pub(super) fn desired(&self) -> u32 {
        self.desired
    }

    pub(super) fn running(&self, now: DateTime<Utc>) -> u32 {
        if self.settled(now) { self.desired } else { self.before }
    }

    pub(super) fn pending(&self, now: DateTime<Utc>) -> u32 {
        self.desired.saturating_sub(self.running(now))
    }

    pub(super) fn settled(&self, now: DateTime<Utc>) -> bool {
        let takes = if self.desired > self.before { STARTING } else { STOPPING };
        self.desired == self.before || self.since + takes <= now
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn tasks_follow_the_desired_count() {
        let start = Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap();
        let at = |seconds| start + Duration::seconds(seconds);
        let seen = |tasks: &Tasks, seconds| {
            (tasks.desired(), tasks.running(at(seconds)), tasks.pending(at(seconds)))
        };
        let mut tasks = Tasks::new(2, start);
        assert_eq!(seen(&tasks, 59), (2, 0, 2));
        assert_eq!(seen(&tasks, 60), (2, 2, 0));
        tasks.want(0, at(60));
        assert_eq!(seen(&tasks, 89), (0, 2, 0));
        assert_eq!(seen(&tasks, 90), (0, 0, 0));
        tasks.want(3, at(90));
        tasks.want(1, at(100));
        assert_eq!(seen(&tasks, 149), (1, 0, 1));
        assert!(tasks.settled(at(160)));
    }
}
