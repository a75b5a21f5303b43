//! The examination as a whole.

use chrono::SecondsFormat;
use scheduler_aws::{Aws, state_table::StateTable};
use scheduler_core::{Instant, Target, resource::Failure};
use scheduler_engine::{
    Foresight, MemoryStore, Mode, Pass, PassReport, Scope, Tick,
    doctor::{Code, Examination, Finding, Signs, of_keys, of_passes},
    pass,
    ports::{Lease, Memories, Remembered},
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant as Deadline, timeout_at};

use super::{
    deployment::{self, Deployment},
    permissions::Question,
    spokes::troubles,
};
use crate::{hub::CONCURRENCY, passes::LEASE};

/// Findings that are answered at most: some 3 MB, of the 6 that Lambda sends.
const MOST_FINDINGS: usize = 10_000;

/// What was found, and when by the function's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The function's clock.
    pub at: String,
    /// What was found.
    #[serde(flatten)]
    pub examination: Examination,
    /// How many findings were left out, to keep the answer within what Lambda sends.
    pub omitted: usize,
}

/// Examines a deployment, as far as a scope reaches and time allows.
pub(crate) async fn examine(
    aws: &Aws,
    prefix: &str,
    scope: &Scope,
    deadline: Deadline,
) -> Diagnosis {
    let now = aws.now();
    let mut found = Examination::default();
    match timeout_at(deadline, deployment::examine(aws, prefix, &mut found)).await {
        Ok(Some(deployment)) => {
            // What is kept from earlier passes would hide what has changed since.
            let patient = Patient { aws: &aws.without_sessions(), deployment: &deployment, now };
            patient.examine(scope, deadline, &mut found).await;
        }
        Ok(None) => {}
        Err(_elapsed) => found.findings.push(out_of_time(prefix)),
    }
    let at = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut examination = found.sorted();
    let omitted = examination.findings.len().saturating_sub(MOST_FINDINGS);
    examination.findings.truncate(MOST_FINDINGS);
    Diagnosis { at, examination, omitted }
}

fn out_of_time(prefix: &str) -> Finding {
    let message = "the parameters and tables did not answer in time";
    let help = "ask again; if it stays so, the service's health page may say why";
    Finding::new(Code::NotExamined, prefix, message, help)
}

/// A deployment whose parameters are understood.
struct Patient<'a> {
    aws: &'a Aws,
    deployment: &'a Deployment,
    now: Instant,
}

impl Patient<'_> {
    async fn examine(&self, scope: &Scope, deadline: Deadline, found: &mut Examination) {
        let settings = &self.deployment.settings;
        let spokes = self.aws.spokes(settings, self.now);
        // Some time is left for what the dry run does not show.
        let left = deadline.saturating_duration_since(Deadline::now());
        let (report, lease) =
            futures::join!(self.dry_run(scope, Deadline::now() + left / 2), self.lease());
        let troubles = troubles(&report, settings, &self.aws.home().partition());
        self.count(&report, found);
        let is_state_read =
            !troubles.findings.iter().any(|finding| finding.code == Code::StateUnreadable);
        found.findings.extend(troubles.findings);
        found.findings.extend(of_keys(&report));
        if self.deployment.has_state && is_state_read {
            let signs = Signs { report: &report, lease: lease.as_ref(), every: settings.frequency };
            found.findings.extend(of_passes(&signs));
        }
        let kinds = settings.kinds.iter().copied();
        let kinds: Vec<_> =
            kinds.filter(|kind| scope.kind.is_none_or(|only| only == *kind)).collect();
        let question = Question {
            settings,
            spokes: &spokes,
            report: &report,
            kinds: &kinds,
            closed: &troubles.closed,
            deadline,
            concurrency: CONCURRENCY,
        };
        question.examine(troubles.gaps, found).await;
    }

    async fn dry_run(&self, scope: &Scope, deadline: Deadline) -> PassReport {
        let Deployment { settings, config, has_state } = self.deployment;
        let table = self.aws.memory(&settings.state_table);
        pass::run(&Pass {
            config,
            targets: &settings.targets(),
            kinds: &settings.kinds,
            cloud: &self.aws.spokes(settings, self.now),
            memory: &Memory(has_state.then_some(table)),
            begin_until: deadline,
            deadline,
            concurrency: CONCURRENCY,
            foresight: &Foresight::default(),
            labels: &settings.labels,
            window_lead: settings.window_lead,
            tick: Tick { now: self.now, scope: scope.clone(), mode: Mode::DryRun },
        })
        .await
    }

    /// The lease of passes. If it cannot be read, the memories cannot either, and that is a finding.
    async fn lease(&self) -> Option<Lease> {
        let table = self.aws.memory(&self.deployment.settings.state_table);
        if self.deployment.has_state { table.lease(LEASE).await.ok().flatten() } else { None }
    }

    fn count(&self, report: &PassReport, found: &mut Examination) {
        let mut accounts: Vec<_> =
            report.targets.iter().map(|one| (&one.target.partition, &one.target.account)).collect();
        accounts.dedup();
        found.checked.accounts = accounts.len();
        found.checked.targets = report.targets.len();
        found.checked.resources = report.targets.iter().map(|one| one.resources.len()).sum();
    }
}

/// The StateTable, if there is one that can be used: without it the spokes are looked at all the same.
struct Memory<'a>(Option<StateTable<'a>>);

impl MemoryStore for Memory<'_> {
    async fn load(&self, target: &Target) -> Result<Remembered, Failure> {
        match &self.0 {
            Some(table) => table.load(target).await,
            None => Ok(Remembered::default()),
        }
    }

    /// Nothing is remembered of a dry run.
    async fn save(&self, _: &Target, _: &Memories) -> Result<(), Failure> {
        Ok(())
    }
}
