//! A database instance, and where it is in its life. Its status follows from what was last asked of it and the clock.

use chrono::{DateTime, Duration, Utc};

use crate::services::tags::Tags;

#[derive(Debug)]
pub(super) struct Database {
    pub(super) class: String,
    pub(super) engine: String,
    pub(super) storage: u32,
    pub(super) cluster: Option<String>,
    /// The database that this one is a read replica of.
    pub(super) source: Option<String>,
    pub(super) maintenance_window: String,
    pub(super) backup_window: String,
    pub(super) multi_az: bool,
    pub(super) tags: Tags,
    pub(super) created: DateTime<Utc>,
    pub(super) course: Course,
    pub(super) since: DateTime<Utc>,
}

/// What was last asked of a database.
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
/// "Stopping an Amazon RDS DB instance temporarily".
const STOPPED_AT_MOST: Duration = Duration::days(7);

impl Database {
    /// The status now; `None` once it is deleted.
    pub(super) fn status(&self, now: DateTime<Utc>) -> Option<Status> {
        let mut stages = self.stages().into_iter();
        let mut end = self.since;
        let last = self.destination();
        stages
            .find_map(|(status, lasts)| {
                end += lasts;
                (now < end).then_some(status)
            })
            .or(last)
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

    pub(super) fn set_out(&mut self, course: Course, now: DateTime<Utc>) {
        (self.course, self.since) = (course, now);
    }

    /// When RDS will start a stopped database by itself.
    pub(super) fn automatic_restart(&self) -> DateTime<Utc> {
        self.since + STOPPING + STOPPED_AT_MOST
    }
}
