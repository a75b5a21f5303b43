//! RDS: database instances, clusters, their tags, read replicas and snapshots.
//!
//! Simpler than AWS: every engine and class of instances exists; a class is never out of capacity; deletion takes no
//! snapshot, whatever is asked; maintenance and backup windows are shown and nothing happens in them.

mod answer;
pub(crate) mod arn;
mod cluster;
mod create;
mod database;
mod describe;
mod identifier;
mod life;
mod paging;
mod power;
mod snapshot;
mod tagging;
mod windows;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use self::cluster::Cluster;
use self::database::Database;
use self::snapshot::Snapshot;
use super::Call;
use crate::wire::{ApiError, Params, Xml};

/// The databases, clusters and snapshots of one Region of one account, by identifier, which is always in lower case.
#[derive(Debug, Default)]
pub(crate) struct Rds {
    databases: BTreeMap<String, Database>,
    clusters: BTreeMap<String, Cluster>,
    snapshots: BTreeMap<String, Snapshot>,
}

pub(crate) fn perform(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    rds.databases.retain(|_, database| database.status(call.now).is_some());
    rds.clusters.retain(|_, cluster| cluster.status(call.now).is_some());
    match call.operation.as_str() {
        "CreateDBInstance" => create::database(rds, call, params),
        "CreateDBInstanceReadReplica" => create::replica(rds, call, params),
        "DescribeDBInstances" => describe::databases(rds, call, params),
        "StartDBInstance" => power::start(rds, call, params),
        "StopDBInstance" => power::stop(rds, call, params),
        "DeleteDBInstance" => power::delete(rds, call, params),
        "CreateDBCluster" => cluster::create(rds, call, params),
        "DescribeDBClusters" => cluster::describe(rds, call, params),
        "StartDBCluster" => cluster::start(rds, call, params),
        "StopDBCluster" => cluster::stop(rds, call, params),
        "DeleteDBCluster" => cluster::delete(rds, call, params),
        "DescribeDBSnapshots" => snapshot::describe(rds, call, params),
        "DeleteDBSnapshot" => snapshot::delete(rds, call, params),
        "AddTagsToResource" => tagging::add(rds, call, params),
        "RemoveTagsFromResource" => tagging::remove(rds, call, params),
        "ListTagsForResource" => tagging::list(rds, call, params),
        _ => Err(call.unknown_operation()),
    }
}

impl Rds {
    /// A database by its identifier, in any case of letters.
    fn existing(&mut self, identifier: &str) -> Result<&mut Database, ApiError> {
        self.databases
            .get_mut(&identifier.to_ascii_lowercase())
            .ok_or_else(|| not_found(identifier))
    }

    /// The read replicas of a database.
    fn replicas_of<'a>(&'a self, identifier: &'a str) -> impl Iterator<Item = &'a str> {
        let replicates =
            move |(_, one): &(&String, &Database)| one.source.as_deref() == Some(identifier);
        self.databases.iter().filter(replicates).map(|(replica, _)| replica.as_str())
    }
}

/// The answer of the operations that return the one database they concern.
fn one(rds: &Rds, call: &Call, identifier: &str, now: DateTime<Utc>) -> Xml {
    let mut xml = Xml::new();
    if let Some(database) = rds.databases.get(identifier) {
        xml.within("DBInstance", |xml| answer::database(xml, rds, call, identifier, database, now));
    }
    xml
}

fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, ApiError> {
    let missing = || {
        ApiError::bad("MissingParameter", format!("The request must contain the parameter {name}"))
    };
    params.get(name).ok_or_else(missing)
}

/// Whether one of these values is this name, or the ARN of what has it.
fn names(call: &Call, values: &[&str], kind: &str, name: &str) -> bool {
    let arn = call.place.arn("rds", format_args!("{kind}:{name}"));
    values.iter().any(|value| value.eq_ignore_ascii_case(name) || *value == arn)
}

/// A deletion must say what becomes of the data.
fn require_snapshot_choice(params: &Params) -> Result<(), ApiError> {
    if params.says("SkipFinalSnapshot") || params.get("FinalDBSnapshotIdentifier").is_some() {
        return Ok(());
    }
    let message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
    Err(ApiError::bad("InvalidParameterCombination", message))
}

fn not_found(identifier: &str) -> ApiError {
    ApiError::new(404, "DBInstanceNotFound", format!("DBInstance {identifier} not found."))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::bad("InvalidParameterValue", message)
}

#[cfg(test)]
mod tests;
