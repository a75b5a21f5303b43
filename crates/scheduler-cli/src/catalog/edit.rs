//! One period or schedule: created, updated, deleted, described.

use scheduler_core::{
    RawConfig, RawItem,
    catalog::{Change, Fields, ItemKey, canonical, legacy},
};
use serde_json::{Map, Value, json};

use super::{change, items};
use crate::{
    args::{Describe, EditPeriod, EditSchedule, Format, HubArgs, Named},
    exit::{Exit, Failed},
    hub::{Hub, MISTAKES},
    show::Show,
};

/// Fields that were given; an empty text takes one away.
type Given = Vec<(&'static str, Option<Value>)>;

pub(crate) async fn create_period(edit: &EditPeriod, show: Show<'_>) -> Result<Exit, Failed> {
    let key = period(&edit.name);
    put(&edit.hub, key, of_period(edit), false, show).await
}

pub(crate) async fn update_period(edit: &EditPeriod, show: Show<'_>) -> Result<Exit, Failed> {
    let key = period(&edit.name);
    put(&edit.hub, key, of_period(edit), true, show).await
}

pub(crate) async fn create_schedule(edit: &EditSchedule, show: Show<'_>) -> Result<Exit, Failed> {
    let key = schedule(&edit.name);
    put(&edit.hub, key, of_schedule(edit), false, show).await
}

pub(crate) async fn update_schedule(edit: &EditSchedule, show: Show<'_>) -> Result<Exit, Failed> {
    let key = schedule(&edit.name);
    put(&edit.hub, key, of_schedule(edit), true, show).await
}

fn period(name: &str) -> ItemKey {
    ItemKey { kind: "period".into(), name: name.into() }
}

fn schedule(name: &str) -> ItemKey {
    ItemKey { kind: "schedule".into(), name: name.into() }
}

fn of_period(edit: &EditPeriod) -> Given {
    let list = |text: &Option<String>| text.as_deref().map(parts);
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    vec![
        ("begintime", text(&edit.begintime)),
        ("endtime", text(&edit.endtime)),
        ("weekdays", list(&edit.weekdays)),
        ("monthdays", list(&edit.monthdays)),
        ("months", list(&edit.months)),
        ("description", text(&edit.description)),
    ]
}

fn of_schedule(edit: &EditSchedule) -> Given {
    let list = |text: &Option<String>| text.as_deref().map(parts);
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let flag = |flag: Option<bool>| flag.map(Value::Bool);
    let stop_new = edit.stop_new_instances.or(edit.do_not_stop_new_instances.then_some(false));
    vec![
        ("periods", list(&edit.periods)),
        ("timezone", text(&edit.timezone)),
        ("start", text(&edit.start)),
        ("stop", text(&edit.stop)),
        ("calendars", list(&edit.calendars)),
        ("override_status", text(&edit.override_status)),
        ("stop_new_instances", flag(stop_new)),
        ("use_maintenance_window", flag(edit.use_maintenance_window)),
        ("ssm_maintenance_window", edit.ssm_maintenance_window.clone().map(Value::from)),
        ("retain_running", flag(edit.retain_running)),
        ("enforced", flag(edit.enforced)),
        ("hibernate", flag(edit.hibernate)),
        ("description", text(&edit.description)),
    ]
}

/// The parts of a list between commas; an empty list is an empty text.
fn parts(text: &str) -> Value {
    match text.trim() {
        "" => "".into(),
        text => text.split(',').map(str::trim).collect(),
    }
}

async fn put(
    hub: &HubArgs,
    key: ItemKey,
    given: Given,
    is_update: bool,
    show: Show<'_>,
) -> Result<Exit, Failed> {
    let hub = Hub::find(hub).await?;
    let stored = RawConfig { items: items(&hub).await?.items };
    let before = stored.get(&key).cloned();
    match (&before, is_update) {
        (Some(_), false) => {
            let help = format!("write update-{} to change it", key.kind);
            return Err(Failed::new("exists", format!("the {key} is there already"), &help));
        }
        (None, true) => return Err(unknown(&key, &stored)),
        (Some(_), true) | (None, false) => {}
    }
    let mut fields = before.clone().unwrap_or_default();
    for (name, value) in given {
        match value {
            None => {}
            Some(value) if value == "" => drop(fields.remove(name)),
            Some(value) => drop(fields.insert(name.into(), value)),
        }
    }
    let after = canonical(&fields);
    let made = Change { key: key.clone(), before, after: Some(after.clone()) };
    change(&hub, &[made], false).await.map_err(as_typed)?;
    tell(&[(key, after)], Shape::One, show)
}

/// A mistake in what is put is one of the command line's.
fn as_typed(failed: Failed) -> Failed {
    if failed.code == MISTAKES { Failed { exit: Exit::Usage, ..failed } } else { failed }
}

pub(crate) async fn delete(kind: &str, named: &Named, mut show: Show<'_>) -> Result<Exit, Failed> {
    let hub = Hub::find(&named.hub).await?;
    let key = ItemKey { kind: kind.into(), name: named.name.clone() };
    let stored = RawConfig { items: items(&hub).await?.items };
    let before = stored.get(&key).cloned().ok_or_else(|| unknown(&key, &stored))?;
    let made = Change { key: key.clone(), before: Some(before), after: None };
    change(&hub, &[made], false).await?;
    match show.format {
        Format::Json => show.json(&json!({"type": key.kind, "name": key.name, "deleted": true}))?,
        Format::LegacyJson => legacy_json(&json!({legacy::pascal(kind): key.name}), &mut show)?,
        Format::Table | Format::Ics => writeln!(show.out, "the {key} is deleted")?,
    }
    Ok(Exit::Done)
}

pub(crate) async fn describe(
    kind: &str,
    describe: &Describe,
    show: Show<'_>,
) -> Result<Exit, Failed> {
    let stored = RawConfig { items: items(&Hub::find(&describe.hub).await?).await?.items };
    let is_meant = |item: &&RawItem| {
        item.kind == kind && describe.name.as_ref().is_none_or(|name| *name == item.name)
    };
    let mut found: Vec<(ItemKey, Fields)> = stored
        .items
        .iter()
        .filter(is_meant)
        .map(|item| (item.key(), item.fields.clone()))
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if let (Some(name), true) = (&describe.name, found.is_empty()) {
        return Err(unknown(&ItemKey { kind: kind.into(), name: name.clone() }, &stored));
    }
    tell(&found, Shape::Many(kind), show)
}

/// How results are wrapped for scripts.
#[derive(Clone, Copy)]
enum Shape<'a> {
    One,
    Many(&'a str),
}

fn tell(found: &[(ItemKey, Fields)], shape: Shape<'_>, mut show: Show<'_>) -> Result<Exit, Failed> {
    let row = |(key, fields): &(ItemKey, Fields)| {
        let own = [("type".to_owned(), json!(key.kind)), ("name".to_owned(), json!(key.name))];
        Value::Object(own.into_iter().chain(fields.clone()).collect::<Map<_, _>>())
    };
    match (show.format, shape) {
        (Format::Json, Shape::One) => show.json(&found.iter().map(row).next())?,
        (Format::Json, Shape::Many(_)) => show.json(&found.iter().map(row).collect::<Vec<_>>())?,
        (Format::LegacyJson, shape) => {
            let described: Vec<Value> =
                found.iter().map(|(key, fields)| legacy::described(key, fields)).collect();
            let answer = match (shape, found) {
                (Shape::Many(kind), _) => json!({format!("{}s", legacy::pascal(kind)): described}),
                (Shape::One, [(key, _), ..]) => json!({legacy::pascal(&key.kind): described[0]}),
                (Shape::One, []) => Value::Null,
            };
            legacy_json(&answer, &mut show)?;
        }
        (Format::Table | Format::Ics, _) => {
            for (key, fields) in found {
                writeln!(show.out, "{key}")?;
                for (field, value) in fields {
                    writeln!(show.out, "    {field}: {value}")?;
                }
            }
        }
    }
    Ok(Exit::Done)
}

/// As Instance Scheduler's command line prints it: three spaces deep.
pub(super) fn legacy_json(answer: &Value, show: &mut Show<'_>) -> Result<(), Failed> {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"   ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(answer, &mut serializer).map_err(std::io::Error::from)?;
    Ok(writeln!(show.out, "{}", String::from_utf8_lossy(&bytes))?)
}

/// There is no such item; perhaps a similar one.
pub(crate) fn unknown(key: &ItemKey, stored: &RawConfig) -> Failed {
    let score = |name: &str| strsim::jaro_winkler(&key.name, name);
    let names = stored.items.iter().filter(|item| item.kind == key.kind).map(|item| &item.name);
    let closest =
        names.max_by(|a, b| score(a).total_cmp(&score(b))).filter(|name| score(name) > 0.8);
    let help = match closest {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("describe-{}s shows what there is", key.kind),
    };
    Failed::new("unknown", format!("there is no {key}"), &help)
}
