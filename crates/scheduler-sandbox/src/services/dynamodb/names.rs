//! Placeholders in expressions, `#name` and `:value`, and the words that need one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::value::check;
use crate::services::members::{Members, invalid};
use crate::wire::ApiError;

/// "Reserved words in DynamoDB", Amazon DynamoDB Developer Guide.
const RESERVED_WORDS: &str = include_str!("reserved_words.txt");

/// What a request's placeholders stand for, and which of them its expressions have used.
#[derive(Debug)]
pub(super) struct Placeholders<'a> {
    names: Option<&'a Map<String, Value>>,
    values: Option<&'a Map<String, Value>>,
    used: BTreeSet<String>,
}

impl<'a> Placeholders<'a> {
    pub(super) fn of(members: Members<'a>) -> Result<Self, ApiError> {
        let map = |name| members.value(name).and_then(Value::as_object);
        let (names, values) = (map("ExpressionAttributeNames"), map("ExpressionAttributeValues"));
        values.into_iter().flat_map(Map::values).try_for_each(check)?;
        Ok(Self { names, values, used: BTreeSet::new() })
    }

    /// The attribute behind `#name`.
    pub(super) fn name(&mut self, placeholder: &str) -> Result<String, String> {
        self.used.insert(placeholder.to_owned());
        let name = self.names.and_then(|names| names.get(placeholder)?.as_str());
        let why = "An expression attribute name used in the document path is not defined; attribute name:";
        name.map(str::to_owned).ok_or_else(|| format!("{why} {placeholder}"))
    }

    /// The value behind `:value`.
    pub(super) fn value(&mut self, placeholder: &str) -> Result<Value, String> {
        self.used.insert(placeholder.to_owned());
        let value = self.values.and_then(|values| values.get(placeholder));
        let why =
            "An expression attribute value used in expression is not defined; attribute value:";
        value.cloned().ok_or_else(|| format!("{why} {placeholder}"))
    }

    /// After all expressions are read: every placeholder must have been used.
    pub(super) fn finish(&self) -> Result<(), ApiError> {
        self.refuse_unused("ExpressionAttributeNames", self.names)?;
        self.refuse_unused("ExpressionAttributeValues", self.values)
    }

    fn refuse_unused(
        &self,
        member: &str,
        given: Option<&Map<String, Value>>,
    ) -> Result<(), ApiError> {
        let keys = given.into_iter().flat_map(Map::keys);
        let unused: Vec<_> =
            keys.filter(|key| !self.used.contains(*key)).map(String::as_str).collect();
        if unused.is_empty() {
            return Ok(());
        }
        let unused = unused.join(", ");
        Err(invalid(format!(
            "Value provided in {member} unused in expressions: keys: {{{unused}}}"
        )))
    }
}

/// Refuses an attribute name that must be written as a placeholder.
pub(super) fn check_reserved(name: &str) -> Result<(), String> {
    let upper = name.to_ascii_uppercase();
    if RESERVED_WORDS.split_whitespace().any(|word| word == upper) {
        return Err(format!("Attribute name is a reserved keyword; reserved keyword: {name}"));
    }
    Ok(())
}
