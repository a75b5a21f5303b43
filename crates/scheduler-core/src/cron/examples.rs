//! What AWS's documentation says of its expressions, and what a user is told of a mistaken one.

use chrono::{NaiveDate, TimeDelta, Weekday};
use chrono_tz::{America::Los_Angeles, Tz};

use super::{Cron, Expression, Firing, Rate};
use crate::{Instant, mistake::Code};

fn cron(text: &str) -> Cron {
    match text.parse() {
        Ok(Expression::Cron(cron)) => cron,
        other => panic!("{text}: {other:?}"),
    }
}

fn at(text: &str) -> Instant {
    format!("{text}:00Z").parse().unwrap()
}

/// The first firings from the midnight that begins Sunday, 2026-03-01 UTC.
fn check(text: &str, expected: &[&str]) {
    check_from(text, "2026-03-01T00:00", Tz::UTC, expected);
}

fn check_from(text: &str, from: &str, zone: Tz, expected: &[&str]) {
    let cron = cron(text);
    let firings = cron.firings(at(from), at("2199-12-31T23:59"), zone);
    let firings: Vec<String> =
        firings.take(expected.len()).map(|at| at.format("%Y-%m-%dT%H:%M").to_string()).collect();
    assert_eq!(firings, expected, "{text}");
}

/// "Schedule types in EventBridge Scheduler", EventBridge Scheduler User Guide (schedule-types.html).
#[test]
fn the_examples_of_eventbridge_scheduler() {
    let last_friday = ["2022-01-28T10:15", "2022-02-25T10:15", "2022-03-25T10:15"];
    check_from("cron(15 10 ? * 6L 2022-2023)", "2022-01-01T00:00", Tz::UTC, &last_friday);
    let after = cron("cron(15 10 ? * 6L 2022-2023)");
    let after = after.firings(at("2023-12-30T00:00"), at("2199-12-31T23:59"), Tz::UTC);
    assert_eq!(after.count(), 0);
    check_from(
        "cron(30 8 * * ? *)",
        "2026-03-07T00:00",
        chrono_tz::America::New_York,
        &["2026-03-07T13:30", "2026-03-08T12:30"],
    );
    // The table of wildcards.
    check("cron(0 0 1 JAN,FEB,MAR ? *)", &["2026-03-01T00:00", "2027-01-01T00:00"]);
    check("cron(0 0 1-15 * ? *)", &["2026-03-01T00:00", "2026-03-02T00:00"]);
    check("cron(1/10 0 * * ? *)", &["2026-03-01T00:01", "2026-03-01T00:11", "2026-03-01T00:21"]);
    check("cron(0 0 7 * ? *)", &["2026-03-07T00:00", "2026-04-07T00:00"]);
    check("cron(0 0 L * ? *)", &["2026-03-31T00:00", "2026-04-30T00:00"]);
    check("cron(0 0 ? * L *)", &["2026-03-07T00:00", "2026-03-14T00:00"]);
    check("cron(0 0 3W * ? *)", &["2026-03-03T00:00", "2026-04-03T00:00", "2026-05-04T00:00"]);
    check("cron(0 0 ? * 3#2 *)", &["2026-03-10T00:00", "2026-04-14T00:00"]);
}

/// The same page, "Daylight savings time on EventBridge Scheduler".
#[test]
fn a_time_that_the_clocks_skip_or_repeat() {
    let spring = ["2026-03-07T10:30", "2026-03-09T09:30", "2026-03-10T09:30"];
    check_from("cron(30 2 * * ? *)", "2026-03-07T00:00", Los_Angeles, &spring);
    // The page has the clocks go back "from 2:59 a.m. to 2:00 a.m."; those of Los Angeles do from 1:59 to 1:00.
    let autumn = ["2026-10-31T08:30", "2026-11-01T08:30", "2026-11-02T09:30"];
    check_from("cron(30 1 * * ? *)", "2026-10-31T00:00", Los_Angeles, &autumn);
}

