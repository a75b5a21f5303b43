//! Requests of Instance Scheduler's command line, answered in the shape that its scripts know.
//!
//! `{"source": "scheduler.cli", "action": "create-period", "parameters": {...}, "version": "..."}`. An update replaces
//! the fields that its command line has, as it does there; fields that only Dayshift has stay as they are.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Change, Fields, ItemKey, check, usage};
use crate::{Config, Instant, RawConfig, Schedule};

/// The `source` by which such a request is known.
pub const SOURCE: &str = "scheduler.cli";

const PERIOD: [&str; 6] =
    ["description", "begintime", "endtime", "weekdays", "monthdays", "months"];
const SCHEDULE: [&str; 11] = [
    "description",
    "periods",
    "timezone",
    "override_status",
    "stop_new_instances",
    "use_maintenance_window",
    "ssm_maintenance_window",
    "retain_running",
    "enforced",
    "hibernate",
    "use_metrics",
];
/// Fields in which texts list several values between commas.
const LISTS: [&str; 4] = ["weekdays", "monthdays", "months", "periods"];
/// The days of usage that one request may ask for.
const MOST_DAYS: i64 = 366 * 5;

/// A request.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    action: String,
    #[serde(default)]
    parameters: Map<String, Value>,
}

/// What comes of a request: changes to be made, and what to answer once they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The changes.
    pub changes: Vec<Change>,
    /// The answer.
    pub answer: Value,
}

/// An answer that says what is wrong.
pub fn error(message: &str) -> Value {
    json!({"Error": message})
}

impl Request {
    /// The request for the hours that a schedule runs, from one day to another.
    pub fn usage_of(name: &str, from: Option<&str>, to: Option<&str>) -> Self {
        let given = [("name", Some(name)), ("startdate", from), ("enddate", to)];
        let given =
            given.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
        Self { action: "describe-schedule-usage".into(), parameters: given.collect() }
    }

    /// What is to be changed and answered, given what is stored.
    ///
    /// # Errors
    ///
    /// What is wrong with the request, as a sentence.
    pub fn reply(&self, stored: &RawConfig, zone: Tz, now: Instant) -> Result<Reply, String> {
        let reply = match self.action.as_str() {
            "create-period" => self.put("period", &PERIOD, stored, false),
            "update-period" => self.put("period", &PERIOD, stored, true),
            "create-schedule" => self.put("schedule", &SCHEDULE, stored, false),
            "update-schedule" => self.put("schedule", &SCHEDULE, stored, true),
            "delete-period" => self.delete("period", stored),
            "delete-schedule" => self.delete("schedule", stored),
            "describe-periods" => self.describe("period", stored),
            "describe-schedules" => self.describe("schedule", stored),
            "describe-schedule-usage" => self.usage(stored, zone, now),
            other => Err(format!("there is no action `{other}`")),
        }?;
        check(stored, &reply.changes, zone, None).map_err(|refused| refused.to_string())?;
        Ok(reply)
    }

    fn text(&self, parameter: &str) -> Option<&str> {
        self.parameters.get(parameter)?.as_str().filter(|text| !text.is_empty())
    }

    fn name(&self) -> Result<&str, String> {
        self.text("name").ok_or_else(|| "the parameter `name` is missing".to_owned())
    }

    fn put(
        &self,
        kind: &str,
        known: &[&str],
        stored: &RawConfig,
        is_update: bool,
    ) -> Result<Reply, String> {
        let name = self.name()?;
        let is_known = |p: &&String| known.contains(&p.as_str()) || p.as_str() == "name";
        if let Some(other) = self.parameters.keys().find(|p| !is_known(p)) {
            return Err(format!("there is no parameter `{other}`"));
        }
        let key = ItemKey { kind: kind.into(), name: name.into() };
        let before = stored.get(&key);
        match (before, is_update) {
            (Some(_), false) => return Err(format!("the {key} is there already")),
            (None, true) => return Err(format!("there is no {key}")),
            (Some(_), true) | (None, false) => {}
        }
        let mut fields = before.cloned().unwrap_or_default();
        fields.retain(|name, _| !known.contains(&name.as_str()));
        let given = self.parameters.iter().filter(|(name, _)| name.as_str() != "name");
        fields.extend(given.map(|(name, value)| (name.clone(), parted(name, value))));
        let after = super::canonical(&fields);
        let answer = json!({pascal(kind): described(&key, &after)});
        Ok(Reply {
            changes: vec![Change { key, before: before.cloned(), after: Some(after) }],
            answer,
        })
    }

