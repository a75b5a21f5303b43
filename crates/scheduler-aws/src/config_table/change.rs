//! Changes: `TransactWriteItems`, each item on condition that it still is what was read.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem},
};
use scheduler_core::{
    catalog::{Change, ItemKey, SETS},
    resource::{Failure, FailureCode},
};
use serde_json::{Map, Value};

use super::{Item, Stored};
use crate::{Aws, failure::failure};

/// What DynamoDB takes in one transaction.
const AT_ONCE: usize = 100;

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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
}
