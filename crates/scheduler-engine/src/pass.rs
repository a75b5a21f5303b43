//! One evaluation of everything in scope at one instant.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, task::Poll, time::Duration};

use chrono::TimeDelta;
use futures::{FutureExt, StreamExt, future::BoxFuture, poll, stream::FuturesUnordered};
use scheduler_core::{
    AccountId, Config, Instant, Kind, Region, Resource, Schedule, ScheduleName, Target, Verdict,
    config::Found,
    decision::Why,
    exclusion,
    labels::Labels,
    overrides,
    resource::{Failure, FailureCode},
};
use serde::{Deserialize, Serialize};
use tokio::{
    task::yield_now,
    time::{Instant as Deadline, timeout_at},
};

use crate::{
    foresight::Foresight,
    ports::{Cloud, MemoryStore},
    report::{PassReport, TargetReport},
    target::Walk,
};

/// What a pass is for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Tick {
    /// The instant that is evaluated.
    pub now: Instant,
    /// What is looked at.
    pub scope: Scope,
    /// Whether anything is written.
    pub mode: Mode,
}

/// What a pass looks at. What is not named is not limited. A request holds it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Only resources of this schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleName>,
    /// Only this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Only this Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Only this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
}

impl Scope {
    /// Whether a target is in it.
    pub fn covers(&self, target: &Target) -> bool {
        self.account.as_ref().is_none_or(|account| *account == target.account)
            && self.region.as_ref().is_none_or(|region| *region == target.region)
    }

    /// Whether a resource with this schedule tag is in it.
    pub fn covers_tag(&self, tag: &str) -> bool {
        self.schedule.as_ref().is_none_or(|schedule| schedule.as_str() == tag.trim())
    }
}

/// Whether a pass writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Starts, stops and remembers.
    #[default]
    Act,
    /// Writes nothing, and reports what it would do.
    DryRun,
}

/// Everything a pass needs.
#[derive(Debug)]
pub struct Pass<'a, C, M> {
    /// What it is for.
    pub tick: Tick,
    /// The schedules.
    pub config: &'a Config,
    /// The targets; those outside the scope are skipped.
    pub targets: &'a [Target],
    /// The kinds; those outside the scope are skipped.
    pub kinds: &'a [Kind],
    /// Where the resources are.
    pub cloud: &'a C,
    /// What is remembered of them.
    pub memory: &'a M,
    /// When no more targets are begun.
    pub begin_until: Deadline,
    /// When no more calls are made. What is unfinished then is due again in the next pass; what was done is still
    /// recorded, within [`SETTLING`].
    pub deadline: Deadline,
    /// How many targets are at work at once.
    pub concurrency: usize,
    /// What the passes before have seen.
    pub foresight: &'a Foresight,
    /// The tags that are put on what was started or stopped.
    pub labels: &'a Labels,
    /// How long before a window begins it opens.
    pub window_lead: TimeDelta,
}

impl<C, M> Pass<'_, C, M> {
    /// Whether a kind is looked at.
    pub(crate) fn covers(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind) && self.tick.scope.kind.is_none_or(|only| only == kind)
    }
}

/// How long after the deadline a target may still record what was done before it.
pub const SETTLING: Duration = Duration::from_secs(2);

/// How long one target may take. It is long enough for a call that hangs through all its attempts, and for a thousand
/// instances at the rate that EC2 starts them; whoever takes longer goes on in the next pass, and keeps no other waiting.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a pass. It cannot fail: what goes wrong is in the reports, which are in the order of their targets.
pub async fn run<C: Cloud, M: MemoryStore>(pass: &Pass<'_, C, M>) -> PassReport {
    let mut targets = Vec::new();
    let rest = visit(pass, |report| targets.push(report)).await;
    let unvisited = |target| TargetReport::failed(target, out_of_time());
    targets.extend(rest.iter().map(unvisited));
    targets.sort_by(|a: &TargetReport, b| a.target.cmp(&b.target));
    PassReport { tick: pass.tick.clone(), targets }
}

/// What becomes of work that the deadline cut off.
pub fn out_of_time() -> Failure {
    let message = "the pass ran out of time here; the next one looks again".into();
    Failure { code: FailureCode::Deadline, message }
}

