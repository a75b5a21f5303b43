//! Databases by ARN, for the services that know all kinds of resources.

use super::Rds;
use crate::services::Call;
use crate::services::tags::Tags;

/// Every cluster with its tags.
pub(crate) fn cluster_tags<'a>(
    rds: &'a Rds,
    call: &'a Call,
) -> impl Iterator<Item = (String, &'a Tags)> {
    let arn = |name| call.place.arn("rds", format_args!("cluster:{name}"));
    let there = rds.clusters.iter().filter(|(_, one)| one.status(call.now).is_some());
    there.map(move |(name, one)| (arn(name), &one.tags))
}

/// Every database instance with its tags.
pub(crate) fn database_tags<'a>(
    rds: &'a Rds,
    call: &'a Call,
) -> impl Iterator<Item = (String, &'a Tags)> {
    let arn = |name| call.place.arn("rds", format_args!("db:{name}"));
    let there = rds.databases.iter().filter(|(_, one)| one.status(call.now).is_some());
    there.map(move |(name, one)| (arn(name), &one.tags))
}
