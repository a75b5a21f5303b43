//! What the periods of a schedule say at a moment of wall-clock time, on usual days and on those that differ.
//!
//! A day's periods become *spans*: begin and end as they are that day. On a day that differs the spans do:
//! a holiday has none, a make-up day those of another weekday, an exception moves the first begin or the last end,
//! or puts a span of its own. Nothing here allocates.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

use crate::{
    day::{CalendarDay, Change, Day, Side},
    schedule::{Because, Desired, PeriodUse, Schedule, WallTime, Wanted},
};

const DAY: i64 = 24 * 60 * 60;

/// A period as it is on one date. Times are seconds after that date's midnight; an end of more than a day is on the
/// date after.
#[derive(Clone, Copy, Debug)]
struct Span<'a> {
    begin: Option<i64>,
    end: Option<i64>,
    /// An exception has taken both its start and its stop: it has no opinion all day.
    is_silent: bool,
    because: Because<'a>,
}

/// What one span says. A running one began so many seconds after midnight, or on the day before if negative;
/// `None` stands for a span without a begin time, which counts as older than any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saying {
    Running { began: Option<i64> },
    Stopped,
    Any,
}

impl<'a> Span<'a> {
    /// A span between two times of day, overnight if the end comes first.
    fn between(begin: Option<WallTime>, end: Option<WallTime>, because: Because<'a>) -> Self {
        let is_overnight = matches!((begin, end), (Some(begin), Some(end)) if begin > end);
        let overnight = if is_overnight { DAY } else { 0 };
        let end = end.map(|end| end.seconds() + overnight);
        Span { begin: begin.map(WallTime::seconds), end, is_silent: false, because }
    }

    /// A period on a usual day.
    fn usual(used: &'a PeriodUse) -> Self {
        Span::between(used.period.begin, used.period.end, Because::Period(used))
    }

    /// A period on a day that differs.
    fn on(day: &'a Day, used: &'a PeriodUse) -> Self {
        Span { because: Because::Day(day, Some(used)), ..Span::usual(used) }
    }

    /// What it says at a second of its own date.
    fn today(&self, second: i64) -> Saying {
        if self.is_silent {
            return Saying::Any;
        }
        let began = self.begin.is_none_or(|begin| second >= begin);
        let ended = self.end.is_some_and(|end| second >= end);
        match (self.begin, self.end) {
            (None, None) => Saying::Running { began: None },
            (Some(begin), _) if began && !ended => Saying::Running { began: Some(begin) },
            (Some(_), None) | (None, Some(_)) if !ended => Saying::Any,
            _ => Saying::Stopped,
        }
    }

    /// What it says at a second of the date after.
    fn tomorrow(&self, second: i64) -> Saying {
        match (self.begin, self.end) {
            (Some(begin), Some(end)) if second + DAY < end && !self.is_silent => {
                Saying::Running { began: Some(begin - DAY) }
            }
            _ => Saying::Stopped,
        }
    }
}

/// What the spans come to so far.
struct Tally<'a> {
    latest: Option<(Option<i64>, Because<'a>)>,
    any: bool,
}

impl<'a> Tally<'a> {
    fn count(&mut self, saying: Saying, because: Because<'a>) {
        match saying {
            Saying::Running { began } if self.latest.is_none_or(|(other, _)| began > other) => {
                self.latest = Some((began, because));
            }
            Saying::Any => self.any = true,
            Saying::Running { .. } | Saying::Stopped => {}
        }
    }
}

