//! What the memories and the resources of a dry run tell of the passes before it.

use chrono::{SecondsFormat, TimeDelta};
use scheduler_core::{
    Instant, Kind, Observed, Target,
    decision::{Action, Cause},
    resource::{Failure, FailureCode},
};

use super::{Code, Finding};
use crate::{
    ports::Lease,
    report::{PassReport, ResourceReport},
};

/// How many resources a finding names.
const NAMED: usize = 5;

/// How long passes may be apart where nobody says how often the rule fires.
const UNKNOWN: TimeDelta = TimeDelta::hours(1);

/// What there is to tell whether passes run.
#[derive(Clone, Copy, Debug)]
pub struct Signs<'a> {
    /// A dry run, with what was remembered.
    pub report: &'a PassReport,
    /// The lease of a pass that has not given it back.
    pub lease: Option<&'a Lease>,
    /// How often a pass should run, if that is known.
    pub every: Option<TimeDelta>,
}

/// Whether passes run.
///
/// A memory is written only when it changes: a fresh one shows that they do, and an old one proves nothing. What proves
/// that no pass ran is an edge that none has settled, and a lease that none has taken over. Where there is none of these, a
/// note says so.
pub fn of_passes(signs: &Signs<'_>) -> Option<Finding> {
    let late = signs.report.tick.now - signs.every.unwrap_or(UNKNOWN) * 3;
    let memories = reports(signs.report).filter_map(|(_, one)| one.memory.as_ref());
    let latest = memories.map(|memory| memory.at).max();
    if latest.is_some_and(|latest| latest >= late) {
        return None;
    }
    let proven = unsettled(signs.report, late).or_else(|| abandoned(signs.lease, late));
    Some(proven.unwrap_or_else(|| unknown(latest)))
}

/// Resources that a pass since their edge would have started or stopped, or tried to.
fn unsettled(report: &PassReport, late: Instant) -> Option<Finding> {
    let overdue = reports(report).filter_map(|(target, one)| {
        let since = waits_since(one).filter(|since| *since < late)?;
        Some((since, format!("{target}/{}", one.resource.key)))
    });
    let mut overdue: Vec<_> = overdue.collect();
    overdue.sort();
    let (since, _) = overdue.first()?;
    let names: Vec<_> = overdue.iter().map(|(_, name)| name.clone()).collect();
    let message = format!("no pass has acted on what was due at {}: {}", utc(*since), list(&names));
    Some(no_pass(message))
}

/// The edge that a resource's memory is older than, if it is to be started or stopped for that edge.
fn waits_since(report: &ResourceReport) -> Option<Instant> {
    let Action::Act(_, Cause::Desired) = report.action else { return None };
    let (memory, since) = (report.memory.as_ref()?, report.verdict.as_ref()?.since?);
    (memory.at < since).then_some(since)
}

fn abandoned(lease: Option<&Lease>, late: Instant) -> Option<Finding> {
    let lease = lease.filter(|lease| lease.until < late)?;
    let message = format!(
        "the last pass (invocation {}) ended without giving back its lease, which held until {}, and none has run since",
        lease.holder,
        utc(lease.until)
    );
    Some(no_pass(message))
}

fn no_pass(message: String) -> Finding {
    let help = "enable the schedule rule (hub.yaml: Active=Yes), and look at the function's log and its Errors and Throttles metrics";
    Finding::new(Code::NoPass, "the schedule rule", message, help)
}

fn unknown(latest: Option<Instant>) -> Finding {
    let message = match latest {
        Some(latest) => format!(
            "nothing has changed since {}, so nothing tells whether passes have run since",
            utc(latest)
        ),
        None => {
            "no pass has left a memory of any resource here, so nothing tells whether passes run"
                .to_owned()
        }
    };
    let help = "the function's Invocations metric shows its passes; `scheduler-cli status` what is managed";
    Finding::new(Code::PassesUnknown, "the schedule rule", message, help)
}

/// The resources that cannot be started because of an encryption key, one finding for each target and kind.
pub fn of_keys(report: &PassReport) -> Vec<Finding> {
    let found = report.targets.iter().flat_map(|target| {
        Kind::ALL.into_iter().filter_map(|kind| locked(&target.target, kind, &target.resources))
    });
    found.collect()
}

fn locked(target: &Target, kind: Kind, resources: &[ResourceReport]) -> Option<Finding> {
    let locked = resources.iter().filter(|one| one.resource.key.kind == kind && is_locked(one));
    let ids: Vec<_> = locked.map(|one| one.resource.key.id.to_string()).collect();
    let first = ids.first()?;
    let message =
        format!("the last start of these {kind}s failed for an encryption key: {}", list(&ids));
    let (account, region) = (&target.account, &target.region);
    let help = match kind {
        Kind::Ec2Instance => format!(
            "give the key's ARN to spoke.yaml in account {account} as KmsKeyArns; which key it is: \
             aws ec2 describe-volumes --region {region} --filters Name=attachment.instance-id,Values={first} \
             --query 'Volumes[].KmsKeyId'; a key that is disabled has to be enabled, and one of another account needs \
             leave in its own key policy too"
        ),
        Kind::RdsInstance
        | Kind::RdsCluster
        | Kind::Asg
        | Kind::EcsService
        | Kind::RedshiftCluster => {
            "enable the key that encrypts it, or cancel the key's deletion".into()
        }
    };
    Some(Finding::new(Code::KeyGrant, target, message, help))
}

