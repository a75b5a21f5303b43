//! DescribeAutoScalingGroups: by name, by tag, page by page.

use super::group::Group;
use super::{AutoScaling, answer, filter, invalid, refused};
use crate::services::{Call, page};
use crate::wire::{ApiError, Params, Xml};

const LARGEST_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 50;

/// A name that is not there is no error: it is left out.
pub(super) fn groups(scaling: &AutoScaling, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let size = page_size(params)?;
    let names = names(params, size)?;
    let filters = filter::parse(params)?;
    let after = after(params)?;

    let wanted = |name: &str, group: &Group| {
        after.is_none_or(|after| name > after)
            && (names.is_empty() || names.contains(&name))
            && filters.iter().all(|filter| filter.holds(group))
    };
    let all = scaling.groups.iter().map(|(name, group)| (name.as_str(), group));
    let page = page::take(all.filter(|(name, group)| wanted(name, group)), size);
    let mut xml = Xml::new();
    xml.each("AutoScalingGroups", "member", page.things, |xml, (name, group)| {
        answer::group(xml, call, name, group);
    });
    xml.text_if_some("NextToken", page.next);
    Ok(xml)
}

/// Fifty names at most, unless the page is made larger: DescribeAutoScalingGroups in the API reference.
fn names(params: &Params, size: usize) -> Result<Vec<&str>, ApiError> {
    let names = params.list("AutoScalingGroupNames.member");
    let most = size.max(DEFAULT_PAGE);
    if names.len() > most {
        return Err(invalid(format!("The number of group names exceeds the limit of {most}.")));
    }
    Ok(names)
}

pub(super) fn page_size(params: &Params) -> Result<usize, ApiError> {
    let Some(text) = params.get("MaxRecords") else { return Ok(DEFAULT_PAGE) };
    let size = text.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
    let bound = if text.parse::<usize>().is_ok_and(|size| size > LARGEST_PAGE) {
        format!("less than or equal to {LARGEST_PAGE}")
    } else {
        "greater than or equal to 1".to_owned()
    };
    let why = format!("Member must have value {bound}");
    size.ok_or_else(|| refused("MaxRecords", &format!("'{text}'"), &why))
}

pub(super) fn after(params: &Params) -> Result<Option<&str>, ApiError> {
    let Some(token) = params.get("NextToken") else { return Ok(None) };
    let invalid = || ApiError::bad("InvalidNextToken", format!("The token '{token}' is invalid."));
    page::after(token).map(Some).ok_or_else(invalid)
}
