//! The tags of clusters and services, which are named by ARN.

use serde_json::{Value, json};

use super::service::Status;
use super::{Ecs, answer, cluster_not_found, invalid, name};
use crate::services::Call;
use crate::services::members::Members;
use crate::services::tags::{self, Tags};
use crate::wire::ApiError;

pub(super) fn tag(ecs: &mut Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["resourceArn", "tags"])?;
    let new = given(members)?;
    tags::add(tags_of(ecs, call, members)?, &new).map_err(in_our_words)?;
    Ok(json!({}))
}

pub(super) fn untag(ecs: &mut Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["resourceArn", "tagKeys"])?;
    let keys: Vec<_> = members.list("tagKeys").iter().filter_map(Value::as_str).collect();
    tags_of(ecs, call, members)?.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}

pub(super) fn list(ecs: &mut Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["resourceArn"])?;
    Ok(json!({ "tags": answer::tags(tags_of(ecs, call, members)?) }))
}

/// The tags in a request.
pub(super) fn given(members: Members<'_>) -> Result<Tags, ApiError> {
    let text = |tag: &Value, name: &str| tag[name].as_str().unwrap_or_default().to_owned();
    let pairs = members.list("tags").iter().map(|tag| (text(tag, "key"), text(tag, "value")));
    let mut checked = Tags::new();
    tags::add(&mut checked, &pairs.collect()).map_err(in_our_words)?;
    Ok(checked)
}

fn in_our_words(error: ApiError) -> ApiError {
    match &*error.code {
        "TagLimitExceeded" => ApiError::bad("LimitExceededException", error.message),
        _ => invalid(error.message),
    }
}

fn tags_of<'a>(
    ecs: &'a mut Ecs,
    call: &Call,
    members: Members<'_>,
) -> Result<&'a mut Tags, ApiError> {
    let arn = members.text("resourceArn").unwrap_or_default();
    let here = call.place.arn("ecs", "");
    let resource = arn.strip_prefix(&here).ok_or_else(|| invalid("Invalid arn."))?;
    match resource.split('/').collect::<Vec<_>>()[..] {
        ["cluster", cluster] => {
            ecs.clusters.get_mut(cluster).map(|found| &mut found.tags).ok_or_else(cluster_not_found)
        }
        ["service", _, _] => service_tags_of(ecs, call, arn),
        ["service", _] => Err(invalid("Long arn format must be used for tagging operations")),
        _ => Err(invalid("Invalid arn.")),
    }
}

/// The tags of the service with this ARN, if it is active.
fn service_tags_of<'a>(ecs: &'a mut Ecs, call: &Call, arn: &str) -> Result<&'a mut Tags, ApiError> {
    let missing = || {
        let message = "The specified resource wasn't found.";
        ApiError::bad("ResourceNotFoundException", message)
    };
    let here = call.place.arn("ecs", "service/");
    let names = arn.strip_prefix(&here).and_then(|rest| rest.split_once('/'));
    let (cluster, name) = names.ok_or_else(missing)?;
    let cluster = ecs.clusters.get_mut(cluster).ok_or_else(cluster_not_found)?;
    let service = cluster.services.get_mut(name).ok_or_else(missing)?;
    if service.status(call.now) != Status::Active {
        let advice = "Specify an active service and try again.";
        return Err(invalid(format!("The specified service is inactive. {advice}")));
    }
    Ok(&mut service.tags)
}

/// Every active service with its tags, by ARN.
pub(crate) fn service_tags<'a>(
    ecs: &'a Ecs,
    call: &'a Call,
) -> impl Iterator<Item = (String, &'a Tags)> {
    ecs.clusters.iter().flat_map(move |(cluster, found)| {
        let active =
            found.services.iter().filter(|(_, one)| one.status(call.now) == Status::Active);
        active.map(move |(name, one)| (name::service_arn(&call.place, cluster, name), &one.tags))
    })
}
