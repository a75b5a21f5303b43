//! The filters of DescribeInstances: every filter must hold, and one holds if any of its values does.

use super::instance::{Instance, InstanceId, State};
use crate::policy::matches;
use crate::wire::{ApiError, Params};

#[derive(Debug)]
pub(super) struct Filter<'a> {
    subject: Subject<'a>,
    /// Patterns with `*` and `?`.
    values: Vec<&'a str>,
}

#[derive(Debug)]
enum Subject<'a> {
    Id,
    StateName,
    Type,
    TagKey,
    Tag(&'a str),
}

/// Reads the filters; one that is not known is refused, since leaving it out would show too much.
pub(super) fn parse(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    let groups = params.groups("Filter");
    let filters = groups.iter().map(|group| {
        let name = group.get("Name").unwrap_or_default();
        Ok(Filter { subject: subject(name)?, values: group.list("Value") })
    });
    filters.collect()
}

fn subject(name: &str) -> Result<Subject<'_>, ApiError> {
    match name {
        "instance-id" => Ok(Subject::Id),
        "instance-state-name" => Ok(Subject::StateName),
        "instance-type" => Ok(Subject::Type),
        "tag-key" => Ok(Subject::TagKey),
        _ => match name.strip_prefix("tag:") {
            Some(key) => Ok(Subject::Tag(key)),
            None => Err(ApiError::bad(
                "InvalidParameterValue",
                format!("The filter '{name}' is invalid"),
            )),
        },
    }
}

impl Filter<'_> {
    pub(super) fn holds(&self, id: InstanceId, instance: &Instance, state: State) -> bool {
        match self.subject {
            Subject::Id => self.any(&id.to_string()),
            Subject::StateName => self.any(state.name()),
            Subject::Type => self.any(instance.kind()),
            Subject::TagKey => instance.tags.keys().any(|key| self.any(key)),
            Subject::Tag(key) => instance.tags.get(key).is_some_and(|value| self.any(value)),
        }
    }

    fn any(&self, text: &str) -> bool {
        self.values.iter().any(|pattern| matches(pattern, text))
    }
}
