//! What came of a pass: as values, and as the rows that scripts read.
//!
//! The rows are types of their own, so that renaming a field of a value cannot break somebody's `jq`.

use std::sync::Arc;

use scheduler_core::{
    Resource, Target, Verdict,
    decision::{Action, Cause},
    memory::{Memory, Outcome},
    resource::Failure,
};
use serde::{Deserialize, Serialize};

use crate::{
    pass::Tick,
    summary::{Rows, Summary},
};

/// What came of a pass.
#[derive(Clone, Debug)]
pub struct PassReport {
    /// What the pass was for.
    pub tick: Tick,
    /// What came of each target, in order.
    pub targets: Vec<TargetReport>,
}

/// What came of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetReport {
    /// The target.
    pub target: Target,
    /// What went wrong with the target itself; empty if nothing did.
    pub troubles: Vec<Failure>,
    /// What came of its resources, in order.
    pub resources: Vec<ResourceReport>,
}

/// What came of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceReport {
    /// The resource, as it was observed before.
    pub resource: Resource,
    /// What its schedule says; none if it has none.
    pub verdict: Option<Arc<Verdict>>,
    /// What was decided.
    pub action: Action,
    /// What came of that.
    pub result: Result,
    /// What is remembered of it after that; in a dry run, what was before.
    pub memory: Option<Memory>,
}

impl TargetReport {
    /// Adds what went wrong, unless it is there already: a missing role fails everything in the same way.
    pub(crate) fn add(&mut self, failure: Failure) {
        if !self.troubles.contains(&failure) {
            self.troubles.push(failure);
        }
    }
}

/// What came of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// Nothing was to be done, and nothing is wrong.
    Left,
    /// Something was done or tried.
    Acted(Outcome),
    /// Nothing was done for now, though something is wrong.
    Failing(Failure),
    /// It was a dry run.
    Planned,
}

impl Result {
    /// What came of what was done or tried, if something was.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Result::Acted(outcome) => Some(outcome),
            Result::Left | Result::Failing(_) | Result::Planned => None,
        }
    }

    /// What went wrong, if something did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Result::Acted(outcome) => outcome.failure(),
            Result::Failing(failure) => Some(failure),
            Result::Left | Result::Planned => None,
        }
    }

    /// Whether what was wanted came about, as far as anybody knows.
    pub fn is_done(&self) -> bool {
        matches!(self, Result::Acted(Outcome::Done | Outcome::DoneBut(_)))
    }

    /// Whether what was wanted did not come about, or nobody knows.
    pub fn has_failed(&self) -> bool {
        matches!(self.as_str(), "failed" | "unknown")
    }

    fn as_str(&self) -> &'static str {
        match self {
            Result::Left | Result::Acted(Outcome::Done | Outcome::DoneBut(_)) => "done",
            Result::Acted(Outcome::Failed(_)) | Result::Failing(_) => "failed",
            Result::Acted(Outcome::Unknown(_)) => "unknown",
            Result::Planned => "planned",
        }
    }
}

/// A pass as scripts read it: the answer of the hub, and the output of `run` and `demo`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// The counts.
    pub pass: PassRow,
    /// One row for each resource.
    pub outcomes: Vec<OutcomeRow>,
    /// One row for each target.
    pub targets: Vec<TargetRow>,
}

/// A pass in numbers. `resources` is the sum of the five that follow it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PassRow {
    /// The instant that was evaluated.
    pub at: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// How many targets were visited.
    pub targets: usize,
    /// How many resources carry the tag and are in scope.
    pub resources: usize,
    /// How many were started; in a dry run, how many would be.
    pub started: usize,
    /// How many were stopped; in a dry run, how many would be.
    pub stopped: usize,
    /// How many were stopped to be started as another instance type; in a dry run, how many would be.
    pub resized: usize,
    /// How many were left as they are.
    pub left: usize,
    /// How many failed, had no answer, or fell back to rest after a start that AWS had accepted.
    pub failed: usize,
    /// How long the pass took, in milliseconds.
    pub duration_ms: u64,
}

