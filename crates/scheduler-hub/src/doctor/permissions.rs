//! What the role of each account may do: by dry runs of EC2's calls where there is an instance, and by simulation.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use scheduler_aws::{
    cloud::Spokes,
    doctor::{Denial, Need, Verdict, needs},
};
use scheduler_core::{
    AccountId, Kind, Observed, Partition, Region, Resource, Settings, Target,
    resource::{Failure, FailureCode},
};
use scheduler_engine::{
    PassReport, TargetReport,
    doctor::{Code, Examination, Finding, Severity},
};
use tokio::time::{Instant as Deadline, timeout_at};

/// A permission that a role lacks.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    account: (Partition, AccountId),
    /// Where it was found to be lacking; none: everywhere.
    region: Option<Region>,
    need: Need,
    denial: Denial,
}

impl Gap {
    /// A permission that is lacking in one Region, at least.
    pub(super) fn here(target: &Target, need: Need, denial: Denial) -> Self {
        let account = (target.partition.clone(), target.account.clone());
        Self { account, region: Some(target.region.clone()), need, denial }
    }
}

/// What permissions are to be looked at.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) settings: &'a Settings,
    pub(super) spokes: &'a Spokes<'a>,
    pub(super) report: &'a PassReport,
    /// The kinds that are looked at.
    pub(super) kinds: &'a [Kind],
    /// The targets that nobody gets in to.
    pub(super) closed: &'a [Target],
    pub(super) deadline: Deadline,
    pub(super) concurrency: usize,
}

/// What was learned of one account.
#[derive(Debug, Default)]
struct Learned {
    gaps: Vec<Gap>,
    findings: Vec<Finding>,
    asked: usize,
}

impl Question<'_> {
    /// Looks at every account, several at a time, and adds what is lacking to what listings have shown.
    pub(super) async fn examine(&self, mut gaps: Vec<Gap>, found: &mut Examination) {
        let learned: Vec<Learned> = stream::iter(self.accounts().into_values())
            .map(|targets| self.account(targets))
            .buffer_unordered(self.concurrency)
            .collect()
            .await;
        for one in learned {
            gaps.extend(one.gaps);
            found.findings.extend(one.findings);
            found.checked.permissions += one.asked;
        }
        found.findings.extend(findings(&gaps));
    }

    /// The targets of each account that can be looked into.
    fn accounts(&self) -> BTreeMap<(&Partition, &AccountId), Vec<&TargetReport>> {
        let mut accounts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for report in &self.report.targets {
            let target = &report.target;
            if !self.closed.contains(target) {
                accounts.entry((&target.partition, &target.account)).or_default().push(report);
            }
        }
        accounts
    }

    async fn account(&self, targets: Vec<&TargetReport>) -> Learned {
        let mut learned = Learned::default();
        let Some(first) = targets.first() else { return learned };
        let work = self.ask(&targets, &mut learned);
        if timeout_at(self.deadline, work).await.is_err() {
            let place = place(&first.target);
            let help =
                "ask for less: --account; or give the function more time (hub.yaml: Timeout)";
            let message = "there was no time left to ask for everything that its role may do";
            learned.findings.push(Finding::new(Code::PermissionsUnknown, place, message, help));
        }
        learned
    }

    async fn ask(&self, targets: &[&TargetReport], learned: &mut Learned) {
        let mut is_rehearsed = false;
        if self.kinds.contains(&Kind::Ec2Instance) {
            for report in targets {
                if let Some(instance) = instance(report) {
                    is_rehearsed = true;
                    self.rehearse(&report.target, instance, learned).await;
                }
            }
        }
        self.simulate(targets[0], is_rehearsed, learned).await;
    }

    async fn rehearse(&self, target: &Target, instance: &Resource, learned: &mut Learned) {
        let needs = needs(self.settings, target, Kind::Ec2Instance, None);
        // The session is there, so that this cannot fail now; if it does, the simulation says so.
        let rehearsals = self.spokes.rehearse(target, instance).await.unwrap_or_default();
        for rehearsal in rehearsals {
            let Some(need) = needs.iter().find(|need| need.action == rehearsal.action) else {
                continue;
            };
            learned.take(target, need.clone(), rehearsal.verdict, Some(&target.region));
        }
    }

    async fn simulate(&self, report: &TargetReport, is_rehearsed: bool, learned: &mut Learned) {
        let target = &report.target;
        let mut wanted = Vec::new();
        for kind in self.kinds {
            let one = report.resources.iter().find(|one| one.resource.key.kind == *kind);
            let id = one.map(|one| one.resource.key.id.as_str());
            wanted.extend(needs(self.settings, target, *kind, id));
        }
        if is_rehearsed {
            wanted.retain(|need| !REHEARSED.contains(&need.action));
        }
        match self.spokes.simulate(target, &wanted).await {
            Ok(verdicts) => {
                for (need, verdict) in verdicts {
                    learned.take(target, need, verdict, None);
                }
            }
            Err(failure) => learned.findings.push(not_simulated(target, &failure)),
        }
    }
}

