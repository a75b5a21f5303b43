//! When a schedule runs on each day of a span, by the periods that run it.

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::{
    Instant, Schedule,
    stretch::{begin_of, stretches},
};

/// One day of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The date, in the schedule's zone.
    pub date: NaiveDate,
    /// What it runs on that day, cut at its midnights.
    pub runs: Vec<Run>,
}

/// A span that a schedule runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The period, or whatever else runs it; none if nothing has a name.
    pub name: Option<String>,
    /// When it begins.
    pub begin: Instant,
    /// When it ends.
    pub end: Instant,
}

impl Run {
    /// How long it is, in seconds that pass, whatever clocks show.
    pub fn seconds(&self) -> i64 {
        (self.end - self.begin).num_seconds()
    }

    /// The hours that are begun in it.
    pub fn begun_hours(&self) -> i64 {
        (self.seconds() + 3599) / 3600
    }
}

/// The days from one date to another, both included.
pub fn usage(schedule: &Schedule, from: NaiveDate, to: NaiveDate) -> Vec<Day> {
    let dates = from.iter_days().take_while(|date| *date <= to);
    dates.map(|date| Day { date, runs: runs(schedule, date, schedule.zone) }).collect()
}

fn runs(schedule: &Schedule, date: NaiveDate, zone: Tz) -> Vec<Run> {
    let Some(next) = date.succ_opt() else { return Vec::new() };
    let today = stretches(schedule, begin_of(date, zone), begin_of(next, zone));
    let running = today.into_iter().filter(|stretch| stretch.is_running());
    running.map(|s| Run { name: s.name, begin: s.begin, end: s.end }).collect()
}
