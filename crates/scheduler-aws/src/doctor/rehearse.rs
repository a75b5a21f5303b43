//! Starts, stops and changes of an instance that EC2 only checks: calls with `DryRun`.

use aws_sdk_ec2::types::AttributeValue;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use scheduler_core::{
    Resource, Target,
    resource::{Failure, FailureCode},
};
use scheduler_engine::rate::Call;

use super::{Denial, Verdict};
use crate::{cloud::Spokes, ec2::Ec2Instances, failure::failure};

/// A call that was only checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// The action: `ec2:StartInstances`.
    pub action: &'static str,
    /// Whether it is allowed.
    pub verdict: Verdict,
}

impl Spokes<'_> {
    /// Rehearses what a pass may do to an instance.
    ///
    /// # Errors
    ///
    /// If the role of its target cannot be assumed.
    pub async fn rehearse(
        &self,
        target: &Target,
        instance: &Resource,
    ) -> Result<Vec<Rehearsal>, Failure> {
        let spoke = self.aws.spoke(self.settings, target, self.pass).await?;
        let ec2 = self.ec2(target, spoke);
        Ok(ec2.rehearse(instance).await.into())
    }
}

impl Ec2Instances {
    async fn rehearse(&self, instance: &Resource) -> [Rehearsal; 3] {
        let id = instance.key.id.as_str();
        self.rates.take(Call::Start(1)).await;
        let start = self.client.start_instances().instance_ids(id).dry_run(true);
        let start = start.customize().config_override(self.as_spoke()).send().await;
        self.rates.take(Call::Stop(1)).await;
        let stop = self.client.stop_instances().instance_ids(id).dry_run(true);
        let stop = stop.customize().config_override(self.as_spoke()).send().await;
        self.rates.take(Call::Change).await;
        let own = instance.instance_type.as_ref().map_or("m5.large", |own| own.as_str());
        let own = AttributeValue::builder().value(own).build();
        let modify = self.client.modify_instance_attribute().instance_id(id).instance_type(own);
        let modify = modify.dry_run(true).customize().config_override(self.as_spoke());
        let modify = modify.send().await;
        [
            rehearsal("ec2:StartInstances", start.map(drop)),
            rehearsal("ec2:StopInstances", stop.map(drop)),
            rehearsal("ec2:ModifyInstanceAttribute", modify.map(drop)),
        ]
    }
}

fn rehearsal<E>(action: &'static str, result: Result<(), SdkError<E, HttpResponse>>) -> Rehearsal
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let verdict = match &result {
        Ok(()) => Verdict::Allowed,
        Err(error) => verdict(error.as_service_error().and_then(|said| said.code()), || {
            failure(action, error)
        }),
    };
    Rehearsal { action, verdict }
}

/// EC2 asks for permission first. What it says no to afterwards, such as an instance that is on its way to rest, is
/// allowed.
fn verdict(code: Option<&str>, failure: impl FnOnce() -> Failure) -> Verdict {
    if code == Some("DryRunOperation") {
        return Verdict::Allowed;
    }
    let failure = failure();
    match failure.code {
        FailureCode::Denied => Verdict::Denied(Denial::said(&failure.message)),
        FailureCode::WrongState
        | FailureCode::NotFound
        | FailureCode::Unsupported
        | FailureCode::Quota
        | FailureCode::NoCapacity => Verdict::Allowed,
        FailureCode::Throttled
        | FailureCode::EncryptionKey
        | FailureCode::Unreachable
        | FailureCode::Deadline
        | FailureCode::Unknown => Verdict::Unknown(failure.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::classify;

    #[test]
    fn what_a_dry_run_says_is_understood() {
        for (code, expected) in [
            ("DryRunOperation", Verdict::Allowed),
            ("UnauthorizedOperation", Verdict::Denied(Denial::NoPolicy)),
            ("IncorrectInstanceState", Verdict::Allowed),
            ("InternalError", Verdict::Unknown("no".into())),
        ] {
            let failure = || Failure { code: classify(code), message: "no".into() };
            assert_eq!(verdict(Some(code), failure), expected, "{code}");
        }
    }
}
