//! Clusters and services as documents, with the members real ones have.

use serde_json::{Value, json};

use super::service::{Service, Status};
use super::{Cluster, name};
use crate::services::tags::Tags;
use crate::services::{Call, seconds};

pub(super) fn cluster(call: &Call, name: &str, cluster: &Cluster) -> Value {
    let now = call.now;
    let active = cluster.services.values().filter(|service| service.status(now) == Status::Active);
    let sum = |count: fn(&Service, &Call) -> u32| -> u32 {
        cluster.services.values().map(|service| count(service, call)).sum()
    };
    json!({
        "clusterArn": name::cluster_arn(&call.place, name),
        "clusterName": name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": sum(|service, call| service.tasks.running(call.now)),
        "pendingTasksCount": sum(|service, call| service.tasks.pending(call.now)),
        "activeServicesCount": active.count(),
        "statistics": [],
        "tags": tags(&cluster.tags),
        "settings": [{"name": "containerInsights", "value": "disabled"}],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    })
}

/// Without tags: only who asks for them gets them.
pub(super) fn service(call: &Call, cluster: &str, name: &str, service: &Service) -> Value {
    json!({
        "serviceArn": name::service_arn(&call.place, cluster, name),
        "serviceName": name,
        "clusterArn": name::cluster_arn(&call.place, cluster),
        "loadBalancers": [],
        "serviceRegistries": [],
        "status": service.status(call.now).name(),
        "desiredCount": service.tasks.desired(),
        "runningCount": service.tasks.running(call.now),
        "pendingCount": service.tasks.pending(call.now),
        "launchType": service.launch_type,
        "taskDefinition": service.task_definition,
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
        "deployments": [deployment(call, service)],
        "events": [],
        "createdAt": seconds(service.created),
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": service.strategy.name(),
        "deploymentController": {"type": "ECS"},
        "createdBy": call.place.home.root_arn(),
        "enableECSManagedTags": false,
        "propagateTags": "NONE",
        "enableExecuteCommand": false,
    })
}

fn deployment(call: &Call, service: &Service) -> Value {
    let done = service.tasks.settled(call.now);
    json!({
        "id": format!("ecs-svc/{:019}", service.number),
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "desiredCount": service.tasks.desired(),
        "pendingCount": service.tasks.pending(call.now),
        "runningCount": service.tasks.running(call.now),
        "failedTasks": 0,
        "createdAt": seconds(service.created),
        "updatedAt": seconds(service.updated),
        "launchType": service.launch_type,
        "rolloutState": if done { "COMPLETED" } else { "IN_PROGRESS" },
    })
}

pub(super) fn tags(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}
