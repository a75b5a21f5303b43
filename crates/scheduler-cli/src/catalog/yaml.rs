//! What is stored, as a file of schedules.

use std::{collections::BTreeMap, fmt::Write};

use scheduler_hub::admin::Items;
use serde_json::{Map, Value};

/// The sections in the order in which people read them.
const ORDER: [&str; 6] =
    ["periods", "calendars", "schedules", "exceptions", "overrides", "workloads"];

/// The items by section and name. Instance Scheduler's own `config` is no schedule.
pub(super) fn sections(items: &Items) -> BTreeMap<String, Value> {
    let mut sections: BTreeMap<String, Value> =
        [("default_timezone".to_owned(), Value::from(items.default_timezone.clone()))].into();
    for item in &items.items {
        let section = format!("{}s", item.kind);
        if ORDER.contains(&section.as_str()) {
            let items = sections.entry(section).or_insert_with(|| Map::new().into());
            if let Some(items) = items.as_object_mut() {
                items.insert(item.name.clone(), item.fields.clone().into());
            }
        }
    }
    sections
}

/// The same as YAML. Each value is written as JSON, which is YAML too, and which leaves no doubt of what is a text.
pub(crate) fn yaml(items: &Items) -> String {
    let sections = sections(items);
    let mut text = format!("default_timezone: {}\n", items.default_timezone);
    for section in ORDER {
        let Some(items) = sections.get(section).and_then(Value::as_object) else { continue };
        let _ = writeln!(text, "{section}:");
        for (name, fields) in items {
            let _ = writeln!(text, "  {}:", key(name));
            for (field, value) in fields.as_object().into_iter().flatten() {
                let _ = writeln!(text, "    {}: {}", key(field), spaced(value));
            }
        }
    }
    text
}

/// A key, in quotation marks unless nobody could take it for anything but a text.
fn key(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&name.to_ascii_lowercase().as_str());
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}

/// JSON with spaces where people put them.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(members) => {
            format!("[{}]", members.iter().map(spaced).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), spaced(value))
            };
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use scheduler_core::RawConfig;
    use serde_json::json;

    use super::*;
    use crate::file::File;

    #[test]
    fn what_is_exported_is_read_as_it_was() {
        let raw = RawConfig::from_json(
            &json!({
                "periods": {"office hours": {"begintime": "09:00", "weekdays": ["mon-fri"], "description": "a \"b\": c # d"}, "no": {"endtime": "12:00"}},
                "calendars": {"kr": {"days": {"2026-02-17": "holiday Seollal"}}},
                "schedules": {"s-1": {"periods": ["no"], "calendars": ["kr"], "enforced": true}},
            })
            .to_string(),
        )
        .unwrap();
        let mut expected = raw.items.clone();
        let items = Items { items: raw.items, default_timezone: "Asia/Seoul".into() };
        let mut read = File::parse("export".into(), &yaml(&items)).raw.items;
        read.sort_by_key(|item| item.key());
        expected.sort_by_key(|item| item.key());
        assert_eq!(read, expected);
    }
}
