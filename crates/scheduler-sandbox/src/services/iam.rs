//! IAM: roles, whom they trust, and their inline policies. Roles belong to the account, not to a Region.
//!
//! AWS wants requests signed for IAM's one Region in each partition. Here any Region of the partition will do, because
//! an SDK that is given an endpoint, as it must be to reach a sandbox, signs for the Region it was configured with.
//!
//! Simpler than AWS: a change is in force at once; managed policies, boundaries and tags do not exist; a simulation knows
//! no more of resources and context than the evaluation of real calls here does, and answers on one page.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Call, instant};
use crate::policy::{self, Decision, Policy};
use crate::wire::{ApiError, Params, Xml};

const ALLOWED_SESSION_SECONDS: std::ops::RangeInclusive<i64> = 3_600..=43_200;

/// The roles of one account, by name.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    roles: BTreeMap<String, Role>,
    /// How many there ever were, so that a role made again under an old name has a new id.
    created: u64,
}

#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) id: String,
    pub(crate) trust: Policy,
    pub(crate) policies: BTreeMap<String, Policy>,
    pub(crate) max_session_seconds: i64,
    path: String,
    description: Option<String>,
    trust_text: String,
    created: DateTime<Utc>,
}

impl Roles {
    pub(crate) fn named(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    /// A role by its whole ARN, path included.
    pub(crate) fn with_arn(&self, arn: &str) -> Option<&Role> {
        let name = arn.rsplit('/').next()?;
        self.roles.get(name).filter(|role| role.arn == arn)
    }

    fn existing(&mut self, name: &str) -> Result<&mut Role, ApiError> {
        let missing = || no_such(format!("The role with name {name} cannot be found."));
        self.roles.get_mut(name).ok_or_else(missing)
    }
}

pub(crate) fn perform(roles: &mut Roles, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    match call.operation.as_str() {
        "CreateRole" => create_role(roles, call, params),
        "GetRole" => get_role(roles, params),
        "DeleteRole" => delete_role(roles, params),
        "PutRolePolicy" => put_role_policy(roles, params),
        "DeleteRolePolicy" => delete_role_policy(roles, params),
        "SimulatePrincipalPolicy" => simulate(roles, params),
        _ => Err(call.unknown_operation()),
    }
}

fn create_role(roles: &mut Roles, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let name = required(params, "RoleName")?;
    let trust_text = required(params, "AssumeRolePolicyDocument")?;
    if roles.roles.contains_key(name) {
        return Err(ApiError::new(
            409,
            "EntityAlreadyExists",
            format!("Role with name {name} already exists."),
        ));
    }
    let path = params.get("Path").unwrap_or("/");
    let role = Role {
        name: name.to_owned(),
        arn: call.place.home.arn("iam", format_args!("role{path}{name}")),
        id: role_id(call, roles.created),
        trust: document(trust_text)?,
        policies: BTreeMap::new(),
        max_session_seconds: max_session_seconds(params)?,
        path: path.to_owned(),
        description: params.get("Description").map(str::to_owned),
        trust_text: trust_text.to_owned(),
        created: call.now,
    };
    roles.created += 1;
    let answer = role_xml(&role);
    roles.roles.insert(name.to_owned(), role);
    Ok(answer)
}

/// `AROA` and seventeen more characters, as AWS's are: unlike in every account.
fn role_id(call: &Call, number: u64) -> String {
    format!("AROA{:0>12}{number:05X}", call.place.home.account)
}

fn get_role(roles: &mut Roles, params: &Params) -> Result<Xml, ApiError> {
    roles.existing(required(params, "RoleName")?).map(|role| role_xml(role))
}

fn delete_role(roles: &mut Roles, params: &Params) -> Result<Xml, ApiError> {
    let name = required(params, "RoleName")?;
    if !roles.existing(name)?.policies.is_empty() {
        let message = "Cannot delete entity, must delete policies first.";
        return Err(ApiError::new(409, "DeleteConflict", message));
    }
    roles.roles.remove(name);
    Ok(Xml::new())
}

fn put_role_policy(roles: &mut Roles, params: &Params) -> Result<Xml, ApiError> {
    let name = required(params, "PolicyName")?;
    let document = document(required(params, "PolicyDocument")?)?;
    let role = roles.existing(required(params, "RoleName")?)?;
    role.policies.insert(name.to_owned(), document);
    Ok(Xml::new())
}

fn delete_role_policy(roles: &mut Roles, params: &Params) -> Result<Xml, ApiError> {
    let name = required(params, "PolicyName")?;
    let role = roles.existing(required(params, "RoleName")?)?;
    let missing = || no_such(format!("The role policy with name {name} cannot be found."));
    role.policies.remove(name).ok_or_else(missing)?;
    Ok(Xml::new())
}

/// SimulatePrincipalPolicy, for roles: what their policies say of each action and each resource.
fn simulate(roles: &Roles, params: &Params) -> Result<Xml, ApiError> {
    let arn = required(params, "PolicySourceArn")?;
    let missing = || no_such(format!("The policy source {arn} cannot be found."));
    let role = roles.with_arn(arn).ok_or_else(missing)?;
    let actions = params.list("ActionNames.member");
    if actions.is_empty() {
        return Err(invalid("Value null at 'actionNames'".to_owned()));
    }
    let mut resources = params.list("ResourceArns.member");
    if resources.is_empty() {
        resources.push("*");
    }
    let questions = actions
        .iter()
        .flat_map(|action| resources.iter().map(move |resource| (*action, *resource)));
    let mut xml = Xml::new();
    xml.text("IsTruncated", false);
    xml.each("EvaluationResults", "member", questions, |xml, (action, resource)| {
        let decision = policy::decide(role.policies.values(), action);
        xml.text("EvalActionName", action).text("EvalResourceName", resource);
        xml.text("EvalDecision", decision_name(decision));
    });
    Ok(xml)
}

fn decision_name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::ImplicitDeny => "implicitDeny",
        Decision::ExplicitDeny => "explicitDeny",
    }
}