/// The clock shows an earlier time than that of the last firing, or even an earlier date.
#[test]
fn the_last_firing_while_an_hour_is_repeated() {
    for (text, zone, now, last) in [
        // 01:50 has been, and it is 01:10 again.
        ("cron(50 1 * * ? *)", Tz::America__New_York, "2026-11-01T06:10", "2026-11-01T05:50"),
        // Midnight has been, and at 00:01 it became 23:01 of the day before.
        ("cron(0 0 * * ? *)", Tz::America__St_Johns, "2006-10-29T03:00", "2006-10-29T02:30"),
    ] {
        let firing = Firing::Cron(cron(text));
        assert_eq!(firing.at_or_before(at(now), zone, TimeDelta::hours(2)), Some(at(last)));
        assert_eq!(firing.after(at(now), zone, TimeDelta::hours(20)), None);
    }
}

/// "Creating an Amazon EventBridge rule that runs on a schedule" and "Setting a schedule pattern for scheduled rules",
/// Amazon EventBridge User Guide (eb-create-rule-schedule.html, eb-scheduled-rule-pattern.html).
#[test]
fn the_examples_of_eventbridge_rules() {
    check("cron(0 10 * * ? *)", &["2026-03-01T10:00", "2026-03-02T10:00"]);
    check("cron(15 12 * * ? *)", &["2026-03-01T12:15", "2026-03-02T12:15"]);
    check("cron(0 18 ? * MON-FRI *)", &["2026-03-02T18:00", "2026-03-03T18:00"]);
    check("cron(0 8 1 * ? *)", &["2026-03-01T08:00", "2026-04-01T08:00"]);
    check("cron(0/15 * * * ? *)", &["2026-03-01T00:00", "2026-03-01T00:15", "2026-03-01T00:30"]);
    check("cron(0/10 * ? * MON-FRI *)", &["2026-03-02T00:00", "2026-03-02T00:10"]);
    check("cron(0/5 8-17 ? * MON-FRI *)", &["2026-03-02T08:00", "2026-03-02T08:05"]);
    check(
        "cron(0/30 20-2 ? * MON-FRI *)",
        &["2026-03-02T00:00", "2026-03-02T00:30", "2026-03-02T01:00", "2026-03-02T01:30"],
    );
    assert_eq!(cron("cron(0/5 8-17 ? * MON-FRI *)").times().next_back(), Some(17 * 60 + 55));
    assert_eq!(cron("cron(0/30 20-2 ? * MON-FRI *)").times().count(), 14);
    check("cron(0 9 ? * 2#1 *)", &["2026-03-02T09:00", "2026-04-06T09:00"]);
    check("cron(0 12 * * ? *)", &["2026-03-01T12:00"]);
    check("cron(5,35 14 * * ? *)", &["2026-03-01T14:05", "2026-03-01T14:35", "2026-03-02T14:05"]);
    let last_friday = ["2019-01-25T10:15", "2019-02-22T10:15"];
    check_from("cron(15 10 ? * 6L 2019-2022)", "2019-01-01T00:00", Tz::UTC, &last_friday);
    refused("cron(0 0 ? * 3#1,6#3 *)", Code::UnsupportedForm, "3#1,6#3", "as in `TUE#2`");
    refused("rate(1 hours)", Code::BadValue, "hours", "`rate(1 hour)`");
    refused("rate(5 hour)", Code::BadValue, "hour", "`rate(5 hours)`");
    for (text, minutes) in [
        ("rate(1 minute)", 1),
        ("rate(5 minutes)", 5),
        ("rate(1 hour)", 60),
        ("rate(5 hours)", 300),
        ("rate(1 day)", 1440),
    ] {
        let Ok(Expression::Rate(every)) = text.parse() else { panic!("{text}") };
        assert_eq!(every.delta(), TimeDelta::minutes(minutes), "{text}");
        assert_eq!(every.to_string(), text);
    }
}

