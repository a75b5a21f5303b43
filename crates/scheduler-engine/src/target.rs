//! One target's walk: observe, decide, act.
//!
//! Memory is written here and not with the other records, because intent and settlement have to bracket the
//! calls: a crash between the two must not make our own start look like a person's.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::{join_all, join3};
use scheduler_core::{
    Desired, Instant, Kind, Resource, ResourceId, ResourceKey, Schedule, Target, Verdict,
    decision::{Action, Case, Decision, Step, Why, decide},
    labels::Labelling,
    memory::{Aim, Memory, Outcome},
    resource::Failure,
    verdict::Rule,
    window::{self, Asks, NamedWindows, Opening},
};
use tokio::time::{Instant as Deadline, timeout_at};

use crate::{
    pass::{Mode, Pass, Verdicts, out_of_time},
    ports::{Cloud, Memories, MemoryStore, Order, Remembered},
    report::{ResourceReport, Result as ActionResult, TargetReport},
};

/// The walk through one target.
pub(crate) struct Walk<'a, C, M> {
    pub(crate) pass: &'a Pass<'a, C, M>,
    pub(crate) verdicts: &'a Verdicts<'a>,
    pub(crate) target: &'a Target,
    /// When no more calls are made here.
    pub(crate) deadline: Deadline,
}

impl<C: Cloud, M: MemoryStore> Walk<'_, C, M> {
    /// Observes, decides and acts. Trouble with one kind leaves the others to go on; without memory nothing is done.
    pub(crate) async fn run(self) -> TargetReport {
        let Walk { pass, verdicts, target, deadline } = self;
        let mut report =
            TargetReport { target: target.clone(), troubles: Vec::new(), resources: Vec::new() };
        let looking = join3(self.observe(), pass.memory.load(target), self.windows());
        let (observed, mut remembered, windows) = match timeout_at(deadline, looking).await {
            Ok((observed, Ok(remembered), windows)) => (observed, remembered, windows),
            Ok((_, Err(failure), _)) => {
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
        let windows = windows.map_err(|failure| report.add(failure)).ok();
        // Time never runs backwards: the latest memory says how far this target's time has come.
        let latest = remembered.memories.values().map(|memory| memory.at).max();
        let late = latest.filter(|settled| *settled > pass.tick.now);
        let forgotten = match late {
            None => forget_the_gone(&remembered.memories, &resources, &listed, pass.tick.now),
            Some(_) => Memories::new(),
        };
        let planning = Planning { pass, verdicts, target, windows, late };
        let in_scope = |resource: &Resource| pass.tick.scope.covers_tag(&resource.marks.schedule);
        let resources = resources.into_iter().filter(in_scope);
        let plans = resources.map(|resource| planning.plan(resource, &mut remembered)).collect();
        if pass.tick.mode == Mode::DryRun {
            report.resources = Vec::into_iter(plans).map(Plan::into_report).collect();
            return report;
        }
        self.act(plans, forgotten, &mut report).await;
        self.label(&report).await;
        report
    }

    /// The maintenance windows that operators have named, if a schedule asks for any.
    async fn windows(&self) -> Result<NamedWindows, Failure> {
        if self.pass.config.names_windows() && self.pass.covers(Kind::Ec2Instance) {
            self.pass.cloud.windows(self.target).await
        } else {
            Ok(NamedWindows::new())
        }
    }

    async fn observe(&self) -> Observations {
        let Walk { pass, target, .. } = self;
        let kinds = pass.kinds.iter().copied().filter(|kind| pass.covers(*kind));
        let listings =
            join_all(kinds.map(async |kind| (kind, pass.cloud.list(target, kind).await))).await;
        let mut all =
            Observations { resources: Vec::new(), listed: Vec::new(), troubles: Vec::new() };
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
}

/// What a target's listing found.
struct Observations {
    resources: Vec<Resource>,
    /// The kinds that were listed in full: only of these may a missing resource be taken for gone.
    listed: Vec<Kind>,
    troubles: Vec<Failure>,
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
    /// What was remembered before.
    memory: Option<Memory>,
    /// The window that is open, if one is that asks for it to run.
    window: Option<Opening>,
}

/// What a target's decisions depend on, beside the resource and what is remembered of it.
struct Planning<'a, C, M> {
    pass: &'a Pass<'a, C, M>,
    verdicts: &'a Verdicts<'a>,
    target: &'a Target,
    /// The windows that operators have named; none if they could not be looked up.
    windows: Option<NamedWindows>,
    /// The instant that is settled already, if it is later than the pass's.
    late: Option<Instant>,
}

impl<C, M> Planning<'_, C, M> {
    fn plan(&self, resource: Resource, remembered: &mut Remembered) -> Plan {
        let memory = remembered.memories.remove(&resource.key);
        let (schedule, verdict) = match self.verdicts.find(self.target, &resource) {
            Ok(found) => found,
            Err(why) => return Plan::leaving(resource, None, memory, why),
        };
        let leaving = |resource, why| Plan::leaving(resource, Some(verdict.clone()), None, why);
        if let Some(settled) = self.late {
            return Plan { memory, ..leaving(resource, Why::Late { settled }) };
        }
        if let Some(reason) = remembered.unreadable.remove(&resource.key) {
            return leaving(resource, Why::MemoryUnreadable(reason));
        }
        let window = self.window(&resource, schedule, &verdict);
        let case = Case {
            now: self.pass.tick.now,
            resource: &resource,
            schedule,
            verdict: &verdict,
            window: window.as_ref(),
            memory: memory.as_ref(),
        };
        let decision = self.unless_blind(decide(&case), schedule);
        let window = window.filter(|(_, asks)| *asks == Asks::ToRun).map(|(opening, _)| opening);
        Plan { resource, verdict: Some(verdict), decision, memory, window }
    }

    /// The window that is open, unless an override wins over it.
    fn window(
        &self,
        resource: &Resource,
        schedule: &Schedule,
        verdict: &Verdict,
    ) -> Option<(Opening, Asks)> {
        let none = NamedWindows::new();
        let named = self.windows.as_ref().unwrap_or(&none);
        let is_overridden = verdict.rule == Rule::Override;
        let open =
            || window::open(resource, schedule, named, self.pass.tick.now, self.pass.window_lead);
        if is_overridden { None } else { open() }
    }

    /// Nothing is stopped while nobody knows whether a window is open.
    fn unless_blind(&self, decision: Decision, schedule: &Schedule) -> Decision {
        let is_blind = self.windows.is_none() && !schedule.ssm_maintenance_windows.is_empty();
        match decision.action.step() {
            Some(Step::Stop { .. } | Step::Resize { .. }) if is_blind => {
                Decision { action: Action::Leave(Why::WindowsUnknown), memory: None }
            }
            Some(_) | None => decision,
        }
    }
}

