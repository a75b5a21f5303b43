//! The schedules of the world, and what operators do to them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use scheduler_core::{Config, Instant, RawConfig};
use serde_json::{Value, json};

use crate::dice::Dice;

/// The schedules as they are stored, and what they mean.
#[derive(Clone, Debug)]
pub struct Timetable {
    stored: Value,
    /// What operators have broken: the schedule, and what it was.
    broken: Option<(String, Value)>,
    /// What they mean.
    pub config: Config,
    /// When the overrides that are stored were written, by name.
    pub written: BTreeMap<String, Instant>,
    /// How often they have been changed.
    pub version: u64,
}

/// The values of schedule tags in the world; some name no schedule, one a broken one.
pub const TAGS: [&str; 33] = [
    "office",
    "office",
    "strict",
    "firm",
    "considerate",
    "retaining",
    "sparing",
    "night",
    "chicago",
    "small",
    "mixed",
    "from",
    "until",
    "weekend",
    "deep",
    "backed-up",
    "patched",
    "patched-strictly",
    "unwindowed",
    "up",
    "down",
    "fired",
    "fired-typed",
    "rated",
    "clocks",
    "monthly",
    "monthly",
    "retaining-monthly",
    "small",
    "mixed",
    "mixed",
    "broken",
    "no such schedule",
];

/// The name of the window of Systems Manager that some schedules name.
pub const PATCHES: &str = "patches";

fn stored() -> Value {
    json!({
        "periods": {
            "office": {"begintime": "09:00", "endtime": "18:00", "weekdays": "mon-fri"},
            "early": {"begintime": "06:30", "endtime": "09:00", "weekdays": "mon-fri"},
            "late": {"begintime": "11:00", "endtime": "22:00"},
            "night": {"begintime": "22:00", "endtime": "06:00"},
            "from": {"begintime": "09:00", "weekdays": "mon-fri"},
            "until": {"endtime": "18:00", "weekdays": "mon-fri"},
            "weekend": {"weekdays": "sat-sun"},
            "monthly": {"begintime": "09:00", "endtime": "18:00", "monthdays": "L"},
            "gap": {"begintime": "02:15", "endtime": "02:45"},
            "broken": {"begintime": "9 o'clock"}
        },
        "schedules": {
            "office": {"timezone": "Europe/Berlin", "periods": ["office"]},
            "strict": {"timezone": "Europe/Berlin", "periods": ["office"], "enforced": true},
            "firm": {"timezone": "Europe/London", "periods": ["late"], "enforce_for": "59m"},
            "considerate":
                {"timezone": "Europe/Berlin", "periods": ["late"], "retain_running": true, "stop_new_instances": false},
            "retaining": {"timezone": "Europe/Berlin", "periods": ["office", "night"], "retain_running": true},
            "sparing": {"timezone": "UTC", "periods": ["office"], "stop_new_instances": false},
            "night": {"timezone": "Asia/Seoul", "periods": ["night"]},
            "chicago": {"timezone": "America/Chicago", "periods": ["office"]},
            "small": {"timezone": "Europe/Berlin", "periods": ["office@m5.large"]},
            "mixed": {"timezone": "Europe/Berlin", "periods": ["early@m5.large", "office@m5.xlarge", "late@t3.small"]},
            "from": {"timezone": "Europe/Berlin", "periods": ["from"]},
            "until": {"timezone": "Europe/Berlin", "periods": ["until"]},
            "weekend": {"timezone": "Europe/Berlin", "periods": ["weekend"]},
            "deep": {"timezone": "Europe/Berlin", "periods": ["office"], "hibernate": true},
            "backed-up": {"timezone": "Europe/Berlin", "periods": ["office"], "use_backup_window": true},
            "patched": {"timezone": "Europe/Berlin", "periods": ["office"], "ssm_maintenance_window": PATCHES},
            "patched-strictly": {
                "timezone": "Europe/Berlin", "periods": ["late@m5.large"], "ssm_maintenance_window": PATCHES, "enforced": true
            },
            "unwindowed": {"timezone": "Europe/Berlin", "periods": ["office"], "use_maintenance_window": false},
            "up": {"override_status": "running", "periods": ["office"]},
            "down": {"override_status": "stopped", "periods": ["office"]},
            "fired":
                {"timezone": "Europe/Berlin", "start": "cron(0 8 ? * MON-FRI *)", "stop": "cron(30 19 ? * MON-FRI *)"},
            "fired-typed": {"timezone": "Asia/Seoul", "stop": "cron(0 20 * * ? *)"},
            "rated": {
                "start": "rate(8 hours)", "start_from": "2026-01-01T00:00:00Z",
                "stop": "rate(8 hours)", "stop_from": "2026-01-01T05:00:00Z"
            },
            "monthly": {"timezone": "Europe/Berlin", "periods": ["monthly"], "use_maintenance_window": false},
            "retaining-monthly":
                {"timezone": "Asia/Seoul", "periods": ["monthly"], "retain_running": true, "use_maintenance_window": false},
            "clocks": {"timezone": "Europe/Berlin", "periods": ["gap"]},
            "broken": {"periods": ["broken"]}
        }
    })
}

