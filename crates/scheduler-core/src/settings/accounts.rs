//! Which accounts are served in one partition: those that are named, those in lists that are parameters of their own,
//! and those in organizational units; without the excluded ones.
//!
//! Lists and units are read by whoever can. Here is only what to read, and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    id::{AccountId, InvalidName, ParameterName, Partition, RoleName, UnitId},
    mistake::{Code, Mistake, Wrong},
    resource::{Failure, FailureCode},
};

/// A role's ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn(String);

impl RoleArn {
    fn new(partition: &Partition, account: &AccountId, role: &RoleName) -> Self {
        Self(format!("arn:{partition}:iam::{account}:role/{role}"))
    }

    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The texts of lists of accounts, or why there is none.
pub type Lists = BTreeMap<ParameterName, Result<String, Failure>>;

/// The accounts of one partition.
#[derive(Clone, Debug)]
pub struct Accounts {
    partition: Partition,
    /// The role to assume in accounts for which no ARN is written.
    role: RoleName,
    /// By id or ARN, in the parameter itself or in lists.
    named: BTreeMap<AccountId, RoleArn>,
    discovered: BTreeMap<AccountId, RoleArn>,
    excluded: BTreeSet<AccountId>,
    lists: BTreeMap<ParameterName, List>,
    units: BTreeSet<UnitId>,
}

/// A list that is named.
#[derive(Clone, Debug)]
struct List {
    /// The list that names it; none if the parameter `accounts` does.
    named_in: Option<ParameterName>,
    is_read: bool,
}

/// Where entries stand.
#[derive(Clone, Copy)]
struct Place<'a> {
    field: &'a str,
    list: Option<&'a ParameterName>,
}

impl Accounts {
    /// The accounts that are served so far.
    pub fn ids(&self) -> impl Iterator<Item = &AccountId> {
        let all: BTreeSet<&AccountId> = self.named.keys().chain(self.discovered.keys()).collect();
        all.into_iter().filter(|account| !self.excluded.contains(*account))
    }

    /// The role to assume in an account that is served: the one that is written, else the one of the role's name.
    pub fn role(&self, account: &AccountId) -> Option<&RoleArn> {
        let role = self.named.get(account).or_else(|| self.discovered.get(account));
        role.filter(|_| !self.excluded.contains(account))
    }

    /// The lists that are named and not read yet.
    pub fn unread(&self) -> impl Iterator<Item = &ParameterName> {
        self.lists.iter().filter(|(_, list)| !list.is_read).map(|(name, _)| name)
    }

    /// The organizational units and roots whose accounts are served.
    pub fn units(&self) -> impl Iterator<Item = &UnitId> {
        self.units.iter()
    }

    pub(super) fn new(partition: Partition, role: RoleName) -> Self {
        Self {
            partition,
            role,
            named: BTreeMap::new(),
            discovered: BTreeMap::new(),
            excluded: BTreeSet::new(),
            lists: BTreeMap::new(),
            units: BTreeSet::new(),
        }
    }

    /// Takes in the parameter `accounts`.
    pub(super) fn name(&mut self, field: &str, text: &str) -> Vec<Mistake> {
        self.take_in(Place { field, list: None }, text)
    }

    /// Takes in the parameter `organizational-units`.
    pub(super) fn discover_in(&mut self, field: &str, text: &str) -> Vec<Mistake> {
        let (units, mistakes) = parsed(field, text);
        self.units.extend(units);
        mistakes
    }

    /// Takes in the parameter `excluded-accounts`. With a mistake in it, accounts that are meant to be left alone
    /// would be served.
    pub(super) fn exclude(&mut self, field: &str, text: &str) -> Vec<Mistake> {
        let (excluded, mistakes) = parsed(field, text);
        self.excluded.extend(excluded);
        mistakes
    }

    /// Takes in those of the lists that are unread here.
    pub(super) fn read(&mut self, field: &str, lists: &Lists) -> Vec<Mistake> {
        let unread: Vec<_> = self.unread().cloned().collect();
        let mut mistakes = Vec::new();
        for (name, text) in unread.iter().filter_map(|name| lists.get_key_value(name)) {
            let named_in = self.lists.get_mut(name).and_then(|list| {
                list.is_read = true;
                list.named_in.clone()
            });
            match text {
                Ok(text) => {
                    let place = Place { field: name.as_str(), list: Some(name) };
                    mistakes.extend(self.take_in(place, text));
                }
                Err(failure) => {
                    let field = named_in.as_ref().map_or(field, ParameterName::as_str);
                    mistakes.push(unreadable_list(field, name, failure));
                }
            }
        }
        mistakes
    }

    /// Takes in what was found in organizational units.
    pub(super) fn add_discovered<'a>(&mut self, found: impl IntoIterator<Item = &'a AccountId>) {
        for account in found {
            let role = RoleArn::new(&self.partition, account, &self.role);
            self.discovered.insert(account.clone(), role);
        }
    }

    fn take_in(&mut self, place: Place<'_>, text: &str) -> Vec<Mistake> {
        entries(text)
            .filter_map(|entry| Some((entry, self.take_in_one(place, entry).err()?)))
            .map(|(entry, wrong)| wrong.with(ITEM, place.field, entry))
            .collect()
    }

    fn take_in_one(&mut self, place: Place<'_>, entry: &str) -> Result<(), Wrong> {
        if entry.starts_with('{') {
            return self.name_list(place.list, list_name(entry).map_err(bad_name)?);
        }
        let (account, role) = spoke(entry, &self.partition, &self.role).map_err(bad_name)?;
        match self.named.get(&account) {
            None => drop(self.named.insert(account, role)),
            Some(first) => return Err(named_twice(&account, first, &role)),
        }
        Ok(())
    }

    /// Takes in the name of a list, which stands in another or in the parameter `accounts`.
    fn name_list(
        &mut self,
        named_in: Option<&ParameterName>,
        name: ParameterName,
    ) -> Result<(), Wrong> {
        let outer = named_in.and_then(|list| self.lists.get(list)?.named_in.as_ref());
        if Some(&name) == named_in || Some(&name) == outer {
            let message = format!("the list `{name}` leads back to itself");
            return Err(Wrong::new(Code::Conflict, message, "leave this entry out"));
        }
        if outer.is_some() {
            let message = format!("the list `{name}` is named in a list that another one names");
            let help = "name it in `accounts`: a list in a list names accounts only";
            return Err(Wrong::new(Code::BadValue, message, help));
        }
        if self.lists.contains_key(&name) {
            let message = format!("the list `{name}` is named twice");
            return Err(Wrong::new(Code::Duplicate, message, "leave one of them out"));
        }
        self.lists.insert(name, List { named_in: named_in.cloned(), is_read: false });
        Ok(())
    }
}

