//! The item `config/scheduler`, which holds the settings of Instance Scheduler, as parameters of the hub's template.
//!
//! Up to version 3.0 it holds nearly all of them; since 3.1 only the accounts, and the rest are parameters of its stack.

use std::collections::{BTreeMap, BTreeSet};

use scheduler_core::{
    AccountId, Kind, ParameterName, RawConfig, RawItem, Region, labels::Templates, lint,
    mistake::Mistake,
};
use serde_json::Value;

use super::{Change, Dropped};

/// How the item is called in messages.
pub(super) const PLACE: &str = "configs.scheduler";

/// What is translated; the rest of the item means nothing here.
const READ: [&str; 12] = [
    "cross_account_roles",
    "remote_account_ids",
    "organization_id",
    "schedule_lambda_account",
    "regions",
    "scheduled_services",
    "schedule_clusters",
    "tagname",
    "default_timezone",
    "started_tags",
    "stopped_tags",
    "create_rds_snapshot",
];

/// The settings that are understood.
#[derive(Debug, Default)]
pub(super) struct Settings<'a> {
    item: Option<&'a RawItem>,
    /// The zone of schedules that name none, in the spelling of the time zone database.
    pub(super) zone: Option<String>,
    /// Whether `overwrite` in a schedule counts.
    pub(super) overwrite_counts: bool,
    pub(super) changes: Vec<Change>,
    pub(super) dropped: Vec<Dropped>,
}

/// The hub's parameters.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) values: BTreeMap<&'static str, String>,
    pub(super) serves_own_account: bool,
}

impl<'a> Settings<'a> {
    pub(super) fn of(table: &'a RawConfig) -> Self {
        let mut items = table.items.iter();
        let item = items.find(|item| item.kind == "config" && item.name == "scheduler");
        let mut settings = Self { item, ..Self::default() };
        settings.overwrite_counts =
            !settings.has("organization_id") && !settings.has("remote_account_ids");
        match settings.text("default_timezone").map(lint::default_zone) {
            None => {}
            Some(Ok(zone)) => settings.zone = Some(zone.name().to_owned()),
            Some(Err(mistake)) => {
                let Mistake { text, message, help, .. } = *mistake;
                settings.dropped.push(lost("default_timezone", text, &message, &help));
            }
        }
        let others = item.into_iter().flat_map(|item| &item.fields);
        let others =
            others.filter(|(field, value)| !READ.contains(&field.as_str()) && !is_empty(value));
        settings.changes = others.map(|(field, value)| unread(field, value)).collect();
        settings
    }

    /// Whether the table has them at all.
    pub(super) fn are_there(&self) -> bool {
        self.item.is_some()
    }