/// "Reference: Cron and rate expressions for Systems Manager", AWS Systems Manager User Guide
/// (reference-cron-and-rate-expressions.html): those of six fields.
#[test]
fn the_examples_of_systems_manager() {
    check("cron(0 16 ? * TUE *)", &["2026-03-03T16:00", "2026-03-10T16:00"]);
    check("cron(30 23 ? * TUE#3 *)", &["2026-03-17T23:30", "2026-04-21T23:30"]);
    check("cron(0 0 ? * THU#2 *)", &["2026-03-12T00:00", "2026-04-09T00:00"]);
    check("cron(0 2 ? * THU#3 *)", &["2026-03-19T02:00", "2026-04-16T02:00"]);
    check("cron(15 10 ? * * *)", &["2026-03-01T10:15", "2026-03-02T10:15"]);
    check("cron(15 10 ? * MON-FRI *)", &["2026-03-02T10:15", "2026-03-03T10:15"]);
    check("cron(0 2 L * ? *)", &["2026-03-31T02:00", "2026-04-30T02:00"]);
    check("cron(15 10 ? * 6L *)", &["2026-03-27T10:15", "2026-04-24T10:15"]);
    check("cron(0/30 * * * ? *)", &["2026-03-01T00:00", "2026-03-01T00:30"]);
    check("cron(0 0/1 * * ? *)", &["2026-03-01T00:00", "2026-03-01T01:00"]);
    check("cron(0 0/12 * * ? *)", &["2026-03-01T00:00", "2026-03-01T12:00"]);
    check("cron(30 09 ? * * *)", &["2026-03-01T09:30", "2026-03-02T09:30"]);
}

/// The forms of Quartz that AWS's tables leave out ("CronTrigger Tutorial", Quartz Scheduler).
#[test]
fn the_last_days_of_a_month() {
    check("cron(0 0 L-3 * ? *)", &["2026-03-28T00:00", "2026-04-27T00:00"]);
    check("cron(0 0 L-30 * ? *)", &["2026-03-01T00:00", "2026-05-01T00:00"]);
    check("cron(0 0 LW * ? *)", &["2026-03-31T00:00", "2026-04-30T00:00", "2026-05-29T00:00"]);
    check("cron(0 0 31W * ? *)", &["2026-03-31T00:00", "2026-05-29T00:00"]);
    check("cron(0 0 1W * ? *)", &["2026-03-02T00:00", "2026-04-01T00:00", "2026-05-01T00:00"]);
    check("cron(0 0 1W 8 ? *)", &["2026-08-03T00:00"]);
    check(
        "cron(0 0 1,lw,l-1 2 ? *)",
        &["2027-02-01T00:00", "2027-02-26T00:00", "2027-02-27T00:00"],
    );
    check("cron(0 0 29 2 ? *)", &["2028-02-29T00:00", "2032-02-29T00:00"]);
    check("cron(0 0 30 2 ? *)", &[]);
    assert_eq!(
        cron("cron(0 0 30 2 ? *)")
            .firings(at("1970-01-01T00:00"), Instant::MAX_UTC, Tz::UTC)
            .next(),
        None
    );
}

#[test]
fn only_plain_weekdays_follow_a_calendar() {
    // 2026-02-14 is a Saturday, the second of its month; the 27th its last Friday.
    let date = |day| NaiveDate::from_ymd_opt(2026, 2, day).unwrap();
    for (text, day, weekday, fires) in [
        ("cron(0 9 ? * MON-FRI *)", 14, Weekday::Sat, false),
        ("cron(0 9 ? * MON-FRI *)", 14, Weekday::Mon, true),
        ("cron(0 9 ? * MON-FRI *)", 16, Weekday::Sun, false),
        ("cron(0 9 ? * L *)", 16, Weekday::Sat, true),
        ("cron(0 9 ? * SAT#2 *)", 14, Weekday::Sat, true),
        ("cron(0 9 ? * SAT#2 *)", 14, Weekday::Mon, false),
        ("cron(0 9 ? * MON#2 *)", 14, Weekday::Mon, false),
        ("cron(0 9 ? * FRIL *)", 27, Weekday::Fri, true),
        ("cron(0 9 ? * FRIL *)", 28, Weekday::Fri, false),
        ("cron(0 9 ? * 7L *)", 28, Weekday::Sat, true),
        ("cron(0 9 ? * 7L *)", 21, Weekday::Sat, false),
        ("cron(0 9 ? * FRI,6L *)", 28, Weekday::Fri, true),
        ("cron(0 9 14 * ? *)", 14, Weekday::Mon, true),
        ("cron(0 9 L * ? *)", 28, Weekday::Mon, true),
        ("cron(0 9 14W * ? *)", 14, Weekday::Mon, false),
    ] {
        assert_eq!(cron(text).fires_on(date(day), weekday), fires, "{text} on {day} as {weekday}");
    }
}

