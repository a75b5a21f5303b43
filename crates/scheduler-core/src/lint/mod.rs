//! Warnings: what is no mistake and yet probably not what was meant.
//!
//! Everything here can be said of one reading of the schedules and a span of time; nothing is dropped for it.
//!
//! | warning | says |
//! |---|---|
//! | `never-runs` | the schedule, or one of its periods, never runs |
//! | `always-runs` | the schedule never stops |
//! | `clock-change` | a period begins or ends at a time that clocks skip or repeat |
//! | `unused-period` | no schedule names the period |
//! | `instance-types` | periods of one schedule run at the same time as different instance types |
//! | `hidden-stop` | a stop is lost because a one-sided period has no opinion then |
//! | `stops-at-midnight` | the schedule stops for the last minute of a day |

mod clocks;
mod course;
mod periods;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::Value;

use crate::{
    Config, Instant, Mistake, RawConfig, RawItem, Schedule,
    config::zone,
    mistake::{Code, Wrong},
};

/// Every warning about the schedules without mistakes, as far as it shows between two instants.
///
/// Two years show every clock change and every date but 29 February.
///
/// ```
/// # use scheduler_core::{Config, RawConfig, lint};
/// let raw = RawConfig::from_json(r#"{"periods": {"night": {"begintime": "02:30", "endtime": "05:00"}},
///     "schedules": {"backup": {"timezone": "Europe/Berlin", "periods": ["night"]}}}"#)?;
/// let (config, _) = Config::parse(&raw, chrono_tz::UTC);
/// let warnings = lint::warnings(&config, &raw, "2026-01-01T00:00:00Z".parse()?, "2027-01-01T00:00:00Z".parse()?);
/// assert_eq!(warnings[0].message, "`night` begins at 02:30, which clocks in Europe/Berlin skip on 2026-03-29");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn warnings(config: &Config, raw: &RawConfig, from: Instant, until: Instant) -> Vec<Mistake> {
    let mut found = periods::unused(raw);
    found.extend(periods::never_holding(config, from, until));
    for schedule in config.schedules() {
        found.extend(course::of(schedule, from, until));
        found.extend(clocks::changes(schedule, from, until));
        found.extend(periods::fighting(schedule, from, until));
    }
    found
}

/// The zone that a file names for schedules that name none.
///
/// # Errors
///
/// If it is not a name in the time zone database, in any case.
pub fn default_zone(text: &str) -> Result<Tz, Box<Mistake>> {
    zone(text).map_err(|wrong: Wrong| Box::new(wrong.with("default_timezone", "", text)))
}

/// The names of the periods that a schedule's item names, whether they are there or not.
pub fn period_names(schedule: &RawItem) -> impl Iterator<Item = &str> {
    members(schedule, "periods").map(|name| name.split('@').next().unwrap_or(name).trim())
}

/// The names of the calendars that a schedule's item names, whether they are there or not.
pub fn calendar_names(schedule: &RawItem) -> impl Iterator<Item = &str> {
    members(schedule, "calendars")
}

/// The members of a list, of which each may be a list with commas.
fn members<'a>(item: &'a RawItem, field: &str) -> impl Iterator<Item = &'a str> {
    let members: &[Value] = match item.fields.get(field) {
        Some(Value::Array(members)) => members,
        Some(alone) => std::slice::from_ref(alone),
        None => &[],
    };
    members.iter().filter_map(Value::as_str).flat_map(|member| member.split(',')).map(str::trim)
}

/// A warning about a schedule.
fn warn(schedule: &Schedule, field: &str, text: &str, code: Code) -> Mistake {
    Mistake::whole(&format!("schedules.{}", schedule.name), field, text, code)
}

/// The dates of a zone between two instants.
fn dates(zone: Tz, from: Instant, until: Instant) -> impl Iterator<Item = NaiveDate> {
    let date = |at: Instant| at.with_timezone(&zone).date_naive();
    let (first, last) = (date(from), date(until));
    first.iter_days().take_while(move |date| *date < last)
}

