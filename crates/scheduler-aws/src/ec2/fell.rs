//! Why an instance rests, where AWS brought it down after a start that it had accepted.
//!
//! `StartInstances` answers before there is a host for the instance. If then there is none, or a volume cannot be
//! attached, the instance goes back to rest, and only its state reason says so.

use aws_sdk_ec2::types::{Instance, InstanceStateName};
use scheduler_core::resource::{Failure, FailureCode};

/// The reason; none if a person stopped it, or its own operating system, or if it does not rest.
pub(super) fn fell(instance: &Instance) -> Option<Failure> {
    let is_stopped =
        instance.state().and_then(|state| state.name()) == Some(&InstanceStateName::Stopped);
    let reason = instance.state_reason().filter(|_| is_stopped)?;
    let (code, said) = (reason.code()?, reason.message().unwrap_or("no message"));
    let class = class(code, said)?;
    // Messages begin with the code as a rule.
    let said = said.strip_prefix(code).map_or(said, |rest| rest.trim_start_matches([':', ' ']));
    let hint = if code == "Client.InternalError" { USUAL_CAUSE } else { "" };
    Some(Failure { code: class, message: format!("it fell back to rest: {code}: {said}{hint}") })
}

/// What "Troubleshoot instance launch issues" of the EC2 User Guide says of `Client.InternalError`.
const USUAL_CAUSE: &str =
    " (as a rule a volume's encryption key that may not be used, or is disabled)";

/// The class of a reason that is AWS's. A code that is not listed may well be a person's, such as
/// `Client.UserInitiatedShutdown`, `Client.InstanceInitiatedShutdown` or `Server.ScheduledStop`.
fn class(code: &str, said: &str) -> Option<FailureCode> {
    match code {
        "Server.InsufficientInstanceCapacity" => Some(FailureCode::NoCapacity),
        "Server.InternalError" => Some(FailureCode::Unknown),
        "Client.InternalError" => Some(FailureCode::EncryptionKey),
        "Client.InvalidSnapshot.NotFound" => Some(FailureCode::NotFound),
        "Client.VolumeLimitExceeded" => Some(FailureCode::Quota),
        "Client.UserInitiatedShutdown"
        | "Client.UserInitiatedHibernate"
        | "Client.InstanceInitiatedShutdown" => None,
        code if code.starts_with("Client.") && (code.contains("KMS") || said.contains("KMS")) => {
            Some(FailureCode::EncryptionKey)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{InstanceState, StateReason};

    use super::*;

    fn resting(state: InstanceStateName, code: &str, said: &str) -> Option<Failure> {
        let reason = StateReason::builder().code(code).message(said).build();
        let state = InstanceState::builder().name(state).build();
        fell(&Instance::builder().state(state).state_reason(reason).build())
    }

    #[test]
    fn what_aws_brought_down_fell_and_what_a_person_did_has_not() {
        for (code, said, expected) in [
            ("Server.InsufficientInstanceCapacity", "none left", Some(FailureCode::NoCapacity)),
            ("Server.InternalError", "an internal error", Some(FailureCode::Unknown)),
            ("Client.InternalError", "Client error on launch", Some(FailureCode::EncryptionKey)),
            ("Client.InvalidSnapshot.NotFound", "no such snapshot", Some(FailureCode::NotFound)),
            ("Client.VolumeLimitExceeded", "too many", Some(FailureCode::Quota)),
            ("Client.InvalidKMSKey.InvalidState", "disabled", Some(FailureCode::EncryptionKey)),
            ("Client.Odd", "The KMS key is disabled", Some(FailureCode::EncryptionKey)),
            ("Client.UserInitiatedShutdown", "User initiated shutdown", None),
            ("Client.UserInitiatedHibernate", "User initiated hibernate", None),
            ("Client.InstanceInitiatedShutdown", "Instance initiated KMS shutdown", None),
            ("Server.ScheduledStop", "Stopped for maintenance", None),
            ("Server.SomethingNew", "?", None),
        ] {
            let found = resting(InstanceStateName::Stopped, code, said);
            assert_eq!(found.map(|failure| failure.code), expected, "{code}");
            assert_eq!(resting(InstanceStateName::Running, code, said), None, "{code}, running");
        }
    }

    #[test]
    fn the_message_says_what_aws_said_and_what_it_did_not() {
        let said = "Client.InternalError: Client error on launch";
        let failure = resting(InstanceStateName::Stopped, "Client.InternalError", said).unwrap();
        assert_eq!(
            failure.message,
            "it fell back to rest: Client.InternalError: Client error on launch (as a rule a volume's encryption key \
             that may not be used, or is disabled)"
        );
    }
}
