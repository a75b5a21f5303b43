//! Redshift: provisioned clusters, pausing them, and their tags.
//!
//! Simpler than AWS: every node type exists and there is always room for it; a cluster has no snapshots, parameter
//! groups or subnet groups, whatever is asked; every cluster can be paused; nothing happens in maintenance windows.

mod answer;
mod cluster;
mod create;
mod describe;
mod power;
mod tagging;

use std::collections::BTreeMap;

pub(crate) use self::tagging::cluster_tags;

use self::cluster::Cluster;
use super::Call;
use crate::wire::{ApiError, Params, Xml};

/// The clusters of one Region of one account, by identifier, which is always in lower case.
#[derive(Debug, Default)]
pub(crate) struct Redshift {
    clusters: BTreeMap<String, Cluster>,
    /// How many clusters there ever were: the number of a cluster's namespace.
    created: u32,
}

pub(crate) fn perform(
    redshift: &mut Redshift,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    redshift.clusters.retain(|_, cluster| cluster.status(call.now).is_some());
    match call.operation.as_str() {
        "CreateCluster" => create::cluster(redshift, call, params),
        "DescribeClusters" => describe::clusters(redshift, call, params),
        "PauseCluster" => power::pause(redshift, call, params),
        "ResumeCluster" => power::resume(redshift, call, params),
        "DeleteCluster" => power::delete(redshift, call, params),
        "CreateTags" => tagging::create(redshift, call, params),
        "DeleteTags" => tagging::delete(redshift, call, params),
        _ => Err(call.unknown_operation()),
    }
}

impl Redshift {
    /// The cluster a request names, in any case of letters.
    fn existing(&mut self, params: &Params) -> Result<(String, &mut Cluster), ApiError> {
        let identifier = required(params, "ClusterIdentifier")?.to_ascii_lowercase();
        let found = self.clusters.get_mut(&identifier);
        let cluster = found.ok_or_else(|| not_found(&identifier))?;
        Ok((identifier, cluster))
    }
}

/// The answer of the operations that return the one cluster they concern.
fn one(call: &Call, identifier: &str, cluster: &Cluster) -> Xml {
    let mut xml = Xml::new();
    xml.within("Cluster", |xml| answer::cluster(xml, call, identifier, cluster));
    xml
}

fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, ApiError> {
    let missing = || {
        ApiError::bad("MissingParameter", format!("The request must contain the parameter {name}"))
    };
    params.get(name).ok_or_else(missing)
}

fn not_found(identifier: &str) -> ApiError {
    ApiError::new(404, "ClusterNotFound", format!("Cluster {identifier} not found."))
}

fn wrong_state(message: impl Into<String>) -> ApiError {
    ApiError::bad("InvalidClusterState", message)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::bad("InvalidParameterValue", message)
}

#[cfg(test)]
mod tests;