impl Plan {
    fn leaving(
        resource: Resource,
        verdict: Option<Arc<Verdict>>,
        memory: Option<Memory>,
        why: Why,
    ) -> Self {
        let decision = Decision { action: Action::Leave(why), memory: None };
        Plan { resource, verdict, decision, memory, window: None }
    }

    fn acts(&self) -> bool {
        self.decision.action.step().is_some()
    }

    /// The report on what was left, or only planned.
    fn into_report(self) -> ResourceReport {
        let result = match &self.decision.action {
            Action::Act(..) => ActionResult::Planned,
            Action::Leave(Why::FellBack { failure, .. }) => ActionResult::Failing(failure.clone()),
            Action::Leave(_) => ActionResult::Left,
        };
        let memory =
            self.decision.memory.clone().filter(|_| !self.acts()).or_else(|| self.memory.clone());
        self.reporting(result, memory)
    }

    fn reporting(self, result: ActionResult, memory: Option<Memory>) -> ResourceReport {
        let by_schedule = self.verdict;
        let verdict = match self.window {
            Some(opening)
                if by_schedule.as_ref().is_some_and(|v| v.desired != Desired::Running) =>
            {
                Some(Arc::new(opening.verdict()))
            }
            Some(_) | None => by_schedule,
        };
        ResourceReport {
            resource: self.resource,
            verdict,
            action: self.decision.action,
            result,
            memory,
        }
    }
}

/// How many orders are given at a time: what the deadline cuts off leaves at most so many unknown.
const AT_A_TIME: usize = 50;

