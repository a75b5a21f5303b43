//! The tags of database instances, which are named by ARN.

use super::{Rds, invalid, not_found, required};
use crate::services::Call;
use crate::services::tags::{self, Tags};
use crate::wire::{ApiError, Params, Xml};

pub(super) fn add(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let new = given(params);
    tags::add(tags_of(rds, call, params)?, &new)?;
    Ok(Xml::new())
}

pub(super) fn remove(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let keys = params.list("TagKeys.member");
    tags_of(rds, call, params)?.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Xml::new())
}

pub(super) fn list(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let mut xml = Xml::new();
    tags::write(&mut xml, ["TagList", "Tag", "Key", "Value"], tags_of(rds, call, params)?);
    Ok(xml)
}

/// The tags in a request. The SDKs write `Tags.Tag.1`, older clients `Tags.member.1`.
pub(super) fn given(params: &Params) -> Tags {
    let groups = ["Tags.Tag", "Tags.member"].into_iter().flat_map(|name| params.groups(name));
    let pair = |tag: crate::wire::Group<'_>| {
        Some((tag.get("Key")?.to_owned(), tag.get("Value").unwrap_or_default().to_owned()))
    };
    groups.filter_map(pair).collect()
}

fn tags_of<'a>(rds: &'a mut Rds, call: &Call, params: &Params) -> Result<&'a mut Tags, ApiError> {
    let arn = required(params, "ResourceName")?;
    let here = call.place.arn("rds", "db:");
    let name =
        arn.strip_prefix(&here).ok_or_else(|| invalid(format!("Invalid resource name: {arn}")))?;
    let database = rds.databases.get_mut(name).ok_or_else(|| not_found(name))?;
    Ok(&mut database.tags)
}
