//! Verdicts and edges: what is wanted, since when, until when.
//!
//! Edges are computed, not sampled. What a schedule wants can change only at certain wall-clock minutes
//! (midnight, begin and end times) and where the zone's offset changes; between two such candidates it is
//! constant. Both `since` and `until` walk those candidates and ask the schedule at each, so they agree with
//! [`Schedule::wanted_at`] by construction.

use std::{collections::BTreeMap, fmt};

use chrono::{DurationRound, NaiveDate, Offset, SecondsFormat, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    day::Day,
    id::InstanceType,
    schedule::{Because, Desired, Schedule, WallTime, Wanted},
};

/// How far `since` and `until` are looked for: five years, so that a 29 February is found. Nothing found
/// means that the schedule wanted and will want the same for at least as long.
pub const HORIZON: TimeDelta = TimeDelta::days(5 * 366);

/// The rule that won, by precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// An override: the schedule's `override_status`, or a person's.
    Override,
    /// A maintenance or backup window.
    Window,
    /// An exception for the date.
    Exception,
    /// A calendar's holiday or working day.
    Calendar,
    /// A period.
    Period,
    /// A cron or rate expression.
    Cron,
    /// No rule has a say, so the schedule rests.
    None,
}

/// What is wanted at an instant, and why, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is desired.
    pub desired: Desired,
    /// The instance type to run as.
    pub instance_type: Option<InstanceType>,
    /// The rule that won.
    pub rule: Rule,
    /// The name of what won: a period's.
    pub name: Option<String>,
    /// The override that won, if one did: its name alone, or `override_status`.
    pub overridden_by: Option<String>,
    /// The edge at which this became wanted; none within [`HORIZON`] means always.
    pub since: Option<Instant>,
    /// The edge at which this ends; none within [`HORIZON`] means never.
    pub until: Option<Instant>,
}

/// The verdict's reason as a clause: `the period office runs until 2026-03-02T17:00:00Z`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule_in_words())?;
        self.until.map_or(Ok(()), |until| {
            write!(f, " until {}", until.to_rfc3339_opts(SecondsFormat::Secs, true))
        })
    }
}

impl Verdict {
    /// What won, as a clause: `the period office runs`.
    pub fn rule_in_words(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        match (self.rule, self.desired) {
            (Rule::Period, _) => format!("the period {name} runs"),
            (Rule::None, Desired::Any) => "no period has an opinion".into(),
            (Rule::None, _) => "no period runs".into(),
            (Rule::Override, desired) if name.is_empty() => {
                format!("the override_status is {desired}")
            }
            (Rule::Override, _) => format!("the override {name} holds"),
            (Rule::Window, _) => format!("the window {name} is open"),
            (Rule::Exception, _) => format!("the exception {name} holds"),
            (Rule::Calendar, _) => format!("the calendar says {name}"),
            (Rule::Cron, _) => format!("{name} fired last"),
        }
    }
}

/// An instant at which desired changes, and what it changes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The instant.
    pub at: Instant,
    /// What is desired from then on.
    pub desired: Desired,
    /// The instance type to run as from then on.
    pub instance_type: Option<InstanceType>,
}

