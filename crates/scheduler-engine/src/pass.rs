//! One evaluation of everything in scope at one instant.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt, StreamExt, stream};
use scheduler_core::{
    AccountId, Config, Instant, Kind, Region, Schedule, ScheduleName, Target, Verdict,
    config::Found,
    decision::Why,
    resource::{Failure, FailureCode},
};

use crate::{
    ports::{Cloud, MemoryStore},
    report::{PassReport, TargetReport},
    target,
};

/// What a pass is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The instant that is evaluated.
    pub now: Instant,
    /// What is looked at.
    pub scope: Scope,
    /// Whether anything is written.
    pub mode: Mode,
}

/// What a pass looks at. What is not named is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only resources of this schedule.
    pub schedule: Option<ScheduleName>,
    /// Only this account.
    pub account: Option<AccountId>,
    /// Only this Region.
    pub region: Option<Region>,
    /// Only this kind.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// When a target that is still at work is given up. Its unfinished work is due again in the next pass.
    pub deadline: tokio::time::Instant,
    /// How many targets are at work at once.
    pub concurrency: usize,
}

/// Runs a pass. It cannot fail: what goes wrong is in the reports, which are in the order of their targets.
pub async fn run<C: Cloud, M: MemoryStore>(pass: &Pass<'_, C, M>) -> PassReport {
    let began = tokio::time::Instant::now();
    let verdicts = Verdicts::of(pass.config, pass.tick.now);
    let in_scope = pass.targets.iter().filter(|target| pass.tick.scope.covers(target));
    let mut targets: Vec<TargetReport> = stream::iter(in_scope)
        .map(|target| guarded(pass, &verdicts, target))
        .buffer_unordered(pass.concurrency.max(1))
        .collect()
        .await;
    targets.sort_by(|a, b| a.target.cmp(&b.target));
    PassReport { tick: pass.tick.clone(), targets, duration: began.elapsed() }
}

/// Walks one target, so that neither a panic nor the deadline reaches beyond it.
async fn guarded<C: Cloud, M: MemoryStore>(
    pass: &Pass<'_, C, M>,
    verdicts: &Verdicts<'_>,
    target: &Target,
) -> TargetReport {
    let walk = AssertUnwindSafe(target::walk(pass, verdicts, target)).catch_unwind();
    let failure = match tokio::time::timeout_at(pass.deadline, walk).await {
        Ok(Ok(report)) => return report,
        Ok(Err(_panic)) => {
            Failure { code: FailureCode::Unknown, message: "the walk panicked; see the log".into() }
        }
        Err(_elapsed) => Failure {
            code: FailureCode::Deadline,
            message: "the pass ran out of time here; the next pass goes on".into(),
        },
    };
    TargetReport { target: target.clone(), troubles: vec![failure], resources: Vec::new() }
}

/// What every schedule says at the instant of the pass, asked once for all resources.
#[derive(Debug)]
pub(crate) struct Verdicts<'a> {
    config: &'a Config,
    by_name: BTreeMap<&'a ScheduleName, Arc<Verdict>>,
}

impl<'a> Verdicts<'a> {
    fn of(config: &'a Config, now: Instant) -> Self {
        let by_name = config
            .schedules()
            .map(|schedule| (&schedule.name, Arc::new(schedule.verdict(now))))
            .collect();
        Self { config, by_name }
    }

    /// The schedule that a tag names and its verdict, or why there is none.
    pub(crate) fn find(&self, tag: &str) -> Result<(&'a Schedule, &Arc<Verdict>), Why> {
        match self.config.find(tag) {
            Found::Schedule(schedule) => Ok((schedule, &self.by_name[&schedule.name])),
            Found::Broken(mistake) => Err(Why::BrokenSchedule(mistake.to_owned())),
            Found::Unknown => Err(Why::UnknownSchedule),
        }
    }
}
