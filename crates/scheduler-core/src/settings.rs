//! What a deployment is: parameters under one prefix of the Parameter Store, and the targets they name.
//!
//! | parameter | meaning |
//! |---|---|
//! | `config-table`, `state-table` | the tables' names |
//! | `accounts` | account ids or role ARNs, comma-separated; `{param:NAME}` for the list of them in another parameter |
//! | `organizational-units` | ids of units or roots, comma-separated: the accounts below them, by the spoke role's name |
//! | `excluded-accounts` | account ids that are not served, wherever they are named or found; a malformed one lets no pass run |
//! | `regions` | Regions, comma-separated; absent: the hub's own |
//! | `spoke-role` | the role's name in every account; absent: `dayshift-spoke` |
//! | `external-id` | what the spoke roles ask for |
//! | `tag-key` | the tag that names a schedule; absent: `Schedule` |
//! | `default-timezone` | the zone of schedules that name none; absent: `UTC` |
//! | `kinds` | what is started and stopped; absent: every kind |
//! | `metrics-namespace` | where metrics go; absent: no metrics |
//! | `stack-name` | the deployment's name, for tags and snapshots; absent: `dayshift` |
//! | `started-tags`, `stopped-tags` | [tags](crate::labels) of what was started, of what was stopped: `key=value,...` |
//! | `informational-tags` | whether the last action and error are written as tags; absent: `true` |
//! | `create-rds-snapshot` | whether a snapshot is taken of an RDS instance that is stopped; absent: `false` |
//! | `window-lead-minutes` | how long before a window begins it opens; absent: `10` |
//! | `shard-queue` | the URL of the queue for passes in shards; absent: every pass is one invocation's |
//! | `targets-per-shard` | how many targets one invocation takes, about; absent: `500` |
//! | `frequency` | how often the rule runs a pass, `rate(5 minutes)`; absent: nobody knows |
//! | `partitions/P/accounts`, `.../organizational-units`, `.../excluded-accounts`, `.../regions` | the same for another partition |
//! | `partitions/P/credentials` | that partition's base credentials, a SecureString of JSON |

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::Deserialize;

use crate::{
    config::zone,
    cron::Expression,
    id::{AccountId, InvalidName, ParameterName, Partition, Region, RoleName, Target, UnitId},
    kind::Kind,
    labels::{InvalidTemplates, Labels, Templates},
    mistake::{Code, Mistake},
    resource::Failure,
    window::LEAD,
};

pub use accounts::{Accounts, Lists, RoleArn};

mod accounts;

/// How many targets one invocation takes, unless a deployment says otherwise: less than a minute's work at 256 MB.
pub const TARGETS_PER_SHARD: usize = 500;

const NAMES: [&str; 21] = [
    "config-table",
    "state-table",
    "accounts",
    "organizational-units",
    "excluded-accounts",
    "regions",
    "spoke-role",
    "external-id",
    "tag-key",
    "default-timezone",
    "kinds",
    "metrics-namespace",
    "stack-name",
    "started-tags",
    "stopped-tags",
    "informational-tags",
    "create-rds-snapshot",
    "window-lead-minutes",
    "frequency",
    "shard-queue",
    "targets-per-shard",
];
const PER_PARTITION: [&str; 5] =
    ["accounts", "organizational-units", "excluded-accounts", "regions", "credentials"];

/// Parameters by their names below the prefix: `tag-key`, `partitions/aws-cn/accounts`.
pub type Parameters = BTreeMap<String, String>;

