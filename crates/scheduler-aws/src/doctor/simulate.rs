//! What the policies of a spoke role say: `SimulatePrincipalPolicy`, which the role asks about itself.

use std::collections::BTreeMap;

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType,
};
use scheduler_core::{
    Target,
    resource::{Failure, FailureCode},
};

use super::Need;
use crate::{cloud::Spokes, failure::failure, session::as_spoke};

/// Whether something is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Allowed,
    /// It is not.
    Denied(Denial),
    /// Nobody knows, because of this.
    Unknown(String),
}

/// Who denies something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denial {
    /// Nobody allows it.
    NoPolicy,
    /// A statement denies it.
    Explicit,
    /// The organization does not allow it.
    Organization,
    /// The role's permissions boundary does not allow it.
    Boundary,
}

impl Denial {
    /// Who denies something, by the words with which AWS refuses a call.
    pub fn said(message: &str) -> Self {
        let says = |words: &str| message.contains(words);
        if says("service control policy") || says("resource control policy") {
            Denial::Organization
        } else if says("permissions boundary") {
            Denial::Boundary
        } else if says("explicit deny") {
            Denial::Explicit
        } else {
            Denial::NoPolicy
        }
    }

    fn simulated(result: &EvaluationResult) -> Self {
        let organization = result.organizations_decision_detail();
        let boundary = result.permissions_boundary_decision_detail();
        if organization.is_some_and(|detail| !detail.allowed_by_organizations()) {
            Denial::Organization
        } else if boundary.is_some_and(|detail| !detail.allowed_by_permissions_boundary()) {
            Denial::Boundary
        } else if *result.eval_decision() == PolicyEvaluationDecisionType::ExplicitDeny {
            Denial::Explicit
        } else {
            Denial::NoPolicy
        }
    }
}

impl Spokes<'_> {
    /// Asks whether the role of a target gives some permissions, on resources that carry the schedule tag. The answer
    /// has one verdict for each of them.
    ///
    /// # Errors
    ///
    /// If the role may not ask.
    pub async fn simulate(
        &self,
        target: &Target,
        needs: &[Need],
    ) -> Result<Vec<(Need, Verdict)>, Failure> {
        let mut by_resource: BTreeMap<&str, Vec<&Need>> = BTreeMap::new();
        for need in needs {
            by_resource.entry(&need.resource).or_default().push(need);
        }
        let mut verdicts = Vec::new();
        for (resource, needs) in by_resource {
            let results = self.simulated(target, resource, &needs).await?;
            verdicts.extend(needs.into_iter().map(|need| {
                let result = results.iter().find(|one| one.eval_action_name() == need.action);
                (need.clone(), result.map_or_else(unanswered, verdict))
            }));
        }
        Ok(verdicts)
    }

    async fn simulated(
        &self,
        target: &Target,
        resource: &str,
        needs: &[&Need],
    ) -> Result<Vec<EvaluationResult>, Failure> {
        const CALL: &str = "iam:SimulatePrincipalPolicy";
        let spoke = self.aws.spoke(self.settings, target, self.pass).await?;
        let role = self.settings.role(target).map(|role| role.as_str()).unwrap_or_default();
        let context = [
            (format!("aws:ResourceTag/{}", self.settings.tag_key), "x".to_owned()),
            ("aws:RequestedRegion".into(), target.region.to_string()),
            ("application-autoscaling:service-namespace".into(), "ecs".into()),
        ];
        let context = context.map(|(key, value)| entry(key, value)).into_iter();
        let context = context.collect::<Result<Vec<_>, _>>().map_err(|error| Failure {
            code: FailureCode::Unknown,
            message: format!("{CALL}: {error}"),
        })?;
        let request = self
            .aws
            .iam(&target.region)
            .simulate_principal_policy()
            .policy_source_arn(role)
            .set_action_names(Some(needs.iter().map(|need| need.action.to_owned()).collect()))
            .resource_arns(resource)
            .set_context_entries(Some(context));
        let answer =
            request.customize().config_override(as_spoke!(aws_sdk_iam, spoke)).send().await;
        let answer = answer.map_err(|error| failure(CALL, &error))?;
        Ok(answer.evaluation_results.unwrap_or_default())
    }
}

fn entry(
    key: String,
    value: String,
) -> Result<ContextEntry, aws_smithy_types::error::operation::BuildError> {
    Ok(ContextEntry::builder()
        .context_key_name(key)
        .context_key_values(value)
        .context_key_type(ContextKeyTypeEnum::String)
        .build())
}

fn unanswered() -> Verdict {
    Verdict::Unknown("the simulation does not answer".into())
}

/// A policy that asks for context which only a real call has is neither allowed nor denied here.
fn verdict(result: &EvaluationResult) -> Verdict {
    if *result.eval_decision() == PolicyEvaluationDecisionType::Allowed {
        return Verdict::Allowed;
    }
    match result.missing_context_values() {
        [] => Verdict::Denied(Denial::simulated(result)),
        missing => Verdict::Unknown(format!("policies ask for {}", missing.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_iam::types::{OrganizationsDecisionDetail, builders::EvaluationResultBuilder};

    use super::*;

    #[test]
    fn the_words_of_a_refusal_say_who_denies() {
        let role = "User: arn:aws:sts::222222222222:assumed-role/dayshift-spoke/s is not authorized to perform: \
                    ec2:DescribeInstances";
        for (words, expected) in [
            (
                "because no identity-based policy allows the ec2:DescribeInstances action",
                Denial::NoPolicy,
            ),
            ("with an explicit deny in an identity-based policy", Denial::Explicit),
            ("with an explicit deny in a service control policy", Denial::Organization),
            (
                "because no permissions boundary allows the ec2:DescribeInstances action",
                Denial::Boundary,
            ),
        ] {
            assert_eq!(Denial::said(&format!("{role} {words}")), expected, "{words}");
        }
    }

    #[test]
    fn a_simulation_is_understood() {
        let result = |decision: PolicyEvaluationDecisionType| {
            EvaluationResult::builder()
                .eval_action_name("ec2:StopInstances")
                .eval_decision(decision)
        };
        let check = |result: EvaluationResultBuilder, expected: Verdict| {
            assert_eq!(verdict(&result.build().unwrap()), expected);
        };
        check(result(PolicyEvaluationDecisionType::Allowed), Verdict::Allowed);
        let implicit = || result(PolicyEvaluationDecisionType::ImplicitDeny);
        check(implicit(), Verdict::Denied(Denial::NoPolicy));
        check(
            result(PolicyEvaluationDecisionType::ExplicitDeny),
            Verdict::Denied(Denial::Explicit),
        );
        let organization =
            OrganizationsDecisionDetail::builder().allowed_by_organizations(false).build();
        check(
            implicit().organizations_decision_detail(organization),
            Verdict::Denied(Denial::Organization),
        );
        check(
            implicit().missing_context_values("aws:PrincipalTag/team"),
            Verdict::Unknown("policies ask for aws:PrincipalTag/team".into()),
        );
    }
}
