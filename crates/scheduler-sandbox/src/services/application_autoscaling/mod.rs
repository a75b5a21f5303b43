//! Application Auto Scaling: the scalable targets of ECS services.
//!
//! Simpler than AWS: no policies and no scheduled actions, so a target is held and shown but never scales anything;
//! of the namespaces only `ecs` is known, and so only one dimension.

mod describe;
mod register;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Call;
use super::ecs::Ecs;
use super::members::{Members, invalid};
use crate::wire::ApiError;

/// The one dimension of a service that scales.
const DIMENSION: &str = "ecs:service:DesiredCount";

/// The targets of one Region of one account, by the resource they scale: `service/CLUSTER/NAME`.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    targets: BTreeMap<String, Target>,
    /// How many targets there ever were: the number in a target's ARN.
    registered: u32,
}

#[derive(Debug)]
struct Target {
    number: u32,
    min: u32,
    max: u32,
    suspended: Suspended,
    created: DateTime<Utc>,
}

/// What a target does not do for the time being.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Suspended {
    scaling_in: bool,
    scaling_out: bool,
    scheduled: bool,
}

pub(crate) fn perform(
    targets: &mut Targets,
    ecs: &Ecs,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    match call.operation.as_str() {
        "RegisterScalableTarget" => register::target(targets, ecs, call, input),
        "DescribeScalableTargets" => describe::targets(targets, call, input),
        "DeregisterScalableTarget" => deregister(targets, input),
        _ => Err(call.unknown_operation()),
    }
}

fn deregister(targets: &mut Targets, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["ServiceNamespace", "ResourceId", "ScalableDimension"])?;
    let resource = resource(members)?;
    let missing = || {
        let what = format!("service namespace: ecs, resource ID: {resource}");
        let message =
            format!("No scalable target found for {what}, scalable dimension: {DIMENSION}");
        ApiError::bad("ObjectNotFoundException", message)
    };
    targets.targets.remove(resource).map(|_| json!({})).ok_or_else(missing)
}

/// The resource a request names, in the one namespace and dimension there is.
fn resource<'a>(members: Members<'a>) -> Result<&'a str, ApiError> {
    namespace(members)?;
    let resource = members.required_text("ResourceId")?;
    if members.required_text("ScalableDimension")? != DIMENSION {
        return Err(unsupported());
    }
    Ok(resource)
}

fn namespace(members: Members<'_>) -> Result<(), ApiError> {
    let known = members.required_text("ServiceNamespace")? == "ecs";
    known.then_some(()).ok_or_else(unsupported)
}

fn unsupported() -> ApiError {
    invalid("Unsupported service namespace, resource type or scalable dimension")
}

fn arn(call: &Call, target: &Target) -> String {
    let id = format_args!("scalable-target/0ec5{:032x}", target.number).to_string();
    call.place.arn("application-autoscaling", id)
}

#[cfg(test)]
mod tests;
