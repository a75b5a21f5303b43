//! A pass that acts: under the lease, here or in shards, and what is published of it.

use std::time::Duration;

use chrono::TimeDelta;
use scheduler_core::{Instant, Mistake, Settings, Target};
use scheduler_engine::{
    Mode, Pass, Rows, Summary, TargetReport, Tick, lease,
    lease::NotHeld,
    metrics, pass,
    ports::{Claims, Lease},
    record,
    shards::{self, Claim, Head, Plan, ShardId},
};
use tokio::time::{Instant as Deadline, timeout_at};

use crate::{
    Hub, HubError, Invocation,
    answer::{Answer, Begun, Run},
    hub::CONCURRENCY,
    known::Known,
};

/// How long after the deadline metrics may still be under way.
const PUBLISHING: Duration = Duration::from_secs(3);

/// How long a lease, a claim or a hold outlives the deadline of whoever works under it: everything that may still be written then,
/// with room for clocks that differ.
pub(crate) const LEASE_OUTLIVES: TimeDelta = TimeDelta::seconds(30);

/// What all passes have a lease in common under.
pub(crate) const LEASE: &str = "pass";

/// How often a request that waits for others asks whether they are done.
pub(crate) const ASKING_EVERY: Duration = Duration::from_secs(1);

/// How long before its deadline an invocation begins no more targets, if others can go on with them.
const HANDING_ON: Duration = Duration::from_secs(30);

/// How long before its deadline an invocation ends all walks, if it has a claim to end after them.
const WRITING_DOWN: Duration = Duration::from_secs(10);

/// How many invocations may die at a shard before it is given up, and how long before each its message may be on its way.
const ATTEMPTS: i32 = 3;
const ON_ITS_WAY: Duration = Duration::from_secs(60);

/// A pass that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    pub(crate) tick: Tick,
    pub(crate) rows: Rows,
    /// Whether somebody waits for all of it.
    pub(crate) is_awaited: bool,
}

/// What an invocation made of its pass.
#[derive(Debug)]
pub(crate) struct Turn {
    tick: Tick,
    /// What came of the targets that were walked here.
    summary: Summary,
    began: Deadline,
    duration: Duration,
    /// The others, as shards.
    pub(crate) begun: Option<Begun>,
}

impl Turn {
    /// What the rule is answered.
    pub(crate) fn into_answer(self, known: &Known) -> Answer {
        match self.begun {
            Some(begun) => Answer::Begun(begun),
            None => Answer::Run(self.into_run(known)),
        }
    }

    /// Adds what came of the shards.
    pub(crate) fn absorb(&mut self, summary: Summary) {
        self.summary.absorb(summary);
        self.duration = self.began.elapsed();
    }

    pub(crate) fn into_run(self, known: &Known) -> Run {
        let omitted = self.summary.omitted();
        let run = self.summary.into_run(&self.tick, self.duration);
        let mut mistakes = known.mistakes.clone();
        mistakes.extend(known.config.expired(self.tick.now));
        Run { run, mistakes, omitted }
    }
}

impl Hub {
    /// Runs a pass that acts, unless another one is at work.
    pub(crate) async fn alone(
        &self,
        known: &Known,
        errand: Errand,
        call: &Invocation,
    ) -> Result<Turn, HubError> {
        let now = self.aws.now();
        let until = now + span(call.left()) + LEASE_OUTLIVES;
        let lease = Lease { name: LEASE.into(), holder: call.id.clone(), until };
        let table = &known.settings.state_table;
        let leases = self.aws.memory(table);
        let work = self.act(known, errand, call);
        let held = lease::holding(&leases, &lease, now, work).await;
        held.map_err(|not_held| match not_held {
            NotHeld::Busy { holder, until } => HubError::Busy { holder, until },
            NotHeld::Failed(source) => HubError::Lease { table: table.clone(), source },
        })?
    }

    /// Runs a pass that somebody waits for, once no other is at work: half of the time that there is may go by waiting.
    pub(crate) async fn patiently(
        &self,
        known: &Known,
        tick: Tick,
        call: &Invocation,
    ) -> Result<Run, HubError> {
        let errand = Errand { tick, rows: Rows::All, is_awaited: true };
        let patience = Deadline::now() + call.left() / 2;
        loop {
            match self.alone(known, errand.clone(), call).await {
                Err(HubError::Busy { .. }) if Deadline::now() < patience => {
                    tokio::time::sleep(ASKING_EVERY).await;
                }
                turn => return self.to_the_end(known, turn?, call).await,
            }
        }
    }

