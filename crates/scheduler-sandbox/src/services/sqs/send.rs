//! SendMessage and SendMessageBatch.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::batch::{self, refused};
use super::queue::{Message, Queue, md5_of};
use super::{ByName, Call, Members, invalid_value, number_in, queue_of, required};
use crate::wire::ApiError;

/// The most bytes that the bodies of a batch have together.
const MOST_BYTES_OF_A_BATCH: usize = 1_048_576;

pub(super) fn one(
    queues: &mut ByName,
    numbered: &mut u64,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueUrl", "MessageBody", "DelaySeconds"])?;
    let queue = queue_of(queues, call, members)?;
    send(queue, numbered, call, members, &[required(members, "QueueUrl")?])
}

pub(super) fn several(
    queues: &mut ByName,
    numbered: &mut u64,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueUrl", "Entries"])?;
    let queue = queue_of(queues, call, members)?;
    let url = required(members, "QueueUrl")?;
    let entries = batch::entries(members, &["Id", "MessageBody", "DelaySeconds"])?;
    let body_bytes =
        |entry: &batch::Entry<'_>| entry.members.text("MessageBody").map_or(0, str::len);
    let bytes: usize = entries.iter().map(body_bytes).sum();
    if bytes > MOST_BYTES_OF_A_BATCH {
        return Err(refused(
            "BatchRequestTooLong",
            "AWS.SimpleQueueService.BatchRequestTooLong",
            format!(
                "Batch requests cannot be longer than {MOST_BYTES_OF_A_BATCH} bytes. \
                 You have sent {bytes} bytes."
            ),
        ));
    }
    Ok(batch::each(&entries, |entry| send(queue, numbered, call, entry.members, &[url, entry.id])))
}

/// Takes one message. `names` are what a fault may name it by, next to its body.
fn send(
    queue: &mut Queue,
    numbered: &mut u64,
    call: &Call,
    members: Members<'_>,
    names: &[&str],
) -> Result<Value, ApiError> {
    let body = checked_body(required(members, "MessageBody")?, queue.attributes.most_bytes())?;
    let delay = number_in(members, "DelaySeconds", 0..=900)?.map(TimeDelta::seconds);
    let mut next = || {
        *numbered += 1;
        *numbered
    };
    let message = Message {
        id: message_id(call, next()),
        body: body.to_owned(),
        sender: call.principal.user_id(),
        sent: call.now,
        visible: call.now + delay.unwrap_or(queue.attributes.delay()),
        first_received: None,
        receives: 0,
    };
    let answer = json!({ "MessageId": message.id, "MD5OfMessageBody": md5_of(body) });
    for _ in 0..call.aftermath.copies_of(&[names, &[body]].concat()) {
        queue.messages.insert(next(), message.clone());
    }
    Ok(answer)
}

/// A UUID in form: unlike in every place.
fn message_id(call: &Call, number: u64) -> String {
    let place = call.place.number();
    format!("{:08x}-{:04x}-4000-8000-{number:012x}", place >> 8, place & 0xff)
}

fn checked_body(body: &str, most_bytes: usize) -> Result<&str, ApiError> {
    if body.len() > most_bytes {
        let why = format!("Reason: Message must be shorter than {most_bytes} bytes.");
        return Err(invalid_value(format!("One or more parameters are invalid. {why}")));
    }
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    if body.chars().all(is_allowed) {
        return Ok(body);
    }
    let message = "Invalid characters found. Valid unicode characters are \
                   #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";
    Err(ApiError::bad("InvalidMessageContents", message))
}