    /// A setting's value, if it says something.
    pub(super) fn value(&self, field: &str) -> Option<&'a Value> {
        self.item?.fields.get(field).filter(|value| !is_empty(value))
    }

    fn has(&self, field: &str) -> bool {
        self.value(field).is_some()
    }

    fn text(&self, field: &str) -> Option<&'a str> {
        self.value(field)?.as_str().map(str::trim)
    }

    /// A setting that is yes or no, in any of the ways that it was ever written.
    pub(super) fn flag(&self, field: &str) -> Option<bool> {
        match self.value(field)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Some(true),
                "false" | "no" | "0" => Some(false),
                _ => None,
            },
            Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The members of a set, or of a text with commas.
    fn members(&self, field: &str) -> Vec<&'a str> {
        let values: &[Value] = match self.value(field) {
            Some(Value::Array(members)) => members,
            Some(alone) => std::slice::from_ref(alone),
            None => &[],
        };
        let members = values.iter().filter_map(Value::as_str).flat_map(|text| text.split(','));
        members.map(str::trim).filter(|member| !member.is_empty()).collect()
    }

    /// The hub's parameters; what has no place in them is added to `dropped`.
    pub(super) fn parameters(&self, dropped: &mut Vec<Dropped>) -> Parameters {
        let mut parameters = Parameters::default();
        if !self.are_there() {
            return parameters;
        }
        let mut set = |name, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                parameters.values.insert(name, value);
            }
        };
        let (accounts, lists) = self.accounts(dropped);
        set("Accounts", Some(joined(accounts)));
        set("AccountListParameters", Some(joined(lists)));
        set("OrganizationId", self.text("organization_id").map(str::to_owned));
        set("Regions", Some(self.regions(dropped)));
        set("Kinds", Some(self.kinds(dropped)));
        set("TagKey", self.tag_key(dropped));
        set("DefaultTimezone", self.zone.clone());
        set("StartedTags", self.tags("started_tags", dropped));
        set("StoppedTags", self.tags("stopped_tags", dropped));
        set("CreateRdsSnapshot", self.snapshots());
        parameters.serves_own_account = self.flag("schedule_lambda_account") != Some(false);
        parameters
    }

    /// What `Accounts` is to say, and the names of the lists that it refers to. Of a role only the account counts: the
    /// role itself trusts the other scheduler.
    fn accounts(&self, dropped: &mut Vec<Dropped>) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut accounts, mut lists) = (BTreeSet::new(), BTreeSet::new());
        for (field, member) in self.account_members() {
            if let Some(name) = list_name(member) {
                accounts.insert(format!("{{param:{name}}}"));
                lists.insert(name.to_string());
                continue;
            }
            let id =
                if member.starts_with("arn:") { member.split(':').nth(4) } else { Some(member) };
            match id.map(str::parse::<AccountId>) {
                Some(Ok(id)) => drop(accounts.insert(id.to_string())),
                _ => dropped.push(no_account(field, member)),
            }
        }
        (accounts, lists)
    }

    fn account_members(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        ["cross_account_roles", "remote_account_ids"]
            .into_iter()
            .flat_map(|field| self.members(field).into_iter().map(move |member| (field, member)))
    }

    /// Whether accounts are in lists, which are parameters of their own.
    pub(super) fn names_account_lists(&self) -> bool {
        self.account_members().any(|(_, member)| list_name(member).is_some())
    }

    fn regions(&self, dropped: &mut Vec<Dropped>) -> String {
        let mut regions = BTreeSet::new();
        for member in self.members("regions") {
            match member.parse::<Region>() {
                Ok(_) => {
                    regions.insert(member);
                }
                Err(error) => {
                    dropped.push(lost("regions", member.into(), &error.to_string(), error.rule))
                }
            }
        }
        joined(regions)
    }

    /// What it serves, and not the kinds that only Dayshift knows: they would be started and stopped as a surprise.
    fn kinds(&self, dropped: &mut Vec<Dropped>) -> String {
        const ALL: [Kind; 4] = [Kind::Ec2Instance, Kind::RdsInstance, Kind::RdsCluster, Kind::Asg];
        let mut kinds = BTreeSet::new();
        for member in self.members("scheduled_services") {
            kinds.extend(kind(member));
            if kind(member).is_none() {
                let message = format!("`{member}` is not a service that is known here");
                let help = "name the kinds to serve in the hub's parameter Kinds";
                dropped.push(lost("scheduled_services", member.into(), &message, help));
            }
        }
        if self.flag("schedule_clusters") == Some(true) && kinds.contains(&Kind::RdsInstance) {
            kinds.insert(Kind::RdsCluster);
        }
        let kinds = if self.has("scheduled_services") { kinds } else { ALL.into() };
        joined(kinds.into_iter().map(Kind::as_str))
    }

    fn tag_key(&self, dropped: &mut Vec<Dropped>) -> Option<String> {
        let key = self.text("tagname")?;
        let is_key = |c: char| c.is_ascii_alphanumeric() || " _.:/=+@-".contains(c);
        if key.chars().count() <= 128 && key.chars().all(is_key) {
            return Some(key.to_owned());
        }
        let help =
            "tag the resources with another key, of letters, digits, spaces and _ . : / = + - @";
        dropped.push(lost(
            "tagname",
            key.into(),
            "the hub's parameter TagKey takes no such key",
            help,
        ));
        None
    }

    fn tags(&self, field: &str, dropped: &mut Vec<Dropped>) -> Option<String> {
        let text = self.text(field)?;
        let result = text.parse::<Templates>().map_err(|error| error.to_string());
        let result = result.and_then(|_| match fits_template(text) {
            true => Ok(text.to_owned()),
            false => Err("a value holds `=`, which the hub's template does not take".to_owned()),
        });
        let refused = |message: String| {
            dropped.push(lost(
                field,
                text.into(),
                &message,
                "write key=value, several with commas between them",
            ));
        };
        result.map_err(refused).ok()
    }

    /// The first versions took snapshots without being asked, and have no such setting.
    fn snapshots(&self) -> Option<String> {
        let serves_databases =
            self.members("scheduled_services").iter().any(|s| s.eq_ignore_ascii_case("rds"));
        let wanted = self.flag("create_rds_snapshot").or(serves_databases.then_some(true))?;
        Some(if wanted { "Yes" } else { "No" }.to_owned())
    }
}

