//! CreateCluster and CreateService.

use serde_json::{Value, json};

use super::service::{Deletion, Service, Status, Strategy};
use super::tasks::Tasks;
use super::{Ecs, answer, invalid, name, tagging};
use crate::services::Call;
use crate::services::members::Members;
use crate::wire::ApiError;

/// A cluster that is there already is the answer too.
pub(super) fn cluster(ecs: &mut Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["clusterName", "tags"])?;
    let name = name::checked(members.text("clusterName").unwrap_or(name::DEFAULT_CLUSTER))?;
    let tags = tagging::given(members)?;
    let cluster = ecs.clusters.entry(name.to_owned()).or_default();
    cluster.tags.extend(tags);
    Ok(json!({ "cluster": answer::cluster(call, name, cluster) }))
}

pub(super) fn service(ecs: &mut Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "cluster",
        "serviceName",
        "taskDefinition",
        "desiredCount",
        "schedulingStrategy",
        "launchType",
        "tags",
        "clientToken",
    ];
    let members = Members::of(input, &known)?;
    let cluster_name = name::cluster(members);
    let name = name::checked(members.text("serviceName").unwrap_or_default())?;
    let strategy = strategy(members)?;
    let service = Service {
        number: ecs.created + 1,
        strategy,
        launch_type: members.text("launchType").unwrap_or("EC2").to_owned(),
        task_definition: task_definition(call, name, members),
        tasks: Tasks::new(desired_count(strategy, members)?.unwrap_or(0), call.now),
        tags: tagging::given(members)?,
        created: call.now,
        updated: call.now,
        deletion: Deletion::None,
    };
    check_free(ecs, call, cluster_name, name)?;

    ecs.created += 1;
    let answer = json!({ "service": answer::service(call, cluster_name, name, &service) });
    ecs.cluster_mut(cluster_name)?.services.insert(name.to_owned(), service);
    Ok(answer)
}

/// The name of an inactive service can be had again.
fn check_free(ecs: &Ecs, call: &Call, cluster: &str, name: &str) -> Result<(), ApiError> {
    match ecs.cluster(cluster)?.services.get(name).map(|service| service.status(call.now)) {
        None | Some(Status::Inactive) => Ok(()),
        Some(Status::Active) => Err(invalid("Creation of service was not idempotent.")),
        Some(Status::Draining) => Err(invalid("Unable to Start a service that is still Draining.")),
    }
}

fn strategy(members: Members<'_>) -> Result<Strategy, ApiError> {
    match members.text("schedulingStrategy") {
        None | Some("REPLICA") => Ok(Strategy::Replica),
        Some("DAEMON") => Ok(Strategy::Daemon),
        Some(_) => Err(invalid("schedulingStrategy should be one of [REPLICA,DAEMON]")),
    }
}

/// How many tasks a request asks for, if it says; the number on each instance is not for it to say.
pub(super) fn desired_count(
    strategy: Strategy,
    members: Members<'_>,
) -> Result<Option<u32>, ApiError> {
    let Some(count) = members.number("desiredCount") else { return Ok(None) };
    if strategy == Strategy::Daemon {
        return Err(invalid(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count \
             value and try again",
        ));
    }
    let negative = |_| invalid("desiredCount cannot be negative.");
    u32::try_from(count).map(Some).map_err(negative)
}

fn task_definition(call: &Call, service: &str, members: Members<'_>) -> String {
    let given = members.text("taskDefinition").unwrap_or(service);
    if given.starts_with("arn:") {
        return given.to_owned();
    }
    let revision = if given.contains(':') { "" } else { ":1" };
    call.place.arn("ecs", format_args!("task-definition/{given}{revision}"))
}
