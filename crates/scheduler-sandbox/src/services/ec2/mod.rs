//! EC2: instances, their types and their tags.
//!
//! Simpler than AWS: every image and instance type of the right form can be launched, though only the types in a table
//! are described and changed to; capacity and quotas have no end but by a fault; every Region has one subnet; client
//! tokens are not remembered; whether image, volume and type allow hibernation is not asked.
//!
//! The id of an image says what is special about it: `ami-store...` has an instance store for its root device, and
//! `ami-noena...` is an old one, without ENA and UEFI.

mod answer;
pub(crate) mod arn;
mod describe;
mod describe_types;
mod filter;
mod instance;
mod launch;
mod modify;
mod power;
mod tagging;
mod types;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

pub(crate) use self::instance::StateReason;
use self::instance::{Instance, InstanceId, State};
use super::Call;
use crate::wire::{ApiError, Params, Xml};

/// The instances of one Region of one account.
#[derive(Debug, Default)]
pub(crate) struct Ec2 {
    /// In the order in which they were launched, because ids count upwards.
    instances: BTreeMap<InstanceId, Instance>,
    /// When terminated instances are to be forgotten, earliest first.
    leaving: VecDeque<(DateTime<Utc>, InstanceId)>,
    launched: u32,
    reservations: u32,
}

pub(crate) fn perform(ec2: &mut Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    ec2.forget_terminated(call.now);
    match call.operation.as_str() {
        "DescribeInstances" => describe::instances(ec2, call, params),
        "DescribeInstanceTypes" => describe_types::types(params),
        "ModifyInstanceAttribute" => modify::attribute(ec2, call, params),
        "RunInstances" => launch::run(ec2, call, params),
        "StartInstances" => power::start(ec2, call, params),
        "StopInstances" => power::stop(ec2, call, params),
        "TerminateInstances" => power::terminate(ec2, call, params),
        "CreateTags" => tagging::create(ec2, params),
        "DeleteTags" => tagging::delete(ec2, params),
        _ => Err(call.unknown_operation()),
    }
}

impl Ec2 {
    /// The types of the instances that a request names, for faults that happen to a type.
    pub(crate) fn types_named(&self, params: &Params) -> Vec<&str> {
        let ids = params.list("InstanceId").into_iter().filter_map(InstanceId::parse);
        ids.filter_map(|id| self.instances.get(&id)).map(Instance::kind).collect()
    }

    fn forget_terminated(&mut self, now: DateTime<Utc>) {
        while let Some((at, id)) = self.leaving.front().copied().filter(|(at, _)| *at <= now) {
            self.leaving.pop_front();
            // Terminated is for ever, so nothing can have revived it since it was entered here.
            debug_assert!(self.instances[&id].forgotten_at() == Some(at));
            self.instances.remove(&id);
        }
    }

    /// The instances with these ids, in the order asked for; or AWS's error naming every one that is not there.
    fn find(&self, ids: &[&str]) -> Result<Vec<InstanceId>, ApiError> {
        let parsed = ids.iter().map(|id| InstanceId::parse(id).ok_or_else(|| malformed(id)));
        let parsed = parsed.collect::<Result<Vec<_>, _>>()?;
        let known = |id: &InstanceId| self.instances.contains_key(id);
        let missing: Vec<_> =
            ids.iter().zip(&parsed).filter(|(_, id)| !known(id)).map(|(text, _)| *text).collect();
        if missing.is_empty() { Ok(parsed) } else { Err(not_found(&missing)) }
    }

    fn state(&self, id: InstanceId, now: DateTime<Utc>) -> State {
        self.instances[&id].state(now)
    }
}

fn malformed(id: &str) -> ApiError {
    ApiError::bad(
        "InvalidInstanceID.Malformed",
        format!("Invalid id: \"{id}\" (expecting \"i-...\")"),
    )
}

fn not_found(ids: &[&str]) -> ApiError {
    let message = match ids {
        [id] => format!("The instance ID '{id}' does not exist"),
        ids => format!("The instance IDs '{}' do not exist", ids.join(", ")),
    };
    ApiError::bad("InvalidInstanceID.NotFound", message)
}

fn unknown_types(names: &[&str]) -> String {
    format!("The following supplied instance types do not exist: [{}]", names.join(", "))
}

fn missing_parameter(name: &str) -> ApiError {
    ApiError::bad("MissingParameter", format!("The request must contain the parameter {name}"))
}

/// With `DryRun`, a call that would have succeeded is refused with this instead.
fn dry_run(params: &Params) -> Result<(), ApiError> {
    if !params.says("DryRun") {
        return Ok(());
    }
    let message = "Request would have succeeded, but DryRun flag is set.";
    Err(ApiError::new(412, "DryRunOperation", message))
}

#[cfg(test)]
mod tests;
