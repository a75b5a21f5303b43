//! One invocation's view of the world: the engine's ports, with what goes wrong in this one pass.
//!
//! Every operation yields, so that two passes can interleave; one that the plan has the pass die at never returns, and
//! says so, for the driver to drop the pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use scheduler_core::{
    Instant, Kind, Resource, ResourceId, ResourceKey, Target,
    labels::Labelling,
    memory::Outcome,
    resource::{Failure, FailureCode},
    size::Size,
    window::NamedWindows,
};
use scheduler_engine::{
    Mode,
    ports::{Acquired, Cloud, Lease, Leases, Memories, MemoryStore, Order, Remembered},
};

use crate::{
    dice::Dice,
    faults::{Class, OF_ORDERS, OF_SAVES, Plan},
    orders::failure,
    story::Said,
    thing::{Id, Thing},
    world::{Call, Save, World},
};

/// The name of the lease that a pass takes.
pub const LEASE: &str = "pass";

/// The world as one invocation meets it.
#[derive(Clone, Debug)]
pub struct Invocation {
    world: Arc<Mutex<World>>,
    progress: Arc<Mutex<Progress>>,
    plan: Plan,
    /// The instant that its pass evaluates.
    now: Instant,
    mode: Mode,
    holder: String,
}

/// How far an invocation has come, and what struck it.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// How many writes it has made.
    pub writes: u32,
    /// Whether it has died.
    pub has_died: bool,
    /// The targets in which a fault struck something that is shared.
    pub struck_targets: BTreeSet<Target>,
    /// What has struck which target, so that it counts once.
    strikes: BTreeSet<(Class, Target)>,
    /// The resources whose orders a fault struck.
    pub struck: BTreeSet<Id>,
    /// The resources of which it saw what is no longer true.
    pub stale: BTreeSet<Id>,
    /// What it was shown.
    pub shown: BTreeMap<Id, Resource>,
    /// The resources of which it wrote a memory.
    pub wrote: BTreeSet<Id>,
    /// How often it has saved in a target.
    saves: BTreeMap<Target, u32>,
}

impl Invocation {
    /// An invocation whose pass evaluates `now`, as that holder of the lease.
    pub fn new(
        world: &Arc<Mutex<World>>,
        plan: Plan,
        now: Instant,
        mode: Mode,
        holder: impl Into<String>,
    ) -> Self {
        Self {
            world: world.clone(),
            progress: Arc::default(),
            plan,
            now,
            mode,
            holder: holder.into(),
        }
    }

