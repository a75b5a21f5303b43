//! `monthdays`: which days of the month.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};

use super::term::{self, ExpressionError, Part, Shape, Term};
use crate::mistake::Code;

/// Days 1 to 31.
const EVERY: u32 = 0xffff_fffe;

/// A set of days of the month: `1-7`, `L`, `15W`. A day that a month lacks is not in it.
///
/// ```
/// let days: scheduler_core::grammar::MonthDays = "1, 15W, L".parse()?;
/// assert!(days.contains(chrono::NaiveDate::from_ymd_opt(2026, 2, 28).unwrap()));
/// assert!(days.contains(chrono::NaiveDate::from_ymd_opt(2026, 8, 14).unwrap())); // the 15th is a Saturday
/// # Ok::<(), scheduler_core::grammar::ExpressionError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthDays {
    /// Bit d: day d.
    days: u32,
    /// Bit d: the weekday (Monday to Friday) nearest to day d.
    nearest: u32,
    /// The month's last day.
    last: bool,
}

impl MonthDays {
    /// Whether the date is one of these days.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.days & (1 << date.day()) != 0
            || (self.last && date.day() == u32::from(date.num_days_in_month()))
            || (self.nearest != 0 && nearest_candidates(date) & self.nearest != 0)
    }

    fn add(&mut self, term: &Term<'_>) -> Result<(), ExpressionError> {
        match term.shape {
            Shape::Every => self.add_range(1, 31, 1),
            Shape::Last => self.last = true,
            Shape::Nth(..) => {
                return Err(term.refused(
                    Code::UnsupportedForm,
                    "days of the month have no `#`",
                    "write `#` in weekdays",
                ));
            }
            Shape::Range(from, to) => {
                self.add_range(day(from)?, range_end(term, from, to)?, term.step()?)
            }
            Shape::Value(part) if term.step.is_some() => {
                self.add_range(day(part)?, 31, term.step()?)
            }
            Shape::Value(part) => match day(part) {
                Ok(day) => self.days |= 1 << day,
                Err(error) => {
                    self.nearest |= 1 << term::with_letter(part, 'W').map_or(Err(error), day)?
                }
            },
        }
        Ok(())
    }

    fn add_range(&mut self, from: u32, to: u32, step: u32) {
        for day in (from..=to).step_by(step as usize) {
            self.days |= 1 << day;
        }
    }
}

impl FromStr for MonthDays {
    type Err = ExpressionError;

    fn from_str(expression: &str) -> Result<Self, ExpressionError> {
        let mut days = MonthDays::default();
        term::terms(expression).try_for_each(|term| days.add(&term?))?;
        Ok(days)
    }
}

/// A list of terms that means the same: `1,2,15W,L`.
impl fmt::Display for MonthDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbered = |days: u32, behind: &'static str| {
            (1..=31)
                .filter(move |day| days & (1 << day) != 0)
                .map(move |day| format!("{day}{behind}"))
        };
        let every = if self.days == EVERY {
            vec!["*".to_owned()]
        } else {
            numbered(self.days, "").collect()
        };
        let last = self.last.then(|| "L".to_owned());
        let terms: Vec<_> =
            every.into_iter().chain(numbered(self.nearest, "W")).chain(last).collect();
        f.write_str(&terms.join(","))
    }
}

/// Several expressions together: the members of a string set.
impl Extend<MonthDays> for MonthDays {
    fn extend<T: IntoIterator<Item = MonthDays>>(&mut self, more: T) {
        for days in more {
            self.days |= days.days;
            self.nearest |= days.nearest;
            self.last |= days.last;
        }
    }
}

/// The end of a range. `L` is written 31: days that a month lacks never come.
fn range_end(term: &Term<'_>, from: Part<'_>, to: Part<'_>) -> Result<u32, ExpressionError> {
    if to.text.eq_ignore_ascii_case("L") {
        return Ok(31);
    }
    let (first, last) = (day(from)?, day(to)?);
    if last < first {
        let help = format!("write `{first}-L,1-{last}` for the turn of the month");
        return Err(term.refused(
            Code::BackwardRange,
            "a range of month days cannot run backwards",
            help,
        ));
    }
    Ok(last)
}

fn day(part: Part<'_>) -> Result<u32, ExpressionError> {
    term::number(part).filter(|day| (1..=31).contains(day)).ok_or_else(|| {
        let message = format!("`{}` is not a day of the month", part.text);
        ExpressionError::new(
            Code::BadNumber,
            part,
            message,
            "write `1` to `31`, `L` for the last, or `15W`",
        )
    })
}

/// The days whose nearest weekday is this date, as bits. A Saturday's is the Friday before and a Sunday's the
/// Monday after, but never in another month: the 1st on a Saturday moves to the 3rd, a last day on a Sunday
/// to the Friday before.
fn nearest_candidates(date: NaiveDate) -> u32 {
    let (day, length) = (date.day(), u32::from(date.num_days_in_month()));
    match date.weekday() {
        chrono::Weekday::Sat | chrono::Weekday::Sun => 0,
        chrono::Weekday::Mon => {
            let sunday = if day > 1 { 1 << (day - 1) } else { 0 };
            let saturday_the_first = if day == 3 { 1 << 1 } else { 0 };
            1 << day | sunday | saturday_the_first
        }
        chrono::Weekday::Fri => {
            let saturday = if day < length { 1 << (day + 1) } else { 0 };
            let sunday_the_last = if day + 2 == length { 1 << length } else { 0 };
            1 << day | saturday | sunday_the_last
        }
        chrono::Weekday::Tue | chrono::Weekday::Wed | chrono::Weekday::Thu => 1 << day,
    }
}
