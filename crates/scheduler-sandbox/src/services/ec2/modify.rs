//! ModifyInstanceAttribute: the instance type and the EBS optimization of a stopped instance, one at a time.

use super::instance::{Course, State};
use super::types::{InstanceType, architecture_of};
use super::{Ec2, dry_run, missing_parameter, unknown_types};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

/// What is to be changed, to what.
enum Change {
    Kind(InstanceType),
    EbsOptimized(bool),
}

pub(super) fn attribute(ec2: &mut Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let id = params.get("InstanceId").ok_or_else(|| missing_parameter("InstanceId"))?;
    let [found] = ec2.find(&[id])?[..] else { return Err(missing_parameter("InstanceId")) };
    let change = change(params)?;
    if ec2.state(found, call.now) != State::Stopped {
        let message = format!("The instance '{id}' is not in the 'stopped' state.");
        return Err(ApiError::bad("IncorrectInstanceState", message));
    }
    let Some(instance) = ec2.instances.get_mut(&found) else { return Err(super::malformed(id)) };
    match change {
        Change::Kind(kind) => {
            refuse_hibernated(id, instance.course())?;
            refuse_other_architecture(&instance.launch.kind, &kind)?;
            dry_run(params)?;
            instance.altered().kind = Some(kind.to_string());
        }
        Change::EbsOptimized(optimized) => {
            dry_run(params)?;
            instance.altered().ebs_optimized = Some(optimized);
        }
    }
    let mut xml = Xml::new();
    xml.text("return", true);
    Ok(xml)
}

/// The SDKs write `InstanceType.Value`, some older clients `Attribute=instanceType` and `Value`.
fn change(params: &Params) -> Result<Change, ApiError> {
    let named = |name| params.get("Value").filter(|_| params.get("Attribute") == Some(name));
    let kind = params.get("InstanceType.Value").or_else(|| named("instanceType"));
    let optimized = params.get("EbsOptimized.Value").or_else(|| named("ebsOptimized"));
    match (kind, optimized) {
        (Some(kind), None) => {
            let unknown = || ApiError::bad("InvalidParameterValue", unknown_types(&[kind]));
            InstanceType::named(kind).map(Change::Kind).ok_or_else(unknown)
        }
        (None, Some(flag)) => Ok(Change::EbsOptimized(flag.eq_ignore_ascii_case("true"))),
        (Some(_), Some(_)) => Err(combination("Fields for multiple attribute types specified")),
        // What else AWS could change is refused with these words too.
        (None, None) => Err(combination("No attributes specified.")),
    }
}

/// "The following actions are not supported for hibernation: changing the instance type", Amazon EC2 User Guide, which
/// does not give the error.
fn refuse_hibernated(id: &str, course: Course) -> Result<(), ApiError> {
    if course != Course::Hibernate {
        return Ok(());
    }
    let message = format!("The instance type of the hibernated instance '{id}' cannot be changed.");
    Err(ApiError::bad("UnsupportedOperation", message))
}

/// The image stays what it was at launch.
fn refuse_other_architecture(launched: &str, kind: &InstanceType) -> Result<(), ApiError> {
    let (image, wanted) = (architecture_of(launched), kind.architecture());
    if image == wanted {
        return Ok(());
    }
    let difference = format!("does not match the architecture '{image}' of the specified AMI.");
    let advice =
        "Specify an instance type and an AMI that have matching architectures, and try again.";
    let message =
        format!("The architecture '{wanted}' of the specified instance type {difference} {advice}");
    Err(ApiError::bad("InvalidParameterValue", message))
}

fn combination(message: &str) -> ApiError {
    ApiError::bad("InvalidParameterCombination", message)
}
