//! Smithy rpc-v2-cbor, as far as JSON's shapes go: the services see and answer JSON values, this turns them over.
//!
//! Timestamps are tagged in CBOR and plain seconds in AWS's JSON. They are told apart on the way out by name: every
//! member that CloudWatch calls `Timestamp` is one.

use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

use super::ApiError;

/// RFC 8949, section 3.4.2: seconds since 1970.
const EPOCH_SECONDS: u64 = 1;

/// Reads a body; an empty one is an empty structure.
pub(crate) fn decode(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let cbor: Cbor = ciborium::from_reader(body).map_err(|error| unreadable(&error.to_string()))?;
    to_json(cbor)
}

/// Writes a body.
pub(crate) fn encode(json: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    ciborium::into_writer(&to_cbor(json), &mut body).expect("writing into memory cannot fail");
    body
}

fn to_json(cbor: Cbor) -> Result<Value, ApiError> {
    match cbor {
        Cbor::Null => Ok(Value::Null),
        Cbor::Bool(flag) => Ok(flag.into()),
        Cbor::Text(text) => Ok(text.into()),
        Cbor::Integer(integer) => {
            let integer =
                i64::try_from(integer).map_err(|_| unreadable("an integer beyond 64 bits"))?;
            Ok(integer.into())
        }
        Cbor::Float(float) => {
            let number =
                Number::from_f64(float).ok_or_else(|| unreadable("a number that is not finite"))?;
            Ok(number.into())
        }
        Cbor::Tag(EPOCH_SECONDS, seconds) => to_json(*seconds),
        Cbor::Array(list) => list.into_iter().map(to_json).collect(),
        Cbor::Map(members) => members.into_iter().map(member).collect(),
        // CloudWatch has no blobs, and ciborium may gain kinds of values.
        _ => Err(unreadable("a kind of value no operation takes")),
    }
}

fn member((name, value): (Cbor, Cbor)) -> Result<(String, Value), ApiError> {
    let name = name.into_text().map_err(|_| unreadable("a member whose name is no text"))?;
    Ok((name, to_json(value)?))
}

fn to_cbor(json: &Value) -> Cbor {
    match json {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Cbor::Integer(integer.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::Array(list) => Cbor::Array(list.iter().map(to_cbor).collect()),
        Value::Object(members) => Cbor::Map(members.iter().map(named).collect()),
    }
}

fn named((name, json): (&String, &Value)) -> (Cbor, Cbor) {
    let value = to_cbor(json);
    let value = if name == "Timestamp" { Cbor::Tag(EPOCH_SECONDS, Box::new(value)) } else { value };
    (Cbor::Text(name.clone()), value)
}

fn unreadable(what: &str) -> ApiError {
    ApiError::bad("SerializationException", format!("the body holds {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back() {
        let value =
            json!({"Namespace": "x", "List": [1, 2.5, true, null], "Timestamp": 1_767_225_600.25});
        assert_eq!(decode(&encode(&value)).unwrap(), value);
    }

    #[test]
    fn a_timestamp_is_tagged() {
        let body = encode(&json!({"Timestamp": 1}));
        let cbor: Cbor = ciborium::from_reader(&*body).unwrap();
        assert_eq!(cbor.as_map().unwrap()[0].1, Cbor::Tag(1, Box::new(Cbor::Integer(1.into()))));
    }
}
