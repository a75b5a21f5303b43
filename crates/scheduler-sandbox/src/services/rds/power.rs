//! StartDBInstance, StopDBInstance and DeleteDBInstance.

use super::life::{Course, Status};
use super::snapshot::{self, Snapshot};
use super::{Rds, one, require_snapshot_choice, required};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn start(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let name = existing(rds, params)?;
    refuse_cluster_member(rds, &name)?;
    let database = rds.existing(&name)?;
    if database.status(call.now) != Some(Status::Stopped) {
        let states =
            "stopped, inaccessible-encryption-credentials-recoverable, incompatible-network";
        let why = "as it is not in one of the following statuses";
        return Err(wrong_state(format!("Instance {name} cannot be started {why}: '{states}'.")));
    }
    database.life.set_out(Course::Start, call.now);
    Ok(one(rds, call, &name, call.now))
}

pub(super) fn stop(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let name = existing(rds, params)?;
    refuse_cluster_member(rds, &name)?;
    refuse_replication(rds, &name)?;
    let wanted = snapshot::wanted(rds, params)?;
    let database = rds.existing(&name)?;
    if database.status(call.now) != Some(Status::Available) {
        return Err(wrong_state(format!("Instance {name} is not in available state.")));
    }
    database.life.set_out(Course::Stop, call.now);
    let taken = wanted.map(|wanted| (wanted, Snapshot::of(&name, database, call.now)));
    rds.snapshots.extend(taken);
    Ok(one(rds, call, &name, call.now))
}

pub(super) fn delete(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let name = existing(rds, params)?;
    require_snapshot_choice(params)?;
    refuse_member_of_stopped(rds, call, &name)?;
    let database = rds.existing(&name)?;
    if database.status(call.now) == Some(Status::Deleting) {
        return Err(wrong_state(format!("Instance {name} is already being deleted.")));
    }
    database.life.set_out(Course::Delete, call.now);
    Ok(one(rds, call, &name, call.now))
}

fn existing(rds: &mut Rds, params: &Params) -> Result<String, ApiError> {
    let identifier = required(params, "DBInstanceIdentifier")?;
    rds.existing(identifier)?;
    Ok(identifier.to_ascii_lowercase())
}

/// A member of a cluster starts and stops with its cluster only.
fn refuse_cluster_member(rds: &mut Rds, name: &str) -> Result<(), ApiError> {
    let database = rds.existing(name)?;
    if database.cluster.is_none() {
        return Ok(());
    }
    let message =
        format!("{} DB instances are not eligible for stopping and starting.", database.engine);
    Err(ApiError::bad("InvalidParameterCombination", message))
}

/// An instance is deleted from a cluster that is there to note it.
fn refuse_member_of_stopped(rds: &mut Rds, call: &Call, name: &str) -> Result<(), ApiError> {
    let Some(cluster) = rds.existing(name)?.cluster.clone() else { return Ok(()) };
    match rds.clusters.get(&cluster) {
        Some(found) => found.expect_available(&cluster, call.now),
        None => Ok(()),
    }
}

/// Neither a read replica nor a database that has one can be stopped: among the limitations in the RDS User Guide.
fn refuse_replication(rds: &mut Rds, name: &str) -> Result<(), ApiError> {
    if rds.existing(name)?.source.is_some() {
        return Err(wrong_state(format!(
            "DB instance {name} is a read replica, and cannot be stopped."
        )));
    }
    if rds.replicas_of(name).next().is_some() {
        return Err(wrong_state(format!(
            "DB instance {name} has read replicas, and cannot be stopped."
        )));
    }
    Ok(())
}

fn wrong_state(message: String) -> ApiError {
    ApiError::bad("InvalidDBInstanceState", message)
}
