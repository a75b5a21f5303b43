//! One target's walk: observe, decide, act.
//!
//! Memory is written here and not with the other records, because intent and settlement have to bracket the
//! calls: a crash between the two must not make our own start look like a person's.

use std::sync::Arc;

use futures::future::{join, join_all};
use scheduler_core::{
    Instant, Kind, Resource, ResourceId, ResourceKey, Target, Verdict,
    decision::{Action, Case, Decision, Why, decide},
    memory::{Memory, Outcome},
    resource::Failure,
};

use crate::{
    pass::{Mode, Pass, Verdicts},
    ports::{Cloud, Memories, MemoryStore},
    report::{ResourceReport, Result as ActionResult, TargetReport},
};

/// Walks one target. Trouble with one kind leaves the others to go on; without memory nothing is done.
pub(crate) async fn walk<C: Cloud, M: MemoryStore>(
    pass: &Pass<'_, C, M>,
    verdicts: &Verdicts<'_>,
    target: &Target,
) -> TargetReport {
    let mut report =
        TargetReport { target: target.clone(), troubles: Vec::new(), resources: Vec::new() };
    let (observed, memories) = join(observe(pass, target), pass.memory.load(target)).await;
    let memories = match memories {
        Ok(memories) => memories,
        Err(failure) => {
            report.troubles.push(failure);
            return report;
        }
    };
    let Observations { resources, listed, troubles } = observed;
    report.troubles = troubles;
    let forgotten = forget_the_gone(&memories, &resources, &listed, pass.tick.now);
    let plans = plan(pass, verdicts, resources, &memories);
    if pass.tick.mode == Mode::DryRun {
        report.resources = plans.into_iter().map(Plan::into_report).collect();
        return report;
    }
    act(pass, target, plans, forgotten, &mut report).await;
    report
}

/// What a target's listing found.
struct Observations {
    resources: Vec<Resource>,
    /// The kinds that were listed in full: only of these may a missing resource be taken for gone.
    listed: Vec<Kind>,
    troubles: Vec<Failure>,
}