/// The actions that EC2 can be asked about itself.
const REHEARSED: [&str; 3] =
    ["ec2:StartInstances", "ec2:StopInstances", "ec2:ModifyInstanceAttribute"];

/// An instance of a target on which calls can be rehearsed.
fn instance(report: &TargetReport) -> Option<&Resource> {
    report.resources.iter().map(|one| &one.resource).find(|resource| {
        resource.key.kind == Kind::Ec2Instance
            && matches!(resource.observed, Observed::Running | Observed::Stopped)
    })
}

impl Learned {
    fn take(&mut self, target: &Target, need: Need, verdict: Verdict, region: Option<&Region>) {
        match verdict {
            Verdict::Allowed => self.asked += 1,
            Verdict::Denied(denial) => {
                self.asked += 1;
                let gap = Gap::here(target, need, denial);
                self.gaps.push(Gap { region: region.cloned(), ..gap });
            }
            Verdict::Unknown(why) => {
                let message = format!("nobody knows whether its role may {}: {why}", need.action);
                let help = "nothing, if what follows this schedule is started and stopped: `scheduler-cli status`";
                let code = Code::PermissionsUnknown;
                self.findings.push(Finding::new(code, place(target), message, help));
            }
        }
    }
}

fn not_simulated(target: &Target, failure: &Failure) -> Finding {
    let (message, help) = match failure.code {
        FailureCode::Denied => (
            "its role may not ask what it may do, so that only listings and EC2's dry runs were tried".to_owned(),
            "update the spoke stack with this version of spoke.yaml, or allow a role of your own \
             iam:SimulatePrincipalPolicy on its own ARN",
        ),
        _ => (failure.message.clone(), "ask again"),
    };
    Finding::new(Code::PermissionsUnknown, place(target), message, help)
}

fn place(target: &Target) -> String {
    format!("{}/{}", target.partition, target.account)
}

/// One finding for what an account lacks for one parameter of its template.
fn findings(gaps: &[Gap]) -> impl Iterator<Item = Finding> {
    let mut groups: BTreeMap<_, Vec<&Gap>> = BTreeMap::new();
    for gap in gaps {
        let Need { parameter, is_vital, .. } = &gap.need;
        groups.entry((&gap.account, *parameter, gap.denial, !is_vital)).or_default().push(gap);
    }
    groups.into_values().filter_map(|group| missing(&group))
}

fn missing(gaps: &[&Gap]) -> Option<Finding> {
    let Gap { account: (partition, account), need, denial, .. } = gaps.first()?;
    let actions: BTreeSet<&str> = gaps.iter().map(|gap| gap.need.action).collect();
    let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
    let regions: Option<BTreeSet<&str>> =
        gaps.iter().map(|gap| gap.region.as_ref().map(Region::as_str)).collect();
    let place = match regions {
        Some(regions) => {
            let regions = regions.into_iter().collect::<Vec<_>>().join(",");
            format!("{partition}/{account}/{regions}")
        }
        None => format!("{partition}/{account}"),
    };
    let parameter = need.parameter;
    let help = match denial {
        Denial::NoPolicy => {
            let value = if parameter == "SnapshotsOfHub" { "the hub's stack name" } else { "Yes" };
            format!(
                "update the spoke stack in account {account} with this version of spoke.yaml and {parameter}={value}; \
                 a role of your own has to allow it on what carries the schedule tag; or leave the kind out of the hub's Kinds"
            )
        }
        Denial::Explicit => {
            "a statement denies it: look for \"Effect\": \"Deny\" in the role's policies".to_owned()
        }
        Denial::Organization => format!(
            "a policy of the organization denies it to account {account}: ask those who run the organization to exempt the role"
        ),
        Denial::Boundary => {
            "the role's permissions boundary leaves it out: add it there".to_owned()
        }
    };
    let severity = if need.is_vital { Severity::Error } else { Severity::Warning };
    let message = format!("the hub's role may not {actions}");
    Some(Finding::new(Code::MissingPermission, place, message, help).but(severity))
}