fn role_xml(role: &Role) -> Xml {
    let mut xml = Xml::new();
    xml.within("Role", |xml| {
        xml.text("Path", &role.path)
            .text("RoleName", &role.name)
            .text("RoleId", &role.id)
            .text("Arn", &role.arn);
        xml.text("CreateDate", instant(role.created));
        xml.text("AssumeRolePolicyDocument", percent_encoded(&role.trust_text));
        xml.text_if_some("Description", role.description.as_deref());
        xml.text("MaxSessionDuration", role.max_session_seconds);
    });
    xml
}

/// IAM gives documents percent-encoded as RFC 3986 has it, where a space is not a plus sign.
fn percent_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn document(text: &str) -> Result<Policy, ApiError> {
    Policy::parse(text).map_err(|why| ApiError::bad("MalformedPolicyDocument", why))
}

fn max_session_seconds(params: &Params) -> Result<i64, ApiError> {
    let Some(text) = params.get("MaxSessionDuration") else {
        return Ok(*ALLOWED_SESSION_SECONDS.start());
    };
    let seconds = text.parse().ok().filter(|seconds| ALLOWED_SESSION_SECONDS.contains(seconds));
    seconds.ok_or_else(|| invalid(format!("Value '{text}' at 'maxSessionDuration'")))
}

fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, ApiError> {
    let missing = || invalid(format!("Value null at '{}'", super::members::camel(name)));
    params.get(name).ok_or_else(missing)
}

fn invalid(what: String) -> ApiError {
    ApiError::bad(
        "ValidationError",
        format!("1 validation error detected: {what} failed to satisfy constraint"),
    )
}

fn no_such(message: String) -> ApiError {
    ApiError::new(404, "NoSuchEntity", message)
}
