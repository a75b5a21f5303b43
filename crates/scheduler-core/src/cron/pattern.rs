//! What a `cron(...)` means: the dates and the times of day on which it fires.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;

use super::{
    days::Days,
    field::{Bits, HOURS, MINUTES, MONTHS, YEARS},
};
use crate::{
    Instant,
    grammar::{ExpressionError, term::Part},
    mistake::Code,
};

/// A `cron(...)` expression. Its `Display` is a canonical form that reads back as the same.
///
/// ```
/// use chrono::{NaiveDate, Weekday};
/// use scheduler_core::cron::Expression;
///
/// let Expression::Cron(cron) = "cron(0/30 20 ? * 2-6 *)".parse()? else { unreachable!() };
/// assert_eq!(cron.to_string(), "cron(0,30 20 ? * MON-FRI *)");
/// assert!(cron.times().eq([20 * 60, 20 * 60 + 30]));
///
/// let saturday = NaiveDate::from_ymd_opt(2026, 2, 14).unwrap();
/// assert!(!cron.fires_on(saturday, Weekday::Sat));
/// assert!(cron.fires_on(saturday, Weekday::Fri)); // a make-up working day
/// # Ok::<(), scheduler_core::grammar::ExpressionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// Bit m: minute m of an hour.
    minutes: u64,
    /// Bit h: hour h of a day.
    hours: u32,
    days: Days,
    /// Bit m: month m, 1 = January.
    months: u16,
    years: Years,
}

impl Cron {
    /// Whether it fires on a date that counts as a weekday, which is the date's own except on a day that makes up for
    /// another.
    ///
    /// Only the plain weekdays of day-of-week follow `weekday`. A day of the month stays what it is, and the last
    /// Friday or the second Tuesday of a month are real ones.
    pub fn fires_on(&self, date: NaiveDate, weekday: Weekday) -> bool {
        self.fires_in(date.year(), date.month()) && self.days.contain(date, weekday)
    }

    /// The minutes of the day at which it fires, on each date on which it does.
    pub fn times(&self) -> impl DoubleEndedIterator<Item = u16> + use<> {
        let (hours, minutes) = (Bits(self.hours.into()), Bits(self.minutes));
        hours.flat_map(move |hour| minutes.map(move |minute| (hour * 60 + minute) as u16))
    }

    /// The instants from one to another, both included, at which it fires in a zone. A time that the clocks skip
    /// does not come, and one that they repeat comes at its first instant.
    pub fn firings(
        &self,
        from: Instant,
        until: Instant,
        zone: Tz,
    ) -> impl DoubleEndedIterator<Item = Instant> {
        let first = wall_at(within_years(from), zone);
        let last = last_wall_by(within_years(until), zone);
        self.dates(first.date(), last.date())
            .flat_map(|date| self.times().filter_map(move |minute| wall(date, minute)))
            .filter(move |wall| (first..=last).contains(wall))
            .filter_map(move |wall| first_instant(wall, zone))
            .filter(move |at| (from..=until).contains(at))
    }

    /// The dates on which it fires. Months that it does not name are passed over whole.
    fn dates(
        &self,
        first: NaiveDate,
        last: NaiveDate,
    ) -> impl DoubleEndedIterator<Item = NaiveDate> {
        let month = |date: NaiveDate| date.year() * 12 + date.month0() as i32;
        let date = |month: i32, day| {
            NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, day)
        };
        (month(first)..=month(last))
            .filter(|month| self.fires_in(month.div_euclid(12), month.rem_euclid(12) as u32 + 1))
            .flat_map(move |month| (1..=31).filter_map(move |day| date(month, day)))
            .filter(move |date| (first..=last).contains(date))
            .filter(|date| self.days.contain(*date, date.weekday()))
    }

    fn fires_in(&self, year: i32, month: u32) -> bool {
        self.months & (1 << month) != 0 && self.years.contain(year)
    }
}

/// An instant, or the nearest within the years that an expression can name. Beyond them nothing fires, and wall-clock
/// times need not exist.
fn within_years(at: Instant) -> Instant {
    let first = DateTime::UNIX_EPOCH - TimeDelta::days(2);
    at.clamp(first, first + TimeDelta::days(231 * 366))
}

