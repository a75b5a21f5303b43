//! One day of a course: its hours, and how it looks at a glance.

use chrono::{NaiveDate, Offset, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;
use scheduler_core::{Desired, Instant, stretch::Stretch};

/// Half-hours of wall-clock time.
pub(super) const CELLS: usize = 48;
const CELL_SECONDS: i64 = 30 * 60;

/// A day in a zone.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    pub(super) begin: Instant,
    /// The end, which is the begin of the next.
    pub(super) end: Instant,
    /// All of the day, in order.
    pub(super) stretches: Vec<Stretch>,
    /// What makes the day differ from others.
    pub(super) notes: Vec<String>,
}

impl Day {
    pub(super) fn runs(&self) -> impl Iterator<Item = &Stretch> {
        self.stretches.iter().filter(|stretch| stretch.is_running())
    }

    /// How long it runs.
    pub(super) fn running(&self) -> TimeDelta {
        self.runs().map(|run| run.end - run.begin).sum()
    }

    /// By how much clocks are put forward, or back if negative: an hour forward makes a day of 23 hours.
    pub(super) fn clock_change(&self) -> TimeDelta {
        TimeDelta::days(1) - (self.end - self.begin)
    }

    /// The day in half-hours of wall-clock time: running `█`, part of it `▒`, no opinion `░`, stopped `·`, and
    /// nothing for what clocks skip.
    pub(super) fn bar(&self, zone: Tz) -> String {
        let (mut all, mut running, mut any) = ([0; CELLS], [0; CELLS], [0; CELLS]);
        for (begin, end) in self.steady(zone) {
            fill(&mut all, zone, begin, end);
            for stretch in self.stretches.iter().filter_map(|stretch| stretch.cut(begin, end)) {
                match stretch.desired {
                    Desired::Running => fill(&mut running, zone, stretch.begin, stretch.end),
                    Desired::Any => fill(&mut any, zone, stretch.begin, stretch.end),
                    Desired::Stopped => {}
                }
            }
        }
        let cells = all.iter().zip(running).zip(any);
        cells.map(|((all, running), any)| cell(*all, running, any)).collect()
    }

    /// The parts of the day in which the zone's offset stays the same.
    fn steady(&self, zone: Tz) -> Vec<(Instant, Instant)> {
        let offset = |at: Instant| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        let before = offset(self.begin);
        if offset(self.end - TimeDelta::seconds(1)) == before {
            return vec![(self.begin, self.end)];
        }
        let (mut low, mut high) = (self.begin, self.end);
        while high - low > TimeDelta::seconds(1) {
            let middle = low + TimeDelta::seconds((high - low).num_seconds() / 2);
            if offset(middle) == before { low = middle } else { high = middle }
        }
        vec![(self.begin, high), (high, self.end)]
    }
}

/// Adds the seconds of a span to the half-hours of its day.
fn fill(cells: &mut [i64; CELLS], zone: Tz, begin: Instant, end: Instant) {
    let begin_second = i64::from(begin.with_timezone(&zone).num_seconds_from_midnight());
    let end_second = begin_second + (end - begin).num_seconds();
    for (index, cell) in (0i64..).zip(cells) {
        let (from, to) = (index * CELL_SECONDS, (index + 1) * CELL_SECONDS);
        *cell += (to.min(end_second) - from.max(begin_second)).max(0);
    }
}

fn cell(all: i64, running: i64, any: i64) -> char {
    match () {
        () if all == 0 => ' ',
        () if running >= all => '█',
        () if running > 0 => '▒',
        () if any > 0 => '░',
        () => '·',
    }
}
