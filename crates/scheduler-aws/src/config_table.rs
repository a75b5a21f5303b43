//! The ConfigTable: `Scan`, all pages. It is small, and every item of it is wanted. What `aws dynamodb scan` printed is
//! read in the same way.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use scheduler_core::{RawConfig, RawItem, resource::Failure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Aws, failure::failure};

impl Aws {
    /// The stored periods and schedules, and whatever else is in the table.
    ///
    /// # Errors
    ///
    /// If the table cannot be read in full.
    pub async fn config(&self, table: &str) -> Result<RawConfig, Failure> {
        let request = self.dynamodb().scan().table_name(table);
        let mut pages = request.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(raw_item(item.map_err(|error| failure("dynamodb:Scan", &error))?));
        }
        Ok(RawConfig { items })
    }
}

/// Why a text is not what `aws dynamodb scan` prints.
#[derive(Debug, thiserror::Error)]
pub enum BadScan {
    /// It is not JSON of that shape.
    #[error("it is not what `aws dynamodb scan` prints: {0}")]
    Shape(#[from] serde_json::Error),
    /// It ends before the table does.
    #[error("it is only the first part of the table")]
    Partial,
}

/// What `aws dynamodb scan` prints.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Scan {
    items: Vec<HashMap<String, Typed>>,
    last_evaluated_key: Option<serde::de::IgnoredAny>,
    next_token: Option<serde::de::IgnoredAny>,
}

/// A value as DynamoDB writes it in JSON, under the name of its type.
#[derive(Debug, Deserialize)]
enum Typed {
    #[serde(rename = "S")]
    Text(String),
    #[serde(rename = "N")]
    Number(String),
    #[serde(rename = "BOOL")]
    Flag(bool),
    #[serde(rename = "NULL")]
    Null(serde::de::IgnoredAny),
    #[serde(rename = "SS")]
    Texts(Vec<String>),
    #[serde(rename = "NS")]
    Numbers(Vec<String>),
    #[serde(rename = "L")]
    List(Vec<Typed>),
    #[serde(rename = "M")]
    Map(HashMap<String, Typed>),
    #[serde(rename = "B", alias = "BS")]
    Binary(serde::de::IgnoredAny),
}

impl From<Typed> for AttributeValue {
    fn from(typed: Typed) -> Self {
        match typed {
            Typed::Text(text) => AttributeValue::S(text),
            Typed::Number(text) => AttributeValue::N(text),
            Typed::Flag(flag) => AttributeValue::Bool(flag),
            Typed::Null(_) => AttributeValue::Null(true),
            Typed::Texts(members) => AttributeValue::Ss(members),
            Typed::Numbers(members) => AttributeValue::Ns(members),
            Typed::List(members) => {
                AttributeValue::L(members.into_iter().map(Into::into).collect())
            }
            Typed::Map(members) => AttributeValue::M(attributes(members)),
            // No field is made of bytes, so it does not matter of which.
            Typed::Binary(_) => AttributeValue::B(Blob::new(Vec::new())),
        }
    }
}

fn attributes(item: HashMap<String, Typed>) -> HashMap<String, AttributeValue> {
    item.into_iter().map(|(name, typed)| (name, typed.into())).collect()
}

/// Reads what `aws dynamodb scan --table-name NAME` has printed, to the same items as [`Aws::config`].
///
/// # Errors
///
/// If it is something else, or only the first part of a table (as with `--max-items`).
///
/// ```
/// let scan = r#"{"Items": [{"type": {"S": "period"}, "name": {"S": "office"}, "weekdays": {"SS": ["mon-fri"]}}]}"#;
/// let raw = scheduler_aws::config_table::from_scan(scan)?;
/// assert_eq!(raw.items[0].name, "office");
/// # Ok::<(), scheduler_aws::config_table::BadScan>(())
/// ```
pub fn from_scan(text: &str) -> Result<RawConfig, BadScan> {
    let scan: Scan = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    if scan.last_evaluated_key.is_some() || scan.next_token.is_some() {
        return Err(BadScan::Partial);
    }
    Ok(RawConfig { items: scan.items.into_iter().map(|item| raw_item(attributes(item))).collect() })
}

