//! What holds of every expression: reading ends, writing is read back, and firings are those that a walk along the
//! clock meets.

use std::{collections::BTreeSet, ops::Range};

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use proptest::{prelude::*, sample::select};

use super::{Cron, Every, Expression, Firing, Rate};
use crate::{Instant, grammar::MonthDays};

/// Where and when clocks change: by an hour, by half an hour, by two, over midnight, and by a whole day.
const CHANGES: [(Tz, &str); 13] = [
    (Tz::UTC, "2026-03-07"),
    (Tz::America__New_York, "2026-03-07"),
    (Tz::America__New_York, "2026-10-31"),
    (Tz::Europe__London, "2026-10-24"),
    (Tz::Australia__Lord_Howe, "2026-04-04"),
    (Tz::Australia__Lord_Howe, "2026-10-03"),
    (Tz::Antarctica__Troll, "2026-03-28"),
    (Tz::Antarctica__Troll, "2026-10-24"),
    // From 00:01 back to 23:01 of the day before.
    (Tz::America__St_Johns, "2006-10-28"),
    // Midnight is skipped; midnight is repeated.
    (Tz::America__Sao_Paulo, "2018-11-03"),
    (Tz::America__Sao_Paulo, "2018-02-17"),
    // The 30th is skipped.
    (Tz::Pacific__Apia, "2011-12-29"),
    (Tz::Africa__Casablanca, "2026-02-14"),
];

/// A plain field: values, ranges and steps within `first..=last`.
fn field(first: u32, last: u32, wraps: bool) -> impl Strategy<Value = String> {
    let value = move || first..=last;
    let range = (value(), value())
        .prop_map(move |(a, b)| if wraps { (a, b) } else { (a.min(b), a.max(b)) })
        .prop_map(|(a, b)| format!("{a}-{b}"));
    let base = prop_oneof![Just("*".to_owned()), value().prop_map(|v| v.to_string()), range];
    let step = 1..=last.min(last - first + 1);
    let term = prop_oneof![
        2 => base.clone(),
        1 => (base, step).prop_map(|(base, step)| format!("{base}/{step}")),
    ];
    prop::collection::vec(term, 1..4).prop_map(|terms| terms.join(","))
}

fn days() -> impl Strategy<Value = (String, String)> {
    let of_month = prop_oneof![
        field(1, 31, true),
        select(vec!["L", "LW", "l-1", "L-30"]).prop_map(str::to_owned),
        (1..=31).prop_map(|day| format!("{day}W")),
    ];
    let of_week = prop_oneof![
        field(1, 7, true),
        select(vec!["L", "MON-FRI", "fri-mon", "SUN/2", "TUE,THU"]).prop_map(str::to_owned),
        (1..=7).prop_map(|day| format!("{day}L")),
    ];
    let nth = (1..=7, 1..=5).prop_map(|(day, n)| format!("{day}#{n}"));
    let several = |term: BoxedStrategy<String>| {
        prop::collection::vec(term, 1..4).prop_map(|terms| terms.join(","))
    };
    prop_oneof![
        several(of_month.boxed()).prop_map(|days| (days, "?".to_owned())),
        several(of_week.boxed()).prop_map(|days| ("?".to_owned(), days)),
        nth.prop_map(|day| ("?".to_owned(), day)),
    ]
}

fn expression(years: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (field(0, 59, true), field(0, 23, true), days(), field(1, 12, true), years).prop_map(
        |(minutes, hours, (of_month, of_week), months, years)| {
            format!("cron({minutes} {hours} {of_month} {months} {of_week} {years})")
        },
    )
}

fn cron(text: &str) -> Cron {
    match text.parse() {
        Ok(Expression::Cron(cron)) => cron,
        other => panic!("{text}: {other:?}"),
    }
}

/// Text that is nearly an expression.
fn nearly() -> impl Strategy<Value = String> {
    let pieces = vec![
        "cron(",
        "rate(",
        ")",
        " ",
        "*",
        "?",
        "L",
        "W",
        "#",
        "-",
        ",",
        "/",
        "0",
        "15",
        "MON",
        "jan",
        "2026",
        "5 minutes",
        "ł",
        "\u{3000}",
    ];
    prop::collection::vec(select(pieces), 0..20).prop_map(|pieces| pieces.concat())
}

fn wrapped() -> impl Strategy<Value = String> {
    nearly().prop_map(|text| format!("cron({text})"))
}

fn every(count: i64, unit: &str) -> Every {
    let unit = if count == 1 { unit.to_owned() } else { format!("{unit}s") };
    match format!("rate({count} {unit})").parse() {
        Ok(Expression::Rate(every)) => every,
        other => panic!("{count} {unit}: {other:?}"),
    }
}

fn any_instant() -> impl Strategy<Value = Instant> {
    let near = (-10_000_000_000..10_000_000_000_i64)
        .prop_map(|seconds| Instant::UNIX_EPOCH + TimeDelta::seconds(seconds));
    prop_oneof![1 => Just(Instant::MIN_UTC), 1 => Just(Instant::MAX_UTC), 4 => near]
}

fn any_horizon() -> impl Strategy<Value = TimeDelta> {
    select(vec![TimeDelta::MIN, TimeDelta::zero(), TimeDelta::days(366), TimeDelta::MAX])
}

