//! TagResources and UntagResources: one resource's trouble is its own, and is told in a map of failures.

use serde_json::{Map, Value, json};

use super::invalid;
use super::kind::{Change, Kind, type_name};
use crate::fault::Aftermath;
use crate::services::members::Members;
use crate::services::tags::Tags;
use crate::services::{self, Call};
use crate::wire::ApiError;
use crate::world::World;

const MOST_RESOURCES: usize = 20;
const MOST_TAGS: usize = 50;

pub(super) fn tag(world: &mut World, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["ResourceARNList", "Tags"])?;
    let arns = arns(members)?;
    let given = members.value("Tags").and_then(Value::as_object).into_iter().flatten();
    let tags: Tags =
        given.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
    check_count("Tags", tags.len(), MOST_TAGS)?;
    Ok(change(world, call, &arns, &Change::Add(tags)))
}

pub(super) fn untag(world: &mut World, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["ResourceARNList", "TagKeys"])?;
    let arns = arns(members)?;
    let keys: Vec<_> = members.list("TagKeys").iter().filter_map(Value::as_str).collect();
    check_count("TagKeys", keys.len(), MOST_TAGS)?;
    Ok(change(world, call, &arns, &Change::Remove(keys)))
}

fn change(world: &mut World, call: &Call, arns: &[&str], change: &Change<'_>) -> Value {
    let failed = arns.iter().filter_map(|arn| {
        let error = change_one(world, call, arn, change).err()?;
        let ApiError { status, code, message, .. } = error;
        let failure = json!({"StatusCode": status, "ErrorCode": code, "ErrorMessage": message});
        Some(((*arn).to_owned(), failure))
    });
    json!({ "FailedResourcesMap": failed.collect::<Map<_, _>>() })
}

/// Asks the resource's own service, as the caller and with the caller's permissions.
fn change_one(
    world: &mut World,
    call: &Call,
    arn: &str,
    change: &Change<'_>,
) -> Result<(), ApiError> {
    let unsupported = || invalid(format!("{arn} is not a resource that can be tagged here."));
    let kind = Kind::of(&call.place, arn).ok_or_else(unsupported)?;
    let own = Call {
        place: call.place.clone(),
        principal: call.principal.clone(),
        service: kind.service(),
        operation: kind.operation(change).to_owned(),
        dialect: call.dialect,
        now: call.now,
        aftermath: Aftermath::default(),
    };
    world.authorize(&own)?;
    services::perform(world, &own, &kind.request(arn, change)).map(drop)
}

fn arns<'a>(members: Members<'a>) -> Result<Vec<&'a str>, ApiError> {
    let arns: Vec<_> = members.list("ResourceARNList").iter().filter_map(Value::as_str).collect();
    check_count("ResourceARNList", arns.len(), MOST_RESOURCES)?;
    match arns.iter().find(|arn| type_name(arn).is_none()) {
        Some(wrong) => Err(invalid(format!("{wrong} not a valid AmazonResourceName (ARN)"))),
        None => Ok(arns),
    }
}

fn check_count(name: &str, count: usize, most: usize) -> Result<(), ApiError> {
    let fits = (1..=most).contains(&count);
    let refusal = || invalid(format!("{name} must have between 1 and {most} members."));
    fits.then_some(()).ok_or_else(refusal)
}