impl Schedule {
    /// The verdict at an instant.
    ///
    /// ```
    /// # use scheduler_core::{Config, RawConfig, Desired};
    /// # let raw = RawConfig::from_json(r#"{"periods": {"office": {"begintime": "09:00", "endtime": "18:00"}},
    /// #     "schedules": {"s": {"timezone": "Asia/Seoul", "periods": ["office"]}}}"#).unwrap();
    /// # let (config, _) = Config::parse(&raw, chrono_tz::UTC);
    /// # let schedule = config.schedule(&"s".parse()?).unwrap();
    /// let verdict = schedule.verdict("2026-02-17T10:00:00+09:00".parse()?);
    /// assert_eq!(verdict.desired, Desired::Running);
    /// assert_eq!(verdict.until, Some("2026-02-17T18:00:00+09:00".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verdict(&self, at: Instant) -> Verdict {
        let wanted = self.wanted_at(at);
        let (rule, name) = match wanted.because {
            Because::Override => (Rule::Override, None),
            Because::Period(used) => (Rule::Period, Some(used.period.name.to_string())),
            Because::Day(day, _) => (day.rule().0, Some(day.rule().1.to_owned())),
            Because::Firing(firing) => (Rule::Cron, Some(firing.to_string())),
            Because::Nothing => (Rule::None, None),
        };
        let (since, until) = self.around(at, wanted);
        Verdict {
            desired: wanted.desired,
            instance_type: wanted.instance_type().cloned(),
            rule,
            name,
            overridden_by: (rule == Rule::Override).then(|| "override_status".into()),
            since,
            until,
        }
    }

    /// The edges on both sides of an instant.
    fn around(&self, at: Instant, wanted: Wanted<'_>) -> (Option<Instant>, Option<Instant>) {
        if self.override_status.is_some() {
            return (None, None);
        }
        if self.is_fired() {
            return (self.last_fired(at), self.next_fired(at));
        }
        let walk = self.walk();
        (
            self.since(&walk, at, wanted),
            self.next_edge(&walk, at, wanted, at + HORIZON).map(|(at, _)| at),
        )
    }

    fn walk(&self) -> Walk<'_> {
        Walk { zone: self.zone, boundaries: self.boundaries(), days: &self.days }
    }

    /// The edges after `from` and up to `until`, in order.
    pub fn edges(&self, from: Instant, until: Instant) -> impl Iterator<Item = Edge> {
        let walk = self.walk();
        let mut last = (from, self.wanted_at(from));
        std::iter::from_fn(move || {
            let next = match (self.override_status, self.is_fired()) {
                (Some(_), _) => None,
                (None, true) => self.next_fired(last.0).map(|at| (at, self.wanted_at(at))),
                (None, false) => self.next_edge(&walk, last.0, last.1, until),
            };
            last = next.filter(|(at, _)| *at <= until)?;
            let (at, wanted) = last;
            Some(Edge {
                at,
                desired: wanted.desired,
                instance_type: wanted.instance_type().cloned(),
            })
        })
    }

    /// The first edge after `from`, if there is one up to `until`.
    fn next_edge(
        &self,
        walk: &Walk<'_>,
        from: Instant,
        wanted: Wanted<'_>,
        until: Instant,
    ) -> Option<(Instant, Wanted<'_>)> {
        let mut at = walk.after(from);
        while at <= until {
            let next = self.wanted_at(at);
            if !is_same(&next, &wanted) {
                return Some((at, next));
            }
            at = walk.after(at);
        }
        None
    }

    fn since(&self, walk: &Walk<'_>, at: Instant, wanted: Wanted<'_>) -> Option<Instant> {
        let mut since = walk.at_or_before(at);
        while at - since <= HORIZON {
            let before = walk.at_or_before(since - TimeDelta::seconds(1));
            if !is_same(&self.wanted_at(before), &wanted) {
                return Some(since);
            }
            since = before;
        }
        None
    }
}

fn is_same(a: &Wanted<'_>, b: &Wanted<'_>) -> bool {
    a.desired == b.desired && a.instance_type() == b.instance_type()
}

/// A walk over the instants at which something can change.
#[derive(Debug)]
struct Walk<'a> {
    zone: Tz,
    /// Minutes of every day, sorted, with 0 among them: so a candidate is never more than a day away.
    boundaries: Vec<u16>,
    /// The dates that have more, on themselves and, where they run overnight, on the date after.
    days: &'a BTreeMap<NaiveDate, Day>,
}

