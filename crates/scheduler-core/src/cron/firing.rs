//! When an expression fires, in a zone.

use std::fmt;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::{Cron, Rate};
use crate::Instant;

/// An expression that fires.
///
/// ```
/// use chrono::TimeDelta;
/// use chrono_tz::America::Los_Angeles;
/// use scheduler_core::{Instant, cron::{Expression, Firing}};
///
/// let Expression::Cron(cron) = "cron(30 2 * * ? *)".parse()? else { unreachable!() };
/// let night = Firing::Cron(cron);
/// // On 2026-03-08 there is no 02:30 in Los Angeles.
/// let at: Instant = "2026-03-08T12:00:00Z".parse()?;
/// let (last, next) = ("2026-03-07T10:30:00Z".parse()?, "2026-03-09T09:30:00Z".parse()?);
/// assert_eq!(night.at_or_before(at, Los_Angeles, TimeDelta::days(7)), Some(last));
/// assert_eq!(night.after(at, Los_Angeles, TimeDelta::days(7)), Some(next));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Firing {
    /// At times on the wall.
    Cron(Cron),
    /// At equal distances, whatever the wall says.
    Rate(Rate),
}

impl Firing {
    /// The last firing at or before an instant, but not more than `horizon` before it.
    pub fn at_or_before(&self, at: Instant, zone: Tz, horizon: TimeDelta) -> Option<Instant> {
        let from = at.checked_sub_signed(horizon).unwrap_or(Instant::MIN_UTC);
        match self {
            Firing::Cron(cron) => cron.firings(from, at, zone).next_back(),
            Firing::Rate(rate) => rate.at_or_before(at).filter(|fired| *fired >= from),
        }
    }

    /// The first firing after an instant, but not more than `horizon` after it.
    pub fn after(&self, at: Instant, zone: Tz, horizon: TimeDelta) -> Option<Instant> {
        let until = at.checked_add_signed(horizon).unwrap_or(Instant::MAX_UTC);
        match self {
            Firing::Cron(cron) => cron.firings(at, until, zone).find(|fires| *fires > at),
            Firing::Rate(rate) => {
                Some(rate.after(at)).filter(|fires| *fires > at && *fires <= until)
            }
        }
    }
}

/// The expression; a rate's anchor is not part of it.
impl fmt::Display for Firing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Firing::Cron(cron) => cron.fmt(f),
            Firing::Rate(rate) => rate.every.fmt(f),
        }
    }
}
