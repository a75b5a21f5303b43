//! `rate(...)`: again and again, at equal distances.

use std::fmt;

use chrono::TimeDelta;

use super::pattern::words;
use crate::{
    Instant,
    grammar::{
        ExpressionError,
        term::{self, Part},
    },
    mistake::Code,
};

/// The units, longest last, and their minutes.
const UNITS: [(&str, i64); 3] = [("minute", 1), ("hour", 60), ("day", 24 * 60)];

/// The distance between two firings of a rate: one minute or more. Its `Display` is the expression.
///
/// ```
/// use scheduler_core::cron::Expression;
///
/// let Expression::Rate(every) = "rate(90 minutes)".parse()? else { unreachable!() };
/// assert_eq!(every.delta(), chrono::TimeDelta::minutes(90));
/// # Ok::<(), scheduler_core::grammar::ExpressionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Every {
    minutes: i64,
}

impl Every {
    /// The distance as elapsed time: a day is 24 hours, also when the clocks change.
    pub fn delta(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes)
    }

    /// The number and the unit between the parentheses.
    pub(super) fn parse(inside: Part<'_>) -> Result<Self, ExpressionError> {
        let parts: Vec<Part<'_>> = words(inside).collect();
        let [number, unit] = parts[..] else {
            let message = "a rate is a number and a unit";
            let help = "write `rate(5 minutes)`";
            return Err(ExpressionError::new(Code::Missing, inside, message, help));
        };
        let count = count(number)?;
        Ok(Self { minutes: count * minutes_of(unit, count)? })
    }
}

/// At most nine digits, so that any number of any unit is a `TimeDelta`.
fn count(part: Part<'_>) -> Result<i64, ExpressionError> {
    let digits = part.text.len() <= 9 && part.text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| part.text.parse().ok()).flatten();
    number.filter(|count| *count > 0).ok_or_else(|| {
        let message = format!("`{}` is not a number of minutes, hours or days", part.text);
        ExpressionError::new(Code::BadNumber, part, message, "write a whole number from `1` up")
    })
}

/// AWS refuses `1 minutes` and `5 minute`.
fn minutes_of(unit: Part<'_>, count: i64) -> Result<i64, ExpressionError> {
    let plural = |name: &str| if count == 1 { name.to_owned() } else { format!("{name}s") };
    let known =
        UNITS.iter().find(|(name, _)| unit.text.strip_suffix('s').unwrap_or(unit.text) == *name);
    let Some((name, minutes)) = known else {
        let names = UNITS.map(|(name, _)| name);
        let help = match term::closest(unit.text, &names) {
            Some(name) => format!("did you mean `{}`?", plural(name)),
            None => {
                format!("write {}", names.map(|name| format!("`{}`", plural(name))).join(" or "))
            }
        };
        let message = format!("`{}` is not a unit of a rate", unit.text);
        return Err(ExpressionError::new(Code::BadValue, unit, message, help));
    };
    if unit.text != plural(name) {
        let number = if count == 1 { "singular" } else { "plural" };
        let message = format!("`{count}` wants the {number}");
        let help = format!("write `rate({count} {})`", plural(name));
        return Err(ExpressionError::new(Code::BadValue, unit, message, help));
    }
    Ok(*minutes)
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().rev().find(|(_, minutes)| self.minutes % minutes == 0);
        let (unit, minutes) = whole.unwrap_or(&UNITS[0]);
        let count = self.minutes / minutes;
        write!(f, "rate({count} {unit}{})", if count == 1 { "" } else { "s" })
    }
}

/// A rate that counts from an instant: it fires at the anchor and at every multiple of the distance after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The distance between two firings.
    pub every: Every,
    /// The first firing.
    pub anchor: Instant,
}

impl Rate {
    /// The last firing at or before an instant; none before the anchor.
    pub fn at_or_before(&self, at: Instant) -> Option<Instant> {
        let elapsed = (at - self.anchor).num_seconds();
        let since = TimeDelta::seconds(elapsed % self.every.delta().num_seconds());
        let whole = TimeDelta::seconds(elapsed) - since;
        (at >= self.anchor).then(|| self.anchor + whole)
    }

    /// The first firing after an instant. Where time ends, the last instant there is.
    pub fn after(&self, at: Instant) -> Instant {
        match self.at_or_before(at) {
            None => self.anchor,
            Some(last) => last.checked_add_signed(self.every.delta()).unwrap_or(Instant::MAX_UTC),
        }
    }
}
