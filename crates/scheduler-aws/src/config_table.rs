//! The ConfigTable: `Scan`, all pages. It is small, and every item of it is wanted.

mod change;
mod scan;

pub use change::Unchanged;
pub use scan::{BadScan, from_scan};

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use scheduler_core::{RawConfig, RawItem, catalog::ItemKey, resource::Failure};
use serde_json::{Map, Value, json};

use crate::{Aws, failure::failure};

type Item = HashMap<String, AttributeValue>;

/// The table as it was read: what it says, and in which types.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The items.
    pub raw: RawConfig,
    items: HashMap<ItemKey, Item>,
}

impl Aws {
    /// The stored periods and schedules, and whatever else is in the table.
    ///
    /// # Errors
    ///
    /// If the table cannot be read in full.
    pub async fn config(&self, table: &str) -> Result<RawConfig, Failure> {
        let mut items = Vec::new();
        self.each_item(table, false, |item| items.push(raw_item(item))).await?;
        Ok(RawConfig { items })
    }

    /// The same, to be changed.
    ///
    /// # Errors
    ///
    /// If the table cannot be read in full.
    pub async fn stored(&self, table: &str) -> Result<Stored, Failure> {
        let mut stored = Stored::default();
        self.each_item(table, true, |item| {
            let raw = raw_item(item.clone());
            stored.items.insert(raw.key(), item);
            stored.raw.items.push(raw);
        })
        .await?;
        Ok(stored)
    }

    async fn each_item(
        &self,
        table: &str,
        is_fresh: bool,
        mut take: impl FnMut(Item),
    ) -> Result<(), Failure> {
        let request = self.dynamodb().scan().table_name(table).consistent_read(is_fresh);
        let mut pages = request.into_paginator().items().send();
        while let Some(item) = pages.next().await {
            take(item.map_err(|error| failure("dynamodb:Scan", &error))?);
        }
        Ok(())
    }
}

/// One item, whatever is in it: what a value means, and whether it may be of its type, is for the core to say.
fn raw_item(item: Item) -> RawItem {
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
