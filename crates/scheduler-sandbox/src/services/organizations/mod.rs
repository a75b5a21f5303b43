//! Organizations: a tree of units with accounts in them. It belongs to no Region and to no single account.
//!
//! Simpler than AWS: accounts are created and closed at once; every delegated administrator may do what any may; there
//! are no policies. As with IAM, requests may be signed for any Region of the partition.

mod build;
mod list;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Call;
use crate::place::Home;
use crate::wire::ApiError;
use crate::world::World;

/// One organization: its root, the units below, and the accounts in them.
#[derive(Debug)]
pub(crate) struct Organization {
    id: String,
    management: Home,
    root: String,
    units: BTreeMap<String, Unit>,
    members: BTreeMap<Arc<str>, Member>,
    delegated: BTreeSet<Arc<str>>,
    invited: BTreeSet<Arc<str>>,
}

#[derive(Debug)]
struct Unit {
    name: String,
    parent: String,
}

#[derive(Debug)]
struct Member {
    name: String,
    email: String,
    parent: String,
    state: State,
    joined: DateTime<Utc>,
    joined_method: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Suspended,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
        }
    }
}

impl Organization {
    fn has(&self, home: &Home) -> bool {
        self.management.partition == home.partition && self.members.contains_key(&home.account)
    }

    /// `arn:aws:organizations::111122223333:ou/o-.../ou-...`: the management account's, whoever asks.
    fn arn(&self, kind: &str, id: &str) -> String {
        self.management.arn("organizations", format_args!("{kind}/{}/{id}", self.id))
    }

    /// A root or unit of this organization.
    fn existing<'a>(&self, parent: &'a str) -> Result<&'a str, ApiError> {
        if parent == self.root || self.units.contains_key(parent) {
            return Ok(parent);
        }
        Err(ApiError::bad("ParentNotFoundException", "You specified a parent that doesn't exist."))
    }
}

pub(crate) fn perform(world: &mut World, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let home = &call.place.home;
    match call.operation.as_str() {
        "CreateOrganization" => build::create_organization(world, call, input),
        "AcceptHandshake" => build::accept_handshake(world, call, input),
        "CreateAccount" => {
            let answer = build::create_account(administered(world, home)?, call, input)?;
            Ok(build::open(world, home, answer))
        }
        "ListRoots" => list::roots(administered(world, home)?, input),
        "ListAccountsForParent" => list::accounts(administered(world, home)?, input),
        "ListOrganizationalUnitsForParent" => list::units(administered(world, home)?, input),
        "CreateOrganizationalUnit" => build::create_unit(administered(world, home)?, input),
        "InviteAccountToOrganization" => build::invite(administered(world, home)?, input),
        "MoveAccount" => build::move_account(administered(world, home)?, input),
        "CloseAccount" => build::close_account(administered(world, home)?, input),
        "RegisterDelegatedAdministrator" => build::delegate(administered(world, home)?, input),
        _ => Err(call.unknown_operation()),
    }
}

/// The organization that an account administers: as its management account or by delegation.
fn administered<'a>(world: &'a mut World, home: &Home) -> Result<&'a mut Organization, ApiError> {
    let organization = world.organizations.iter_mut().find(|organization| organization.has(home));
    let organization = organization.ok_or_else(|| {
        let message = "Your account is not a member of an organization.";
        ApiError::bad("AWSOrganizationsNotInUseException", message)
    })?;
    if organization.management == *home || organization.delegated.contains(&home.account) {
        return Ok(organization);
    }
    let message = "You don't have permissions to access this resource.";
    Err(ApiError::bad("AccessDeniedException", message))
}

fn no_such_account() -> ApiError {
    let message = "You specified an account that doesn't exist.";
    ApiError::bad("AccountNotFoundException", message)
}

#[cfg(test)]
mod tests;
