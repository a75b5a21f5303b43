//! Maintenance windows: created, switched on and off, deleted, and described page by page.
//!
//! Simpler than AWS: nothing runs in a window, so it has no targets and no tasks, and of an update only `Enabled` is
//! taken; client tokens are not remembered. When a window opens next is told for the schedules of [`next`](super::next).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{TOKEN, after, next, number_in};
use crate::services::Call;
use crate::services::members::{Members, invalid};
use crate::wire::ApiError;

/// The maintenance windows of one Region of one account, by id, in the order of their creation.
#[derive(Debug, Default)]
pub(super) struct Windows {
    windows: BTreeMap<String, Window>,
    created: u64,
}

#[derive(Debug)]
struct Window {
    name: String,
    schedule: String,
    timezone: Option<String>,
    /// Days to wait after the schedule's date.
    offset: Option<i64>,
    duration: i64,
    cutoff: i64,
    enabled: bool,
    /// Description, StartDate and EndDate, which are shown as they were given.
    texts: Vec<(&'static str, String)>,
}

const PAGE_SIZES: std::ops::RangeInclusive<i64> = 10..=100;
const TEXTS: [&str; 3] = ["Description", "StartDate", "EndDate"];

pub(super) fn create(windows: &mut Windows, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "Name",
        "Schedule",
        "ScheduleTimezone",
        "ScheduleOffset",
        "Duration",
        "Cutoff",
        "AllowUnassociatedTargets",
        "ClientToken",
        "Tags",
    ];
    let members = Members::of(input, &[&known[..], &TEXTS[..]].concat())?;
    members.required("AllowUnassociatedTargets")?;
    let window = window(members)?;
    windows.created += 1;
    let number = call.place.number() << 24 | windows.created;
    let id = format!("mw-0{number:016x}");
    windows.windows.insert(id.clone(), window);
    Ok(json!({ "WindowId": id }))
}

fn window(members: Members<'_>) -> Result<Window, ApiError> {
    members.required("Duration")?;
    members.required("Cutoff")?;
    let duration = number_in(members, "Duration", 1..=24)?.unwrap_or_default();
    let cutoff = number_in(members, "Cutoff", 0..=23)?.unwrap_or_default();
    if cutoff >= duration {
        return Err(invalid("Cutoff must be less than the duration of the maintenance window."));
    }
    let given = |name: &&'static str| Some((*name, members.text(name)?.to_owned()));
    Ok(Window {
        name: name(members)?.to_owned(),
        schedule: schedule(members)?.to_owned(),
        timezone: members.text("ScheduleTimezone").map(str::to_owned),
        offset: number_in(members, "ScheduleOffset", 1..=6)?,
        duration,
        cutoff,
        enabled: true,
        texts: TEXTS.iter().filter_map(given).collect(),
    })
}

fn name(members: Members<'_>) -> Result<&str, ApiError> {
    let name = members.required_text("Name")?;
    let spelled = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if spelled && (3..=128).contains(&name.len()) {
        return Ok(name);
    }
    let pattern = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.]{3,128}$";
    let why = format!("failed to satisfy constraint: {pattern}");
    Err(invalid(format!("1 validation error detected: Value '{name}' at 'name' {why}")))
}

fn schedule(members: Members<'_>) -> Result<&str, ApiError> {
    let schedule = members.required_text("Schedule")?;
    let kinds = ["cron(", "rate(", "at("];
    let formed = schedule.ends_with(')') && kinds.iter().any(|kind| schedule.starts_with(kind));
    formed.then_some(schedule).ok_or_else(|| invalid(format!("Invalid schedule: {schedule}")))
}

pub(super) fn update(windows: &mut Windows, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["WindowId", "Enabled"])?;
    let id = members.required_text("WindowId")?;
    let window = windows.windows.get_mut(id).ok_or_else(|| missing(id))?;
    if members.value("Enabled").is_some() {
        window.enabled = members.says("Enabled");
    }
    Ok(window.document(id))
}

