//! Runs passes as the hub does: under the lease, with a deadline, and each invocation dying where its plan says.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use chrono::TimeDelta;
use scheduler_core::{Config, Instant, Kind, Target, labels::Labels, window};
use scheduler_engine::{
    Claims, Foresight, Mode, Pass, PassReport, Rows, Scope, Tick,
    lease::{self, NotHeld},
    pass,
    ports::Lease,
    shards::{self, Claim, Head, Hold, ShardId, Walked, Worked},
};

use crate::{
    faults::{Class, Plan},
    invocation::{Invocation, LEASE, Progress},
    world::World,
};

/// How long a lease lasts: longer than an invocation may.
pub const LEASE_LASTS: TimeDelta = TimeDelta::minutes(15);

/// How long an invocation may take.
const INVOCATION: TimeDelta = TimeDelta::minutes(5);

/// How long a claim is good: for three invocations, and their messages.
pub const CLAIM_LASTS: TimeDelta = TimeDelta::minutes(18);

/// What a deployment is.
#[derive(Debug)]
pub struct Hub {
    runtime: tokio::runtime::Runtime,
    /// The targets.
    pub targets: Vec<Target>,
    /// The tags that it writes.
    pub labels: Labels,
    /// How long a pass may take by the clock on the wall: only stories have any of it pass.
    pub limit: Duration,
    /// What the passes have seen.
    foresight: Foresight,
}

/// One pass to be run.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The instant that it evaluates.
    pub now: Instant,
    /// What it looks at.
    pub scope: Scope,
    /// Whether it writes.
    pub mode: Mode,
    /// What goes wrong in it.
    pub plan: Plan,
    /// Who holds the lease for it.
    pub holder: String,
    /// What of it is cut into shards.
    pub in_shards: Option<Cut>,
}

/// What of a pass is cut into shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// All of it.
    Whole,
    /// Half of it, once the invocation that began it has walked the other half.
    Half,
}

/// What came of it.
#[derive(Debug)]
pub struct Ran {
    /// The instant that it evaluated.
    pub now: Instant,
    /// How it ended.
    pub end: End,
    /// How far it came, and what struck it.
    pub progress: Progress,
}

/// How a pass ended.
#[derive(Debug)]
pub enum End {
    /// It died at one of its writes.
    Died,
    /// It was not to be run.
    NotHeld(NotHeld),
    /// It came to its end.
    Reported(PassReport),
    /// Its shards are on their way.
    Begun,
    /// It was of a shard at which there was nothing to be done.
    Nothing,
    /// It was of a shard whose message has to come again.
    Again(String),
}

impl Ran {
    /// The report, if there is one.
    pub fn report(&self) -> Option<&PassReport> {
        match &self.end {
            End::Reported(report) => Some(report),
            End::Died | End::NotHeld(_) | End::Begun | End::Nothing | End::Again(_) => None,
        }
    }
}

impl Errand {
    /// A pass over everything in which nothing goes wrong.
    pub fn at(now: Instant) -> Self {
        Self {
            now,
            scope: Scope::default(),
            mode: Mode::Act,
            plan: Plan::default(),
            holder: "hub".into(),
            in_shards: None,
        }
    }

    /// The same without writing.
    #[must_use]
    pub fn dry(self) -> Self {
        Self { mode: Mode::DryRun, ..self }
    }
}

