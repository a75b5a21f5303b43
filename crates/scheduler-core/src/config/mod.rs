//! From stored items to a [`Config`]: what was typed and what it means are two types.
//!
//! Every mistake is reported, not the first; an item with a mistake is dropped with its mistakes, and the
//! others go on. Field names are those that Instance Scheduler on AWS uses, so that its table is read as it
//! stands. Fields that mean nothing here are warnings.

mod calendar;
mod exception;
mod fields;
mod overriding;
mod period;
mod schedule;

pub(crate) use schedule::zone;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::{calendar::Calendar, exception::Exception};
use crate::{
    Instant,
    id::ScheduleName,
    mistake::{Code, Mistake},
    overrides::{self, Override},
    schedule::{Period, Schedule},
    verdict::Verdict,
};

/// Items as they are stored, before anybody has asked what they mean.
///
/// A DynamoDB string set has no order; whoever reads one sorts it, so that an array here is always in the
/// order that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawConfig {
    /// The items, in any order.
    pub items: Vec<RawItem>,
}

/// One stored item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawItem {
    /// Its type: `period`, `schedule`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its other fields.
    pub fields: Map<String, Value>,
}

impl RawItem {
    /// The item's place in a message: `periods.office-hours`.
    fn place(&self) -> String {
        format!("{}s.{}", self.kind, self.name)
    }
}

impl RawConfig {
    fn of(&self, kind: &str) -> impl Iterator<Item = &RawItem> {
        self.items.iter().filter(move |item| item.kind == kind)
    }

    fn named<T>(
        &self,
        kind: &str,
        mut parse: impl FnMut(&RawItem) -> Option<T>,
    ) -> BTreeMap<&str, Option<T>> {
        self.of(kind).map(|item| (item.name.as_str(), parse(item))).collect()
    }

    /// Reads `{"periods": {NAME: {...}}, "schedules": {NAME: {...}}}`.
    ///
    /// # Errors
    ///
    /// If the text is not JSON. An item of an unexpected shape is kept for [`Config::parse`] to report.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let sections: BTreeMap<String, BTreeMap<String, Map<String, Value>>> =
            serde_json::from_str(text)?;
        let items = sections.into_iter().flat_map(|(section, items)| {
            let kind = section.strip_suffix('s').unwrap_or(&section).to_owned();
            items.into_iter().map(move |(name, fields)| RawItem {
                kind: kind.clone(),
                name,
                fields,
            })
        });
        Ok(Self { items: items.collect() })
    }
}

/// Every schedule, understood or known to be mistaken, and the overrides.
#[derive(Clone, Debug, Default)]
pub struct Config {
    schedules: BTreeMap<ScheduleName, Entry>,
    overrides: Vec<Override>,
}

/// A schedule, or the first thing that is wrong with it.
#[derive(Clone, Debug)]
enum Entry {
    Good(Box<Schedule>),
    Broken(String),
}

