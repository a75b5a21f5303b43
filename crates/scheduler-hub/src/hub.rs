//! The corridor for one event: settings, config, targets, pass, record.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use scheduler_aws::Aws;
use scheduler_core::{Config, Instant, Mistake, Settings, resource::Failure};
use scheduler_engine::{
    Mode, Pass, PassReport, Scope, Tick,
    explain::Explanation,
    lease::{self, NotHeld},
    metrics, pass,
    ports::Lease,
    record,
    report::{RunReport, TargetRow},
    status::StatusReport,
};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant as Deadline, timeout_at};

use crate::{
    accounts::{self, Discovered},
    doctor::{self, Diagnosis},
    event::{BadEvent, Event, Request},
};

/// How many targets are at work at once. Each waits for AWS most of the time; what bounds this is the memory of
/// the pages in flight.
pub(crate) const CONCURRENCY: usize = 32;

/// How long after the deadline metrics may still be under way.
const PUBLISHING: Duration = Duration::from_secs(3);

/// A deployment's hub.
#[derive(Clone, Debug)]
pub struct Hub {
    aws: Aws,
    prefix: String,
    discovered: Arc<Discovered>,
}

/// How long a lease outlives the deadline of its pass: everything that may still be written then, with room for clocks
/// that differ.
const LEASE_OUTLIVES: TimeDelta = TimeDelta::seconds(30);

/// What all passes have a lease in common under.
pub(crate) const LEASE: &str = "pass";

/// How long a request waits for a pass that is at work, and how often it asks.
const PATIENCE: u32 = 20;
const ASKING_EVERY: Duration = Duration::from_secs(1);

/// What the hub answers.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A pass was run.
    Run(Run),
    /// The rule's pass was left to the one that was at work.
    Skipped(Skipped),
    /// What there is.
    Status(Status),
    /// Why.
    Explain(Explanations),
    /// What is wrong.
    Doctor(Diagnosis),
}

/// What came of a pass.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// What came of it.
    #[serde(flatten)]
    pub run: RunReport,
    /// What is wrong with the parameters and the stored schedules.
    pub mistakes: Vec<Mistake>,
    /// How many rows of outcomes were left out, to keep the answer within what Lambda sends.
    pub omitted: usize,
}

/// Why there was no pass: another one was at work. Nothing is lost, for no edge is.
#[derive(Clone, Debug, Serialize)]
pub struct Skipped {
    /// The invocation that is at work.
    pub busy: String,
    /// Until when at most.
    pub until: Instant,
}

/// What there is.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The rows.
    #[serde(flatten)]
    pub status: StatusReport,
    /// How many rows were left out, to keep the answer within what Lambda sends.
    pub omitted: usize,
}

/// Why something happens to a resource, or nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Explanations {
    /// Each resource that was meant.
    pub explanations: Vec<Explanation>,
    /// The targets that could not be looked at, where it may be.
    pub targets: Vec<TargetRow>,
}

/// One call of the hub.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Names it, among those that may be at work at the same time.
    pub id: String,
    /// When no more calls are made.
    pub deadline: Deadline,
}

/// Rows that a request is answered with at most: some 3 MB, of the 6 that Lambda sends.
const MOST_ROWS: usize = 10_000;

impl Answer {
    /// What came of the pass, if one was run.
    pub fn into_run(self) -> Option<Run> {
        match self {
            Answer::Run(run) => Some(run),
            Answer::Skipped(_) | Answer::Status(_) | Answer::Explain(_) | Answer::Doctor(_) => None,
        }
    }

    /// The answer for somebody who asked: as many rows as Lambda sends, those that did or tried something first.
    #[must_use]
    pub fn bounded(self) -> Self {
        match self {
            Answer::Run(mut run) => {
                run.run.outcomes.sort_by_key(|row| row.action == "leave");
                run.omitted += cut(&mut run.run.outcomes);
                Answer::Run(run)
            }
            Answer::Status(mut status) => {
                status.omitted += cut(&mut status.status.resources);
                Answer::Status(status)
            }
            Answer::Doctor(mut diagnosis) => {
                diagnosis.omitted += cut(&mut diagnosis.examination.findings);
                Answer::Doctor(diagnosis)
            }
            Answer::Skipped(_) | Answer::Explain(_) => self,
        }
    }

