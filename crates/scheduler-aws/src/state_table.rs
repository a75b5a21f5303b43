//! The StateTable: one item per resource with memory, written only when it changes.
//!
//! Keys that are no resource's (leases, runs) belong to others and are passed over.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use scheduler_core::{
    ResourceKey, Target,
    memory::Memory,
    resource::{Failure, FailureCode},
};
use scheduler_engine::{
    MemoryStore,
    ports::{Memories, Remembered},
};
use serde::{Deserialize, Serialize};

use crate::{Aws, failure::failure};

/// `BatchWriteItem` takes at most this many items.
const BATCH: usize = 25;

/// How often items that DynamoDB left unprocessed are sent again.
const ATTEMPTS: u32 = 6;

/// The memories of every target.
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
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    target: String,
    resource: String,
    #[serde(flatten)]
    memory: Memory,
}

type Item = HashMap<String, AttributeValue>;

impl MemoryStore for StateTable<'_> {
    async fn load(&self, target: &Target) -> Result<Remembered, Failure> {
        let request = self
            .aws
            .dynamodb()
            .query()
            .table_name(self.table)
            .key_condition_expression("target = :target")
            .expression_attribute_values(":target", AttributeValue::S(target.to_string()))
            .consistent_read(true);
        let mut pages = request.into_paginator().items().send();
        let mut remembered = Remembered::default();
        while let Some(item) = pages.next().await {
            add(&mut remembered, item.map_err(|error| failure("dynamodb:Query", &error))?);
        }
        Ok(remembered)
    }

    async fn save(&self, target: &Target, memories: &Memories) -> Result<(), Failure> {
        let puts = memories
            .iter()
            .map(|(key, memory)| put(target, key, memory))
            .collect::<Result<Vec<_>, _>>()?;
        for batch in puts.chunks(BATCH) {
            self.write(batch.to_vec()).await?;
        }
        Ok(())
    }
}

impl StateTable<'_> {
    async fn write(&self, mut batch: Vec<WriteRequest>) -> Result<(), Failure> {
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
    match serde_dynamo::from_item::<_, Stored>(item) {
        Ok(stored) => drop(remembered.memories.insert(key, stored.memory)),
        Err(error) => drop(remembered.unreadable.insert(key, error.to_string())),
    }
}

fn put(target: &Target, key: &ResourceKey, memory: &Memory) -> Result<WriteRequest, Failure> {
    let stored =
        Stored { target: target.to_string(), resource: key.to_string(), memory: memory.clone() };
    let item: Item = serde_dynamo::to_item(stored).map_err(|error| unwritable(key, &error))?;
    let put = PutRequest::builder()
        .set_item(Some(item))
        .build()
        .map_err(|error| unwritable(key, &error))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn unwritable(key: &ResourceKey, error: &dyn std::error::Error) -> Failure {
    Failure {
        code: FailureCode::Unknown,
        message: format!("the state of {key} cannot be written: {error}"),
    }
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
            ("in_flight", "resize"),
        ];
        add(&mut remembered, newer.map(|(name, value)| (name.to_owned(), text(value))).into());
        let keys: Vec<_> = remembered.unreadable.keys().map(ToString::to_string).collect();
        assert_eq!(keys, ["ec2-instance/i-1"]);
    }
}
