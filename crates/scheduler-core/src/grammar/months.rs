//! `months`: which months of the year.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};

use super::term::{self, ExpressionError, Part, Shape, Term};
use crate::mistake::Code;

const NAMES: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Months 1 to 12.
const EVERY: u16 = 0x1ffe;

/// A set of months: `jan-mar`, `nov-feb`, `jan/3`.
///
/// ```
/// let months: scheduler_core::grammar::Months = "nov-feb".parse()?;
/// assert!(months.contains(chrono::NaiveDate::from_ymd_opt(2026, 1, 31).unwrap()));
/// # Ok::<(), scheduler_core::grammar::ExpressionError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Months {
    /// Bit m: month m, 1 = January.
    months: u16,
}

impl Months {
    /// Whether the date is in one of these months.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.months & (1 << date.month()) != 0
    }

    fn add(&mut self, term: &Term<'_>) -> Result<(), ExpressionError> {
        let (from, to) = match term.shape {
            Shape::Every => (1, 12),
            Shape::Range(from, to) => (month(from)?, month(to)?),
            Shape::Value(part) if term.step.is_some() => (month(part)?, 12),
            Shape::Value(part) => (month(part)?, month(part)?),
            Shape::Last | Shape::Nth(..) => {
                return Err(term.refused(
                    Code::UnsupportedForm,
                    "months have no `L` and no `#`",
                    "write `jan` to `dec`",
                ));
            }
        };
        for month in term::wrapping(from, to, term.step()?, 1, 12) {
            self.months |= 1 << month;
        }
        Ok(())
    }
}

impl FromStr for Months {
    type Err = ExpressionError;

    fn from_str(expression: &str) -> Result<Self, ExpressionError> {
        let mut months = Months::default();
        term::terms(expression).try_for_each(|term| months.add(&term?))?;
        Ok(months)
    }
}

/// A list of terms that means the same: `jan,apr,jul,oct`.
impl fmt::Display for Months {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.months == EVERY {
            return f.write_str("*");
        }
        let named = NAMES.iter().zip(1..).filter(|(_, month)| self.months & (1 << month) != 0);
        f.write_str(&named.map(|(name, _)| &name[..3]).collect::<Vec<_>>().join(","))
    }
}

/// Several expressions together: the members of a string set.
impl Extend<Months> for Months {
    fn extend<T: IntoIterator<Item = Months>>(&mut self, more: T) {
        self.months = more.into_iter().fold(self.months, |all, months| all | months.months);
    }
}

fn month(part: Part<'_>) -> Result<u32, ExpressionError> {
    let named = || term::named(part, &NAMES).map(|index| index + 1);
    term::number(part).filter(|month| (1..=12).contains(month)).or_else(named).ok_or_else(|| {
        let help = match term::closest(part.text, &NAMES) {
            Some(name) => format!("did you mean `{}`?", &name[..3]),
            None => "write `jan` to `dec`, or `1` to `12`".to_owned(),
        };
        ExpressionError::new(
            Code::UnknownMonth,
            part,
            format!("`{}` is not a month", part.text),
            help,
        )
    })
}
