//! What is kept and yet means something else here, as far as a table shows it. `docs/migrate.md` has the rest.

use scheduler_core::{RawConfig, RawItem};
use serde_json::Value;

use super::{
    Difference,
    items::place,
    parameters::{self, Settings},
};

/// Says of an item whether it is concerned.
type Concerns = fn(&RawItem, &Settings<'_>) -> bool;

/// Each difference: its code, the kind of item that it concerns, which of them, and what to know.
const ALL: [(&str, &str, Concerns, &str); 8] = [
    (
        "maintenance-window-by-default",
        "schedule",
        |item, _| !item.fields.contains_key("use_maintenance_window") && !is_stopped(item),
        "databases and warehouses are started for their weekly maintenance window, which Instance Scheduler does only if use_maintenance_window is there; write `use_maintenance_window: false` where that is not wanted",
    ),
    (
        "override-beats-window",
        "schedule",
        |item, _| is_stopped(item),
        "override_status: stopped wins over maintenance windows; Instance Scheduler starts for them all the same",
    ),
    (
        "windows-heeded",
        "schedule",
        |item, settings| {
            let heeds = |name| settings.flag(name) == Some(false);
            let is_off =
                heeds("enable_SSM_maintenance_windows") || heeds("enable_ssm_maintenance_windows");
            is_off && item.fields.contains_key("ssm_maintenance_window")
        },
        "the maintenance windows that it names are heeded; they were switched off in Instance Scheduler",
    ),
    (
        "default-zone",
        "schedule",
        |item, settings| settings.zone.is_none() && !item.fields.contains_key("timezone"),
        "it names no time zone, and the table does not say the default: write default_timezone as in the DefaultTimezone of Instance Scheduler's stack, or UTC is meant",
    ),
    (
        "resized-at-the-edge",
        "schedule",
        |item, _| texts(item, "periods").any(|period| period.contains('@')),
        "an instance that runs as another type is changed when the period begins; Instance Scheduler stops and changes it at once, whenever it sees it",
    ),
    (
        "ignored-name",
        "schedule",
        |item, _| item.name.eq_ignore_ascii_case("ignore"),
        "the value `ignore` of the schedule tag excludes a resource: give the schedule another name, and the resources another tag",
    ),
    (
        "overnight",
        "period",
        |item, _| is_overnight(item),
        "begintime is later than endtime: it runs overnight, into the next day; Instance Scheduler refuses such a period",
    ),
    (
        "long-step",
        "period",
        |item, _| {
            ["weekdays", "monthdays", "months"]
                .iter()
                .any(|field| texts(item, field).any(has_long_step))
        },
        "a step of two digits is meant as it is written; Instance Scheduler reads only its last digit",
    ),
];

const ACCOUNT_LISTS: &str = "the accounts in a list are read by the hub itself, in its own account and Region, where AccountListParameters has to name the list (docs/accounts.md); the ARN of a role in it is the role that Dayshift assumes: write the account id instead, in a list of Dayshift's own if Instance Scheduler still reads this one";

/// The differences that concern what is kept.
pub(super) fn of(file: &RawConfig, settings: &Settings<'_>) -> Vec<Difference> {
    let concerned = |(code, kind, concerns, message): (_, &str, Concerns, _)| {
        let items = file.items.iter().filter(|item| item.kind == kind && concerns(item, settings));
        let mut items: Vec<_> = items.map(place).collect();
        items.sort_unstable();
        Difference { code, items, message }
    };
    let lists = settings.names_account_lists().then(|| Difference {
        code: "account-lists",
        items: vec![parameters::PLACE.to_owned()],
        message: ACCOUNT_LISTS,
    });
    let of_items = ALL.into_iter().map(concerned);
    of_items.filter(|difference| !difference.items.is_empty()).chain(lists).collect()
}

fn is_stopped(item: &RawItem) -> bool {
    item.fields.get("override_status").is_some_and(|status| status == "stopped")
}

fn is_overnight(item: &RawItem) -> bool {
    // `9:00` may be written with or without its nought.
    let time = |field| Some(format!("{:0>5}", item.fields.get(field)?.as_str()?));
    matches!((time("begintime"), time("endtime")), (Some(begin), Some(end)) if begin > end)
}

fn has_long_step(expression: &str) -> bool {
    expression
        .split(',')
        .filter_map(|term| term.split_once('/'))
        .any(|(_, step)| step.trim().len() > 1)
}

fn texts<'a>(item: &'a RawItem, field: &str) -> impl Iterator<Item = &'a str> {
    let members: &[Value] = match item.fields.get(field) {
        Some(Value::Array(members)) => members,
        Some(alone) => std::slice::from_ref(alone),
        None => &[],
    };
    members.iter().filter_map(Value::as_str)
}
