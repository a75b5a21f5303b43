//! One way to write each item, whatever way it was written in.

use serde_json::Value;

use super::Fields;

/// Fields in which several values have no order. They are stored as sets, as Instance Scheduler on AWS does.
pub const SETS: [&str; 5] =
    ["weekdays", "monthdays", "months", "periods", "ssm_maintenance_window"];

/// Fields whose texts may list several names between commas.
const LISTS_OF_NAMES: [&str; 2] = ["periods", "calendars"];

const FLAGS: [&str; 7] = [
    "enforced",
    "retain_running",
    "stop_new_instances",
    "hibernate",
    "use_maintenance_window",
    "use_backup_window",
    "closed",
];

/// The same fields as they are stored: no empty ones, flags as booleans, what has no order in the order of its texts.
pub fn canonical(fields: &Fields) -> Fields {
    let is_there = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        // An empty list is a mistake, and whoever reads the config says so.
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
    };
    let fields = fields.iter().filter(|(_, value)| is_there(value));
    fields.map(|(name, value)| (name.clone(), of(name, value))).collect()
}

fn of(name: &str, value: &Value) -> Value {
    if FLAGS.contains(&name) {
        return flag(value).map_or_else(|| value.clone(), Value::Bool);
    }
    let is_set = SETS.contains(&name);
    if !is_set && !LISTS_OF_NAMES.contains(&name) {
        return value.clone();
    }
    let Some(mut members) = members(value) else { return value.clone() };
    if LISTS_OF_NAMES.contains(&name) {
        let parts = members.iter().flat_map(|member| member.split(','));
        members = parts.map(|part| part.trim().to_owned()).collect();
    }
    if is_set {
        members.sort_unstable();
        members.dedup();
    }
    members.into()
}

fn flag(value: &Value) -> Option<bool> {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) | None => value.as_bool(),
    }
}

/// The texts of a list, or the one text; none if there is something else in it, which the config's reader will refuse.
fn members(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match value {
        Value::Array(members) => members.iter().map(one).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            one(value).map(|text| vec![text])
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_item_is_written_in_one_way() {
        for (written, stored) in [
            (json!({"enforced": "True", "description": ""}), json!({"enforced": true})),
            (json!({"periods": "b, a@m5.large"}), json!({"periods": ["a@m5.large", "b"]})),
            (json!({"calendars": ["x,w", "a"]}), json!({"calendars": ["x", "w", "a"]})),
            (json!({"monthdays": [15, "1"]}), json!({"monthdays": ["1", "15"]})),
            (json!({"weekdays": "mon-fri,sun"}), json!({"weekdays": ["mon-fri,sun"]})),
            (json!({"periods": [{"no": "text"}]}), json!({"periods": [{"no": "text"}]})),
            (json!({"enforced": "maybe", "timezone": null}), json!({"enforced": "maybe"})),
        ] {
            let canonical = canonical(written.as_object().unwrap());
            assert_eq!(Value::Object(canonical.clone()), stored);
            assert_eq!(super::canonical(&canonical), canonical);
        }
    }
}