impl Walk<'_> {
    /// The first candidate after an instant.
    fn after(&self, at: Instant) -> Instant {
        const DAY: i64 = 24 * 60 * 60;
        let second = self.second_of_day(at);
        let usual = self
            .boundaries
            .iter()
            .map(|minute| i64::from(*minute) * 60)
            .find(|boundary| *boundary > second);
        let special = self.special(at).filter(|boundary| *boundary > second).min();
        let next = usual.into_iter().chain(special).min().unwrap_or(DAY);
        let candidate = whole_second(at) + TimeDelta::seconds(next - second);
        self.first_transition(at, candidate).unwrap_or(candidate)
    }

    /// The last candidate at or before an instant.
    fn at_or_before(&self, at: Instant) -> Instant {
        let second = self.second_of_day(at);
        let usual = self
            .boundaries
            .iter()
            .rev()
            .map(|minute| i64::from(*minute) * 60)
            .find(|boundary| *boundary <= second);
        let special = self.special(at).filter(|boundary| *boundary <= second).max();
        let last = usual.into_iter().chain(special).max().unwrap_or(0);
        let candidate = whole_second(at) - TimeDelta::seconds(second - last);
        self.first_transition(candidate, at).unwrap_or(candidate)
    }

    /// The seconds of an instant's date that are candidates on that date alone.
    fn special(&self, at: Instant) -> impl Iterator<Item = i64> {
        let date = at.with_timezone(&self.zone).date_naive();
        let dates = [Some(date), date.pred_opt()].into_iter().flatten();
        dates.filter_map(|date| self.days.get(&date)).flat_map(Day::times).map(WallTime::seconds)
    }

    fn second_of_day(&self, at: Instant) -> i64 {
        i64::from(at.with_timezone(&self.zone).num_seconds_from_midnight())
    }

    /// The instant in `(from, to]` at which the zone's offset changes. Two changes within the day that a step
    /// spans at most are not told apart; no zone has had them since zones have had whole-minute offsets.
    fn first_transition(&self, from: Instant, to: Instant) -> Option<Instant> {
        let offset = |at: Instant| self.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        let before = offset(from);
        if offset(to) == before {
            return None;
        }
        let (mut low, mut high) = (from.timestamp(), to.timestamp());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match Instant::from_timestamp(middle, 0) {
                Some(at) if offset(at) != before => high = middle,
                _ => low = middle,
            }
        }
        Instant::from_timestamp(high, 0)
    }
}