    /// Runs a pass that writes nothing, and so needs no lease.
    pub(crate) async fn look(
        &self,
        known: &Known,
        tick: Tick,
        call: &Invocation,
    ) -> Result<Run, HubError> {
        let targets = in_scope(&known.settings, &tick);
        let plan = Plan { free: targets, ..Plan::default() };
        let errand = Errand { tick, rows: Rows::All, is_awaited: true };
        let turn = self.walk_or_begin(known, errand, plan, call).await?;
        self.to_the_end(known, turn, call).await
    }

    /// Visits the targets of a pass that writes nothing.
    pub(crate) async fn visit(
        &self,
        known: &Known,
        tick: &Tick,
        deadline: Deadline,
        mut seen: impl FnMut(TargetReport),
    ) {
        let targets = known.settings.targets();
        let report = self.run(known, tick, &targets, [deadline; 2], &mut seen).await;
        report.iter().for_each(|target| seen(TargetReport::failed(target, pass::out_of_time())));
    }

    /// What a pass does under its lease.
    async fn act(
        &self,
        known: &Known,
        errand: Errand,
        call: &Invocation,
    ) -> Result<Turn, HubError> {
        let (now, tick) = (self.aws.now(), &errand.tick);
        let targets = in_scope(&known.settings, tick);
        let Some(url) = &known.settings.shard_queue else {
            let plan = Plan { free: targets, ..Plan::default() };
            return self.walk_or_begin(known, errand, plan, call).await;
        };
        let table = self.aws.memory(&known.settings.state_table);
        let claims = table.claims().await.map_err(|source| claims_error(known, source))?;
        let plan = shards::plan(targets, claims, now);
        // Somebody who waits asks again and again.
        if !plan.idle.is_empty() && !errand.is_awaited {
            shards::remind(&self.aws.queue(url), &plan.idle).await;
        }
        if let Some(Claim { id, head, until, .. }) = &plan.left_to {
            // Somebody who asked for a pass wants all of it; the rule's comes again, and two that overlap tell less than one.
            if errand.is_awaited || now < head.began + span(call.left()) {
                return Err(HubError::Busy { holder: id.pass.clone(), until: *until });
            }
            let (pass, targets) = (&id.pass, plan.left);
            tracing::warn!(pass, %until, targets, "targets left to the shards of an earlier pass");
        }
        for ended in shards::put_together(&table, &plan.overdue, &call.id).await {
            self.put_together(&known.settings, &ended, call.deadline).await;
        }
        self.walk_or_begin(known, errand, plan, call).await
    }

    /// Walks the targets that are free, or begins a pass of shards if they are too many. What is not walked in time is
    /// begun as a pass of shards too, where there is a queue.
    async fn walk_or_begin(
        &self,
        known: &Known,
        errand: Errand,
        plan: Plan,
        call: &Invocation,
    ) -> Result<Turn, HubError> {
        let Errand { tick, rows, .. } = errand;
        let began = Deadline::now();
        let Settings { shard_queue, targets_per_shard, .. } = &known.settings;
        let now = self.aws.now();
        let until = match tick.mode {
            Mode::Act => now + span(call.left() + ON_ITS_WAY) * ATTEMPTS,
            // Whoever asked for a look has gone then.
            Mode::DryRun => now + span(call.left()) + LEASE_OUTLIVES,
        };
        let head = Head {
            tick: tick.clone(),
            rows,
            began: now,
            is_partial: plan.left > 0,
            version: known.version,
        };
        let id = ShardId { pass: call.id.clone(), shard: 0 };
        let mut whole = Claim { id, part: 0, head, sent: now, until, targets: plan.free };
        let mut walked = None;
        if shard_queue.is_none() || whole.targets.len() <= *targets_per_shard {
            let (summary, rest) = self.walk(known, &whole, call).await;
            (walked, whole.targets) = (Some(summary), rest);
        }
        if shard_queue.is_some() && !whole.targets.is_empty() {
            whole.sent = self.aws.now();
            match (self.begin(known, &whole, walked.clone(), call.deadline).await, &walked) {
                (Ok(begun), _) => {
                    let (summary, duration) = (Summary::new(rows), began.elapsed());
                    return Ok(Turn { tick, summary, began, duration, begun: Some(begun) });
                }
                (Err(error), None) => return Err(error),
                // What was done here is told all the same.
                (Err(error), Some(_)) => tracing::error!(
                    code = error.code(),
                    reason = %error,
                    targets = whole.targets.len(),
                    "targets not handed on"
                ),
            }
        }
        let mut summary = walked.unwrap_or_default();
        whole.targets.iter().for_each(|target| summary.add_failed(target, pass::out_of_time()));
        let (duration, deadline) = (began.elapsed(), call.deadline);
        self.finish(&known.settings, &whole.head, &summary, duration, deadline).await;
        Ok(Turn { tick, summary, began, duration, begun: None })
    }

