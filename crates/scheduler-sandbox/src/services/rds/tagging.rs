//! The tags of database instances and clusters, which are named by ARN.

use super::{Rds, cluster, invalid, not_found, required};
use crate::services::Call;
use crate::services::tags::{self, Tags};
use crate::wire::{ApiError, Group, Params, Xml};

pub(super) fn add(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let new = given(params)?;
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
pub(super) fn given(params: &Params) -> Result<Tags, ApiError> {
    let groups = ["Tags.Tag", "Tags.member"].into_iter().flat_map(|name| params.groups(name));
    let pair = |tag: Group<'_>| {
        Some((tag.get("Key")?.to_owned(), tag.get("Value").unwrap_or_default().to_owned()))
    };
    let tags: Tags = groups.filter_map(pair).collect();
    tags::check(&tags)?;
    tags.iter().flat_map(|(key, value)| [key, value]).try_for_each(|text| check_spelling(text))?;
    Ok(tags)
}

/// RDS takes letters, digits and spaces of any script and `_.:/=+-@`, which is less than EC2 does: "Tagging Amazon RDS
/// resources", Amazon RDS User Guide.
fn check_spelling(text: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    if text.chars().all(allowed) {
        return Ok(());
    }
    let letters = "Unicode letters, digits, white space, '_', '.', ':', '/', '=', '+', '-' and '@'";
    Err(invalid(format!("Tag keys and values may only contain {letters}: {text}")))
}

fn tags_of<'a>(rds: &'a mut Rds, call: &Call, params: &Params) -> Result<&'a mut Tags, ApiError> {
    let arn = required(params, "ResourceName")?;
    let resource = arn.strip_prefix(&call.place.arn("rds", ""));
    match resource.and_then(|resource| resource.split_once(':')) {
        Some(("db", name)) => {
            rds.databases.get_mut(name).map(|one| &mut one.tags).ok_or_else(|| not_found(name))
        }
        Some(("cluster", name)) => {
            let missing = || cluster::not_found(name);
            rds.clusters.get_mut(name).map(|one| &mut one.tags).ok_or_else(missing)
        }
        Some(_) | None => Err(invalid(format!("Invalid resource name: {arn}"))),
    }
}
