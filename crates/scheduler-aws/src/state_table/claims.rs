//! Passes that are cut into shards, in the StateTable.
//!
//! | `target` | `resource` | what it is |
//! |---|---|---|
//! | `claim` | `PASS/SHARD` | the right to work on a shard: `claim`, `until`, and of whoever holds it `holder`, `held_until` |
//! | `pass/PASS` | `record` | what the pass is: `head`; how many shards are not ended: `pending`; who put it together: `ended_by` |
//! | `pass/PASS` | `shard/SHARD/PART` | what came of a shard, or of a part of it: `summary` |
//!
//! Instants are numbers, in milliseconds since 1970. All of it expires some time after the claims' own time is over.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::{
        transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
        update_item::builders::UpdateItemFluentBuilder,
    },
    types::{
        AttributeValue, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem, Update, builders::PutBuilder,
    },
};
use scheduler_core::{
    Instant,
    resource::{Failure, FailureCode},
};
use scheduler_engine::{
    Claims, Summary,
    shards::{Claim, Ended, Head, Hold, Open, ShardId, Taken},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Item, KEPT, StateTable, millis};
use crate::failure::failure;

/// The hash key of claims.
const CLAIM: &str = "claim";

/// The range key of a pass's record.
const RECORD: &str = "record";

/// The range key of what came of a pass before it was cut.
const DONE: &str = "shard/done";

/// How often a transaction is tried again that others were in the way of.
const ATTEMPTS: u32 = 4;

impl Claims for StateTable<'_> {
    async fn claims(&self) -> Result<Vec<Open>, Failure> {
        self.items(CLAIM).await?.iter().map(open).collect()
    }

    async fn open(
        &self,
        pass: &str,
        head: &Head,
        claims: &[Claim],
        done: Option<&Summary>,
    ) -> Result<(), Failure> {
        let Some(until) = claims.iter().map(|claim| claim.until).max() else { return Ok(()) };
        let mut record = item(&pass_key(pass), RECORD, until);
        record.insert("head".into(), text(&json(head)?));
        record.insert("pending".into(), AttributeValue::N(claims.len().to_string()));
        let mut items = vec![record];
        items.extend(done.map(|done| outcome(pass, DONE, until, done)).transpose()?);
        for claim in claims {
            items.push(stored(claim)?);
        }
        let puts = items.into_iter().map(|item| self.put(item).build().map(putting));
        self.transact(puts).await
    }

    async fn take(&self, id: &ShardId, hold: &Hold, now: Instant) -> Result<Taken, Failure> {
        let request = self
            .update(CLAIM, &claim_key(id))
            .update_expression("SET holder = :holder, held_until = :until")
            .condition_expression(
                "#until > :now AND (attribute_not_exists(holder) OR held_until <= :now OR holder = :holder)",
            )
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":holder", text(&hold.holder))
            .expression_attribute_values(":until", millis(hold.until))
            .expression_attribute_values(":now", millis(now))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match request.send().await {
            Ok(answer) => {
                let taken = open(&answer.attributes.unwrap_or_default())?;
                return Ok(Taken::Yes(Box::new(taken.claim)));
            }
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) =
            error.as_service_error()
        else {
            return Err(failure("dynamodb:UpdateItem", &error));
        };
        let Some(found) = refusal.item() else { return Ok(Taken::Gone) };
        Ok(match open(found)? {
            Open { hold: Some(hold), claim } if claim.until > now => Taken::Busy(hold),
            _ => Taken::Over,
        })
    }

    async fn let_go(&self, id: &ShardId, hold: &Hold) -> Result<(), Failure> {
        let request = self
            .update(CLAIM, &claim_key(id))
            .update_expression("REMOVE holder, held_until")
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", text(&hold.holder));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_refused(error.as_service_error()) => Ok(()),
            Err(error) => Err(failure("dynamodb:UpdateItem", &error)),
        }
    }

    async fn close(
        &self,
        claim: &Claim,
        summary: &Summary,
        hold: Option<&Hold>,
        rest: Option<&Claim>,
    ) -> Result<(), Failure> {
        let ShardId { pass, shard } = &claim.id;
        let key = format!("shard/{shard}/{}", claim.part);
        let came = self.put(outcome(pass, &key, claim.until, summary)?).build().map(putting);
        let condition =
            if hold.is_some() { "holder = :holder" } else { "attribute_exists(target)" };
        let holder = hold.map(|hold| HashMap::from([(":holder".to_owned(), text(&hold.holder))]));
        if let Some(rest) = rest {
            let put = self.put(stored(rest)?).condition_expression(condition);
            let put = put.set_expression_attribute_values(holder).build().map(putting);
            return self.transact([came, put]).await;
        }
        let delete = Delete::builder()
            .table_name(self.table)
            .key("target", text(CLAIM))
            .key("resource", text(&claim_key(&claim.id)))
            .condition_expression(condition)
            .set_expression_attribute_values(holder)
            .build()
            .map(|delete| TransactWriteItem::builder().delete(delete).build());
        let struck_off = Update::builder()
            .table_name(self.table)
            .key("target", text(&pass_key(pass)))
            .key("resource", text(RECORD))
            .update_expression("SET pending = pending - :one")
            .condition_expression("attribute_exists(target)")
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build());
        self.transact([came, delete, struck_off]).await
    }

    async fn end(&self, pass: &str, asker: &str) -> Result<bool, Failure> {
        let request = self
            .update(&pass_key(pass), RECORD)
            .update_expression("SET ended_by = :asker")
            // An answer that was lost is asked for again.
            .condition_expression(
                "pending = :none AND (attribute_not_exists(ended_by) OR ended_by = :asker)",
            )
            .expression_attribute_values(":asker", text(asker))
            .expression_attribute_values(":none", AttributeValue::N("0".into()));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_refused(error.as_service_error()) => Ok(false),
            Err(error) => Err(failure("dynamodb:UpdateItem", &error)),
        }
    }

    async fn pending(&self, pass: &str) -> Result<usize, Failure> {
        let request = self.aws.dynamodb().get_item().table_name(self.table).consistent_read(true);
        let request = request.key("target", text(&pass_key(pass))).key("resource", text(RECORD));
        let answer = request.send().await.map_err(|error| failure("dynamodb:GetItem", &error))?;
        let record = answer.item.unwrap_or_default();
        Ok(record.get("pending").and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or(0))
    }

    async fn outcome(&self, pass: &str) -> Result<Option<Ended>, Failure> {
        let items = self.items(&pass_key(pass)).await?;
        let Some(head) = items.iter().find_map(|item| parsed(item.get("head")?)) else {
            return Ok(None);
        };
        let mut summary = Summary::default();
        let shards = items.iter().filter_map(|item| parsed::<Summary>(item.get("summary")?));
        shards.for_each(|shard| summary.absorb(shard));
        Ok(Some(Ended { pass: pass.to_owned(), head, summary }))
    }
}

