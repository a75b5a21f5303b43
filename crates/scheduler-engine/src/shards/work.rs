//! Working on a shard.

use chrono::TimeDelta;
use scheduler_core::{Instant, Target, resource::Failure};

use super::{
    BadMessage, Claim, Ended, Hold, ShardId, Taken,
    coordinate::{end, send},
};
use crate::{
    pass::out_of_time,
    ports::{Claims, Queue},
    summary::Summary,
};

/// The least time that the rest of a shard has to be worth handing on.
const WORTH_IT: TimeDelta = TimeDelta::seconds(60);

/// What is kept of a summary: an item of DynamoDB holds 400 KB.
pub(super) const MOST_BYTES: usize = 300_000;

/// What came of walking a shard's targets.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// What came of those that were begun.
    pub summary: Summary,
    /// Those for which there was no time, in order.
    pub rest: Vec<Target>,
}

/// What came of a message.
#[derive(Clone, Debug)]
pub enum Worked {
    /// Its shard is done as far as there was time, and its pass is not over.
    Done,
    /// It was the last of this pass.
    Last(Box<Ended>),
    /// There was nothing to be done: the shard is ended, or its time over.
    Nothing,
}

/// Why a message has to come again.
#[derive(Debug, thiserror::Error)]
pub enum NotWorked<E> {
    /// It names no shard.
    #[error(transparent)]
    BadMessage(#[from] BadMessage),
    /// Somebody else is at the shard.
    #[error("{} is at work on the shard, until {} at most", .0.holder, .0.until)]
    Busy(Hold),
    /// The claim cannot be taken or ended.
    #[error("{0}")]
    Claim(Failure),
    /// The shard's targets could not be walked at all.
    #[error("{0}")]
    Walk(E),
}

/// Works on the shard that a message names, at `now`.
///
/// # Errors
///
/// If the message has to come again. The shard is then free again, or somebody else's.
pub async fn work<P: Claims, Q: Queue, E>(
    claims: &P,
    queue: &Q,
    message: &str,
    hold: &Hold,
    now: Instant,
    walk: impl AsyncFnOnce(&Claim) -> Result<Walked, E>,
) -> Result<Worked, NotWorked<E>> {
    let id = ShardId::of_message(message)?;
    let claim = match claims.take(&id, hold, now).await.map_err(NotWorked::Claim)? {
        Taken::Yes(claim) => *claim,
        Taken::Busy(other) => return Err(NotWorked::Busy(other)),
        Taken::Over => return Ok(Worked::Nothing),
        // Whoever ended it may have died before it put the pass together.
        Taken::Gone => return last(claims, &id, hold, Worked::Nothing).await,
    };
    let Walked { mut summary, rest } = match walk(&claim).await {
        Ok(walked) => walked,
        Err(error) => {
            let_go(claims, &id, hold).await;
            return Err(NotWorked::Walk(error));
        }
    };
    let rest = rest_of(&claim, rest, hold, &mut summary);
    let summary = summary.within(MOST_BYTES);
    if let Err(failure) = claims.close(&claim, &summary, Some(hold), rest.as_ref()).await {
        let_go(claims, &id, hold).await;
        return Err(NotWorked::Claim(failure));
    }
    let Some(rest) = rest else { return last(claims, &id, hold, Worked::Done).await };
    let (pass, shard, targets) = (&id.pass, id.shard, rest.targets.len());
    tracing::info!(pass, shard, targets, "rest of a shard handed on");
    match send(claims, queue, &[rest]).await {
        0 => Ok(Worked::Done),
        _ => last(claims, &id, hold, Worked::Done).await,
    }
}

async fn let_go<P: Claims>(claims: &P, id: &ShardId, hold: &Hold) {
    if let Err(failure) = claims.let_go(id, hold).await {
        let (code, reason) = (failure.code.as_str(), &failure.message);
        tracing::warn!(pass = id.pass, shard = id.shard, code, reason, "shard not let go");
    }
}

/// Puts the pass of a shard together, if it is the last. Otherwise that is what came of it.
async fn last<P: Claims, E>(
    claims: &P,
    id: &ShardId,
    hold: &Hold,
    otherwise: Worked,
) -> Result<Worked, NotWorked<E>> {
    let ended = end(claims, &id.pass, &hold.holder).await.map_err(NotWorked::Claim)?;
    Ok(ended.map_or(otherwise, |ended| Worked::Last(Box::new(ended))))
}

/// The claim of what there was no time for. If there is no time to go on with that, it is reported as not looked at.
fn rest_of(claim: &Claim, rest: Vec<Target>, hold: &Hold, summary: &mut Summary) -> Option<Claim> {
    if hold.until + WORTH_IT >= claim.until {
        rest.iter().for_each(|target| summary.add_failed(target, out_of_time()));
        return None;
    }
    let (part, sent) = (claim.part + 1, hold.until);
    (!rest.is_empty()).then(|| Claim { part, sent, targets: rest, ..claim.clone() })
}
