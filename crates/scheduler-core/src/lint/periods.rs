//! Warnings about periods, alone and together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};

use super::{dates, period_names, warn};
use crate::{
    Config, Instant, Mistake, RawConfig, Schedule,
    mistake::Code,
    schedule::{Period, PeriodUse, WallTime},
};

/// Periods that no schedule names, not even one with mistakes.
pub(super) fn unused(raw: &RawConfig) -> Vec<Mistake> {
    let schedules = raw.items.iter().filter(|item| item.kind == "schedule");
    let used: BTreeSet<&str> = schedules.flat_map(period_names).collect();
    let periods = raw.items.iter().filter(|item| item.kind == "period");
    let unused = periods.filter(|item| !used.contains(item.name.as_str()));
    let warning = |name: &str| {
        Mistake::whole(&format!("periods.{name}"), "", "", Code::UnusedPeriod)
            .saying(format!("no schedule names `{name}`"), "leave it out, or name it in a schedule")
    };
    unused.map(|item| warning(&item.name)).collect()
}

/// Periods that hold on no date, or for no minute of it.
pub(super) fn never_holding(config: &Config, from: Instant, until: Instant) -> Vec<Mistake> {
    let mut periods = BTreeMap::new();
    for schedule in config.schedules() {
        for used in &schedule.periods {
            periods.entry(&used.period.name).or_insert((&used.period, schedule.zone));
        }
    }
    let warning = |(period, zone): (&Period, _)| {
        let name = &period.name;
        let (field, message, help) = if period.begin.is_some() && period.begin == period.end {
            let message = format!("`{name}` ends when it begins");
            ("endtime", message, "for a whole day leave out both times")
        } else if dates(zone, from, until).all(|date| !period.dates.contain(date)) {
            let (mut all, first) = (dates(zone, from, until), dates(zone, from, until).next()?);
            let last = all.by_ref().last()?;
            let message = format!("`{name}` holds on no day from {first} to {last}");
            ("", message, "weekdays, monthdays and months must all match: leave one of them out")
        } else {
            return None;
        };
        let item = format!("periods.{name}");
        Some(Mistake::whole(&item, field, "", Code::NeverRuns).saying(message, help))
    };
    periods.into_values().filter_map(warning).collect()
}

/// Periods of one schedule that run at the same time and disagree on the instance type.
pub(super) fn fighting(schedule: &Schedule, from: Instant, until: Instant) -> Vec<Mistake> {
    let mut found = Vec::new();
    for (i, a) in schedule.periods.iter().enumerate() {
        for b in &schedule.periods[i + 1..] {
            if a.instance_type != b.instance_type {
                let date = dates(schedule.zone, from, until).find_map(|date| meet(a, b, date));
                found.extend(date.map(|meeting| meeting.warning(schedule)));
            }
        }
    }
    found
}

/// Two periods that run at the same time, first on this date.
struct Meeting<'a> {
    date: NaiveDate,
    /// The one that began later, or comes first by name: its instance type counts.
    wins: &'a PeriodUse,
    loses: &'a PeriodUse,
}

impl Meeting<'_> {
    fn warning(&self, schedule: &Schedule) -> Mistake {
        let Meeting { date, wins, loses } = self;
        let kind = |used: &PeriodUse| match &used.instance_type {
            Some(kind) => format!("as {kind}"),
            None => "without an instance type".to_owned(),
        };
        let (winner, loser) = (&wins.period.name, &loses.period.name);
        let begin = wins.period.begin.map_or_else(String::new, |begin| format!(" from {begin}"));
        let message = format!(
            "on {date} `{winner}` runs{begin} {}, and `{loser}` {}",
            kind(wins),
            kind(loses)
        );
        let help = format!(
            "`{winner}` counts, for it begins later: write the same type for both, or periods that do not meet"
        );
        warn(schedule, "periods", loser.as_str(), Code::InstanceTypes).saying(message, help)
    }
}

/// Whether two periods meet on a date on which the first begins.
fn meet<'a>(a: &'a PeriodUse, b: &'a PeriodUse, date: NaiveDate) -> Option<Meeting<'a>> {
    if !a.period.dates.contain(date) {
        return None;
    }
    let (a_begin, a_end) = minutes(&a.period)?;
    let (b_begin, b_end) = minutes(&b.period)?;
    [-1, 0, 1].into_iter().find_map(|days| {
        let shift = days * DAY;
        let holds = b.period.dates.contain(date + TimeDelta::days(days.into()));
        if !holds || a_begin.max(b_begin + shift) >= a_end.min(b_end + shift) {
            return None;
        }
        let (wins, loses) = if b_begin + shift > a_begin { (b, a) } else { (a, b) };
        Some(Meeting { date, wins, loses })
    })
}

const DAY: i32 = 24 * 60;

/// When it runs, in minutes from the midnight on which its date begins.
fn minutes(period: &Period) -> Option<(i32, i32)> {
    let minute = |time: WallTime| i32::from(time.minute());
    match (period.begin, period.end) {
        (None, None) => Some((0, DAY)),
        (Some(begin), None) => Some((minute(begin), DAY)),
        (None, Some(_)) => None,
        (Some(begin), Some(end)) if begin > end => Some((minute(begin), minute(end) + DAY)),
        (Some(begin), Some(end)) => Some((minute(begin), minute(end))),
    }
}
