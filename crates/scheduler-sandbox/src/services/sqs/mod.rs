//! SQS: standard queues, their messages, and what becomes of a message that nobody deletes.
//!
//! Simpler than AWS: messages come in the order in which they were sent, none is late, and each once unless a fault
//! loses it or makes it come twice ([`Effect`](crate::Effect)); counts are exact; a receive answers at once, however
//! long it may wait; a message that has been received too often is moved when the next receive meets it; there are no
//! FIFO queues, message attributes, policies of queues, keys or tags, and no limit to what is in flight; a queue is
//! found by its account's own callers only, is there at once, and its name is free again at once.

mod attributes;
mod batch;
mod queue;
mod receive;
mod send;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use self::attributes::Attributes;
use self::queue::Queue;
use super::Call;
use super::members::Members;
use crate::wire::ApiError;

/// The queues of one Region of one account.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    queues: ByName,
    /// The last number that a message was given.
    numbered: u64,
}

type ByName = BTreeMap<String, Queue>;

pub(crate) fn perform(queues: &mut Queues, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let Queues { queues, numbered } = queues;
    match call.operation.as_str() {
        "CreateQueue" => create(queues, call, input),
        "GetQueueUrl" => get_url(queues, call, input),
        "GetQueueAttributes" => attributes::get(queues, call, input),
        "DeleteQueue" => delete(queues, call, input),
        "SendMessage" => send::one(queues, numbered, call, input),
        "SendMessageBatch" => send::several(queues, numbered, call, input),
        "ReceiveMessage" => receive::receive(queues, call, input),
        "DeleteMessage" => receive::delete(queues, call, input),
        "DeleteMessageBatch" => receive::delete_several(queues, call, input),
        "ChangeMessageVisibility" => receive::change_visibility(queues, call, input),
        _ => Err(call.unknown_operation()),
    }
}

/// The queue whose URL an operation was given, without the messages that were kept for too long.
fn queue_of<'q>(
    queues: &'q mut ByName,
    call: &Call,
    members: Members<'_>,
) -> Result<&'q mut Queue, ApiError> {
    let url = required(members, "QueueUrl")?;
    let (account, name) = place_of(url).ok_or_else(|| {
        let message = format!("The address {url} is not valid for this endpoint.");
        ApiError::bad("InvalidAddress", message)
    })?;
    let queue = queues.get_mut(name).filter(|_| *account == *call.place.home.account);
    let queue = queue.ok_or_else(does_not_exist)?;
    queue.forget_expired(call.now);
    Ok(queue)
}

/// The account and the name in a queue's URL.
fn place_of(url: &str) -> Option<(&str, &str)> {
    let (_, path) = url.split_once("://")?.1.split_once('/')?;
    path.split_once('/')
}

fn url_of(call: &Call, name: &str) -> String {
    let (home, region) = (&call.place.home, &call.place.region);
    format!("https://sqs.{region}.{}/{}/{name}", home.partition.dns_suffix, home.account)
}

fn create(queues: &mut ByName, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueName", "Attributes"])?;
    let name = checked_name(required(members, "QueueName")?)?;
    let given = members.value("Attributes");
    let attributes = Attributes::read(given, |arn| {
        let name = arn.rsplit(':').next().unwrap_or_default();
        let is_there = queues.contains_key(name) && arn == call.place.arn("sqs", name);
        is_there.then(|| name.to_owned())
    })?;
    match queues.get(name) {
        Some(old) if !attributes.agree(&old.attributes) => {
            let message =
                "A queue already exists with the same name and a different value for an attribute";
            return Err(ApiError::bad("QueueNameExists", message).known_as("QueueAlreadyExists"));
        }
        Some(_) => {}
        None => {
            queues.insert(name.to_owned(), Queue::new(name, attributes, call.now));
        }
    }
    Ok(json!({ "QueueUrl": url_of(call, name) }))
}

fn get_url(queues: &ByName, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueName", "QueueOwnerAWSAccountId"])?;
    let name = required(members, "QueueName")?;
    let owner = members.text("QueueOwnerAWSAccountId").unwrap_or(&call.place.home.account);
    let is_there = queues.contains_key(name) && *owner == *call.place.home.account;
    let url = is_there.then(|| url_of(call, name)).ok_or_else(does_not_exist)?;
    Ok(json!({ "QueueUrl": url }))
}

fn delete(queues: &mut ByName, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueUrl"])?;
    let name = queue_of(queues, call, members)?.name.clone();
    queues.remove(&name);
    Ok(json!({}))
}

fn checked_name(name: &str) -> Result<&str, ApiError> {
    let why =
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    is_plain(name).then_some(name).ok_or_else(|| invalid_value(why))
}

/// What names of queues and ids of entries are made of.
fn is_plain(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=80).contains(&text.len()) && text.bytes().all(is_allowed)
}

fn required<'a>(members: Members<'a>, name: &str) -> Result<&'a str, ApiError> {
    members.text(name).filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ApiError {
    let message = format!("The request must contain the parameter {name}.");
    ApiError::bad("MissingRequiredParameterException", message).known_as("MissingParameter")
}

/// A number of seconds or messages that must lie in a range if it is given.
fn number_in(
    members: Members<'_>,
    name: &str,
    range: std::ops::RangeInclusive<i64>,
) -> Result<Option<i64>, ApiError> {
    let Some(number) = members.number(name) else { return Ok(None) };
    if range.contains(&number) {
        return Ok(Some(number));
    }
    let (least, most) = (range.start(), range.end());
    let why = format!("Reason: Must be between {least} and {most}, if provided.");
    Err(invalid_value(format!("Value {number} for parameter {name} is invalid. {why}")))
}

fn invalid_value(message: impl Into<String>) -> ApiError {
    ApiError::bad("InvalidParameterValueException", message).known_as("InvalidParameterValue")
}

fn does_not_exist() -> ApiError {
    ApiError::bad("QueueDoesNotExist", "The specified queue does not exist.")
        .known_as("AWS.SimpleQueueService.NonExistentQueue")
}

/// Milliseconds since 1970, as SQS writes instants of messages.
fn millis(at: DateTime<Utc>) -> String {
    at.timestamp_millis().to_string()
}

#[cfg(test)]
mod tests;