/// What a tag's value names.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// A schedule.
    Schedule(&'a Schedule),
    /// A schedule with mistakes, and the first of them.
    Broken(&'a str),
    /// Nothing.
    Unknown,
}

impl Config {
    /// Understands stored items. `default_zone` is the zone of schedules that name none.
    ///
    /// The mistakes are in the order of the items; those whose [`Code::is_warning`] drop nothing.
    pub fn parse(raw: &RawConfig, default_zone: Tz) -> (Self, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let known = Known {
            periods: raw.named("period", |item| period::parse(item, &mut mistakes)),
            calendars: raw.named("calendar", |item| calendar::parse(item, &mut mistakes)),
        };
        let mut schedules = BTreeMap::new();
        for item in raw.of("schedule") {
            let Some(name) = parse_name::<ScheduleName>(item, &mut mistakes) else { continue };
            let before = mistakes.len();
            let entry = match schedule::parse(item, &name, &known, default_zone, &mut mistakes) {
                Some(schedule) => Entry::Good(Box::new(schedule)),
                None => Entry::Broken(first_error(&mistakes[before..])),
            };
            schedules.insert(name, entry);
        }
        for item in raw.of("exception") {
            if let Some(exception) = exception::parse(item, &mut mistakes) {
                mistakes.extend(attach(exception, &mut schedules));
            }
        }
        let overrides: Vec<Override> =
            raw.of("override").filter_map(|item| overriding::parse(item, &mut mistakes)).collect();
        mistakes.extend(
            overrides
                .iter()
                .filter_map(|one| overriding::aimless(one, |name| schedules.contains_key(name))),
        );
        mistakes.extend(raw.items.iter().filter_map(unknown_type));
        (Self { schedules, overrides }, mistakes)
    }

    /// The schedule of that name, if it is there and without mistakes.
    pub fn schedule(&self, name: &ScheduleName) -> Option<&Schedule> {
        match self.schedules.get(name)? {
            Entry::Good(schedule) => Some(schedule),
            Entry::Broken(_) => None,
        }
    }

    /// What the value of a schedule tag names. White space around it does not count.
    pub fn find(&self, tag: &str) -> Found<'_> {
        match self.schedules.get(tag.trim()) {
            Some(Entry::Good(schedule)) => Found::Schedule(schedule),
            Some(Entry::Broken(mistake)) => Found::Broken(mistake),
            None => Found::Unknown,
        }
    }

    /// The schedule that the value of a schedule tag names, if it is without mistakes.
    pub fn named(&self, tag: &str) -> Option<&Schedule> {
        match self.find(tag) {
            Found::Schedule(schedule) => Some(schedule),
            Found::Broken(_) | Found::Unknown => None,
        }
    }

    /// The override that wins for a schedule at an instant, if one holds.
    pub fn override_of(&self, schedule: &Schedule, now: Instant) -> Option<&Override> {
        overrides::winner(&self.overrides, schedule, None, now)
    }

    /// What a schedule says at an instant, or the override that wins over it.
    pub fn verdict(&self, schedule: &Schedule, at: Instant) -> Verdict {
        self.override_of(schedule, at).map_or_else(|| schedule.verdict(at), Override::verdict)
    }

    /// The override that wins for one resource that follows a schedule, if one holds. `path` is the resource's
    /// [path](overrides::path).
    pub fn override_of_resource(
        &self,
        schedule: &Schedule,
        path: &str,
        now: Instant,
    ) -> Option<&Override> {
        overrides::winner(&self.overrides, schedule, Some(path), now)
    }

    /// Whether any override is about single resources, so that each has to be asked about.
    pub fn overrides_resources(&self) -> bool {
        self.overrides.iter().any(|one| matches!(one.scope, overrides::Scope::Resource(_)))
    }

    /// Whether any schedule names a maintenance window of Systems Manager, so that they have to be looked up.
    pub fn names_windows(&self) -> bool {
        self.schedules().any(|schedule| !schedule.ssm_maintenance_windows.is_empty())
    }

    /// A warning for each override whose end is past.
    pub fn expired(&self, now: Instant) -> impl Iterator<Item = Mistake> {
        self.overrides.iter().filter(move |one| one.until <= now).map(|one| {
            let until = one.until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let mistake =
                Mistake::whole(&format!("overrides.{}", one.name), "until", &*until, Code::Expired);
            mistake.saying(format!("it ended at {until}"), "delete it, or give it a later end")
        })
    }

    /// The name of a schedule that is most like a text that names none.
    pub fn closest(&self, text: &str) -> Option<&ScheduleName> {
        let score = |name: &ScheduleName| strsim::jaro_winkler(text.trim(), name.as_str());
        self.schedules
            .keys()
            .max_by(|a, b| score(a).total_cmp(&score(b)))
            .filter(|name| score(name) > 0.8)
    }

    /// The schedules without mistakes, by name.
    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.schedules.values().filter_map(|entry| match entry {
            Entry::Good(schedule) => Some(&**schedule),
            Entry::Broken(_) => None,
        })
    }
}

/// The periods by name; none for one that has mistakes.
type Periods<'a> = BTreeMap<&'a str, Option<Period>>;

/// The calendars by name; none for one that has mistakes.
type Calendars<'a> = BTreeMap<&'a str, Option<Calendar>>;

/// What a schedule may name.
struct Known<'a> {
    periods: Periods<'a>,
    calendars: Calendars<'a>,
}

/// Puts an exception where it belongs, or says why it cannot.
fn attach(exception: Exception, schedules: &mut BTreeMap<ScheduleName, Entry>) -> Option<Mistake> {
    let Exception { schedule, date, change } = exception;
    let place = format!("exceptions.{}", change.name);
    let days = match schedules.get_mut(&schedule) {
        Some(Entry::Good(schedule)) => &mut schedule.days,
        // Its mistakes are reported already, and nothing of it acts.
        Some(Entry::Broken(_)) => return None,
        None => {
            let mistake =
                Mistake::whole(&place, "schedule", schedule.as_str(), Code::UnknownSchedule);
            return Some(mistake.saying(
                format!("there is no schedule `{schedule}`"),
                "write the name of a schedule",
            ));
        }
    };
    let day = days.entry(date).or_default();
    if let Some(other) = &day.exception {
        let mistake = Mistake::whole(&place, "date", date.to_string(), Code::Duplicate);
        let message = format!("the exception `{}` is for the same schedule and date", other.name);
        return Some(mistake.saying(message, "leave one of them out"));
    }
    day.exception = Some(change);
    None
}

