//! The corridor for one event: what the pass goes by, the pass, what came of it.

use std::{sync::Arc, time::Duration};

use futures::future::LocalBoxFuture;
use scheduler_aws::Aws;
use scheduler_engine::{Foresight, Mode, Rows, Scope, Tick, status::StatusReport};
use serde_json::Value;
use tokio::time::Instant as Deadline;

use crate::{
    accounts::Discovered,
    answer::{Answer, Explanations, HubError, Skipped},
    doctor::{self, Diagnosis},
    event::{Event, Request},
    known::{Kept, Known},
    passes::{Errand, log_mistakes},
};

/// How many targets are at work at once. Each waits for AWS most of the time; what bounds this is the memory of
/// the pages in flight.
pub(crate) const CONCURRENCY: usize = 32;

/// A deployment's hub.
#[derive(Clone, Debug)]
pub struct Hub {
    pub(crate) aws: Aws,
    pub(crate) prefix: String,
    /// What the rule's passes are answered with.
    rows: Rows,
    pub(crate) discovered: Arc<Discovered>,
    pub(crate) known: Arc<Kept>,
    pub(crate) foresight: Arc<Foresight>,
}

/// One call of the hub.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Names it, among those that may be at work at the same time.
    pub id: String,
    /// When no more calls are made.
    pub deadline: Deadline,
}

impl Invocation {
    /// How long it has left.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Deadline::now())
    }
}

impl Hub {
    /// The hub whose parameters are below `prefix`.
    pub fn new(aws: Aws, prefix: impl Into<String>) -> Self {
        Self {
            aws,
            prefix: prefix.into(),
            rows: Rows::All,
            discovered: Arc::default(),
            known: Arc::default(),
            foresight: Arc::default(),
        }
    }

    /// The same, whose answers to the rule, which are only ever read in a trace, hold no more than counts, what was done or
    /// tried, and the targets in trouble.
    #[must_use]
    pub fn brief(self) -> Self {
        Self { rows: Rows::Notable, ..self }
    }

    /// Answers an event.
    ///
    /// # Errors
    ///
    /// If the event is none that the hub serves, the parameters or schedules cannot be read, or a pass is at work for
    /// longer than a request waits. Nothing was touched then. What goes wrong in a target is in the answer.
    pub async fn answer(&self, event: &Value, call: &Invocation) -> Result<Answer, HubError> {
        // Without its type, which is nested deeper than the compilers of those who ask care to lay out.
        let answer: LocalBoxFuture<'_, _> = Box::pin(self.answered(event, call));
        answer.await
    }

    async fn answered(&self, event: &Value, call: &Invocation) -> Result<Answer, HubError> {
        let clock = self.aws.now();
        let request = match Event::parse(event)? {
            Event::Scheduled => {
                let tick = Tick { now: clock, scope: Scope::default(), mode: Mode::Act };
                return self.scheduled(tick, call).await;
            }
            Event::Shards(messages) => {
                return Ok(Answer::Shards(self.work_on(&messages, call).await));
            }
            Event::Request(request) => request,
        };
        let tick = request.tick(clock)?;
        match request {
            // What keeps the others from an answer is what this one is to find.
            Request::Doctor { scope } => Ok(Answer::Doctor(self.diagnosis(&scope, call).await)),
            Request::Run { dry_run: true, .. } => {
                let known = self.read(call.deadline).await?;
                self.look(&known, tick, call).await.map(Answer::Run)
            }
            Request::Run { .. } => {
                let known = self.read(call.deadline).await?;
                log_mistakes(&known, tick.now);
                self.patiently(&known, tick, call).await.map(Answer::Run)
            }
            Request::Status { .. } => {
                let known = self.read(call.deadline).await?;
                Ok(Answer::Status(self.status(&known, tick, call.deadline).await))
            }
            Request::Explain { resource, .. } => {
                let known = self.read(call.deadline).await?;
                let explained = self.explain(&known, tick, &resource, call.deadline).await;
                Ok(Answer::Explain(explained))
            }
        }
    }

    /// The rule's pass. It is left to the one that is at work, if there is one.
    async fn scheduled(&self, tick: Tick, call: &Invocation) -> Result<Answer, HubError> {
        let known = self.read(call.deadline).await?;
        log_mistakes(&known, tick.now);
        let errand = Errand { tick, rows: self.rows, is_awaited: false };
        match self.alone(&known, errand, call).await {
            Ok(turn) => Ok(turn.into_answer(&known)),
            Err(HubError::Busy { holder, until }) => {
                tracing::info!(holder, %until, "another pass is at work");
                Ok(Answer::Skipped(Skipped { busy: holder, until }))
            }
            Err(error) => Err(error),
        }
    }

    async fn diagnosis(&self, scope: &Scope, call: &Invocation) -> Diagnosis {
        doctor::examine(&self.aws, &self.prefix, scope, call.deadline).await
    }

    async fn status(&self, known: &Known, tick: Tick, deadline: Deadline) -> StatusReport {
        let mut status = StatusReport::at(tick.now);
        self.visit(known, &tick, deadline, |report| status.add(&report)).await;
        status.sort();
        status
    }

    async fn explain(
        &self,
        known: &Known,
        tick: Tick,
        resource: &str,
        deadline: Deadline,
    ) -> Explanations {
        let mut explanations = Vec::new();
        let mut found = StatusReport::at(tick.now);
        self.visit(known, &tick, deadline, |report| {
            explanations.extend(report.explain(resource, tick.now, |tag| known.config.named(tag)));
            found.add(&report);
        })
        .await;
        found.sort();
        Explanations { explanations, targets: found.targets }
    }
}
