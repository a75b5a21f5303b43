//! DynamoDB: tables and their items, read and written with conditions. Every call is atomic, and every read consistent.
//!
//! Simpler than AWS: a table is active at once; there are no indexes, streams; transactions only put, update and delete; a time to live is remembered and expires nothing; keys are strings or numbers; projections are of whole attributes; capacity has no end and is not counted.

mod expression;
mod names;
mod number;
mod read;
mod table;
mod time_to_live;
mod update;
mod value;
mod write;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::table::Table;
use super::members::Members;
use super::{Call, seconds};
use crate::wire::ApiError;

/// The tables of one Region of one account, by name.
#[derive(Debug, Default)]
pub(crate) struct Tables(BTreeMap<String, Table>);

pub(crate) fn perform(tables: &mut Tables, call: &Call, input: &Value) -> Result<Value, ApiError> {
    match call.operation.as_str() {
        "CreateTable" => create_table(tables, call, input),
        "DescribeTable" => describe_table(tables, call, input),
        "UpdateTimeToLive" => time_to_live::update(tables, input),
        "DescribeTimeToLive" => time_to_live::describe(tables, input),
        "PutItem" => write::put(tables, input),
        "DeleteItem" => write::delete(tables, input),
        "UpdateItem" => update::update(tables, input),
        "BatchWriteItem" => write::batch(tables, input),
        "TransactWriteItems" => write::transact(tables, input),
        "GetItem" => read::get(tables, input),
        "Query" => read::query(tables, input),
        "Scan" => read::scan(tables, input),
        _ => Err(call.unknown_operation()),
    }
}

impl Tables {
    fn existing(&mut self, name: &str) -> Result<&mut Table, ApiError> {
        let missing = || ApiError::bad("ResourceNotFoundException", "Requested resource not found");
        self.0.get_mut(name).ok_or_else(missing)
    }

    /// The table a data operation names.
    fn of(&mut self, members: Members<'_>) -> Result<&mut Table, ApiError> {
        self.existing(members.required_text("TableName")?)
    }
}

fn create_table(tables: &mut Tables, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "TableName",
        "AttributeDefinitions",
        "KeySchema",
        "BillingMode",
        "ProvisionedThroughput",
        "SSESpecification",
        "Tags",
        "DeletionProtectionEnabled",
        "TableClass",
    ];
    let members = Members::of(input, &known)?;
    let name = members.required_text("TableName")?;
    let table = Table::new(members, call.now)?;
    if tables.0.contains_key(name) {
        return Err(ApiError::bad(
            "ResourceInUseException",
            format!("Table already exists: {name}"),
        ));
    }
    let description = description(call, name, &table);
    tables.0.insert(name.to_owned(), table);
    Ok(json!({ "TableDescription": description }))
}

fn describe_table(tables: &mut Tables, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let name = Members::of(input, &["TableName"])?.required_text("TableName")?;
    let missing = || {
        let message = format!("Requested resource not found: Table: {name} not found");
        ApiError::bad("ResourceNotFoundException", message)
    };
    let table = tables.0.get(name).ok_or_else(missing)?;
    Ok(json!({ "Table": description(call, name, table) }))
}

fn description(call: &Call, name: &str, table: &Table) -> Value {
    json!({
        "TableName": name,
        "TableArn": call.place.arn("dynamodb", format_args!("table/{name}")),
        "TableStatus": "ACTIVE",
        "CreationDateTime": seconds(table.created),
        "KeySchema": table.schema.key_schema(),
        "AttributeDefinitions": table.schema.attribute_definitions(),
        "ItemCount": table.len(),
        "TableSizeBytes": table.bytes(),
        "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
        "ProvisionedThroughput": { "ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0 },
    })
}

#[cfg(test)]
mod tests;
