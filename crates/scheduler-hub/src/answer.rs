//! What the hub answers, and why it cannot.

use scheduler_core::{Instant, Mistake, resource::Failure};
use scheduler_engine::{
    explain::Explanation,
    report::{RunReport, TargetRow},
    shards::BadMessage,
    status::StatusReport,
};
use serde::Serialize;

use crate::{doctor::Diagnosis, event::BadEvent};

/// What the hub answers.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A pass was run.
    Run(Run),
    /// A pass was begun: its shards are on their way.
    Begun(Begun),
    /// Messages of shards were worked on.
    Shards(Shards),
    /// The rule's pass was left to the one that was at work.
    Skipped(Skipped),
    /// What there is.
    Status(StatusReport),
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
    /// How many resources have no row, to keep the answer within what Lambda sends.
    pub omitted: usize,
}

/// A pass whose shards are on their way. What comes of it is in the log and the metrics of whoever ends the last.
#[derive(Clone, Debug, Serialize)]
pub struct Begun {
    /// The pass.
    pub pass: String,
    /// How many shards it has.
    pub shards: usize,
    /// How many targets are in them.
    pub targets: usize,
}

/// What came of messages, in the words in which Lambda wants to know it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shards {
    /// The messages that have to come again.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<MessageFailure>,
}

/// A message that has to come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageFailure {
    /// Its id.
    #[serde(rename = "itemIdentifier")]
    pub id: String,
}

/// Why there was no pass: another one was at work. Nothing is lost, for no edge is.
#[derive(Clone, Debug, Serialize)]
pub struct Skipped {
    /// The invocation that is at work.
    pub busy: String,
    /// Until when at most.
    pub until: Instant,
}

/// Why something happens to a resource, or nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Explanations {
    /// Each resource that was meant.
    pub explanations: Vec<Explanation>,
    /// The targets that could not be looked at, where it may be.
    pub targets: Vec<TargetRow>,
}

impl Answer {
    /// What came of the pass, if one was run.
    pub fn into_run(self) -> Option<Run> {
        match self {
            Answer::Run(run) => Some(run),
            Answer::Begun(_)
            | Answer::Shards(_)
            | Answer::Skipped(_)
            | Answer::Status(_)
            | Answer::Explain(_)
            | Answer::Doctor(_) => None,
        }
    }
}

/// Why there was no pass. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The event is none that the hub serves.
    #[error(transparent)]
    Event(#[from] BadEvent),
    /// A message names no shard.
    #[error(transparent)]
    Message(#[from] BadMessage),
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
    /// The claims of shards cannot be read or written.
    #[error("the claims in the state table {table} cannot be read or written: {source}")]
    Claims {
        /// The table.
        table: String,
        /// What AWS said.
        source: Failure,
    },
    /// Somebody else is at a shard.
    #[error("{holder} is at work on the shard, until {until} at most")]
    ShardBusy {
        /// The invocation that is.
        holder: String,
        /// Until when at most.
        until: Instant,
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
            HubError::Message(_) => "bad-message",
            HubError::Parameters { .. } => "parameters-unreadable",
            HubError::Settings { .. } => "bad-parameters",
            HubError::Config { .. } => "config-unreadable",
            HubError::Lease { .. } => "lease-unavailable",
            HubError::Claims { .. } => "claims-unavailable",
            HubError::ShardBusy { .. } | HubError::Busy { .. } => "busy",
        }
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ")
}
