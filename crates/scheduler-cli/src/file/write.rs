//! A file of schedules as text: what [`File`](super::File) reads back as the same items.

use std::fmt::Write as _;

use scheduler_core::{RawConfig, RawItem};
use serde_json::Value;

use super::read::{DEFAULT_ZONE, SECTIONS};

/// The fields that come first, in this order; the others follow by name.
const FIRST: [&str; 9] = [
    "description",
    "timezone",
    "begintime",
    "endtime",
    "weekdays",
    "monthdays",
    "months",
    "periods",
    "override_status",
];

/// Words that some reader of YAML takes for something else than a text.
const SPECIAL: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf"];

/// The items as YAML, each under its name, sections and fields in the order in which people write them.
pub(crate) fn yaml(raw: &RawConfig, zone: Option<&str>) -> String {
    let mut text = String::new();
    if let Some(zone) = zone {
        line(&mut text, 0, &format!("{DEFAULT_ZONE}: {}", scalar(zone)));
    }
    for section in SECTIONS {
        let of = |item: &&RawItem| section.strip_suffix('s') == Some(&item.kind);
        let mut items: Vec<_> = raw.items.iter().filter(of).collect();
        items.sort_by_key(|item| &item.name);
        if !items.is_empty() {
            line(&mut text, 0, &format!("{section}:"));
        }
        for item in items {
            write_item(&mut text, item);
        }
    }
    text
}

fn write_item(text: &mut String, item: &RawItem) {
    let name = scalar(&item.name);
    if item.fields.is_empty() {
        return line(text, 1, &format!("{name}: {{}}"));
    }
    line(text, 1, &format!("{name}:"));
    let mut fields: Vec<_> = item.fields.iter().collect();
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    fields.sort_by_key(|(name, _)| (rank(name), *name));
    for (name, value) in fields {
        line(text, 2, &format!("{}: {}", scalar(name), flow(value)));
    }
}

fn line(text: &mut String, depth: usize, content: &str) {
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{:1$}{content}", "", depth * 2);
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(members) => {
            format!("[{}]", members.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entries =
                entries.iter().map(|(name, value)| format!("{}: {}", scalar(name), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as YAML: as it is where every reader takes it for itself, else in quotation marks.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./@".contains(&b))
        && !SPECIAL.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A text in quotation marks, as both YAML and JSON read it.
pub(crate) fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for c in json.chars() {
        // JSON may show what YAML may not.
        if c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        {
            let _ = write!(quoted, "\\u{:04x}", u32::from(c));
        } else {
            quoted.push(c);
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;
    use crate::file::File;

    fn item(kind: &str, name: &str, fields: Value) -> RawItem {
        let Value::Object(fields) = fields else { panic!("{fields} is no item") };
        RawItem { kind: kind.into(), name: name.into(), fields }
    }

    #[test]
    fn a_file_looks_as_people_write_it() {
        let items = vec![
            item(
                "schedule",
                "office",
                json!({"periods": ["day", "2nd@m5.large"], "timezone": "Asia/Seoul", "enforced": true}),
            ),
            item(
                "period",
                "day",
                json!({"weekdays": "mon#1", "begintime": "09:00", "description": "By day: 9 #1"}),
            ),
            item("period", "2nd", json!({"weekdays": [0, "fri"]})),
            item("calendar", "no", json!({"days": {"2026-02-16": "holiday"}})),
        ];
        insta::assert_snapshot!(yaml(&RawConfig { items }, Some("UTC")));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<String>().prop_map(Value::from),
            "[a-z]{0,5}|[-0-9:~!&*#?|>%@`'\"{}, ]{0,4}|true|No|null".prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(2, 8, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name(), inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    fn name() -> impl Strategy<Value = String> {
        "[a-z]{1,8}|\\PC{0,12}|(yes|1|~|- a|a: b|a #b|\t|<<)"
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            items in prop::collection::btree_map((prop::sample::select(vec!["period", "schedule", "calendar"]), name()),
                prop::collection::btree_map(name(), value(), 0..4), 0..5),
        ) {
            let items = items.into_iter().map(|((kind, name), fields)| {
                RawItem { kind: kind.into(), name, fields: fields.into_iter().collect::<Map<_, _>>() }
            });
            let raw = RawConfig { items: items.collect() };
            let text = yaml(&raw, None);
            let sorted = |raw: &RawConfig| {
                let mut items = raw.items.clone();
                items.sort_by_key(|item| (item.kind.clone(), item.name.clone()));
                items
            };
            let file = File::parse("f.yaml".into(), &text);
            prop_assert_eq!(sorted(&file.raw), sorted(&raw), "{}", text);
        }
    }
}