fn first_error(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .find(|mistake| !mistake.code.is_warning())
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn parse_name<T: std::str::FromStr<Err = crate::id::InvalidName>>(
    item: &RawItem,
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    item.name
        .parse()
        .map_err(|error: crate::id::InvalidName| {
            let message = format!("`{}` is not {}", error.text, error.what);
            mistakes.push(
                Mistake::whole(&item.place(), "name", &*item.name, Code::BadName)
                    .saying(message, error.rule),
            );
        })
        .ok()
}

/// A warning about an item of a type that nothing reads. Instance Scheduler keeps its own settings under
/// `config`; they belong to it.
fn unknown_type(item: &RawItem) -> Option<Mistake> {
    if ["period", "schedule", "exception", "calendar", "override", "config"]
        .contains(&item.kind.as_str())
    {
        return None;
    }
    let message = format!("items of type `{}` are not read", item.kind);
    let mistake = Mistake::whole(&item.place(), "type", &*item.kind, Code::UnknownField);
    Some(mistake.saying(
        message,
        "write `period`, `schedule`, `exception`, `calendar` or `override`, or leave the item out",
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(raw: &Value) -> (Config, Vec<Mistake>) {
        Config::parse(&RawConfig::from_json(&raw.to_string()).unwrap(), Tz::UTC)
    }

    /// Each row: an item with one mistake, and where and what that is.
    #[test]
    fn each_mistake_names_its_place_and_what_to_write() {
        let periods = [
            (json!({"begintime": "9:60"}), "begintime", Code::BadTime, 0..4),
            (json!({"begintime": 9}), "begintime", Code::WrongType, 0..1),
            (json!({"weekdays": "mon-fry"}), "weekdays", Code::UnknownWeekday, 4..7),
            (json!({"weekdays": ["mon", "tue,fry"]}), "weekdays", Code::UnknownWeekday, 4..7),
            (json!({"monthdays": "10-1"}), "monthdays", Code::BackwardRange, 0..4),
            (json!({"monthdays": "1/0"}), "monthdays", Code::BadStep, 2..3),
            (json!({"months": "jan,smarch"}), "months", Code::UnknownMonth, 4..10),
            (json!({"months": []}), "months", Code::Empty, 0..0),
            (json!({"description": "nothing else"}), "", Code::Missing, 0..0),
        ];
        for (fields, field, code, span) in periods {
            let (_, mistakes) = parse(&json!({"periods": {"p": fields}}));
            let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
            assert_eq!(
                (&*mistake.item, &*mistake.field, mistake.code, mistake.span.clone()),
                ("periods.p", field, code, span)
            );
            assert!(!mistake.message.is_empty() && !mistake.help.is_empty(), "{mistake:?}");
        }
        let schedules = [
            (json!({"periods": ["nope"]}), "periods", Code::UnknownPeriod),
            (json!({"periods": "p@"}), "periods", Code::BadName),
            (
                json!({"periods": ["p"], "timezone": "Europe/Berlinn"}),
                "timezone",
                Code::UnknownTimezone,
            ),
            (json!({"periods": ["p"], "enforced": "maybe"}), "enforced", Code::BadValue),
            (json!({"periods": ["p"], "enforce_for": "an hour"}), "enforce_for", Code::BadValue),
            (
                json!({"periods": ["p"], "enforce_for": "1h", "enforced": true}),
                "enforce_for",
                Code::Conflict,
            ),
            (json!({"override_status": "paused"}), "override_status", Code::BadValue),
            (json!({}), "periods", Code::Missing),
        ];
        for (fields, field, code) in schedules {
            let (config, mistakes) =
                parse(&json!({"periods": {"p": {"weekdays": "mon"}}, "schedules": {"s": fields}}));
            let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
            assert_eq!(
                (&*mistake.item, &*mistake.field, mistake.code),
                ("schedules.s", field, code)
            );
            assert!(matches!(config.find("s"), Found::Broken(_)));
        }
    }

    #[test]
    fn a_bad_schedule_does_not_harm_the_others_and_every_mistake_is_reported() {
        let (config, mistakes) = parse(&json!({
            "periods": {"good": {"weekdays": "mon"}, "bad": {"begintime": "25:00", "weekdays": "someday"}},
            "schedules": {
                "a": {"periods": ["good"]},
                "b": {"periods": ["bad"], "timezone": "Mars/Olympus"},
            },
        }));
        assert!(matches!(config.find("a"), Found::Schedule(_)));
        assert!(matches!(config.find("b"), Found::Broken(_)));
        assert!(matches!(config.find("c"), Found::Unknown));
        let places: Vec<_> =
            mistakes.iter().map(|mistake| format!("{} {}", mistake.item, mistake.field)).collect();
        assert_eq!(
            places,
            [
                "periods.bad begintime",
                "periods.bad weekdays",
                "schedules.b timezone",
                "schedules.b periods"
            ]
        );
    }

    #[test]
    fn what_instance_scheduler_stores_is_read_as_it_stands() {
        let (config, mistakes) = parse(&json!({
            "configs": {"scheduler": {"tagname": "Schedule"}},
            "periods": {"office-hours": {"description": "Office hours", "begintime": "9:00", "endtime": "17:00", "weekdays": ["mon-fri"]}},
            "schedules": {"uk": {
                "timezone": "europe/london", "periods": ["office-hours"], "enforced": "False", "retain_running": "true",
                "stop_new_instances": true, "use_metrics": "false", "configured_in_stack": "arn:...",
            }},
        }));
        assert_eq!(mistakes, []);
        let schedule = config.schedule(&"uk".parse().unwrap()).unwrap();
        assert_eq!((schedule.zone, schedule.retain_running), (Tz::Europe__London, true));
    }

    #[test]
    fn a_schedule_of_maintenance_windows_alone_rests_outside_of_them() {
        let raw = json!({"schedules": {"s": {"ssm_maintenance_window": ["patch-sunday"]}}});
        let (config, mistakes) = parse(&raw);
        assert_eq!(mistakes, []);
        let schedule = config.schedule(&"s".parse().unwrap()).unwrap();
        let verdict = schedule.verdict("2026-02-17T10:00:00Z".parse().unwrap());
        assert_eq!((verdict.desired, verdict.until), (crate::Desired::Stopped, None));
    }

    #[test]
    fn a_bare_number_is_an_expression() {
        let (config, mistakes) = parse(&json!({
            "periods": {"p": {"weekdays": 0, "monthdays": [1, "15-20"], "months": 3}},
            "schedules": {"s": {"periods": ["p"]}},
        }));
        assert_eq!(mistakes, []);
        let dates = config.schedule(&"s".parse().unwrap()).unwrap().periods[0].period.dates;
        assert_eq!(dates.monthdays.unwrap().to_string(), "1,15,16,17,18,19,20");
    }

    #[test]
    fn an_override_that_can_win_over_nothing_is_named() {
        let until = "2026-03-02T12:00:00Z";
        let (_, mistakes) = parse(&json!({
            "periods": {"p": {"weekdays": "mon"}},
            "schedules": {"s": {"periods": ["p"]}},
            "overrides": {
                "a": {"scope": "schedule", "of": "nobody", "state": "running", "until": until},
                "b": {"scope": "schedule", "of": "s", "state": "running", "from": until, "until": until},
                "c": {"scope": "workload", "of": "shop", "state": "running", "until": until},
            },
        }));
        let codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code).collect();
        assert_eq!(codes, [Code::UnknownSchedule, Code::Conflict, Code::UnknownField]);
    }

    #[test]
    fn an_unknown_field_is_a_warning_and_the_schedule_still_counts() {
        for (field, help) in [
            ("colour", "leave it out, or look up its name"),
            ("retain-running", "did you mean `retain_running`?"),
            // The one that was meant is there.
            ("override-status", "leave it out, or look up its name"),
        ] {
            let schedule = json!({"override_status": "running", field: "x"});
            let (config, mistakes) = parse(&json!({"schedules": {"s": schedule}}));
            let told: Vec<_> = mistakes.iter().map(|one| (one.code, one.help.as_str())).collect();
            assert_eq!(told, [(Code::UnknownField, help)], "{field}");
            assert!(config.schedule(&"s".parse().unwrap()).is_some());
        }
    }
}
