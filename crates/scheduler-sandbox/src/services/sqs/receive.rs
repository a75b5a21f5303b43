//! ReceiveMessage, and what is done with what was received: DeleteMessage, DeleteMessageBatch and
//! ChangeMessageVisibility.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::attributes::Redrive;
use super::queue::{Message, Queue, md5_of};
use super::{
    ByName, Call, Members, batch, invalid_value, millis, missing, number_in, queue_of, required,
};
use crate::wire::ApiError;

pub(super) fn receive(queues: &mut ByName, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "QueueUrl",
        "MaxNumberOfMessages",
        "VisibilityTimeout",
        "WaitTimeSeconds",
        "AttributeNames",
        "MessageSystemAttributeNames",
        "MessageAttributeNames",
    ];
    let members = Members::of(input, &known)?;
    let most = number_in(members, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1);
    let visibility = visibility(members)?;
    number_in(members, "WaitTimeSeconds", 0..=20)?;
    bury(queues, call, members)?;
    let queue = queue_of(queues, call, members)?;
    let visibility = visibility.unwrap_or(queue.attributes.visibility());
    let visible = queue.messages.iter_mut().filter(|(_, message)| message.visible <= call.now);
    let received = visible.take(usize::try_from(most).unwrap_or_default());
    let received = received.map(|(number, message)| {
        message.receive(call.now, visibility);
        let mut answer = document(message, members);
        let receipt = Receipt { number: *number, receives: message.receives };
        answer["ReceiptHandle"] = receipt.written(&queue.name).into();
        answer
    });
    let received: Vec<_> = received.collect();
    Ok(if received.is_empty() { json!({}) } else { json!({ "Messages": received }) })
}

/// Moves what has been received too often to the dead-letter queue, with its id, its age and its count.
fn bury(queues: &mut ByName, call: &Call, members: Members<'_>) -> Result<(), ApiError> {
    let Some(Redrive { dead_letters, most_receives, .. }) =
        queue_of(queues, call, members)?.attributes.redrive.clone()
    else {
        return Ok(());
    };
    if queues.contains_key(&dead_letters) {
        let exhausted = queue_of(queues, call, members)?.take_exhausted(most_receives, call.now);
        queues.entry(dead_letters).and_modify(|queue| queue.messages.extend(exhausted));
    }
    Ok(())
}

fn document(message: &Message, members: Members<'_>) -> Value {
    let asked = ["AttributeNames", "MessageSystemAttributeNames"].map(|name| members.list(name));
    let is_asked =
        |name: &str| asked.iter().copied().flatten().any(|asked| asked == "All" || asked == name);
    let told = [
        ("ApproximateReceiveCount", message.receives.to_string()),
        (
            "ApproximateFirstReceiveTimestamp",
            message.first_received.map(millis).unwrap_or_default(),
        ),
        ("SenderId", message.sender.clone()),
        ("SentTimestamp", millis(message.sent)),
    ];
    let told: Map<_, _> = told
        .into_iter()
        .filter(|(name, _)| is_asked(name))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let mut document = json!({ "MessageId": message.id, "MD5OfBody": md5_of(&message.body), "Body": message.body });
    if !told.is_empty() {
        document["Attributes"] = told.into();
    }
    document
}

/// One receipt of a message. AWS's handles are opaque; these can be read when a test fails.
#[derive(Clone, Copy, Debug)]
struct Receipt {
    number: u64,
    /// Which receipt it is: the last one is the one that counts.
    receives: u32,
}

impl Receipt {
    fn written(self, queue: &str) -> String {
        format!("sandbox-receipt/{queue}/{}/{}", self.number, self.receives)
    }

    fn read(text: &str, queue: &str) -> Option<Self> {
        let (number, receives) = text
            .strip_prefix("sandbox-receipt/")?
            .strip_prefix(queue)?
            .strip_prefix('/')?
            .split_once('/')?;
        Some(Self { number: number.parse().ok()?, receives: receives.parse().ok()? })
    }

    fn of(members: Members<'_>, queue: &Queue) -> Result<Self, ApiError> {
        let text = required(members, "ReceiptHandle")?;
        let message = format!("The input receipt handle \"{text}\" is not a valid receipt handle.");
        Self::read(text, &queue.name)
            .ok_or_else(|| ApiError::bad("ReceiptHandleIsInvalid", message))
    }

    /// The message, if it is still there and was not received again since.
    fn message(self, queue: &mut Queue) -> Option<&mut Message> {
        queue.messages.get_mut(&self.number).filter(|message| message.receives == self.receives)
    }
}

pub(super) fn delete(queues: &mut ByName, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueUrl", "ReceiptHandle"])?;
    delete_one(queue_of(queues, call, members)?, members)
}

pub(super) fn delete_several(
    queues: &mut ByName,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueUrl", "Entries"])?;
    let queue = queue_of(queues, call, members)?;
    let entries = batch::entries(members, &["Id", "ReceiptHandle"])?;
    Ok(batch::each(&entries, |entry| delete_one(queue, entry.members)))
}

/// Succeeds with an old receipt too, and then deletes nothing.
fn delete_one(queue: &mut Queue, members: Members<'_>) -> Result<Value, ApiError> {
    let receipt = Receipt::of(members, queue)?;
    if receipt.message(queue).is_some() {
        queue.messages.remove(&receipt.number);
    }
    Ok(json!({}))
}

pub(super) fn change_visibility(
    queues: &mut ByName,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueUrl", "ReceiptHandle", "VisibilityTimeout"])?;
    let queue = queue_of(queues, call, members)?;
    let receipt = Receipt::of(members, queue)?;
    let visibility = visibility(members)?.ok_or_else(|| missing("VisibilityTimeout"))?;
    let why = "Message does not exist or is not available for visibility timeout change.";
    let message = receipt.message(queue).ok_or_else(|| {
        let handle = members.text("ReceiptHandle").unwrap_or_default();
        invalid_value(format!(
            "Value {handle} for parameter ReceiptHandle is invalid. Reason: {why}"
        ))
    })?;
    if message.visible <= call.now {
        return Err(batch::refused(
            "MessageNotInflight",
            "AWS.SimpleQueueService.MessageNotInflight",
            "The specified message isn't in flight.",
        ));
    }
    message.visible = call.now + visibility;
    Ok(json!({}))
}

fn visibility(members: Members<'_>) -> Result<Option<TimeDelta>, ApiError> {
    Ok(number_in(members, "VisibilityTimeout", 0..=43_200)?.map(TimeDelta::seconds))
}
