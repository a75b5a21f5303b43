//! A database instance.

use chrono::{DateTime, Utc};

use super::life::{Life, Status};
use super::windows::Windows;
use crate::services::tags::Tags;

#[derive(Debug)]
pub(super) struct Database {
    pub(super) class: String,
    pub(super) engine: String,
    pub(super) storage: u32,
    /// The cluster that it is a member of, and with which alone it starts and stops.
    pub(super) cluster: Option<String>,
    /// The database that this one is a read replica of.
    pub(super) source: Option<String>,
    pub(super) windows: Windows,
    pub(super) multi_az: bool,
    pub(super) tags: Tags,
    pub(super) created: DateTime<Utc>,
    pub(super) life: Life,
}

impl Database {
    /// The status now; `None` once it is deleted.
    pub(super) fn status(&self, now: DateTime<Utc>) -> Option<Status> {
        self.life.status(now)
    }
}
