//! DescribeScalableTargets: by resource, or page by page.

use serde_json::{Value, json};

use super::{DIMENSION, Target, Targets, arn, namespace};
use crate::services::members::{Members, invalid};
use crate::services::{Call, page, seconds};
use crate::wire::ApiError;

const LARGEST_PAGE: i64 = 50;
const MOST_RESOURCES: usize = 50;

/// A resource without a target is left out.
pub(super) fn targets(targets: &Targets, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let known = ["ServiceNamespace", "ResourceIds", "ScalableDimension", "MaxResults", "NextToken"];
    let members = Members::of(input, &known)?;
    namespace(members)?;
    let resources = resources(members)?;
    let (size, after) = (page_size(members)?, after(members)?);
    let dimension = members.text("ScalableDimension").is_none_or(|wanted| wanted == DIMENSION);

    let wanted = |resource: &str| {
        dimension
            && after.is_none_or(|after| resource > after)
            && (resources.is_empty() || resources.contains(&resource))
    };
    let all = targets.targets.iter().map(|(resource, target)| (resource.as_str(), target));
    let page = page::take(all.filter(|(resource, _)| wanted(resource)), size);
    let found: Vec<_> =
        page.things.iter().map(|(resource, target)| document(call, resource, target)).collect();
    let mut answer = json!({ "ScalableTargets": found });
    if let Some(next) = page.next {
        answer["NextToken"] = next.into();
    }
    Ok(answer)
}

fn document(call: &Call, resource: &str, target: &Target) -> Value {
    let service = "ecs.application-autoscaling.amazonaws.com";
    let role = "AWSServiceRoleForApplicationAutoScaling_ECSService";
    let role = format_args!("role/aws-service-role/{service}/{role}").to_string();
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.min,
        "MaxCapacity": target.max,
        "RoleARN": call.place.home.arn("iam", role),
        "CreationTime": seconds(target.created),
        "SuspendedState": {
            "DynamicScalingInSuspended": target.suspended.scaling_in,
            "DynamicScalingOutSuspended": target.suspended.scaling_out,
            "ScheduledScalingSuspended": target.suspended.scheduled,
        },
        "ScalableTargetARN": arn(call, target),
    })
}

fn resources<'a>(members: Members<'a>) -> Result<Vec<&'a str>, ApiError> {
    let resources: Vec<_> = members.list("ResourceIds").iter().filter_map(Value::as_str).collect();
    if resources.len() > MOST_RESOURCES {
        let why = format!("Member must have length less than or equal to {MOST_RESOURCES}");
        return Err(constraint("a list", "resourceIds", &why));
    }
    Ok(resources)
}

fn page_size(members: Members<'_>) -> Result<usize, ApiError> {
    let size = members.number("MaxResults").unwrap_or(LARGEST_PAGE);
    let fits = usize::try_from(size).ok().filter(|_| (1..=LARGEST_PAGE).contains(&size));
    let why = format!("Member must have value between 1 and {LARGEST_PAGE}");
    fits.ok_or_else(|| constraint(&size.to_string(), "maxResults", &why))
}

fn constraint(value: &str, name: &str, why: &str) -> ApiError {
    let what = format!("Value '{value}' at '{name}' failed to satisfy constraint: {why}");
    invalid(format!("1 validation error detected: {what}"))
}

fn after(members: Members<'_>) -> Result<Option<&str>, ApiError> {
    let Some(token) = members.text("NextToken") else { return Ok(None) };
    let wrong = || ApiError::bad("InvalidNextTokenException", "Invalid next token");
    page::after(token).map(Some).ok_or_else(wrong)
}
