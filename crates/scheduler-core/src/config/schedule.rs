//! Items of type `schedule`.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::{
    Calendars, Known, Periods, RawItem, calendar::Calendar, fields::Fields, overriding::instant,
    period::DESCRIPTIVE,
};
use crate::{
    cron::{Expression, Firing, Rate},
    day::Day,
    id::{InstanceType, ScheduleName},
    mistake::{Code, Mistake, Wrong},
    schedule::{Desired, Enforcement, Period, PeriodUse, Schedule},
};

/// Fields of Instance Scheduler on AWS that have no effect on when a resource runs.
const WITHOUT_EFFECT: [&str; 2] = ["use_metrics", "overwrite"];

/// The schedule, unless there is a mistake in it.
pub(super) fn parse(
    item: &RawItem,
    name: &ScheduleName,
    known: &Known<'_>,
    default_zone: Tz,
    mistakes: &mut Vec<Mistake>,
) -> Option<Schedule> {
    let mut fields = Fields::of(item, mistakes);
    let mut schedule = Schedule::new(name.clone(), default_zone);
    schedule.zone = fields.parsed("timezone", zone).unwrap_or(default_zone);
    schedule.override_status = fields.parsed("override_status", status);
    schedule.periods = period_uses(&mut fields, &known.periods);
    // They are stored as a set: what they mean together must not depend on the order in which somebody wrote them.
    schedule.periods.sort_by(|a, b| a.period.name.cmp(&b.period.name));
    schedule.start = firing(&mut fields, "start", "start_from");
    schedule.stop = firing(&mut fields, "stop", "stop_from");
    schedule.days = days(&mut fields, &known.calendars);
    schedule.enforcement = enforcement(&mut fields);
    schedule.retain_running = fields.flag("retain_running").unwrap_or(schedule.retain_running);
    schedule.stop_new_instances =
        fields.flag("stop_new_instances").unwrap_or(schedule.stop_new_instances);
    schedule.hibernate = fields.flag("hibernate").unwrap_or(schedule.hibernate);
    schedule.use_maintenance_window =
        fields.flag("use_maintenance_window").unwrap_or(schedule.use_maintenance_window);
    schedule.use_backup_window =
        fields.flag("use_backup_window").unwrap_or(schedule.use_backup_window);
    let windows = fields.members("ssm_maintenance_window").unwrap_or_default();
    schedule.ssm_maintenance_windows = windows.into_iter().map(str::to_owned).collect();
    check_times(&mut fields, &schedule);
    let ignored: Vec<_> = DESCRIPTIVE.into_iter().chain(WITHOUT_EFFECT).collect();
    let has_errors = fields.warn_of_others(&ignored);
    (!has_errors).then_some(schedule)
}

/// A schedule has to say when it runs, in one way. One that only names maintenance windows rests outside of them.
fn check_times(fields: &mut Fields<'_>, schedule: &Schedule) {
    if fields.has_errors() {
        return;
    }
    let has_periods = !schedule.periods.is_empty();
    let has_windows = !schedule.ssm_maintenance_windows.is_empty();
    let says_nothing = !has_periods && !schedule.is_fired() && !has_windows;
    if says_nothing && schedule.override_status.is_none() {
        let help =
            "write the names of its periods, `start` and `stop` expressions, or an override_status";
        let mistake =
            fields.mistake("periods", "", Code::Missing).saying("the schedule has no period", help);
        fields.report(mistake);
    }
    if has_periods && schedule.is_fired() {
        let help = "write `periods`, or `start` and `stop`";
        let message = "a schedule has either periods or expressions that fire";
        let mistake = fields.mistake("periods", "", Code::Conflict).saying(message, help);
        fields.report(mistake);
    }
}

/// `start` or `stop`: `cron(...)`, or `rate(...)` with the instant it counts from in a field of its own.
fn firing(fields: &mut Fields<'_>, field: &'static str, anchor: &'static str) -> Option<Firing> {
    let text = fields.text(field);
    let from = fields.parsed(anchor, instant);
    let expression = match text?.parse::<Expression>() {
        Ok(expression) => expression,
        Err(error) => {
            let mistake = fields.mistake(field, text?, error.code);
            fields
                .report(Mistake { span: error.span, ..mistake }.saying(error.message, error.help));
            return None;
        }
    };
    match (expression, from) {
        (Expression::Cron(cron), _) => Some(Firing::Cron(cron)),
        (Expression::Rate(every), Some(anchor)) => Some(Firing::Rate(Rate { every, anchor })),
        (Expression::Rate(_), None) => {
            let help = "write the instant of its first firing, as in `2026-02-17T10:00:00+09:00`";
            let mistake = fields
                .mistake(anchor, "", Code::Missing)
                .saying("a rate has to count from somewhere", help);
            fields.report(mistake);
            None
        }
    }
}

/// The days of the calendars that the schedule lists. Of two that name the same day the first listed wins.
fn days(fields: &mut Fields<'_>, calendars: &Calendars<'_>) -> BTreeMap<NaiveDate, Day> {
    let members = fields.members("calendars").unwrap_or_default();
    let mut days = BTreeMap::new();
    for name in members.into_iter().flat_map(|member| member.split(',')).map(str::trim) {
        let Some(calendar) = find_calendar(fields, name, calendars) else { continue };
        for (date, day) in calendar {
            days.entry(*date)
                .or_insert_with(|| Day { calendar: Some(day.clone()), exception: None });
        }
    }
    days
}

