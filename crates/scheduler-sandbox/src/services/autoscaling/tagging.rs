//! The tags of groups. Each says whether the group's instances get it too; a call may name tags of several groups.

use std::collections::BTreeMap;

use super::describe::{after, page_size};
use super::group::{Group, Tag};
use super::{AutoScaling, invalid, not_found};
use crate::services::page;
use crate::services::tags::{self, Tags};
use crate::wire::{ApiError, Params, Xml};

const RESOURCE_TYPE: &str = "auto-scaling-group";

/// The most tags one group may have.
const MOST: usize = 50;

/// A tag as a request names it.
struct Named<'a> {
    group: &'a str,
    key: &'a str,
    value: Option<&'a str>,
    propagate: bool,
}

impl Named<'_> {
    fn tag(&self) -> Tag {
        let value = self.value.unwrap_or_default().to_owned();
        Tag { value, propagate: self.propagate }
    }
}

/// The tags of a group that is being made; they need not say whose they are.
pub(super) fn of_new(name: &str, params: &Params) -> Result<BTreeMap<String, Tag>, ApiError> {
    let named = named(params, Some(name))?;
    Ok(named.iter().map(|named| (named.key.to_owned(), named.tag())).collect())
}

/// All or nothing.
pub(super) fn create_or_update(
    scaling: &mut AutoScaling,
    params: &Params,
) -> Result<Xml, ApiError> {
    let named = named(params, None)?;
    for one in &named {
        scaling.existing(one.group)?;
    }
    check_room(scaling, &named)?;
    for one in &named {
        scaling.existing(one.group)?.tags.insert(one.key.to_owned(), one.tag());
    }
    Ok(Xml::new())
}

/// A tag without a value is named whatever its value is; one that is not there is no error.
pub(super) fn delete(scaling: &mut AutoScaling, params: &Params) -> Result<Xml, ApiError> {
    let named = named(params, None)?;
    for one in &named {
        scaling.existing(one.group)?;
    }
    for one in &named {
        let meant = |tag: &Tag| one.value.is_none_or(|value| value == tag.value);
        let keep = |key: &String, tag: &mut Tag| key != one.key || !meant(tag);
        scaling.existing(one.group)?.tags.retain(keep);
    }
    Ok(Xml::new())
}

pub(super) fn describe(scaling: &AutoScaling, params: &Params) -> Result<Xml, ApiError> {
    let wanted = filter(params)?;
    let (size, after) = (page_size(params)?, after(params)?);
    // One text for the place of a tag in the list, since a token names one thing.
    let places: BTreeMap<String, (&str, &str, &Tag)> = scaling
        .groups
        .iter()
        .flat_map(|(name, group)| group.tags.iter().map(move |(key, tag)| (name, key, tag)))
        .filter(|(name, key, tag)| wanted.iter().all(|filter| filter.holds(name, key, tag)))
        .map(|(name, key, tag)| (format!("{name}/{key}"), (&**name, &**key, tag)))
        .collect();
    let rest = places.iter().map(|(place, tag)| (place.as_str(), tag));
    let page = page::take(rest.filter(|(place, _)| after.is_none_or(|after| *place > after)), size);
    let mut xml = Xml::new();
    xml.each("Tags", "member", page.things, |xml, (_, (name, key, tag))| {
        write_one(xml, name, key, tag)
    });
    xml.text_if_some("NextToken", page.next);
    Ok(xml)
}

struct Filter<'a> {
    name: &'a str,
    values: Vec<&'a str>,
}

impl Filter<'_> {
    fn holds(&self, group: &str, key: &str, tag: &Tag) -> bool {
        let propagate = tag.propagate.to_string();
        let subject = match self.name {
            "auto-scaling-group" => group,
            "key" => key,
            "value" => &tag.value,
            _ => &propagate,
        };
        self.values.contains(&subject)
    }
}

fn filter(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    let known = ["auto-scaling-group", "key", "value", "propagate-at-launch"];
    let groups = params.groups("Filters.member");
    let filters = groups.iter().map(|group| {
        let name = group.get("Name").unwrap_or_default();
        let filter = Filter { name, values: group.list("Values.member") };
        let unknown = || invalid(format!("Filter type {name} is not correct."));
        known.contains(&name).then_some(filter).ok_or_else(unknown)
    });
    filters.collect()
}

/// Writes the tags of a group.
pub(super) fn write(xml: &mut Xml, name: &str, group: &Group) {
    xml.each("Tags", "member", &group.tags, |xml, (key, tag)| write_one(xml, name, key, tag));
}

fn write_one(xml: &mut Xml, name: &str, key: &str, tag: &Tag) {
    xml.text("ResourceId", name).text("ResourceType", RESOURCE_TYPE);
    xml.text("Key", key).text("Value", &tag.value).text("PropagateAtLaunch", tag.propagate);
}

fn named<'a>(params: &'a Params, default: Option<&'a str>) -> Result<Vec<Named<'a>>, ApiError> {
    let groups = params.groups("Tags.member");
    let named = groups.iter().map(|tag| {
        let kind = tag.get("ResourceType").unwrap_or(RESOURCE_TYPE);
        if kind != RESOURCE_TYPE {
            return Err(invalid(format!("Tag resource type must be {RESOURCE_TYPE}.")));
        }
        let group = tag.get("ResourceId").or(default).ok_or_else(not_found)?;
        let key = tag.get("Key").ok_or_else(|| invalid("Tag key must be specified."))?;
        let propagate = tag.get("PropagateAtLaunch") == Some("true");
        Ok(Named { group, key, value: tag.get("Value"), propagate })
    });
    let named = named.collect::<Result<Vec<_>, ApiError>>()?;
    check_spelling(&named)?;
    Ok(named)
}

fn check_spelling(named: &[Named<'_>]) -> Result<(), ApiError> {
    let tags: Tags = named.iter().map(|one| (one.key.to_owned(), one.tag().value)).collect();
    tags::check(&tags).map_err(|error| invalid(error.message))
}

fn check_room(scaling: &AutoScaling, named: &[Named<'_>]) -> Result<(), ApiError> {
    for one in named {
        let group = &scaling.groups[one.group];
        let added = named.iter().filter(|other| other.group == one.group);
        let added = added.filter(|other| !group.tags.contains_key(other.key)).count();
        if group.tags.len() + added > MOST {
            let message = format!("The group {} would have more than {MOST} tags.", one.group);
            return Err(ApiError::bad("LimitExceeded", message));
        }
    }
    Ok(())
}