    /// The world.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A pass that panicked, as some stories have it, leaves the world as it is.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it has come.
    pub fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a write, unless the invocation dies at it.
    pub(crate) async fn write<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        Yield::default().await;
        let nth = {
            let mut progress = self.progress();
            progress.writes += 1;
            progress.writes - 1
        };
        let death = self.plan.crash.filter(|(at, _)| *at == nth).map(|(_, class)| class);
        if death == Some(Class::CrashBeforeWrite) {
            self.die(Class::CrashBeforeWrite).await;
        }
        let done = act(&mut self.world());
        if let Some(class) = death {
            self.die(class).await;
        }
        done
    }

    async fn die(&self, class: Class) {
        self.world().strike(class, None);
        self.progress().has_died = true;
        std::future::pending::<()>().await;
    }

    /// Whether a fault of this class strikes a target; counts it.
    fn strikes(&self, class: Class, target: &Target) -> bool {
        let strikes = self.plan.has(class, target);
        if strikes {
            self.progress().struck_targets.insert(target.clone());
            let is_first = self.progress().strikes.insert((class, target.clone()));
            if is_first {
                self.world().strike(class, None);
            }
        }
        strikes
    }

    pub(crate) async fn let_others_go_first(&self) {
        Yield::default().await;
    }

    /// Whether a fault of this class strikes what belongs to no target; counts it.
    pub(crate) fn strikes_anywhere(&self, class: Class) -> bool {
        let strikes = self.plan.has_anywhere(class);
        if strikes {
            self.world().strike(class, None);
        }
        strikes
    }

    /// Nobody works on a target without its claim or, where nobody has claimed it, the lease; a dry run is no work.
    fn watch(&self, target: &Target) {
        let mut world = self.world();
        let has_lease = world.leases.get(LEASE).is_some_and(|lease| lease.holder == self.holder);
        let holds = match world.post.is_claimed(target, world.clock) {
            true => world.post.is_held(target, &self.holder),
            false => has_lease,
        };
        if self.mode == Mode::Act && !holds {
            world.intruders.push((self.holder.clone(), target.clone()));
        }
    }

    fn shown(&self, target: &Target, kind: Kind) -> Vec<Resource> {
        let is_stale = self.plan.has(Class::ListingStale, target);
        let mut world = self.world();
        let mut progress = self.progress();
        let seen_at =
            world.clock - if is_stale { self.plan.age } else { chrono::TimeDelta::zero() };
        let mut all = Vec::new();
        let mut stale = 0;
        for (key, thing) in world.things_of(target).filter(|(key, _)| key.kind == kind) {
            let Some(truth) = thing.shown(key, &thing.now) else { continue };
            let shown = if is_stale {
                thing.shown(key, thing.condition_at(seen_at))
            } else {
                Some(truth.clone())
            };
            let Some(shown) = shown else { continue };
            let id = Id { target: target.clone(), key: key.clone() };
            if shown != truth {
                stale += 1;
                progress.stale.insert(id.clone());
            }
            progress.shown.insert(id, shown.clone());
            all.push(shown);
        }
        if stale > 0 {
            world.strike(Class::ListingStale, None);
        }
        all
    }

    /// What befalls an order, if something does. It depends on nothing but the plan and the resource.
    fn befalls(&self, id: &Id) -> Option<Class> {
        let mut dice = Dice::keyed(self.plan.seed, &id.to_string());
        let class = OF_ORDERS.into_iter().find(|class| self.plan.has(*class, &id.target))?;
        dice.chance(self.plan.order_percent).then_some(class)
    }

    fn carry_out_one(&self, world: &mut World, id: &Id, order: &Order) -> Option<Outcome> {
        let befalls = self.befalls(id);
        if let Some(class) = befalls {
            world.strike(class, Some(id));
            self.progress().struck.insert(id.clone());
        }
        let before = world.things.get(id).cloned();
        let answer = match befalls {
            Some(Class::AnswerLostThoughDone) => {
                world.obey(id, &order.step);
                Some(Outcome::Unknown(failure(FailureCode::Unreachable)))
            }
            Some(Class::AnswerLostAndNotDone) => {
                Some(Outcome::Unknown(failure(FailureCode::Unreachable)))
            }
            Some(Class::AnswerMissing) => {
                world.obey(id, &order.step);
                None
            }
            Some(Class::OrderThrottled) => Some(Outcome::Failed(failure(FailureCode::Throttled))),
            Some(Class::OrderDenied) => Some(Outcome::Failed(failure(FailureCode::Denied))),
            Some(Class::OrderHalfDone) => Some(world.obey_half(id, &order.step)),
            Some(_) | None => Some(world.obey(id, &order.step)),
        };
        if answer
            .as_ref()
            .and_then(Outcome::failure)
            .is_some_and(|why| why.code == FailureCode::NoCapacity)
        {
            world.strike(Class::NoCapacity, Some(id));
        }
        let after = world.things.get(id);
        let happened = after.map(|thing| &thing.now) != before.as_ref().map(|thing| &thing.now);
        let told = answer.clone().unwrap_or(Outcome::Unknown(failure(FailureCode::Deadline)));
        let intent = order.step.intent();
        let announced = world
            .memories
            .get(&id.target)
            .and_then(|all| all.get(&id.key))
            .and_then(|memory| memory.in_flight);
        let shown_size = self
            .progress()
            .shown
            .get(id)
            .and_then(|shown| shown.size)
            .filter(|size| size.desired > 0);
        let call = Call {
            now: self.now,
            clock: world.clock,
            id: id.clone(),
            step: order.step.clone(),
            told,
            happened,
            before: before.as_ref().and_then(|thing| thing.last_deed()),
            was_up: before.as_ref().is_some_and(|thing| thing.is_up()),
            proper: before.as_ref().and_then(|thing| thing.proper),
            sizes_before: before
                .as_ref()
                .and_then(running_size)
                .into_iter()
                .chain(shown_size)
                .collect(),
            size_after: after.and_then(|thing| thing.now.size),
            was_announced: announced == Some(intent) && self.progress().wrote.contains(id),
            was_stale: self.progress().stale.contains(id),
        };
        world.note(
            Some(id),
            format!(
                "call: {} at the pass of {}: {}",
                order.step.said(),
                self.now.format("%d %H:%M:%S"),
                said(&call)
            ),
        );
        world.calls.push(call);
        answer
    }

    fn keep(&self, world: &mut World, target: &Target, memories: Memories) {
        // That something is gone settles nothing.
        let settles = memories.values().any(|memory| memory.expires.is_none());
        for (key, memory) in memories {
            let id = Id { target: target.clone(), key };
            let said = format!(
                "saved: settled {:?} for {:?}, in flight {:?}, attempts {}, retained {}",
                memory.settled,
                memory.edge.map(|edge| edge.to_string()),
                memory.in_flight,
                memory.attempts,
                memory.retained
            );
            world.note(Some(&id), said);
            self.progress().wrote.insert(id.clone());
            let size = world.things.get(&id).and_then(running_size);
            world.saves.push(Save { now: self.now, id: id.clone(), size });
            world.memories.entry(target.clone()).or_default().insert(id.key, memory);
        }
        if settles {
            let latest = world.settled_up_to.entry(target.clone()).or_insert(self.now);
            *latest = self.now.max(*latest);
        }
    }
}

