//! RegisterScalableTarget: makes a target, or changes what is named of one.

use serde_json::{Value, json};

use super::{Suspended, Target, Targets, arn, resource};
use crate::services::Call;
use crate::services::ecs::Ecs;
use crate::services::members::{Members, invalid};
use crate::wire::ApiError;

pub(super) fn target(
    targets: &mut Targets,
    ecs: &Ecs,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let known = [
        "ServiceNamespace",
        "ResourceId",
        "ScalableDimension",
        "MinCapacity",
        "MaxCapacity",
        "RoleARN",
        "SuspendedState",
    ];
    let members = Members::of(input, &known)?;
    let resource = resource(members)?;
    if !ecs.has_active(call, resource) {
        return Err(invalid(format!("ECS service doesn't exist: {resource}")));
    }
    let old = targets.targets.get(resource);
    let (min, max) = bounds(members, old)?;
    let suspended = suspended(members, old.map(|old| old.suspended).unwrap_or_default());
    let (number, created) =
        old.map_or((targets.registered + 1, call.now), |old| (old.number, old.created));
    let target = Target { number, min, max, suspended, created };

    targets.registered = targets.registered.max(number);
    let answer = json!({ "ScalableTargetARN": arn(call, &target) });
    targets.targets.insert(resource.to_owned(), target);
    Ok(answer)
}

/// A new target needs both bounds, an old one keeps what is not named.
fn bounds(members: Members<'_>, old: Option<&Target>) -> Result<(u32, u32), ApiError> {
    let given = |name: &str, old: Option<u32>| match members.number(name) {
        Some(number) => u32::try_from(number)
            .map_err(|_| invalid(format!("{name} must not be negative: {number}"))),
        None => old.ok_or_else(|| {
            invalid("Both MinCapacity and MaxCapacity are required to register a scalable target")
        }),
    };
    let min = given("MinCapacity", old.map(|old| old.min))?;
    let max = given("MaxCapacity", old.map(|old| old.max))?;
    if max < min {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    Ok((min, max))
}

fn suspended(members: Members<'_>, old: Suspended) -> Suspended {
    let given = members.value("SuspendedState");
    let says = |name: &str, old: bool| given.and_then(|state| state[name].as_bool()).unwrap_or(old);
    Suspended {
        scaling_in: says("DynamicScalingInSuspended", old.scaling_in),
        scaling_out: says("DynamicScalingOutSuspended", old.scaling_out),
        scheduled: says("ScheduledScalingSuspended", old.scheduled),
    }
}
