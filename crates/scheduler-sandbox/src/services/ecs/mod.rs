//! ECS: clusters, services, how many tasks run, and tags.
//!
//! Simpler than AWS: every task definition exists and need not be named; there is always room for a task, so it takes a
//! fixed time to come and to go and never fails; a service has one deployment, and neither load balancers nor events.
//! Clusters have no container instances, so a daemon service wants no task. Inactive services are never purged.

mod answer;
mod create;
mod delete;
mod describe;
mod list;
mod name;
mod service;
mod tagging;
mod tasks;
mod update;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use self::tagging::service_tags;

use self::service::{Service, Status};
use super::Call;
use super::tags::Tags;
use crate::wire::ApiError;

/// The clusters of one Region of one account, by name.
#[derive(Debug, Default)]
pub(crate) struct Ecs {
    clusters: BTreeMap<String, Cluster>,
    /// How many services there ever were: the number in a deployment's id.
    created: u32,
}

#[derive(Debug, Default)]
struct Cluster {
    tags: Tags,
    services: BTreeMap<String, Service>,
}

pub(crate) fn perform(ecs: &mut Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    match call.operation.as_str() {
        "CreateCluster" => create::cluster(ecs, call, input),
        "CreateService" => create::service(ecs, call, input),
        "DescribeServices" => describe::services(ecs, call, input),
        "UpdateService" => update::service(ecs, call, input),
        "DeleteService" => delete::service(ecs, call, input),
        "ListClusters" => list::clusters(ecs, call, input),
        "ListServices" => list::services(ecs, call, input),
        "TagResource" => tagging::tag(ecs, call, input),
        "UntagResource" => tagging::untag(ecs, call, input),
        "ListTagsForResource" => tagging::list(ecs, call, input),
        _ => Err(call.unknown_operation()),
    }
}

impl Ecs {
    fn cluster(&self, name: &str) -> Result<&Cluster, ApiError> {
        self.clusters.get(name).ok_or_else(cluster_not_found)
    }

    fn cluster_mut(&mut self, name: &str) -> Result<&mut Cluster, ApiError> {
        self.clusters.get_mut(name).ok_or_else(cluster_not_found)
    }

    /// Whether `service/CLUSTER/NAME` names a service that is not deleted.
    pub(crate) fn has_active(&self, call: &Call, resource: &str) -> bool {
        let names = resource.strip_prefix("service/").and_then(|rest| rest.split_once('/'));
        let found =
            names.and_then(|(cluster, name)| self.clusters.get(cluster)?.services.get(name));
        found.is_some_and(|service| service.status(call.now) == Status::Active)
    }
}

fn cluster_not_found() -> ApiError {
    ApiError::bad("ClusterNotFoundException", "Cluster not found.")
}

fn service_not_found() -> ApiError {
    ApiError::bad("ServiceNotFoundException", "Service not found.")
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::bad("InvalidParameterException", message)
}

#[cfg(test)]
mod tests;
