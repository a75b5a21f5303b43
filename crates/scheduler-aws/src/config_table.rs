//! The ConfigTable: read by `Scan`, all pages (it is small, and every item of it is wanted), and changed by
//! `TransactWriteItems`, each item on condition that it still is what was read.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem},
};
use scheduler_core::{
    RawConfig, RawItem,
    catalog::{Change, ItemKey, SETS},
    resource::{Failure, FailureCode},
};
use serde_json::{Map, Value, json};

use crate::{Aws, failure::failure};

type Item = HashMap<String, AttributeValue>;

/// What DynamoDB takes in one transaction.
const AT_ONCE: usize = 100;

/// The table as it was read: what it says, and in which types.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The items.
    pub raw: RawConfig,
    items: HashMap<ItemKey, Item>,
}

/// Why changes were not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unchanged {
    /// Somebody has changed the items since they were read.
    #[error("somebody else is changing the same items")]
    Conflict(Vec<ItemKey>),
    /// The table cannot be written.
    #[error("{failure}")]
    Failed {
        /// How many changes had been made before.
        made: usize,
        /// What AWS says.
        failure: Failure,
    },
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

    /// Makes changes in their order, a hundred at a time: each hundred wholly or not at all.
    ///
    /// # Errors
    ///
    /// If an item is no longer what was read, or the table cannot be written. The hundreds before are made then.
    pub async fn change(
        &self,
        table: &str,
        stored: &Stored,
        changes: &[Change],
    ) -> Result<(), Unchanged> {
        for (n, some) in changes.chunks(AT_ONCE).enumerate() {
            let made = n * AT_ONCE;
            let parts: Result<Vec<_>, _> =
                some.iter().map(|change| part(table, change, stored)).collect();
            let parts =
                parts.map_err(|error| Unchanged::Failed { made, failure: unwritable(&error) })?;
            let request = self.dynamodb().transact_write_items().set_transact_items(Some(parts));
            if let Err(error) = request.send().await {
                let stale =
                    error.as_service_error().map(|error| stale(error, some)).unwrap_or_default();
                return Err(if stale.is_empty() {
                    Unchanged::Failed {
                        made,
                        failure: failure("dynamodb:TransactWriteItems", &error),
                    }
                } else {
                    Unchanged::Conflict(stale)
                });
            }
        }
        Ok(())
    }
}

/// The changes whose items were no longer what was read.
fn stale(error: &TransactWriteItemsError, changes: &[Change]) -> Vec<ItemKey> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        return Vec::new();
    };
    let codes = cancelled.cancellation_reasons().iter().map(|reason| reason.code());
    let is_stale =
        |code: Option<&str>| matches!(code, Some("ConditionalCheckFailed" | "TransactionConflict"));
    let stale = changes.iter().zip(codes).filter(|(_, code)| is_stale(*code));
    stale.map(|(change, _)| change.key.clone()).collect()
}

fn unwritable(error: &BuildError) -> Failure {
    Failure { code: FailureCode::Unknown, message: format!("dynamodb:TransactWriteItems: {error}") }
}

fn part(table: &str, change: &Change, stored: &Stored) -> Result<TransactWriteItem, BuildError> {
    let Condition { expression, names, values } = Condition::on(change, stored);
    let values = Some(values).filter(|values| !values.is_empty());
    let key = || {
        [("type", &change.key.kind), ("name", &change.key.name)]
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text.clone())))
    };
    Ok(match &change.after {
        Some(fields) => {
            let fields = fields
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), attribute(name, value)?)));
            let put = Put::builder()
                .table_name(table)
                .set_item(Some(fields.chain(key()).collect()))
                .condition_expression(expression)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(values);
            TransactWriteItem::builder().put(put.build()?).build()
        }
        None => {
            let delete = Delete::builder()
                .table_name(table)
                .set_key(Some(key().into()))
                .condition_expression(expression)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(values);
            TransactWriteItem::builder().delete(delete.build()?).build()
        }
    })
}

/// That an item is what was read: every field it had, as it was, and none of those that it is to have besides.
#[derive(Debug, Default)]
struct Condition {
    expression: String,
    names: HashMap<String, String>,
    values: Item,
}

impl Condition {
    fn on(change: &Change, stored: &Stored) -> Self {
        let mut condition = Self::default();
        let Some(item) = stored.items.get(&change.key) else {
            condition.names.insert("#0".into(), "name".into());
            condition.expression = "attribute_not_exists(#0)".into();
            return condition;
        };
        let mut before: Vec<_> = item.iter().collect();
        before.sort_by_key(|(name, _)| *name);
        let new = change.after.iter().flat_map(Map::keys).filter(|name| !item.contains_key(*name));
        let mut terms = Vec::new();
        // The keys are as they are: naming one says that the item is there.
        for (n, (name, value)) in before.into_iter().enumerate() {
            condition.names.insert(format!("#{n}"), name.clone());
            condition.values.insert(format!(":{n}"), value.clone());
            terms.push(format!("#{n} = :{n}"));
        }
        for (n, name) in new.enumerate() {
            condition.names.insert(format!("#n{n}"), name.clone());
            terms.push(format!("attribute_not_exists(#n{n})"));
        }
        condition.expression = terms.join(" AND ");
        condition
    }
}

/// A field's value as it is stored; none for what is absent.
fn attribute(name: &str, value: &Value) -> Option<AttributeValue> {
    let texts = value.as_array().filter(|members| !members.is_empty() && SETS.contains(&name));
    let texts =
        texts.and_then(|members| members.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    if let Some(texts) = texts {
        return Some(AttributeValue::Ss(texts.into_iter().map(str::to_owned).collect()));
    }
    (!value.is_null()).then(|| plain(value))
}

fn plain(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(*flag),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(members) => AttributeValue::L(members.iter().map(plain).collect()),
        Value::Object(members) => AttributeValue::M(
            members.iter().map(|(name, one)| (name.clone(), plain(one))).collect(),
        ),
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
    fn an_item_is_changed_only_if_it_still_is_what_was_read() {
        let key = ItemKey { kind: "schedule".into(), name: "office".into() };
        let text = |text: &str| AttributeValue::S(text.into());
        let item: Item =
            [("type", text("schedule")), ("name", text("office")), ("timezone", text("UTC"))]
                .map(|(name, value)| (name.to_owned(), value))
                .into();
        let stored = Stored { items: [(key.clone(), item)].into(), ..Stored::default() };
        let after = json!({"periods": ["a"], "enforced": true, "calendars": ["b"]});
        let change = Change { key, before: None, after: after.as_object().cloned() };
        let condition = Condition::on(&change, &stored);
        let expected = "#0 = :0 AND #1 = :1 AND #2 = :2 AND attribute_not_exists(#n0) AND attribute_not_exists(#n1) AND attribute_not_exists(#n2)";
        assert_eq!(condition.expression, expected);
        let put = part("t", &change, &stored).unwrap().put.unwrap();
        assert_eq!(put.item["periods"], AttributeValue::Ss(vec!["a".into()]));
        assert_eq!(put.item["calendars"], AttributeValue::L(vec![text("b")]));
        let new = Condition::on(&change, &Stored::default());
        assert_eq!(new.expression, "attribute_not_exists(#0)");
    }

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
