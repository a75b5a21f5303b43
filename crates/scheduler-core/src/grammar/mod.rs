//! The little language of `weekdays`, `monthdays` and `months`.
//!
//! An expression is a comma-separated list of terms; upper and lower case are the same, and spaces around
//! terms and around `-` mean nothing.
//!
//! | term | weekdays | monthdays | months |
//! |---|---|---|---|
//! | a number | `0` to `6`, `0` = Monday | `1` to `31` | `1` to `12` |
//! | a name | `mon`, `monday` | | `jan`, `january` |
//! | `*`, `?` | every day | every day | every month |
//! | `L` | Sunday | the month's last day | |
//! | `a-b` | wraps: `fri-mon` | must not run backwards; `1-L` | wraps: `nov-feb` |
//! | `a/n` | every nth from a to the end | the same | the same |
//! | `a-b/n` | every nth of the range | the same | the same |
//! | `mon#1` | the first Monday (`#1` to `#5`) | | |
//! | `friL`, `4L` | the month's last Friday | | |
//! | `15W` | | the weekday nearest to the 15th, in the month | |
//!
//! A parsed field is a few bit masks, so a match neither allocates nor loops over terms.

mod monthdays;
mod months;
mod term;
mod weekdays;

pub use monthdays::MonthDays;
pub use months::Months;
pub use term::ExpressionError;
pub use weekdays::WeekDays;
