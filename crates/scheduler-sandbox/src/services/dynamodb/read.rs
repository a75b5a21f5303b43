//! GetItem, Query and Scan.

use serde_json::{Value, json};

use super::Tables;
use super::expression::{self, Comparator, Condition, Operand, holds};
use super::names::Placeholders;
use super::table::{Direction, KeyValue, Schema};
use super::value::{Item, item_bytes};
use crate::services::members::{Members, invalid};
use crate::wire::ApiError;

/// What a Query or a Scan reads at most in one call, before any filter: Amazon DynamoDB API Reference.
const MOST_BYTES: usize = 1024 * 1024;

pub(super) fn get(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "TableName",
        "Key",
        "ConsistentRead",
        "ProjectionExpression",
        "ExpressionAttributeNames",
        "ReturnConsumedCapacity",
    ];
    let members = Members::of(input, &known)?;
    let mut placeholders = Placeholders::of(members)?;
    let projection = projection(members, &mut placeholders)?;
    placeholders.finish()?;
    let table = tables.of(members)?;
    let key = table.schema.key(members.required("Key")?)?;
    let found =
        table.get(&key).map(|item| json!({ "Item": projected(item, projection.as_deref()) }));
    Ok(found.unwrap_or_else(|| json!({})))
}

pub(super) fn query(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let mut known = PAGED.to_vec();
    known.extend(["KeyConditionExpression", "ScanIndexForward"]);
    let members = Members::of(input, &known)?;
    let mut placeholders = Placeholders::of(members)?;
    let text = members.text("KeyConditionExpression");
    let text = text.ok_or_else(|| {
        invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified")
    })?;
    let key_condition = expression::condition("KeyConditionExpression", text, &mut placeholders)?;
    let request = Paged::of(members, placeholders)?;

    let table = tables.of(members)?;
    let KeyCondition { hash, range } = KeyCondition::of(key_condition, &table.schema)?;
    let start = members.value("ExclusiveStartKey").map(|key| table.schema.key(key)).transpose()?;
    if start.as_ref().is_some_and(|start| start.hash != hash) {
        return Err(invalid(
            "The provided starting key is outside query boundaries based on provided conditions",
        ));
    }
    let backward = members.value("ScanIndexForward") == Some(&Value::Bool(false));
    let direction = if backward { Direction::Backward } else { Direction::Forward };
    let siblings = table.siblings(&hash, start.as_ref().map(|start| &start.range), direction);
    let found = siblings.filter(|item| range.as_ref().is_none_or(|range| holds(range, item)));
    Ok(request.answer(&table.schema, found))
}

pub(super) fn scan(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &PAGED)?;
    let request = Paged::of(members, Placeholders::of(members)?)?;
    let table = tables.of(members)?;
    let start = members.value("ExclusiveStartKey").map(|key| table.schema.key(key)).transpose()?;
    Ok(request.answer(&table.schema, table.after(start.as_ref())))
}

/// The members Query and Scan have in common.
const PAGED: [&str; 10] = [
    "TableName",
    "ConsistentRead",
    "ExclusiveStartKey",
    "Limit",
    "FilterExpression",
    "ProjectionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnConsumedCapacity",
    "Select",
];

/// What Query and Scan do with the items they come upon.
struct Paged {
    limit: usize,
    filter: Option<Condition>,
    projection: Option<Vec<String>>,
    content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Items,
    CountOnly,
}

impl Paged {
    fn of(members: Members<'_>, mut placeholders: Placeholders<'_>) -> Result<Self, ApiError> {
        let filter = members.text("FilterExpression");
        let filter =
            filter.map(|text| expression::condition("FilterExpression", text, &mut placeholders));
        let filter = filter.transpose()?;
        let projection = projection(members, &mut placeholders)?;
        placeholders.finish()?;
        Ok(Self { limit: limit(members)?, filter, projection, content: content(members)? })
    }

