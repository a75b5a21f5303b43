//! The corridor for one event: settings, config, targets, pass, record.

use std::time::Duration;

use scheduler_aws::Aws;
use scheduler_core::{Config, Mistake, Settings, resource::Failure};
use scheduler_engine::{Mode, Pass, metrics, pass, record, report::RunReport};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant as Deadline, timeout_at};

use crate::event::{BadEvent, Event};

/// How many targets are at work at once. Each waits for AWS most of the time; what bounds this is the memory of
/// the pages in flight.
const CONCURRENCY: usize = 32;

/// How long after the deadline metrics may still be under way.
const PUBLISHING: Duration = Duration::from_secs(3);

/// A deployment's hub.
#[derive(Clone, Debug)]
pub struct Hub {
    aws: Aws,
    prefix: String,
}

/// What a pass answers.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// What came of it.
    #[serde(flatten)]
    pub run: RunReport,
    /// What is wrong with the parameters and the stored schedules.
    pub mistakes: Vec<Mistake>,
    /// How many rows of outcomes were left out, to keep the answer within what Lambda sends.
    pub omitted: usize,
}

/// Rows that a request is answered with at most: some 3 MB, of the 6 that Lambda sends.
const MOST_ROWS: usize = 10_000;

impl Answer {
    /// The answer for somebody who asked: as many rows as Lambda sends, those that did or tried something first.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        if self.run.outcomes.len() > MOST_ROWS {
            self.run.outcomes.sort_by_key(|row| row.action == "leave");
            self.omitted += self.run.outcomes.len() - MOST_ROWS;
            self.run.outcomes.truncate(MOST_ROWS);
        }
        self
    }

    /// The answer for the schedule rule, which is only ever read in a trace: counts, what was done or tried, and the
    /// targets in trouble.
    #[must_use]
    pub fn brief(mut self) -> Self {
        let all = self.run.outcomes.len();
        self.run.outcomes.retain(|row| row.action != "leave");
        self.run.targets.retain(|row| row.outcome != "ok");
        self.omitted = all - self.run.outcomes.len();
        self.bounded()
    }
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
}

impl HubError {
    /// The error's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            HubError::Event(_) => "bad-event",
            HubError::Parameters { .. } => "parameters-unreadable",
            HubError::Settings { .. } => "bad-parameters",
            HubError::Config { .. } => "config-unreadable",
        }
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ")
}

impl Hub {
    /// The hub whose parameters are below `prefix`.
    pub fn new(aws: Aws, prefix: impl Into<String>) -> Self {
        Self { aws, prefix: prefix.into() }
    }

    /// Runs the pass that an event asks for. Targets still at work at the deadline are given up.
    ///
    /// # Errors
    ///
    /// If the event is none that the hub serves, or the parameters or schedules cannot be read. Nothing was
    /// touched then. What goes wrong in a target is in the answer.
    pub async fn answer(&self, event: &Value, deadline: Deadline) -> Result<Answer, HubError> {
        let tick = Event::parse(event)?.tick(self.aws.now())?;
        let (settings, mut mistakes) = self.settings().await?;
        let (config, more) = self.config(&settings).await?;
        mistakes.extend(more);
        mistakes.extend(config.expired(tick.now));
        mistakes.iter().for_each(log_mistake);

        let report = pass::run(&Pass {
            config: &config,
            targets: &settings.targets(),
            kinds: &settings.kinds,
            cloud: &self.aws.spokes(&settings, tick.now),
            memory: &self.aws.memory(&settings.state_table),
            deadline,
            concurrency: CONCURRENCY,
            tick,
        })
        .await;

        let run = report.rows();
        record::log(&run);
        // A dry run is nobody's pass: counted, it would count everything twice.
        if let Some(namespace) = &settings.metrics_namespace
            && report.tick.mode == Mode::Act
        {
            let data = metrics::of(&report);
            let published = self.aws.publish(namespace, &data, report.tick.now);
            let published = timeout_at(deadline + PUBLISHING, published).await;
            // A pass that did its work is not failed by a number that nobody sees.
            match published {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => tracing::warn!(
                    code = failure.code.as_str(),
                    reason = failure.message,
                    "metrics not published"
                ),
                Err(_elapsed) => tracing::warn!(code = "deadline", "metrics not published"),
            }
        }
        Ok(Answer { run, mistakes, omitted: 0 })
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

fn log_mistake(mistake: &Mistake) {
    tracing::warn!(item = mistake.item, field = mistake.field, text = mistake.text, reason = %mistake, "mistake in the configuration");
}