fn wall(date: NaiveDate, minute: u16) -> Option<NaiveDateTime> {
    date.and_hms_opt(u32::from(minute) / 60, u32::from(minute) % 60, 0)
}

fn wall_at(at: Instant, zone: Tz) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

fn first_instant(wall: NaiveDateTime, zone: Tz) -> Option<Instant> {
    zone.from_local_datetime(&wall).earliest().map(|at| at.to_utc())
}

/// No wall-clock time after this one has its first instant by `at`. It is later than the time on the wall only where
/// clocks were put back: what they show for the second time may be far from the last they have shown.
fn last_wall_by(at: Instant, zone: Tz) -> NaiveDateTime {
    let wall = wall_at(at, zone);
    wall + (at - first_instant(wall, zone).unwrap_or(at))
}

impl Cron {
    /// The six fields between the parentheses.
    pub(super) fn parse(inside: Part<'_>) -> Result<Self, ExpressionError> {
        let fields: Vec<Part<'_>> = words(inside).collect();
        let [minutes, hours, of_month, months, of_week, years] = fields[..] else {
            return Err(wrong_count(inside, fields.len()));
        };
        Ok(Self {
            minutes: MINUTES.mask(minutes)?,
            hours: HOURS.mask(hours)? as u32,
            months: MONTHS.mask(months)? as u16,
            days: Days::parse(of_month, of_week)?,
            years: Years::parse(years)?,
        })
    }
}

/// The parts between spaces.
pub(super) fn words(part: Part<'_>) -> impl Iterator<Item = Part<'_>> {
    let mut start = part.start;
    let words = part.text.split_inclusive(char::is_whitespace).map(move |text| {
        let word = Part { text, start };
        start += text.len();
        word.trim()
    });
    words.filter(|word| !word.text.is_empty())
}

fn wrong_count(inside: Part<'_>, fields: usize) -> ExpressionError {
    let (code, help) = match fields {
        0..=4 => (
            Code::Missing,
            "write minutes, hours, day-of-month, month, day-of-week and year, \
             as in `cron(0 20 ? * MON-FRI *)`"
                .to_owned(),
        ),
        5 => (Code::Missing, format!("add the year, as in `cron({} *)`", inside.text)),
        _ => (
            Code::BadValue,
            "leave out what is not minutes, hours, day-of-month, month, day-of-week or year; \
             there are no seconds"
                .to_owned(),
        ),
    };
    let message = format!("a cron expression has six fields, this has {fields}");
    ExpressionError::new(code, inside, message, help)
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = MINUTES.written(Bits(self.minutes));
        let hours = HOURS.written(Bits(self.hours.into()));
        let months = MONTHS.written(Bits(self.months.into()));
        let years = YEARS.written(self.years.iter());
        let (of_month, of_week) = (self.days.of_month(), self.days.of_week());
        write!(f, "cron({minutes} {hours} {of_month} {months} {of_week} {years})")
    }
}

/// Bit y: year 1970 + y.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Years([u64; 4]);

impl Years {
    const FIRST: u32 = 1970;

    fn parse(field: Part<'_>) -> Result<Self, ExpressionError> {
        let mut years = Self::default();
        for term in field.split(',') {
            YEARS.values(term)?.for_each(|year| years.add(year - Self::FIRST));
        }
        Ok(years)
    }

    fn add(&mut self, index: u32) {
        if let Some(word) = self.0.get_mut(index as usize / 64) {
            *word |= 1 << (index % 64);
        }
    }

    fn contain(&self, year: i32) -> bool {
        let index = u32::try_from(year).ok().and_then(|year| year.checked_sub(Self::FIRST));
        index.is_some_and(|index| {
            self.0.get(index as usize / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
        })
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        let words = (0..).map(|word| Self::FIRST + word * 64).zip(self.0);
        words.flat_map(|(first, word)| Bits(word).map(move |bit| first + bit))
    }
}
