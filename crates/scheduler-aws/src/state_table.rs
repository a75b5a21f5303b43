//! The StateTable: one item per resource with memory, written only when it changes, one per lease, and what is written
//! down of passes in shards (`claims`).
//!
//! A lease has a hash key of its own, which is no target's, so that reading a target's memories never meets it. Range
//! keys that are no resource's belong to others and are passed over.

mod claims;

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, put_item::PutItemError},
    types::{AttributeValue, PutRequest, ReturnValuesOnConditionCheckFailure, WriteRequest},
};
use chrono::TimeDelta;
use scheduler_core::{
    Instant, ResourceKey, Target,
    memory::Memory,
    resource::{Failure, FailureCode},
};
use scheduler_engine::{
    Leases, MemoryStore,
    ports::{Acquired, Lease, Memories, Remembered},
};
use serde::Serialize;

use crate::{Aws, failure::failure};

/// `BatchWriteItem` takes at most this many items.
const BATCH: usize = 25;

/// How often items that DynamoDB left unprocessed are sent again.
const ATTEMPTS: u32 = 6;

/// The hash key of leases.
const LEASE: &str = "lease";

/// How long after a lease has expired its item stays: DynamoDB deletes by a clock that is not ours.
const KEPT: TimeDelta = TimeDelta::days(1);

/// The memories of every target, and the leases.
#[derive(Debug)]
pub struct StateTable<'a> {
    aws: &'a Aws,
    table: &'a str,
}

impl Aws {
    /// The StateTable of that name.
    pub fn memory<'a>(&'a self, table: &'a str) -> StateTable<'a> {
        StateTable { aws: self, table }
    }
}

/// A memory as it is stored.
#[derive(Debug, Serialize)]
struct Stored {
    target: String,
    resource: String,
    #[serde(flatten)]
    memory: Memory,
}

type Item = HashMap<String, AttributeValue>;

impl MemoryStore for StateTable<'_> {
    async fn load(&self, target: &Target) -> Result<Remembered, Failure> {
        let items = self.items(&target.to_string()).await?;
        let mut remembered = Remembered::default();
        items.into_iter().for_each(|item| add(&mut remembered, item));
        Ok(remembered)
    }

    async fn save(&self, target: &Target, memories: &Memories) -> Result<(), Failure> {
        let items = memories.iter().map(|(key, memory)| item(target, key, memory));
        self.write(items.collect::<Result<Vec<_>, _>>()?).await
    }
}

