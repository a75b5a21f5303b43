//! Where a database or a cluster is in its life: it follows from what was last asked of it and the clock.

use chrono::{DateTime, Duration, Utc};

/// What was last asked, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    course: Course,
    since: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Create,
    Start,
    Stop,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Creating,
    Available,
    Stopping,
    Stopped,
    Starting,
    Deleting,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Deleting => "deleting",
        }
    }
}

const CREATING: Duration = Duration::minutes(5);
const STARTING: Duration = Duration::minutes(6);
const STOPPING: Duration = Duration::minutes(5);
const DELETING: Duration = Duration::minutes(3);

/// After seven days RDS starts a stopped database by itself, so that it misses no maintenance: Amazon RDS User Guide,
/// "Stopping an Amazon RDS DB instance temporarily"; Aurora's says the same of clusters.
const STOPPED_AT_MOST: Duration = Duration::days(7);

impl Life {
    pub(super) fn begun(now: DateTime<Utc>) -> Self {
        Self { course: Course::Create, since: now }
    }

    pub(super) fn set_out(&mut self, course: Course, now: DateTime<Utc>) {
        *self = Self { course, since: now };
    }

    /// The status now; `None` once it is deleted.
    pub(super) fn status(&self, now: DateTime<Utc>) -> Option<Status> {
        let mut stages = self.stages().into_iter();
        let mut end = self.since;
        let current = stages.find_map(|(status, lasts)| {
            end += lasts;
            (now < end).then_some(status)
        });
        current.or(self.destination())
    }

    /// The stages of a course and how long each takes.
    fn stages(&self) -> Vec<(Status, Duration)> {
        match self.course {
            Course::Create => vec![(Status::Creating, CREATING)],
            Course::Start => vec![(Status::Starting, STARTING)],
            Course::Stop => vec![
                (Status::Stopping, STOPPING),
                (Status::Stopped, STOPPED_AT_MOST),
                (Status::Starting, STARTING),
            ],
            Course::Delete => vec![(Status::Deleting, DELETING)],
        }
    }

    /// Where a course ends.
    fn destination(&self) -> Option<Status> {
        match self.course {
            Course::Create | Course::Start | Course::Stop => Some(Status::Available),
            Course::Delete => None,
        }
    }

    /// When RDS will start it by itself, if it is stopped now.
    pub(super) fn automatic_restart(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let stopped = self.status(now) == Some(Status::Stopped);
        stopped.then(|| self.since + STOPPING + STOPPED_AT_MOST)
    }
}
