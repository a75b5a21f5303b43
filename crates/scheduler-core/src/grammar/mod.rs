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
pub(crate) mod term;
mod weekdays;

pub use monthdays::MonthDays;
pub use months::Months;
pub use term::ExpressionError;
pub use weekdays::WeekDays;

#[cfg(test)]
mod tests {
    use std::{fmt::Display, str::FromStr};

    use proptest::prelude::*;

    use super::*;

    /// Whatever is written, parsing ends; what is understood is shown in a form that means the same; what is not
    /// is pointed at within the text.
    fn check<T: FromStr<Err = ExpressionError> + Display + PartialEq + std::fmt::Debug>(
        text: &str,
    ) -> Result<(), TestCaseError> {
        match text.parse::<T>() {
            Ok(parsed) => prop_assert_eq!(parsed.to_string().parse::<T>(), Ok(parsed)),
            Err(error) => {
                prop_assert!(
                    text.get(error.span.clone()).is_some(),
                    "{error:?} points outside {text:?}"
                );
                prop_assert!(!error.message.is_empty() && !error.help.is_empty());
            }
        }
        Ok(())
    }

    /// Pieces of the language in any order, so that much of it is understood.
    fn an_expression() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "mon", "friday", "SUN", "jan", "December", "0", "1", "6", "12", "31", "15", "-", "/",
            ",", "#", "L", "W", "*", "?", " ", "7",
        ]);
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn nothing_loops_or_panics_and_display_means_the_same(text in prop_oneof![an_expression(), any::<String>()]) {
            check::<WeekDays>(&text)?;
            check::<MonthDays>(&text)?;
            check::<Months>(&text)?;
        }
    }

    #[test]
    fn long_steps_are_steps() {
        let days: MonthDays = "1/15".parse().unwrap();
        assert_eq!(days.to_string(), "1,16,31");
        assert_eq!("mon-sun/4, friL".parse::<WeekDays>().unwrap().to_string(), "mon,fri,friL");
        assert_eq!("nov-feb".parse::<Months>().unwrap().to_string(), "jan,feb,nov,dec");
    }
}