impl<C: Cloud, M: MemoryStore> Walk<'_, C, M> {
    /// Records the intents, makes the calls, settles them.
    async fn act(&self, plans: Vec<Plan>, forgotten: Memories, report: &mut TargetReport) {
        let (acting, leaving): (Vec<_>, Vec<_>) = plans.into_iter().partition(Plan::acts);
        let mut settled = forgotten;
        for plan in leaving {
            settled.extend(
                plan.decision.memory.clone().map(|memory| (plan.resource.key.clone(), memory)),
            );
            report.resources.push(plan.into_report());
        }
        match self.announce(&acting).await {
            Ok(()) => {
                for (plan, outcome) in self.call(acting).await {
                    let memory = plan.after(&outcome);
                    settled
                        .extend(memory.clone().map(|memory| (plan.resource.key.clone(), memory)));
                    report.resources.push(plan.reporting(ActionResult::Acted(outcome), memory));
                }
            }
            // An action that could not be announced is not taken.
            Err(failure) => {
                let failed = |plan: Plan| {
                    let memory = plan.memory.clone();
                    plan.reporting(ActionResult::Acted(Outcome::Failed(failure.clone())), memory)
                };
                report.resources.extend(acting.into_iter().map(failed));
                report.add(failure);
            }
        }
        if let Err(failure) = self.save(&settled).await {
            report.add(failure);
        }
        report.resources.sort_by(|a, b| a.resource.key.cmp(&b.resource.key));
    }

    /// Records the intents. A write that may have happened without an answer does no harm: an intent is not an act.
    async fn announce(&self, plans: &[Plan]) -> Result<(), Failure> {
        let saved = timeout_at(self.deadline, self.save(&intents(plans))).await;
        saved.unwrap_or_else(|_elapsed| Err(out_of_time()))
    }

    async fn save(&self, memories: &Memories) -> Result<(), Failure> {
        if memories.is_empty() {
            Ok(())
        } else {
            self.pass.memory.save(self.target, memories).await
        }
    }

    /// Makes the calls, those of each kind beside those of the others.
    async fn call(&self, plans: Vec<Plan>) -> Vec<(Plan, Outcome)> {
        let mut by_kind: BTreeMap<Kind, Vec<Plan>> = BTreeMap::new();
        for plan in plans {
            by_kind.entry(plan.resource.key.kind).or_default().push(plan);
        }
        let calls = by_kind.into_iter().map(async |(kind, plans)| {
            let mut outcomes = BTreeMap::new();
            for some in plans.chunks(AT_A_TIME) {
                outcomes.extend(self.call_for(kind, some).await);
            }
            let settled = |plan: Plan| {
                let outcome = outcomes.remove(&plan.resource.key.id);
                (plan, outcome.unwrap_or_else(|| Outcome::Unknown(out_of_time())))
            };
            plans.into_iter().map(settled).collect::<Vec<_>>()
        });
        join_all(calls).await.into_iter().flatten().collect()
    }

    /// Makes the calls for some resources of a kind. What the deadline cuts off may or may not have happened; what comes
    /// after it is not tried.
    async fn call_for(&self, kind: Kind, plans: &[Plan]) -> Vec<(ResourceId, Outcome)> {
        let orders: Vec<Order> = plans.iter().filter_map(Plan::order).collect();
        if Deadline::now() >= self.deadline {
            let untried = |order: Order| (order.id, Outcome::Failed(out_of_time()));
            return orders.into_iter().map(untried).collect();
        }
        let outcomes =
            timeout_at(self.deadline, self.pass.cloud.carry_out(self.target, kind, &orders)).await;
        outcomes.unwrap_or_default()
    }

    /// Tags what was started, stopped or failed. Nothing depends on it, so that what fails is a line in the log.
    async fn label(&self, report: &TargetReport) {
        let mut by_kind: BTreeMap<Kind, Vec<(ResourceId, Labelling)>> = BTreeMap::new();
        for one in &report.resources {
            let outcome = one.result.outcome();
            let labelling =
                self.pass.labels.after(&one.resource, &one.action, outcome, self.pass.tick.now);
            if !labelling.is_empty() {
                let key = &one.resource.key;
                by_kind.entry(key.kind).or_default().push((key.id.clone(), labelling));
            }
        }
        for (kind, labellings) in by_kind {
            let labelled =
                timeout_at(self.deadline, self.pass.cloud.label(self.target, kind, &labellings))
                    .await;
            if let Err(failure) = labelled.unwrap_or_else(|_elapsed| Err(out_of_time())) {
                let (target, kind, code) =
                    (self.target.to_string(), kind.as_str(), failure.code.as_str());
                tracing::warn!(target, kind, code, reason = failure.message, "tags not written");
            }
        }
    }
}

fn intents(plans: &[Plan]) -> Memories {
    plans
        .iter()
        .filter_map(|plan| Some((plan.resource.key.clone(), plan.decision.memory.clone()?)))
        .collect()
}

impl Plan {
    fn after(&self, outcome: &Outcome) -> Option<Memory> {
        let intent = self.decision.memory.clone()?;
        let (verdict, step) = (self.verdict.as_ref()?, self.decision.action.step()?);
        let instance_type = step.instance_type();
        Some(intent.after(outcome, &Aim { verdict, instance_type }))
    }

    fn order(&self) -> Option<Order> {
        let step = self.decision.action.step()?.clone();
        Some(Order { id: self.resource.key.id.clone(), step })
    }
}
