//! Begin and end times that clocks skip or repeat on some day.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::{listed, warn};
use crate::{
    Instant, Mistake, Schedule,
    mistake::Code,
    schedule::{Period, WallTime},
};

/// A stretch of wall-clock time that one day does not have, or has twice.
#[derive(Clone, Copy, Debug)]
struct Change {
    kind: Kind,
    begin: NaiveDateTime,
    end: NaiveDateTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Skipped,
    Repeated,
}

pub(super) fn changes(schedule: &Schedule, from: Instant, until: Instant) -> Vec<Mistake> {
    let changes = changes_of(schedule.zone, from, until);
    let each = schedule
        .periods
        .iter()
        .flat_map(|used| [Kind::Skipped, Kind::Repeated].map(|kind| (&used.period, kind)));
    each.filter_map(|(period, kind)| warning(schedule, period, kind, &changes)).collect()
}

fn warning(
    schedule: &Schedule,
    period: &Period,
    kind: Kind,
    changes: &[Change],
) -> Option<Mistake> {
    let changes = || changes.iter().filter(|change| change.kind == kind);
    let begins: Vec<_> = changes().filter(|change| change.holds_begin(period)).collect();
    let ends: Vec<_> = changes().filter(|change| change.holds_end(period)).collect();
    let mut hits: Vec<&Change> = begins.iter().chain(&ends).copied().collect();
    hits.sort_by_key(|change| change.begin);
    let mut dates: Vec<NaiveDate> = hits.iter().map(|change| change.begin.date()).collect();
    dates.dedup();
    let first = hits.first()?;
    let times = [("begins", period.begin, &begins), ("ends", period.end, &ends)];
    let times = times.iter().filter(|(_, _, hits)| !hits.is_empty());
    let times: Vec<_> =
        times.filter_map(|(verb, time, _)| Some(format!("{verb} at {}", (*time)?))).collect();
    let (does, effect) = match kind {
        Kind::Skipped => ("skip", "that day it is shorter, or does not run"),
        Kind::Repeated => ("show twice", "that day it begins and ends twice"),
    };
    let message = format!(
        "`{}` {}, which clocks in {} {does} on {}",
        period.name,
        times.join(" and "),
        schedule.zone,
        listed(&dates)
    );
    let help = format!(
        "{effect}; if that matters, write times outside {}-{}",
        first.begin.format("%H:%M"),
        first.end.format("%H:%M")
    );
    let name = period.name.to_string();
    Some(warn(schedule, "periods", &name, Code::ClockChange).saying(message, help))
}

impl Change {
    /// A begin at the first repeated minute begins once; one at the first skipped minute still is not there.
    fn holds_begin(&self, period: &Period) -> bool {
        let Some(begin) = period.begin else { return false };
        let date = self.begin.date();
        self.holds(date, begin, self.kind == Kind::Skipped) && period.dates.contain(date)
    }

    /// An end at the first minute ends where it should, either way.
    fn holds_end(&self, period: &Period) -> bool {
        let Some(end) = period.end else { return false };
        let date = self.begin.date();
        let belongs = if period.is_overnight() { date.pred_opt() } else { Some(date) };
        self.holds(date, end, false) && belongs.is_some_and(|date| period.dates.contain(date))
    }

    fn holds(&self, date: NaiveDate, time: WallTime, with_first: bool) -> bool {
        let at = date.and_time(chrono::NaiveTime::MIN) + TimeDelta::seconds(time.seconds());
        (self.begin < at || with_first && self.begin == at) && at < self.end
    }
}

/// Every change of a zone's clocks between two instants.
fn changes_of(zone: Tz, from: Instant, until: Instant) -> Vec<Change> {
    let offset = |at: i64| {
        let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
        i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
    };
    const DAY: i64 = 24 * 60 * 60;
    let (mut at, until) = (from.timestamp(), until.timestamp());
    let mut changes = Vec::new();
    while at < until {
        let (before, after) = (offset(at), offset(at + DAY));
        if before != after {
            let (mut low, mut high) = (at, at + DAY);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if offset(middle) == before { low = middle } else { high = middle }
            }
            changes.extend(Change::between(high, before, after));
        }
        at += DAY;
    }
    changes
}

impl Change {
    fn between(at: i64, before: i64, after: i64) -> Option<Self> {
        let wall = |offset| Some(DateTime::from_timestamp(at + offset, 0)?.naive_utc());
        let kind = if after > before { Kind::Skipped } else { Kind::Repeated };
        Some(Self { kind, begin: wall(before.min(after))?, end: wall(before.max(after))? })
    }
}
