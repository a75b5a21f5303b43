//! Databases behind the RDS API: instances, and clusters of Aurora, DocumentDB, Neptune and RDS itself.
//!
//! The API cannot filter by tag, but its answers hold the tags, so everything is listed and what lacks the tag is
//! dropped here; asking the tagging API first would cost a call more for each page.

mod clusters;
mod database;
mod instances;
mod snapshots;

pub(crate) use clusters::RdsClusters;
pub(crate) use instances::RdsInstances;
pub(crate) use snapshots::Snapshots;
