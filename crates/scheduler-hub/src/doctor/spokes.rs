//! What a dry run's trouble with a target says: about its role, its Region, what may be listed there.

use scheduler_aws::{
    doctor::{Denial, Need},
    failure::said,
};
use scheduler_core::{
    Partition, Settings, Target,
    resource::{Failure, FailureCode},
};
use scheduler_engine::{
    PassReport,
    doctor::{Code, Finding},
};

use super::permissions::Gap;

/// What the troubles of a dry run come to.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    pub(super) findings: Vec<Finding>,
    /// The permissions whose want a listing has shown.
    pub(super) gaps: Vec<Gap>,
    /// The targets of which nothing more is to be learned.
    pub(super) closed: Vec<Target>,
}

/// With these AWS refuses keys that it does not know: those of an account in a Region that is off for it, and any that
/// are no longer good.
const UNKNOWN_KEYS: [&str; 7] = [
    "AuthFailure",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "OptInRequired",
    "RegionDisabledException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
];

/// Understands the troubles of every target.
pub(super) fn troubles(report: &PassReport, settings: &Settings, home: &Partition) -> Troubles {
    let mut troubles = Troubles::default();
    for target in &report.targets {
        for failure in &target.troubles {
            troubles.add(&target.target, failure, settings, home);
        }
    }
    troubles
}

impl Troubles {
    fn add(&mut self, target: &Target, failure: &Failure, settings: &Settings, home: &Partition) {
        let Some((call, code, words)) = said(failure) else {
            self.closed.push(target.clone());
            // A partition without credentials is a parameter's mistake, and named as one.
            if failure.code != FailureCode::Denied {
                self.findings.push(not_examined(target, failure));
            }
            return;
        };
        let are_keys_unknown = UNKNOWN_KEYS.contains(&code);
        match call {
            "sts:AssumeRole" => {
                self.closed.push(target.clone());
                self.findings.push(if are_keys_unknown && target.partition != *home {
                    credentials_refused(target, words)
                } else if failure.code == FailureCode::Denied {
                    role_denied(target, settings, words)
                } else {
                    not_examined(target, failure)
                });
            }
            call if call.starts_with("dynamodb:") => {
                let help = "the function's role needs dynamodb:Query on it: update the hub's stack";
                let (code, table) = (Code::StateUnreadable, &settings.state_table);
                self.findings.push(Finding::new(code, table, failure.message.clone(), help));
            }
            _ if are_keys_unknown => {
                self.closed.push(target.clone());
                self.findings.push(region_disabled(target));
            }
            call if failure.code == FailureCode::Denied => match Need::of_listing(call) {
                Some(need) => {
                    self.gaps.push(Gap::here(target, need, Denial::said(&failure.message)));
                }
                None => self.findings.push(not_examined(target, failure)),
            },
            _ => self.findings.push(not_examined(target, failure)),
        }
    }
}

fn not_examined(target: &Target, failure: &Failure) -> Finding {
    let help = match failure.code {
        FailureCode::Deadline => {
            "ask for less: --account, --region; or give the function more time (hub.yaml: Timeout)"
        }
        _ => "ask again; if it stays so, the service's health page may say why",
    };
    Finding::new(Code::NotExamined, target, failure.message.clone(), help)
}

fn region_disabled(target: &Target) -> Finding {
    let Target { account, region, .. } = target;
    // Each service says so with a code of its own.
    let message =
        "AWS does not know the role's keys there: the Region is not enabled in the account";
    let help = format!(
        "in account {account}: aws account enable-region --region-name {region} (it takes minutes to hours); \
         or leave {region} out of the hub's Regions"
    );
    Finding::new(Code::RegionDisabled, target, message, help)
}

fn credentials_refused(target: &Target, words: &str) -> Finding {
    let place = format!("partitions/{}/credentials", target.partition);
    let help = "create new keys for the user that the spoke roles of that partition trust, and write them to this SecureString";
    Finding::new(Code::CredentialsRefused, place, format!("AWS refuses these keys: {words}"), help)
}

/// AWS refuses a role that is missing, one that does not trust the caller and one that wants another external id in
/// the same words.
fn role_denied(target: &Target, settings: &Settings, words: &str) -> Finding {
    let place = format!("{}/{}", target.partition, target.account);
    let arn = settings.role(target).map(|role| role.as_str()).unwrap_or_default();
    let message = format!("the hub cannot assume {arn}");
    if words.contains("identity-based policy") {
        let help = "the hub's own role may not ask: it needs sts:AssumeRole on this ARN (hub.yaml: SpokeRoleName or SpokeRoleArns, and \
                    OrganizationId if the account is outside of it)";
        return Finding::new(Code::RoleDenied, place, message, help);
    }
    let name = arn.rsplit('/').next().unwrap_or_default();
    let account = &target.account;
    let external_id = match &settings.external_id {
        Some(_) => "must be what the hub's parameter external-id says (the output ExternalId)",
        None => "is asked for, and the hub's parameter external-id is missing",
    };
    let help = format!(
        "AWS does not tell these apart: (1) the role is missing: deploy spoke.yaml in account {account} with RoleName={name}; \
         (2) it does not trust the hub: its TrustedPrincipalArn must be the output SchedulerRoleArn of the hub's stack, or in another \
         partition the user whose keys the hub has; a role of that name that was deleted and made again is another one; \
         (3) the external id differs: its ExternalId {external_id}. What the role says, in account {account}: \
         aws iam get-role --role-name {name} --query Role.AssumeRolePolicyDocument"
    );
    Finding::new(Code::RoleDenied, place, message, help)
}
