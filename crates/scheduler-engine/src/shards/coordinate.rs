//! Beginning a pass of shards, and putting together what came of it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use scheduler_core::{
    Instant, Target,
    resource::{Failure, FailureCode},
};

use super::{Claim, Ended, Hold, Open, ShardId, cut};
use crate::{
    pass::Mode,
    ports::{Claims, Queue},
    summary::Summary,
};

/// How long a message may be on its way before it is sent again.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(2);

/// What a pass finds of those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The targets that are its own.
    pub free: Vec<Target>,
    /// How many are left to the shards of earlier passes.
    pub left: usize,
    /// The last of these passes to be over, and when that will be at most.
    pub left_to: Option<(String, Instant)>,
    /// Shards at which nobody is at work, though somebody should be by now.
    pub idle: Vec<Claim>,
    /// Shards whose time ran out before they were ended.
    pub overdue: Vec<Claim>,
}

/// Which of the targets are free at `now`.
pub fn plan(targets: Vec<Target>, claims: Vec<Open>, now: Instant) -> Plan {
    let (open, overdue): (Vec<_>, Vec<_>) =
        claims.into_iter().partition(|open| open.claim.until > now);
    // Looking is no work: it keeps nobody away.
    let working = open.iter().map(|open| &open.claim).filter(|one| one.head.tick.mode == Mode::Act);
    let taken: BTreeMap<&Target, &Claim> =
        working.flat_map(|claim| claim.targets.iter().map(move |target| (target, claim))).collect();
    let mut plan = Plan::default();
    for target in targets {
        match taken.get(&target) {
            None => plan.free.push(target),
            Some(claim) => {
                plan.left += 1;
                let to = Some((claim.id.pass.clone(), claim.until));
                if plan.left_to.as_ref().is_none_or(|(_, until)| *until < claim.until) {
                    plan.left_to = to;
                }
            }
        }
    }
    let is_idle = |open: &Open| {
        let is_held = open.hold.as_ref().is_some_and(|hold| hold.until > now);
        !is_held && open.claim.head.began + ON_ITS_WAY <= now
    };
    plan.idle = open.iter().filter(|open| is_idle(open)).map(|open| open.claim.clone()).collect();
    plan.overdue = overdue.into_iter().map(|open| open.claim).collect();
    plan
}

/// Sends the messages of shards once more. One that is not accepted is sent again by the next pass.
pub async fn remind<Q: Queue>(queue: &Q, idle: &[Claim]) {
    let messages: Vec<_> = idle.iter().map(|claim| claim.id.message()).collect();
    let sent = queue.send(&messages).await;
    for (claim, sent) in idle.iter().zip(sent) {
        let code = sent.err().map_or("", |failure| failure.code.as_str());
        tracing::warn!(pass = claim.id.pass, shard = claim.id.shard, code, "shard sent again");
    }
}

/// A pass whose shards are on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its name.
    pub pass: String,
    /// Its shards.
    pub shards: usize,
    /// Their targets.
    pub targets: usize,
    /// Whether they ended before they began, for none of them could be sent.
    pub is_over: bool,
}

/// Claims the targets of a pass, a shard of about `most` at a time, and sends the shards' messages. `whole` is the pass as
/// one claim. A shard that cannot be sent is ended, its targets reported as not looked at.
///
/// # Errors
///
/// If the claims cannot be written. Some may stand then, and keep other passes from their targets until their time is over.
pub async fn begin<P: Claims, Q: Queue>(
    claims: &P,
    queue: &Q,
    whole: &Claim,
    most: usize,
) -> Result<Begun, Failure> {
    let shard = |(n, targets): (usize, &[Target])| Claim {
        id: ShardId { pass: whole.id.pass.clone(), shard: n.to_string() },
        targets: targets.to_vec(),
        ..whole.clone()
    };
    let shards: Vec<Claim> = cut(&whole.targets, most).into_iter().enumerate().map(shard).collect();
    claims.open(&whole.id.pass, &whole.head, &shards).await?;
    let is_over = send(claims, queue, &shards).await;
    let (targets, count) = (whole.targets.len(), shards.len());
    Ok(Begun { pass: whole.id.pass.clone(), shards: count, targets, is_over })
}

/// Sends the messages of shards. Those that are not accepted are given up. Answers whether that ended the pass.
pub(super) async fn send<P: Claims, Q: Queue>(claims: &P, queue: &Q, shards: &[Claim]) -> bool {
    let messages: Vec<_> = shards.iter().map(|claim| claim.id.message()).collect();
    let mut is_over = false;
    for (claim, sent) in shards.iter().zip(queue.send(&messages).await) {
        if let Err(failure) = sent {
            is_over |= give_up(claims, claim, &failure).await;
        }
    }
    is_over
}

/// Ends a shard. Answers whether it was the last of its pass.
pub(super) async fn end<P: Claims>(
    claims: &P,
    id: &ShardId,
    summary: &Summary,
    hold: Option<&Hold>,
) -> Result<bool, Failure> {
    claims.close(id, summary, hold).await?;
    claims.strike_off(id).await
}

/// Ends a shard that nobody has worked on. Answers whether it was the last of its pass.
pub(super) async fn give_up<P: Claims>(claims: &P, claim: &Claim, failure: &Failure) -> bool {
    let ShardId { pass, shard } = &claim.id;
    let (targets, code) = (claim.targets.len(), failure.code.as_str());
    tracing::error!(pass, shard, targets, code, reason = failure.message, "shard lost");
    let mut summary = Summary::new(claim.head.rows);
    claim.targets.iter().for_each(|target| summary.add_failed(target, failure.clone()));
    match end(claims, &claim.id, &summary, None).await {
        Ok(is_last) => is_last,
        Err(failure) => {
            let code = failure.code.as_str();
            tracing::warn!(pass, shard, code, reason = failure.message, "shard not ended");
            false
        }
    }
}

/// Ends the shards whose time ran out. Answers with the passes that are over by that.
pub async fn put_together<P: Claims>(claims: &P, overdue: &[Claim]) -> Vec<Ended> {
    let failure = Failure {
        code: FailureCode::Deadline,
        message: "nobody worked on the shard of this target in time; the next pass looks again"
            .into(),
    };
    let mut over = Vec::new();
    for claim in overdue {
        if give_up(claims, claim, &failure).await {
            match claims.outcome(&claim.id.pass).await {
                Ok(ended) => over.extend(ended),
                Err(failure) => {
                    let (pass, code) = (&claim.id.pass, failure.code.as_str());
                    tracing::warn!(pass, code, reason = failure.message, "pass not put together");
                }
            }
        }
    }
    over
}
