//! Resources that are to be left alone, by their tags.
//!
//! A schedule tag whose value is `ignore` excludes a resource for good, without anybody having to define a schedule by
//! that name. A second tag excludes it for a while: its key is that of the schedule tag with [`UNTIL`](crate::marks::UNTIL) behind it
//! (`ScheduleExcludeUntil`), its value a date (`2026-03-09`: until that day begins, in the schedule's zone) or an
//! instant (`2026-03-09T08:00:00+01:00`). A value that is neither excludes too: who writes it wants to be left alone.

use chrono::{NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::{Instant, Resource, decision::Why};

/// The value of a schedule tag that excludes.
const IGNORE: &str = "ignore";

/// Why a resource is to be left alone for good, if it is.
pub fn for_good(resource: &Resource) -> Option<Why> {
    resource
        .marks
        .schedule
        .trim()
        .eq_ignore_ascii_case(IGNORE)
        .then_some(Why::Excluded { until: None })
}

/// Why a resource is to be left alone for now, if it is. `zone` is its schedule's.
pub fn for_now(resource: &Resource, zone: Tz, now: Instant) -> Option<Why> {
    let text = resource.marks.exclude_until.as_deref()?.trim();
    match until(text, zone) {
        Some(until) => (now < until).then_some(Why::Excluded { until: Some(until) }),
        None => Some(Why::ExcludedUnclearly(text.to_owned())),
    }
}

fn until(text: &str, zone: Tz) -> Option<Instant> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let midnight = text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN);
    // Where clocks go forward over midnight the day begins when they have.
    let begin =
        |hour| zone.from_local_datetime(&(midnight + chrono::TimeDelta::hours(hour))).earliest();
    begin(0).or_else(|| begin(1)).map(|begin| begin.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Observed, ResourceKey, marks::Marks};

    fn resource(schedule_tag: &str, exclude_until: Option<&str>) -> Resource {
        let key = ResourceKey { kind: Kind::Ec2Instance, id: "i-1".parse().unwrap() };
        let exclude_until = exclude_until.map(str::to_owned);
        Resource::new(key, Marks { exclude_until, ..Marks::of(schedule_tag) }, Observed::Running)
    }

    #[test]
    fn ignore_excludes_for_good() {
        for (tag, excluded) in
            [("ignore", true), (" Ignore ", true), ("office", false), ("ignored", false)]
        {
            assert_eq!(for_good(&resource(tag, None)).is_some(), excluded, "{tag:?}");
        }
    }

    #[test]
    fn exclude_until_excludes_for_a_while() {
        let now = "2026-03-08T23:30:00Z".parse().unwrap();
        for (text, code) in [
            ("2026-03-09", None), // The day has begun in Berlin.
            ("2026-03-10", Some("excluded")),
            ("2026-03-09T00:00:00Z", Some("excluded")),
            ("2026-03-08T23:30:00Z", None),
            ("next week", Some("excluded-unclearly")),
        ] {
            let found = for_now(&resource("office", Some(text)), Tz::Europe__Berlin, now);
            assert_eq!(found.map(|why| why.code()), code, "{text}");
        }
    }
}