/// `at`: the text that the span points at; empty for a place where something is missing.
fn refused(text: &str, code: Code, at: &str, help: &str) {
    let error = text.parse::<Expression>().unwrap_err();
    assert_eq!((error.code, &text[error.span.clone()]), (code, at), "{text}: {error}");
    assert!(error.help.contains(help), "{text}: {error}");
}

#[test]
fn a_mistake_points_at_its_part_and_says_what_to_write() {
    use Code::*;
    for (text, code, at, help) in [
        ("", Empty, "", "cron(0 20 ? * MON-FRI *)"),
        ("0 20 ? * MON-FRI *", BadValue, "0 20 ? * MON-FRI *", "write `cron(0 20 ? * MON-FRI *)`"),
        ("5 minutes", BadValue, "5 minutes", "write `rate(5 minutes)`"),
        ("CRON(0 20 ? * MON-FRI *)", BadValue, "CRON", "cron(0 20 ? * MON-FRI *)"),
        ("at(2026-11-20T13:00:00)", UnsupportedForm, "at", "cron(0 13 20 11 ? 2026)"),
        ("cron(0 20 ? * MON-FRI *", Missing, "", "write `)`"),
        ("cron(0 20 ? * MON-FRI *) daily", BadValue, "daily", "leave it out"),
        ("cron()", Missing, "", "as in `cron(0 20 ? * MON-FRI *)`"),
        ("cron(0 20 ? * MON-FRI)", Missing, "0 20 ? * MON-FRI", "`cron(0 20 ? * MON-FRI *)`"),
        ("cron(0 0 20 ? * MON-FRI *)", BadValue, "0 0 20 ? * MON-FRI *", "no seconds"),
        (" cron(0 20 ? * MON-FRIN *)", UnknownWeekday, "FRIN", "did you mean `FRI`?"),
        ("cron(0 20 ? * 0 *)", UnknownWeekday, "0", "`1` (Sunday) to `7` (Saturday)"),
        ("cron(0 20 ? * MONDAY *)", UnknownWeekday, "MONDAY", "did you mean `MON`?"),
        ("cron(0 20 ? * MON-FRIL *)", UnsupportedForm, "MON-FRI", "as in `THUL,FRIL`"),
        ("cron(0 20 1-15W * ? *)", UnsupportedForm, "1-15", "as in `15W,16W`"),
        ("cron(0 20 ? * L-3 *)", UnknownWeekday, "L", "`SUN` to `SAT`"),
        ("cron(0 20 ? * MON# *)", BadNumber, "", "`#1` to `#5`"),
        ("cron(0 20 ? * MON#6 *)", BadNumber, "6", "`#1` to `#5`"),
        ("cron(0 20 ? * #2 *)", Empty, "", "`SUN` to `SAT`"),
        ("cron(0 20 ? SEPTEMBER FRI *)", UnknownMonth, "SEPTEMBER", "did you mean `SEP`?"),
        ("cron(0 20 ? ? FRI *)", UnsupportedForm, "?", "`JAN` to `DEC`"),
        ("cron(? 20 ? * FRI *)", UnsupportedForm, "?", "`0` to `59`, or `*`"),
        ("cron(60 20 ? * FRI *)", BadNumber, "60", "`0` to `59`"),
        ("cron(0 20-24 ? * FRI *)", BadNumber, "24", "`0` to `23`"),
        ("cron(0 20- ? * FRI *)", Empty, "", "`0` to `23`"),
        ("cron(0 20, ? * FRI *)", Empty, "", "`0` to `23`"),
        ("cron(0/0 20 ? * FRI *)", BadStep, "0", "`1` to `59`"),
        ("cron(0/90 20 ? * FRI *)", BadStep, "90", "`1` to `59`"),
        ("cron(0 20 32 * ? *)", BadNumber, "32", "`1` to `31`"),
        ("cron(0 20 1-L * ? *)", BadNumber, "L", "`L-3`"),
        ("cron(0 20 L-31 * ? *)", BadNumber, "31", "`L-1` to `L-30`"),
        ("cron(0 20 L-3W * ? *)", BadNumber, "3W", "`L-1` to `L-30`"),
        ("cron(0 20 W * ? *)", BadNumber, "W", "`15W`"),
        ("cron(0 20 1,? * FRI *)", UnsupportedForm, "?", "`15W`"),
        ("cron(0 20 ? * FRI 1969)", BadNumber, "1969", "`1970` to `2199`"),
        ("cron(0 20 ? * FRI 2030-2026)", BackwardRange, "2026", "`2026-2030`"),
        ("cron(0 20 ? * ? *)", Conflict, "?", "`*` for one"),
        ("cron(0 20 * * FRI *)", Conflict, "*", "`?` for the day-of-month"),
        ("cron(0 20 1 * * *)", Conflict, "*", "`?` for the day-of-week"),
        ("cron(0 20 1 * FRI *)", Conflict, "FRI", "`?` for the day-of-week"),
        ("rate()", Missing, "", "`rate(5 minutes)`"),
        ("rate(5)", Missing, "5", "`rate(5 minutes)`"),
        ("rate(5minutes)", Missing, "5minutes", "`rate(5 minutes)`"),
        ("rate(1 minutes)", BadValue, "minutes", "`rate(1 minute)`"),
        ("rate(5 minute)", BadValue, "minute", "`rate(5 minutes)`"),
        ("rate(0 minutes)", BadNumber, "0", "from `1` up"),
        ("rate(-5 minutes)", BadNumber, "-5", "from `1` up"),
        ("rate(1.5 hours)", BadNumber, "1.5", "from `1` up"),
        ("rate(5 mins)", BadValue, "mins", "did you mean `minutes`?"),
        ("rate(5 weeks)", BadValue, "weeks", "`minutes` or `hours` or `days`"),
    ] {
        refused(text, code, at, help);
    }
}