/// How large it is if it is up, with its automatic scaling as people want it.
fn running_size(thing: &Thing) -> Option<Size> {
    let (now, proper) = (thing.now.size?, thing.proper?);
    (thing.is_up() && now.desired > 0).then_some(Size { scaling: proper.scaling, ..now })
}

fn said(call: &Call) -> String {
    let told = match &call.told {
        Outcome::Done => "done".into(),
        Outcome::DoneBut(why) => format!("done, but {why}"),
        Outcome::Failed(why) => format!("failed, {why}"),
        Outcome::Unknown(why) => format!("unknown, {why}"),
    };
    format!("{told}{}", if call.happened { "" } else { " (nothing changed)" })
}

impl Cloud for Invocation {
    async fn list(&self, target: &Target, kind: Kind) -> Result<Vec<Resource>, Failure> {
        self.watch(target);
        Yield::default().await;
        if self.plan.hangs.as_ref() == Some(target) {
            std::future::pending::<()>().await;
        }
        if self.plan.panics.as_ref() == Some(target) {
            panic!("as asked");
        }
        if self.strikes(Class::TargetDenied, target) {
            return Err(failure(FailureCode::Denied));
        }
        let is_its_turn = Dice::keyed(self.plan.seed, kind.as_str()).chance(50);
        if is_its_turn && self.strikes(Class::ListingThrottled, target) {
            return Err(failure(FailureCode::Throttled));
        }
        Ok(self.shown(target, kind))
    }

    async fn windows(&self, target: &Target) -> Result<NamedWindows, Failure> {
        self.watch(target);
        Yield::default().await;
        if self.strikes(Class::WindowsUnknown, target) || self.plan.has(Class::TargetDenied, target)
        {
            return Err(failure(FailureCode::Denied));
        }
        Ok(self.world().named.get(target).cloned().unwrap_or_default())
    }

    async fn carry_out(
        &self,
        target: &Target,
        kind: Kind,
        orders: &[Order],
    ) -> Vec<(ResourceId, Outcome)> {
        self.watch(target);
        let mut outcomes = Vec::new();
        for order in orders {
            let id = Id { target: target.clone(), key: ResourceKey { kind, id: order.id.clone() } };
            let outcome = self.write(|world| self.carry_out_one(world, &id, order)).await;
            outcomes.extend(outcome.map(|outcome| (order.id.clone(), outcome)));
        }
        if self.plan.hangs_at_orders {
            std::future::pending::<()>().await;
        }
        outcomes
    }

