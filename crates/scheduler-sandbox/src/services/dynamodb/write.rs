//! PutItem, DeleteItem, BatchWriteItem, and TransactWriteItems of puts, updates and deletions.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Tables;
use super::expression::{self, Condition, holds};
use super::names::Placeholders;
use super::table::{Key, Table};
use super::update;
use super::value::{Item, check_item};
use crate::services::members::{Members, invalid};
use crate::wire::ApiError;

const MOST_IN_A_BATCH: usize = 25;
const MOST_IN_A_TRANSACTION: usize = 100;

pub(super) fn put(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let members = write_members(input, "Item")?;
    let condition = condition(members)?;
    let item = item(members.required("Item")?)?;
    let table = tables.of(members)?;
    let key = table.schema.key_of(&item)?;
    check_condition(members, condition.as_ref(), table.get(&key).as_ref())?;
    let old = table.put(key, &item);
    returned(members, old)
}

pub(super) fn delete(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let members = write_members(input, "Key")?;
    let condition = condition(members)?;
    let table = tables.of(members)?;
    let key = table.schema.key(members.required("Key")?)?;
    check_condition(members, condition.as_ref(), table.get(&key).as_ref())?;
    let old = table.delete(&key);
    returned(members, old)
}

fn write_members<'a>(input: &'a Value, subject: &str) -> Result<Members<'a>, ApiError> {
    let known = [
        subject,
        "TableName",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValues",
        "ReturnValuesOnConditionCheckFailure",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
    ];
    Members::of(input, &known)
}

fn item(json: &Value) -> Result<Item, ApiError> {
    let item = json
        .as_object()
        .ok_or_else(|| ApiError::bad("SerializationException", "an item is a map"))?;
    check_item(item)?;
    Ok(item.clone())
}

fn condition(members: Members<'_>) -> Result<Option<Condition>, ApiError> {
    let mut placeholders = Placeholders::of(members)?;
    let text = members.text("ConditionExpression");
    let condition =
        text.map(|text| expression::condition("ConditionExpression", text, &mut placeholders));
    let condition = condition.transpose()?;
    placeholders.finish()?;
    Ok(condition)
}

pub(super) fn check_condition(
    members: Members<'_>,
    condition: Option<&Condition>,
    current: Option<&Item>,
) -> Result<(), ApiError> {
    let nothing = Item::new();
    if condition.is_none_or(|condition| holds(condition, current.unwrap_or(&nothing))) {
        return Ok(());
    }
    let failed = ApiError::bad("ConditionalCheckFailedException", "The conditional request failed");
    match current {
        Some(item) if members.text("ReturnValuesOnConditionCheckFailure") == Some("ALL_OLD") => {
            Err(failed.with("Item", item.clone().into()))
        }
        Some(_) | None => Err(failed),
    }
}

fn returned(members: Members<'_>, old: Option<Item>) -> Result<Value, ApiError> {
    match (members.text("ReturnValues"), old) {
        (Some("ALL_OLD"), Some(old)) => Ok(json!({ "Attributes": old })),
        (Some("ALL_OLD" | "NONE") | None, _) => Ok(json!({})),
        (Some(other), _) => Err(invalid(format!("Return values set to invalid value: {other}"))),
    }
}

/// One write of a batch, checked.
enum Write {
    Put(Key, Item),
    Delete(Key),
}

