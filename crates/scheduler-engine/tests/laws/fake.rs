//! A cloud and a memory store with state, which fail where they are told to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use scheduler_core::{
    Kind, Observed, Resource, ResourceId, ResourceKey, Target,
    memory::Outcome,
    resource::{Failure, FailureCode},
};
use scheduler_engine::ports::{Cloud, Memories, MemoryStore, Remembered};

/// A resource as the fake cloud keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) tag: Option<String>,
    pub(crate) exclude_until: Option<String>,
    pub(crate) observed: Observed,
}

/// Which call goes wrong, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Targets whose role is missing.
    pub(crate) denied: BTreeSet<Target>,
    /// Resources that AWS refuses to start or stop.
    pub(crate) stuck: BTreeSet<ResourceId>,
    /// Resources whose start or stop happens, but whose answer is lost.
    pub(crate) silent: BTreeSet<ResourceId>,
    /// How many more saves succeed; none means all.
    pub(crate) saves_left: Option<usize>,
    /// A target whose listing panics.
    pub(crate) panics: Option<Target>,
    /// Whether a start happens and never answers.
    pub(crate) hangs_at_start: bool,
    /// A target whose listing never answers.
    pub(crate) hangs: Option<Target>,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) instances: BTreeMap<(Target, ResourceKey), Instance>,
    pub(crate) memories: BTreeMap<Target, Memories>,
    pub(crate) faults: Faults,
    /// Every start and stop that was called for, in order.
    pub(crate) calls: Vec<(Target, ResourceKey, Observed)>,
    pub(crate) saves: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) world: Mutex<World>,
}

fn failure(code: FailureCode) -> Failure {
    Failure { code, message: format!("the fake says {code}") }
}

impl Fake {
    fn change(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
        to: Observed,
    ) -> Vec<(ResourceId, Outcome)> {
        let mut world = self.world.lock().unwrap();
        ids.iter()
            .map(|id| (id.clone(), world.change(target, ResourceKey { kind, id: id.clone() }, to)))
            .collect()
    }
}

impl World {
    fn change(&mut self, target: &Target, key: ResourceKey, to: Observed) -> Outcome {
        self.calls.push((target.clone(), key.clone(), to));
        if self.faults.stuck.contains(&key.id) {
            return Outcome::Failed(failure(FailureCode::WrongState));
        }
        let silent = self.faults.silent.contains(&key.id);
        let Some(instance) = self.instances.get_mut(&(target.clone(), key)) else {
            return Outcome::Failed(failure(FailureCode::NotFound));
        };
        instance.observed = to;
        if silent { Outcome::Unknown(failure(FailureCode::Unreachable)) } else { Outcome::Done }
    }
}

impl Cloud for Fake {
    async fn list(&self, target: &Target, kind: Kind) -> Result<Vec<Resource>, Failure> {
        let hangs = self.world.lock().unwrap().faults.hangs.as_ref() == Some(target);
        if hangs {
            std::future::pending::<()>().await;
        }
        let world = self.world.lock().unwrap();
        if world.faults.panics.as_ref() == Some(target) {
            drop(world);
            panic!("as asked");
        }
        if world.faults.denied.contains(target) {
            return Err(failure(FailureCode::Denied));
        }
        let here =
            world.instances.iter().filter(|((place, key), _)| place == target && key.kind == kind);
        let tagged =
            here.filter_map(|((_, key), instance)| Some((key, instance, instance.tag.clone()?)));
        Ok(tagged
            .map(|(key, instance, schedule_tag)| Resource {
                key: key.clone(),
                schedule_tag,
                exclude_until: instance.exclude_until.clone(),
                observed: instance.observed,
                instance_type: None,
            })
            .collect())
    }

    async fn start(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
    ) -> Vec<(ResourceId, Outcome)> {
        let outcomes = self.change(target, kind, ids, Observed::Running);
        let hangs = self.world.lock().unwrap().faults.hangs_at_start;
        if hangs {
            std::future::pending::<()>().await;
        }
        outcomes
    }

    async fn stop(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
    ) -> Vec<(ResourceId, Outcome)> {
        self.change(target, kind, ids, Observed::Stopped)
    }
}

impl MemoryStore for Fake {
    async fn load(&self, target: &Target) -> Result<Remembered, Failure> {
        let memories = self.world.lock().unwrap().memories.get(target).cloned().unwrap_or_default();
        Ok(Remembered { memories, ..Remembered::default() })
    }

    async fn save(&self, target: &Target, memories: &Memories) -> Result<(), Failure> {
        let mut world = self.world.lock().unwrap();
        if let Some(left) = &mut world.faults.saves_left {
            if *left == 0 {
                return Err(failure(FailureCode::Unreachable));
            }
            *left -= 1;
        }
        world.saves += 1;
        world.memories.entry(target.clone()).or_default().extend(memories.clone());
        Ok(())
    }
}
