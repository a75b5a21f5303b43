//! What a schedule wants over a span of time, as stretches between edges, and the days of its zone.

use chrono::{DateTime, NaiveDate, TimeZone};
use chrono_tz::Tz;

use crate::{Desired, Instant, Schedule, Verdict};

/// A span of time in which the same is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When it begins.
    pub begin: Instant,
    /// When it ends; the end itself is outside.
    pub end: Instant,
    /// What is wanted.
    pub desired: Desired,
    /// As which instance type, if the schedule says so.
    pub instance_type: Option<String>,
    /// What wants it.
    pub name: Option<String>,
}

impl Stretch {
    /// Whether it is to run.
    pub fn is_running(&self) -> bool {
        self.desired == Desired::Running
    }

    /// Whether a verdict wants the same.
    pub fn is_like(&self, verdict: &Verdict) -> bool {
        let instance_type = verdict.instance_type.as_ref().map(ToString::to_string);
        self.desired == verdict.desired && self.instance_type == instance_type
    }

    fn follows(&self, other: &Stretch) -> bool {
        self.desired == other.desired && self.instance_type == other.instance_type
    }

    /// The part of it between two instants.
    pub fn cut(&self, begin: Instant, end: Instant) -> Option<Self> {
        let (begin, end) = (self.begin.max(begin), self.end.min(end));
        (begin < end).then(|| Self { begin, end, ..self.clone() })
    }
}

/// What a schedule wants from one instant to another, without gaps.
pub fn stretches(schedule: &Schedule, from: Instant, until: Instant) -> Vec<Stretch> {
    let stretch = |at| {
        let Verdict { desired, instance_type, name, .. } = schedule.verdict(at);
        let instance_type = instance_type.map(|kind| kind.to_string());
        Stretch { begin: at, end: until, desired, instance_type, name }
    };
    let mut stretches = vec![stretch(from)];
    for edge in schedule.edges(from, until).take_while(|edge| edge.at < until) {
        let (next, last) = (stretch(edge.at), stretches.last_mut());
        match last {
            // An expression that fires again changes nothing.
            Some(last) if next.follows(last) => {}
            Some(last) => {
                last.end = edge.at;
                stretches.push(next);
            }
            None => stretches.push(next),
        }
    }
    stretches
}

/// The instant at which a date begins: at midnight, or when the clocks first show it.
///
/// A date that the zone leaves out begins when the next one does.
pub fn begin_of(date: NaiveDate, zone: Tz) -> Instant {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    let begun = |at: i64| {
        let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
        zone.from_utc_datetime(&at.naive_utc()).date_naive() >= date
    };
    // No zone is more than fifteen hours from UTC.
    const MOST: i64 = 15 * 60 * 60;
    let midnight = midnight.and_utc().timestamp();
    let (mut low, mut high) = (midnight - MOST, midnight + MOST);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if begun(middle) { high = middle } else { low = middle }
    }
    DateTime::from_timestamp(high, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_begins_when_the_clocks_first_show_it() {
        let cases = [
            ("2026-02-17", Tz::Asia__Seoul, "2026-02-16T15:00:00Z"),
            ("2026-02-17", Tz::UTC, "2026-02-17T00:00:00Z"),
            // Midnight is skipped: the day begins at 01:00.
            ("2026-09-06", Tz::America__Santiago, "2026-09-06T04:00:00Z"),
            ("2026-04-24", Tz::Africa__Cairo, "2026-04-23T22:00:00Z"),
            // There was no 30 December.
            ("2011-12-30", Tz::Pacific__Apia, "2011-12-30T10:00:00Z"),
            ("2011-12-31", Tz::Pacific__Apia, "2011-12-30T10:00:00Z"),
        ];
        for (date, zone, begins) in cases {
            let begins: Instant = begins.parse().unwrap();
            assert_eq!(begin_of(date.parse().unwrap(), zone), begins, "{date} {zone}");
        }
    }
}
