//! Passes that are cut into shards, in the StateTable.
//!
//! | `target` | `resource` | what it is |
//! |---|---|---|
//! | `claim` | `PASS/SHARD` | the right to work on a shard: `claim`, `until`, and of whoever holds it `holder`, `held_until` |
//! | `pass/PASS` | `record` | an attribute `pending:SHARD` for each shard that is not ended |
//! | `pass/PASS` | `shard/SHARD` | what came of it: `summary` |
//!
//! Instants are numbers, in milliseconds since 1970. All of it expires some time after the claims' own time is over.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::update_item::UpdateItemError,
    types::{
        AttributeValue, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem,
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

/// What the names of the record's attributes begin with.
const PENDING: &str = "pending:";

impl Claims for StateTable<'_> {
    async fn claims(&self) -> Result<Vec<Open>, Failure> {
        Ok(self.items(CLAIM.into()).await?.iter().filter_map(open).collect())
    }

    async fn open(&self, pass: &str, head: &Head, claims: &[Claim]) -> Result<(), Failure> {
        let Some(until) = claims.iter().map(|claim| claim.until).max() else { return Ok(()) };
        let mut record = item(&pass_key(pass), RECORD, until);
        record.insert("head".into(), text(&json(head)?));
        record.extend(claims.iter().map(|claim| (pending(&claim.id), AttributeValue::Bool(true))));
        let mut items = vec![record];
        for claim in claims {
            items.push(stored(claim)?);
        }
        self.write(items).await
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
                let taken = answer.attributes.as_ref().and_then(open);
                let unreadable = || unclear(format!("the claim {} cannot be read", claim_key(id)));
                return taken.map(|open| Taken::Yes(Box::new(open.claim))).ok_or_else(unreadable);
            }
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) =
            error.as_service_error()
        else {
            return Err(failure("dynamodb:UpdateItem", &error));
        };
        Ok(match refusal.item().and_then(open) {
            None => Taken::Gone,
            Some(Open { hold: Some(hold), claim }) if claim.until > now => {
                Taken::Busy { holder: hold.holder }
            }
            Some(_) => Taken::Over,
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

    async fn part(&self, kept: &Claim, rest: &Claim, hold: &Hold) -> Result<(), Failure> {
        // The rest is pending before it is claimed, so that nobody takes the pass for ended in between.
        let request = self
            .update(&pass_key(&kept.id.pass), RECORD)
            .update_expression("SET #rest = :true")
            .condition_expression("attribute_exists(target)")
            .expression_attribute_names("#rest", pending(&rest.id))
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        request.send().await.map_err(|error| failure("dynamodb:UpdateItem", &error))?;
        let parted = self.cut_in_two(kept, rest, hold).await;
        if parted.is_err() {
            // The shard itself is pending still: this cannot end the pass.
            drop(self.strike_off(&rest.id).await);
        }
        parted
    }

    async fn close(
        &self,
        id: &ShardId,
        summary: &Summary,
        hold: Option<&Hold>,
    ) -> Result<(), Failure> {
        let mut came = item(&pass_key(&id.pass), &format!("shard/{}", id.shard), self.aws.now());
        came.insert("summary".into(), text(&json(summary)?));
        let came = Put::builder().table_name(self.table).set_item(Some(came)).build();
        let claim = Delete::builder()
            .table_name(self.table)
            .key("target", text(CLAIM))
            .key("resource", text(&claim_key(id)));
        let claim = match hold {
            Some(hold) => claim
                .condition_expression("holder = :holder")
                .expression_attribute_values(":holder", text(&hold.holder)),
            None => claim.condition_expression("attribute_exists(target)"),
        };
        let part = TransactWriteItem::builder;
        self.transact([
            came.map(|put| part().put(put).build()),
            claim.build().map(|delete| part().delete(delete).build()),
        ])
        .await
    }

    async fn strike_off(&self, id: &ShardId) -> Result<bool, Failure> {
        let request = self
            .update(&pass_key(&id.pass), RECORD)
            .update_expression("REMOVE #shard")
            .condition_expression("attribute_exists(#shard)")
            .expression_attribute_names("#shard", pending(id))
            .return_values(ReturnValue::AllOld);
        match request.send().await {
            Ok(answer) => {
                let before = answer.attributes.unwrap_or_default();
                let pending: BTreeSet<_> = pending_in(&before).collect();
                Ok(pending == [id.shard.as_str()].into())
            }
            Err(error) if is_refused(error.as_service_error()) => Ok(false),
            Err(error) => Err(failure("dynamodb:UpdateItem", &error)),
        }
    }

    async fn pending(&self, pass: &str) -> Result<usize, Failure> {
        let request = self.aws.dynamodb().get_item().table_name(self.table).consistent_read(true);
        let request = request.key("target", text(&pass_key(pass))).key("resource", text(RECORD));
        let answer = request.send().await.map_err(|error| failure("dynamodb:GetItem", &error))?;
        Ok(answer.item.as_ref().map_or(0, |record| pending_in(record).count()))
    }

    async fn outcome(&self, pass: &str) -> Result<Option<Ended>, Failure> {
        let items = self.items(pass_key(pass)).await?;
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
    /// Every item below a hash key.
    async fn items(&self, target: String) -> Result<Vec<Item>, Failure> {
        let request = self.below(target).into_paginator().items().send();
        let items: Result<Vec<_>, _> = request.try_collect().await;
        items.map_err(|error| failure("dynamodb:Query", &error))
    }

    fn update(
        &self,
        target: &str,
        resource: &str,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        let request = self.aws.dynamodb().update_item().table_name(self.table);
        request.key("target", text(target)).key("resource", text(resource))
    }

    /// Writes what is kept of a claim and the rest of it, both or neither.
    async fn cut_in_two(&self, kept: &Claim, rest: &Claim, hold: &Hold) -> Result<(), Failure> {
        let mut held = stored(kept)?;
        held.insert("holder".into(), text(&hold.holder));
        held.insert("held_until".into(), millis(hold.until));
        let kept = Put::builder()
            .table_name(self.table)
            .set_item(Some(held))
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", text(&hold.holder));
        let rest = Put::builder().table_name(self.table).set_item(Some(stored(rest)?));
        let part = |put| TransactWriteItem::builder().put(put).build();
        self.transact([kept.build().map(part), rest.build().map(part)]).await
    }

    /// Makes all of some changes or none.
    async fn transact<const N: usize>(
        &self,
        parts: [Result<TransactWriteItem, BuildError>; N],
    ) -> Result<(), Failure> {
        let parts: Result<Vec<_>, _> = parts.into_iter().collect();
        let parts =
            parts.map_err(|error| unclear(format!("dynamodb:TransactWriteItems: {error}")))?;
        let request = self.aws.dynamodb().transact_write_items().set_transact_items(Some(parts));
        let sent = request.send().await;
        sent.map(drop).map_err(|error| failure("dynamodb:TransactWriteItems", &error))
    }
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

fn pending(id: &ShardId) -> String {
    format!("{PENDING}{}", id.shard)
}

fn pending_in(record: &Item) -> impl Iterator<Item = &str> {
    record.keys().filter_map(|name| name.strip_prefix(PENDING))
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

fn open(item: &Item) -> Option<Open> {
    let holder = item.get("holder").and_then(|value| value.as_s().ok());
    let held_until = item.get("held_until").and_then(|value| value.as_n().ok()?.parse().ok());
    let hold = holder.zip(held_until.and_then(Instant::from_timestamp_millis));
    let hold = hold.map(|(holder, until)| Hold { holder: holder.clone(), until });
    Some(Open { claim: parsed(item.get("claim")?)?, hold })
}