impl StateTable<'_> {
    fn update(&self, target: &str, resource: &str) -> UpdateItemFluentBuilder {
        let request = self.aws.dynamodb().update_item().table_name(self.table);
        request.key("target", text(target)).key("resource", text(resource))
    }

    fn put(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(self.table).set_item(Some(item))
    }

    /// Makes all of some changes or none. Where others are at the same items, it tries again.
    async fn transact(
        &self,
        parts: impl IntoIterator<Item = Result<TransactWriteItem, BuildError>>,
    ) -> Result<(), Failure> {
        let parts: Result<Vec<_>, _> = parts.into_iter().collect();
        let parts =
            parts.map_err(|error| unclear(format!("dynamodb:TransactWriteItems: {error}")))?;
        let request = self.aws.dynamodb().transact_write_items().set_transact_items(Some(parts));
        for attempt in 0.. {
            let Err(error) = request.clone().send().await else { break };
            let is_worth_it = error.as_service_error().is_some_and(was_in_the_way);
            if attempt == ATTEMPTS || !is_worth_it {
                return Err(failure("dynamodb:TransactWriteItems", &error));
            }
            tokio::time::sleep(Duration::from_millis(50) * 2_u32.pow(attempt)).await;
        }
        Ok(())
    }
}

/// Whether a transaction was cancelled only for what somebody else did at that moment.
fn was_in_the_way(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        return false;
    };
    let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    let codes: Vec<_> = codes.filter(|code| *code != "None").collect();
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    !codes.is_empty() && codes.iter().all(|code| passing.contains(code))
}

fn putting(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

fn is_refused(error: Option<&UpdateItemError>) -> bool {
    error.is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

fn claim_key(id: &ShardId) -> String {
    format!("{}/{}", id.pass, id.shard)
}

fn pass_key(pass: &str) -> String {
    format!("pass/{pass}")
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| unclear(format!("it cannot be written: {error}")))
}

fn parsed<T: DeserializeOwned>(value: &AttributeValue) -> Option<T> {
    serde_json::from_str(value.as_s().ok()?).ok()
}

fn unclear(message: String) -> Failure {
    Failure { code: FailureCode::Unknown, message }
}

/// The key of an item, and when it expires.
fn item(target: &str, resource: &str, until: Instant) -> Item {
    let expires = AttributeValue::N((until + KEPT).timestamp().to_string());
    HashMap::from([
        ("target".to_owned(), text(target)),
        ("resource".to_owned(), text(resource)),
        ("expires".to_owned(), expires),
    ])
}

/// A claim as it is stored, with nobody holding it.
fn stored(claim: &Claim) -> Result<Item, Failure> {
    let mut item = item(CLAIM, &claim_key(&claim.id), claim.until);
    item.insert("claim".into(), text(&json(claim)?));
    item.insert("until".into(), millis(claim.until));
    Ok(item)
}

fn open(item: &Item) -> Result<Open, Failure> {
    let claim = item.get("claim").and_then(parsed);
    let unreadable = || unclear(format!("a claim cannot be read: {:?}", item.get("resource")));
    let holder = item.get("holder").and_then(|value| value.as_s().ok());
    let held_until = item.get("held_until").and_then(|value| value.as_n().ok()?.parse().ok());
    let hold = holder.zip(held_until.and_then(Instant::from_timestamp_millis));
    let hold = hold.map(|(holder, until)| Hold { holder: holder.clone(), until });
    Ok(Open { claim: claim.ok_or_else(unreadable)?, hold })
}

fn outcome(pass: &str, resource: &str, until: Instant, summary: &Summary) -> Result<Item, Failure> {
    let mut item = item(&pass_key(pass), resource, until);
    item.insert("summary".into(), text(&json(summary)?));
    Ok(item)
}
