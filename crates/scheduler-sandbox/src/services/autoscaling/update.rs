//! UpdateAutoScalingGroup: its bounds and its desired capacity.

use super::group::Deletion;
use super::{AutoScaling, invalid, required};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn group(
    scaling: &mut AutoScaling,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let group = scaling.existing(required(params, "AutoScalingGroupName")?)?;
    if group.deletion == Deletion::InProgress {
        return Err(invalid("The group is pending deletion and cannot be updated."));
    }
    group.capacity = group.capacity.updated(params)?;
    group.settle(call.now);
    Ok(Xml::new())
}
