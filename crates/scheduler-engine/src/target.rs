//! One target's walk: observe, decide, act.
//!
//! Memory is written here and not with the other records, because intent and settlement have to bracket the
//! calls: a crash between the two must not make our own start look like a person's.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::{join, join_all};
use scheduler_core::{
    Instant, Kind, Resource, ResourceId, ResourceKey, Target, Verdict,
    decision::{Action, Case, Decision, Why, decide},
    memory::{InFlight, Memory, Outcome},
    resource::{Failure, FailureCode},
};
use tokio::time::timeout_at;

use crate::{
    pass::{Mode, Pass, Verdicts},
    ports::{Cloud, Memories, MemoryStore, Remembered},
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
    let seen =
        timeout_at(pass.deadline, join(observe(pass, target), pass.memory.load(target))).await;
    let (observed, remembered) = match seen {
        Ok((observed, Ok(remembered))) => (observed, remembered),
        Ok((_, Err(failure))) => {
            report.troubles.push(failure);
            return report;
        }
        Err(_elapsed) => {
            report.troubles.push(out_of_time());
            return report;
        }
    };
    let Observations { resources, listed, troubles } = observed;
    report.troubles = troubles;
    // Time never runs backwards: the latest memory says how far this target's time has come.
    let latest = remembered.memories.values().map(|memory| memory.at).max();
    let late = latest.filter(|settled| *settled > pass.tick.now);
    let forgotten = match late {
        None => forget_the_gone(&remembered.memories, &resources, &listed, pass.tick.now),
        Some(_) => Memories::new(),
    };
    let plans =
        plan(&Planning { pass, verdicts, target, remembered: &remembered, late }, resources);
    if pass.tick.mode == Mode::DryRun {
        report.resources = plans.into_iter().map(Plan::into_report).collect();
        return report;
    }
    act(pass, target, plans, forgotten, &mut report).await;
    report
}

/// What becomes of work that the deadline cut off.
pub(crate) fn out_of_time() -> Failure {
    let message = "the pass ran out of time here; the next one looks again".into();
    Failure { code: FailureCode::Deadline, message }
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

/// What a target's decisions depend on, beside the resource.
struct Planning<'a, C, M> {
    pass: &'a Pass<'a, C, M>,
    verdicts: &'a Verdicts<'a>,
    target: &'a Target,
    remembered: &'a Remembered,
    /// The instant that is settled already, if it is later than the pass's.
    late: Option<Instant>,
}

fn plan<C, M>(planning: &Planning<'_, C, M>, resources: Vec<Resource>) -> Vec<Plan> {
    let scope = &planning.pass.tick.scope;
    let in_scope =
        resources.into_iter().filter(|resource| scope.covers_tag(&resource.schedule_tag));
    in_scope.map(|resource| planning.plan(resource)).collect()
}

impl<C, M> Planning<'_, C, M> {
    fn plan(&self, resource: Resource) -> Plan {
        let (schedule, verdict) = match self.verdicts.find(self.target, &resource) {
            Ok(found) => found,
            Err(why) => return Plan::leaving(resource, None, why),
        };
        if let Some(settled) = self.late {
            return Plan::leaving(resource, Some(verdict), Why::Late { settled });
        }
        if let Some(reason) = self.remembered.unreadable.get(&resource.key) {
            return Plan::leaving(resource, Some(verdict), Why::MemoryUnreadable(reason.clone()));
        }
        let memory = self.remembered.memories.get(&resource.key);
        let (now, observed) = (self.pass.tick.now, resource.observed);
        let decision = decide(&Case { now, observed, schedule, verdict: &verdict, memory });
        Plan { resource, verdict: Some(verdict), decision }
    }
}

impl Plan {
    fn leaving(resource: Resource, verdict: Option<Arc<Verdict>>, why: Why) -> Self {
        Plan { resource, verdict, decision: Decision { action: Action::Leave(why), memory: None } }
    }

    /// What is to be called for, if anything is.
    fn intent(&self) -> Option<InFlight> {
        match self.decision.action {
            Action::Start => Some(InFlight::Start),
            Action::Stop => Some(InFlight::Stop),
            Action::Leave(_) => None,
        }
    }

    fn acts(&self) -> bool {
        self.intent().is_some()
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
    match announce(pass, target, &acting).await {
        Ok(()) => {
            for (plan, outcome) in call(pass, target, acting).await {
                settled.extend(plan.after(&outcome));
                report.resources.push(plan.reporting(outcome.into()));
            }
        }
        // An action that could not be announced is not taken.
        Err(failure) => {
            let failed = |plan: Plan| plan.reporting(ActionResult::Failed(failure.clone()));
            report.resources.extend(acting.into_iter().map(failed));
            report.troubles.push(failure);
        }
    }
    if let Err(failure) = save(pass.memory, target, &settled).await
        && !report.troubles.contains(&failure)
    {
        report.troubles.push(failure);
    }
    report.resources.sort_by(|a, b| a.resource.key.cmp(&b.resource.key));
}

/// Records the intents. A write that may have happened without an answer does no harm: an intent is not an act.
async fn announce<C, M: MemoryStore>(
    pass: &Pass<'_, C, M>,
    target: &Target,
    plans: &[Plan],
) -> Result<(), Failure> {
    let saved = timeout_at(pass.deadline, save(pass.memory, target, &intents(plans))).await;
    saved.unwrap_or_else(|_elapsed| Err(out_of_time()))
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

/// Makes the calls: one group for each kind and direction, side by side. What the deadline cuts off may or may not
/// have happened; what was done by then is settled all the same.
async fn call<C: Cloud, M>(
    pass: &Pass<'_, C, M>,
    target: &Target,
    plans: Vec<Plan>,
) -> Vec<(Plan, Outcome)> {
    let mut groups: BTreeMap<(Kind, InFlight), Vec<Plan>> = BTreeMap::new();
    for plan in plans {
        if let Some(intent) = plan.intent() {
            groups.entry((plan.resource.key.kind, intent)).or_default().push(plan);
        }
    }
    let calls = groups.into_iter().map(async |((kind, intent), plans)| {
        let ids: Vec<ResourceId> = plans.iter().map(|plan| plan.resource.key.id.clone()).collect();
        let outcomes = match intent {
            InFlight::Start => {
                timeout_at(pass.deadline, pass.cloud.start(target, kind, &ids)).await
            }
            InFlight::Stop => timeout_at(pass.deadline, pass.cloud.stop(target, kind, &ids)).await,
        };
        let by_id: BTreeMap<_, _> = outcomes.unwrap_or_default().into_iter().collect();
        let outcome = |plan: &Plan| by_id.get(&plan.resource.key.id).cloned();
        let settled = |plan: Plan| {
            let outcome = outcome(&plan).unwrap_or_else(|| Outcome::Unknown(out_of_time()));
            (plan, outcome)
        };
        plans.into_iter().map(settled).collect::<Vec<_>>()
    });
    join_all(calls).await.into_iter().flatten().collect()
}