    fn delete(&self, kind: &str, stored: &RawConfig) -> Result<Reply, String> {
        let name = self.name()?;
        let key = ItemKey { kind: kind.into(), name: name.into() };
        let before = stored.get(&key).cloned().ok_or_else(|| format!("there is no {key}"))?;
        let answer = json!({pascal(kind): name});
        Ok(Reply { changes: vec![Change { key, before: Some(before), after: None }], answer })
    }

    fn describe(&self, kind: &str, stored: &RawConfig) -> Result<Reply, String> {
        let name = self.text("name");
        let is_meant = |key: &ItemKey| key.kind == kind && name.is_none_or(|name| name == key.name);
        let mut items: Vec<_> = stored.items.iter().filter(|item| is_meant(&item.key())).collect();
        items.sort_by_key(|item| item.key());
        if let (Some(name), true) = (name, items.is_empty()) {
            return Err(format!("there is no {kind} {name}"));
        }
        let described: Vec<Value> =
            items.iter().map(|item| described(&item.key(), &item.fields)).collect();
        Ok(Reply { changes: vec![], answer: json!({format!("{}s", pascal(kind)): described}) })
    }

    fn usage(&self, stored: &RawConfig, zone: Tz, now: Instant) -> Result<Reply, String> {
        let name = self.name()?;
        let (config, _) = Config::parse(stored, zone);
        let schedule = match config.find(name) {
            crate::config::Found::Schedule(schedule) => schedule,
            crate::config::Found::Broken(mistake) => {
                return Err(format!("the schedule {name} has a mistake: {mistake}"));
            }
            crate::config::Found::Unknown => return Err(format!("there is no schedule {name}")),
        };
        let today = now.with_timezone(&schedule.zone).date_naive();
        let from = self.date("startdate")?.unwrap_or(today);
        let to = self.date("enddate")?.unwrap_or(from);
        if to < from || (to - from).num_days() > MOST_DAYS {
            return Err(format!("the days from {from} to {to} are none, or too many"));
        }
        let days = usage::usage(schedule, from, to).into_iter();
        let days: Map<String, Value> =
            days.map(|day| (day.date.to_string(), day_of(&day, schedule))).collect();
        Ok(Reply { changes: vec![], answer: json!({"Schedule": name, "Usage": days}) })
    }

    /// A date, `20260217`; with or without dashes.
    fn date(&self, parameter: &str) -> Result<Option<NaiveDate>, String> {
        let Some(text) = self.text(parameter) else { return Ok(None) };
        let digits = text.replace('-', "");
        NaiveDate::parse_from_str(&digits, "%Y%m%d")
            .map(Some)
            .map_err(|_| format!("`{text}` is not a date; write it as in 20260217"))
    }
}

fn day_of(day: &usage::Day, schedule: &Schedule) -> Value {
    let shown =
        |at: Instant| at.with_timezone(&schedule.zone).format("%m/%d/%y %H:%M:%S").to_string();
    let mut periods = Map::new();
    let (mut hours, mut seconds) = (0, 0);
    for run in &day.runs {
        (hours, seconds) = (hours + run.begun_hours(), seconds + run.seconds());
        let name = pascal(run.name.as_deref().unwrap_or(schedule.name.as_str()));
        // A period may run twice on a day on which clocks are put back, or around an exception.
        let nth = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name} {n}") });
        let key = nth.into_iter().find(|key| !periods.contains_key(key)).unwrap_or_default();
        let row = json!({
            "Begin": shown(run.begin), "End": shown(run.end),
            "BillingHours": run.begun_hours(), "BillingSeconds": run.seconds(),
        });
        periods.insert(key, row);
    }
    json!({"BillingHours": hours, "BillingSeconds": seconds, "RunningPeriods": periods})
}