    /// Walks the targets of a claim as far as there is time. Answers with those for which there was none.
    pub(crate) async fn walk(
        &self,
        known: &Known,
        claim: &Claim,
        call: &Invocation,
    ) -> (Summary, Vec<Target>) {
        let good_for = (claim.until - LEASE_OUTLIVES - self.aws.now()).to_std().unwrap_or_default();
        let deadline = call.deadline.min(Deadline::now() + good_for);
        let left = deadline.saturating_duration_since(Deadline::now());
        // Where there is something to write down after the walk, it has time for that.
        let (deadline, early) = match known.settings.shard_queue {
            Some(_) => (deadline - WRITING_DOWN.min(left / 8), HANDING_ON.min(left / 4)),
            None => (deadline, Duration::ZERO),
        };
        let limits = [deadline - early, deadline];
        let mut summary = Summary::new(claim.head.rows);
        let add = |report: TargetReport| {
            record::log_target(&report);
            summary.add(&report);
        };
        let rest = self.run(known, &claim.head.tick, &claim.targets, limits, add).await;
        (summary, rest)
    }

    async fn run(
        &self,
        known: &Known,
        tick: &Tick,
        targets: &[Target],
        [begin_until, deadline]: [Deadline; 2],
        seen: impl FnMut(TargetReport),
    ) -> Vec<Target> {
        let Known { settings, config, .. } = known;
        let pass = Pass {
            config,
            targets,
            kinds: &settings.kinds,
            cloud: &self.aws.spokes(settings, tick.now),
            memory: &self.aws.memory(&settings.state_table),
            begin_until,
            deadline,
            concurrency: CONCURRENCY,
            foresight: &self.foresight,
            labels: &settings.labels,
            window_lead: settings.window_lead,
            tick: tick.clone(),
        };
        pass::visit(&pass, seen).await
    }

    /// Says what came of a pass, in the log and in numbers. A dry run is nobody's pass: counted, it would count everything
    /// twice.
    pub(crate) async fn finish(
        &self,
        settings: &Settings,
        head: &Head,
        summary: &Summary,
        duration: Duration,
        deadline: Deadline,
    ) {
        let tick = &head.tick;
        record::log_pass(&summary.row(tick, duration));
        if let Some(namespace) = &settings.metrics_namespace
            && tick.mode == Mode::Act
        {
            let data = metrics::of(summary, &tick.scope, !head.is_partial, duration);
            self.publish(namespace, &data, tick.now, deadline).await;
        }
    }

    /// A pass that did its work is not failed by a number that nobody sees.
    async fn publish(
        &self,
        namespace: &str,
        data: &[metrics::Datum],
        at: Instant,
        deadline: Deadline,
    ) {
        let published = self.aws.publish(namespace, data, at);
        match timeout_at(deadline + PUBLISHING, published).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => tracing::warn!(
                code = failure.code.as_str(),
                reason = failure.message,
                "metrics not published"
            ),
            Err(_elapsed) => tracing::warn!(code = "deadline", "metrics not published"),
        }
    }
}

pub(crate) fn claims_error(known: &Known, source: scheduler_core::resource::Failure) -> HubError {
    HubError::Claims { table: known.settings.state_table.clone(), source }
}

fn in_scope(settings: &Settings, tick: &Tick) -> Vec<Target> {
    let mut targets = settings.targets();
    targets.retain(|target| tick.scope.covers(target));
    targets
}

/// A length of time as instants are counted in.
pub(crate) fn span(length: Duration) -> TimeDelta {
    TimeDelta::from_std(length).unwrap_or(TimeDelta::hours(1))
}

/// Writes to the log what is wrong with what a pass goes by.
pub(crate) fn log_mistakes(known: &Known, now: Instant) {
    known.mistakes.iter().for_each(log_mistake);
    known.config.expired(now).for_each(|mistake| log_mistake(&mistake));
}

fn log_mistake(mistake: &Mistake) {
    tracing::warn!(item = mistake.item, field = mistake.field, text = mistake.text, reason = %mistake, "mistake in the configuration");
}
