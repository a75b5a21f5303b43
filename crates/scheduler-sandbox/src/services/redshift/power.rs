//! PauseCluster, ResumeCluster and DeleteCluster. None of them is idempotent.

use super::cluster::{Course, Status};
use super::{Redshift, one, wrong_state};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn pause(
    redshift: &mut Redshift,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let refusal = "You can only pause an ACTIVE Cluster";
    set_out(redshift, call, params, Course::Pause, &[Status::Available], refusal)
}

pub(super) fn resume(
    redshift: &mut Redshift,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let refusal = "You can only resume a PAUSED Cluster";
    set_out(redshift, call, params, Course::Resume, &[Status::Paused], refusal)
}

pub(super) fn delete(
    redshift: &mut Redshift,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let snapshot = params.get("FinalClusterSnapshotIdentifier");
    if !params.says("SkipFinalClusterSnapshot") && snapshot.is_none() {
        let message = "FinalClusterSnapshotIdentifier is required unless SkipFinalClusterSnapshot is specified.";
        return Err(ApiError::bad("InvalidParameterCombination", message));
    }
    let from = [Status::Available, Status::Paused];
    let refusal =
        "There is an operation running on the Cluster. Please try to delete it at a later time.";
    set_out(redshift, call, params, Course::Delete, &from, refusal)
}

fn set_out(
    redshift: &mut Redshift,
    call: &Call,
    params: &Params,
    course: Course,
    from: &[Status],
    refusal: &str,
) -> Result<Xml, ApiError> {
    let (identifier, cluster) = redshift.existing(params)?;
    if !cluster.status(call.now).is_some_and(|status| from.contains(&status)) {
        return Err(wrong_state(refusal));
    }
    cluster.set_out(course, call.now);
    Ok(one(call, &identifier, cluster))
}
