//! `weekdays`: which days of the week, and which of them within the month.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate, Weekday};

use super::term::{self, ExpressionError, Part, Shape, Term};
use crate::mistake::Code;

const NAMES: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const SUNDAY: u32 = 6;
/// All seven days.
const EVERY: u8 = 0x7f;

/// A set of weekdays: `mon-fri`, `mon#1`, `friL`.
///
/// ```
/// let days: scheduler_core::grammar::WeekDays = "mon-fri, sat#1".parse()?;
/// assert!(days.contains(chrono::NaiveDate::from_ymd_opt(2026, 3, 7).unwrap())); // the first Saturday
/// assert!(!days.contains(chrono::NaiveDate::from_ymd_opt(2026, 3, 14).unwrap()));
/// # Ok::<(), scheduler_core::grammar::ExpressionError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeekDays {
    /// Bit d: every such day; 0 = Monday.
    every: u8,
    /// Bit d of entry n - 1: the nth such day of a month.
    nth: [u8; 5],
    /// Bit d: the last such day of a month.
    last: u8,
}

impl WeekDays {
    /// Whether the date is one of these days.
    pub fn contains(&self, date: NaiveDate) -> bool {
        let bit = 1u8 << date.weekday().num_days_from_monday();
        let day = date.day0();
        // Days 0 to 6 of a month are the first of their weekday, 7 to 13 the second, and so on.
        let nth = self.nth[(day / 7) as usize];
        let is_last = day + 7 >= u32::from(date.num_days_in_month());
        (self.every | nth) & bit != 0 || (is_last && self.last & bit != 0)
    }

    /// Whether a date is one of these days if it counts as another weekday than its own, as a make-up working
    /// day does. The first Monday of a month is then still the real one.
    pub fn contains_as(&self, date: NaiveDate, weekday: Weekday) -> bool {
        if weekday == date.weekday() {
            self.contains(date)
        } else {
            self.every & (1 << weekday.num_days_from_monday()) != 0
        }
    }

    fn add(&mut self, term: &Term<'_>) -> Result<(), ExpressionError> {
        match term.shape {
            Shape::Every => self.every = EVERY,
            Shape::Last => self.every |= 1 << SUNDAY,
            Shape::Nth(day, n) => self.nth[nth(n)? as usize - 1] |= 1 << plain(term, day)?,
            Shape::Range(from, to) => self.add_range(day(from)?, day(to)?, term.step()?),
            Shape::Value(part) if term.step.is_some() => {
                self.add_range(day(part)?, SUNDAY, term.step()?)
            }
            Shape::Value(part) => match day(part) {
                Ok(day) => self.every |= 1 << day,
                Err(error) => {
                    self.last |= 1 << term::with_letter(part, 'L').map_or(Err(error), day)?
                }
            },
        }
        Ok(())
    }

    fn add_range(&mut self, from: u32, to: u32, step: u32) {
        for day in term::wrapping(from, to, step, 0, 7) {
            self.every |= 1 << day;
        }
    }
}

impl FromStr for WeekDays {
    type Err = ExpressionError;

    fn from_str(expression: &str) -> Result<Self, ExpressionError> {
        let mut days = WeekDays::default();
        term::terms(expression).try_for_each(|term| days.add(&term?))?;
        Ok(days)
    }
}

/// The shortest list of terms that means the same: `mon,tue,sat#1,friL`.
impl fmt::Display for WeekDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |days: u8, behind: &str| {
            let named = NAMES.iter().enumerate().filter(move |(day, _)| days & (1 << day) != 0);
            named.map(|(_, name)| format!("{}{behind}", &name[..3])).collect::<Vec<_>>()
        };
        let every = if self.every == EVERY { vec!["*".to_owned()] } else { named(self.every, "") };
        let nth = self.nth.iter().zip(1..).flat_map(|(days, n)| named(*days, &format!("#{n}")));
        let terms: Vec<_> = every.into_iter().chain(nth).chain(named(self.last, "L")).collect();
        f.write_str(&terms.join(","))
    }
}

/// Several expressions together: the members of a string set.
impl Extend<WeekDays> for WeekDays {
    fn extend<T: IntoIterator<Item = WeekDays>>(&mut self, more: T) {
        for days in more {
            self.every |= days.every;
            self.last |= days.last;
            self.nth.iter_mut().zip(days.nth).for_each(|(mine, theirs)| *mine |= theirs);
        }
    }
}

fn plain(term: &Term<'_>, part: Part<'_>) -> Result<u32, ExpressionError> {
    if part.text.is_empty() {
        return Err(term.refused(Code::UnknownWeekday, "a `#` without a weekday", "write `mon#1`"));
    }
    day(part)
}

fn day(part: Part<'_>) -> Result<u32, ExpressionError> {
    let value =
        term::number(part).or_else(|| term::named(part, &NAMES)).filter(|day| *day <= SUNDAY);
    value.ok_or_else(|| {
        let help = match term::closest(part.text, &NAMES) {
            Some(name) => format!("did you mean `{}`?", &name[..3]),
            None => "write `mon` to `sun`, or `0` (Monday) to `6` (Sunday)".to_owned(),
        };
        ExpressionError::new(
            Code::UnknownWeekday,
            part,
            format!("`{}` is not a weekday", part.text),
            help,
        )
    })
}

fn nth(part: Part<'_>) -> Result<u32, ExpressionError> {
    term::number(part).filter(|n| (1..=5).contains(n)).ok_or_else(|| {
        let message = format!("`{}` is not a week of the month", part.text);
        ExpressionError::new(Code::BadNumber, part, message, "write `#1` to `#5`")
    })
}
