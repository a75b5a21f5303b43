//! The attributes of a queue: those it is created with, and those it tells.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::{ByName, Call, Members, invalid_value, queue_of};
use crate::wire::ApiError;

/// A number that a queue is created with: its name, its range, and what it is if nothing is said.
type Number = (&'static str, RangeInclusive<i64>, i64);

const DELAY: Number = ("DelaySeconds", 0..=900, 0);
const MOST_BYTES: Number = ("MaximumMessageSize", 1_024..=1_048_576, 1_048_576);
const RETENTION: Number = ("MessageRetentionPeriod", 60..=1_209_600, 345_600);
const WAIT: Number = ("ReceiveMessageWaitTimeSeconds", 0..=20, 0);
const VISIBILITY: Number = ("VisibilityTimeout", 0..=43_200, 30);
const NUMBERS: [Number; 5] = [DELAY, MOST_BYTES, RETENTION, WAIT, VISIBILITY];

const REDRIVE: &str = "RedrivePolicy";

/// What a queue tells and is not created with.
const TOLD: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// What was said of a queue when it was created.
#[derive(Debug)]
pub(super) struct Attributes {
    numbers: BTreeMap<&'static str, i64>,
    pub(super) redrive: Option<Redrive>,
}

/// Where messages go that are received and not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redrive {
    arn: String,
    pub(super) dead_letters: String,
    pub(super) most_receives: u32,
}

impl Attributes {
    /// Reads what CreateQueue was given; `find` answers with the name of the queue that has an ARN.
    pub(super) fn read(
        given: Option<&Value>,
        find: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ApiError> {
        let mut attributes = Self { numbers: BTreeMap::new(), redrive: None };
        for (name, value) in given.and_then(Value::as_object).into_iter().flatten() {
            let text = value.as_str().unwrap_or_default();
            let wrong = || {
                let message = format!("Invalid value for the parameter {name}.");
                ApiError::bad("InvalidAttributeValue", message)
            };
            if name == REDRIVE {
                attributes.redrive = Some(redrive(text, &find)?);
                continue;
            }
            let known = NUMBERS.into_iter().find(|(known, ..)| known == name);
            let (known, range, _) = known.ok_or_else(|| unknown(name))?;
            let number = text.parse().ok().filter(|number| range.contains(number));
            attributes.numbers.insert(known, number.ok_or_else(wrong)?);
        }
        Ok(attributes)
    }

    /// Whether nothing said here differs from what a queue already has.
    pub(super) fn agree(&self, existing: &Self) -> bool {
        let same = NUMBERS.into_iter().all(|number| {
            self.numbers.get(number.0).is_none_or(|value| *value == existing.number(number))
        });
        same && (self.redrive.is_none() || self.redrive == existing.redrive)
    }

    fn number(&self, (name, _, default): Number) -> i64 {
        self.numbers.get(name).copied().unwrap_or(default)
    }

    pub(super) fn delay(&self) -> TimeDelta {
        TimeDelta::seconds(self.number(DELAY))
    }

    pub(super) fn retention(&self) -> TimeDelta {
        TimeDelta::seconds(self.number(RETENTION))
    }

    pub(super) fn visibility(&self) -> TimeDelta {
        TimeDelta::seconds(self.number(VISIBILITY))
    }

    pub(super) fn most_bytes(&self) -> usize {
        usize::try_from(self.number(MOST_BYTES)).unwrap_or(usize::MAX)
    }
}

fn redrive(text: &str, find: impl Fn(&str) -> Option<String>) -> Result<Redrive, ApiError> {
    let invalid = |why: &str| {
        invalid_value(format!("Value {text} for parameter {REDRIVE} is invalid. Reason: {why}"))
    };
    let policy: Value = serde_json::from_str(text)
        .map_err(|_| invalid("Redrive policy is not a valid JSON map."))?;
    let arn = policy["deadLetterTargetArn"].as_str();
    let arn = arn.ok_or_else(|| {
        invalid("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
    })?;
    let most = &policy["maxReceiveCount"];
    let most = most.as_u64().or_else(|| most.as_str()?.parse().ok());
    let most = most.filter(|most| (1..=1_000).contains(most)).and_then(|most| most.try_into().ok());
    let most_receives = most.ok_or_else(|| {
        invalid(
            "Invalid value for maxReceiveCount, valid values are from 1 to 1000 both inclusive.",
        )
    })?;
    let dead_letters = find(arn).ok_or_else(|| invalid("Dead letter target does not exist."))?;
    Ok(Redrive { arn: arn.to_owned(), dead_letters, most_receives })
}

/// GetQueueAttributes.
pub(super) fn get(queues: &mut ByName, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["QueueUrl", "AttributeNames"])?;
    let asked: Vec<_> = members.list("AttributeNames").iter().filter_map(Value::as_str).collect();
    let queue = queue_of(queues, call, members)?;
    let counts = queue.counts(call.now);
    let created = queue.created.timestamp();
    let told = [
        counts.visible.to_string(),
        counts.delayed.to_string(),
        counts.in_flight.to_string(),
        created.to_string(),
        created.to_string(),
        call.place.arn("sqs", &queue.name),
    ];
    let attributes = &queue.attributes;
    let numbers =
        NUMBERS.into_iter().map(|number| (number.0, attributes.number(number).to_string()));
    let redrive = attributes.redrive.as_ref().map(|redrive| {
        let Redrive { arn, most_receives, .. } = redrive;
        let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": most_receives });
        (REDRIVE, policy.to_string())
    });
    let all: BTreeMap<_, _> = TOLD.into_iter().zip(told).chain(numbers).chain(redrive).collect();
    if let Some(name) = asked.iter().find(|name| !is_known(name)) {
        return Err(unknown(name));
    }
    let is_asked = |name: &str| asked.contains(&"All") || asked.contains(&name);
    let answer: Map<_, _> = all
        .into_iter()
        .filter(|(name, _)| is_asked(name))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    Ok(if answer.is_empty() { json!({}) } else { json!({ "Attributes": answer }) })
}

fn is_known(name: &str) -> bool {
    let is_number = NUMBERS.iter().any(|(known, ..)| *known == name);
    is_number || TOLD.contains(&name) || [REDRIVE, "All"].contains(&name)
}

fn unknown(name: &str) -> ApiError {
    ApiError::bad("InvalidAttributeName", format!("Unknown Attribute {name}."))
}
