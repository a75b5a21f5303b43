//! GetResources: by ARN, or by type and tag, page by page. What has no tag is not listed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::invalid;
use super::kind::type_name;
use crate::services::members::Members;
use crate::services::page;
use crate::services::tags::Tags;
use crate::services::{Call, ec2, ecs, rds, redshift};
use crate::wire::ApiError;
use crate::world::Region;

const LARGEST_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 50;

/// What cannot be named together with a list of ARNs.
const EXCLUDED_BY_ARNS: [&str; 4] =
    ["ResourceTypeFilters", "TagFilters", "ResourcesPerPage", "PaginationToken"];

pub(super) fn resources(region: &Region, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &[&EXCLUDED_BY_ARNS[..], &["ResourceARNList"]].concat())?;
    let arns = arns(members)?;
    let filters = filters(members);
    let types: Vec<_> =
        members.list("ResourceTypeFilters").iter().filter_map(Value::as_str).collect();
    let (size, after) = (page_size(members)?, after(members)?);

    let wanted = |arn: &str, tags: &Tags| {
        after.is_none_or(|after| arn > after)
            && (arns.is_empty() || arns.contains(&arn))
            && (types.is_empty() || types.iter().any(|wanted| is_of_type(arn, wanted)))
            && filters.iter().all(|filter| filter.holds(tags))
    };
    let tagged = tagged(region, call);
    let all = tagged.iter().map(|(arn, tags)| (arn.as_str(), *tags));
    let page = page::take(all.filter(|(arn, tags)| wanted(arn, tags)), size);
    let found: Vec<_> = page.things.iter().map(|(arn, tags)| document(arn, tags)).collect();
    // Where there is no next page AWS gives a token without text, not none.
    let token = page.next.unwrap_or_default();
    Ok(json!({ "ResourceTagMappingList": found, "PaginationToken": token }))
}

/// Everything that has tags, in the order of the ARNs.
fn tagged<'a>(region: &'a Region, call: &'a Call) -> BTreeMap<String, &'a Tags> {
    ecs::service_tags(&region.ecs, call)
        .chain(ec2::arn::instance_tags(&region.ec2, call))
        .chain(rds::arn::database_tags(&region.rds, call))
        .chain(rds::arn::cluster_tags(&region.rds, call))
        .chain(redshift::cluster_tags(&region.redshift, call))
        .filter(|(_, tags)| !tags.is_empty())
        .collect()
}

fn document(arn: &str, tags: &Tags) -> Value {
    let pair = |(key, value)| json!({"Key": key, "Value": value});
    json!({ "ResourceARN": arn, "Tags": tags.iter().map(pair).collect::<Vec<_>>() })
}

/// A filter is a whole type, `ecs:service`, or a service, `ecs`.
fn is_of_type(arn: &str, wanted: &str) -> bool {
    let name = type_name(arn).unwrap_or_default();
    name == wanted || name.split(':').next() == Some(wanted)
}

#[derive(Debug)]
struct Filter<'a> {
    key: &'a str,
    /// Any value, if none is named.
    values: Vec<&'a str>,
}

impl Filter<'_> {
    fn holds(&self, tags: &Tags) -> bool {
        let fits = |value: &String| self.values.is_empty() || self.values.contains(&&**value);
        tags.get(self.key).is_some_and(fits)
    }
}

fn filters<'a>(members: Members<'a>) -> Vec<Filter<'a>> {
    let filter = |filter: &'a Value| {
        let values = filter["Values"].as_array().into_iter().flatten();
        Filter {
            key: filter["Key"].as_str().unwrap_or_default(),
            values: values.filter_map(Value::as_str).collect(),
        }
    };
    members.list("TagFilters").iter().map(filter).collect()
}

fn arns<'a>(members: Members<'a>) -> Result<Vec<&'a str>, ApiError> {
    let arns: Vec<_> = members.list("ResourceARNList").iter().filter_map(Value::as_str).collect();
    if arns.len() > 100 {
        return Err(invalid("ResourceARNList must have between 1 and 100 members."));
    }
    match EXCLUDED_BY_ARNS.iter().find(|name| members.value(name).is_some()) {
        Some(other) if !arns.is_empty() => {
            Err(invalid(format!("ResourceARNList cannot be used with {other}.")))
        }
        _ => Ok(arns),
    }
}

fn page_size(members: Members<'_>) -> Result<usize, ApiError> {
    // A list of ARNs is answered whole.
    let default =
        if members.list("ResourceARNList").is_empty() { DEFAULT_PAGE } else { LARGEST_PAGE };
    let Some(size) = members.number("ResourcesPerPage") else { return Ok(default) };
    let size = usize::try_from(size).ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
    size.ok_or_else(|| invalid(format!("ResourcesPerPage must be between 1 and {LARGEST_PAGE}")))
}

/// The token of a first request may be there without text.
fn after(members: Members<'_>) -> Result<Option<&str>, ApiError> {
    let Some(token) = members.text("PaginationToken").filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let expired =
        || ApiError::bad("PaginationTokenExpiredException", "The token is not one of this query.");
    page::after(token).map(Some).ok_or_else(expired)
}