async fn observe<C: Cloud, M>(pass: &Pass<'_, C, M>, target: &Target) -> Observations {
    let kinds = pass
        .kinds
        .iter()
        .copied()
        .filter(|kind| pass.tick.scope.kind.is_none_or(|only| only == *kind));
    let listings =
        join_all(kinds.map(async |kind| (kind, pass.cloud.list(target, kind).await))).await;
    let mut all = Observations { resources: Vec::new(), listed: Vec::new(), troubles: Vec::new() };
    for (kind, listing) in listings {
        match listing {
            Ok(resources) => {
                all.resources.extend(resources);
                all.listed.push(kind);
            }
            // A missing role fails every kind in the same way; once is enough.
            Err(failure) if all.troubles.contains(&failure) => {}
            Err(failure) => all.troubles.push(failure),
        }
    }
    all.resources.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

/// The memories of resources that were not found, marked to expire.
fn forget_the_gone(
    memories: &Memories,
    resources: &[Resource],
    listed: &[Kind],
    now: Instant,
) -> Memories {
    let is_there =
        |key: &ResourceKey| resources.binary_search_by(|resource| resource.key.cmp(key)).is_ok();
    let gone = memories.iter().filter(|(key, _)| listed.contains(&key.kind) && !is_there(key));
    gone.filter_map(|(key, memory)| Some((key.clone(), memory.forget(now)?))).collect()
}

/// One resource and what is to be done with it.
struct Plan {
    resource: Resource,
    /// What its schedule says; none if it has none.
    verdict: Option<Arc<Verdict>>,
    decision: Decision,
}

fn plan<C, M>(
    pass: &Pass<'_, C, M>,
    verdicts: &Verdicts<'_>,
    resources: Vec<Resource>,
    memories: &Memories,
) -> Vec<Plan> {
    let now = pass.tick.now;
    // Time never runs backwards: the latest memory says how far this target's time has come.
    let settled = memories.values().map(|memory| memory.at).max().filter(|settled| *settled > now);
    let in_scope =
        resources.into_iter().filter(|resource| pass.tick.scope.covers_tag(&resource.schedule_tag));
    in_scope
        .map(|resource| match (verdicts.find(&resource.schedule_tag), settled) {
            (Err(why), _) => Plan::leaving(resource, None, why),
            (Ok((_, verdict)), Some(settled)) => {
                Plan::leaving(resource, Some(verdict), Why::Late { settled })
            }
            (Ok((schedule, verdict)), None) => {
                let memory = memories.get(&resource.key);
                let decision =
                    decide(&Case { now, observed: resource.observed, schedule, verdict, memory });
                Plan { resource, verdict: Some(verdict.clone()), decision }
            }
        })
        .collect()
}

impl Plan {
    fn leaving(resource: Resource, verdict: Option<&Arc<Verdict>>, why: Why) -> Self {
        Plan {
            resource,
            verdict: verdict.cloned(),
            decision: Decision { action: Action::Leave(why), memory: None },
        }
    }

    fn acts(&self) -> bool {
        match self.decision.action {
            Action::Start | Action::Stop => true,
            Action::Leave(_) => false,
        }
    }

    fn into_report(self) -> ResourceReport {
        let result = if self.acts() { ActionResult::Planned } else { ActionResult::Done };
        self.reporting(result)
    }

    fn reporting(self, result: ActionResult) -> ResourceReport {
        ResourceReport {
            resource: self.resource,
            verdict: self.verdict,
            action: self.decision.action,
            result,
        }
    }
}

/// Records the intents, makes the calls, settles them.
async fn act<C: Cloud, M: MemoryStore>(
    pass: &Pass<'_, C, M>,
    target: &Target,
    plans: Vec<Plan>,
    forgotten: Memories,
    report: &mut TargetReport,
) {
    let (acting, leaving): (Vec<_>, Vec<_>) = plans.into_iter().partition(Plan::acts);
    let mut settled = forgotten;
    for plan in leaving {
        settled
            .extend(plan.decision.memory.clone().map(|memory| (plan.resource.key.clone(), memory)));
        report.resources.push(plan.into_report());
    }
    match save(pass.memory, target, &intents(&acting)).await {
        Ok(()) => {
            for (plan, outcome) in call(pass.cloud, target, acting).await {
                settled.extend(plan.after(&outcome));
                report.resources.push(plan.reporting(outcome.into()));
            }
        }
        // An action that could not be announced is not taken.
        Err(failure) => {
            report.troubles.push(failure.clone());
            let failed = |plan: Plan| plan.reporting(ActionResult::Failed(failure.clone()));
            report.resources.extend(acting.into_iter().map(failed));
        }
    }
    if let Err(failure) = save(pass.memory, target, &settled).await
        && !report.troubles.contains(&failure)
    {
        report.troubles.push(failure);
    }
    report.resources.sort_by(|a, b| a.resource.key.cmp(&b.resource.key));
}

fn intents(plans: &[Plan]) -> Memories {
    plans
        .iter()
        .filter_map(|plan| Some((plan.resource.key.clone(), plan.decision.memory.clone()?)))
        .collect()
}

impl Plan {
    fn after(&self, outcome: &Outcome) -> Option<(ResourceKey, Memory)> {
        let intent = self.decision.memory.clone()?;
        let verdict = self.verdict.as_ref()?;
        Some((self.resource.key.clone(), intent.after(outcome, verdict.desired, verdict.since)))
    }
}

async fn save<M: MemoryStore>(
    store: &M,
    target: &Target,
    memories: &Memories,
) -> Result<(), Failure> {
    if memories.is_empty() { Ok(()) } else { store.save(target, memories).await }
}

/// Makes the calls: one group for each kind and direction, side by side.
async fn call<C: Cloud>(cloud: &C, target: &Target, mut plans: Vec<Plan>) -> Vec<(Plan, Outcome)> {
    let group = |kind: Kind, action: Action| -> Vec<ResourceId> {
        let same = |plan: &&Plan| plan.resource.key.kind == kind && plan.decision.action == action;
        plans.iter().filter(same).map(|plan| plan.resource.key.id.clone()).collect()
    };
    let groups = Kind::ALL.into_iter().flat_map(|kind| {
        [Action::Start, Action::Stop].map(|action| (kind, action.clone(), group(kind, action)))
    });
    let groups: Vec<_> = groups.filter(|(_, _, ids)| !ids.is_empty()).collect();
    let calls = groups.iter().map(async |(kind, action, ids)| {
        let outcomes = match action {
            Action::Start => cloud.start(target, *kind, ids).await,
            Action::Stop => cloud.stop(target, *kind, ids).await,
            Action::Leave(_) => Vec::new(),
        };
        outcomes
            .into_iter()
            .map(|(id, outcome)| (ResourceKey { kind: *kind, id }, outcome))
            .collect::<Vec<_>>()
    });
    let outcomes: std::collections::BTreeMap<_, _> =
        join_all(calls).await.into_iter().flatten().collect();
    plans
        .drain(..)
        .map(|plan| (outcomes.get(&plan.resource.key).cloned(), plan))
        .map(|(outcome, plan)| (plan, outcome.unwrap_or_else(unanswered)))
        .collect()
}

/// For an id that the adapter did not answer for: nothing is known, so the next observation settles it.
fn unanswered() -> Outcome {
    let code = scheduler_core::resource::FailureCode::Unknown;
    Outcome::Unknown(Failure { code, message: "no outcome was given".into() })
}