#[test]
fn a_rate_counts_from_its_anchor() {
    let Ok(Expression::Rate(every)) = "rate(1 day)".parse() else { panic!() };
    let rate = Rate { every, anchor: at("2026-03-06T22:00") };
    let firing = Firing::Rate(rate);
    for (now, last, next) in [
        ("2026-03-06T21:59", None, "2026-03-06T22:00"),
        ("2026-03-06T22:00", Some("2026-03-06T22:00"), "2026-03-07T22:00"),
        ("2026-03-09T21:59", Some("2026-03-08T22:00"), "2026-03-09T22:00"),
    ] {
        assert_eq!(rate.at_or_before(at(now)), last.map(at), "{now}");
        assert_eq!(rate.after(at(now)), at(next), "{now}");
        // A day of 23 hours changes nothing.
        assert_eq!(firing.after(at(now), Los_Angeles, TimeDelta::days(1)), Some(at(next)));
    }
    assert_eq!(firing.after(at("2026-03-06T21:58"), Tz::UTC, TimeDelta::minutes(1)), None);
    assert_eq!(firing.at_or_before(at("2026-03-06T22:02"), Tz::UTC, TimeDelta::minutes(1)), None);
    assert_eq!(rate.after(Instant::MAX_UTC), Instant::MAX_UTC);
    assert_eq!(firing.after(Instant::MAX_UTC, Tz::UTC, TimeDelta::MAX), None);
}
