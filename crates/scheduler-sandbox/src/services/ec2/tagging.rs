//! CreateTags and DeleteTags, for instances. All or nothing.

use std::sync::Arc;

use super::instance::InstanceId;
use super::{Ec2, dry_run, missing_parameter};
use crate::services::tags::{self, Tags};
use crate::wire::{ApiError, Params, Xml};

pub(super) fn create(ec2: &mut Ec2, params: &Params) -> Result<Xml, ApiError> {
    let ids = resources(ec2, params)?;
    let new: Tags =
        pairs(params)?.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect();
    for id in &ids {
        // On a copy first: the last instance may be the one that has no room for more.
        tags::add(&mut Tags::clone(&ec2.instances[id].tags), &new)?;
    }
    dry_run(params)?;
    change(ec2, &ids, |tags| tags.extend(new.clone()))
}

pub(super) fn delete(ec2: &mut Ec2, params: &Params) -> Result<Xml, ApiError> {
    let ids = resources(ec2, params)?;
    let unwanted = if params.groups("Tag").is_empty() { None } else { Some(pairs(params)?) };
    dry_run(params)?;
    change(ec2, &ids, |tags| match &unwanted {
        None => tags.clear(),
        Some(pairs) => tags.retain(|key, value| !pairs.iter().any(|pair| names(pair, key, value))),
    })
}

/// A pair without a value names the tag whatever its value is.
fn names((key, value): &(String, Option<String>), its_key: &str, its_value: &str) -> bool {
    key == its_key && value.as_deref().is_none_or(|value| value == its_value)
}

fn change(ec2: &mut Ec2, ids: &[InstanceId], change: impl Fn(&mut Tags)) -> Result<Xml, ApiError> {
    for id in ids {
        if let Some(instance) = ec2.instances.get_mut(id) {
            change(Arc::make_mut(&mut instance.tags));
        }
    }
    let mut xml = Xml::new();
    xml.text("return", true);
    Ok(xml)
}

fn resources(ec2: &Ec2, params: &Params) -> Result<Vec<InstanceId>, ApiError> {
    let ids = params.list("ResourceId");
    if ids.is_empty() {
        return Err(missing_parameter("resourceIdSet"));
    }
    match ids.iter().find(|id| !id.starts_with("i-")) {
        Some(other) => Err(ApiError::bad("InvalidID", format!("The ID '{other}' is not valid"))),
        None => ec2.find(&ids),
    }
}

fn pairs(params: &Params) -> Result<Vec<(String, Option<String>)>, ApiError> {
    let tags = params.groups("Tag");
    if tags.is_empty() {
        return Err(missing_parameter("tagSet"));
    }
    let pair = |tag: &crate::wire::Group<'_>| {
        let key = tag.get("Key").ok_or_else(|| missing_parameter("Tag.Key"))?;
        Ok((key.to_owned(), tag.get("Value").map(str::to_owned)))
    };
    tags.iter().map(pair).collect()
}