/// An item as its command line shows it.
pub fn described(key: &ItemKey, fields: &Fields) -> Value {
    let fields = fields.iter().map(|(name, value)| (pascal(name), value.clone()));
    let own = [("Name".to_owned(), json!(key.name)), ("Type".to_owned(), json!(key.kind))];
    Value::Object(fields.chain(own).collect())
}

fn parted(name: &str, value: &Value) -> Value {
    match value.as_str().filter(|_| LISTS.contains(&name)) {
        Some(text) => text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect(),
        None => value.clone(),
    }
}

/// `override_status` as `OverrideStatus`.
pub fn pascal(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    name.split('_').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> RawConfig {
        let items = json!({
            "periods": {"office": {"begintime": "09:00", "endtime": "17:30", "weekdays": ["mon-fri"]}},
            "schedules": {"berlin": {"periods": ["office"], "timezone": "Europe/Berlin", "hibernate": true, "use_backup_window": true}},
        });
        RawConfig::from_json(&items.to_string()).unwrap()
    }

    fn reply(action: &str, parameters: Value) -> Result<Reply, String> {
        let event = json!({"source": SOURCE, "action": action, "parameters": parameters, "version": "3.2.8"});
        let now = "2026-02-17T10:00:00Z".parse().unwrap();
        Request::deserialize(event).unwrap().reply(&stored(), Tz::UTC, now)
    }

    #[test]
    fn an_item_is_created_and_described() {
        let Reply { changes, answer } = reply(
            "create-period",
            json!({"name": "late", "begintime": "12:00", "weekdays": "mon,fri"}),
        )
        .unwrap();
        let expected = json!({"Period": {"Name": "late", "Type": "period", "Begintime": "12:00", "Weekdays": ["fri", "mon"]}});
        assert_eq!((changes[0].verb(), answer), ("create", expected));
        let answer = reply("describe-schedules", json!({})).unwrap().answer;
        assert_eq!(answer["Schedules"][0]["Periods"], json!(["office"]));
        assert_eq!(
            reply("delete-schedule", json!({"name": "berlin"})).unwrap().answer,
            json!({"Schedule": "berlin"})
        );
    }

    #[test]
    fn an_update_replaces_what_its_command_line_knows() {
        let reply = reply(
            "update-schedule",
            json!({"name": "berlin", "periods": "office", "enforced": true}),
        )
        .unwrap();
        let after = Value::Object(reply.changes[0].after.clone().unwrap());
        assert_eq!(
            after,
            json!({"periods": ["office"], "enforced": true, "use_backup_window": true})
        );
    }

    #[test]
    fn usage_counts_hours_that_are_begun() {
        let answer = reply(
            "describe-schedule-usage",
            json!({"name": "berlin", "startdate": "20260216", "enddate": "20260222"}),
        )
        .unwrap()
        .answer;
        let monday = json!({"BillingHours": 9, "BillingSeconds": 30600, "RunningPeriods": {"Office": {
            "Begin": "02/16/26 09:00:00", "End": "02/16/26 17:30:00", "BillingHours": 9, "BillingSeconds": 30600}}});
        assert_eq!(answer["Usage"]["2026-02-16"], monday);
        assert_eq!(answer["Usage"]["2026-02-21"]["RunningPeriods"], json!({}));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (action, parameters, word) in [
            ("create-perod", json!({}), "no action"),
            ("create-period", json!({"begintime": "09:00"}), "`name` is missing"),
            ("create-period", json!({"name": "office"}), "there already"),
            (
                "create-period",
                json!({"name": "late", "begintime": "9 o'clock"}),
                "hours and minutes",
            ),
            ("update-schedule", json!({"name": "seoul"}), "no schedule seoul"),
            ("update-schedule", json!({"name": "berlin", "period": "x"}), "no parameter `period`"),
            ("delete-period", json!({"name": "office"}), "there is no period `office`"),
            (
                "describe-schedule-usage",
                json!({"name": "berlin", "startdate": "yesterday"}),
                "not a date",
            ),
        ] {
            let error = reply(action, parameters).unwrap_err();
            assert!(error.contains(word), "{action}: {error}");
        }
    }
}
