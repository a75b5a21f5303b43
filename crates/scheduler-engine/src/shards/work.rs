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
const MOST_BYTES: usize = 300_000;

/// What came of walking a shard's targets.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// What came of those that were begun.
    pub summary: Summary,
    /// Those for which there was no time.
    pub rest: Vec<Target>,
}

/// What came of a message.
#[derive(Clone, Debug)]
pub enum Worked {
    /// Its shard is done, and others of its pass are not.
    Done,
    /// Its shard was the last of this pass.
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
    #[error("{holder} is at work on the shard")]
    Busy {
        /// Who.
        holder: String,
    },
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
        Taken::Busy { holder } => return Err(NotWorked::Busy { holder }),
        Taken::Over => return Ok(Worked::Nothing),
        Taken::Gone => {
            // Whoever did it may have died before striking it off.
            let is_last = claims.strike_off(&id).await.map_err(NotWorked::Claim)?;
            return if is_last { last(claims, &id).await } else { Ok(Worked::Nothing) };
        }
    };
    let Walked { mut summary, rest } = match walk(&claim).await {
        Ok(walked) => walked,
        Err(error) => {
            if let Err(failure) = claims.let_go(&id, hold).await {
                let (code, reason) = (failure.code.as_str(), &failure.message);
                tracing::warn!(pass = id.pass, shard = id.shard, code, reason, "shard not let go");
            }
            return Err(NotWorked::Walk(error));
        }
    };
    if !rest.is_empty() {
        hand_on(claims, queue, &claim, rest, hold, &mut summary).await;
    }
    let ended = end(claims, &id, &summary.within(MOST_BYTES), Some(hold)).await;
    match ended.map_err(NotWorked::Claim)? {
        true => last(claims, &id).await,
        false => Ok(Worked::Done),
    }
}

/// Puts the pass together whose last shard that was.
async fn last<P: Claims, E>(claims: &P, id: &ShardId) -> Result<Worked, NotWorked<E>> {
    let ended = claims.outcome(&id.pass).await.map_err(NotWorked::Claim)?;
    Ok(ended.map_or(Worked::Nothing, |ended| Worked::Last(Box::new(ended))))
}

/// Makes what is left of a shard one of its own. What cannot be handed on is reported as not looked at.
async fn hand_on<P: Claims, Q: Queue>(
    claims: &P,
    queue: &Q,
    claim: &Claim,
    rest: Vec<Target>,
    hold: &Hold,
    summary: &mut Summary,
) {
    let walked = claim.targets.iter().filter(|target| !rest.contains(target));
    let kept = Claim { targets: walked.cloned().collect(), ..claim.clone() };
    let id = claim.id.rest(kept.targets.len());
    let rest = Claim { id, targets: rest, ..claim.clone() };
    let is_worth_it = hold.until + WORTH_IT < claim.until;
    let parted = match is_worth_it {
        true => claims.part(&kept, &rest, hold).await,
        false => Err(out_of_time()),
    };
    let (pass, shard, count) = (&claim.id.pass, &claim.id.shard, rest.targets.len());
    match parted {
        Ok(()) => {
            tracing::info!(pass, shard, rest = rest.id.shard, targets = count, "shard handed on");
            send(claims, queue, &[rest]).await;
        }
        Err(failure) => {
            let (code, reason) = (failure.code.as_str(), &failure.message);
            tracing::error!(pass, shard, targets = count, code, reason, "rest of a shard lost");
            rest.targets.iter().for_each(|target| summary.add_failed(target, failure.clone()));
        }
    }
}
