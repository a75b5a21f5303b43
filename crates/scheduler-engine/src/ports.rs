//! What the engine asks of the world. AWS implements these, and so does the simulated world of the
//! crate `scheduler-simulation`.

use std::collections::BTreeMap;

use scheduler_core::{
    Instant, Kind, Resource, ResourceId, ResourceKey, Target,
    decision::Step,
    labels::Labelling,
    memory::{Memory, Outcome},
    resource::Failure,
    window::NamedWindows,
};

use crate::{
    shards::{Claim, Ended, Head, Hold, Open, ShardId, Taken},
    summary::Summary,
};

/// The memories of some resources of one target.
pub type Memories = BTreeMap<ResourceKey, Memory>;

/// What is stored of one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The memories.
    pub memories: Memories,
    /// Those that cannot be read, and why. Their resources are not new, so they are left alone.
    pub unreadable: BTreeMap<ResourceKey, String>,
}

/// A step to be taken with one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The resource.
    pub id: ResourceId,
    /// What is to be done to it.
    pub step: Step,
}

/// Resources: listing them, starting, stopping and resizing them, tagging them.
pub trait Cloud: Sync {
    /// The resources of a kind that carry the schedule tag, and no others.
    fn list(
        &self,
        target: &Target,
        kind: Kind,
    ) -> impl Future<Output = Result<Vec<Resource>, Failure>> + Send;

    /// The maintenance windows that operators have named there. Asked for only where a schedule names some.
    fn windows(
        &self,
        target: &Target,
    ) -> impl Future<Output = Result<NamedWindows, Failure>> + Send;

    /// Carries out orders for resources of one kind. The answer has each id once.
    fn carry_out(
        &self,
        target: &Target,
        kind: Kind,
        orders: &[Order],
    ) -> impl Future<Output = Vec<(ResourceId, Outcome)>> + Send;

    /// Changes tags of resources of one kind. A failure may leave some as they were; nothing depends on them.
    fn label(
        &self,
        target: &Target,
        kind: Kind,
        labellings: &[(ResourceId, Labelling)],
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What is remembered between passes.
pub trait MemoryStore: Sync {
    /// Everything remembered of a target.
    fn load(&self, target: &Target) -> impl Future<Output = Result<Remembered, Failure>> + Send;

    /// Remembers these, each replacing what was remembered of its resource. After an error some may be stored.
    fn save(
        &self,
        target: &Target,
        memories: &Memories,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The right to do some work, for one at a time.
pub trait Leases: Sync {
    /// Takes a lease that is free, has expired by `now`, or is the holder's own. An answer that is lost may have taken it.
    fn acquire(
        &self,
        lease: &Lease,
        now: Instant,
    ) -> impl Future<Output = Result<Acquired, Failure>> + Send;

    /// Gives a lease back, if it is still the holder's.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Where shards of a pass are sent, to be worked on by whoever takes them.
pub trait Queue: Sync {
    /// Sends messages, and says of each, in their order, whether it was accepted. One that was may come late, more than
    /// once or, rarely, never; one that failed for want of an answer may come all the same.
    fn send(&self, messages: &[String]) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

/// What is written down of passes that are cut into [shards](crate::shards).
pub trait Claims: Sync {
    /// Every claim that is not ended, those whose time is over too.
    fn claims(&self) -> impl Future<Output = Result<Vec<Open>, Failure>> + Send;

    /// Writes down a pass and the claims of its shards, and what is done of it already: all or nothing. There are no more
    /// than 99.
    fn open(
        &self,
        pass: &str,
        head: &Head,
        claims: &[Claim],
        done: Option<&Summary>,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Takes the claim of a shard, if its time is not over at `now` and nobody else holds it. An answer that is lost may have taken it.
    fn take(
        &self,
        id: &ShardId,
        hold: &Hold,
        now: Instant,
    ) -> impl Future<Output = Result<Taken, Failure>> + Send;

    /// Gives a claim back as it was, if it is still the holder's.
    fn let_go(&self, id: &ShardId, hold: &Hold)
    -> impl Future<Output = Result<(), Failure>> + Send;

    /// Exchanges a claim for what came of it and, if some is left, the claim of the rest, which nobody holds: all or nothing.
    /// It fails if the claim is not there, or not the holder's where one is named.
    fn close(
        &self,
        claim: &Claim,
        summary: &Summary,
        hold: Option<&Hold>,
        rest: Option<&Claim>,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Whether a pass is over, and the asker the one to put it together: of all who ask after its last shard has ended, one
    /// alone is told so.
    fn end(&self, pass: &str, asker: &str) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// How many shards of a pass are not ended.
    fn pending(&self, pass: &str) -> impl Future<Output = Result<usize, Failure>> + Send;

    /// The pass, as far as its shards are ended; none if nothing is written down of it any more.
    fn outcome(&self, pass: &str) -> impl Future<Output = Result<Option<Ended>, Failure>> + Send;
}

/// A claim to some work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The work.
    pub name: String,
    /// Who is to do it: different for each invocation.
    pub holder: String,
    /// When the claim expires, should the holder not give it back: after it has certainly ended.
    pub until: Instant,
}

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// It is the holder's.
    Yes,
    /// Somebody else has it.
    No {
        /// Who.
        holder: String,
        /// Until when at most.
        until: Instant,
    },
}