/// `2026-03-29`, `2026-03-29 and 2027-03-28`, `2026-03-29, 2027-03-28 and 3 more days`.
fn listed(dates: &[NaiveDate]) -> String {
    match dates {
        [] => String::new(),
        [one] => one.to_string(),
        [one, other] => format!("{one} and {other}"),
        [one, other, third] => format!("{one}, {other} and {third}"),
        [one, other, more @ ..] => format!("{one}, {other} and {} more days", more.len()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lint(raw: &Value) -> Vec<Mistake> {
        let raw = RawConfig::from_json(&raw.to_string()).unwrap();
        let (config, mistakes) = Config::parse(&raw, Tz::UTC);
        assert_eq!(mistakes, []);
        let at = |text: &str| text.parse().unwrap();
        warnings(&config, &raw, at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"))
    }

    /// One schedule `s` of these periods.
    fn check(zone: &str, periods: Value, uses: &[&str], expected: &[(Code, &str)]) {
        let raw =
            json!({"periods": periods, "schedules": {"s": {"timezone": zone, "periods": uses}}});
        let found = lint(&raw);
        let found: Vec<_> = found.iter().map(|m| (m.code, m.message.as_str())).collect();
        assert_eq!(found, expected, "{raw}");
    }

    #[test]
    fn an_office_gives_no_cause() {
        let office =
            json!({"p": {"begintime": "09:00", "endtime": "18:00", "weekdays": "mon-fri"}});
        check("Europe/Berlin", office, &["p"], &[]);
    }

    #[test]
    fn what_never_or_always_runs_is_named() {
        let never = json!({"p": {"months": "feb", "monthdays": "30"}});
        let expected = [
            (Code::NeverRuns, "`p` holds on no day from 2026-01-01 to 2027-12-31"),
            (Code::NeverRuns, "it does not run from 2026-01-01 to 2027-12-31"),
        ];
        check("UTC", never, &["p"], &expected);
        let equal = json!({"p": {"begintime": "09:00", "endtime": "09:00"}});
        let expected = [
            (Code::NeverRuns, "`p` ends when it begins"),
            (Code::NeverRuns, "it does not run from 2026-01-01 to 2027-12-31"),
        ];
        check("UTC", equal, &["p"], &expected);
        let always = json!({"p": {"weekdays": "*"}});
        let expected = [(Code::AlwaysRuns, "it runs without a stop from 2026-01-01 to 2027-12-31")];
        check("UTC", always, &["p"], &expected);
        // Only stops things: it never runs anything, on purpose.
        check("UTC", json!({"p": {"endtime": "20:00"}}), &["p"], &[]);
    }

    #[test]
    fn an_override_status_is_named_as_the_reason() {
        let raw = json!({"schedules": {
            "off": {"override_status": "stopped"}, "on": {"override_status": "running"}}});
        let found: Vec<_> = lint(&raw).into_iter().map(|m| (m.item, m.field, m.code)).collect();
        let expected = [("off", Code::NeverRuns), ("on", Code::AlwaysRuns)]
            .map(|(name, code)| (format!("schedules.{name}"), "override_status".to_owned(), code));
        assert_eq!(found, expected);
    }

    #[test]
    fn times_that_clocks_skip_or_repeat_are_named_with_their_days() {
        let skipped = json!({"p": {"begintime": "02:30", "endtime": "05:00", "weekdays": "sun"}});
        let expected = [
            (
                Code::ClockChange,
                "`p` begins at 02:30, which clocks in Europe/Berlin skip on 2026-03-29 and 2027-03-28",
            ),
            (
                Code::ClockChange,
                "`p` begins at 02:30, which clocks in Europe/Berlin show twice on 2026-10-25 and 2027-10-31",
            ),
        ];
        check("Europe/Berlin", skipped, &["p"], &expected);
        let weekdays =
            json!({"p": {"begintime": "02:30", "endtime": "05:00", "weekdays": "mon-fri"}});
        check("Europe/Berlin", weekdays, &["p"], &[]);
        // The end belongs to the Sunday, the period to the Saturday.
        let night = json!({"p": {"begintime": "22:00", "endtime": "02:15", "weekdays": "sat"}});
        let expected = [(
            Code::ClockChange,
            "`p` ends at 02:15, which clocks in Australia/Lord_Howe skip on 2026-10-04 and 2027-10-03",
        )];
        check("Australia/Lord_Howe", night, &["p"], &expected);
        // An end at the first skipped minute, and a begin at the first repeated one, change nothing.
        let edges = json!({"p": {"begintime": "01:00", "endtime": "02:00"}});
        check("Europe/Berlin", edges, &["p"], &[]);
    }

    #[test]
    fn periods_that_nothing_names_are_named() {
        let periods =
            json!({"p": {"begintime": "09:00", "endtime": "18:00"}, "q": {"weekdays": "mon"}});
        check("UTC", periods, &["p@m5.large"], &[(Code::UnusedPeriod, "no schedule names `q`")]);
    }

    #[test]
    fn periods_that_run_as_different_types_are_named_with_the_one_that_wins() {
        let periods = json!({
            "day": {"begintime": "09:00", "endtime": "18:00", "weekdays": "mon-fri"},
            "end": {"begintime": "06:00", "endtime": "22:00", "monthdays": "L"},
        });
        let expected = [(
            Code::InstanceTypes,
            "on 2026-01-30 `day` runs from 09:00 without an instance type, and `end` as m5.large",
        )];
        // The last day of January 2026 is a Saturday.
        let friday = json!({"day": periods["day"], "end": {"begintime": "06:00", "endtime": "22:00", "monthdays": "30"}});
        check("UTC", friday, &["day", "end@m5.large"], &expected);
        check("UTC", periods, &["day@m5.large", "end@m5.large"], &[]);
    }

    #[test]
    fn a_stop_that_another_period_hides_is_named() {
        let periods = json!({
            "day": {"begintime": "06:00", "endtime": "12:00", "weekdays": "mon-fri"},
            "late": {"begintime": "20:00", "weekdays": "fri"},
        });
        let expected = [(
            Code::HiddenStop,
            "the stop of `day` is lost on 2026-01-02, 2026-01-09 and 103 more days: `late` has no opinion then",
        )];
        check("UTC", periods, &["day", "late"], &expected);
    }

    #[test]
    fn a_minute_without_running_at_midnight_is_named() {
        let expected = [(
            Code::StopsAtMidnight,
            "it stops for the minute before midnight, first on 2026-01-01",
        )];
        check("UTC", json!({"p": {"begintime": "00:00", "endtime": "23:59"}}), &["p"], &expected);
        // Two periods that touch are one span.
        let two = json!({"p": {"begintime": "12:00", "endtime": "23:59"}, "q": {"begintime": "00:00", "endtime": "10:00"}});
        check("UTC", two, &["p", "q"], &[]);
    }
}