impl Hub {
    /// A hub for these targets.
    ///
    /// # Errors
    ///
    /// If there is no runtime to be had.
    pub fn new(targets: Vec<Target>, labels: Labels) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let limit = Duration::from_secs(24 * 60 * 60);
        Ok(Self { runtime, targets, labels, limit, foresight: Foresight::default() })
    }

    /// Runs one pass.
    pub fn run(&self, world: &Arc<Mutex<World>>, config: &Config, errand: Errand) -> Ran {
        self.runtime.block_on(self.invoke(world, config, errand))
    }

    /// Runs two passes at once.
    pub fn run_both(
        &self,
        world: &Arc<Mutex<World>>,
        config: &Config,
        first: Errand,
        second: Errand,
    ) -> (Ran, Ran) {
        let both = futures::future::join(
            self.invoke(world, config, first),
            self.invoke(world, config, second),
        );
        self.runtime.block_on(both)
    }

    /// Works on the shard that a message names.
    pub fn work(&self, world: &Arc<Mutex<World>>, config: &Config, shard: Delivery) -> Ran {
        self.runtime.block_on(self.work_on(world, config, shard))
    }

    /// Works on a shard whose message has come twice at once.
    pub fn work_twice(
        &self,
        world: &Arc<Mutex<World>>,
        config: &Config,
        [first, second]: [Delivery; 2],
    ) -> (Ran, Ran) {
        let both = futures::future::join(
            self.work_on(world, config, first),
            self.work_on(world, config, second),
        );
        self.runtime.block_on(both)
    }

    async fn invoke(&self, world: &Arc<Mutex<World>>, config: &Config, errand: Errand) -> Ran {
        let Errand { now, scope, mode, plan, holder, in_shards } = errand;
        let invocation = Invocation::new(world, plan, now, mode, &*holder);
        let tick = Tick { now, scope, mode };
        let clock = invocation.world().clock;
        let lease = Lease { name: LEASE.into(), holder, until: clock + LEASE_LASTS };
        let work = async {
            match mode {
                Mode::DryRun => {
                    let report = self.walk(&invocation, config, tick, &self.targets).await;
                    Ok(End::Reported(report))
                }
                Mode::Act => {
                    let turn = self.turn(&invocation, config, tick, &lease.holder, in_shards);
                    lease::holding(&invocation, &lease, clock, turn).await
                }
            }
        };
        let end = match unless_it_dies(&invocation, work).await {
            None => End::Died,
            Some(Err(why)) => End::NotHeld(why),
            Some(Ok(end)) => end,
        };
        let progress = invocation.progress().clone();
        Ran { now, end, progress }
    }

    /// What a pass does under its lease.
    async fn turn(
        &self,
        invocation: &Invocation,
        config: &Config,
        tick: Tick,
        holder: &str,
        in_shards: Option<Cut>,
    ) -> End {
        let clock = invocation.world().clock;
        let claims = match invocation.claims().await {
            Ok(claims) => claims,
            Err(failure) => return End::NotHeld(NotHeld::Failed(failure)),
        };
        let in_scope = self.targets.iter().filter(|target| tick.scope.covers(target));
        let plan = shards::plan(in_scope.cloned().collect(), claims, clock);
        shards::remind(invocation, &plan.idle).await;
        for ended in shards::put_together(invocation, &plan.overdue, holder).await {
            invocation.world().put_together(&ended);
        }
        let begins_itself = match in_shards {
            None => return End::Reported(self.walk(invocation, config, tick, &plan.free).await),
            Some(cut) => cut == Cut::Half,
        };
        let head =
            Head { tick, rows: Rows::Notable, began: clock, is_partial: plan.left > 0, version: 0 };
        let mut whole = Claim {
            id: ShardId { pass: holder.into(), shard: 0 },
            part: 0,
            head,
            sent: clock,
            until: clock + CLAIM_LASTS,
            targets: plan.free,
        };
        let mut done = None;
        if begins_itself {
            let rest = whole.targets.split_off(whole.targets.len() / 2);
            let walked =
                self.walk(invocation, config, whole.head.tick.clone(), &whole.targets).await;
            (done, whole.targets) = (Some(walked), rest);
        }
        let summary = done.as_ref().map(PassReport::summary);
        match shards::begin(invocation, invocation, &whole, 1, summary).await {
            Ok((_, ended)) => {
                ended.iter().for_each(|ended| invocation.world().put_together(ended));
                done.map_or(End::Begun, End::Reported)
            }
            Err(failure) => done.map_or(End::NotHeld(NotHeld::Failed(failure)), End::Reported),
        }
    }

    async fn work_on(&self, world: &Arc<Mutex<World>>, config: &Config, shard: Delivery) -> Ran {
        let Delivery { message, plan, holder, most } = shard;
        let id = ShardId::of_message(&message).ok();
        let (clock, tick) = {
            let world = world.lock().unwrap_or_else(PoisonError::into_inner);
            let claim = id.and_then(|id| world.post.claims.get(&id));
            (world.clock, claim.map(|open| open.claim.head.tick.clone()))
        };
        let tick = tick.unwrap_or(Tick { now: clock, scope: Scope::default(), mode: Mode::Act });
        let invocation = Invocation::new(world, plan, tick.now, tick.mode, &*holder);
        let hold = Hold { holder, until: clock + INVOCATION };
        let mut report = None;
        let walk = async |claim: &Claim| {
            let (now, rest) = claim.targets.split_at(most.min(claim.targets.len()));
            if !rest.is_empty() {
                invocation.world().strike(Class::ShardHandedOn, None);
            }
            let walked = self.walk(&invocation, config, claim.head.tick.clone(), now).await;
            let summary = walked.summary();
            report = Some(walked);
            Ok::<_, String>(Walked { summary, rest: rest.to_vec() })
        };
        let work = shards::work(&invocation, &invocation, &message, &hold, clock, walk);
        let end = match unless_it_dies(&invocation, work).await {
            None => End::Died,
            Some(Err(why)) => End::Again(why.to_string()),
            Some(Ok(worked)) => {
                if let Worked::Last(ended) = worked {
                    invocation.world().put_together(&ended);
                }
                report.map_or(End::Nothing, End::Reported)
            }
        };
        let progress = invocation.progress().clone();
        Ran { now: tick.now, end, progress }
    }

    async fn walk(
        &self,
        invocation: &Invocation,
        config: &Config,
        tick: Tick,
        targets: &[Target],
    ) -> PassReport {
        // Far away: what takes time in the world takes none here.
        let deadline = tokio::time::Instant::now() + self.limit;
        let pass = Pass {
            config,
            targets,
            kinds: &Kind::ALL,
            cloud: invocation,
            memory: invocation,
            begin_until: deadline,
            deadline,
            concurrency: 2,
            foresight: &self.foresight,
            labels: &self.labels,
            window_lead: window::LEAD,
            tick,
        };
        pass::run(&pass).await
    }
}

/// A message that is handed to an invocation.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What it says.
    pub message: String,
    /// What goes wrong in the invocation.
    pub plan: Plan,
    /// Its name.
    pub holder: String,
    /// How many targets it has time for.
    pub most: usize,
}

/// Drives a pass until it ends, or until it dies; dropping it then is what the death of an invocation is.
async fn unless_it_dies<Work: Future>(invocation: &Invocation, work: Work) -> Option<Work::Output> {
    let mut work = pin!(work);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if invocation.progress().has_died => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}
