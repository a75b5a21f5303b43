//! Overrides: a person's "keep it running" or "keep it stopped" until an instant, with who and why.

use crate::{
    Instant, ResourceKey, Schedule, Target,
    id::ScheduleName,
    schedule::Desired,
    verdict::{Rule, Verdict},
};

/// A person's word that wins over a schedule for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub scope: Scope,
    /// What is desired: running or stopped.
    pub desired: Desired,
    /// When it begins; absent: it holds already.
    pub from: Option<Instant>,
    /// When it ends; the end itself is outside.
    pub until: Instant,
    /// Who says so.
    pub who: Option<String>,
    /// Why.
    pub why: Option<String>,
}

/// What an override is about. In this order, the later wins over the earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything that follows a schedule.
    Everything,
    /// What follows one schedule.
    Schedule(ScheduleName),
    /// One workload.
    Workload(String),
    /// One resource: its id, or as much of `PARTITION/ACCOUNT/REGION/KIND/ID` before the id as makes it unique.
    Resource(String),
}

impl Scope {
    fn covers(&self, schedule: &Schedule, resource: Option<&str>) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Schedule(name) => *name == schedule.name,
            Scope::Workload(_) => false,
            Scope::Resource(end) => resource.is_some_and(|path| is_end_of(end, path)),
        }
    }
}

impl Override {
    /// Whether it holds at an instant.
    pub fn holds(&self, now: Instant) -> bool {
        self.from.is_none_or(|from| from <= now) && now < self.until
    }

    /// The verdict that it gives while it holds.
    pub fn verdict(&self) -> Verdict {
        let by = self.who.as_ref().map(|who| format!(" by {who}")).unwrap_or_default();
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        Verdict {
            desired: self.desired,
            instance_type: None,
            rule: Rule::Override,
            name: Some(format!("{}{by}{why}", self.name)),
            overridden_by: Some(self.name.clone()),
            since: self.from,
            until: Some(self.until),
        }
    }
}

/// The override that wins for a schedule, or for one resource that follows it: the narrowest that holds; of several
/// alike, the one that began last, then the one that ends last.
pub(crate) fn winner<'a>(
    overrides: &'a [Override],
    schedule: &Schedule,
    resource: Option<&str>,
    now: Instant,
) -> Option<&'a Override> {
    let holding =
        overrides.iter().filter(|one| one.holds(now) && one.scope.covers(schedule, resource));
    holding.max_by_key(|one| (one.scope.rank(), one.from, one.until))
}

impl Scope {
    fn rank(&self) -> u8 {
        match self {
            Scope::Everything => 0,
            Scope::Schedule(_) => 1,
            Scope::Workload(_) => 2,
            Scope::Resource(_) => 3,
        }
    }
}

/// A resource's full path, of which [`Scope::Resource`] gives an end.
pub fn path(target: &Target, key: &ResourceKey) -> String {
    format!("{target}/{key}")
}

/// Whether a text is a resource's path, or an end of it that begins at one of its parts.
pub fn is_end_of(end: &str, path: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Config, RawConfig};

    const NOW: &str = "2026-03-02T10:00:00Z";

    fn config() -> Config {
        let until = "2026-03-02T12:00:00Z";
        let raw = json!({
            "periods": {"p": {"weekdays": "mon"}},
            "schedules": {"a": {"periods": ["p"]}, "b": {"periods": ["p"]}},
            "overrides": {
                "all": {"scope": "everything", "state": "stopped", "until": until},
                "a": {"scope": "schedule", "of": "a", "state": "running", "until": until, "who": "Kim", "why": "release"},
                "one": {"scope": "resource", "of": "rds-instance/db-1", "state": "stopped", "until": until},
                "later": {"scope": "schedule", "of": "b", "state": "running", "from": "2026-03-02T11:00:00Z", "until": until},
                "over": {"scope": "schedule", "of": "b", "state": "running", "until": "2026-03-01T00:00:00Z"},
            },
        });
        let (config, mistakes) =
            Config::parse(&RawConfig::from_json(&raw.to_string()).unwrap(), chrono_tz::UTC);
        assert_eq!(mistakes, []);
        config
    }

    #[test]
    fn the_narrowest_that_holds_wins() {
        let config = config();
        let now = NOW.parse().unwrap();
        let of = |schedule: &str, path: Option<&str>| {
            let schedule = config.schedule(&schedule.parse().unwrap()).unwrap();
            let winner = match path {
                Some(path) => config.override_of_resource(schedule, path, now),
                None => config.override_of(schedule, now),
            };
            winner.unwrap().name.clone()
        };
        let here = "aws/111122223333/eu-west-1";
        assert_eq!(of("a", None), "a");
        assert_eq!(of("b", None), "all");
        assert_eq!(of("a", Some(&format!("{here}/rds-instance/db-1"))), "one");
        assert_eq!(of("a", Some(&format!("{here}/rds-instance/other-db-1"))), "a");
    }

    #[test]
    fn a_verdict_says_who_and_why() {
        let config = config();
        let schedule = config.schedule(&"a".parse().unwrap()).unwrap();
        let verdict = config.override_of(schedule, NOW.parse().unwrap()).unwrap().verdict();
        assert_eq!(
            verdict.to_string(),
            "the override a by Kim: release holds until 2026-03-02T12:00:00Z"
        );
    }

    #[test]
    fn an_expired_override_is_reported() {
        let expired: Vec<_> =
            config().expired(NOW.parse().unwrap()).map(|mistake| mistake.item).collect();
        assert_eq!(expired, ["overrides.over"]);
    }
}
