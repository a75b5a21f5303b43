//! Passes in shards, as the world holds them: claims, what came of shards, and the queue between.

use std::{collections::BTreeMap, time::Duration};

use scheduler_core::{
    Instant, Target,
    resource::{Failure, FailureCode},
};
use scheduler_engine::{
    Claims, Mode, Queue, Summary,
    shards::{Claim, Ended, Head, Hold, Open, ShardId, Taken},
};

use crate::{faults::Class, invocation::Invocation, orders::failure, world::World};

/// What is written down of passes in shards, and what is on its way to them.
#[derive(Clone, Debug, Default)]
pub struct Post {
    /// The claims that are not ended.
    pub claims: BTreeMap<ShardId, Open>,
    /// The passes.
    pub passes: BTreeMap<String, Pass>,
    /// The messages that nobody has received yet.
    pub queue: Vec<Message>,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub text: String,
    /// How often it has been received.
    pub received: u32,
}

/// A pass in shards.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    /// What it is.
    pub head: Option<Head>,
    /// How many targets it was begun with.
    pub targets: usize,
    /// How many shards are not ended.
    pub pending: usize,
    /// What came of the others.
    pub outcomes: Vec<Summary>,
    /// Who put it together.
    pub ended_by: Option<String>,
    /// How many targets were counted each time that it was put together.
    pub put_together: Vec<usize>,
}

impl Post {
    /// Whether a target is somebody's at an instant: that of a shard which nobody but its holder may walk.
    pub fn is_claimed(&self, target: &Target, now: Instant) -> bool {
        let mut working = self.claims.values().map(|open| &open.claim);
        working.any(|one| {
            one.until > now && one.head.tick.mode == Mode::Act && one.targets.contains(target)
        })
    }

    /// Whether a holder holds the shard of a target.
    pub fn is_held(&self, target: &Target, holder: &str) -> bool {
        self.claims.values().any(|open| {
            open.hold.as_ref().is_some_and(|hold| hold.holder == holder)
                && open.claim.targets.contains(target)
        })
    }
}

impl Claims for Invocation {
    async fn claims(&self) -> Result<Vec<Open>, Failure> {
        self.let_others_go_first().await;
        if self.strikes_anywhere(Class::ClaimsUnavailable) {
            return Err(failure(FailureCode::Unreachable));
        }
        Ok(self.world().post.claims.values().cloned().collect())
    }

    async fn open(
        &self,
        pass: &str,
        head: &Head,
        claims: &[Claim],
        done: Option<&Summary>,
    ) -> Result<(), Failure> {
        if self.strikes_anywhere(Class::ClaimsNotWritten) {
            return Err(failure(FailureCode::Unreachable));
        }
        let targets: usize = claims.iter().map(|claim| claim.targets.len()).sum();
        let begun = Pass {
            head: Some(head.clone()),
            targets: targets + done.map_or(0, |done| counted(head, done)),
            pending: claims.len(),
            outcomes: done.cloned().into_iter().collect(),
            ..Pass::default()
        };
        self.write(|world| {
            world.post.passes.insert(pass.to_owned(), begun);
            claims.iter().for_each(|claim| world.claim(claim));
        })
        .await;
        Ok(())
    }

    async fn take(&self, id: &ShardId, hold: &Hold, now: Instant) -> Result<Taken, Failure> {
        let is_lost = self.strikes_anywhere(Class::ClaimTakenWithoutAnswer);
        self.write(|world| {
            let Some(open) = world.post.claims.get_mut(id) else { return Ok(Taken::Gone) };
            if open.claim.until <= now {
                return Ok(Taken::Over);
            }
            let other =
                open.hold.as_ref().filter(|other| other.holder != hold.holder && other.until > now);
            if let Some(other) = other.cloned() {
                return Ok(Taken::Busy(other));
            }
            open.hold = Some(hold.clone());
            if is_lost {
                return Err(failure(FailureCode::Unreachable));
            }
            Ok(Taken::Yes(Box::new(open.claim.clone())))
        })
        .await
    }