pub(super) fn delete(windows: &mut Windows, input: &Value) -> Result<Value, ApiError> {
    let id = Members::of(input, &["WindowId"])?.required_text("WindowId")?;
    // AWS answers with the id whether or not there was such a window.
    windows.windows.remove(id);
    Ok(json!({ "WindowId": id }))
}

pub(super) fn describe(windows: &Windows, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["Filters", "MaxResults", "NextToken"])?;
    let size = number_in(members, "MaxResults", PAGE_SIZES)?.unwrap_or(*PAGE_SIZES.end());
    let size = usize::try_from(size).unwrap_or_default();
    let after = after(members)?;
    let filters = filters(members)?;
    let mut rest = windows.windows.iter().filter(|(id, window)| {
        after.is_none_or(|after| id.as_str() > after) && filters.iter().all(|f| f.holds(window))
    });
    let page: Vec<_> = rest.by_ref().take(size).collect();
    let last = page.last().filter(|_| rest.next().is_some());
    let identity = |(id, window): &(&String, &Window)| {
        let mut document = window.document(id);
        if let Some(next) = window.next_execution(call) {
            document["NextExecutionTime"] = next.into();
        }
        document
    };
    let mut answer = json!({ "WindowIdentities": page.iter().map(identity).collect::<Vec<_>>() });
    if let Some((id, _)) = last {
        answer["NextToken"] = format!("{TOKEN}{id}").into();
    }
    Ok(answer)
}

impl Window {
    fn document(&self, id: &str) -> Value {
        let mut document = json!({
            "WindowId": id,
            "Name": self.name,
            "Enabled": self.enabled,
            "Duration": self.duration,
            "Cutoff": self.cutoff,
            "Schedule": self.schedule,
        });
        if let Some(timezone) = &self.timezone {
            document["ScheduleTimezone"] = timezone.as_str().into();
        }
        if let Some(offset) = self.offset {
            document["ScheduleOffset"] = offset.into();
        }
        for (name, text) in &self.texts {
            document[*name] = text.as_str().into();
        }
        document
    }

    /// When it opens next, which a disabled window never does.
    fn next_execution(&self, call: &Call) -> Option<String> {
        let utc = self.timezone.as_deref().is_none_or(|zone| matches!(zone, "UTC" | "Etc/UTC"));
        let after = call.now - chrono::Duration::days(self.offset.unwrap_or_default());
        let next = next::after(&self.schedule, after).filter(|_| utc && self.enabled)?;
        let next = next + chrono::Duration::days(self.offset.unwrap_or_default());
        Some(next.format("%Y-%m-%dT%H:%MZ").to_string())
    }
}

#[derive(Debug)]
enum Filter<'a> {
    Name(Vec<&'a str>),
    Enabled(Vec<&'a str>),
}

impl Filter<'_> {
    fn holds(&self, window: &Window) -> bool {
        match self {
            Self::Name(names) => names.contains(&window.name.as_str()),
            Self::Enabled(flags) => {
                flags.iter().any(|flag| flag.eq_ignore_ascii_case(&window.enabled.to_string()))
            }
        }
    }
}

fn filters(members: Members<'_>) -> Result<Vec<Filter<'_>>, ApiError> {
    members.list("Filters").iter().map(filter).collect()
}

fn filter(filter: &Value) -> Result<Filter<'_>, ApiError> {
    let members = Members::of(filter, &["Key", "Values"])?;
    let values = members.list("Values").iter().filter_map(Value::as_str).collect();
    match members.text("Key") {
        Some("Name") => Ok(Filter::Name(values)),
        Some("Enabled") => Ok(Filter::Enabled(values)),
        key => Err(invalid(format!("Invalid filter key: {}", key.unwrap_or_default()))),
    }
}

fn missing(id: &str) -> ApiError {
    ApiError::bad("DoesNotExistException", format!("Maintenance window {id} doesn't exist."))
}

#[cfg(test)]
mod tests;
