//! What went wrong with a call, in the classes that logs, metrics and reports share.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use scheduler_core::{
    memory::Outcome,
    resource::{Failure, FailureCode},
};

use crate::unheard::may_have_been_heard;

/// The class of an AWS error code. The names are those of the services' API references; where a service adds
/// `Fault` or `Exception` to a name, it is left out before comparing.
pub fn classify(code: &str) -> FailureCode {
    let name =
        code.strip_suffix("Exception").or_else(|| code.strip_suffix("Fault")).unwrap_or(code);
    match name {
        "AccessDenied"
        | "UnauthorizedOperation"
        | "AuthFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "ExpiredToken"
        | "RequestExpired"
        | "OptInRequired"
        | "SignatureDoesNotMatch"
        | "RegionDisabled"
        | "Blocked" => FailureCode::Denied,
        "RequestLimitExceeded"
        | "Throttling"
        | "Throttled"
        | "EC2Throttled"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete"
        // Application Auto Scaling and Auto Scaling: another change to the same thing is under way, so wait.
        | "ConcurrentUpdate"
        | "ResourceContention"
        | "TooManyRequests"
        | "RequestThrottled"
        | "ProvisionedThroughputExceeded"
        | "KMS.Throttling"
        | "SlowDown" => FailureCode::Throttled,
        "InsufficientInstanceCapacity"
        | "InsufficientHostCapacity"
        | "InsufficientCapacity"
        | "InsufficientCapacityOnHost"
        | "InsufficientClusterCapacity"
        | "InsufficientDBInstanceCapacity"
        | "InsufficientDBClusterCapacity" => FailureCode::NoCapacity,
        "IncorrectInstanceState"
        | "IncorrectState"
        | "InvalidDBInstanceState"
        | "InvalidDBClusterState"
        | "InvalidClusterState"
        | "ServiceNotActive"
        | "ScalingActivityInProgress"
        | "DBSnapshotAlreadyExists"
        | "IncorrectSpotRequestState" => FailureCode::WrongState,
        "DBInstanceNotFound"
        | "DBClusterNotFound"
        | "ClusterNotFound"
        | "ServiceNotFound"
        | "ObjectNotFound"
        | "ResourceNotFound"
        | "ParameterNotFound"
        | "AWS.SimpleQueueService.NonExistentQueue"
        | "ParentNotFound" => FailureCode::NotFound,
        "InstanceLimitExceeded"
        | "VcpuLimitExceeded"
        | "InstanceQuotaExceeded"
        | "MaxSpotInstanceCountExceeded"
        | "LimitExceeded"
        | "SnapshotQuotaExceeded"
        | "StorageQuotaExceeded" => FailureCode::Quota,
        "KMSKeyNotAccessible"
        | "KMSAccessDenied"
        | "KMSDisabled"
        | "KMSInvalidState"
        | "KMSNotFound"
        // As SQS writes them.
        | "KMS.AccessDenied"
        | "KMS.Disabled"
        | "KMS.InvalidKeyUsage"
        | "KMS.InvalidState"
        | "KMS.NotFound"
        | "KMS.OptInRequired" => FailureCode::EncryptionKey,
        "UnsupportedOperation"
        | "Unsupported"
        | "UnsupportedHibernationConfiguration"
        | "InvalidParameterCombination" => FailureCode::Unsupported,
        "RequestTimeout"
        | "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "Unavailable" => FailureCode::Unreachable,
        name if name.ends_with(".NotFound") => FailureCode::NotFound,
        _ => FailureCode::Unknown,
    }
}

/// What went wrong. `call` is the API's name for what was tried, such as `ec2:StartInstances`.
pub(crate) fn failure<E>(call: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Some(service) = error.as_service_error() else {
        return Failure {
            code: FailureCode::Unreachable,
            message: format!("{call}: no answer: {}", first_line(&with_causes(error))),
        };
    };
    let (code, message) =
        (service.code().unwrap_or("no code"), service.message().unwrap_or("no message"));
    // A 5xx that is no throttling is the service's own failure, whatever code it gives, and some give none.
    let is_servers_own =
        error.raw_response().is_some_and(|response| response.status().is_server_error());
    let class = match classify(code) {
        class @ (FailureCode::Throttled | FailureCode::NoCapacity) => class,
        _ if is_servers_own => FailureCode::Unreachable,
        class => class,
    };
    Failure { code: class, message: format!("{call}: {code}: {message}") }
}