/// Runs a pass, and hands on what came of each target as soon as it is known. Answers with the targets that were not
/// begun in time, in order.
pub async fn visit<C: Cloud, M: MemoryStore>(
    pass: &Pass<'_, C, M>,
    mut known: impl FnMut(TargetReport),
) -> Vec<Target> {
    let verdicts = Verdicts::of(pass.config, pass.tick.now);
    let in_scope = pass.targets.iter().filter(|target| pass.tick.scope.covers(target)).collect();
    let in_turn = pass.foresight.in_turn(in_scope, pass.tick.now, |name| verdicts.since(name));
    let mut in_turn = in_turn.into_iter();
    let mut walks = FuturesUnordered::new();
    let mut rest = Vec::new();
    let mut done = |report: TargetReport| {
        pass.foresight.note(&report, &pass.tick);
        known(report);
    };
    loop {
        while walks.len() < pass.concurrency.max(1)
            && let Some(target) = in_turn.next()
        {
            if Deadline::now() >= pass.begin_until {
                rest.push(target.clone());
                continue;
            }
            // Its first requests leave now, while answers to others wait to be read: a walk that is only pushed has its
            // turn after all of those, and then everybody waits for AWS at once.
            let mut walk = Box::pin(guarded(pass, &verdicts, target));
            match poll!(&mut walk) {
                Poll::Ready(report) => done(report),
                Poll::Pending => walks.push(walk),
            }
        }
        // Whoever writes requests to the network is a task beside this one.
        yield_now().await;
        match walks.next().await {
            Some(report) => done(report),
            None => break,
        }
    }
    rest.sort();
    rest
}

/// Walks one target, so that neither a panic nor its time reaches beyond it.
async fn guarded<C: Cloud, M: MemoryStore>(
    pass: &Pass<'_, C, M>,
    verdicts: &Verdicts<'_>,
    target: &Target,
) -> TargetReport {
    let deadline = pass.deadline.min(Deadline::now() + PATIENCE);
    let walk = Walk { pass, verdicts, target, deadline };
    // Without its type: a walk holds the state of every call it makes, nested deeper than the compiler cares to lay out.
    let walk: BoxFuture<'_, TargetReport> = Box::pin(walk.run());
    let walk = AssertUnwindSafe(walk).catch_unwind();
    let failure = match timeout_at(deadline + SETTLING, walk).await {
        Ok(Ok(report)) => return report,
        Ok(Err(_panic)) => {
            Failure { code: FailureCode::Unknown, message: "the walk panicked; see the log".into() }
        }
        Err(_elapsed) => out_of_time(),
    };
    TargetReport::failed(target, failure)
}

/// What every schedule says at the instant of the pass, asked once for all resources.
#[derive(Debug)]
pub(crate) struct Verdicts<'a> {
    config: &'a Config,
    now: Instant,
    by_name: BTreeMap<&'a ScheduleName, Arc<Verdict>>,
}

impl<'a> Verdicts<'a> {
    fn of(config: &'a Config, now: Instant) -> Self {
        let verdict =
            |schedule: &'a Schedule| (&schedule.name, Arc::new(config.verdict(schedule, now)));
        Self { config, now, by_name: config.schedules().map(verdict).collect() }
    }

    /// Since when a schedule wants what it wants.
    fn since(&self, name: &ScheduleName) -> Option<Instant> {
        self.by_name.get(name)?.since
    }

    /// The schedule that a resource's tag names and the verdict on it, or why there is none.
    pub(crate) fn find(
        &self,
        target: &Target,
        resource: &Resource,
    ) -> Result<(&'a Schedule, Arc<Verdict>), Why> {
        if let Some(why) = exclusion::for_good(resource) {
            return Err(why);
        }
        let schedule = match self.config.find(&resource.marks.schedule) {
            Found::Schedule(schedule) => schedule,
            Found::Broken(mistake) => return Err(Why::BrokenSchedule(mistake.to_owned())),
            Found::Unknown => {
                let closest =
                    self.config.closest(&resource.marks.schedule).map(ToString::to_string);
                return Err(Why::UnknownSchedule { closest });
            }
        };
        match exclusion::for_now(resource, schedule.zone, self.now) {
            Some(why) => Err(why),
            None => Ok((schedule, self.verdict(schedule, target, resource))),
        }
    }

    fn verdict(&self, schedule: &Schedule, target: &Target, resource: &Resource) -> Arc<Verdict> {
        // A path is only worth its making where some override is about single resources.
        let path =
            self.config.overrides_resources().then(|| overrides::path(target, &resource.key));
        let winner =
            path.and_then(|path| self.config.override_of_resource(schedule, &path, self.now));
        winner.map_or_else(
            || self.by_name[&schedule.name].clone(),
            |winner| Arc::new(winner.verdict()),
        )
    }
}
