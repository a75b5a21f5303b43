//! Members of a JSON input. What an operation does not read is refused, so that nothing is silently ignored.

use serde_json::{Map, Value};

use crate::wire::ApiError;

/// The members an operation was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// The input's members, if all of them are among those the operation knows.
    pub(crate) fn of(document: &'a Value, known: &[&str]) -> Result<Self, ApiError> {
        let members = document
            .as_object()
            .ok_or_else(|| ApiError::bad("SerializationException", "not a structure"))?;
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(invalid(format!(
                "The sandbox does not know the member {name} of this operation"
            ))),
            None => Ok(Self(members)),
        }
    }

    pub(crate) fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.value(name).and_then(Value::as_str)
    }

    pub(crate) fn number(self, name: &str) -> Option<i64> {
        self.value(name).and_then(Value::as_i64)
    }

    /// Whether a boolean member is given and true.
    pub(crate) fn says(self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn list(self, name: &str) -> &'a [Value] {
        self.value(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn required_text(self, name: &str) -> Result<&'a str, ApiError> {
        self.text(name).ok_or_else(|| missing(name))
    }

    pub(crate) fn required(self, name: &str) -> Result<&'a Value, ApiError> {
        self.value(name).ok_or_else(|| missing(name))
    }
}

pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::bad("ValidationException", message)
}

/// The words AWS has for a required member that is not there; it names members as Java does.
pub(crate) fn missing(name: &str) -> ApiError {
    let name = camel(name);
    let why = "failed to satisfy constraint: Member must not be null";
    invalid(format!("1 validation error detected: Value null at '{name}' {why}"))
}

/// `TableName` becomes `tableName`.
pub(crate) fn camel(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