/// What came of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    /// The resource's partition.
    pub partition: String,
    /// The resource's account.
    pub account: String,
    /// The resource's Region.
    pub region: String,
    /// The resource's kind.
    pub kind: String,
    /// The resource's id.
    pub resource: String,
    /// The value of its schedule tag.
    pub schedule: String,
    /// What it was doing.
    pub observed: String,
    /// What its schedule wants, if it has one.
    pub desired: Option<String>,
    /// `start`, `stop`, `resize` or `leave`.
    pub action: String,
    /// Why that was decided.
    pub why: String,
    /// `done`, `failed`, `unknown` or `planned`.
    pub outcome: String,
    /// The class of failure, or of the reason for leaving it.
    pub code: Option<String>,
    /// What AWS said, if it said no.
    pub message: Option<String>,
}

/// What came of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRow {
    /// Its partition.
    pub partition: String,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// `ok` or `failed`.
    pub outcome: String,
    /// The class of the first failure.
    pub code: Option<String>,
    /// What went wrong; several things are separated by semicolons.
    pub message: Option<String>,
}

impl PassReport {
    /// The report added up, with every row.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::new(Rows::All);
        self.targets.iter().for_each(|target| summary.add(target));
        summary
    }
}

impl OutcomeRow {
    /// Whether nothing was done or tried.
    pub(crate) fn is_left(&self) -> bool {
        self.action == "leave"
    }

    /// Where the resource is.
    pub(crate) fn place(&self) -> [&str; 3] {
        [&self.partition, &self.account, &self.region]
    }
}

impl TargetRow {
    /// Whether something went wrong with the target itself.
    pub(crate) fn is_failed(&self) -> bool {
        self.code.is_some()
    }

    /// Where it is.
    pub(crate) fn place(&self) -> [&str; 3] {
        [&self.partition, &self.account, &self.region]
    }
}

impl TargetReport {
    /// What came of a target of which nothing is known but what went wrong.
    pub fn failed(target: &Target, failure: Failure) -> Self {
        Self { target: target.clone(), troubles: vec![failure], resources: Vec::new() }
    }

    pub(crate) fn row(&self) -> TargetRow {
        let messages: Vec<_> = self.troubles.iter().map(ToString::to_string).collect();
        TargetRow {
            partition: self.target.partition.to_string(),
            account: self.target.account.to_string(),
            region: self.target.region.to_string(),
            outcome: if messages.is_empty() { "ok" } else { "failed" }.into(),
            code: self.troubles.first().map(|failure| failure.code.to_string()),
            message: (!messages.is_empty()).then(|| messages.join("; ")),
        }
    }
}

impl ResourceReport {
    /// Why that was decided, as a clause.
    pub fn why(&self) -> String {
        match &self.action {
            Action::Act(_, Cause::Desired) => {
                self.verdict.as_ref().map(ToString::to_string).unwrap_or_default()
            }
            Action::Act(_, cause) => cause.to_string(),
            Action::Leave(why) => why.to_string(),
        }
    }

    /// Whether something was done or tried, or is wrong.
    pub(crate) fn is_notable(&self) -> bool {
        self.action.step().is_some() || self.result.failure().is_some()
    }

    pub(crate) fn row(&self, target: &Target) -> OutcomeRow {
        let left = match &self.action {
            Action::Act(..) => None,
            Action::Leave(why) => Some(why.code().to_owned()),
        };
        OutcomeRow {
            partition: target.partition.to_string(),
            account: target.account.to_string(),
            region: target.region.to_string(),
            kind: self.resource.key.kind.to_string(),
            resource: self.resource.key.id.to_string(),
            schedule: self.resource.marks.schedule.clone(),
            observed: self.resource.observed.as_str().into(),
            desired: self.verdict.as_ref().map(|verdict| verdict.desired.to_string()),
            action: self.action.as_str().into(),
            why: self.why(),
            outcome: self.result.as_str().into(),
            code: self.result.failure().map(|failure| failure.code.to_string()).or(left),
            message: self.result.failure().map(ToString::to_string),
        }
    }
}
