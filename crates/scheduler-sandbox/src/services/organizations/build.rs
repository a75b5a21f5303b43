//! What sets an organization up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Member, Organization, State, Unit, list, no_such_account};
use crate::place::Home;
use crate::services::members::Members;
use crate::services::{Call, seconds};
use crate::wire::ApiError;
use crate::world::World;

pub(super) fn create_organization(
    world: &mut World,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    Members::of(input, &["FeatureSet"])?;
    let home = &call.place.home;
    if world.organizations.iter().any(|organization| organization.has(home)) {
        let message = "The AWS account is already a member of an organization.";
        return Err(ApiError::bad("AlreadyInOrganizationException", message));
    }
    let number = world.organizations.len() + 1;
    let mut organization = Organization {
        id: format!("o-sandbox{number:04}"),
        management: home.clone(),
        root: format!("r-sb{number:02}"),
        units: BTreeMap::new(),
        members: BTreeMap::new(),
        delegated: BTreeSet::new(),
        invited: BTreeSet::new(),
    };
    organization.join(home.account.clone(), "management", "INVITED", call);
    let answer = json!({"Organization": {
        "Id": organization.id,
        "Arn": home.arn("organizations", format_args!("organization/{}", organization.id)),
        "FeatureSet": "ALL",
        "MasterAccountId": &*home.account,
        "MasterAccountArn": organization.arn("account", &home.account),
        "MasterAccountEmail": email(&home.account),
    }});
    world.organizations.push(organization);
    Ok(answer)
}

impl Organization {
    fn join(&mut self, account: Arc<str>, name: &str, method: &'static str, call: &Call) {
        let member = Member {
            name: name.to_owned(),
            email: email(&account),
            parent: self.root.clone(),
            state: State::Active,
            joined: call.now,
            joined_method: method,
        };
        self.members.insert(account, member);
    }
}

fn email(account: &str) -> String {
    format!("{account}@example.com")
}

pub(super) fn create_unit(
    organization: &mut Organization,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["ParentId", "Name"])?;
    let parent = organization.existing(members.required_text("ParentId")?)?.to_owned();
    let name = members.required_text("Name")?.to_owned();
    if organization.units.values().any(|unit| unit.parent == parent && unit.name == name) {
        let message = "An OU with the same name already exists.";
        return Err(ApiError::bad("DuplicateOrganizationalUnitException", message));
    }
    let root = organization.root.trim_start_matches("r-");
    let id = format!("ou-{root}-{:08}", organization.units.len() + 1);
    let unit = Unit { name, parent };
    let answer = json!({"OrganizationalUnit": list::unit_document(organization, &id, &unit)});
    organization.units.insert(id, unit);
    Ok(answer)
}

/// Enters a new account in the organization; [`open`] makes it one of the world's.
pub(super) fn create_account(
    organization: &mut Organization,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["Email", "AccountName"])?;
    members.required_text("Email")?;
    let name = members.required_text("AccountName")?;
    let of_organization = organization.root.trim_start_matches("r-sb");
    let id = format!("9{of_organization:0>3}{:08}", organization.members.len());
    organization.join(id.as_str().into(), name, "CREATED", call);
    Ok(json!({"CreateAccountStatus": {
        "Id": format!("car-{id}"),
        "AccountName": name,
        "State": "SUCCEEDED",
        "RequestedTimestamp": seconds(call.now),
        "CompletedTimestamp": seconds(call.now),
        "AccountId": id,
    }}))
}

/// Lets the account that was created exist.
pub(super) fn open(world: &mut World, home: &Home, created: Value) -> Value {
    let account = created["CreateAccountStatus"]["AccountId"].as_str().unwrap_or_default();
    world.create_account(Home { partition: home.partition, account: account.into() });
    created
}

pub(super) fn invite(organization: &mut Organization, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["Target", "Notes"])?;
    let target = members.required("Target")?;
    let account = target["Id"].as_str().filter(|_| target["Type"] == "ACCOUNT");
    let account = account.ok_or_else(no_such_account)?;
    organization.invited.insert(account.into());
    Ok(json!({"Handshake": {"Id": handshake(account), "State": "OPEN", "Action": "INVITE"}}))
}

fn handshake(account: &str) -> String {
    format!("h-{account}")
}

pub(super) fn accept_handshake(
    world: &mut World,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["HandshakeId"])?;
    let id = members.required_text("HandshakeId")?;
    let Home { partition, account } = &call.place.home;
    let inviting = world.organizations.iter_mut().find(|organization| {
        organization.management.partition == *partition && organization.invited.contains(account)
    });
    let inviting = inviting.filter(|_| id == handshake(account)).ok_or_else(|| {
        let message = "We can't find a handshake with the HandshakeId that you specified.";
        ApiError::bad("HandshakeNotFoundException", message)
    })?;
    inviting.invited.remove(account);
    inviting.join(account.clone(), account, "INVITED", call);
    Ok(json!({"Handshake": {"Id": id, "State": "ACCEPTED", "Action": "INVITE"}}))
}

pub(super) fn move_account(
    organization: &mut Organization,
    input: &Value,
) -> Result<Value, ApiError> {
    let known = ["AccountId", "SourceParentId", "DestinationParentId"];
    let members = Members::of(input, &known)?;
    let source = members.required_text("SourceParentId")?;
    let destination = members.required_text("DestinationParentId")?;
    for (parent, code) in [
        (source, "SourceParentNotFoundException"),
        (destination, "DestinationParentNotFoundException"),
    ] {
        let missing = |_| ApiError::bad(code, "You specified a parent that doesn't exist.");
        organization.existing(parent).map_err(missing)?;
    }
    let account = member(organization, members)?;
    if account.parent != source {
        return Err(no_such_account());
    }
    account.parent = destination.to_owned();
    Ok(json!({}))
}

pub(super) fn close_account(
    organization: &mut Organization,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["AccountId"])?;
    let account = member(organization, members)?;
    if account.state == State::Suspended {
        let message = "You attempted to close an account that is already closed.";
        return Err(ApiError::bad("AccountAlreadyClosedException", message));
    }
    account.state = State::Suspended;
    Ok(json!({}))
}

pub(super) fn delegate(organization: &mut Organization, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["AccountId", "ServicePrincipal"])?;
    member(organization, members)?;
    organization.delegated.insert(members.required_text("AccountId")?.into());
    Ok(json!({}))
}

fn member<'a>(
    organization: &'a mut Organization,
    members: Members<'_>,
) -> Result<&'a mut Member, ApiError> {
    let id = members.required_text("AccountId")?;
    organization.members.get_mut(id).ok_or_else(no_such_account)
}
