//! STS: AssumeRole and GetCallerIdentity.
//!
//! Simpler than AWS: root keys may assume roles too; session policies, tags and source identities are ignored.

use chrono::{Duration, Utc};

use super::{Call, instant};
use crate::keyring::{Holder, Principal, Session};
use crate::place::{Home, Partition};
use crate::services::iam::Role;
use crate::wire::{ApiError, Params, Xml};
use crate::world::World;

/// A role assumed by a role gives sessions of one hour at most, whatever it allows others.
const CHAINED_SECONDS: i64 = 3_600;
const DEFAULT_SECONDS: i64 = 3_600;
const ALLOWED_SECONDS: std::ops::RangeInclusive<i64> = 900..=43_200;

pub(crate) fn perform(world: &mut World, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    match call.operation.as_str() {
        "AssumeRole" => assume_role(world, call, params),
        "GetCallerIdentity" => Ok(caller_identity(call)),
        _ => Err(call.unknown_operation()),
    }
}

fn caller_identity(call: &Call) -> Xml {
    let mut xml = Xml::new();
    let Principal { home, .. } = &call.principal;
    xml.text("Arn", call.principal.arn())
        .text("UserId", call.principal.user_id())
        .text("Account", &home.account);
    xml
}

fn assume_role(world: &mut World, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let role_arn = params
        .get("RoleArn")
        .ok_or_else(|| invalid("null", "roleArn", "Member must not be null"))?;
    let session_name = session_name(params)?;
    let seconds = duration_seconds(params)?;
    let home = home_of(role_arn).ok_or_else(|| invalid_arn(role_arn))?;

    // A role that is missing is denied in the same words as one that does not trust the caller, so that nobody can
    // find out which roles an account has.
    let denied = || denied(call, role_arn);
    let account =
        world.existing_account(&home).filter(|_| home.partition == call.place.home.partition);
    let role = account.and_then(|account| account.roles.with_arn(role_arn)).ok_or_else(denied)?;
    if !role.trust.trusts(&call.principal, params.get("ExternalId")) {
        return Err(denied());
    }
    check_duration(call, role, seconds)?;

    let principal = session_of(&home, role, session_name);
    let assumed = [principal.user_id(), principal.arn()];
    let session = Session {
        role_arn: role_arn.to_owned(),
        session_name: session_name.to_owned(),
        issued: call.now,
        expires: call.now + Duration::seconds(seconds),
    };
    let expires = session.expires;
    let keys = world.keyring.issue(principal, session);

    let mut xml = Xml::new();
    let [id, arn] = assumed;
    xml.within("AssumedRoleUser", |xml| {
        xml.text("AssumedRoleId", id).text("Arn", arn);
    });
    xml.within("Credentials", |xml| {
        xml.text("AccessKeyId", &keys.access_key_id);
        xml.text("SecretAccessKey", &keys.secret_access_key);
        xml.text_if_some("SessionToken", keys.session_token.as_deref());
        xml.text("Expiration", instant(expires.with_timezone(&Utc)));
    });
    Ok(xml)
}

fn session_of(home: &Home, role: &Role, session_name: &str) -> Principal {
    let holder = Holder::Session {
        role_name: role.name.as_str().into(),
        role_arn: role.arn.as_str().into(),
        role_id: role.id.as_str().into(),
        session_name: session_name.into(),
    };
    Principal { home: home.clone(), holder }
}

/// The account a role's ARN names: `arn:aws:iam::111122223333:role/name`.
fn home_of(role_arn: &str) -> Option<Home> {
    let fields: Vec<_> = role_arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = fields[..] else { return None };
    resource.strip_prefix("role/")?;
    Some(Home { partition: Partition::named(partition)?, account: account.into() })
}

fn session_name(params: &Params) -> Result<&str, ApiError> {
    let wrong = |value: &str, why: &str| invalid(value, "roleSessionName", why);
    let name =
        params.get("RoleSessionName").ok_or_else(|| wrong("null", "Member must not be null"))?;
    let quoted = format!("'{name}'");
    if name.len() < 2 {
        return Err(wrong(&quoted, "Member must have length greater than or equal to 2"));
    }
    if name.len() > 64 {
        return Err(wrong(&quoted, "Member must have length less than or equal to 64"));
    }
    if !name
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character))
    {
        return Err(wrong(&quoted, r"Member must satisfy regular expression pattern: [\w+=,.@-]*"));
    }
    Ok(name)
}

fn duration_seconds(params: &Params) -> Result<i64, ApiError> {
    let Some(text) = params.get("DurationSeconds") else { return Ok(DEFAULT_SECONDS) };
    let seconds = text.parse().ok().filter(|seconds| ALLOWED_SECONDS.contains(seconds));
    let (least, most) = (ALLOWED_SECONDS.start(), ALLOWED_SECONDS.end());
    let why = format!("Member must have value between {least} and {most}");
    seconds.ok_or_else(|| invalid(&format!("'{text}'"), "durationSeconds", &why))
}

fn check_duration(call: &Call, role: &Role, seconds: i64) -> Result<(), ApiError> {
    let refuse = |message: &str| Err(ApiError::bad("ValidationError", message));
    if seconds > role.max_session_seconds {
        return refuse(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        );
    }
    if seconds > CHAINED_SECONDS && matches!(call.principal.holder, Holder::Session { .. }) {
        return refuse(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining.",
        );
    }
    Ok(())
}

fn denied(call: &Call, role_arn: &str) -> ApiError {
    let caller = call.principal.arn();
    let message = format!(
        "User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
    );
    ApiError::new(403, "AccessDenied", message)
}

fn invalid(value: &str, member: &str, why: &str) -> ApiError {
    let message = format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {why}"
    );
    ApiError::bad("ValidationError", message)
}

fn invalid_arn(role_arn: &str) -> ApiError {
    ApiError::bad("ValidationError", format!("{role_arn} is invalid"))
}