/// One item, whatever is in it: what a value means, and whether it may be of its type, is for the core to say.
fn raw_item(item: HashMap<String, AttributeValue>) -> RawItem {
    let mut fields: Map<String, Value> =
        item.into_iter().map(|(name, field)| (name, value(field))).collect();
    let mut key = |name| {
        fields.remove(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    RawItem { kind: key("type"), name: key("name"), fields }
}

/// A value as JSON has it. A set has no order of its own, so its members are put in that of their names; numbers that
/// JSON cannot hold stay text, and bytes become a map, which no field is.
fn value(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(text) => number(text),
        AttributeValue::Bool(flag) => flag.into(),
        AttributeValue::L(members) => members.into_iter().map(value).collect(),
        AttributeValue::M(members) => {
            members.into_iter().map(|(name, member)| (name, value(member))).collect()
        }
        AttributeValue::Ss(mut members) => {
            members.sort_unstable();
            members.into()
        }
        AttributeValue::Ns(members) => members.into_iter().map(number).collect(),
        AttributeValue::B(_) | AttributeValue::Bs(_) => json!({"binary": true}),
        // Null, and whatever DynamoDB may come to have: absent.
        _ => Value::Null,
    }
}

fn number(text: String) -> Value {
    text.parse().map_or(Value::String(text), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_whatever_its_fields_types() {
        let text = |text: &str| AttributeValue::S(text.into());
        let item = [
            ("type", text("schedule")),
            ("name", text("office")),
            ("periods", AttributeValue::Ss(vec!["b".into(), "a".into()])),
            ("order", AttributeValue::L(vec![text("b"), text("a")])),
            ("enforced", AttributeValue::Bool(true)),
            ("begintime", AttributeValue::N("9".into())),
            ("endtime", AttributeValue::B(b"18:00".to_vec().into())),
        ];
        let item = raw_item(item.map(|(key, value)| (key.to_owned(), value)).into());
        assert_eq!((item.kind.as_str(), item.name.as_str()), ("schedule", "office"));
        let expected = json!({"periods": ["a", "b"], "order": ["b", "a"], "enforced": true, "begintime": 9, "endtime": {"binary": true}});
        assert_eq!(Value::Object(item.fields), expected);
    }
    #[test]
    fn a_printed_scan_is_read_like_the_table() {
        let text = r#"{"Items": [{"type": {"S": "schedule"}, "name": {"S": "office"}, "periods": {"SS": ["b", "a"]},
            "order": {"L": [{"S": "b"}, {"N": "1"}]}, "enforced": {"BOOL": true}, "description": {"NULL": true},
            "begintime": {"N": "9"}, "more": {"M": {"days": {"NS": ["2"]}}}, "endtime": {"B": "MTg6MDA="}}],
            "Count": 1, "ScannedCount": 1, "ConsumedCapacity": null}"#;
        let [item] = &from_scan(text).unwrap().items[..] else { panic!() };
        assert_eq!((item.kind.as_str(), item.name.as_str()), ("schedule", "office"));
        let expected = json!({"periods": ["a", "b"], "order": ["b", 1], "enforced": true, "description": null,
            "begintime": 9, "more": {"days": [2]}, "endtime": {"binary": true}});
        assert_eq!(Value::Object(item.fields.clone()), expected);
    }

    #[test]
    fn what_is_no_whole_scan_is_refused() {
        let refused = |text: &str| from_scan(text).unwrap_err().to_string();
        assert!(refused("{}").contains("missing field `Items`"));
        assert!(
            refused(r#"{"Items": [{"type": "period"}]}"#)
                .contains("not what `aws dynamodb scan` prints")
        );
        assert_eq!(refused(r#"{"Items": [], "NextToken": "x"}"#), BadScan::Partial.to_string());
        assert_eq!(
            refused(r#"{"Items": [], "LastEvaluatedKey": {}}"#),
            BadScan::Partial.to_string()
        );
        assert_eq!(from_scan(r#"{"Items": [], "NextToken": null}"#).unwrap().items, []);
    }
}
