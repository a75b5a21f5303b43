//! One item of the table as people write it in a file: the same meaning, in plain types.

use scheduler_core::{RawItem, lint};
use serde_json::{Map, Value, json};

use super::Change;

const FLAGS: [&str; 6] = [
    "enforced",
    "retain_running",
    "stop_new_instances",
    "hibernate",
    "use_maintenance_window",
    "use_backup_window",
];
const EXPRESSIONS: [&str; 3] = ["weekdays", "monthdays", "months"];

/// The stack that owns an item, if one does.
pub(super) const OWNER: &str = "configured_in_stack";

/// How an item is called in messages: `periods.office-hours`.
pub(super) fn place(item: &RawItem) -> String {
    format!("{}s.{}", item.kind, item.name)
}

/// The item in plain types. `overwrite_counts` tells whether the scheduler that serves the table heeds `overwrite`:
/// version 1 does, version 3 does not.
pub(super) fn plain(item: &RawItem, overwrite_counts: bool, changes: &mut Vec<Change>) -> RawItem {
    if !["period", "schedule"].contains(&item.kind.as_str()) {
        return item.clone();
    }
    let mut plain = Plain { place: place(item), fields: Map::new(), changes };
    for (field, value) in &item.fields {
        plain.field(field, value);
    }
    if let Some(value) = item.fields.get("overwrite") {
        plain.overwrite(value, item.fields.contains_key("override_status"), overwrite_counts);
    }
    RawItem { kind: item.kind.clone(), name: item.name.clone(), fields: plain.fields }
}

struct Plain<'a> {
    place: String,
    fields: Map<String, Value>,
    changes: &'a mut Vec<Change>,
}

impl Plain<'_> {
    fn field(&mut self, field: &str, value: &Value) {
        match (field, value) {
            ("overwrite", _) => {}
            (_, Value::Null) => self.gone(field, value, "removed-empty", "it is empty"),
            (_, Value::String(text)) if text.is_empty() => {
                self.gone(field, value, "removed-empty", "it is empty");
            }
            ("use_metrics", _) => {
                let why = "whether there are metrics is said once, by the hub's parameter Metrics";
                self.gone(field, value, "removed-use-metrics", why);
            }
            (OWNER, _) => self.gone(field, value, "removed-owner", "the stack no longer owns it"),
            ("description", _) => self.keep(field, value.clone()),
            (_, Value::String(text)) => self.text(field, text),
            (_, Value::Array(members)) => self.list(field, members),
            _ => self.keep(field, value.clone()),
        }
    }

    fn text(&mut self, field: &str, text: &str) {
        let lower = text.to_ascii_lowercase();
        let from = || Value::from(text);
        match field {
            _ if FLAGS.contains(&field) && ["true", "false"].contains(&lower.as_str()) => {
                self.change(field, from(), "text-to-boolean", (lower == "true").into());
            }
            "override_status" if lower != text => {
                self.change(field, from(), "spelling", lower.into());
            }
            "timezone" => match lint::default_zone(text) {
                Ok(zone) if zone.name() != text => {
                    self.change(field, from(), "spelling", zone.name().into());
                }
                Ok(_) | Err(_) => self.keep(field, from()),
            },
            "periods" => self.change(field, from(), "text-to-list", split(&[from()])),
            _ => self.keep(field, from()),
        }
    }

    /// A list of one expression is as good as the expression.
    fn list(&mut self, field: &str, members: &[Value]) {
        let from = Value::from(members);
        match members {
            [alone @ (Value::String(_) | Value::Number(_))] if EXPRESSIONS.contains(&field) => {
                self.change(field, from, "set-to-list", alone.clone());
            }
            _ if field == "periods" => {
                let to = split(members);
                self.change(field, from, "set-to-list", to);
            }
            _ => self.change(field, from.clone(), "set-to-list", from),
        }
    }

    /// `overwrite: true` is version 1's way to say `override_status: running`.
    fn overwrite(&mut self, value: &Value, is_overridden: bool, counts: bool) {
        let says = match value {
            Value::Bool(true) => Some("running"),
            Value::Bool(false) => Some("stopped"),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some("running"),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some("stopped"),
            _ => None,
        };
        let why = match says {
            _ if is_overridden => "override_status is there, and counts",
            None => "it is neither true nor false",
            Some(_) if !counts => {
                "version 3 ignores it; if version 1 serves this table, write override_status: running for true, stopped for false"
            }
            Some(status) => {
                self.change(
                    "overwrite",
                    value.clone(),
                    "overwrite",
                    json!({"override_status": status}),
                );
                self.fields.remove("overwrite");
                self.fields.insert("override_status".into(), status.into());
                return;
            }
        };
        self.gone("overwrite", value, "removed-overwrite", why);
    }

    fn keep(&mut self, field: &str, value: Value) {
        self.fields.insert(field.into(), value);
    }

    fn change(&mut self, field: &str, from: Value, change: &'static str, to: Value) {
        let message = match change {
            "set-to-list" => "a set becomes a list, in the order of its members' names".to_owned(),
            _ => format!("{from} becomes {to}"),
        };
        self.keep(field, to.clone());
        self.note(field, change, from, to, message);
    }

    fn gone(&mut self, field: &str, from: &Value, change: &'static str, why: &str) {
        self.note(field, change, from.clone(), Value::Null, why.to_owned());
    }

    fn note(&mut self, field: &str, change: &'static str, from: Value, to: Value, message: String) {
        let (item, field) = (self.place.clone(), field.to_owned());
        self.changes.push(Change { item, field, change, from, to, message });
    }
}

/// The members of a list of which each may be a list with commas.
fn split(members: &[Value]) -> Value {
    let split = |member: &Value| match member {
        Value::String(text) => text.split(',').map(|part| part.trim().into()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            vec![member.clone()]
        }
    };
    members.iter().flat_map(split).collect()
}