    /// One page. The limit and the megabyte count what is come upon, not what passes the filter, so a page may be
    /// empty and not be the last. After a page that the limit cut there may also be nothing more, as at AWS.
    fn answer(&self, schema: &Schema, items: impl Iterator<Item = Item>) -> Value {
        let (mut scanned, mut bytes) = (Vec::new(), 0);
        let mut cut = false;
        for item in items {
            bytes += item_bytes(&item);
            cut = bytes > MOST_BYTES && !scanned.is_empty();
            if cut {
                break;
            }
            scanned.push(item);
            cut = scanned.len() == self.limit;
            if cut {
                break;
            }
        }
        let last = scanned.last().filter(|_| cut).map(|item| schema.key_json(item));
        let scanned_count = scanned.len();
        let passes = |item: &Item| self.filter.as_ref().is_none_or(|filter| holds(filter, item));
        scanned.retain(passes);
        let mut answer = json!({ "Count": scanned.len(), "ScannedCount": scanned_count });
        if self.content == Content::Items {
            let items = scanned.into_iter().map(|item| projected(item, self.projection.as_deref()));
            answer["Items"] = items.collect();
        }
        if let Some(last) = last {
            answer["LastEvaluatedKey"] = last;
        }
        answer
    }
}

fn limit(members: Members<'_>) -> Result<usize, ApiError> {
    let Some(limit) = members.number("Limit") else { return Ok(usize::MAX) };
    let why = "failed to satisfy constraint: Member must have value greater than or equal to 1";
    let wrong =
        || invalid(format!("1 validation error detected: Value '{limit}' at 'limit' {why}"));
    usize::try_from(limit).ok().filter(|limit| *limit > 0).ok_or_else(wrong)
}

fn content(members: Members<'_>) -> Result<Content, ApiError> {
    match members.text("Select") {
        None | Some("ALL_ATTRIBUTES" | "SPECIFIC_ATTRIBUTES") => Ok(Content::Items),
        Some("COUNT") => Ok(Content::CountOnly),
        Some(other) => Err(invalid(format!("The sandbox does not know Select {other}"))),
    }
}

fn projection(
    members: Members<'_>,
    placeholders: &mut Placeholders<'_>,
) -> Result<Option<Vec<String>>, ApiError> {
    let text = members.text("ProjectionExpression");
    text.map(|text| expression::projection(text, placeholders)).transpose()
}

fn projected(mut item: Item, projection: Option<&[String]>) -> Value {
    match projection {
        None => item.into(),
        Some(names) => {
            let chosen = names.iter().filter_map(|name| item.remove_entry(name));
            chosen.collect::<Item>().into()
        }
    }
}

/// A key condition: one hash key, and what must hold for the range key.
struct KeyCondition {
    hash: KeyValue,
    range: Option<Condition>,
}

impl KeyCondition {
    fn of(condition: Condition, schema: &Schema) -> Result<Self, ApiError> {
        let (hash, range) = match condition {
            Condition::And(one, other) => match hash_value(&one, schema) {
                Some(_) => (*one, Some(*other)),
                None => (*other, Some(*one)),
            },
            only => (only, None),
        };
        let missed =
            || invalid(format!("Query condition missed key schema element: {}", schema.hash.name));
        let hash = schema.hash.value(hash_value(&hash, schema).ok_or_else(missed)?)?;
        range.as_ref().map_or(Ok(()), |range| check_range(range, schema))?;
        Ok(Self { hash, range })
    }
}

/// The value a condition demands of the hash key.
fn hash_value<'c>(condition: &'c Condition, schema: &Schema) -> Option<&'c Value> {
    match condition {
        Condition::Compare(Operand::Path(path), Comparator::Equal, Operand::Value(value))
            if *path == [schema.hash.name.as_str()] =>
        {
            Some(value)
        }
        _ => None,
    }
}

fn check_range(condition: &Condition, schema: &Schema) -> Result<(), ApiError> {
    let (path, values) = match condition {
        Condition::Compare(_, Comparator::NotEqual, _) => {
            return Err(invalid("Unsupported operator on KeyCondition: operator: <>"));
        }
        Condition::Compare(Operand::Path(path), _, value) | Condition::BeginsWith(path, value) => {
            (path, vec![value])
        }
        Condition::Between(Operand::Path(path), low, high) => (path, vec![low, high]),
        _ => {
            return Err(invalid(
                "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression",
            ));
        }
    };
    let range = schema.range.as_ref().filter(|range| *path == [range.name.as_str()]);
    let range = range.ok_or_else(|| invalid("Query key condition not supported"))?;
    for value in values {
        let Operand::Value(value) = value else {
            return Err(invalid("Query key condition not supported"));
        };
        range.value(value)?;
    }
    Ok(())
}
