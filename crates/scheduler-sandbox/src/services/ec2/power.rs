//! StartInstances, StopInstances and TerminateInstances. All or nothing: one bad instance fails the whole call.

use super::instance::{Course, Instance, InstanceId, Lifecycle, State};
use super::types::InstanceType;
use super::{Ec2, answer, dry_run, missing_parameter};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn start(ec2: &mut Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let ids = named(ec2, params)?;
    all(&ids, |id| match ec2.state(id, call.now) {
        State::Stopped => startable(id, &ec2.instances[&id]),
        State::Running | State::Pending => Ok(()),
        State::Stopping | State::ShuttingDown | State::Terminated => {
            Err(wrong_state(id, "started"))
        }
    })?;
    dry_run(params)?;
    Ok(move_all(ec2, call, &ids, |id, instance| match call.falls_back(id, instance.kind()) {
        Some(reason) => instance.set_out_to_fail(reason, call.now),
        None => instance.set_out(Course::Start, call.now),
    }))
}

/// `Force` makes no difference: no operating system here could hang.
pub(super) fn stop(ec2: &mut Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let ids = named(ec2, params)?;
    all(&ids, |id| match ec2.state(id, call.now) {
        State::Stopped | State::Running | State::Stopping => stoppable(ec2, id),
        State::Pending | State::ShuttingDown | State::Terminated => Err(wrong_state(id, "stopped")),
    })?;
    let course = if params.says("Hibernate") { Course::Hibernate } else { Course::Stop };
    if course == Course::Hibernate {
        refuse_unhibernatable(ec2, &ids)?;
    }
    dry_run(params)?;
    Ok(set_out(ec2, call, &ids, course))
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

/// A type that came by ModifyInstanceAttribute is compared with the instance only now.
fn startable(id: InstanceId, instance: &Instance) -> Result<(), ApiError> {
    let Some(kind) = InstanceType::named(instance.kind()) else { return Ok(()) };
    if kind.ena() == "required" && !instance.launch.has_ena() {
        let need = "Enhanced networking with the Elastic Network Adapter (ENA) is required for";
        let advice = format!("Ensure that your instance '{id}' is enabled for ENA.");
        let message = format!("{need} the '{kind}' instance type. {advice}");
        return Err(ApiError::bad("InvalidParameterCombination", message));
    }
    if kind.ebs_optimized() == "unsupported" && instance.is_ebs_optimized() {
        let need = "EBS-optimized instances are not supported for your requested configuration.";
        let advice = "Please check the documentation for supported configurations.";
        return Err(ApiError::bad("Unsupported", format!("{need} {advice}")));
    }
    Ok(())
}

fn stoppable(ec2: &Ec2, id: InstanceId) -> Result<(), ApiError> {
    let launch = &ec2.instances[&id].launch;
    if !launch.has_ebs_root() {
        let why = "does not have an 'ebs' root device type and cannot be stopped.";
        let message = format!("The instance '{id}' {why}");
        return Err(ApiError::bad("UnsupportedOperation", message));
    }
    match launch.lifecycle {
        Lifecycle::OnDemand => Ok(()),
        Lifecycle::Spot => {
            let why = "because it is associated with a one-time Spot Instance request.";
            let how = "You can only stop Spot Instances associated with persistent Spot Instance requests.";
            let message = format!("You can't stop the Spot Instance '{id}' {why} {how}");
            Err(ApiError::bad("UnsupportedOperation", message))
        }
    }
}

fn set_out(ec2: &mut Ec2, call: &Call, ids: &[InstanceId], course: Course) -> Xml {
    move_all(ec2, call, ids, |_, instance| instance.set_out(course, call.now))
}

/// Sends instances on their way; one that is there already stays, which AWS accepts without a word.
fn move_all(
    ec2: &mut Ec2,
    call: &Call,
    ids: &[InstanceId],
    set_out: impl Fn(InstanceId, &mut Instance),
) -> Xml {
    let mut xml = Xml::new();
    xml.within("instancesSet", |xml| {
        for id in ids {
            let Some(instance) = ec2.instances.get_mut(id) else { continue };
            let before = instance.state(call.now);
            set_out(*id, instance);
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

fn refuse_unhibernatable(ec2: &Ec2, ids: &[InstanceId]) -> Result<(), ApiError> {
    let unfit = ids.iter().filter(|id| !ec2.instances[id].launch.hibernates);
    let unfit: Vec<_> = unfit.map(InstanceId::to_string).collect();
    if unfit.is_empty() {
        return Ok(());
    }
    let message =
        format!("The following instances are not enabled for hibernation: {}", unfit.join(", "));
    Err(ApiError::bad("UnsupportedHibernationConfiguration", message))
}