const ITEM: &str = "parameters";

/// What stands between commas and line breaks.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty())
}

fn parsed<T: std::str::FromStr<Err = InvalidName>>(
    field: &str,
    text: &str,
) -> (Vec<T>, Vec<Mistake>) {
    let (mut good, mut mistakes) = (Vec::new(), Vec::new());
    for entry in entries(text) {
        match entry.parse() {
            Ok(name) => good.push(name),
            Err(error) => mistakes.push(bad_name(error).with(ITEM, field, entry)),
        }
    }
    (good, mistakes)
}

fn bad_name(error: InvalidName) -> Wrong {
    Wrong::new(Code::BadName, format!("`{}` is not {}", error.text, error.what), error.rule)
}

fn named_twice(account: &AccountId, first: &RoleArn, second: &RoleArn) -> Wrong {
    let message = match first == second {
        true => format!("the account {account} is named twice"),
        false => format!(
            "the account {account} is named twice, with different roles; `{}` is used",
            first.as_str()
        ),
    };
    Wrong::new(Code::Duplicate, message, "leave one of them out")
}

fn unreadable_list(field: &str, name: &ParameterName, failure: &Failure) -> Mistake {
    let entry = format!("{{param:{name}}}");
    if failure.code == FailureCode::NotFound {
        let message = format!("there is no parameter `{name}`");
        let help = "create it in the hub's Region, or leave this entry out";
        return Mistake::whole(ITEM, field, entry, Code::Missing).saying(message, help);
    }
    let message = format!("the list `{name}` cannot be read: {}", failure.message);
    let help = match failure.code {
        FailureCode::Denied => "allow the hub's role ssm:GetParameters for it",
        FailureCode::Unsupported => "make it a String or a StringList",
        FailureCode::NotFound
        | FailureCode::Throttled
        | FailureCode::NoCapacity
        | FailureCode::WrongState
        | FailureCode::Quota
        | FailureCode::EncryptionKey
        | FailureCode::Unreachable
        | FailureCode::Deadline
        | FailureCode::Unknown => "the next pass reads it again",
    };
    Mistake::whole(ITEM, field, entry, Code::Unreadable).saying(message, help)
}

pub(super) fn unreadable_unit(field: &str, unit: &UnitId, failure: &Failure) -> Mistake {
    let message = format!("the accounts of `{unit}` cannot be listed: {}", failure.message);
    let help = match failure.code {
        FailureCode::Denied => {
            "allow organizations:ListAccountsForParent and ListOrganizationalUnitsForParent, and ask from the \
             management account or a delegated administrator"
        }
        FailureCode::NotFound => "write the id of a unit or the root of this organization",
        FailureCode::Throttled
        | FailureCode::NoCapacity
        | FailureCode::WrongState
        | FailureCode::Quota
        | FailureCode::EncryptionKey
        | FailureCode::Unsupported
        | FailureCode::Unreachable
        | FailureCode::Deadline
        | FailureCode::Unknown => "the next pass asks again",
    };
    Mistake::whole(ITEM, field, unit.as_str(), Code::Unreadable).saying(message, help)
}

/// The name in `{param:NAME}`.
fn list_name(entry: &str) -> Result<ParameterName, InvalidName> {
    let name = entry.strip_prefix("{param:").and_then(|rest| rest.strip_suffix('}'));
    let invalid = || InvalidName {
        what: "an account or a list of accounts",
        text: entry.into(),
        rule: "write `{param:NAME}` with the name of a parameter",
    };
    name.ok_or_else(invalid)?.trim().parse()
}

/// An account id, or the ARN of a role: `arn:aws-cn:iam::111122223333:role/path/name`.
fn spoke(
    text: &str,
    partition: &Partition,
    role: &RoleName,
) -> Result<(AccountId, RoleArn), InvalidName> {
    let Some(rest) = text.strip_prefix("arn:") else {
        let account: AccountId = text.parse()?;
        let arn = RoleArn::new(partition, &account, role);
        return Ok((account, arn));
    };
    let invalid = || InvalidName {
        what: "a role ARN of this partition",
        text: text.into(),
        rule: "write `arn:PARTITION:iam::ACCOUNT:role/NAME`",
    };
    let rest = rest
        .strip_prefix(partition.as_str())
        .and_then(|rest| rest.strip_prefix(":iam::"))
        .ok_or_else(invalid)?;
    let (account, name) = rest.split_once(":role/").ok_or_else(invalid)?;
    name.rsplit('/').next().unwrap_or(name).parse::<RoleName>()?;
    Ok((account.parse()?, RoleArn(text.into())))
}

#[cfg(test)]
mod tests;
