//! Passes over more targets than one invocation takes: cut into shards, each the work of an invocation of its own.
//!
//! Whoever begins such a pass writes a [`Claim`] for each shard and sends a message with its name; whoever gets the message
//! takes the claim, walks the targets in it, and exchanges the claim for what came of them. Whoever finds that no shard is
//! left puts the pass together.
//!
//! ```text
//!            ┌ claims of earlier passes: their targets are left to them
//!  targets ──┤ cut ──▶ open: one claim for each shard ──▶ send: one message for each
//!            └                                                 │ (may come twice, late, never)
//!  message ──▶ take the claim ──▶ walk ──▶ close: what came of it, for the claim ──▶ no shard left: put together
//!                                     └──▶ close: what came of it, and the claim is of the rest, sent like the others
//! ```
//!
//! A message is only a name. What is to be done, and whether it is still to be done, stands in the claim, so that a
//! message that comes twice, late or never changes nothing but when:
//!
//! | what happens | what comes of it |
//! |---|---|
//! | a message comes twice | the claim is held, or gone: the second does nothing |
//! | an invocation dies before what it did is written down | the message comes back; the next one finds it done, and says so |
//! | it dies after that | the claim is gone; the message comes back, and puts the pass together if no shard is left |
//! | a message never comes | the next pass finds a claim that nobody holds, and sends the message again |
//! | whoever it comes to dies | the claim's time runs out; the pass that finds it so reports its targets as not looked at, and looks at them itself |
//! | a pass begins while shards of an earlier one are at work | their targets are left to them |
//!
//! So a target is in one claim at most, and nobody walks a target that is in somebody else's. That holds while the clocks
//! of invocations differ by less than what is between the end of a walk and that of its hold.

use std::collections::{BTreeMap, BTreeSet};

use scheduler_core::{AccountId, Instant, Region, Target};
use serde::{Deserialize, Serialize};

use crate::{
    pass::Tick,
    summary::{Rows, Summary},
};

mod coordinate;
mod cut;
mod work;

pub use coordinate::{Plan, begin, plan, put_together, remind};
pub use cut::cut;
pub use work::{NotWorked, Walked, Worked, work};

/// The version of messages that is written, and the only one that is read.
const VERSION: u64 = 1;

/// A shard's name: all that a message holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct ShardId {
    /// The pass: the id of the invocation that began it.
    pub pass: String,
    /// The shard within it.
    pub shard: u32,
}

#[derive(Deserialize, Serialize)]
struct Message {
    version: u64,
    #[serde(flatten)]
    id: ShardId,
}

/// A message that names no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// It is no message of ours.
    #[error("the message is none of a shard: {0}")]
    Unreadable(String),
    /// It was written by another version.
    #[error("the message has version {0}, and only version {VERSION} is read")]
    Version(u64),
}

impl ShardId {
    /// The message that names it.
    pub fn message(&self) -> String {
        let message = Message { version: VERSION, id: self.clone() };
        // A text and two numbers: there is nothing in them that JSON could refuse.
        serde_json::to_string(&message).unwrap_or_default()
    }

    /// The shard that a message names.
    ///
    /// # Errors
    ///
    /// If it names none, or in words of another version.
    pub fn of_message(text: &str) -> Result<Self, BadMessage> {
        let unreadable = |error: serde_json::Error| BadMessage::Unreadable(error.to_string());
        let value: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
        // The version decides how the rest is read.
        if let Some(other) = value["version"].as_u64().filter(|other| *other != VERSION) {
            return Err(BadMessage::Version(other));
        }
        Ok(Message::deserialize(value).map_err(unreadable)?.id)
    }
}

/// The right to work on some targets for a pass, and all that has to be known for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Claim {
    /// The shard.
    #[serde(flatten)]
    pub id: ShardId,
    /// How often the rest of it has been handed on.
    pub part: u32,
    /// The pass.
    #[serde(flatten)]
    pub head: Head,
    /// When its message was sent first.
    pub sent: Instant,
    /// When nobody may be at work on it any more: the next pass looks at the targets then.
    pub until: Instant,
    /// The targets, in order.
    #[serde(with = "by_account")]
    pub targets: Vec<Target>,
}