impl StateTable<'_> {
    /// Every item below a hash key. The SDK's own paginator hands items on one at a time, each with a turn for all others
    /// that are at work: where many targets are, they would all be done at the same time, and then all wait.
    async fn items(&self, target: &str) -> Result<Vec<Item>, Failure> {
        let client = self.aws.dynamodb();
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let request = client
                .query()
                .table_name(self.table)
                .key_condition_expression("target = :target")
                .expression_attribute_values(":target", AttributeValue::S(target.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(start.take());
            let page = request.send().await.map_err(|error| failure("dynamodb:Query", &error))?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// The lease of that name, if somebody holds it or has not given it back.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub async fn lease(&self, name: &str) -> Result<Option<Lease>, Failure> {
        let request = self
            .aws
            .dynamodb()
            .query()
            .table_name(self.table)
            .key_condition_expression("target = :lease AND #resource = :name")
            .expression_attribute_names("#resource", "resource")
            .expression_attribute_values(":lease", AttributeValue::S(LEASE.to_owned()))
            .expression_attribute_values(":name", AttributeValue::S(name.to_owned()));
        let answer = request.send().await.map_err(|error| failure("dynamodb:Query", &error))?;
        Ok(answer.items().first().and_then(held).and_then(|held| match held {
            Acquired::No { holder, until } => Some(Lease { name: name.to_owned(), holder, until }),
            Acquired::Yes => None,
        }))
    }
}

impl Leases for StateTable<'_> {
    async fn acquire(&self, lease: &Lease, now: Instant) -> Result<Acquired, Failure> {
        let request = self
            .aws
            .dynamodb()
            .put_item()
            .table_name(self.table)
            .set_item(Some(claim(lease)))
            .condition_expression(
                "attribute_not_exists(target) OR #until <= :now OR holder = :holder",
            )
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":holder", AttributeValue::S(lease.holder.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = request.send().await else { return Ok(Acquired::Yes) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                refusal.item().and_then(held).ok_or_else(|| unclear(lease))
            }
            // The SDK's enum is non-exhaustive: nothing else says that somebody has it.
            Some(_) | None => Err(failure("dynamodb:PutItem", &error)),
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), Failure> {
        let request = self
            .aws
            .dynamodb()
            .delete_item()
            .table_name(self.table)
            .key("target", AttributeValue::S(LEASE.to_owned()))
            .key("resource", AttributeValue::S(lease.name.clone()))
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", AttributeValue::S(lease.holder.clone()));
        match request.send().await {
            Ok(_) => Ok(()),
            // It has expired, and perhaps somebody else has it now.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(failure("dynamodb:DeleteItem", &error)),
        }
    }
}

/// A lease as it is stored. What DynamoDB compares is a number, in milliseconds since 1970.
fn claim(lease: &Lease) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let expires = (lease.until + KEPT).timestamp().to_string();
    [
        ("target", text(LEASE)),
        ("resource", text(&lease.name)),
        ("holder", text(&lease.holder)),
        ("until", millis(lease.until)),
        ("expires", AttributeValue::N(expires)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn millis(instant: Instant) -> AttributeValue {
    AttributeValue::N(instant.timestamp_millis().to_string())
}

/// Who has a lease, as its item says.
fn held(item: &Item) -> Option<Acquired> {
    let holder = item.get("holder")?.as_s().ok()?.clone();
    let millis = item.get("until")?.as_n().ok()?.parse().ok()?;
    Some(Acquired::No { holder, until: Instant::from_timestamp_millis(millis)? })
}

fn unclear(lease: &Lease) -> Failure {
    Failure {
        code: FailureCode::Unknown,
        message: format!("the lease {} is held, and nothing says by whom", lease.name),
    }
}

impl StateTable<'_> {
    /// Writes items, each in place of the one with its key. After an error some may be written.
    async fn write(&self, items: Vec<Item>) -> Result<(), Failure> {
        let puts: Result<Vec<_>, _> = items.into_iter().map(put).collect();
        for batch in puts?.chunks(BATCH) {
            self.write_batch(batch.to_vec()).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, mut batch: Vec<WriteRequest>) -> Result<(), Failure> {
        for attempt in 0..ATTEMPTS {
            let request = self.aws.dynamodb().batch_write_item().request_items(self.table, batch);
            let answer =
                request.send().await.map_err(|error| failure("dynamodb:BatchWriteItem", &error))?;
            batch = answer
                .unprocessed_items
                .and_then(|mut tables| tables.remove(self.table))
                .unwrap_or_default();
            if batch.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50) * 2_u32.pow(attempt)).await;
        }
        let message = format!("dynamodb:BatchWriteItem: {} items stay unprocessed", batch.len());
        Err(Failure { code: FailureCode::Throttled, message })
    }
}

/// Adds what an item says, unless its key is no resource's.
fn add(remembered: &mut Remembered, item: Item) {
    let key = item
        .get("resource")
        .and_then(|value| value.as_s().ok())
        .map(|text| text.parse::<ResourceKey>());
    let Some(Ok(key)) = key else { return };
    match serde_dynamo::from_item::<_, Memory>(item) {
        Ok(memory) => drop(remembered.memories.insert(key, memory)),
        Err(error) => drop(remembered.unreadable.insert(key, error.to_string())),
    }
}

fn item(target: &Target, key: &ResourceKey, memory: &Memory) -> Result<Item, Failure> {
    let stored =
        Stored { target: target.to_string(), resource: key.to_string(), memory: memory.clone() };
    serde_dynamo::to_item(stored).map_err(|error| Failure {
        code: FailureCode::Unknown,
        message: format!("the state of {key} cannot be written: {error}"),
    })
}

fn put(item: Item) -> Result<WriteRequest, Failure> {
    let put = PutRequest::builder().set_item(Some(item)).build().map_err(|error| Failure {
        code: FailureCode::Unknown,
        message: format!("dynamodb:BatchWriteItem: {error}"),
    })?;
    Ok(WriteRequest::builder().put_request(put).build())
}

#[cfg(test)]
mod tests {
    use scheduler_core::{memory::InFlight, schedule::Desired};

    use super::*;

    #[test]
    fn a_memory_comes_back_as_it_was() {
        let at = "2026-03-02T09:00:00Z".parse().unwrap();
        let failed = Some(Failure { code: FailureCode::NoCapacity, message: "none left".into() });
        let blank = Memory::blank(at, "office");
        let full = Memory {
            in_flight: Some(InFlight::Start),
            attempts: 2,
            last_error: failed,
            retained: true,
            expires: Some(1_800_000_000),
            ..blank.clone().settle(Desired::Running, Some(at))
        };
        for expected in [blank, full] {
            let stored = Stored {
                target: "t".into(),
                resource: "ec2-instance/i-1".into(),
                memory: expected.clone(),
            };
            let item: Item = serde_dynamo::to_item(stored).unwrap();
            let mut remembered = Remembered::default();
            add(&mut remembered, item);
            let expected = [("ec2-instance/i-1".parse().unwrap(), expected)];
            assert_eq!(
                remembered,
                Remembered { memories: expected.into(), ..Remembered::default() }
            );
        }
    }

    #[test]
    fn the_keys_of_others_are_passed_over_and_what_cannot_be_read_is_known_to_be_there() {
        let text = |text: &str| AttributeValue::S(text.into());
        let mut remembered = Remembered::default();
        add(&mut remembered, [("resource".to_owned(), text("lease"))].into());
        assert_eq!(remembered, Remembered::default());
        let newer = [
            ("target", "t"),
            ("resource", "ec2-instance/i-1"),
            ("schedule", "office"),
            ("at", "2026-03-02T09:00:00Z"),
            ("in_flight", "hibernate"),
        ];
        add(&mut remembered, newer.map(|(name, value)| (name.to_owned(), text(value))).into());
        let keys: Vec<_> = remembered.unreadable.keys().map(ToString::to_string).collect();
        assert_eq!(keys, ["ec2-instance/i-1"]);
    }

    /// An item as it was written before there were sizes and windows.
    #[test]
    fn a_memory_of_the_version_before_is_read() {
        let item = serde_json::json!({
            "target": "aws/222222222222/eu-west-1",
            "resource": "rds-instance/orders",
            "settled": "running",
            "edge": "2026-03-02T08:00:00Z",
            "at": "2026-03-02T08:05:00Z",
            "schedule": "office",
            "in_flight": "stop",
            "attempts": 2,
            "last_error": { "code": "wrong-state", "message": "backing-up" },
            "retained": true,
            "expires": 1_800_000_000,
        });
        let mut remembered = Remembered::default();
        add(&mut remembered, serde_dynamo::to_item(item).unwrap());
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let failed = Failure { code: FailureCode::WrongState, message: "backing-up".into() };
        let expected = Memory {
            settled: Some(Desired::Running),
            edge: Some(at("2026-03-02T08:00:00Z")),
            in_flight: Some(InFlight::Stop),
            attempts: 2,
            last_error: Some(failed),
            retained: true,
            expires: Some(1_800_000_000),
            ..Memory::blank(at("2026-03-02T08:05:00Z"), "office")
        };
        let expected = [("rds-instance/orders".parse().unwrap(), expected)];
        assert_eq!(remembered, Remembered { memories: expected.into(), ..Remembered::default() });
    }

    #[test]
    fn a_lease_says_who_has_it_and_is_no_memory() {
        let until = "2026-03-02T09:00:30.25Z".parse().unwrap();
        let lease = Lease { name: "pass/0".into(), holder: "one".into(), until };
        let item = claim(&lease);
        assert_eq!(held(&item), Some(Acquired::No { holder: "one".into(), until }));
        assert_eq!(item["expires"], AttributeValue::N("1772528430".into()));
        assert_eq!(held(&Item::new()), None);
        let mut remembered = Remembered::default();
        add(&mut remembered, item);
        assert_eq!(remembered, Remembered::default());
    }
}
