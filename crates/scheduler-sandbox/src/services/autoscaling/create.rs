//! CreateAutoScalingGroup.

use std::collections::BTreeMap;

use super::capacity::Capacity;
use super::group::{Deletion, Group, Launch};
use super::{AutoScaling, invalid, required, tagging};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn group(
    scaling: &mut AutoScaling,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let name = new_name(scaling, params)?;
    let (zones, subnets) = places(call, params)?;
    let mut group = Group {
        number: scaling.created + 1,
        capacity: Capacity::of_new(params)?,
        zones,
        subnets,
        launch: launch(&name, params)?,
        tags: tagging::of_new(&name, params)?,
        suspended: BTreeMap::new(),
        created: call.now,
        deletion: Deletion::None,
        members: Vec::new(),
        launched: 0,
    };
    group.settle(call.now);
    scaling.created += 1;
    scaling.groups.insert(name, group);
    Ok(Xml::new())
}

fn new_name(scaling: &AutoScaling, params: &Params) -> Result<String, ApiError> {
    let name = required(params, "AutoScalingGroupName")?;
    if scaling.groups.contains_key(name) {
        let message = "AutoScalingGroup by this name already exists - A group with the name";
        return Err(ApiError::bad("AlreadyExists", format!("{message} {name} already exists")));
    }
    Ok(name.to_owned())
}

/// The zones, and the subnets that decide them where they are named instead.
fn places(call: &Call, params: &Params) -> Result<(Vec<String>, Option<String>), ApiError> {
    let zones = params.list("AvailabilityZones.member");
    let subnets = params.get("VPCZoneIdentifier").filter(|subnets| !subnets.is_empty());
    if zones.is_empty() && subnets.is_none() {
        let message = "At least one Availability Zone or VPC Subnet is required.";
        return Err(invalid(message));
    }
    let mut zones: Vec<_> = zones.into_iter().map(str::to_owned).collect();
    if zones.is_empty() {
        zones.push(format!("{}a", call.place.region));
    }
    Ok((zones, subnets.map(str::to_owned)))
}

fn launch(name: &str, params: &Params) -> Result<Launch, ApiError> {
    let configuration = params.get("LaunchConfigurationName").map(str::to_owned);
    // AWS makes a configuration of the instance, and gives it the group's name.
    let like_instance = params.get("InstanceId").map(|_| name.to_owned());
    let by_configuration = configuration.or(like_instance).map(Launch::Configuration);
    match (by_configuration, template(params)) {
        (Some(launch), None) | (None, Some(launch)) => Ok(launch),
        (None, None) | (Some(_), Some(_)) => Err(invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or \
             MixedInstancesPolicy parameter.",
        )),
    }
}

/// A mixed instances policy is shown as the template in it alone.
fn template(params: &Params) -> Option<Launch> {
    let mixed = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification";
    let template = |prefix: &str| {
        let get = |name: &str| params.get(&format!("{prefix}.{name}")).map(str::to_owned);
        let (id, name) = (get("LaunchTemplateId"), get("LaunchTemplateName"));
        let version = get("Version").unwrap_or_else(|| "$Default".to_owned());
        let named = id.is_some() || name.is_some();
        named.then_some(Launch::Template { id, name, version })
    };
    template("LaunchTemplate").or_else(|| template(mixed))
}
