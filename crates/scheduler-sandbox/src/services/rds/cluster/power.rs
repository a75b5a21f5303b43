//! StartDBCluster, StopDBCluster and DeleteDBCluster. The instances of a cluster go with it.

use super::{Cluster, EngineMode, one, wrong_state};
use crate::services::Call;
use crate::services::rds::life::{Course, Status};
use crate::services::rds::{Rds, require_snapshot_choice, required};
use crate::wire::{ApiError, Params, Xml};

/// What a start needs, in the words of AWS's message.
const STARTABLE: &str = "stopped,inaccessible-encryption-credentials-recoverable";

pub(in crate::services::rds) fn start(
    rds: &mut Rds,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let name = existing(rds, params)?;
    rds.cluster(&name)?.expect(Status::Stopped, STARTABLE, &name, call.now)?;
    set_out(rds, call, &name, Course::Start)?;
    Ok(one(rds, call, &name))
}

pub(in crate::services::rds) fn stop(
    rds: &mut Rds,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let name = existing(rds, params)?;
    let cluster = rds.cluster(&name)?;
    refuse_unstoppable(&name, cluster)?;
    cluster.expect_available(&name, call.now)?;
    refuse_busy_members(rds, call, &name)?;
    set_out(rds, call, &name, Course::Stop)?;
    Ok(one(rds, call, &name))
}

pub(in crate::services::rds) fn delete(
    rds: &mut Rds,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let name = existing(rds, params)?;
    require_snapshot_choice(params)?;
    let cluster = rds.cluster(&name)?;
    cluster.expect_available(&name, call.now)?;
    let brings_its_own = cluster.class.is_some();
    let deleting = |status| status == Some(Status::Deleting);
    let members = rds.members_of(&name);
    if !brings_its_own && members.iter().any(|(_, member)| !deleting(member.status(call.now))) {
        let why = "it still contains DB instances in non-deleting state.";
        return Err(wrong_state(format!("Cluster cannot be deleted, {why}")));
    }
    set_out(rds, call, &name, Course::Delete)?;
    Ok(one(rds, call, &name))
}

fn existing(rds: &mut Rds, params: &Params) -> Result<String, ApiError> {
    let identifier = required(params, "DBClusterIdentifier")?;
    rds.cluster(identifier)?;
    Ok(identifier.to_ascii_lowercase())
}

/// Sends a cluster and its instances on their way, so that they arrive together.
fn set_out(rds: &mut Rds, call: &Call, name: &str, course: Course) -> Result<(), ApiError> {
    rds.cluster(name)?.life.set_out(course, call.now);
    let members = rds.databases.values_mut();
    for member in members.filter(|member| member.cluster.as_deref() == Some(name)) {
        member.life.set_out(course, call.now);
    }
    Ok(())
}

/// What AWS documents as not to be stopped: in the Aurora User Guide, "Limitations for stopping and starting Aurora DB
/// clusters", and in the RDS User Guide, "Limitations of Multi-AZ DB clusters". The words are not AWS's.
fn refuse_unstoppable(name: &str, cluster: &Cluster) -> Result<(), ApiError> {
    let why = match cluster {
        Cluster { mode: EngineMode::Serverless, .. } => "is an Aurora Serverless v1 cluster",
        Cluster { class: Some(_), .. } => "is a Multi-AZ DB cluster",
        Cluster { global: Some(_), .. } if cluster.is_aurora() => "is part of a global database",
        Cluster { source: Some(_), .. } => "is a read replica",
        _ => return Ok(()),
    };
    Err(wrong_state(format!("DbCluster {name} {why}, and cannot be stopped.")))
}

fn refuse_busy_members(rds: &Rds, call: &Call, name: &str) -> Result<(), ApiError> {
    let members = rds.members_of(name);
    let busy = members.iter().find(|(_, one)| one.status(call.now) != Some(Status::Available));
    let Some((member, _)) = busy else { return Ok(()) };
    let message = format!("Instance {member} is not in available state.");
    Err(ApiError::bad("InvalidDBInstanceState", message))
}
