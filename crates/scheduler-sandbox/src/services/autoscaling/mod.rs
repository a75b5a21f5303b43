//! EC2 Auto Scaling: groups, their capacity and their tags.
//!
//! Simpler than AWS: every launch configuration and template exists; a group's instances are listed with it alone, EC2
//! knows none of them; they take a fixed time to come and to go, and none is ever unhealthy. There are no policies,
//! scheduled actions, lifecycle hooks, warm pools or cooldowns.

mod answer;
mod capacity;
mod create;
mod delete;
mod describe;
mod filter;
mod group;
mod suspend;
mod tagging;
mod update;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use self::group::Group;
use super::Call;
use crate::wire::{ApiError, Params, Xml};

/// The groups of one Region of one account, by name.
#[derive(Debug, Default)]
pub(crate) struct AutoScaling {
    groups: BTreeMap<String, Group>,
    /// How many groups there ever were: the number in a group's ARN.
    created: u32,
}

pub(crate) fn perform(
    scaling: &mut AutoScaling,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    scaling.let_time_pass(call.now);
    match call.operation.as_str() {
        "CreateAutoScalingGroup" => create::group(scaling, call, params),
        "DescribeAutoScalingGroups" => describe::groups(scaling, call, params),
        "UpdateAutoScalingGroup" => update::group(scaling, call, params),
        "DeleteAutoScalingGroup" => delete::group(scaling, call, params),
        "CreateOrUpdateTags" => tagging::create_or_update(scaling, params),
        "DeleteTags" => tagging::delete(scaling, params),
        "DescribeTags" => tagging::describe(scaling, params),
        "SuspendProcesses" => suspend::suspend(scaling, call, params),
        "ResumeProcesses" => suspend::resume(scaling, call, params),
        _ => Err(call.unknown_operation()),
    }
}

impl AutoScaling {
    /// Lets terminated instances go, and deleted groups once they are empty.
    fn let_time_pass(&mut self, now: DateTime<Utc>) {
        for group in self.groups.values_mut() {
            group.forget_terminated(now);
        }
        self.groups.retain(|_, group| !group.is_gone());
    }

    fn existing(&mut self, name: &str) -> Result<&mut Group, ApiError> {
        self.groups.get_mut(name).ok_or_else(not_found)
    }
}

fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, ApiError> {
    params.get(name).ok_or_else(|| refused(name, "null", "Member must not be null"))
}

/// A whole number that is not negative, if the parameter is given.
fn number(params: &Params, name: &str) -> Result<Option<u32>, ApiError> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let why = "Member must have value greater than or equal to 0";
    text.parse().map(Some).map_err(|_| refused(name, &format!("'{text}'"), why))
}

/// AWS's words for a parameter that fails a constraint; it names parameters as Java does.
fn refused(name: &str, value: &str, why: &str) -> ApiError {
    let name = super::members::camel(name);
    invalid(format!(
        "1 validation error detected: Value {value} at '{name}' failed to satisfy constraint: {why}"
    ))
}

/// The one code for nearly everything that is wrong with a request.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::bad("ValidationError", message)
}

/// AWS puts the word `null` where one would look for the name.
fn not_found() -> ApiError {
    invalid("AutoScalingGroup name not found - null")
}

#[cfg(test)]
mod tests;
