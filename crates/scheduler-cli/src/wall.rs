//! Instants on a wall in some place, and the days of that place.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeZone};
use chrono_tz::Tz;
use scheduler_core::Instant;

/// RFC 3339 with the zone's offset.
pub(crate) fn rfc3339(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).fixed_offset().to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// The instant at which a date begins: at midnight, or when the clocks first show it.
///
/// A date that the zone leaves out begins when the next one does.
pub(crate) fn begin_of(date: NaiveDate, zone: Tz) -> Instant {
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