/// What a deployment is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The table of periods and schedules.
    pub config_table: String,
    /// The table of memories.
    pub state_table: String,
    /// The tag whose value names a resource's schedule.
    pub tag_key: String,
    /// The zone of schedules that name none.
    pub default_zone: Tz,
    /// What is started and stopped.
    pub kinds: Vec<Kind>,
    /// What spoke roles ask for.
    pub external_id: Option<String>,
    /// Where metrics go; none means that none are published.
    pub metrics_namespace: Option<String>,
    /// The tags that are put on what was started or stopped.
    pub labels: Labels,
    /// What the names of snapshots of stopped RDS instances begin with; none means that none are taken.
    pub snapshot_prefix: Option<String>,
    /// How long before a window begins it opens.
    pub window_lead: TimeDelta,
    /// The hub's own partition.
    pub home: Partition,
    /// How often the rule runs a pass, where the deployment says so. Nothing is decided by it.
    pub frequency: Option<TimeDelta>,
    /// The queue for passes in shards; none means that every pass is one invocation's.
    pub shard_queue: Option<String>,
    /// How many targets one invocation takes, about.
    pub targets_per_shard: usize,
    /// The partitions that are served, the hub's own among them.
    pub partitions: BTreeMap<Partition, Reach>,
}

/// Where a deployment's schedules are: all that has to be known to change them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The table of periods and schedules.
    pub config_table: String,
    /// The zone of schedules that name none.
    pub default_zone: Tz,
}

impl Store {
    /// Understands those parameters; what is wrong with others is no matter here.
    ///
    /// # Errors
    ///
    /// If the table's name is missing, or the zone is none.
    pub fn parse(parameters: &Parameters) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader { parameters, mistakes: Vec::new(), fatal: false };
        let (config_table, default_zone) = (reader.required("config-table"), reader.default_zone());
        if reader.fatal { Err(reader.mistakes) } else { Ok(Self { config_table, default_zone }) }
    }
}

/// What is served in one partition.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The accounts, each with the role to assume there.
    pub accounts: Accounts,
    /// The Regions.
    pub regions: BTreeSet<Region>,
    /// Credentials to assume those roles with; none in the hub's own partition, where it has its role.
    pub credentials: Option<BaseCredentials>,
}

/// Long-lived credentials of a partition that the hub's role cannot reach.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseCredentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: Secret,
    /// A session token, if the credentials are temporary.
    #[serde(default)]
    pub session_token: Option<Secret>,
}

impl BaseCredentials {
    /// Credentials that do not expire.
    pub fn long_lived(access_key_id: &str, secret_access_key: &str) -> Self {
        let secret_access_key = Secret(secret_access_key.into());
        Self { access_key_id: access_key_id.into(), secret_access_key, session_token: None }
    }

    /// The same with the token of a session.
    #[must_use]
    pub fn with_session(self, token: Option<&str>) -> Self {
        Self { session_token: token.map(|token| Secret(token.into())), ..self }
    }
}

/// A text that is never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

impl Settings {
    /// Understands parameters. `home` is the hub's own Region. With the settings come the mistakes that cost
    /// only what they name, such as one malformed account id.
    ///
    /// The accounts are not complete yet if [lists](Self::lists) or [units](Self::units) of them are named.
    ///
    /// # Errors
    ///
    /// Every mistake, if one of them leaves no way to run a pass: a table's name is missing, the tag key, the
    /// zone, a kind or an excluded account is wrong. (With a wrong tag key, kind or exclusion, the wrong resources
    /// would be served.)
    pub fn parse(
        parameters: &Parameters,
        home: &Region,
    ) -> Result<(Self, Vec<Mistake>), Vec<Mistake>> {
        let mut reader = Reader { parameters, mistakes: Vec::new(), fatal: false };
        let spoke_role = reader.fatal_parsed("spoke-role").unwrap_or_else(default_role);
        let settings = Settings {
            config_table: reader.required("config-table"),
            state_table: reader.required("state-table"),
            tag_key: reader.text("tag-key").unwrap_or("Schedule").to_owned(),
            default_zone: reader.default_zone(),
            kinds: reader.kinds(),
            external_id: reader.text("external-id").map(str::to_owned),
            metrics_namespace: reader.text("metrics-namespace").map(str::to_owned),
            snapshot_prefix: reader.snapshot_prefix(),
            window_lead: reader.window_lead(),
            frequency: reader.frequency(),
            shard_queue: reader.shard_queue(),
            targets_per_shard: reader.targets_per_shard(),
            labels: reader.labels(),
            home: home.partition(),
            partitions: reader.partitions(home, &spoke_role),
        };
        reader.warn_of_others();
        if reader.fatal { Err(reader.mistakes) } else { Ok((settings, reader.mistakes)) }
    }

