//! UpdateItem: changes some attributes of one item, which is created if it is not there.

use serde_json::{Value, json};

use super::Tables;
use super::expression::{self, Source, Update};
use super::names::Placeholders;
use super::table::{Key, Schema};
use super::value::{Item, check_item, sum};
use super::write::check_condition;
use crate::services::members::{Members, invalid};
use crate::wire::ApiError;

pub(super) fn update(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &KNOWN)?;
    let change = change(tables, input)?;
    check_condition(members, change.condition.as_ref(), change.old.as_ref())?;
    let after = change.after()?;
    tables.of(members)?.put(change.key, &after);
    returned(members, &change.updates, change.old, &after)
}

/// What an update asks for, and of what.
pub(super) struct Change {
    pub(super) key: Key,
    pub(super) condition: Option<expression::Condition>,
    pub(super) old: Option<Item>,
    updates: Vec<Update>,
    /// The item where there is none yet.
    blank: Item,
}

pub(super) fn change(tables: &mut Tables, input: &Value) -> Result<Change, ApiError> {
    let members = Members::of(input, &KNOWN)?;
    let (updates, condition) = expressions(members)?;
    let table = tables.of(members)?;
    let blank = members.required("Key")?;
    let key = table.schema.key(blank)?;
    refuse_key_attributes(&table.schema, &updates)?;
    let old = table.get(&key);
    let blank = blank.as_object().cloned().unwrap_or_default();
    Ok(Change { key, condition, old, updates, blank })
}

impl Change {
    /// What becomes of the item.
    pub(super) fn after(&self) -> Result<Item, ApiError> {
        let before = self.old.as_ref().unwrap_or(&self.blank);
        let after = applied(&self.updates, before.clone())?;
        check_item(&after)?;
        Ok(after)
    }
}

pub(super) const KNOWN: [&str; 10] = [
    "Key",
    "TableName",
    "UpdateExpression",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
];

type Expressions = (Vec<Update>, Option<expression::Condition>);

/// Both expressions share their placeholders, of which every one must be used by either.
fn expressions(members: Members<'_>) -> Result<Expressions, ApiError> {
    let mut placeholders = Placeholders::of(members)?;
    let updates = members.text("UpdateExpression");
    let updates = updates.map(|text| expression::update(text, &mut placeholders)).transpose()?;
    let condition = members
        .text("ConditionExpression")
        .map(|text| expression::condition("ConditionExpression", text, &mut placeholders));
    let condition = condition.transpose()?;
    placeholders.finish()?;
    Ok((updates.unwrap_or_default(), condition))
}

fn refuse_key_attributes(schema: &Schema, updates: &[Update]) -> Result<(), ApiError> {
    let Some(name) = updates.iter().map(Update::attribute).find(|name| schema.has(name)) else {
        return Ok(());
    };
    let why = format!("Cannot update attribute {name}. This attribute is part of the key");
    Err(invalid(format!("One or more parameter values were invalid: {why}")))
}

/// What becomes of an item. Every operand is read from the item as it was, whatever stands before it.
fn applied(updates: &[Update], before: Item) -> Result<Item, ApiError> {
    let mut after = before.clone();
    for update in updates {
        match update {
            Update::Set(name, source) => {
                after.insert(name.clone(), value(source, &before)?);
            }
            Update::Remove(name) => {
                after.remove(name);
            }
        }
    }
    Ok(after)
}

fn value(source: &Source, item: &Item) -> Result<Value, ApiError> {
    let missing = || {
        invalid("The provided expression refers to an attribute that does not exist in the item")
    };
    match source {
        Source::Operand(operand) => expression::resolve(operand, item).cloned().ok_or_else(missing),
        Source::IfNotExists(path, operand) => match expression::at(path, item) {
            Some(value) => Ok(value.clone()),
            None => expression::resolve(operand, item).cloned().ok_or_else(missing),
        },
        Source::Sum(left, sign, right) => sum(&value(left, item)?, *sign, &value(right, item)?),
    }
}

fn returned(
    members: Members<'_>,
    updates: &[Update],
    old: Option<Item>,
    new: &Item,
) -> Result<Value, ApiError> {
    let updated = |item: &Item| -> Item {
        let names = updates.iter().map(Update::attribute);
        names.filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
    };
    let attributes = match members.text("ReturnValues") {
        None | Some("NONE") => None,
        Some("ALL_NEW") => Some(new.clone()),
        Some("UPDATED_NEW") => Some(updated(new)),
        Some("ALL_OLD") => old,
        Some("UPDATED_OLD") => old.as_ref().map(updated),
        Some(other) => {
            return Err(invalid(format!("Return values set to invalid value: {other}")));
        }
    };
    let attributes = attributes.filter(|attributes| !attributes.is_empty());
    Ok(attributes.map_or_else(|| json!({}), |attributes| json!({ "Attributes": attributes })))
}
