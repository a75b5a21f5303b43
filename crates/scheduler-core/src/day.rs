//! What a single date is to a schedule: a holiday, a make-up working day, an exception.

use chrono::Weekday;

use crate::{schedule::WallTime, verdict::Rule};

/// A date on which a schedule's times differ from what its periods say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// What a calendar says of the date.
    pub calendar: Option<Marked<CalendarDay>>,
    /// What an exception says of the date; it wins over the calendar.
    pub exception: Option<Marked<Change>>,
}

/// Something said of a date, and the name of what says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked<T> {
    /// The exception's name, or the calendar's with its day's.
    pub name: String,
    /// What is said.
    pub says: T,
}

/// What a date is in a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarDay {
    /// Nothing begins on it.
    Holiday,
    /// It counts as this weekday, such as a Saturday that makes up for a holiday.
    Working(Weekday),
}

/// How a date's times differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing begins on it. What began the day before ends as usual.
    Closed,
    /// It runs between these times, whatever the periods say.
    Open {
        /// The first minute.
        begin: WallTime,
        /// The end; before the begin time, it is on the day after.
        end: WallTime,
    },
    /// The day's first start and last stop are moved or left out.
    Sides {
        /// The first start.
        start: Side,
        /// The last stop.
        stop: Side,
    },
}

/// One side of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// As the periods say.
    AsUsual,
    /// Not at all.
    Never,
    /// At this time instead.
    At(WallTime),
}

impl Side {
    /// The time that it is moved to.
    pub(crate) fn time(self) -> Option<WallTime> {
        match self {
            Side::At(time) => Some(time),
            Side::AsUsual | Side::Never => None,
        }
    }
}

impl Day {
    /// The rule and name that a verdict gives for this date.
    pub fn rule(&self) -> (Rule, &str) {
        match (&self.exception, &self.calendar) {
            (Some(exception), _) => (Rule::Exception, &exception.name),
            (None, Some(calendar)) => (Rule::Calendar, &calendar.name),
            (None, None) => (Rule::None, ""),
        }
    }

    /// The wall-clock times that this date adds to those of the periods.
    pub(crate) fn times(&self) -> impl Iterator<Item = WallTime> {
        let times = match self.exception.as_ref().map(|exception| exception.says) {
            Some(Change::Open { begin, end }) => [Some(begin), Some(end)],
            Some(Change::Sides { start, stop }) => [start.time(), stop.time()],
            Some(Change::Closed) | None => [None, None],
        };
        times.into_iter().flatten()
    }
}
