//! DeleteAutoScalingGroup. With force the instances go first, and the group after them.

use super::group::Deletion;
use super::{AutoScaling, invalid, required};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn group(
    scaling: &mut AutoScaling,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let name = required(params, "AutoScalingGroupName")?;
    let missing = || {
        let what = format!("AutoScalingGroup '{name}' not found");
        invalid(format!("AutoScalingGroup name not found - {what}"))
    };
    let group = scaling.groups.get_mut(name).ok_or_else(missing)?;
    if !group.members.is_empty() && !params.says("ForceDelete") {
        let message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance \
                       request(s) still in the group.";
        return Err(ApiError::bad("ResourceInUse", message));
    }
    group.deletion = Deletion::InProgress;
    group.suspended.clear();
    (group.capacity.min, group.capacity.max, group.capacity.desired) = (0, 0, 0);
    group.settle(call.now);
    scaling.let_time_pass(call.now);
    Ok(Xml::new())
}