impl Schedule {
    /// What the periods say at a moment of wall-clock time.
    pub(crate) fn periods_at(&self, wall: NaiveDateTime) -> Wanted<'_> {
        let (date, second) = (wall.date(), i64::from(wall.num_seconds_from_midnight()));
        let mut tally = Tally { latest: None, any: false };
        let today = self.days.get(&date);
        self.each_span(date, today, &mut |span| tally.count(span.today(second), span.because));
        if let Some(yesterday) = date.pred_opt().filter(|_| self.may_run_overnight()) {
            let day = self.days.get(&yesterday);
            self.each_span(yesterday, day, &mut |span| {
                tally.count(span.tomorrow(second), span.because)
            });
        }
        match tally.latest {
            Some((_, because)) => Wanted { desired: Desired::Running, because },
            None => {
                let desired = if tally.any { Desired::Any } else { Desired::Stopped };
                Wanted {
                    desired,
                    because: today.map_or(Because::Nothing, |day| Because::Day(day, None)),
                }
            }
        }
    }

    fn may_run_overnight(&self) -> bool {
        !self.days.is_empty() || self.periods.iter().any(|used| used.period.is_overnight())
    }

    /// Hands every span of a date to `visit`.
    fn each_span<'a>(
        &'a self,
        date: NaiveDate,
        day: Option<&'a Day>,
        visit: &mut impl FnMut(Span<'a>),
    ) {
        let Some(day) = day else {
            return self.each_period(date, None, |used| visit(Span::usual(used)));
        };
        match day.exception.as_ref().map(|exception| exception.says) {
            None => self.each_period(date, Some(day), |used| visit(Span::on(day, used))),
            Some(Change::Closed) => {}
            Some(Change::Open { begin, end }) => {
                visit(Span::between(Some(begin), Some(end), Because::Day(day, None)));
            }
            Some(Change::Sides { start, stop }) => {
                self.each_moved_span(date, day, start, stop, visit)
            }
        }
    }

    /// Hands every period that holds on a date to `visit`.
    fn each_period<'a>(
        &'a self,
        date: NaiveDate,
        day: Option<&Day>,
        mut visit: impl FnMut(&'a PeriodUse),
    ) {
        let weekday = match day.and_then(|day| day.calendar.as_ref()).map(|calendar| calendar.says)
        {
            Some(CalendarDay::Holiday) => return,
            Some(CalendarDay::Working(weekday)) => weekday,
            None => date.weekday(),
        };
        self.periods
            .iter()
            .filter(|used| used.period.dates.contain_as(date, weekday))
            .for_each(&mut visit);
    }

    /// Hands every span of a date to `visit`, the first begin and the last end moved, and what lies outside of them
    /// cut off. On a date without periods the exception's own times make a span.
    fn each_moved_span<'a>(
        &'a self,
        date: NaiveDate,
        day: &'a Day,
        start: Side,
        stop: Side,
        visit: &mut impl FnMut(Span<'a>),
    ) {
        let mut usual: Option<(i64, i64)> = None;
        self.each_period(date, Some(day), |used| {
            let span = Span::usual(used);
            let (begin, end) = (span.begin.unwrap_or(0), span.end.unwrap_or(DAY));
            let (first, last) = usual.unwrap_or((begin, end));
            usual = Some((first.min(begin), last.max(end)));
        });
        let Some((first, last)) = usual else {
            let span = Span::between(start.time(), stop.time(), Because::Day(day, None));
            if span.begin.is_some() || span.end.is_some() {
                visit(span);
            }
            return;
        };
        let start_at = start.time().map(WallTime::seconds);
        // Of a night that ends on the date after, a stop before the time it begins is on the date after too.
        let is_next_day = |time: i64| last > DAY && time < start_at.unwrap_or(first);
        let stop_at = stop
            .time()
            .map(WallTime::seconds)
            .map(|time| if is_next_day(time) { time + DAY } else { time });
        let is_silent = (start, stop) == (Side::Never, Side::Never);
        self.each_period(date, Some(day), |used| {
            let span = Span::on(day, used);
            let (is_first, is_last) =
                (span.begin.unwrap_or(0) == first, span.end.unwrap_or(DAY) == last);
            let begin = match (start, start_at) {
                (Side::Never, _) if is_first => None,
                (_, Some(at)) if is_first => Some(at),
                (_, Some(at)) => Some(span.begin.unwrap_or(0).max(at)),
                _ => span.begin,
            };
            let end = match (stop, stop_at) {
                // Without a stop it runs to the end of its date.
                (Side::Never, _) if is_last => Some(last.max(DAY)),
                (_, Some(at)) if is_last => Some(at),
                (_, Some(at)) => Some(span.end.unwrap_or(DAY).min(at)),
                _ => span.end,
            };
            if is_silent || begin.zip(end).is_none_or(|(begin, end)| begin < end) {
                visit(Span { begin, end, is_silent, ..span });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Config, Instant, RawConfig, Schedule, verdict::Rule};

    /// The schedule `s` in UTC: `office` is 09:00-18:00 on working days, `early` 06:00-08:00 on Saturdays, `night`
    /// 22:00-05:00 every day. 2026-03-02 is a Monday.
    fn schedule(periods: &[&str], exceptions: &Value, calendars: &Value) -> Schedule {
        let names: Vec<_> = calendars.as_object().unwrap().keys().collect();
        let schedule = json!({"periods": periods, "calendars": names});
        let schedule = if names.is_empty() { json!({"periods": periods}) } else { schedule };
        let raw = json!({
            "periods": {
                "office": {"begintime": "09:00", "endtime": "18:00", "weekdays": "mon-fri"},
                "early": {"begintime": "06:00", "endtime": "08:00", "weekdays": "sat"},
                "night": {"begintime": "22:00", "endtime": "05:00"},
            },
            "schedules": {"s": schedule},
            "exceptions": exceptions,
            "calendars": calendars,
        });
        let (config, mistakes) =
            Config::parse(&RawConfig::from_json(&raw.to_string()).unwrap(), chrono_tz::UTC);
        assert_eq!(mistakes, []);
        config.schedule(&"s".parse().unwrap()).unwrap().clone()
    }

    fn at(text: &str) -> Instant {
        format!("2026-03-{text}:00Z").parse().unwrap()
    }

    /// The edges of a stretch of days, as `DDTHH:MM state`.
    fn check(schedule: &Schedule, from: &str, until: &str, expected: &[&str]) {
        let edges = schedule.edges(at(from), at(until));
        let edges: Vec<_> =
            edges.map(|edge| format!("{} {}", edge.at.format("%dT%H:%M"), edge.desired)).collect();
        assert_eq!(edges, expected);
    }

    fn monday(change: Value) -> Value {
        let mut exception = json!({"schedule": "s", "date": "2026-03-02"});
        exception.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"x": exception})
    }

    #[test]
    fn an_exception_changes_its_day_alone() {
        let tuesday = ["03T09:00 running", "03T18:00 stopped"];
        for (change, monday_edges) in [
            (json!({"closed": true}), vec![]),
            (json!({"open": "10:00-12:00"}), vec!["02T10:00 running", "02T12:00 stopped"]),
            (json!({"start": "10:00"}), vec!["02T10:00 running", "02T18:00 stopped"]),
            (json!({"stop": "20:00"}), vec!["02T09:00 running", "02T20:00 stopped"]),
            (
                json!({"start": "07:00", "stop": "07:30"}),
                vec!["02T07:00 running", "02T07:30 stopped"],
            ),
            (json!({"stop": "none"}), vec!["02T09:00 running", "03T00:00 stopped"]),
            (json!({"start": "20:00"}), vec![]),
            (json!({"stop": "08:00"}), vec![]),
            (json!({"start": "none"}), vec!["02T00:00 any", "02T18:00 stopped"]),
            (json!({"start": "none", "stop": "none"}), vec!["02T00:00 any", "03T00:00 stopped"]),
            (json!({"open": "22:00-02:00"}), vec!["02T22:00 running", "03T02:00 stopped"]),
        ] {
            let schedule = schedule(&["office"], &monday(change), &json!({}));
            let expected: Vec<_> = monday_edges.into_iter().chain(tuesday).collect();
            check(&schedule, "01T12:00", "03T23:00", &expected);
        }
    }

    #[test]
    fn an_exception_wins_over_weekdays_and_calendars() {
        let sunday = json!({"x": {"schedule": "s", "date": "2026-03-08", "start": "10:00", "stop": "11:00"}});
        check(
            &schedule(&["office"], &sunday, &json!({})),
            "07T00:00",
            "08T23:00",
            &["08T10:00 running", "08T11:00 stopped"],
        );
        let holiday = json!({"c": {"days": {"2026-03-02": "holiday"}}});
        let moved =
            schedule(&["office"], &monday(json!({"start": "10:00", "stop": "11:00"})), &holiday);
        check(&moved, "01T12:00", "02T23:00", &["02T10:00 running", "02T11:00 stopped"]);
    }

    #[test]
    fn of_several_periods_the_first_start_and_the_last_stop_are_moved() {
        let moved = schedule(
            &["office", "early"],
            &json!({}),
            &json!({"c": {"days": {"2026-03-07": "working mon"}}}),
        );
        check(&moved, "06T19:00", "07T23:00", &["07T09:00 running", "07T18:00 stopped"]);
        let both = json!({"x": {"schedule": "s", "date": "2026-03-07", "start": "05:30", "stop": "04:00"}});
        let both = schedule(&["early", "night"], &both, &json!({}));
        let expected = [
            "07T05:00 stopped",
            "07T05:30 running",
            "07T08:00 stopped",
            "07T22:00 running",
            "08T04:00 stopped",
        ];
        check(&both, "07T00:00", "08T12:00", &expected);
    }

    /// A start moved past a period, or a stop moved before one, leaves that period out; it does not turn it around.
    #[test]
    fn what_lies_outside_of_moved_times_is_cut_off() {
        for (change, expected) in [
            (
                json!({"start": "06:30", "stop": "07:00"}),
                vec!["07T06:30 running", "07T07:00 stopped"],
            ),
            (json!({"start": "19:00"}), vec!["07T22:00 running", "08T05:00 stopped"]),
            (json!({"stop": "07:30"}), vec!["07T06:00 running", "07T07:30 stopped"]),
            (
                json!({"stop": "23:00"}),
                vec![
                    "07T06:00 running",
                    "07T08:00 stopped",
                    "07T22:00 running",
                    "07T23:00 stopped",
                ],
            ),
        ] {
            let mut exception = json!({"schedule": "s", "date": "2026-03-07"});
            exception.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let both = schedule(&["early", "night"], &json!({"x": exception}), &json!({}));
            let edges: Vec<_> = ["07T05:00 stopped"].into_iter().chain(expected).collect();
            check(&both, "07T00:00", "08T12:00", &edges);
        }
    }

    /// Hundreds of exceptions cost each date its own times, and no other date anything.
    #[test]
    fn exceptions_do_not_slow_other_dates_down() {
        let exceptions: serde_json::Map<_, _> = (0..360)
            .map(|n| {
                let date = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()
                    + chrono::TimeDelta::days(n);
                let start = format!("{:02}:{:02}", n / 60, n % 60);
                (
                    format!("x{n}"),
                    json!({"schedule": "s", "date": date.to_string(), "start": start}),
                )
            })
            .collect();
        let many = schedule(&["office"], &exceptions.into(), &json!({}));
        assert_eq!(many.boundaries().len(), 3);
        check(&many, "02T00:00", "02T23:00", &["02T01:00 running", "02T18:00 stopped"]);
    }

    #[test]
    fn a_holiday_has_no_begin_but_what_began_the_day_before_ends_as_usual() {
        let calendar = json!({"c": {"days": {"2026-03-03": "holiday Founding day"}}});
        let night = schedule(&["night"], &json!({}), &calendar);
        check(
            &night,
            "02T12:00",
            "04T23:00",
            &["02T22:00 running", "03T05:00 stopped", "04T22:00 running"],
        );
        let verdict = night.verdict(at("03T22:30"));
        assert_eq!(
            (verdict.rule, verdict.name.as_deref()),
            (Rule::Calendar, Some("c, Founding day"))
        );
    }

    #[test]
    fn a_make_up_day_counts_as_its_weekday() {
        let calendar = json!({"c": {"days": {"2026-03-07": "working mon"}}});
        let office = schedule(&["office"], &json!({}), &calendar);
        check(&office, "06T19:00", "08T12:00", &["07T09:00 running", "07T18:00 stopped"]);
        assert_eq!(office.verdict(at("07T10:00")).rule, Rule::Calendar);
    }
}
