//! A cluster, and where it is in its life. Its status follows from what was last asked of it and the clock.

use chrono::{DateTime, Duration, Utc};

use crate::services::tags::Tags;

#[derive(Debug)]
pub(super) struct Cluster {
    /// Which of the Region's clusters it is, from the first ever.
    pub(super) number: u32,
    pub(super) node_type: String,
    pub(super) nodes: u32,
    pub(super) master_username: String,
    pub(super) database: String,
    pub(super) maintenance_window: String,
    pub(super) tags: Tags,
    pub(super) created: DateTime<Utc>,
    pub(super) course: Course,
    pub(super) since: DateTime<Utc>,
}

/// What was last asked of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Create,
    Pause,
    Resume,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Creating,
    Available,
    Pausing,
    Paused,
    Resuming,
    Deleting,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Pausing => "pausing",
            Self::Paused => "paused",
            Self::Resuming => "resuming",
            Self::Deleting => "deleting",
        }
    }

    /// The same in the words of `ClusterAvailabilityStatus`.
    pub(super) fn availability(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::Paused => "Unavailable",
            Self::Creating | Self::Pausing | Self::Resuming | Self::Deleting => "Modifying",
        }
    }
}

impl Course {
    /// Where a course leads, and how long that takes; nowhere means that the cluster is gone.
    fn stages(self) -> (Status, Duration, Option<Status>) {
        match self {
            Self::Create => (Status::Creating, Duration::minutes(8), Some(Status::Available)),
            Self::Pause => (Status::Pausing, Duration::minutes(6), Some(Status::Paused)),
            Self::Resume => (Status::Resuming, Duration::minutes(8), Some(Status::Available)),
            Self::Delete => (Status::Deleting, Duration::minutes(4), None),
        }
    }
}

impl Cluster {
    /// The status now; `None` once it is deleted.
    pub(super) fn status(&self, now: DateTime<Utc>) -> Option<Status> {
        let (on_the_way, takes, arrived) = self.course.stages();
        if now < self.since + takes { Some(on_the_way) } else { arrived }
    }

    pub(super) fn set_out(&mut self, course: Course, now: DateTime<Utc>) {
        (self.course, self.since) = (course, now);
    }
}