    async fn label(
        &self,
        target: &Target,
        kind: Kind,
        labellings: &[(ResourceId, Labelling)],
    ) -> Result<(), Failure> {
        self.watch(target);
        let is_struck = self.plan.has(Class::TagsNotWritten, target);
        self.write(|world| {
            if is_struck {
                world.strike(Class::TagsNotWritten, None);
                return Err(failure(FailureCode::Throttled));
            }
            for (id, labelling) in labellings {
                let id = Id { target: target.clone(), key: ResourceKey { kind, id: id.clone() } };
                if let Some(thing) = world.things.get_mut(&id) {
                    thing.tags.retain(|key, _| !labelling.remove.contains(key));
                    thing.tags.extend(labelling.set.clone());
                }
                world.labelled.push(id);
            }
            Ok(())
        })
        .await
    }
}

impl MemoryStore for Invocation {
    async fn load(&self, target: &Target) -> Result<Remembered, Failure> {
        self.watch(target);
        Yield::default().await;
        if self.strikes(Class::LoadFailed, target) {
            return Err(failure(FailureCode::Unreachable));
        }
        let memories = self.world().memories.get(target).cloned().unwrap_or_default();
        Ok(Remembered { memories, ..Remembered::default() })
    }

    async fn save(&self, target: &Target, memories: &Memories) -> Result<(), Failure> {
        self.watch(target);
        let nth = {
            let mut progress = self.progress();
            let saves = progress.saves.entry(target.clone()).or_default();
            *saves += 1;
            *saves - 1
        };
        let struck = OF_SAVES
            .into_iter()
            .find(|class| nth == self.plan.nth_save && self.plan.has(*class, target));
        self.write(|world| {
            let kept = match struck {
                Some(Class::SaveFailed) => 0,
                Some(Class::SavedInPart) => memories.len() / 2,
                Some(_) | None => memories.len(),
            };
            self.keep(world, target, memories.clone().into_iter().take(kept).collect());
            let Some(class) = struck else { return Ok(()) };
            world.strike(class, None);
            self.progress().struck_targets.insert(target.clone());
            Err(failure(FailureCode::Unreachable))
        })
        .await
    }
}

impl Leases for Invocation {
    async fn acquire(&self, lease: &Lease, now: Instant) -> Result<Acquired, Failure> {
        let is_unavailable = self.plan.has_anywhere(Class::LeaseUnavailable);
        let is_lost = self.plan.has_anywhere(Class::LeaseTakenWithoutAnswer);
        self.write(|world| {
            if is_unavailable {
                world.strike(Class::LeaseUnavailable, None);
                return Err(failure(FailureCode::Unreachable));
            }
            let other = world
                .leases
                .get(&lease.name)
                .filter(|other| other.holder != lease.holder && now < other.until);
            if let Some(Lease { holder, until, .. }) = other.cloned() {
                return Ok(Acquired::No { holder, until });
            }
            world.leases.insert(lease.name.clone(), lease.clone());
            if is_lost {
                world.strike(Class::LeaseTakenWithoutAnswer, None);
                return Err(failure(FailureCode::Unreachable));
            }
            Ok(Acquired::Yes)
        })
        .await
    }

    async fn release(&self, lease: &Lease) -> Result<(), Failure> {
        let is_struck = self.plan.has_anywhere(Class::LeaseNotGivenBack);
        self.write(|world| {
            if is_struck {
                world.strike(Class::LeaseNotGivenBack, None);
                return Err(failure(FailureCode::Unreachable));
            }
            if world.leases.get(&lease.name).is_some_and(|held| held.holder == lease.holder) {
                world.leases.remove(&lease.name);
            }
            Ok(())
        })
        .await
    }
}

/// Lets others go first, once.
#[derive(Debug, Default)]
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
