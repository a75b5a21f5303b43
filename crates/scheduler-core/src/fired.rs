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
    day::{CalendarDay, Change, Day, Side},
    schedule::{Because, Desired, Schedule, WallTime, Wanted},
    verdict::HORIZON,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Start,
    Stop,
}

/// The times at which one side fires on one date.
enum Times<'a> {
    None,
    One(WallTime),
    Usual(&'a Cron),
}

impl Schedule {
    pub(crate) fn fired_at(&self, at: Instant) -> Wanted<'_> {
        let (start, stop) = (self.last_firing(Which::Start, at), self.last_firing(Which::Stop, at));
        // Of two at the same instant the stop wins: what rests costs nothing.
        let (desired, side, fired) = match (start, stop) {
            (None, None) => return Wanted { desired: Desired::Any, because: Because::Nothing },
            (Some(start), stop) if stop.is_none_or(|stop| start > stop) => {
                (Desired::Running, &self.start, start)
            }
            (start, stop) => (Desired::Stopped, &self.stop, stop.or(start).unwrap_or(at)),
        };
        let date = fired.with_timezone(&self.zone).date_naive();
        let usual = side.as_ref().map_or(Because::Nothing, Because::Firing);
        Wanted {
            desired,
            because: self.days.get(&date).map_or(usual, |day| Because::Day(day, None)),
        }
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

    /// The expression of a side that no date that differs has a say in.
    fn undated(&self, which: Which) -> Option<&Firing> {
        self.side(which).filter(|firing| self.days.is_empty() || matches!(firing, Firing::Rate(_)))
    }

    fn last_firing(&self, which: Which, at: Instant) -> Option<Instant> {
        if let Some(firing) = self.undated(which) {
            return firing.at_or_before(at, self.zone, HORIZON);
        }
        let today = at.with_timezone(&self.zone).date_naive();
        let days = usize::try_from(HORIZON.num_days()).unwrap_or(usize::MAX);
        // The day after too: where clocks go back over midnight, its first hour comes before today's last.
        let dates = today
            .succ_opt()
            .into_iter()
            .chain(std::iter::successors(Some(today), NaiveDate::pred_opt));
        dates.take(days).find_map(|date| {
            self.firings_on(which, date, |instants| instants.filter(|i| *i <= at).max())
        })
    }

    fn next_firing(&self, which: Which, at: Instant) -> Option<Instant> {
        if let Some(firing) = self.undated(which) {
            return firing.after(at, self.zone, HORIZON);
        }
        let today = at.with_timezone(&self.zone).date_naive();
        let days = usize::try_from(HORIZON.num_days()).unwrap_or(usize::MAX);
        let dates = today.pred_opt().into_iter().chain(today.iter_days());
        dates.take(days).find_map(|date| {
            self.firings_on(which, date, |instants| instants.filter(|i| *i > at).min())
        })
    }

    /// Hands the instants at which a side fires on a date to `choose`.
    fn firings_on(
        &self,
        which: Which,
        date: NaiveDate,
        choose: impl Fn(&mut dyn Iterator<Item = Instant>) -> Option<Instant>,
    ) -> Option<Instant> {
        let instant = |minute: u16| self.instant(date, WallTime::from_minute(minute)?);
        let carried = self.carried_stop(which, date).and_then(|time| self.instant(date, time));
        match self.times_on(which, date) {
            Times::None => choose(&mut carried.into_iter()),
            Times::One(time) => choose(&mut self.instant(date, time).into_iter().chain(carried)),
            Times::Usual(cron) => choose(&mut cron.times().filter_map(instant).chain(carried)),
        }
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
        let day = self.days.get(&date);
        let usual = || self.usual_times_on(which, date, day);
        match (day.and_then(|day| day.exception.as_ref()).map(|exception| exception.says), which) {
            (None, _) | (Some(Change::Closed), Which::Stop) => usual(),
            (Some(Change::Closed), Which::Start) => Times::None,
            (Some(Change::Open { begin, .. }), Which::Start) => Times::One(begin),
            (Some(Change::Open { begin, end }), Which::Stop) if begin > end => Times::None,
            (Some(Change::Open { end, .. }), Which::Stop) => Times::One(end),
            (Some(Change::Sides { start: side, .. }), Which::Start)
            | (Some(Change::Sides { stop: side, .. }), Which::Stop) => match side {
                Side::AsUsual => usual(),
                Side::Never => Times::None,
                Side::At(time) => Times::One(time),
            },
        }
    }

    fn usual_times_on(&self, which: Which, date: NaiveDate, day: Option<&Day>) -> Times<'_> {
        let weekday = match (
            day.and_then(|day| day.calendar.as_ref()).map(|calendar| calendar.says),
            which,
        ) {
            (Some(CalendarDay::Holiday), Which::Start) => return Times::None,
            (Some(CalendarDay::Working(weekday)), _) => weekday,
            (Some(CalendarDay::Holiday), Which::Stop) | (None, _) => date.weekday(),
        };
        match self.side(which) {
            Some(Firing::Cron(cron)) if cron.fires_on(date, weekday) => Times::Usual(cron),
            Some(Firing::Cron(_) | Firing::Rate(_)) | None => Times::None,
        }
    }

    /// The instant of a wall-clock time: none inside a skipped hour, the first inside a repeated one, as EventBridge
    /// Scheduler fires.
    fn instant(&self, date: NaiveDate, time: WallTime) -> Option<Instant> {
        let wall =
            date.and_hms_opt(u32::from(time.minute()) / 60, u32::from(time.minute()) % 60, 0)?;
        self.zone.from_local_datetime(&wall).earliest().map(|at| at.to_utc())
    }
}
