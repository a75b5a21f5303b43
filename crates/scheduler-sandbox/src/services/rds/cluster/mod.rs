//! DB clusters: Aurora, and those of Amazon DocumentDB and Amazon Neptune, whose APIs are RDS's own under other names.
//!
//! The instances of a cluster are databases that name it, and start and stop with it alone. A Multi-AZ DB cluster
//! (`DBClusterInstanceClass`) brings its three instances with it, and cannot be stopped.
//!
//! Simpler than AWS: a cluster is in a global database, or is a replica, because its creation said so, and there is no
//! other end; deletion takes no snapshot, whatever is asked.

mod answer;
mod create;
mod describe;
mod power;

use chrono::{DateTime, Utc};

pub(super) use self::create::cluster as create;
pub(super) use self::describe::clusters as describe;
pub(super) use self::power::{delete, start, stop};
use super::life::{Life, Status};
use super::windows::Windows;
use super::{Call, Database, Rds};
use crate::services::tags::Tags;
use crate::wire::{ApiError, Xml};

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) engine: String,
    mode: EngineMode,
    /// The class of the instances of a Multi-AZ DB cluster, which those of Aurora have one by one.
    class: Option<String>,
    windows: Windows,
    global: Option<GlobalMember>,
    /// The ARN of what this cluster is a read replica of.
    source: Option<String>,
    pub(super) tags: Tags,
    created: DateTime<Utc>,
    life: Life,
}

/// The modes that clusters are created in today. `Serverless` is Aurora Serverless v1; v2 is provisioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EngineMode {
    Provisioned,
    Serverless,
}

/// That a cluster belongs to a global database.
#[derive(Debug)]
struct GlobalMember {
    identifier: String,
    forwards_writes: bool,
}

impl Cluster {
    /// The status now; `None` once it is deleted.
    pub(super) fn status(&self, now: DateTime<Utc>) -> Option<Status> {
        self.life.status(now)
    }

    pub(super) fn expect_available(&self, name: &str, now: DateTime<Utc>) -> Result<(), ApiError> {
        self.expect(Status::Available, "available", name, now)
    }

    /// Refuses what needs a cluster in another state; the message names the one that it is in.
    fn expect(
        &self,
        expected: Status,
        names: &str,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let status = self.status(now);
        if status == Some(expected) {
            return Ok(());
        }
        let status = status.map_or("deleted", Status::name);
        let wanted = format!("but expected it to be one of {names}.");
        Err(wrong_state(format!("DbCluster {name} is in {status} state {wanted}")))
    }

    fn is_aurora(&self) -> bool {
        self.engine.starts_with("aurora")
    }
}

impl EngineMode {
    fn name(self) -> &'static str {
        match self {
            Self::Provisioned => "provisioned",
            Self::Serverless => "serverless",
        }
    }
}

impl Rds {
    /// A cluster by its identifier, in any case of letters.
    fn cluster(&mut self, identifier: &str) -> Result<&mut Cluster, ApiError> {
        self.clusters.get_mut(&identifier.to_ascii_lowercase()).ok_or_else(|| not_found(identifier))
    }

    /// The instances of a cluster, the writer first: the oldest of them.
    fn members_of(&self, cluster: &str) -> Vec<(&str, &Database)> {
        let belongs = |(_, one): &(&String, &Database)| one.cluster.as_deref() == Some(cluster);
        let members = self.databases.iter().filter(belongs);
        let mut members: Vec<_> = members.map(|(name, one)| (name.as_str(), one)).collect();
        members.sort_by_key(|(_, member)| member.created);
        members
    }
}

/// The answer of the operations that return the one cluster they concern.
fn one(rds: &Rds, call: &Call, name: &str) -> Xml {
    let mut xml = Xml::new();
    if let Some(cluster) = rds.clusters.get(name) {
        xml.within("DBCluster", |xml| answer::cluster(xml, rds, call, name, cluster));
    }
    xml
}

pub(super) fn not_found(identifier: &str) -> ApiError {
    ApiError::new(404, "DBClusterNotFoundFault", format!("DBCluster {identifier} not found."))
}

fn wrong_state(message: String) -> ApiError {
    ApiError::bad("InvalidDBClusterStateFault", message)
}

#[cfg(test)]
mod tests;
