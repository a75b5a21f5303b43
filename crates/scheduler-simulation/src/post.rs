//! Passes in shards, as the world holds them: claims, what came of shards, and the queue between.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

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
    /// The shards that are not ended.
    pub pending: BTreeSet<String>,
    /// What came of the others.
    pub outcomes: BTreeMap<String, Summary>,
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

    async fn open(&self, pass: &str, head: &Head, claims: &[Claim]) -> Result<(), Failure> {
        let record = Pass {
            head: Some(head.clone()),
            targets: claims.iter().map(|claim| claim.targets.len()).sum(),
            pending: claims.iter().map(|claim| claim.id.shard.clone()).collect(),
            ..Pass::default()
        };
        self.write(|world| drop(world.post.passes.insert(pass.to_owned(), record))).await;
        let is_struck = self.strikes_anywhere(Class::ClaimsWrittenInPart);
        let written = if is_struck { claims.len() / 2 } else { claims.len() };
        for claim in &claims[..written] {
            self.write(|world| world.claim(claim, None)).await;
        }
        if is_struck { Err(failure(FailureCode::Unreachable)) } else { Ok(()) }
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
            if let Some(Hold { holder, .. }) = other.cloned() {
                return Ok(Taken::Busy { holder });
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

    async fn part(&self, kept: &Claim, rest: &Claim, hold: &Hold) -> Result<(), Failure> {
        let pass = kept.id.pass.clone();
        self.write(|world| world.post.pending(&pass, &rest.id.shard)).await;
        self.write(|world| {
            world.claim(kept, Some(hold.clone()));
            world.claim(rest, None);
            Ok(())
        })
        .await
    }

    async fn close(
        &self,
        id: &ShardId,
        summary: &Summary,
        hold: Option<&Hold>,
    ) -> Result<(), Failure> {
        let is_struck = self.strikes_anywhere(Class::ClaimNotEnded);
        self.write(|world| {
            let open = world.post.claims.get(id);
            let is_ours = open.is_some_and(|open| match (hold, &open.hold) {
                (None, _) => true,
                (Some(ours), held) => held.as_ref().is_some_and(|one| one.holder == ours.holder),
            });
            if is_struck || !is_ours {
                return Err(failure(FailureCode::Unreachable));
            }
            world.post.claims.remove(id);
            if let Some(pass) = world.post.passes.get_mut(&id.pass) {
                pass.outcomes.insert(id.shard.clone(), summary.clone());
            }
            Ok(())
        })
        .await
    }

    async fn strike_off(&self, id: &ShardId) -> Result<bool, Failure> {
        Ok(self.write(|world| world.post.end(id)).await)
    }

    async fn pending(&self, pass: &str) -> Result<usize, Failure> {
        Ok(self.world().post.passes.get(pass).map_or(0, |pass| pass.pending.len()))
    }

    async fn outcome(&self, name: &str) -> Result<Option<Ended>, Failure> {
        let Some(pass) = self.world().post.passes.get(name).cloned() else { return Ok(None) };
        let mut summary = Summary::default();
        pass.outcomes.into_values().for_each(|one| summary.absorb(one));
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

    fn pending(&mut self, pass: &str, shard: &str) {
        if let Some(pass) = self.passes.get_mut(pass) {
            pass.pending.insert(shard.to_owned());
        }
    }

    /// Strikes a shard off. Answers whether it was the last.
    fn end(&mut self, id: &ShardId) -> bool {
        let pass = self.passes.get_mut(&id.pass);
        pass.is_some_and(|pass| pass.pending.remove(&id.shard) && pass.pending.is_empty())
    }
}

impl World {
    /// Somebody has put a pass together.
    pub fn put_together(&mut self, ended: &Ended) {
        let targets = ended.summary.row(&ended.head.tick, Duration::ZERO).targets;
        if let Some(pass) = self.post.passes.get_mut(&ended.pass) {
            pass.put_together.push(targets);
        }
    }

    fn claim(&mut self, claim: &Claim, hold: Option<Hold>) {
        self.post.claims.insert(claim.id.clone(), Open { claim: claim.clone(), hold });
    }
}
