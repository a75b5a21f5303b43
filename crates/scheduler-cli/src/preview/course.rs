//! What a schedule wants from one day to another, as stretches between edges.

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use scheduler_core::{
    Instant, Schedule, Verdict,
    stretch::{Stretch, begin_of, stretches},
    verdict::Rule,
};

use super::day::Day;

/// A schedule's course over some days.
#[derive(Debug)]
pub(super) struct Course<'a> {
    pub(super) schedule: &'a Schedule,
    /// The first day.
    pub(super) from: NaiveDate,
    /// The day after the last.
    until: NaiveDate,
    stretches: Vec<Stretch>,
}

impl<'a> Course<'a> {
    pub(super) fn of(schedule: &'a Schedule, from: NaiveDate, until: NaiveDate) -> Self {
        let [begin, end] = [from, until].map(|date| begin_of(date, schedule.zone));
        let stretches = stretches(schedule, begin, end);
        Self { schedule, from, until, stretches }
    }

    pub(super) fn zone(&self) -> Tz {
        self.schedule.zone
    }

    /// Its days, each with the stretches cut at its midnights.
    pub(super) fn days(&self) -> impl Iterator<Item = Day> {
        let dates = self.from.iter_days().take_while(|date| *date < self.until);
        // A day looks only at the stretches that the days before have left.
        let mut rest = &self.stretches[..];
        dates.map(move |date| {
            let (begin, end) = (begin_of(date, self.zone()), self.end_of(date));
            rest = &rest[rest.partition_point(|stretch| stretch.end <= begin)..];
            let today = rest.iter().take_while(|stretch| stretch.begin < end);
            let stretches = today.filter_map(|stretch| stretch.cut(begin, end)).collect();
            Day { date, begin, end, stretches, notes: self.notes(begin, end) }
        })
    }

    fn end_of(&self, date: NaiveDate) -> Instant {
        begin_of(date.succ_opt().unwrap_or(date), self.zone())
    }

    /// The exceptions and holidays that count on a day. They hold from its first minute to its last.
    fn notes(&self, begin: Instant, end: Instant) -> Vec<String> {
        let mut notes = Vec::new();
        for at in [begin, begin + (end - begin) / 2, end - TimeDelta::seconds(1)] {
            let Verdict { rule, name, .. } = self.schedule.verdict(at);
            if matches!(rule, Rule::Exception | Rule::Calendar) {
                notes.extend(name.filter(|name| !notes.contains(name)));
            }
        }
        notes
    }

    /// The spans it runs, in full: also before the first day and after the last, if they reach into these.
    pub(super) fn runs(&self) -> impl Iterator<Item = Stretch> {
        let last = self.stretches.len().saturating_sub(1);
        let running = self.stretches.iter().enumerate().filter(|(_, stretch)| stretch.is_running());
        running.map(move |(index, stretch)| {
            let mut run = stretch.clone();
            if index == 0 {
                run.begin = self.began(&run);
            }
            if index == last {
                run.end = self.ends(&run);
            }
            run
        })
    }

    /// The edge at which a run really began: an expression that fired again while it ran changed nothing.
    fn began(&self, run: &Stretch) -> Instant {
        let mut begin = self.schedule.verdict(run.begin).since;
        for _ in 0..MOST_FIRINGS {
            let Some(before) = begin.map(|begin| begin - TimeDelta::seconds(1)) else { break };
            let verdict = self.schedule.verdict(before);
            if !run.is_like(&verdict) {
                break;
            }
            begin = verdict.since;
        }
        begin.unwrap_or(run.begin)
    }

    /// The edge at which a run really ends.
    fn ends(&self, run: &Stretch) -> Instant {
        let mut end = self.schedule.verdict(run.end - TimeDelta::seconds(1)).until;
        for _ in 0..MOST_FIRINGS {
            let Some(after) = end else { break };
            let verdict = self.schedule.verdict(after);
            if !run.is_like(&verdict) {
                break;
            }
            end = verdict.until;
        }
        end.unwrap_or(run.end)
    }
}

/// How many repeated firings are looked past for the ends of a run.
const MOST_FIRINGS: usize = 1000;