fn kind(service: &str) -> Option<Kind> {
    match service.to_ascii_lowercase().as_str() {
        "ec2" => Some(Kind::Ec2Instance),
        "rds" => Some(Kind::RdsInstance),
        "rds-cluster" | "neptune" | "docdb" | "documentdb" => Some(Kind::RdsCluster),
        "asg" | "autoscaling" => Some(Kind::Asg),
        _ => None,
    }
}

/// Whether the hub's template takes a text for tags: between two `=` there is a comma, and a key behind it.
fn fits_template(text: &str) -> bool {
    let parts: Vec<_> = text.split('=').collect();
    let keys = parts.iter().take(parts.len() - 1).enumerate();
    parts.len() > 1
        && keys.into_iter().all(|(n, part)| match part.rsplit_once(',') {
            Some((_, key)) => n > 0 && !key.is_empty(),
            None => n == 0 && !part.is_empty(),
        })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(members) => members.iter().all(is_empty),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// The name in `{param:NAME}`, which stands for a list of accounts.
fn list_name(member: &str) -> Option<ParameterName> {
    member.strip_prefix("{param:")?.strip_suffix('}')?.trim().parse().ok()
}

fn no_account(field: &str, member: &str) -> Dropped {
    let message = format!(
        "`{member}` is neither an account id, nor the ARN of a role, nor a list {{param:NAME}}"
    );
    lost(field, member.into(), &message, "add the account's twelve digits to Accounts")
}

fn joined<T: AsRef<str>>(members: impl IntoIterator<Item = T>) -> String {
    let members: Vec<T> = members.into_iter().collect();
    members.iter().map(T::as_ref).collect::<Vec<_>>().join(",")
}

fn lost(field: &str, text: String, message: &str, help: &str) -> Dropped {
    Dropped {
        item: PLACE.to_owned(),
        field: field.to_owned(),
        text,
        code: "no-parameter".to_owned(),
        message: message.to_owned(),
        help: help.to_owned(),
    }
}

fn unread(field: &str, value: &Value) -> Change {
    let message = match field {
        "use_metrics" => "the hub's parameter Metrics says whether there are metrics",
        "trace" => "the hub's log says what was done and why in any case",
        "enable_SSM_maintenance_windows" | "enable_ssm_maintenance_windows" => {
            "maintenance windows that a schedule names are always heeded"
        }
        _ => "nothing here reads it",
    };
    Change {
        item: PLACE.to_owned(),
        field: field.to_owned(),
        change: "removed-setting",
        from: value.clone(),
        to: Value::Null,
        message: message.to_owned(),
    }
}
