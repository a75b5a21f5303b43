//! The ConfigTable: `Scan`, all pages. It is small, and every item of it is wanted.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use scheduler_core::{
    RawConfig, RawItem,
    resource::{Failure, FailureCode},
};
use serde_json::{Map, Value};

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
            items.push(raw_item(item.map_err(|error| failure("dynamodb:Scan", &error))?)?);
        }
        Ok(RawConfig { items })
    }
}

/// One item. A string set has no order of its own, so its members are put in that of their names.
fn raw_item(mut item: HashMap<String, AttributeValue>) -> Result<RawItem, Failure> {
    for value in item.values_mut() {
        if let AttributeValue::Ss(members) = value {
            members.sort_unstable();
        }
    }
    let unreadable = |error: serde_dynamo::Error| Failure {
        code: FailureCode::Unknown,
        message: format!("an item of the config table cannot be read: {error}"),
    };
    let mut fields: Map<String, Value> = serde_dynamo::from_item(item).map_err(unreadable)?;
    let mut key = |name| {
        fields.remove(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    Ok(RawItem { kind: key("type"), name: key("name"), fields })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
        ];
        let item = raw_item(item.map(|(key, value)| (key.to_owned(), value)).into()).unwrap();
        assert_eq!((item.kind.as_str(), item.name.as_str()), ("schedule", "office"));
        let expected =
            json!({"periods": ["a", "b"], "order": ["b", "a"], "enforced": true, "begintime": 9});
        assert_eq!(Value::Object(item.fields), expected);
    }
}