    /// The answer for the schedule rule, which is only ever read in a trace: counts, what was done or tried, and the
    /// targets in trouble.
    #[must_use]
    pub fn brief(mut self) -> Self {
        if let Answer::Run(Run { run, omitted, .. }) = &mut self {
            let all = run.outcomes.len();
            run.outcomes.retain(|row| row.action != "leave");
            run.targets.retain(|row| row.outcome != "ok");
            *omitted += all - run.outcomes.len();
        }
        self.bounded()
    }
}

/// Leaves the rows that Lambda sends, and says how many it has left out.
fn cut<T>(rows: &mut Vec<T>) -> usize {
    let omitted = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    omitted
}

/// Why there was no pass. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The event is none that the hub serves.
    #[error(transparent)]
    Event(#[from] BadEvent),
    /// The parameters cannot be read.
    #[error("the parameters below {prefix} cannot be read: {source}")]
    Parameters {
        /// Where they were looked for.
        prefix: String,
        /// What AWS said.
        source: Failure,
    },
    /// The parameters leave no way to run a pass.
    #[error("the parameters below {prefix} have mistakes: {}", list(mistakes))]
    Settings {
        /// Where they are.
        prefix: String,
        /// Every mistake.
        mistakes: Vec<Mistake>,
    },
    /// The stored schedules cannot be read.
    #[error("the config table {table} cannot be read: {source}")]
    Config {
        /// The table.
        table: String,
        /// What AWS said.
        source: Failure,
    },
    /// The lease of passes cannot be asked for.
    #[error("the lease in the state table {table} cannot be taken: {source}")]
    Lease {
        /// The table.
        table: String,
        /// What AWS said.
        source: Failure,
    },
    /// Another pass is at work.
    #[error("another pass is at work, until {until} at most; nothing was done; ask again then")]
    Busy {
        /// The invocation that is at work.
        holder: String,
        /// Until when at most.
        until: Instant,
    },
}

impl HubError {
    /// The error's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            HubError::Event(_) => "bad-event",
            HubError::Parameters { .. } => "parameters-unreadable",
            HubError::Settings { .. } => "bad-parameters",
            HubError::Config { .. } => "config-unreadable",
            HubError::Lease { .. } => "lease-unavailable",
            HubError::Busy { .. } => "busy",
        }
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ")
}

impl Hub {
    /// The hub whose parameters are below `prefix`.
    pub fn new(aws: Aws, prefix: impl Into<String>) -> Self {
        Self { aws, prefix: prefix.into(), discovered: Arc::default() }
    }

    /// Answers an event.
    ///
    /// # Errors
    ///
    /// If the event is none that the hub serves, the parameters or schedules cannot be read, or a pass is at work for
    /// longer than a request waits. Nothing was touched then. What goes wrong in a target is in the answer.
    pub async fn answer(&self, event: &Value, call: &Invocation) -> Result<Answer, HubError> {
        let event = Event::parse(event)?;
        if let Event::Request(Request::Doctor { scope }) = &event {
            // What keeps the others from an answer is what this one is to find.
            return Ok(Answer::Doctor(self.diagnosis(scope, call).await));
        }
        let tick = event.tick(self.aws.now())?;
        let (mut settings, mut mistakes) = self.settings().await?;
        let completed =
            accounts::complete(&mut settings, &self.aws, &self.discovered, call.deadline);
        mistakes.extend(completed.await);
        let (config, more) = self.config(&settings).await?;
        mistakes.extend(more);
        mistakes.extend(config.expired(tick.now));
        let known = Known { settings: &settings, config: &config, mistakes };
        match event {
            Event::Scheduled => match self.alone(&known, tick, call).await {
                Err(HubError::Busy { holder, until }) => {
                    tracing::info!(holder, %until, "another pass is at work");
                    Ok(Answer::Skipped(Skipped { busy: holder, until }))
                }
                answer => answer.map(Answer::Run),
            },
            Event::Request(Request::Run { dry_run: true, .. }) => {
                Ok(Answer::Run(self.recorded(&known, tick, call.deadline).await))
            }
            Event::Request(Request::Run { .. }) => {
                Ok(Answer::Run(self.patiently(&known, tick, call).await?))
            }
            Event::Request(Request::Status { .. }) => {
                let status = self.pass(&known, tick, call.deadline).await.status();
                Ok(Answer::Status(Status { status, omitted: 0 }))
            }
            Event::Request(Request::Explain { resource, .. }) => {
                let report = self.pass(&known, tick, call.deadline).await;
                let explanations = report.explain(&resource, |tag| config.named(tag));
                let targets = report.status().targets;
                Ok(Answer::Explain(Explanations { explanations, targets }))
            }
            Event::Request(Request::Doctor { scope }) => {
                Ok(Answer::Doctor(self.diagnosis(&scope, call).await))
            }
        }
    }

