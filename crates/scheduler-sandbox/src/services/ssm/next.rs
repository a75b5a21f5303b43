//! When a schedule comes round next, in UTC: `at(...)` and the ordinary forms of `cron(...)`.
//!
//! Simpler than AWS: of cron there are numbers, names, `*`, `?`, lists, ranges, steps and the nth weekday (`TUE#2`), not
//! `L` and `W`; rates count from an instant that AWS does not tell, so they have none.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Utc};

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Whoever asks for a 29th of February waits this long at most.
const DAYS_AHEAD: i64 = 8 * 366;

/// The first instant of a schedule behind this one, if it has one that can be told.
pub(super) fn after(schedule: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (kind, inside) = schedule.strip_suffix(')')?.split_once('(')?;
    match kind {
        "at" => once(inside).filter(|at| *at > now),
        "cron" => Cron::parse(inside)?.after(now),
        _ => None,
    }
}

fn once(text: &str) -> Option<DateTime<Utc>> {
    let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let parsed = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    parsed.map(|at| at.and_utc())
}

/// Each field as the set of its numbers; weekdays count from Sunday, which is 1.
struct Cron {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Weekdays,
    years: Vec<u32>,
}

enum Weekdays {
    Any(Vec<u32>),
    Nth(u32, u32),
}

impl Cron {
    /// Six fields, or seven with the seconds in front, as the console writes them.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.split_whitespace().collect();
        let fields = if fields.len() == 7 { &fields[1..] } else { &fields[..] };
        let [minutes, hours, days, months, weekdays, years] = fields else { return None };
        Some(Self {
            minutes: set(minutes, 0, 59, &[])?,
            hours: set(hours, 0, 23, &[])?,
            days: set(days, 1, 31, &[])?,
            months: set(months, 1, 12, &MONTHS)?,
            weekdays: self::weekdays(weekdays)?,
            years: set(years, 1970, 2199, &[])?,
        })
    }

    fn after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = now.date_naive();
        let dates = (0..DAYS_AHEAD).map(|ahead| today + Duration::days(ahead));
        dates.filter(|date| self.holds_on(*date)).find_map(|date| {
            let times = self.hours.iter().flat_map(|hour| {
                self.minutes.iter().filter_map(move |minute| date.and_hms_opt(*hour, *minute, 0))
            });
            times.map(|at| at.and_utc()).find(|at| *at > now)
        })
    }

    fn holds_on(&self, date: NaiveDate) -> bool {
        let weekday = date.weekday().num_days_from_sunday() + 1;
        let fits = match &self.weekdays {
            Weekdays::Any(weekdays) => weekdays.contains(&weekday),
            Weekdays::Nth(wanted, nth) => weekday == *wanted && date.day0() / 7 + 1 == *nth,
        };
        fits && self.days.contains(&date.day())
            && self.months.contains(&date.month())
            && u32::try_from(date.year()).is_ok_and(|year| self.years.contains(&year))
    }
}

fn weekdays(text: &str) -> Option<Weekdays> {
    match text.split_once('#') {
        Some((day, nth)) => Some(Weekdays::Nth(number(day, &WEEKDAYS)?, nth.parse().ok()?)),
        None => set(text, 1, 7, &WEEKDAYS).map(Weekdays::Any),
    }
}

/// The numbers that a field stands for, in order.
fn set(text: &str, least: u32, most: u32, names: &[&str]) -> Option<Vec<u32>> {
    let parts: Option<Vec<_>> =
        text.split(',').map(|part| span(part, least, most, names)).collect();
    let mut numbers: Vec<_> = parts?.into_iter().flatten().collect();
    numbers.sort_unstable();
    Some(numbers)
}

fn span(part: &str, least: u32, most: u32, names: &[&str]) -> Option<Vec<u32>> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
        None => (part, 1),
    };
    let (from, to) = match (range, range.split_once('-')) {
        ("*" | "?", _) => (least, most),
        (_, Some((from, to))) => (number(from, names)?, number(to, names)?),
        (one, None) => (number(one, names)?, if part == one { number(one, names)? } else { most }),
    };
    Some((from..=to).step_by(step).collect())
}

/// A number, or a name that stands for its place in a list, counted from one.
fn number(text: &str, names: &[&str]) -> Option<u32> {
    let named = (1..).zip(names).find(|(_, name)| name.eq_ignore_ascii_case(text));
    named.map(|(number, _)| number).or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn schedules_come_round() {
        // A Monday.
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap();
        let rows = [
            ("cron(0 8 ? * * *)", Some("2026-03-03T08:00")),
            ("cron(30 8,20 ? * * *)", Some("2026-03-02T08:30")),
            ("cron(0 0 2 ? * SUN *)", Some("2026-03-08T02:00")),
            ("cron(0 2 ? * TUE#2 *)", Some("2026-03-10T02:00")),
            ("cron(0 2 ? * MON-WED *)", Some("2026-03-03T02:00")),
            ("cron(0 0 1 JAN ? *)", Some("2027-01-01T00:00")),
            ("cron(0/15 * * * ? *)", Some("2026-03-02T08:15")),
            ("cron(0 0 29 2 ? *)", Some("2028-02-29T00:00")),
            ("cron(0 0 * * ? 2025)", None),
            ("cron(0 0 L * ? *)", None),
            ("at(2026-03-02T08:01:00)", Some("2026-03-02T08:01")),
            ("at(2026-03-02T08:00:00)", None),
            ("rate(7 days)", None),
        ];
        for (schedule, expected) in rows {
            let next = after(schedule, now).map(|at| at.format("%Y-%m-%dT%H:%M").to_string());
            assert_eq!(next.as_deref(), expected, "{schedule}");
        }
    }
}
