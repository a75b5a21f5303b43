//! Working on a shard.

use chrono::TimeDelta;
use scheduler_core::{Instant, Target, resource::Failure};

use super::{BadMessage, Claim, Hold, ShardId, Taken, coordinate::send};
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
    /// Its shard was the last of its pass: the claim, and what came of the pass.
    Last(Box<Claim>, Box<Summary>),
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
    let mut claim = match claims.take(&id, hold, now).await.map_err(NotWorked::Claim)? {
        Taken::Yes(claim) => *claim,
        Taken::Busy { holder } => return Err(NotWorked::Busy { holder }),
        Taken::Gone => return Ok(Worked::Nothing),
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
        hand_on(claims, queue, &mut claim, rest, hold, &mut summary).await;
    }
    let is_last = claims.close(&id, &summary.within(MOST_BYTES)).await.map_err(NotWorked::Claim)?;
    if !is_last {
        return Ok(Worked::Done);
    }
    let summary = claims.outcome(&id.pass).await.map_err(NotWorked::Claim)?;
    Ok(Worked::Last(Box::new(claim), Box::new(summary)))
}

/// Makes what is left of a shard one of its own. What cannot be handed on is reported as not looked at.
async fn hand_on<P: Claims, Q: Queue>(
    claims: &P,
    queue: &Q,
    claim: &mut Claim,
    rest: Vec<Target>,
    hold: &Hold,
    summary: &mut Summary,
) {
    let targets = claim.targets.iter().filter(|target| !rest.contains(target)).cloned().collect();
    let rest = Claim { id: claim.id.rest(), targets: rest, ..claim.clone() };
    let kept = Claim { targets, ..claim.clone() };
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
            *claim = kept;
        }
        Err(failure) => {
            let (code, reason) = (failure.code.as_str(), &failure.message);
            tracing::error!(pass, shard, targets = count, code, reason, "rest of a shard lost");
            rest.targets.iter().for_each(|target| summary.add_failed(target, failure.clone()));
        }
    }
}
