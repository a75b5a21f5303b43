//! The ConfigTable: `Scan`, all pages. It is small, and every item of it is wanted.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use scheduler_core::{RawConfig, RawItem, resource::Failure};
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
}
