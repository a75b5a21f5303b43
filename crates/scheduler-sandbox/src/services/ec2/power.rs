//! StartInstances, StopInstances and TerminateInstances. All or nothing: one bad instance fails the whole call.

use super::instance::{Course, InstanceId, Lifecycle, State};
use super::{Ec2, answer, dry_run, missing_parameter};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn start(ec2: &mut Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let ids = named(ec2, params)?;
    all(&ids, |id| match ec2.state(id, call.now) {
        State::Stopped | State::Running | State::Pending => Ok(()),
        State::Stopping | State::ShuttingDown | State::Terminated => {
            Err(wrong_state(id, "started"))
        }
    })?;
    dry_run(params)?;
    Ok(set_out(ec2, call, &ids, Course::Start))
}

/// `Force` makes no difference: no operating system here could hang.
pub(super) fn stop(ec2: &mut Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let ids = named(ec2, params)?;
    all(&ids, |id| match ec2.state(id, call.now) {
        State::Stopped | State::Running | State::Stopping => stoppable(ec2, id),
        State::Pending | State::ShuttingDown | State::Terminated => Err(wrong_state(id, "stopped")),
    })?;
    if params.says("Hibernate") {
        return Err(unsupported_hibernation(&ids));
    }
    dry_run(params)?;
    Ok(set_out(ec2, call, &ids, Course::Stop))
}

pub(super) fn terminate(ec2: &mut Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let ids = named(ec2, params)?;
    dry_run(params)?;
    let gone = |id: &InstanceId| ec2.instances[id].forgotten_at().is_some();
    let leaving: Vec<_> = ids.iter().copied().filter(|id| !gone(id)).collect();
    let answer = set_out(ec2, call, &ids, Course::Terminate);
    let entries = leaving.iter().filter_map(|id| Some((ec2.instances[id].forgotten_at()?, *id)));
    ec2.leaving.extend(entries);
    Ok(answer)
}

fn named(ec2: &Ec2, params: &Params) -> Result<Vec<InstanceId>, ApiError> {
    let ids = params.list("InstanceId");
    if ids.is_empty() {
        return Err(missing_parameter("InstanceId"));
    }
    let mut found = Vec::new();
    for id in ec2.find(&ids)? {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

fn all(
    ids: &[InstanceId],
    check: impl Fn(InstanceId) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    ids.iter().copied().try_for_each(check)
}

fn stoppable(ec2: &Ec2, id: InstanceId) -> Result<(), ApiError> {
    match ec2.instances[&id].launch.lifecycle {
        Lifecycle::OnDemand => Ok(()),
        Lifecycle::Spot => {
            let why = "because it is associated with a one-time Spot Instance request.";
            let how = "You can only stop Spot Instances associated with persistent Spot Instance requests.";
            let message = format!("You can't stop the Spot Instance '{id}' {why} {how}");
            Err(ApiError::bad("UnsupportedOperation", message))
        }
    }
}

/// Sends instances on their way; one that is there already stays, which AWS accepts without a word.
fn set_out(ec2: &mut Ec2, call: &Call, ids: &[InstanceId], course: Course) -> Xml {
    let mut xml = Xml::new();
    xml.within("instancesSet", |xml| {
        for id in ids {
            let Some(instance) = ec2.instances.get_mut(id) else { continue };
            let before = instance.state(call.now);
            instance.set_out(course, call.now);
            let after = instance.state(call.now);
            xml.within("item", |xml| {
                xml.text("instanceId", id);
                answer::state(xml, "currentState", after);
                answer::state(xml, "previousState", before);
            });
        }
    });
    xml
}

fn wrong_state(id: InstanceId, done: &str) -> ApiError {
    let message = format!("The instance '{id}' is not in a state from which it can be {done}.");
    ApiError::bad("IncorrectInstanceState", message)
}

fn unsupported_hibernation(ids: &[InstanceId]) -> ApiError {
    let ids: Vec<_> = ids.iter().map(InstanceId::to_string).collect();
    let message =
        format!("The following instances are not enabled for hibernation: {}", ids.join(", "));
    ApiError::bad("UnsupportedHibernationConfiguration", message)
}