/// Checks everything before it writes anything; after that nothing can fail, so nothing is left unprocessed.
pub(super) fn batch(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(
        input,
        &["RequestItems", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"],
    )?;
    let requested = members.required("RequestItems")?.as_object();
    let requested = requested.filter(|requested| !requested.is_empty());
    let requested =
        requested.ok_or_else(|| invalid("The batch write request list cannot be empty"))?;
    let count: usize = requested.values().map(|list| list.as_array().map_or(0, Vec::len)).sum();
    if count == 0 || count > MOST_IN_A_BATCH {
        let rule = format!(
            "Member must have length less than or equal to {MOST_IN_A_BATCH}, greater than 0"
        );
        return Err(invalid(format!(
            "Too many items requested for the BatchWriteItem call: {rule}"
        )));
    }
    for (name, writes) in checked(tables, requested)? {
        let table = tables.existing(&name)?;
        writes.into_iter().for_each(|write| table.apply(write));
    }
    Ok(json!({ "UnprocessedItems": {} }))
}

fn checked(
    tables: &mut Tables,
    requested: &Map<String, Value>,
) -> Result<Vec<(String, Vec<Write>)>, ApiError> {
    let of_table = |(name, list): (&String, &Value)| {
        let table = tables.existing(name)?;
        let writes = list.as_array().into_iter().flatten().map(|request| write(table, request));
        let writes = writes.collect::<Result<Vec<_>, _>>()?;
        let keys: BTreeSet<_> = writes.iter().map(Write::key).collect();
        if keys.len() < writes.len() {
            return Err(invalid("Provided list of item keys contains duplicates"));
        }
        Ok((name.clone(), writes))
    };
    requested.iter().map(of_table).collect()
}

fn write(table: &Table, request: &Value) -> Result<Write, ApiError> {
    match (request.pointer("/PutRequest/Item"), request.pointer("/DeleteRequest/Key")) {
        (Some(json), None) => {
            let item = item(json)?;
            Ok(Write::Put(table.schema.key_of(&item)?, item))
        }
        (None, Some(key)) => Ok(Write::Delete(table.schema.key(key)?)),
        (_, _) => Err(invalid(
            "Supplied AttributeValue has more than one datatypes set, or none of the requests",
        )),
    }
}

/// All of it or nothing: every condition is held against what was there before any of it is written.
pub(super) fn transact(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "TransactItems",
        "ClientRequestToken",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
    ];
    let requested = Members::of(input, &known)?.required("TransactItems")?.as_array();
    let requested = requested.map(Vec::as_slice).unwrap_or_default();
    if requested.is_empty() || requested.len() > MOST_IN_A_TRANSACTION {
        let rule = format!(
            "Member must have length less than or equal to {MOST_IN_A_TRANSACTION}, greater than 0"
        );
        return Err(invalid(format!(
            "Value at 'transactItems' failed to satisfy constraint: {rule}"
        )));
    }
    let parts = requested.iter().map(|part| transacted(tables, part));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let keys: BTreeSet<_> = parts.iter().map(|part| (&part.table, part.write.key())).collect();
    if keys.len() < parts.len() {
        return Err(invalid("Transaction request cannot include multiple operations on one item"));
    }
    if parts.iter().any(|part| !part.holds) {
        return Err(cancelled(&parts));
    }
    for part in parts {
        tables.existing(&part.table)?.apply(part.write);
    }
    Ok(json!({}))
}

/// One part of a transaction, checked.
struct Part {
    table: String,
    write: Write,
    /// Whether its condition does.
    holds: bool,
}

fn transacted(tables: &mut Tables, request: &Value) -> Result<Part, ApiError> {
    let of = |name| request.get(name);
    let (input, subject) = match (of("Put"), of("Delete"), of("Update")) {
        (Some(input), None, None) => (input, "Item"),
        (None, Some(input), None) => (input, "Key"),
        (None, None, Some(input)) => return updated(tables, input),
        (_, _, _) => {
            let rule = "TransactItems can only contain one of Put, Update and Delete here";
            return Err(invalid(rule));
        }
    };
    let members = write_members(input, subject)?;
    let condition = condition(members)?;
    let json = members.required(subject)?;
    let name = members.required_text("TableName")?;
    let table = tables.existing(name)?;
    let write = match subject {
        "Item" => {
            let item = item(json)?;
            Write::Put(table.schema.key_of(&item)?, item)
        }
        _ => Write::Delete(table.schema.key(json)?),
    };
    let current = table.get(write.key()).unwrap_or_default();
    let holds = condition.is_none_or(|condition| expression::holds(&condition, &current));
    Ok(Part { table: name.to_owned(), write, holds })
}

fn updated(tables: &mut Tables, input: &Value) -> Result<Part, ApiError> {
    let name = Members::of(input, &update::KNOWN)?.required_text("TableName")?;
    let change = update::change(tables, input)?;
    let current = change.old.clone().unwrap_or_default();
    let holds =
        change.condition.as_ref().is_none_or(|condition| expression::holds(condition, &current));
    // Where the condition does not hold, what would become of it may not be known, and is not written.
    let after = if holds { change.after()? } else { current };
    Ok(Part { table: name.to_owned(), write: Write::Put(change.key, after), holds })
}

fn cancelled(parts: &[Part]) -> ApiError {
    let code = |part: &Part| if part.holds { "None" } else { "ConditionalCheckFailed" };
    let codes: Vec<_> = parts.iter().map(code).collect();
    let reason = |code: &&str| match *code {
        "None" => json!({"Code": "None"}),
        code => json!({"Code": code, "Message": "The conditional request failed"}),
    };
    let reasons: Vec<_> = codes.iter().map(reason).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    ApiError::bad("TransactionCanceledException", message)
        .with("CancellationReasons", reasons.into())
}

impl Write {
    fn key(&self) -> &Key {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

impl Table {
    fn apply(&mut self, write: Write) {
        match write {
            Write::Put(key, item) => self.put(key, &item),
            Write::Delete(key) => self.delete(&key),
        };
    }
}