fn whole_second(at: Instant) -> Instant {
    at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Config, RawConfig};

    fn schedule(zone: &str, periods: serde_json::Value) -> Schedule {
        let names: Vec<_> = periods.as_object().unwrap().keys().cloned().collect();
        let raw = serde_json::json!({"periods": periods, "schedules": {"s": {"timezone": zone, "periods": names}}});
        let (config, mistakes) =
            Config::parse(&RawConfig::from_json(&raw.to_string()).unwrap(), Tz::UTC);
        assert_eq!(mistakes, []);
        config.schedule(&"s".parse().unwrap()).unwrap().clone()
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn check(schedule: &Schedule, now: &str, expected: (Desired, &str, &str)) {
        let verdict = schedule.verdict(at(now));
        assert_eq!(
            (verdict.desired, verdict.since, verdict.until),
            (expected.0, Some(at(expected.1)), Some(at(expected.2)))
        );
    }

    #[test]
    fn a_verdict_knows_its_edges() {
        let office = schedule(
            "Europe/Berlin",
            serde_json::json!({"office": {"begintime": "09:00", "endtime": "18:00", "weekdays": "mon-fri"}}),
        );
        check(
            &office,
            "2026-03-02T10:00:00Z",
            (Desired::Running, "2026-03-02T08:00:00Z", "2026-03-02T17:00:00Z"),
        );
        check(
            &office,
            "2026-03-02T08:00:00Z",
            (Desired::Running, "2026-03-02T08:00:00Z", "2026-03-02T17:00:00Z"),
        );
        // Over the weekend on which clocks go forward.
        check(
            &office,
            "2026-03-28T12:00:00Z",
            (Desired::Stopped, "2026-03-27T17:00:00Z", "2026-03-30T07:00:00Z"),
        );
    }

    #[test]
    fn a_begin_inside_the_skipped_hour_takes_effect_when_the_clocks_have_changed() {
        let gap = schedule(
            "Europe/Berlin",
            serde_json::json!({"p": {"begintime": "02:30", "endtime": "04:00"}}),
        );
        check(
            &gap,
            "2026-03-29T01:30:00Z",
            (Desired::Running, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
        );
    }

    #[test]
    fn a_period_inside_the_repeated_hour_holds_twice() {
        let overlap = schedule(
            "Europe/Berlin",
            serde_json::json!({"p": {"begintime": "02:15", "endtime": "02:45"}}),
        );
        let edges: Vec<_> = overlap
            .edges(at("2026-10-25T00:00:00Z"), at("2026-10-25T03:00:00Z"))
            .map(|edge| edge.at)
            .collect();
        let expected =
            ["00:15", "00:45", "01:15", "01:45"].map(|time| at(&format!("2026-10-25T{time}:00Z")));
        assert_eq!(edges, expected);
    }

    #[test]
    fn what_never_changes_has_no_edges() {
        let always = schedule("UTC", serde_json::json!({"p": {"weekdays": "*"}}));
        let verdict = always.verdict(at("2026-03-02T10:00:00Z"));
        assert_eq!((verdict.desired, verdict.since, verdict.until), (Desired::Running, None, None));
    }

    fn time() -> impl Strategy<Value = Option<String>> {
        prop_oneof![
            Just(None),
            (0..24u8, 0..60u8).prop_map(|(h, m)| Some(format!("{h}:{m:02}"))),
            prop::sample::select(vec!["0:00", "0:01", "1:59", "2:00", "2:30", "3:00", "23:59"])
                .prop_map(|t| Some(t.into())),
        ]
    }

    prop_compose! {
        fn a_period()(
            begin in time(),
            end in time(),
            weekdays in prop::sample::select(vec!["*", "mon-fri", "sun", "sat#1,sunL"]),
        ) -> serde_json::Value {
            let mut period = serde_json::json!({"weekdays": weekdays});
            if let Some(begin) = begin { period["begintime"] = begin.into(); }
            if let Some(end) = end { period["endtime"] = end.into(); }
            period
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Edges agree with asking minute by minute, over days on which clocks change in these zones.
        #[test]
        fn edges_agree_with_every_minute(
            periods in prop::collection::vec(a_period(), 1..4),
            zone in prop::sample::select(vec![
                "UTC", "Europe/Dublin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
                "Asia/Seoul", "Asia/Kathmandu", "America/Santiago", "Pacific/Chatham", "Africa/Casablanca",
                "Atlantic/Azores", "America/Havana",
            ]),
            start in prop::sample::select(vec![
                "2026-03-07", "2026-03-28", "2026-04-04", "2026-09-05", "2026-10-03", "2026-10-24", "2026-10-31",
            ]),
        ) {
            let named: serde_json::Map<_, _> =
                periods.into_iter().enumerate().map(|(i, p)| (format!("p{i}"), p)).collect();
            let schedule = schedule(zone, named.into());
            let from = at(&format!("{start}T00:00:00Z"));
            let until = from + TimeDelta::days(3);
            let computed: Vec<_> = schedule.edges(from, until).map(|edge| (edge.at, edge.desired)).collect();
            let minutes = (0..=3 * 24 * 60).map(|minute| from + TimeDelta::minutes(minute));
            let states: Vec<_> = minutes.map(|at| (at, schedule.wanted_at(at).desired)).collect();
            let sampled: Vec<_> = states.windows(2).filter(|w| w[0].1 != w[1].1).map(|w| w[1]).collect();
            prop_assert_eq!(computed, sampled);
        }
    }
}
