//! EC2: instances and their tags.
//!
//! Simpler than AWS: every image and instance type of the right form exists, capacity and quotas have no end, every
//! Region has one subnet, client tokens are not remembered, and no instance can hibernate for the time being.

mod answer;
pub(crate) mod arn;
mod describe;
mod filter;
mod instance;
mod launch;
mod power;
mod tagging;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

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