    async fn let_go(&self, id: &ShardId, hold: &Hold) -> Result<(), Failure> {
        self.write(|world| {
            if let Some(open) = world.post.claims.get_mut(id)
                && open.hold.as_ref().is_some_and(|held| held.holder == hold.holder)
            {
                open.hold = None;
            }
            Ok(())
        })
        .await
    }

    async fn close(
        &self,
        claim: &Claim,
        summary: &Summary,
        hold: Option<&Hold>,
        rest: Option<&Claim>,
    ) -> Result<(), Failure> {
        let is_struck = self.strikes_anywhere(Class::ClaimNotEnded);
        let is_lost = self.strikes_anywhere(Class::ClaimEndedWithoutAnswer);
        self.write(|world| {
            let open = world.post.claims.get(&claim.id);
            let is_ours = open.is_some_and(|open| match (hold, &open.hold) {
                (None, _) => true,
                (Some(ours), held) => held.as_ref().is_some_and(|one| one.holder == ours.holder),
            });
            if is_struck || !is_ours {
                return Err(failure(FailureCode::Unreachable));
            }
            match rest {
                Some(rest) => world.claim(rest),
                None => drop(world.post.claims.remove(&claim.id)),
            }
            if let Some(pass) = world.post.passes.get_mut(&claim.id.pass) {
                pass.outcomes.push(summary.clone());
                pass.pending -= usize::from(rest.is_none());
            }
            if is_lost { Err(failure(FailureCode::Unreachable)) } else { Ok(()) }
        })
        .await
    }

    async fn end(&self, pass: &str, asker: &str) -> Result<bool, Failure> {
        Ok(self.write(|world| world.post.end(pass, asker)).await)
    }

    async fn pending(&self, pass: &str) -> Result<usize, Failure> {
        Ok(self.world().post.passes.get(pass).map_or(0, |pass| pass.pending))
    }

    async fn outcome(&self, name: &str) -> Result<Option<Ended>, Failure> {
        let Some(pass) = self.world().post.passes.get(name).cloned() else { return Ok(None) };
        let mut summary = Summary::default();
        pass.outcomes.into_iter().for_each(|one| summary.absorb(one));
        Ok(pass.head.map(|head| Ended { pass: name.to_owned(), head, summary }))
    }
}

impl Queue for Invocation {
    async fn send(&self, messages: &[String]) -> Vec<Result<(), Failure>> {
        let is_refused = self.strikes_anywhere(Class::MessageRefused);
        let mut sent = Vec::new();
        for (n, text) in messages.iter().enumerate() {
            let text = text.clone();
            sent.push(if is_refused && n == 0 {
                Err(failure(FailureCode::Throttled))
            } else {
                self.write(|world| world.post.queue.push(Message { text, received: 0 })).await;
                Ok(())
            });
        }
        sent
    }
}

impl Post {
    /// Forgets the passes that began before then: no claim of theirs is good any more.
    pub fn forget_before(&mut self, then: Instant) {
        self.passes.retain(|_, pass| pass.head.as_ref().is_none_or(|head| head.began >= then));
    }

    /// Whether a pass is over, and the asker the one to put it together.
    fn end(&mut self, pass: &str, asker: &str) -> bool {
        let over = self.passes.get_mut(pass).filter(|pass| pass.pending == 0);
        over.is_some_and(|pass| pass.ended_by.get_or_insert_with(|| asker.to_owned()) == asker)
    }
}

/// How many targets a summary counts.
fn counted(head: &Head, summary: &Summary) -> usize {
    summary.row(&head.tick, Duration::ZERO).targets
}

impl World {
    /// Somebody has put a pass together.
    pub fn put_together(&mut self, ended: &Ended) {
        let targets = counted(&ended.head, &ended.summary);
        if let Some(pass) = self.post.passes.get_mut(&ended.pass) {
            pass.put_together.push(targets);
        }
    }

    fn claim(&mut self, claim: &Claim) {
        let open = Open { claim: claim.clone(), hold: None };
        self.post.claims.insert(claim.id.clone(), open);
    }
}
