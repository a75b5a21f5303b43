//! Parameter Store.
//!
//! Simpler than AWS: one tier, no history, no labels, no selectors behind a name (`name:3`), no filters. Without
//! decryption a SecureString is an opaque text; the key that encrypts it is not modelled, so no KMS permission is
//! asked.

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Call, Members, TOKEN, after, invalid, number_in, seconds};
use crate::wire::ApiError;

/// The parameters of one Region of one account, by name.
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, Parameter>);

#[derive(Debug)]
struct Parameter {
    kind: Kind,
    value: String,
    version: u64,
    modified: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    StringList,
    SecureString,
}

/// The most a parameter of the standard tier holds.
const MOST_BYTES: usize = 4_096;
const MOST_NAMES: usize = 10;
const PAGE_SIZES: std::ops::RangeInclusive<i64> = 1..=10;

pub(super) fn put(
    parameters: &mut Parameters,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let known =
        ["Name", "Value", "Type", "Overwrite", "Description", "KeyId", "Tier", "DataType", "Tags"];
    let members = Members::of(input, &known)?;
    let name = checked_name(members.required_text("Name")?)?;
    let value = checked_value(members.required_text("Value")?)?;
    let kind = members.text("Type").map(kind).transpose()?;

    let old = parameters.0.get(name);
    if old.is_some() && !members.says("Overwrite") {
        let advice = "To overwrite this value, set the overwrite option in the request to true.";
        return Err(ApiError::bad(
            "ParameterAlreadyExists",
            format!("The parameter already exists. {advice}"),
        ));
    }
    let missing_kind = || invalid("A parameter type is required when you create a parameter.");
    let kind = kind.or(old.map(|old| old.kind)).ok_or_else(missing_kind)?;
    let version = old.map_or(1, |old| old.version + 1);
    let parameter = Parameter { kind, value: value.to_owned(), version, modified: call.now };
    parameters.0.insert(name.to_owned(), parameter);
    Ok(json!({ "Version": version, "Tier": "Standard" }))
}

pub(super) fn get(parameters: &Parameters, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["Name", "WithDecryption"])?;
    let name = members.required_text("Name")?;
    let missing = || ApiError::bad("ParameterNotFound", format!("Parameter {name} not found."));
    let parameter = parameters.0.get(name).ok_or_else(missing)?;
    Ok(json!({ "Parameter": document(call, name, parameter, reading(members)) }))
}

pub(super) fn get_several(
    parameters: &Parameters,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["Names", "WithDecryption"])?;
    let names: Vec<_> = members.list("Names").iter().filter_map(Value::as_str).collect();
    if names.is_empty() || names.len() > MOST_NAMES {
        let why = format!("Member must have length between 1 and {MOST_NAMES}");
        return Err(invalid(format!(
            "1 validation error detected: Value at 'names' failed: {why}"
        )));
    }
    let found = names.iter().filter_map(|name| Some((*name, parameters.0.get(*name)?)));
    let found: Vec<_> =
        found.map(|(name, found)| document(call, name, found, reading(members))).collect();
    let missing: Vec<_> = names.iter().filter(|name| !parameters.0.contains_key(**name)).collect();
    Ok(json!({ "Parameters": found, "InvalidParameters": missing }))
}

pub(super) fn get_by_path(
    parameters: &Parameters,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let known = ["Path", "Recursive", "WithDecryption", "MaxResults", "NextToken"];
    let members = Members::of(input, &known)?;
    let folder = folder(members.required_text("Path")?)?;
    let size = number_in(members, "MaxResults", PAGE_SIZES)?.unwrap_or(*PAGE_SIZES.end());
    let size = usize::try_from(size).unwrap_or_default();
    let after = after(members)?;

    let below = |name: &str| {
        let rest = name.strip_prefix(&folder);
        rest.is_some_and(|rest| members.says("Recursive") || !rest.contains('/'))
    };
    let start = after.map_or(folder.as_str(), |after| after.max(&folder));
    let mut rest = parameters
        .0
        .range::<str, _>((Included(start), Unbounded))
        .take_while(|(name, _)| name.starts_with(&folder));
    let mut rest = rest.by_ref().filter(|(name, _)| below(name) && Some(name.as_str()) != after);
    let page: Vec<_> = rest.by_ref().take(size).collect();
    let next =
        page.last().filter(|_| rest.next().is_some()).map(|(name, _)| format!("{TOKEN}{name}"));

    let found =
        page.iter().map(|(name, parameter)| document(call, name, parameter, reading(members)));
    let mut answer = json!({ "Parameters": found.collect::<Vec<_>>() });
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(answer)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Decrypted,
    AsStored,
}

fn reading(members: Members<'_>) -> Reading {
    if members.says("WithDecryption") { Reading::Decrypted } else { Reading::AsStored }
}

fn document(call: &Call, name: &str, parameter: &Parameter, reading: Reading) -> Value {
    let value = match (parameter.kind, reading) {
        (Kind::SecureString, Reading::AsStored) => opaque(parameter),
        (Kind::String | Kind::StringList | Kind::SecureString, _) => parameter.value.clone(),
    };
    json!({
        "Name": name,
        "Type": parameter.kind.name(),
        "Value": value,
        "Version": parameter.version,
        "LastModifiedDate": seconds(parameter.modified),
        "ARN": call.place.arn("ssm", format_args!("parameter/{}", name.trim_start_matches('/'))),
        "DataType": "text",
    })
}

/// Stands for ciphertext: tells nothing but the length and the version.
fn opaque(parameter: &Parameter) -> String {
    format!("AQICAHsandbox{:0>8}{:0>8}==", parameter.version, parameter.value.len())
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringList => "StringList",
            Self::SecureString => "SecureString",
        }
    }
}

fn kind(text: &str) -> Result<Kind, ApiError> {
    match text {
        "String" => Ok(Kind::String),
        "StringList" => Ok(Kind::StringList),
        "SecureString" => Ok(Kind::SecureString),
        _ => {
            let set = "[SecureString, StringList, String]";
            let why = format!("Member must satisfy enum value set: {set}");
            Err(invalid(format!(
                "1 validation error detected: Value '{text}' at 'type' failed to satisfy: {why}"
            )))
        }
    }
}

fn checked_name(name: &str) -> Result<&str, ApiError> {
    let spelled = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    if !spelled || name.is_empty() || name.ends_with('/') {
        let letters = "only letters, digits, and the characters . - _ /";
        return Err(invalid(format!(
            "Parameter name: can't be empty or end with a slash, and holds {letters}"
        )));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(invalid("Parameter name must be a fully qualified name."));
    }
    Ok(name)
}

fn checked_value(value: &str) -> Result<&str, ApiError> {
    if value.is_empty() {
        let why = "Member must have length greater than or equal to 1";
        return Err(invalid(format!(
            "1 validation error detected: Value '' at 'value' failed to satisfy: {why}"
        )));
    }
    if value.len() > MOST_BYTES {
        let limit = format!(
            "Standard tier parameters support a maximum parameter value of {MOST_BYTES} characters."
        );
        return Err(invalid(limit));
    }
    Ok(value)
}

/// A path with a slash at its end, so that `/a` does not begin `/ab/c`.
fn folder(path: &str) -> Result<String, ApiError> {
    if !path.starts_with('/') {
        return Err(invalid(
            "The parameter doesn't meet the parameter name requirements: it must begin with a slash",
        ));
    }
    Ok(format!("{}/", path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests;
