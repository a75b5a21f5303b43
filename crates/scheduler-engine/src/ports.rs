//! What the engine asks of the world. AWS implements these, and so does the fake in `tests/laws/fake.rs`.

use std::collections::BTreeMap;

use scheduler_core::{
    Kind, Resource, ResourceId, ResourceKey, Target,
    memory::{Memory, Outcome},
    resource::Failure,
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

/// Resources: listing them, starting and stopping them.
pub trait Cloud: Sync {
    /// The resources of a kind that carry the schedule tag, and no others.
    fn list(
        &self,
        target: &Target,
        kind: Kind,
    ) -> impl Future<Output = Result<Vec<Resource>, Failure>> + Send;

    /// Starts resources of one kind. The answer has each id once.
    fn start(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
    ) -> impl Future<Output = Vec<(ResourceId, Outcome)>> + Send;

    /// Stops resources of one kind. The answer has each id once.
    fn stop(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
    ) -> impl Future<Output = Vec<(ResourceId, Outcome)>> + Send;
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