fn find_calendar<'c>(
    fields: &mut Fields<'_>,
    name: &str,
    calendars: &'c Calendars<'_>,
) -> Option<&'c Calendar> {
    let found = calendars.get(name);
    if let Some(Some(calendar)) = found {
        return Some(calendar);
    }
    let mistake = fields.mistake("calendars", name, Code::UnknownCalendar);
    fields.report(if found.is_some() {
        mistake.saying(format!("the calendar `{name}` has a mistake"), "mend the calendar")
    } else {
        mistake.saying(
            format!("there is no calendar `{name}`"),
            closest(name, calendars.keys(), "calendar"),
        )
    });
    None
}

/// A zone by its name in the time zone database, in any case.
pub(crate) fn zone(text: &str) -> Result<Tz, Wrong> {
    if let Some(zone) =
        chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text))
    {
        return Ok(*zone);
    }
    let score = |zone: &&Tz| strsim::jaro_winkler(text, zone.name());
    let closest = chrono_tz::TZ_VARIANTS.iter().max_by(|a, b| score(a).total_cmp(&score(b)));
    let help = match closest.filter(|zone| score(zone) > 0.85) {
        Some(zone) => format!("did you mean `{zone}`?"),
        None => "write a name from the time zone database, such as `Europe/Berlin`".to_owned(),
    };
    Err(Wrong::new(Code::UnknownTimezone, format!("`{text}` is not a time zone"), help))
}

pub(super) fn status(text: &str) -> Result<Desired, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "running" => Ok(Desired::Running),
        "stopped" => Ok(Desired::Stopped),
        text => Err(Wrong::new(
            Code::BadValue,
            format!("`{text}` is not a state"),
            "write `running` or `stopped`",
        )),
    }
}

fn enforcement(fields: &mut Fields<'_>) -> Enforcement {
    let always = fields.flag("enforced").unwrap_or(false);
    let span = fields.parsed("enforce_for", span);
    match (always, span) {
        (false, None) => Enforcement::AtEdges,
        (true, None) => Enforcement::Always,
        (false, Some(span)) => Enforcement::For(span),
        (true, Some(_)) => {
            let mistake = fields.mistake("enforce_for", "", Code::Conflict);
            fields.report(
                mistake.saying("enforced has no end, enforce_for has one", "write one of the two"),
            );
            Enforcement::Always
        }
    }
}

/// A span of time in whole minutes or hours: `59m`, `2h`.
fn span(text: &str) -> Result<TimeDelta, Wrong> {
    let number = |suffix| {
        text.strip_suffix(suffix).and_then(|digits| digits.parse::<u32>().ok()).filter(|n| *n > 0)
    };
    match (number('m'), number('h')) {
        (Some(minutes), _) => Ok(TimeDelta::minutes(minutes.into())),
        (_, Some(hours)) => Ok(TimeDelta::hours(hours.into())),
        (None, None) => {
            let help = "write minutes or hours, as in `59m` or `2h`";
            Err(Wrong::new(Code::BadValue, format!("`{text}` is not a span of time"), help))
        }
    }
}

fn period_uses(fields: &mut Fields<'_>, periods: &Periods<'_>) -> Vec<PeriodUse> {
    let members = fields.members("periods").unwrap_or_default();
    let names = members.into_iter().flat_map(|member| member.split(',')).map(str::trim);
    names.filter_map(|text| period_use(fields, text, periods)).collect()
}

/// `office-hours`, or `office-hours@m5.large`.
fn period_use(fields: &mut Fields<'_>, text: &str, periods: &Periods<'_>) -> Option<PeriodUse> {
    let (name, instance_type) = match text.split_once('@') {
        Some((name, instance_type)) => {
            (name.trim(), Some(parse_instance_type(fields, text, instance_type.trim())?))
        }
        None => (text, None),
    };
    let period = find_period(fields, name, text, periods)?.clone();
    Some(PeriodUse { period, instance_type })
}

fn parse_instance_type(
    fields: &mut Fields<'_>,
    text: &str,
    instance_type: &str,
) -> Option<InstanceType> {
    let parsed = instance_type.parse::<InstanceType>();
    if let Err(error) = &parsed {
        let start = text.find('@').map_or(0, |at| at + 1);
        let mistake =
            Mistake { span: start..text.len(), ..fields.mistake("periods", text, Code::BadName) };
        fields
            .report(mistake.saying(format!("`{instance_type}` is not {}", error.what), error.rule));
    }
    parsed.ok()
}

fn find_period<'p>(
    fields: &mut Fields<'_>,
    name: &str,
    text: &str,
    periods: &'p Periods<'_>,
) -> Option<&'p Period> {
    let found = periods.get(name);
    if let Some(Some(period)) = found {
        return Some(period);
    }
    let mistake =
        Mistake { span: 0..name.len(), ..fields.mistake("periods", text, Code::UnknownPeriod) };
    fields.report(if found.is_some() {
        mistake.saying(format!("the period `{name}` has a mistake"), "mend the period")
    } else {
        mistake
            .saying(format!("there is no period `{name}`"), closest(name, periods.keys(), "period"))
    });
    None
}

/// A suggestion for a name that is not there.
fn closest<'n>(name: &str, names: impl Iterator<Item = &'n &'n str>, what: &str) -> String {
    let score = |other: &str| strsim::jaro_winkler(name, other);
    match names.max_by(|a, b| score(a).total_cmp(&score(b))).filter(|other| score(other) > 0.8) {
        Some(other) => format!("did you mean `{other}`?"),
        None => format!("write the name of a {what}, or create this one"),
    }
}