impl Timetable {
    /// The schedules as they are at first.
    pub fn new() -> Self {
        Self::of(stored())
    }

    /// These schedules, as a file has them.
    pub fn of(stored: Value) -> Self {
        let config = understood(&stored);
        Self { stored, broken: None, config, written: BTreeMap::new(), version: 0 }
    }

    /// An operator changes something; answers what.
    pub fn edit(&mut self, dice: &mut Dice) -> String {
        let what = match (self.broken.take(), dice.below(4)) {
            (Some((name, before)), _) => {
                self.stored["schedules"][&name] = before;
                format!("an operator mends the schedule {name}")
            }
            (None, 0) => self.break_one(dice),
            (None, 1) => self.fix_one(dice),
            (None, _) => self.shift_one(dice),
        };
        self.version += 1;
        self.config = understood(&self.stored);
        what
    }

    /// Somebody writes an override, makes one last longer, or takes one away; answers what. Most say no `from`.
    pub fn override_something(&mut self, dice: &mut Dice, now: Instant) -> String {
        let until = (now + dice.between(TimeDelta::hours(1), TimeDelta::days(2))).to_rfc3339();
        let names: Vec<String> = self.written.keys().cloned().collect();
        let what = match dice.below(4) {
            0 if !names.is_empty() => {
                let name = dice.pick(&names);
                self.written.remove(&name);
                if let Some(overrides) = self.stored["overrides"].as_object_mut() {
                    overrides.remove(&name);
                }
                format!("somebody takes the override {name} away")
            }
            1 if names.last().is_some_and(|name| self.is_to_end_after(name, now)) => {
                let name = names[names.len() - 1].clone();
                self.stored["overrides"][&name]["until"] = until.clone().into();
                format!("somebody has the override {name} hold until {until}")
            }
            _ => self.write_override(dice, now, until),
        };
        self.config = understood(&self.stored);
        what
    }

    fn is_to_end_after(&self, name: &str, now: Instant) -> bool {
        let until = self.stored["overrides"][name]["until"].as_str();
        until.and_then(|text| text.parse::<Instant>().ok()).is_some_and(|until| until > now)
    }

    fn write_override(&mut self, dice: &mut Dice, now: Instant, until: String) -> String {
        let name = format!("override {}", now.format("%d %H:%M:%S"));
        let mut item = json!({"state": dice.pick(&["running", "stopped"]), "until": until});
        let of = dice.pick(&TAGS);
        if dice.chance(30) || matches!(of, "broken" | "no such schedule") {
            item["scope"] = "everything".into();
        } else {
            (item["scope"], item["of"]) = ("schedule".into(), of.into());
        }
        if dice.chance(20) {
            let from = now + dice.between(TimeDelta::minutes(-30), TimeDelta::minutes(50));
            item["from"] = from.to_rfc3339().into();
        }
        let what = format!("somebody writes the override {name}: {item}");
        self.stored["overrides"][&name] = item;
        self.written.insert(name, now);
        what
    }

    fn break_one(&mut self, dice: &mut Dice) -> String {
        let name = dice.pick(&["office", "strict", "mixed", "retaining", "patched", "fired"]);
        let schedule = &mut self.stored["schedules"][name];
        self.broken = Some((name.to_owned(), schedule.clone()));
        *schedule = json!({"periods": ["broken"]});
        format!("an operator breaks the schedule {name}")
    }

    /// Gives a schedule a state that holds whatever its periods say, or takes it away.
    fn fix_one(&mut self, dice: &mut Dice) -> String {
        let name = dice.pick(&["office", "firm", "considerate", "small", "up", "down"]);
        let status = dice.pick(&[json!("running"), json!("stopped"), Value::Null]);
        let what = format!("an operator sets the override_status of {name} to {status}");
        self.stored["schedules"][name]["override_status"] = status;
        what
    }

    fn shift_one(&mut self, dice: &mut Dice) -> String {
        // Within bounds, so that no schedule comes to run for ever: its edges would be years away, and slow to look for.
        let (name, field, first) = dice.pick(&[
            ("office", "begintime", 6),
            ("office", "endtime", 14),
            ("late", "begintime", 9),
            ("late", "endtime", 18),
            ("night", "begintime", 19),
            ("night", "endtime", 1),
            ("early", "begintime", 3),
            ("early", "endtime", 8),
        ]);
        let time = format!("{:02}:{:02}", first + dice.below(4), dice.below(4) * 15);
        let what = format!("an operator sets {field} of the period {name} to {time}");
        self.stored["periods"][name][field] = time.into();
        what
    }
}

impl Default for Timetable {
    fn default() -> Self {
        Self::new()
    }
}

fn understood(stored: &Value) -> Config {
    // The text is built here: one that is no JSON would be a mistake of this file, and shows in every law.
    let raw = RawConfig::from_json(&stored.to_string()).unwrap_or_default();
    Config::parse(&raw, chrono_tz::UTC).0
}