    async fn diagnosis(&self, scope: &Scope, call: &Invocation) -> Diagnosis {
        doctor::examine(&self.aws, &self.prefix, scope, call.deadline).await
    }

    /// Runs a pass that somebody waits for, once no other is at work.
    async fn patiently(
        &self,
        known: &Known<'_>,
        tick: Tick,
        call: &Invocation,
    ) -> Result<Run, HubError> {
        for _ in 0..PATIENCE {
            match self.alone(known, tick.clone(), call).await {
                Err(HubError::Busy { .. }) => tokio::time::sleep(ASKING_EVERY).await,
                run => return run,
            }
        }
        self.alone(known, tick, call).await
    }

    /// Runs a pass that acts, unless another one is at work.
    async fn alone(
        &self,
        known: &Known<'_>,
        tick: Tick,
        call: &Invocation,
    ) -> Result<Run, HubError> {
        let now = self.aws.now();
        let left = call.deadline.saturating_duration_since(Deadline::now());
        let left = TimeDelta::from_std(left).unwrap_or(TimeDelta::hours(1));
        let until = now + left + LEASE_OUTLIVES;
        let lease = Lease { name: LEASE.into(), holder: call.id.clone(), until };
        let leases = self.aws.memory(&known.settings.state_table);
        let work = self.recorded(known, tick, call.deadline);
        lease::holding(&leases, &lease, now, work).await.map_err(|not_held| match not_held {
            NotHeld::Busy { holder, until } => HubError::Busy { holder, until },
            NotHeld::Failed(source) => {
                HubError::Lease { table: known.settings.state_table.clone(), source }
            }
        })
    }

    /// Runs a pass, and records what came of it.
    async fn recorded(&self, known: &Known<'_>, tick: Tick, deadline: Deadline) -> Run {
        known.mistakes.iter().for_each(log_mistake);
        let report = self.pass(known, tick, deadline).await;
        let run = report.rows();
        record::log(&run);
        // A dry run is nobody's pass: counted, it would count everything twice.
        if let Some(namespace) = &known.settings.metrics_namespace
            && report.tick.mode == Mode::Act
        {
            self.publish(namespace, &report, deadline).await;
        }
        Run { run, mistakes: known.mistakes.clone(), omitted: 0 }
    }

    async fn pass(&self, known: &Known<'_>, tick: Tick, deadline: Deadline) -> PassReport {
        let Known { settings, config, .. } = known;
        pass::run(&Pass {
            config,
            targets: &settings.targets(),
            kinds: &settings.kinds,
            cloud: &self.aws.spokes(settings, tick.now),
            memory: &self.aws.memory(&settings.state_table),
            deadline,
            concurrency: CONCURRENCY,
            labels: &settings.labels,
            window_lead: settings.window_lead,
            tick,
        })
        .await
    }

    /// A pass that did its work is not failed by a number that nobody sees.
    async fn publish(&self, namespace: &str, report: &PassReport, deadline: Deadline) {
        let data = metrics::of(report);
        let published = self.aws.publish(namespace, &data, report.tick.now);
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

    async fn settings(&self) -> Result<(Settings, Vec<Mistake>), HubError> {
        let prefix = self.prefix.clone();
        match self.aws.parameters(&prefix).await {
            Ok(parameters) => Settings::parse(&parameters, self.aws.home())
                .map_err(|mistakes| HubError::Settings { prefix, mistakes }),
            Err(source) => Err(HubError::Parameters { prefix, source }),
        }
    }

    async fn config(&self, settings: &Settings) -> Result<(Config, Vec<Mistake>), HubError> {
        let table = &settings.config_table;
        match self.aws.config(table).await {
            Ok(raw) => Ok(Config::parse(&raw, settings.default_zone)),
            Err(source) => Err(HubError::Config { table: table.clone(), source }),
        }
    }
}

/// What a pass has to know.
struct Known<'a> {
    settings: &'a Settings,
    config: &'a Config,
    /// What is wrong with them.
    mistakes: Vec<Mistake>,
}

fn log_mistake(mistake: &Mistake) {
    tracing::warn!(item = mistake.item, field = mistake.field, text = mistake.text, reason = %mistake, "mistake in the configuration");
}