fn seconds(range: Range<i64>) -> impl Strategy<Value = TimeDelta> {
    range.prop_map(TimeDelta::seconds)
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_span_inside_it(
        text in prop_oneof![".*", nearly(), wrapped()],
    ) {
        match text.parse::<Expression>() {
            Ok(expression) => prop_assert_eq!(expression.to_string().parse(), Ok(expression)),
            Err(error) => {
                prop_assert!(text.get(error.span.clone()).is_some(), "{:?}: {:?}", text, error);
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back(text in expression(field(1970, 2199, false))) {
        let read = cron(&text);
        prop_assert_eq!(cron(&read.to_string()), read);
    }

    #[test]
    fn a_rate_is_read_back(
        count in 1..=999_999_999_i64,
        unit in select(vec!["minute", "hour", "day"]),
    ) {
        let every = every(count, unit);
        prop_assert_eq!(every.to_string().parse(), Ok(Expression::Rate(every)));
    }

    #[test]
    fn times_are_the_same_from_both_ends(text in expression(Just("*".to_owned()))) {
        let mut backwards: Vec<u16> = cron(&text).times().rev().collect();
        backwards.reverse();
        prop_assert!(backwards.is_sorted());
        prop_assert!(cron(&text).times().eq(backwards));
    }

    #[test]
    fn the_nearest_weekday_is_that_of_monthdays(day in 1..=31, date in 20_000..20_800_i64) {
        let date = NaiveDate::default() + TimeDelta::days(date);
        let monthdays: MonthDays = format!("{day}W").parse().unwrap();
        let cron = cron(&format!("cron(0 0 {day}W * ? *)"));
        prop_assert_eq!(cron.fires_on(date, date.weekday()), monthdays.contains(date));
    }

    #[test]
    fn firings_are_those_that_a_walk_along_the_clock_meets(
        text in expression(Just("*".to_owned())),
        (zone, date) in select(&CHANGES[..]),
        since in seconds(0..4 * 24 * 60 * 60),
        horizon in seconds(0..2 * 24 * 60 * 60),
    ) {
        let cron = cron(&text);
        let from = date.parse::<NaiveDate>().unwrap().and_time(NaiveTime::MIN).and_utc();
        let (at, until) = (from + since, from + TimeDelta::days(4));
        let walked = walk(&cron, zone, from, until);
        prop_assert!(cron.firings(from, until, zone).eq(walked.iter().copied()), "{}", cron);

        let firing = Firing::Cron(cron);
        let back = horizon.min(at - from);
        let last = walked.range(at - back..=at).next_back().copied();
        prop_assert_eq!(firing.at_or_before(at, zone, back), last, "{} by {}", firing, at);
        let ahead = horizon.min(until - at);
        let next = walked.range(at..=at + ahead).find(|fires| **fires > at).copied();
        prop_assert_eq!(firing.after(at, zone, ahead), next, "{} after {}", firing, at);
    }

    #[test]
    fn a_rate_fires_where_its_multiples_are(
        count in 1..5000_i64,
        k in 0..1000,
        past in seconds(0..60),
        anchor in seconds(-100_000..100_000),
    ) {
        let rate = Rate { every: every(count, "minute"), anchor: Instant::UNIX_EPOCH + anchor };
        let multiple = rate.anchor + rate.every.delta() * k;
        let next = multiple + rate.every.delta();
        prop_assert_eq!(rate.at_or_before(multiple + past), Some(multiple));
        prop_assert_eq!(rate.after(multiple + past), next);
        prop_assert_eq!(rate.at_or_before(next - TimeDelta::nanoseconds(1)), Some(multiple));
        let before = rate.anchor - past - TimeDelta::nanoseconds(1);
        prop_assert_eq!(rate.at_or_before(before), None);
        prop_assert_eq!(rate.after(before), rate.anchor);
    }

    #[test]
    fn a_search_ends_whatever_the_instant(
        text in expression(field(1970, 2199, false)),
        at in any_instant(),
        anchor in any_instant(),
        horizon in any_horizon(),
    ) {
        let rate = Rate { every: every(999_999_999, "day"), anchor };
        for firing in [Firing::Cron(cron(&text)), Firing::Rate(rate)] {
            let last = firing.at_or_before(at, Tz::Pacific__Apia, horizon);
            prop_assert!(last.is_none_or(|last| last <= at));
            let next = firing.after(at, Tz::America__St_Johns, horizon);
            prop_assert!(next.is_none_or(|next| next > at));
        }
    }
}

/// Each minute that the clock in a zone shows, when it shows it for the first time, if the expression has it. The walk
/// sets out a day early, to have seen what is about to be repeated.
fn walk(cron: &Cron, zone: Tz, from: Instant, until: Instant) -> BTreeSet<Instant> {
    let times: BTreeSet<u16> = cron.times().collect();
    let mut shown: BTreeSet<NaiveDateTime> = BTreeSet::new();
    let early = from - TimeDelta::days(1);
    let minutes =
        (0..=(until - early).num_minutes()).map(|minute| early + TimeDelta::minutes(minute));
    let fires = |at: &Instant| {
        let wall = at.with_timezone(&zone).naive_local();
        shown.insert(wall)
            && times.contains(&((wall.hour() * 60 + wall.minute()) as u16))
            && cron.fires_on(wall.date(), wall.weekday())
    };
    minutes.filter(fires).filter(|at| *at >= from).collect()
}
