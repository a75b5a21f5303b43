//! Schedules that start and stop by expressions that fire, `cron(...)` and `rate(...)`.
//!
//! What such a schedule wants is the side that fired last. **Each firing is an edge**, even one that repeats what is
//! desired already: `stop: cron(0 20 ? * MON-FRI *)` alone has to stop, every evening, what somebody started in
//! the course of the day.
//!
//! On a date that differs, a holiday or `closed` silences the start, a make-up day counts as its weekday, and an
//! exception's times stand for the expression's. A `rate(...)` counts from its anchor and knows no dates.

use chrono::{Datelike, NaiveDate, TimeZone};

use crate::{
    Instant,
    cron::{Cron, Firing},
    day::{CalendarDay, Change, Side},
    schedule::{Because, Desired, Schedule, WallTime, Wanted},
    verdict::HORIZON,
};

/// How many dates are searched for a firing: those within the horizon.
const MOST_DATES: usize = HORIZON.num_days().unsigned_abs() as usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Start,
    Stop,
}

/// The times at which one side fires on one date: those of an expression before a minute of the day, and one more.
struct Times<'a> {
    usual: Option<(&'a Cron, u16)>,
    own: Option<WallTime>,
}

impl Schedule {
    pub(crate) fn fired_at(&self, at: Instant) -> Wanted<'_> {
        let (start, stop) = (self.last_firing(Which::Start, at), self.last_firing(Which::Stop, at));
        // Of two at the same instant the stop wins: what rests costs nothing.
        let (desired, side) = match (start, stop) {
            (None, None) => return Wanted { desired: Desired::Any, because: Because::Nothing },
            (Some(start), stop) if stop.is_none_or(|stop| start > stop) => {
                (Desired::Running, &self.start)
            }
            _ => (Desired::Stopped, &self.stop),
        };
        let date = at.with_timezone(&self.zone).date_naive();
        let differs = self.days.get(&date).filter(|_| self.knows_dates());
        let usual = side.as_ref().map_or(Because::Nothing, Because::Firing);
        Wanted { desired, because: differs.map_or(usual, |day| Because::Day(day, None)) }
    }

    /// Whether dates that differ have a say: in a `cron(...)`, but not in a `rate(...)`.
    fn knows_dates(&self) -> bool {
        [&self.start, &self.stop].into_iter().any(|side| matches!(side, Some(Firing::Cron(_))))
    }

    /// The last firing of either side at or before an instant.
    pub(crate) fn last_fired(&self, at: Instant) -> Option<Instant> {
        self.last_firing(Which::Start, at).max(self.last_firing(Which::Stop, at))
    }

    /// The next firing of either side after an instant.
    pub(crate) fn next_fired(&self, at: Instant) -> Option<Instant> {
        let sides = [self.next_firing(Which::Start, at), self.next_firing(Which::Stop, at)];
        sides.into_iter().flatten().min()
    }

    fn side(&self, which: Which) -> Option<&Firing> {
        match which {
            Which::Start => self.start.as_ref(),
            Which::Stop => self.stop.as_ref(),
        }
    }

    fn last_firing(&self, which: Which, at: Instant) -> Option<Instant> {
        let last =
            |instants: &mut dyn Iterator<Item = Instant>| instants.filter(|i| *i <= at).max();
        let today = at.with_timezone(&self.zone).date_naive();
        match self.side(which) {
            Some(firing) if self.knows_no_dates(firing) => {
                firing.at_or_before(at, self.zone, HORIZON)
            }
            Some(_) => {
                // The day after too: where clocks go back over midnight, its first hour comes before today's last.
                let before = std::iter::successors(Some(today), NaiveDate::pred_opt);
                let dates = today.succ_opt().into_iter().chain(before).take(MOST_DATES);
                dates.into_iter().find_map(|date| self.firings_on(which, date, last))
            }
            None => {
                let dates = self.days.range(..=today.succ_opt()?).rev();
                let dates = dates.flat_map(|(date, _)| [date.succ_opt(), Some(*date)]).flatten();
                dates.into_iter().find_map(|date| self.firings_on(which, date, last))
            }
        }
    }

    fn next_firing(&self, which: Which, at: Instant) -> Option<Instant> {
        let next = |instants: &mut dyn Iterator<Item = Instant>| instants.filter(|i| *i > at).min();
        let today = at.with_timezone(&self.zone).date_naive();
        let yesterday = today.pred_opt()?;
        match self.side(which) {
            Some(firing) if self.knows_no_dates(firing) => firing.after(at, self.zone, HORIZON),
            Some(_) => yesterday
                .iter_days()
                .take(MOST_DATES)
                .find_map(|date| self.firings_on(which, date, next)),
            None => {
                let dates = self.days.range(yesterday..);
                let dates = dates.flat_map(|(date, _)| [Some(*date), date.succ_opt()]).flatten();
                dates.into_iter().find_map(|date| self.firings_on(which, date, next))
            }
        }
    }

    /// Whether no date that differs has a say in an expression.
    fn knows_no_dates(&self, firing: &Firing) -> bool {
        self.days.is_empty() || matches!(firing, Firing::Rate(_))
    }

    /// Hands the instants at which a side fires on a date to `choose`.
    fn firings_on(
        &self,
        which: Which,
        date: NaiveDate,
        choose: impl Fn(&mut dyn Iterator<Item = Instant>) -> Option<Instant>,
    ) -> Option<Instant> {
        let Times { usual, own } = self.times_on(which, date);
        let usual = usual
            .into_iter()
            .flat_map(|(cron, before)| cron.times().take_while(move |minute| *minute < before));
        let own = [own, self.carried_stop(which, date)].into_iter().flatten();
        let times = usual.filter_map(WallTime::from_minute).chain(own);
        choose(&mut times.filter_map(|time| self.instant(date, time)))
    }

    /// The end of an `open` exception that began on the day before and runs overnight.
    fn carried_stop(&self, which: Which, date: NaiveDate) -> Option<WallTime> {
        let yesterday = self.days.get(&date.pred_opt()?).filter(|_| which == Which::Stop)?;
        match yesterday.exception.as_ref()?.says {
            Change::Open { begin, end } if begin > end => Some(end),
            Change::Open { .. } | Change::Closed | Change::Sides { .. } => None,
        }
    }

    fn times_on(&self, which: Which, date: NaiveDate) -> Times<'_> {
        const ALL: u16 = 24 * 60;
        let usual = |before| Times {
            usual: self.cron_on(which, date).map(|cron| (cron, before)),
            own: None,
        };
        let day = self.days.get(&date);
        let Some(change) =
            day.and_then(|day| day.exception.as_ref()).map(|exception| exception.says)
        else {
            return usual(ALL);
        };
        match (change, which) {
            (Change::Closed, Which::Stop) => usual(ALL),
            (Change::Closed, Which::Start) => Times { usual: None, own: None },
            (Change::Open { begin, .. }, Which::Start) => Times { usual: None, own: Some(begin) },
            // What ends the evening before comes as usual, up to the day's own start.
            (Change::Open { begin, end }, Which::Stop) => {
                Times { own: Some(end).filter(|end| begin <= *end), ..usual(begin.minute()) }
            }
            (Change::Sides { start: Side::AsUsual, .. }, Which::Start) => usual(ALL),
            (Change::Sides { start, .. }, Which::Start) => Times { usual: None, own: start.time() },
            (Change::Sides { stop: Side::AsUsual, .. }, Which::Stop) => usual(ALL),
            (Change::Sides { stop, .. }, Which::Stop) => {
                Times { own: stop.time(), ..usual(self.first_start_on(date).unwrap_or(0)) }
            }
        }
    }

    fn first_start_on(&self, date: NaiveDate) -> Option<u16> {
        let Times { usual, own } = self.times_on(Which::Start, date);
        own.map(WallTime::minute).or_else(|| usual?.0.times().next())
    }

    /// The expression of a side, if it fires on a date. On a make-up day the start counts as its weekday alone; a stop
    /// comes both as usual and as on that weekday, and on the morning after too, so that no night is without its end.
    fn cron_on(&self, which: Which, date: NaiveDate) -> Option<&Cron> {
        let Some(Firing::Cron(cron)) = self.side(which) else { return None };
        let own = date.weekday();
        let fires = match (self.calendar_on(date), which) {
            (Some(CalendarDay::Holiday), Which::Start) => false,
            (Some(CalendarDay::Working(counted)), Which::Start) => cron.fires_on(date, counted),
            (Some(CalendarDay::Working(counted)), Which::Stop) => {
                cron.fires_on(date, counted) || cron.fires_on(date, own)
            }
            (Some(CalendarDay::Holiday), Which::Stop) | (None, _) => cron.fires_on(date, own),
        };
        let morning_after =
            || match date.pred_opt().and_then(|yesterday| self.calendar_on(yesterday)) {
                Some(CalendarDay::Working(counted)) => {
                    which == Which::Stop && cron.fires_on(date, counted.succ())
                }
                Some(CalendarDay::Holiday) | None => false,
            };
        (fires || morning_after()).then_some(cron)
    }

    fn calendar_on(&self, date: NaiveDate) -> Option<CalendarDay> {
        Some(self.days.get(&date)?.calendar.as_ref()?.says)
    }

    /// The instant of a wall-clock time: none inside a skipped hour, the first inside a repeated one, as EventBridge
    /// Scheduler fires.
    fn instant(&self, date: NaiveDate, time: WallTime) -> Option<Instant> {
        let wall =
            date.and_hms_opt(u32::from(time.minute()) / 60, u32::from(time.minute()) % 60, 0)?;
        self.zone.from_local_datetime(&wall).earliest().map(|at| at.to_utc())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Config, Instant, RawConfig, verdict::Rule};

    /// 2026-03-02 is a Monday; the zone is UTC.
    fn schedule(times: &Value, exceptions: &Value, days: &Value) -> crate::Schedule {
        let mut schedule = json!({"calendars": ["c"]});
        schedule.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let raw = json!({
            "schedules": {"s": schedule},
            "exceptions": exceptions,
            "calendars": {"c": {"days": days}},
        });
        let (config, mistakes) =
            Config::parse(&RawConfig::from_json(&raw.to_string()).unwrap(), chrono_tz::UTC);
        assert_eq!(mistakes, []);
        config.schedule(&"s".parse().unwrap()).unwrap().clone()
    }

    fn at(text: &str) -> Instant {
        format!("2026-03-{text}:00Z").parse().unwrap()
    }

    /// The firings of a stretch of days that change what is wanted.
    fn check(schedule: &crate::Schedule, from: &str, until: &str, expected: &[&str]) {
        let mut wanted = schedule.wanted_at(at(from)).desired;
        let edges = schedule
            .edges(at(from), at(until))
            .filter(|edge| std::mem::replace(&mut wanted, edge.desired) != edge.desired);
        let edges: Vec<_> =
            edges.map(|edge| format!("{} {}", edge.at.format("%dT%H:%M"), edge.desired)).collect();
        assert_eq!(edges, expected);
    }

    fn nights() -> Value {
        json!({"start": "cron(0 22 ? * MON-FRI *)", "stop": "cron(0 6 ? * TUE-SAT *)"})
    }

    const NO_HOLIDAY: &str = "2030-01-01";

    #[test]
    fn what_began_the_evening_before_ends_as_usual_on_a_day_that_differs() {
        for (change, expected) in [
            (json!({"open": "22:00-02:00"}), vec!["04T22:00 running", "05T02:00 stopped"]),
            (json!({"open": "10:00-15:00"}), vec!["04T10:00 running", "04T15:00 stopped"]),
            (
                json!({"start": "10:00", "stop": "15:00"}),
                vec!["04T10:00 running", "04T15:00 stopped"],
            ),
            (json!({"closed": true}), vec![]),
        ] {
            let mut exception = json!({"schedule": "s", "date": "2026-03-04"});
            exception.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let schedule =
                schedule(&nights(), &json!({"x": exception}), &json!({NO_HOLIDAY: "holiday"}));
            let expected: Vec<_> =
                ["03T22:00 running", "04T06:00 stopped"].into_iter().chain(expected).collect();
            check(&schedule, "03T12:00", "05T12:00", &expected);
        }
    }

    #[test]
    fn a_make_up_day_has_its_night_and_every_night_its_end() {
        let schedule = schedule(&nights(), &json!({}), &json!({"2026-03-14": "working mon"}));
        let nights =
            ["13T22:00 running", "14T06:00 stopped", "14T22:00 running", "15T06:00 stopped"];
        check(&schedule, "13T12:00", "16T12:00", &nights);
    }

    #[test]
    fn a_holiday_silences_the_start_and_gives_the_reason_on_its_own_date() {
        let office =
            json!({"start": "cron(0 9 ? * MON-FRI *)", "stop": "cron(0 18 ? * MON-FRI *)"});
        let schedule = schedule(&office, &json!({}), &json!({"2026-03-10": "holiday"}));
        check(&schedule, "09T12:00", "11T12:00", &["09T18:00 stopped", "11T09:00 running"]);
        assert_eq!(schedule.verdict(at("10T10:00")).rule, Rule::Calendar);
        assert_eq!(schedule.verdict(at("11T08:00")).rule, Rule::Cron);
    }

    /// A stop alone stops every evening: each firing is an edge.
    #[test]
    fn one_side_alone_fires_again_and_again() {
        let schedule = schedule(
            &json!({"stop": "cron(0 20 ? * * *)"}),
            &json!({}),
            &json!({NO_HOLIDAY: "holiday"}),
        );
        assert_eq!(schedule.edges(at("09T12:00"), at("12T12:00")).count(), 3);
        let verdict = schedule.verdict(at("10T12:00"));
        assert_eq!((verdict.since, verdict.until), (Some(at("09T20:00")), Some(at("10T20:00"))));
    }

    #[test]
    fn a_rate_counts_from_its_anchor_and_knows_no_dates() {
        let rates = json!({
            "start": "rate(2 hours)", "start_from": "2026-03-01T00:00:00Z",
            "stop": "rate(2 hours)", "stop_from": "2026-03-01T01:00:00Z",
        });
        let schedule = schedule(&rates, &json!({}), &json!({"2026-03-02": "holiday"}));
        check(
            &schedule,
            "02T00:30",
            "02T03:30",
            &["02T01:00 stopped", "02T02:00 running", "02T03:00 stopped"],
        );
        assert_eq!(schedule.verdict(at("02T00:30")).rule, Rule::Cron);
    }
}
