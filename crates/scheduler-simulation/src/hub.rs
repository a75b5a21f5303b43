//! Runs passes as the hub does: under the lease, with a deadline, and each invocation dying where its plan says.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use chrono::TimeDelta;
use scheduler_core::{Config, Instant, Kind, Target, labels::Labels, window};
use scheduler_engine::{
    Foresight, Mode, Pass, PassReport, Scope, Tick,
    lease::{self, NotHeld},
    pass,
    ports::Lease,
};

use crate::{
    faults::Plan,
    invocation::{Invocation, LEASE, Progress},
    world::World,
};

/// How long a lease lasts: longer than an invocation may.
pub const LEASE_LASTS: TimeDelta = TimeDelta::minutes(15);

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
}

impl Ran {
    /// The report, if there is one.
    pub fn report(&self) -> Option<&PassReport> {
        match &self.end {
            End::Reported(report) => Some(report),
            End::Died | End::NotHeld(_) => None,
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

    async fn invoke(&self, world: &Arc<Mutex<World>>, config: &Config, errand: Errand) -> Ran {
        let Errand { now, scope, mode, plan, holder } = errand;
        let invocation = Invocation::new(world, plan, now, mode, &*holder);
        let tick = Tick { now, scope, mode };
        let pass = Pass {
            config,
            targets: &self.targets,
            kinds: &Kind::ALL,
            cloud: &invocation,
            memory: &invocation,
            // Far away: what takes time in the world takes none here.
            begin_until: tokio::time::Instant::now() + self.limit,
            deadline: tokio::time::Instant::now() + self.limit,
            foresight: &self.foresight,
            concurrency: 2,
            labels: &self.labels,
            window_lead: window::LEAD,
            tick,
        };
        let clock = invocation.world().clock;
        let lease = Lease { name: LEASE.into(), holder, until: clock + LEASE_LASTS };
        let work = async {
            match mode {
                Mode::DryRun => Ok(pass::run(&pass).await),
                Mode::Act => lease::holding(&invocation, &lease, clock, pass::run(&pass)).await,
            }
        };
        let end = match unless_it_dies(&invocation, work).await {
            None => End::Died,
            Some(Err(why)) => End::NotHeld(why),
            Some(Ok(report)) => End::Reported(report),
        };
        let progress = invocation.progress().clone();
        Ran { now, end, progress }
    }
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