    /// Every target: each account in each Region of its partition, in order.
    pub fn targets(&self) -> Vec<Target> {
        let reaches = self.partitions.values();
        reaches
            .flat_map(|reach| {
                let regions = &reach.regions;
                reach.accounts.ids().flat_map(move |account| {
                    regions.iter().map(move |region| Target::new(account.clone(), region.clone()))
                })
            })
            .collect()
    }

    /// The role to assume in a target.
    pub fn role(&self, target: &Target) -> Option<&RoleArn> {
        self.partitions.get(&target.partition)?.accounts.role(&target.account)
    }

    /// The lists of accounts that are named and not read yet. A list may name others: after [`read`](Self::read), ask
    /// again.
    pub fn lists(&self) -> BTreeSet<ParameterName> {
        self.partitions.values().flat_map(|reach| reach.accounts.unread()).cloned().collect()
    }

    /// Takes in lists of accounts. Answers with the mistakes in them, each of which costs what it names.
    pub fn read(&mut self, lists: &Lists) -> Vec<Mistake> {
        let home = self.home.clone();
        let reaches = self.partitions.iter_mut();
        reaches
            .flat_map(|(partition, reach)| {
                reach.accounts.read(&field(&home, partition, "accounts"), lists)
            })
            .collect()
    }

    /// The organizational units and roots whose accounts are served.
    pub fn units(&self) -> Vec<(Partition, UnitId)> {
        let reaches = self.partitions.iter();
        reaches
            .flat_map(|(partition, reach)| {
                reach.accounts.units().map(|unit| (partition.clone(), unit.clone()))
            })
            .collect()
    }

    /// Takes in the accounts that were found in a unit. An account that is named keeps the role it is named with.
    pub fn add<'a>(
        &mut self,
        partition: &Partition,
        found: impl IntoIterator<Item = &'a AccountId>,
    ) {
        if let Some(reach) = self.partitions.get_mut(partition) {
            reach.accounts.add_discovered(found);
        }
    }

    /// The mistake that the accounts of a unit are not known.
    pub fn undiscovered(&self, partition: &Partition, unit: &UnitId, failure: &Failure) -> Mistake {
        let field = field(&self.home, partition, "organizational-units");
        accounts::unreadable_unit(&field, unit, failure)
    }
}

/// What a parameter is called for a partition.
fn field(home: &Partition, partition: &Partition, name: &str) -> String {
    if partition == home { name.into() } else { format!("partitions/{partition}/{name}") }
}

fn default_role() -> RoleName {
    #[expect(clippy::unwrap_used, reason = "a literal that its own test parses")]
    "dayshift-spoke".parse().unwrap()
}

