//! SuspendProcesses and ResumeProcesses. Of the processes only Launch and Terminate do anything here.

use super::{AutoScaling, invalid, required};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

/// What can be suspended, and is when nothing is named.
const PROCESSES: [&str; 9] = [
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
];

pub(super) fn suspend(
    scaling: &mut AutoScaling,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let processes = processes(params)?;
    let group = scaling.existing(required(params, "AutoScalingGroupName")?)?;
    for process in processes {
        group.suspended.entry(process.to_owned()).or_insert(call.now);
    }
    group.settle(call.now);
    Ok(Xml::new())
}

pub(super) fn resume(
    scaling: &mut AutoScaling,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let processes = processes(params)?;
    let group = scaling.existing(required(params, "AutoScalingGroupName")?)?;
    group.suspended.retain(|process, _| !processes.contains(&process.as_str()));
    group.settle(call.now);
    Ok(Xml::new())
}

fn processes(params: &Params) -> Result<Vec<&str>, ApiError> {
    let named = params.list("ScalingProcesses.member");
    match named.iter().find(|process| !PROCESSES.contains(process)) {
        Some(unknown) => Err(invalid(format!("Invalid scaling process: {unknown}"))),
        None if named.is_empty() => Ok(PROCESSES.to_vec()),
        None => Ok(named),
    }
}
