//! Beginning a pass of shards, and ending what nobody ends.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use scheduler_core::{
    Instant, Target,
    resource::{Failure, FailureCode},
};

use super::{Claim, Ended, Open, ShardId, cut, work::MOST_BYTES};
use crate::{
    pass::Mode,
    ports::{Claims, Queue},
    summary::Summary,
};

/// How long a message may be on its way before it is sent again.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(2);

/// How many shards a pass may have: its record and their claims are written in one transaction, of a hundred items.
const MOST_SHARDS: usize = 99;

/// What a pass finds of those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The targets that are its own.
    pub free: Vec<Target>,
    /// How many are left to the shards of earlier passes.
    pub left: usize,
    /// The claim among theirs that is the last to be over.
    pub left_to: Option<Claim>,
    /// Shards at which nobody is at work, though somebody should be by now.
    pub idle: Vec<Claim>,
    /// Shards whose time ran out before they were ended.
    pub overdue: Vec<Claim>,
}

/// Which of the targets are free at `now`.
pub fn plan(targets: Vec<Target>, claims: Vec<Open>, now: Instant) -> Plan {
    let (open, overdue): (Vec<_>, Vec<_>) =
        claims.into_iter().partition(|open| open.claim.until > now);
    // Looking is no work: it keeps nobody away, and whoever asked for it asks again.
    let open = || open.iter().filter(|open| open.claim.head.tick.mode == Mode::Act);
    let taken: BTreeMap<&Target, &Claim> = open()
        .flat_map(|open| open.claim.targets.iter().map(move |target| (target, &open.claim)))
        .collect();
    let mut plan = Plan::default();
    for target in targets {
        match taken.get(&target) {
            None => plan.free.push(target),
            Some(claim) => {
                plan.left += 1;
                if plan.left_to.as_ref().is_none_or(|last| last.until < claim.until) {
                    plan.left_to = Some((*claim).clone());
                }
            }
        }
    }
    let is_idle = |open: &&Open| {
        let is_held = open.hold.as_ref().is_some_and(|hold| hold.until > now);
        !is_held && open.claim.sent + ON_ITS_WAY <= now
    };
    plan.idle = open().filter(is_idle).map(|open| open.claim.clone()).collect();
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

/// Claims the targets of a pass, a shard of about `most` at a time, and sends the shards' messages. `whole` is the pass as
/// one claim; `done` is what came of other targets of the pass, which are not in it. A shard that cannot be sent is ended,
/// its targets reported as not looked at. Answers how many shards there are, and with the pass if that ended it.
///
/// # Errors
///
/// If the claims cannot be written: then none is.
pub async fn begin<P: Claims, Q: Queue>(
    claims: &P,
    queue: &Q,
    whole: &Claim,
    most: usize,
    done: Option<Summary>,
) -> Result<(usize, Option<Ended>), Failure> {
    let most = most.max(whole.targets.len().div_ceil(MOST_SHARDS));
    let shard = |(shard, targets): (u32, &[Target])| Claim {
        id: ShardId { pass: whole.id.pass.clone(), shard },
        targets: targets.to_vec(),
        ..whole.clone()
    };
    let shards: Vec<Claim> = (0..).zip(cut(&whole.targets, most)).map(shard).collect();
    let done = done.map(|done| done.within(MOST_BYTES));
    claims.open(&whole.id.pass, &whole.head, &shards, done.as_ref()).await?;
    let lost = send(claims, queue, &shards).await;
    let pass = &whole.id.pass;
    let ended = if lost > 0 { end(claims, pass, pass).await? } else { None };
    Ok((shards.len(), ended))
}

/// Sends the messages of shards. Those that are not accepted are given up; answers how many.
pub(super) async fn send<P: Claims, Q: Queue>(claims: &P, queue: &Q, shards: &[Claim]) -> usize {
    let messages: Vec<_> = shards.iter().map(|claim| claim.id.message()).collect();
    let mut lost = 0;
    for (claim, sent) in shards.iter().zip(queue.send(&messages).await) {
        if let Err(failure) = sent {
            give_up(claims, claim, &failure).await;
            lost += 1;
        }
    }
    lost
}

/// Puts a pass together, if no shard of it is left and nobody else does.
pub(super) async fn end<P: Claims>(
    claims: &P,
    pass: &str,
    asker: &str,
) -> Result<Option<Ended>, Failure> {
    if claims.end(pass, asker).await? { claims.outcome(pass).await } else { Ok(None) }
}

/// Ends a shard that nobody has worked on.
async fn give_up<P: Claims>(claims: &P, claim: &Claim, failure: &Failure) {
    let ShardId { pass, shard } = &claim.id;
    let (targets, code) = (claim.targets.len(), failure.code.as_str());
    // Whoever asked for a look has gone.
    if claim.head.tick.mode == Mode::Act {
        tracing::error!(pass, shard, targets, code, reason = failure.message, "shard lost");
    }
    let mut summary = Summary::new(claim.head.rows);
    claim.targets.iter().for_each(|target| summary.add_failed(target, failure.clone()));
    if let Err(failure) = claims.close(claim, &summary.within(MOST_BYTES), None, None).await {
        let code = failure.code.as_str();
        tracing::warn!(pass, shard, code, reason = failure.message, "shard not ended");
    }
}

/// Ends the shards whose time ran out. Answers with the passes that are over by that.
pub async fn put_together<P: Claims>(claims: &P, overdue: &[Claim], asker: &str) -> Vec<Ended> {
    let failure = Failure {
        code: FailureCode::Deadline,
        message: "nobody worked on the shard of this target in time; the next pass looks again"
            .into(),
    };
    let mut over = Vec::new();
    for claim in overdue {
        give_up(claims, claim, &failure).await;
        match end(claims, &claim.id.pass, asker).await {
            Ok(ended) => over.extend(ended),
            Err(failure) => {
                let (pass, code) = (&claim.id.pass, failure.code.as_str());
                tracing::warn!(pass, code, reason = failure.message, "pass not put together");
            }
        }
    }
    over
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        pass::{Scope, Tick},
        shards::{Head, Hold},
        summary::Rows,
    };

    fn at(minute: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn target(n: u32) -> Target {
        Target::new(format!("{n:012}").parse().unwrap(), "eu-west-1".parse().unwrap())
    }

    fn open(shard: u32, mode: Mode, held_until: Option<i64>) -> Open {
        let tick = Tick { now: at(0), scope: Scope::default(), mode };
        let claim = Claim {
            id: ShardId { pass: "pass".into(), shard },
            part: 0,
            head: Head { tick, rows: Rows::Notable, began: at(0), is_partial: false, version: 0 },
            sent: at(0),
            until: at(18),
            targets: vec![target(shard)],
        };
        let hold = held_until.map(|minute| Hold { holder: "one".into(), until: at(minute) });
        Open { claim, hold }
    }

    /// What is free, idle and overdue at a minute, by shard.
    fn at_minute(minute: i64) -> [Vec<u32>; 3] {
        let claims = vec![
            open(0, Mode::Act, None),
            open(1, Mode::Act, Some(5)),
            open(2, Mode::DryRun, None),
        ];
        let plan = plan((0..4).map(target).collect(), claims, at(minute));
        assert_eq!(plan.left + plan.free.len(), 4);
        let free = plan.free.iter().map(|target| target.account.as_str().parse().unwrap());
        let shards = |claims: &[Claim]| claims.iter().map(|claim| claim.id.shard).collect();
        [free.collect(), shards(&plan.idle), shards(&plan.overdue)]
    }

    #[test]
    fn what_others_work_on_is_left_to_them_until_its_time_is_over() {
        assert_eq!(at_minute(1), [vec![2, 3], vec![], vec![]]);
        assert_eq!(at_minute(2), [vec![2, 3], vec![0], vec![]], "its message is lost");
        assert_eq!(at_minute(5), [vec![2, 3], vec![0, 1], vec![]], "its holder is dead");
        assert_eq!(at_minute(18), [vec![0, 1, 2, 3], vec![], vec![0, 1, 2]]);
    }
}