fn is_locked(report: &ResourceReport) -> bool {
    let is_key = |failure: &Failure| failure.code == FailureCode::EncryptionKey;
    let remembered = report.memory.as_ref().and_then(|memory| memory.last_error.as_ref());
    let observed = report.resource.fell.as_ref();
    report.resource.observed != Observed::Running
        && (remembered.is_some_and(is_key) || observed.is_some_and(is_key))
}

fn reports(report: &PassReport) -> impl Iterator<Item = (&Target, &ResourceReport)> {
    report
        .targets
        .iter()
        .flat_map(|target| target.resources.iter().map(move |resource| (&target.target, resource)))
}

/// The first few, and how many there are beside them.
fn list(names: &[String]) -> String {
    let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn utc(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scheduler_core::{
        Desired, Resource, Verdict, decision::Step, decision::Why, marks::Marks, memory::Memory,
        verdict::Rule,
    };

    use super::*;
    use crate::{Mode, Scope, TargetReport, Tick, report::Result as ActionResult};

    const NOW: &str = "2026-03-02T12:00:00Z";

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn resource(action: Action, edge: &str, memory: Option<&str>) -> ResourceReport {
        let marks = Marks::read("Schedule", [("Schedule", "office")]).unwrap();
        let verdict = Verdict {
            desired: Desired::Running,
            instance_type: None,
            rule: Rule::Period,
            name: None,
            since: Some(at(edge)),
            overridden_by: None,
            until: None,
        };
        ResourceReport {
            resource: Resource::new("ec2-instance/i-1".parse().unwrap(), marks, Observed::Stopped),
            verdict: Some(Arc::new(verdict)),
            action,
            result: ActionResult::Planned,
            memory: memory.map(|text| Memory::blank(at(text), "office")),
        }
    }

    fn start() -> Action {
        Action::Act(Step::Start { types: Vec::new(), size: None }, Cause::Desired)
    }

    fn report(resources: Vec<ResourceReport>) -> PassReport {
        let target = Target::new("222222222222".parse().unwrap(), "eu-west-1".parse().unwrap());
        PassReport {
            tick: Tick { now: at(NOW), scope: Scope::default(), mode: Mode::DryRun },
            targets: vec![TargetReport { target, troubles: Vec::new(), resources }],
        }
    }

    fn check(resources: Vec<ResourceReport>, lease: Option<&str>, expected: Option<Code>) {
        let report = report(resources);
        let lease = lease.map(|until| Lease {
            name: "pass".into(),
            holder: "one".into(),
            until: at(until),
        });
        let every = Some(TimeDelta::minutes(5));
        let found = of_passes(&Signs { report: &report, lease: lease.as_ref(), every });
        assert_eq!(found.as_ref().map(|finding| finding.code), expected, "{found:?}");
    }

    #[test]
    fn only_what_is_proven_is_said_of_passes() {
        let leave = || Action::Leave(Why::AsDesired);
        let edge = "2026-03-02T09:00:00Z";
        let (before, after) = (Some("2026-03-02T08:55:00Z"), Some("2026-03-02T09:00:00Z"));
        // Due since nine, and no pass has seen it since.
        check(vec![resource(start(), edge, before)], None, Some(Code::NoPass));
        // Due since a moment ago: the next pass will see to it.
        check(
            vec![resource(start(), "2026-03-02T11:50:00Z", Some("2026-03-02T11:49:00Z"))],
            None,
            None,
        );
        // A pass has tried, and failed: that is not a missing pass.
        check(vec![resource(start(), edge, after)], None, Some(Code::PassesUnknown));
        // Nothing has been due for hours.
        check(vec![resource(leave(), edge, after)], None, Some(Code::PassesUnknown));
        check(vec![resource(leave(), edge, Some("2026-03-02T11:50:00Z"))], None, None);
        // Nobody knows since when it carries its tag.
        check(vec![resource(start(), edge, None)], None, Some(Code::PassesUnknown));
        check(Vec::new(), None, Some(Code::PassesUnknown));
        // A pass is at work; a pass died, and another would have taken its lease.
        let settled = || vec![resource(leave(), edge, after)];
        check(settled(), Some("2026-03-02T12:04:00Z"), Some(Code::PassesUnknown));
        check(settled(), Some("2026-03-02T11:40:00Z"), Some(Code::NoPass));
        // Something else was settled of late: a pass has run, whatever this one waits for.
        let fresh = resource(leave(), edge, Some("2026-03-02T11:50:00Z"));
        check(vec![resource(start(), edge, before), fresh], None, None);
    }

    #[test]
    fn what_fell_back_for_a_key_names_the_grant_to_add() {
        let failure = Failure { code: FailureCode::EncryptionKey, message: "no".into() };
        let mut fallen = resource(start(), NOW, Some(NOW));
        fallen.resource.fell = Some(failure.clone());
        let mut remembered = resource(start(), NOW, Some(NOW));
        remembered.memory.as_mut().unwrap().last_error = Some(failure);
        let mut mended = remembered.clone();
        mended.resource.observed = Observed::Running;
        for (one, expected) in [(fallen, 1), (remembered, 1), (mended, 0)] {
            let found = of_keys(&report(vec![one]));
            assert_eq!(found.len(), expected);
            assert!(found.iter().all(|finding| finding.help.contains("KmsKeyArns")));
        }
    }
}