struct Reader<'a> {
    parameters: &'a Parameters,
    mistakes: Vec<Mistake>,
    fatal: bool,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.parameters.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn report(
        &mut self,
        name: &str,
        text: &str,
        code: Code,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.mistakes.push(Mistake::whole("parameters", name, text, code).saying(message, help));
    }

    fn refuse(&mut self, name: &str, error: &InvalidName) {
        let message = format!("`{}` is not {}", error.text, error.what);
        self.report(name, &error.text, Code::BadName, message, error.rule);
    }

    fn required(&mut self, name: &str) -> String {
        if self.text(name).is_none() {
            self.fatal = true;
            self.report(
                name,
                "",
                Code::Missing,
                "the parameter is missing",
                "create it with the table's name",
            );
        }
        self.text(name).unwrap_or_default().to_owned()
    }

    fn fatal_parsed<T: FromStr<Err = InvalidName>>(&mut self, name: &str) -> Option<T> {
        let parsed = self.text(name)?.parse();
        if let Err(error) = &parsed {
            self.fatal = true;
            self.refuse(name, error);
        }
        parsed.ok()
    }

    fn default_zone(&mut self) -> Tz {
        let Some(text) = self.text("default-timezone") else { return Tz::UTC };
        zone(text).unwrap_or_else(|wrong| {
            self.fatal = true;
            self.mistakes.push(wrong.with("parameters", "default-timezone", text));
            Tz::UTC
        })
    }

    fn stack_name(&self) -> &'a str {
        self.text("stack-name").unwrap_or("dayshift")
    }

    /// Yes or no. What is neither is reported, and counts as what is meant by saying nothing.
    fn flag(&mut self, name: &str, absent: bool) -> bool {
        match self.text(name).map(|text| (text, text.to_ascii_lowercase())) {
            None => absent,
            Some((_, lower)) if ["true", "yes"].contains(&lower.as_str()) => true,
            Some((_, lower)) if ["false", "no"].contains(&lower.as_str()) => false,
            Some((text, _)) => {
                let message = format!("`{text}` is neither true nor false");
                self.report(name, text, Code::BadValue, message, "write `true` or `false`");
                absent
            }
        }
    }

    fn snapshot_prefix(&mut self) -> Option<String> {
        let wanted = self.flag("create-rds-snapshot", false);
        wanted.then(|| format!("{}-stopped-", self.stack_name()))
    }

    fn window_lead(&mut self) -> TimeDelta {
        const MOST: u32 = 24 * 60;
        let Some(text) = self.text("window-lead-minutes") else { return LEAD };
        match text.parse().ok().filter(|minutes: &u32| *minutes <= MOST) {
            Some(minutes) => TimeDelta::minutes(minutes.into()),
            None => {
                let message = format!("`{text}` is not a number of minutes up to {MOST}");
                self.report("window-lead-minutes", text, Code::BadNumber, message, "write `10`");
                LEAD
            }
        }
    }

    fn frequency(&mut self) -> Option<TimeDelta> {
        let text = self.text("frequency")?;
        if let Ok(Expression::Rate(every)) = text.parse() {
            return Some(every.delta());
        }
        let message = format!("`{text}` is not a rate");
        self.report("frequency", text, Code::BadValue, message, "write `rate(5 minutes)`");
        None
    }

    fn shard_queue(&mut self) -> Option<String> {
        let text = self.text("shard-queue")?;
        if text.starts_with("https://") || text.starts_with("http://") {
            return Some(text.to_owned());
        }
        let message = format!("`{text}` is not the URL of a queue");
        let help = "write `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`";
        self.report("shard-queue", text, Code::BadValue, message, help);
        None
    }

    fn targets_per_shard(&mut self) -> usize {
        const MOST: usize = 10_000;
        let Some(text) = self.text("targets-per-shard") else { return TARGETS_PER_SHARD };
        match text.parse().ok().filter(|targets| (1..=MOST).contains(targets)) {
            Some(targets) => targets,
            None => {
                let message = format!("`{text}` is not a number of targets from 1 to {MOST}");
                self.report("targets-per-shard", text, Code::BadNumber, message, "write `500`");
                TARGETS_PER_SHARD
            }
        }
    }

    fn labels(&mut self) -> Labels {
        let tag_key = self.text("tag-key").unwrap_or("Schedule");
        let is_informational = self.flag("informational-tags", true);
        Labels {
            scheduler: self.stack_name().to_owned(),
            started: self.templates("started-tags"),
            stopped: self.templates("stopped-tags"),
            informational: is_informational.then(|| tag_key.to_owned()),
        }
    }

    fn templates(&mut self, name: &str) -> Templates {
        let Some(text) = self.text(name) else { return Templates::default() };
        text.parse().unwrap_or_else(|error: InvalidTemplates| {
            self.report(name, text, Code::BadValue, error.to_string(), "write `key=value`");
            Templates::default()
        })
    }

    fn kinds(&mut self) -> Vec<Kind> {
        let Some(text) = self.text("kinds") else { return Kind::ALL.to_vec() };
        let before = self.mistakes.len();
        let kinds = self.list("kinds", text);
        if kinds.is_empty() && self.mistakes.len() == before {
            self.report(
                "kinds",
                text,
                Code::Empty,
                "no kind is named",
                "write one, or delete the parameter for all",
            );
        }
        self.fatal |= self.mistakes.len() > before;
        Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect()
    }

    fn list<T: FromStr<Err = InvalidName>>(&mut self, name: &str, text: &str) -> Vec<T> {
        let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
        members
            .filter_map(|member| member.parse().map_err(|error| self.refuse(name, &error)).ok())
            .collect()
    }

    /// Warns of parameters that nothing reads: `tagkey` is easily written for `tag-key`.
    fn warn_of_others(&mut self) {
        for name in self.parameters.keys() {
            let known = match name.strip_prefix("partitions/").and_then(|rest| rest.split_once('/'))
            {
                Some((_, below)) => PER_PARTITION.contains(&below),
                None => NAMES.contains(&name.as_str()),
            };
            if !known {
                let message = format!("the parameter `{name}` is not read");
                // Its text may be a secret under a wrong name.
                self.report(
                    name,
                    "",
                    Code::UnknownField,
                    message,
                    "delete it, or look up its name",
                );
            }
        }
    }

    fn partitions(&mut self, home: &Region, role: &RoleName) -> BTreeMap<Partition, Reach> {
        let mut partitions = BTreeMap::new();
        let own = home.partition();
        partitions.insert(own.clone(), self.reach("", &own, Some(home), role));
        let below = self
            .parameters
            .keys()
            .filter_map(|name| name.strip_prefix("partitions/")?.split_once('/'));
        let names: BTreeSet<&str> = below.map(|(partition, _)| partition).collect();
        for name in names {
            match name.parse::<Partition>() {
                Ok(partition) if partition == own => {
                    let help = "write its accounts and Regions without `partitions/...`";
                    self.report(
                        &format!("partitions/{name}"),
                        name,
                        Code::Conflict,
                        "this is the hub's own partition",
                        help,
                    );
                }
                Ok(partition) => {
                    let reach = self.reach(&format!("partitions/{name}/"), &partition, None, role);
                    partitions.insert(partition, reach);
                }
                Err(error) => self.refuse(&format!("partitions/{name}"), &error),
            }
        }
        partitions
    }

    fn reach(
        &mut self,
        below: &str,
        partition: &Partition,
        home: Option<&Region>,
        role: &RoleName,
    ) -> Reach {
        let regions = self.regions(&format!("{below}regions"), partition, home);
        let accounts = self.accounts(below, partition, role);
        let credentials =
            if home.is_some() { None } else { self.credentials(&format!("{below}credentials")) };
        Reach { accounts, regions, credentials }
    }

    fn regions(
        &mut self,
        name: &str,
        partition: &Partition,
        home: Option<&Region>,
    ) -> BTreeSet<Region> {
        let Some(text) = self.text(name) else {
            if home.is_none() {
                self.report(
                    name,
                    "",
                    Code::Missing,
                    "no Regions are named",
                    "write them, comma-separated",
                );
            }
            return home.cloned().into_iter().collect();
        };
        let (own, foreign): (Vec<Region>, Vec<Region>) = self
            .list(name, text)
            .into_iter()
            .partition(|region: &Region| region.partition() == *partition);
        for region in foreign {
            let theirs = region.partition();
            let message = format!("`{region}` is not in the partition `{partition}`");
            let help = format!("write it in `partitions/{theirs}/regions`");
            self.report(name, region.as_str(), Code::BadValue, message, help);
        }
        own.into_iter().collect()
    }

    fn accounts(&mut self, below: &str, partition: &Partition, role: &RoleName) -> Accounts {
        let fields = ["accounts", "organizational-units", "excluded-accounts"]
            .map(|name| format!("{below}{name}"));
        let [named, units, excluded] = fields.each_ref().map(|field| self.text(field));
        if named.is_none() && units.is_none() {
            let help = "write their ids or role ARNs, comma-separated";
            self.report(&fields[0], "", Code::Missing, "no accounts are named", help);
        }
        let mut accounts = Accounts::new(partition.clone(), role.clone());
        let excluding = excluded.map(|text| accounts.exclude(&fields[2], text)).unwrap_or_default();
        // An account that is meant to be left alone would be served.
        self.fatal |= !excluding.is_empty();
        let mistakes = [
            named.map(|text| accounts.name(&fields[0], text)),
            units.map(|text| accounts.discover_in(&fields[1], text)),
            Some(excluding),
        ];
        self.mistakes.extend(mistakes.into_iter().flatten().flatten());
        accounts
    }

    fn credentials(&mut self, name: &str) -> Option<BaseCredentials> {
        let help =
            r#"write a SecureString of {"access_key_id": "...", "secret_access_key": "..."}"#;
        let Some(text) = self.text(name) else {
            self.report(name, "", Code::Missing, "the partition has no credentials", help);
            return None;
        };
        // Neither the text nor the parser's message is shown: both may hold the secret.
        let credentials = serde_json::from_str(text);
        if credentials.is_err() {
            self.report(name, "", Code::BadValue, "these are not credentials", help);
        }
        credentials.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::FailureCode;

    fn parameters(more: &[(&str, &str)]) -> Parameters {
        let tables = [("config-table", "c"), ("state-table", "s"), ("accounts", "111122223333")];
        tables
            .iter()
            .chain(more)
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    fn parse(more: &[(&str, &str)]) -> Result<(Settings, Vec<Mistake>), Vec<Mistake>> {
        Settings::parse(&parameters(more), &"eu-west-1".parse().unwrap())
    }

    fn targets(settings: &Settings) -> Vec<String> {
        settings.targets().iter().map(ToString::to_string).collect()
    }

    const KEYS: (&str, &str) = (
        "partitions/aws-cn/credentials",
        r#"{"access_key_id": "AK", "secret_access_key": "hush"}"#,
    );

    #[test]
    fn absent_parameters_have_defaults() {
        let (settings, mistakes) = parse(&[]).unwrap();
        assert_eq!(mistakes, []);
        assert_eq!((settings.tag_key.as_str(), settings.default_zone), ("Schedule", Tz::UTC));
        assert_eq!(targets(&settings), ["aws/111122223333/eu-west-1"]);
        let role = settings.role(&settings.targets()[0]).unwrap();
        assert_eq!(role.as_str(), "arn:aws:iam::111122223333:role/dayshift-spoke");
    }

    #[test]
    fn one_hub_serves_two_partitions() {
        let more = [
            ("regions", "eu-west-1, us-east-1"),
            ("partitions/aws-cn/accounts", "arn:aws-cn:iam::444455556666:role/ops/night"),
            ("partitions/aws-cn/regions", "cn-north-1"),
            KEYS,
        ];
        let (settings, mistakes) = parse(&more).unwrap();
        assert_eq!(mistakes, []);
        assert_eq!(
            targets(&settings),
            [
                "aws/111122223333/eu-west-1",
                "aws/111122223333/us-east-1",
                "aws-cn/444455556666/cn-north-1"
            ]
        );
        assert!(!format!("{settings:?}").contains("hush"), "a secret shows in {settings:?}");
    }

    #[test]
    fn a_mistake_costs_only_what_it_names() {
        let more = [
            ("accounts", "111122223333,12,111122223333"),
            ("regions", "eu-west-1,cn-north-1,mars"),
        ];
        let (settings, mistakes) = parse(&more).unwrap();
        assert_eq!(targets(&settings), ["aws/111122223333/eu-west-1"]);
        let codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code).collect();
        assert_eq!(codes, [Code::BadName, Code::BadValue, Code::BadName, Code::Duplicate]);
    }

    #[test]
    fn units_suffice_and_each_partition_has_its_own() {
        let more = [
            ("accounts", ""),
            ("organizational-units", "ou-ab12-11112222"),
            ("excluded-accounts", "222222222222"),
            ("partitions/aws-cn/organizational-units", "r-cn12,R"),
            ("partitions/aws-cn/excluded-accounts", "333333333333"),
            ("partitions/aws-cn/regions", "cn-north-1"),
            KEYS,
        ];
        let (mut settings, mistakes) = parse(&more).unwrap();
        let fields: Vec<_> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
        assert_eq!(fields, ["partitions/aws-cn/organizational-units"]);
        let units = settings.units();
        let told: Vec<_> =
            units.iter().map(|(partition, unit)| format!("{partition} {unit}")).collect();
        assert_eq!(told, ["aws ou-ab12-11112222", "aws-cn r-cn12"]);
        let found = ["222222222222", "333333333333"].map(|id| id.parse::<AccountId>().unwrap());
        for (partition, _) in &units {
            settings.add(partition, &found);
        }
        assert_eq!(
            targets(&settings),
            ["aws/333333333333/eu-west-1", "aws-cn/222222222222/cn-north-1"]
        );
        let denied = Failure { code: FailureCode::Denied, message: "no".into() };
        let mistake = settings.undiscovered(&units[1].0, &units[1].1, &denied);
        assert_eq!(mistake.field, "partitions/aws-cn/organizational-units");
    }

    #[test]
    fn without_tables_or_with_a_wrong_kind_nothing_runs() {
        let mistakes =
            Settings::parse(&Parameters::new(), &"eu-west-1".parse().unwrap()).unwrap_err();
        let fields: Vec<_> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
        assert_eq!(fields, ["config-table", "state-table", "accounts"]);
        assert!(parse(&[("kinds", "ec2-instance,lambda")]).is_err());
        assert!(parse(&[("kinds", ",")]).is_err());
        assert!(parse(&[("default-timezone", "Mars/Olympus")]).is_err());
    }

    #[test]
    fn an_excluded_account_that_is_none_lets_nothing_run() {
        for field in ["excluded-accounts", "partitions/aws-cn/excluded-accounts"] {
            let foreign = [
                ("partitions/aws-cn/accounts", "444455556666"),
                ("partitions/aws-cn/regions", "cn-north-1"),
                KEYS,
            ];
            for (text, wrong) in [
                ("222222222222,33333333333", vec!["33333333333"]),
                ("222222222222;333333333333", vec!["222222222222;333333333333"]),
                ("prod,{param:/lists/prod}", vec!["prod", "{param:/lists/prod}"]),
            ] {
                let mistakes = parse(&[&foreign[..], &[(field, text)]].concat()).unwrap_err();
                let told: Vec<_> =
                    mistakes.iter().map(|each| (each.field.as_str(), each.text.as_str())).collect();
                let expected: Vec<_> = wrong.into_iter().map(|entry| (field, entry)).collect();
                assert_eq!(told, expected);
            }
            let (settings, mistakes) =
                parse(&[&foreign[..], &[(field, " 222222222222,\n333333333333 ,")]].concat())
                    .unwrap();
            assert_eq!((settings.targets().len(), mistakes), (2, vec![]));
        }
    }

    #[test]
    fn a_frequency_is_a_rate() {
        for (text, expected, mistakes) in
            [("rate(5 minutes)", Some(TimeDelta::minutes(5)), 0), ("5 minutes", None, 1)]
        {
            let (settings, found) = parse(&[("frequency", text)]).unwrap();
            assert_eq!((settings.frequency, found.len()), (expected, mistakes), "{text}");
        }
    }

    #[test]
    fn a_parameter_that_nothing_reads_is_a_warning() {
        let (settings, mistakes) =
            parse(&[("tagkey", "Timer"), ("partitions/aws-cn/region", "cn-north-1")]).unwrap();
        assert_eq!(settings.tag_key, "Schedule");
        let unknown = mistakes.iter().filter(|mistake| mistake.code == Code::UnknownField);
        let fields: Vec<_> = unknown.map(|mistake| mistake.field.as_str()).collect();
        assert_eq!(fields, ["partitions/aws-cn/region", "tagkey"]);
    }

    #[test]
    fn credentials_that_are_none_do_not_show_their_text() {
        let more = [
            ("partitions/aws-cn/accounts", "444455556666"),
            ("partitions/aws-cn/regions", "cn-north-1"),
            (KEYS.0, "hush hush"),
        ];
        let (_, mistakes) = parse(&more).unwrap();
        assert_eq!(mistakes.len(), 1);
        assert!(!format!("{mistakes:?}").contains("hush"));
    }
}
