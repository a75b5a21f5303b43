//! Resource Groups Tagging API: the tags of all kinds of resources, by ARN.
//!
//! It keeps nothing: it reads what the services hold, and to change a tag it calls the service's own operation as the
//! caller, whose policies must allow that too.
//!
//! Simpler than AWS: it knows ECS services, EC2 instances, RDS instances and Redshift clusters; resources that were
//! tagged once and are no more are not listed; there are no tag policies to comply with; it speaks JSON alone, though
//! some SDKs would rather have it speak CBOR.

mod change;
mod get;
mod kind;

use serde_json::Value;

use super::Call;
use crate::wire::ApiError;
use crate::world::World;

pub(crate) fn perform(world: &mut World, call: &Call, input: &Value) -> Result<Value, ApiError> {
    match call.operation.as_str() {
        "GetResources" => get::resources(world.region(&call.place), call, input),
        "TagResources" => change::tag(world, call, input),
        "UntagResources" => change::untag(world, call, input),
        _ => Err(call.unknown_operation()),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::bad("InvalidParameterException", message)
}

#[cfg(test)]
mod tests;
