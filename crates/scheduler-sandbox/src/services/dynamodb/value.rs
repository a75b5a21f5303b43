//! Attribute values as they are on the wire, `{"S": "text"}`: which ones are valid, how they compare, how large they
//! are.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::expression::Sign;
use super::number::Number;
use crate::services::members::invalid;
use crate::wire::ApiError;

/// An item as it is on the wire. Numbers stay the text they came as.
pub(super) type Item = Map<String, Value>;

/// DynamoDB's limit for one item, names and values together: "Quotas in Amazon DynamoDB".
const MOST_BYTES: usize = 400 * 1024;

/// The type of an attribute value and what it holds.
pub(super) fn typed(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.iter().next().map(|(kind, inner)| (kind.as_str(), inner))
}

/// Refuses an item with a value that is none, or that is too large.
pub(super) fn check_item(item: &Item) -> Result<(), ApiError> {
    item.values().try_for_each(check)?;
    if item_bytes(item) > MOST_BYTES {
        return Err(invalid("Item size has exceeded the maximum allowed size"));
    }
    Ok(())
}

/// Refuses what is not an attribute value.
pub(super) fn check(value: &Value) -> Result<(), ApiError> {
    let Some((kind, inner)) = typed(value) else {
        let message =
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
        return Err(invalid(message));
    };
    let valid = match kind {
        "S" | "B" => inner.is_string(),
        "N" => return check_number(inner),
        "BOOL" => inner.is_boolean(),
        "NULL" => *inner == Value::Bool(true),
        "M" => {
            return inner.as_object().ok_or_else(|| wrong_type(kind))?.values().try_for_each(check);
        }
        "L" => return inner.as_array().ok_or_else(|| wrong_type(kind))?.iter().try_for_each(check),
        "SS" | "NS" | "BS" => return check_set(kind, inner),
        _ => false,
    };
    valid.then_some(()).ok_or_else(|| wrong_type(kind))
}

fn check_number(inner: &Value) -> Result<(), ApiError> {
    let text = inner.as_str().ok_or_else(|| wrong_type("N"))?;
    let number = text.parse::<Number>();
    let message = format!("The parameter cannot be converted to a numeric value: {text}");
    number.map(|_| ()).map_err(|_| invalid(message))
}

fn check_set(kind: &str, inner: &Value) -> Result<(), ApiError> {
    let members = inner.as_array().ok_or_else(|| wrong_type(kind))?;
    let texts = members.iter().map(|member| member.as_str().ok_or_else(|| wrong_type(kind)));
    let distinct = texts.collect::<Result<BTreeSet<_>, _>>()?;
    if members.is_empty() {
        let message = "One or more parameter values were invalid: An string set  may not be empty";
        return Err(invalid(message));
    }
    if distinct.len() < members.len() {
        let message =
            "One or more parameter values were invalid: Input collection contains duplicates";
        return Err(invalid(message));
    }
    if kind == "NS" { members.iter().try_for_each(check_number) } else { Ok(()) }
}

fn wrong_type(kind: &str) -> ApiError {
    ApiError::bad("SerializationException", format!("Unexpected value for the type {kind}"))
}

/// How two values compare, if they have an order: both strings, both numbers or both binary.
pub(super) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (typed(one)?, typed(other)?) {
        (("N", one), ("N", other)) => Some(
            one.as_str()?.parse::<Number>().ok()?.cmp(&other.as_str()?.parse::<Number>().ok()?),
        ),
        (("S", one), ("S", other)) => Some(one.as_str()?.cmp(other.as_str()?)),
        // Base64 keeps equality, and nothing here asks for the order of binary values.
        (("B", one), ("B", other)) => (one == other).then_some(Ordering::Equal),
        _ => None,
    }
}

/// Whether two values are the same: numbers by value, sets in any order.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (typed(one), typed(other)) {
        (Some((kind @ ("SS" | "BS" | "NS"), one)), Some((other_kind, other))) => {
            kind == other_kind && same_set(one, other)
        }
        (Some(("N", _)), Some(("N", _))) => compare(one, other) == Some(Ordering::Equal),
        _ => one == other,
    }
}

fn same_set(one: &Value, other: &Value) -> bool {
    let texts = |set: &Value| -> BTreeSet<String> {
        set.as_array()
            .into_iter()
            .flatten()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    };
    texts(one) == texts(other)
}

/// The sum or the difference of two numbers. Of whole ones only: they are there to count with.
pub(super) fn sum(left: &Value, sign: Sign, right: &Value) -> Result<Value, ApiError> {
    let (left, right) = (whole(left)?, whole(right)?);
    let sum = match sign {
        Sign::Plus => left.checked_add(right),
        Sign::Minus => left.checked_sub(right),
    };
    let sum =
        sum.ok_or_else(|| invalid("Number overflow. Attempting to store a number too large"))?;
    Ok(json!({ "N": sum.to_string() }))
}

fn whole(value: &Value) -> Result<i128, ApiError> {
    let wrong = "An operand in the update expression has an incorrect data type";
    let text = value["N"].as_str().ok_or_else(|| invalid(wrong))?;
    text.parse().map_err(|_| invalid(format!("The sandbox adds whole numbers only: {text}")))
}

/// The size that counts towards a page and an item: names and values, in UTF-8.
pub(super) fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + bytes(value)).sum()
}

fn bytes(value: &Value) -> usize {
    match typed(value) {
        Some(("S", inner)) => inner.as_str().map_or(0, str::len),
        // About a byte for every two significant digits, and one more.
        Some(("N", inner)) => inner.as_str().map_or(0, str::len).div_ceil(2) + 1,
        // Four characters of base64 are three bytes.
        Some(("B", inner)) => inner.as_str().map_or(0, str::len) / 4 * 3,
        Some(("BOOL" | "NULL", _)) | None => 1,
        Some(("M", inner)) => 3 + inner.as_object().map_or(0, item_bytes),
        Some(("L", inner)) => {
            3 + inner.as_array().into_iter().flatten().map(|value| 1 + bytes(value)).sum::<usize>()
        }
        Some((_, inner)) => {
            inner.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::len).sum()
        }
    }
}