/// What all shards of a pass have in common.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Head {
    /// What the pass is for.
    pub tick: Tick,
    /// Which rows are wanted of it.
    pub rows: Rows,
    /// When it began.
    pub began: Instant,
    /// Whether it leaves targets to others.
    pub is_partial: bool,
    /// The version of the schedules and settings that it goes by.
    pub version: u64,
}

/// A pass, as far as its shards are ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Its name.
    pub pass: String,
    /// What it is.
    pub head: Head,
    /// What came of it.
    pub summary: Summary,
}

/// Targets with each account named once: a claim is written for every shard of every pass.
mod by_account {
    use serde::{Deserializer, Serializer};

    use super::*;

    type Grouped = BTreeMap<AccountId, BTreeSet<Region>>;

    pub(super) fn serialize<S: Serializer>(
        targets: &[Target],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut grouped = Grouped::new();
        for target in targets {
            grouped.entry(target.account.clone()).or_default().insert(target.region.clone());
        }
        grouped.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Target>, D::Error> {
        let grouped = Grouped::deserialize(deserializer)?;
        let each = |(account, regions): (AccountId, BTreeSet<Region>)| {
            regions.into_iter().map(move |region| Target::new(account.clone(), region))
        };
        let mut targets: Vec<_> = grouped.into_iter().flat_map(each).collect();
        targets.sort();
        Ok(targets)
    }
}

/// Who holds a claim, and until when at most: after it has certainly ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Different for each invocation.
    pub holder: String,
    /// When the hold expires, should it not be ended.
    pub until: Instant,
}

/// A claim that is not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The claim.
    pub claim: Claim,
    /// Who holds it or held it last; none if nobody has taken it yet.
    pub hold: Option<Hold>,
}

/// What came of taking a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is the holder's.
    Yes(Box<Claim>),
    /// Somebody else is at it.
    Busy(Hold),
    /// Its time is over.
    Over,
    /// It is not there: its shard is ended.
    Gone,
}

#[cfg(test)]
mod tests {
    use scheduler_core::resource::{Failure, FailureCode};

    use super::*;
    use crate::pass::{Mode, Scope};

    #[test]
    fn a_message_is_a_name_and_a_version() {
        let id = ShardId { pass: "c0ffee".into(), shard: 3 };
        assert_eq!(id.message(), r#"{"version":1,"pass":"c0ffee","shard":3}"#);
        assert_eq!(ShardId::of_message(&id.message()), Ok(id.clone()));
        for (text, word) in [
            ("shard 3", "none of a shard"),
            (r#"{"version":1,"pass":"c0ffee"}"#, "shard"),
            (r#"{"pass":"c0ffee","shard":3}"#, "version"),
            (r#"{"version":2,"shards":[3]}"#, "version 2"),
        ] {
            let error = ShardId::of_message(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn a_claim_comes_back_as_it_was_and_names_each_account_once() {
        let target = |account: &str, region: &str| {
            Target::new(account.parse().unwrap(), region.parse().unwrap())
        };
        let mut targets = vec![
            target("111122223333", "eu-west-1"),
            target("111122223333", "us-east-1"),
            target("444455556666", "cn-north-1"),
        ];
        targets.sort();
        let at = "2026-03-02T09:00:00Z".parse().unwrap();
        let claim = Claim {
            id: ShardId { pass: "c0ffee".into(), shard: 3 },
            part: 1,
            head: Head {
                tick: Tick { now: at, scope: Scope::default(), mode: Mode::Act },
                rows: Rows::Notable,
                began: at,
                is_partial: false,
                version: u64::MAX,
            },
            sent: at,
            until: at,
            targets,
        };
        let text = serde_json::to_string(&claim).unwrap();
        assert_eq!(text.matches("111122223333").count(), 1, "{text}");
        assert_eq!(serde_json::from_str::<Claim>(&text).unwrap(), claim);
    }

    #[test]
    fn what_came_of_a_shard_comes_back_as_it_was() {
        let target = Target::new("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
        let mut summary = Summary::new(Rows::Notable);
        let denied = Failure { code: FailureCode::Denied, message: "no".into() };
        summary.add_failed(&target, denied);
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }
}
