//! What the engine asks of the world. AWS implements these, and so does the fake in `tests/laws/fake.rs`.

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

    /// Writes down a pass and the claims of its shards. After an error some may stand.
    fn open(
        &self,
        pass: &str,
        head: &Head,
        claims: &[Claim],
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

    /// Cuts a claim in two, of which the first stays the holder's. After an error there are two, or still the one.
    fn part(
        &self,
        kept: &Claim,
        rest: &Claim,
        hold: &Hold,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Writes down what came of a shard and takes its claim away, both or neither. It fails if the claim is not there, or not
    /// the holder's where one is named.
    fn close(
        &self,
        id: &ShardId,
        summary: &Summary,
        hold: Option<&Hold>,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Strikes a shard without a claim off those of its pass that are not ended. Answers whether that ended the pass: of all
    /// who strike one off, one alone is told so.
    fn strike_off(&self, id: &ShardId) -> impl Future<Output = Result<bool, Failure>> + Send;

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