/// An error and its causes, each in its own words. The SDK's `DisplayErrorContext` would add their insides.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The parts of a failure that AWS answered a call with: the call, AWS's own code, its words.
///
/// ```
/// # use scheduler_core::resource::{Failure, FailureCode};
/// let message = "ec2:DescribeInstances: AuthFailure: AWS was not able to validate".into();
/// let failure = Failure { code: FailureCode::Denied, message };
/// let (call, code, _) = scheduler_aws::failure::said(&failure).unwrap();
/// assert_eq!((call, code), ("ec2:DescribeInstances", "AuthFailure"));
/// ```
pub fn said(failure: &Failure) -> Option<(&str, &str, &str)> {
    let mut parts = failure.message.splitn(3, ": ");
    let (call, code, words) = (parts.next()?, parts.next()?, parts.next()?);
    (call.contains(':') && !call.contains(' ')).then_some((call, code, words))
}

/// What came of a write. Without an answer, or with one that says that the service itself failed, it may or may
/// not have happened; nor is it known if the state is said to be the wrong one only when it is asked for again.
pub(crate) fn outcome<T, E>(call: &str, result: Result<T, SdkError<E, HttpResponse>>) -> Outcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Err(error) = result else { return Outcome::Done };
    let failure = failure(call, &error);
    // `SdkError` is non-exhaustive; a case that is not known is not a refusal.
    match &error {
        SdkError::ConstructionFailure(_) => Outcome::Failed(failure),
        SdkError::ServiceError(service)
            if failure.code == FailureCode::WrongState && may_have_been_heard(service.raw()) =>
        {
            Outcome::Unknown(failure)
        }
        SdkError::ServiceError(_) if failure.code != FailureCode::Unreachable => {
            Outcome::Failed(failure)
        }
        _ => Outcome::Unknown(failure),
    }
}

/// The first line, without the heading of the list that the SDK has below it where it finds no credentials.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end_matches(" Attempted:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_one_class() {
        for (code, class) in [
            ("AccessDenied", FailureCode::Denied),
            ("AccessDeniedException", FailureCode::Denied),
            ("UnauthorizedOperation", FailureCode::Denied),
            ("RequestLimitExceeded", FailureCode::Throttled),
            ("ThrottlingException", FailureCode::Throttled),
            ("InsufficientInstanceCapacity", FailureCode::NoCapacity),
            ("IncorrectInstanceState", FailureCode::WrongState),
            ("InvalidDBInstanceState", FailureCode::WrongState),
            ("InvalidDBInstanceStateFault", FailureCode::WrongState),
            ("InvalidClusterState", FailureCode::WrongState),
            ("ServiceNotFoundException", FailureCode::NotFound),
            ("ClusterNotFound", FailureCode::NotFound),
            ("InvalidInstanceID.NotFound", FailureCode::NotFound),
            ("DBInstanceNotFound", FailureCode::NotFound),
            ("VcpuLimitExceeded", FailureCode::Quota),
            ("KMSKeyNotAccessibleFault", FailureCode::EncryptionKey),
            ("KMS.NotFoundException", FailureCode::EncryptionKey),
            ("KMS.ThrottlingException", FailureCode::Throttled),
            ("AWS.SimpleQueueService.NonExistentQueue", FailureCode::NotFound),
            ("UnsupportedOperation", FailureCode::Unsupported),
            ("InternalError", FailureCode::Unreachable),
            ("RequestTimeout", FailureCode::Unreachable),
            ("EC2ThrottledException", FailureCode::Throttled),
            ("ThrottledException", FailureCode::Throttled),
            ("StorageQuotaExceededFault", FailureCode::Quota),
            ("InvalidClusterState", FailureCode::WrongState),
            ("InvalidClusterStateFault", FailureCode::WrongState),
            ("ClusterNotFound", FailureCode::NotFound),
            ("ClusterNotFoundFault", FailureCode::NotFound),
            ("ClusterNotFoundException", FailureCode::NotFound),
            ("InsufficientClusterCapacityFault", FailureCode::NoCapacity),
            ("SnapshotQuotaExceeded", FailureCode::Quota),
            ("DBSnapshotAlreadyExists", FailureCode::WrongState),
            ("ServiceNotFoundException", FailureCode::NotFound),
            ("ServiceNotActiveException", FailureCode::WrongState),
            ("ObjectNotFoundException", FailureCode::NotFound),
            ("ConcurrentUpdateException", FailureCode::Throttled),
            ("ResourceContentionFault", FailureCode::Throttled),
            ("ScalingActivityInProgress", FailureCode::WrongState),
            ("InsufficientCapacityOnHost", FailureCode::NoCapacity),
            ("SomethingNew", FailureCode::Unknown),
        ] {
            assert_eq!(classify(code), class, "{code}");
        }
    }
}
