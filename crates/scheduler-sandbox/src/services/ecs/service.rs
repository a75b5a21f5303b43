//! A service, and where it is in its life.

use chrono::{DateTime, Utc};

use super::tasks::Tasks;
use crate::services::tags::Tags;

#[derive(Debug)]
pub(super) struct Service {
    /// Which of the Region's services it is, from the first ever.
    pub(super) number: u32,
    pub(super) strategy: Strategy,
    pub(super) launch_type: String,
    pub(super) task_definition: String,
    pub(super) tasks: Tasks,
    pub(super) tags: Tags,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    pub(super) deletion: Deletion,
}

/// How a service decides how many tasks it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    /// As many as it is told.
    Replica,
    /// One on each container instance.
    Daemon,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deletion {
    None,
    Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Active,
    Draining,
    Inactive,
}

impl Strategy {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Replica => "REPLICA",
            Self::Daemon => "DAEMON",
        }
    }
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

impl Service {
    /// A deleted service drains until its tasks are gone.
    pub(super) fn status(&self, now: DateTime<Utc>) -> Status {
        match self.deletion {
            Deletion::None => Status::Active,
            Deletion::Asked if self.tasks.running(now) > 0 => Status::Draining,
            Deletion::Asked => Status::Inactive,
        }
    }
}
