//! Passes in shards: begun, worked on, waited for and put together.

use std::sync::Arc;

use chrono::TimeDelta;
use scheduler_core::{
    Settings,
    resource::{Failure, FailureCode},
};
use scheduler_engine::{
    Rows, Summary,
    ports::Claims,
    record,
    shards::{self, Claim, Ended, Head, Hold, NotWorked, Walked, Worked},
};
use tokio::time::Instant as Deadline;

use crate::{
    Hub, HubError, Invocation,
    answer::{Begun, MessageFailure, Run, Shards},
    event::Message,
    known::Known,
    passes::{ASKING_EVERY, LEASE_OUTLIVES, Turn, claims_error, span},
};

/// A hold that ends so soon is waited for.
const NEARLY_OVER: TimeDelta = TimeDelta::seconds(45);

impl Hub {
    /// Begins a pass in shards, some of which may be done.
    pub(crate) async fn begin(
        &self,
        known: &Known,
        whole: &Claim,
        done: Option<Summary>,
        deadline: Deadline,
    ) -> Result<Begun, HubError> {
        let Settings { state_table, shard_queue, targets_per_shard, .. } = &known.settings;
        let table = self.aws.memory(state_table);
        let queue = self.aws.queue(shard_queue.as_deref().unwrap_or_default());
        // Nobody reads the rows of the rule's shards: what happened stands in the log.
        let rows = if whole.head.rows == Rows::All { Rows::All } else { Rows::None };
        let whole = Claim { head: Head { rows, ..whole.head.clone() }, ..whole.clone() };
        let begun = shards::begin(&table, &queue, &whole, *targets_per_shard, done).await;
        let (shards, ended) = begun.map_err(|source| claims_error(known, source))?;
        let (pass, targets) = (whole.id.pass, whole.targets.len());
        tracing::info!(pass, shards, targets, "pass begun in shards");
        if let Some(ended) = ended {
            self.put_together(&known.settings, &ended, deadline).await;
        }
        Ok(Begun { pass, shards, targets })
    }

    /// Works on the shards that messages name.
    pub(crate) async fn work_on(&self, messages: &[Message], call: &Invocation) -> Shards {
        let mut failures = Vec::new();
        for message in messages {
            if let Err(error) = self.work_on_one(&message.body, call).await {
                let (id, code) = (&message.id, error.code());
                match error {
                    HubError::ShardBusy { holder, until } => {
                        tracing::info!(message = id, holder, %until, "the shard is at work");
                    }
                    error => {
                        tracing::error!(message = id, code, reason = %error, "shard not worked on");
                    }
                }
                failures.push(MessageFailure { id: id.clone() });
            }
        }
        Shards { failures }
    }

    async fn work_on_one(&self, message: &str, call: &Invocation) -> Result<(), HubError> {
        match self.try_to_work_on(message, call).await {
            // Its holder is dead, and this message has come back for it.
            Err(HubError::ShardBusy { until, .. }) if until < self.aws.now() + NEARLY_OVER => {
                let wait = (until - self.aws.now()).to_std().unwrap_or_default();
                tokio::time::sleep(wait).await;
                self.try_to_work_on(message, call).await
            }
            worked => worked,
        }
    }

    async fn try_to_work_on(&self, message: &str, call: &Invocation) -> Result<(), HubError> {
        let is_done = match self.known.get() {
            // The table may be another one by now.
            Some(kept) => self.work(message, &kept, call).await?,
            None => false,
        };
        if !is_done && !self.work(message, &self.read_anew().await?, call).await? {
            tracing::info!(message, "the shard is ended, or its time is over");
        }
        Ok(())
    }

    /// Works on the shard that a message names. Answers whether there was anything to be done.
    async fn work(
        &self,
        message: &str,
        known: &Arc<Known>,
        call: &Invocation,
    ) -> Result<bool, HubError> {
        let now = self.aws.now();
        let hold =
            Hold { holder: call.id.clone(), until: now + span(call.left()) + LEASE_OUTLIVES };
        let settings = &known.settings;
        let table = self.aws.memory(&settings.state_table);
        let queue = self.aws.queue(settings.shard_queue.as_deref().unwrap_or_default());
        let walk = async |claim: &Claim| self.walk_shard(known.clone(), claim, call).await;
        let worked = shards::work(&table, &queue, message, &hold, now, walk).await;
        let worked = worked.map_err(|not_worked| match not_worked {
            NotWorked::BadMessage(error) => HubError::Message(error),
            NotWorked::Busy(Hold { holder, until }) => HubError::ShardBusy { holder, until },
            NotWorked::Claim(source) => claims_error(known, source),
            NotWorked::Walk(error) => error,
        })?;
        if let Worked::Last(ended) = &worked {
            self.put_together(settings, ended, call.deadline).await;
        }
        Ok(!matches!(worked, Worked::Nothing))
    }

    async fn walk_shard(
        &self,
        kept: Arc<Known>,
        claim: &Claim,
        call: &Invocation,
    ) -> Result<Walked, HubError> {
        let began = Deadline::now();
        let known = self.known_for(claim, kept).await?;
        let (summary, rest) = self.walk(&known, claim, call).await;
        let row = summary.row(&claim.head.tick, began.elapsed());
        record::log_shard(&claim.id.pass, claim.id.shard, &row, rest.len());
        Ok(Walked { summary, rest })
    }

    /// Says what came of a pass whose shards are all ended.
    pub(crate) async fn put_together(
        &self,
        settings: &Settings,
        Ended { head, summary, .. }: &Ended,
        deadline: Deadline,
    ) {
        let duration = (self.aws.now() - head.began).to_std().unwrap_or_default();
        self.finish(settings, head, summary, duration, deadline).await;
    }

    /// Waits for the shards of a pass that somebody asked for. Targets of those that take longer than the invocation has
    /// are reported as not looked at yet.
    pub(crate) async fn to_the_end(
        &self,
        known: &Known,
        mut turn: Turn,
        call: &Invocation,
    ) -> Result<Run, HubError> {
        if let Some(begun) = turn.begun.take() {
            let table = self.aws.memory(&known.settings.state_table);
            while table.pending(&begun.pass).await != Ok(0) && Deadline::now() < call.deadline {
                tokio::time::sleep(ASKING_EVERY).await;
            }
            let came = outcome(&table, &begun.pass).await;
            turn.absorb(came.map_err(|source| claims_error(known, source))?);
        }
        Ok(turn.into_run(known))
    }
}

/// What has come of a pass so far. Targets of shards that are not ended are reported as not looked at yet.
async fn outcome<P: Claims>(claims: &P, pass: &str) -> Result<Summary, Failure> {
    let ended = claims.outcome(pass).await?;
    let mut summary = ended.map(|ended| ended.summary).unwrap_or_default();
    // After it: what has ended in between is in neither, rather than in both.
    let open = claims.claims().await?.into_iter().filter(|open| open.claim.id.pass == pass);
    for target in open.flat_map(|open| open.claim.targets) {
        let message =
            "the shard of this target is still at work; its status says more later".into();
        summary.add_failed(&target, Failure { code: FailureCode::Deadline, message });
    }
    Ok(summary)
}
