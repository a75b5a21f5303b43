//! The filters of DescribeAutoScalingGroups: every filter must hold, and one holds if any of its values does.

use super::group::Group;
use super::invalid;
use crate::wire::{ApiError, Params};

#[derive(Debug)]
pub(super) struct Filter<'a> {
    subject: Subject<'a>,
    values: Vec<&'a str>,
}

#[derive(Debug)]
enum Subject<'a> {
    Key,
    Value,
    ValueOf(&'a str),
}

/// Reads the filters; one that is not known is refused, since leaving it out would show too much.
pub(super) fn parse(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    let groups = params.groups("Filters.member");
    let filters = groups.iter().map(|group| {
        let name = group.get("Name").unwrap_or_default();
        Ok(Filter { subject: subject(name)?, values: group.list("Values.member") })
    });
    filters.collect()
}

fn subject(name: &str) -> Result<Subject<'_>, ApiError> {
    match (name, name.strip_prefix("tag:")) {
        ("tag-key", _) => Ok(Subject::Key),
        ("tag-value", _) => Ok(Subject::Value),
        (_, Some(key)) => Ok(Subject::ValueOf(key)),
        (_, None) => Err(invalid(format!(
            "Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>"
        ))),
    }
}

impl Filter<'_> {
    pub(super) fn holds(&self, group: &Group) -> bool {
        match self.subject {
            Subject::Key => group.tags.keys().any(|key| self.names(key)),
            Subject::Value => group.tags.values().any(|tag| self.names(&tag.value)),
            Subject::ValueOf(key) => group.tags.get(key).is_some_and(|tag| self.names(&tag.value)),
        }
    }

    fn names(&self, text: &str) -> bool {
        self.values.contains(&text)
    }
}
