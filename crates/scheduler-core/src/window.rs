//! Maintenance and backup windows: spans in which AWS or an operator works on a resource, so that it has to run.
//!
//! A window opens a lead before it begins, because a database takes minutes to start. Preferred windows of RDS and
//! Redshift recur weekly or daily and are in UTC; those of Systems Manager fire like a schedule, in a zone of their own.

use std::{collections::BTreeMap, fmt};

use chrono::{TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::{
    Instant, Kind, Resource, Schedule,
    cron::{Expression, Firing, Rate},
    schedule::{Desired, WallTime},
    verdict::{Rule, Verdict},
};

/// How long before a window begins it opens, unless a deployment says otherwise.
pub const LEAD: TimeDelta = TimeDelta::minutes(10);

/// A window, which recurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// What it is for.
    pub purpose: Purpose,
    /// As AWS writes it, or the name that an operator gave it.
    pub name: String,
    when: When,
}

/// What a window is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Patches and other work on the resource.
    Maintenance,
    /// Its daily backup.
    Backup,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    /// Every so often since 1970: a day or a week.
    Every { period: TimeDelta, begin: TimeDelta, length: TimeDelta },
    /// Whenever it fires.
    Fires { firing: Firing, zone: Tz, delay: TimeDelta, length: TimeDelta },
    /// Once.
    Once { begin: Instant, length: TimeDelta },
}

/// A window that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// What it is for.
    pub purpose: Purpose,
    /// Its name.
    pub name: String,
    /// When it opened, its lead included. Names the occasion: each week's has its own.
    pub opened: Instant,
    /// When it ends.
    pub until: Instant,
}

impl Opening {
    /// What is wanted while it is open, where it asks for its resource to run.
    pub fn verdict(&self) -> Verdict {
        Verdict {
            desired: Desired::Running,
            instance_type: None,
            rule: Rule::Window,
            name: Some(self.name.clone()),
            overridden_by: None,
            since: Some(self.opened),
            until: Some(self.until),
        }
    }
}

/// What an open window asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asks {
    /// Not to be stopped in it.
    ToBeSpared,
    /// To run while it is open.
    ToRun,
}

/// The windows of Systems Manager in one target, by name. Several may bear the same one.
pub type NamedWindows = BTreeMap<String, Vec<Window>>;

/// A text that is no window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a window")]
pub struct InvalidWindow(String);

impl Window {
    /// A preferred maintenance window, `sun:05:00-sun:06:00`, in UTC.
    ///
    /// # Errors
    ///
    /// If the text has another form.
    pub fn weekly(text: &str) -> Result<Self, InvalidWindow> {
        let moment = |text: &str| {
            let (day, time) = text.trim().split_once(':')?;
            Some(TimeDelta::days(day_since_1970(day)?) + time_of_day(time)?)
        };
        Self::recurring(Purpose::Maintenance, text, TimeDelta::days(7), moment)
    }

    /// A preferred backup window, `03:00-03:30`, in UTC.
    ///
    /// # Errors
    ///
    /// If the text has another form.
    pub fn daily(text: &str) -> Result<Self, InvalidWindow> {
        Self::recurring(Purpose::Backup, text, TimeDelta::days(1), time_of_day)
    }

    fn recurring(
        purpose: Purpose,
        text: &str,
        period: TimeDelta,
        moment: impl Fn(&str) -> Option<TimeDelta>,
    ) -> Result<Self, InvalidWindow> {
        let parse = || {
            let (begin, end) = text.split_once('-')?;
            let (begin, end) = (moment(begin)?, moment(end)?);
            // Over midnight, or over the end of the week.
            let length = if end < begin { end + period - begin } else { end - begin };
            Some(When::Every { period, begin, length })
        };
        let when = parse().ok_or_else(|| InvalidWindow(text.into()))?;
        Ok(Window { purpose, name: text.trim().to_owned(), when })
    }

    /// A maintenance window of Systems Manager: `cron(...)` in a zone and delayed by whole days, `rate(...)` counted
    /// from an execution that is known, or `at(2026-03-02T10:00:00)`.
    ///
    /// # Errors
    ///
    /// If the expression is none of these, or a rate of which no execution is known.
    pub fn named(
        name: &str,
        schedule: &str,
        zone: Tz,
        delay: TimeDelta,
        length: TimeDelta,
        execution: Option<Instant>,
    ) -> Result<Self, InvalidWindow> {
        let invalid = || InvalidWindow(schedule.into());
        let once = schedule.trim().strip_prefix("at(").and_then(|rest| rest.strip_suffix(')'));
        let when = if let Some(wall) = once {
            let wall = wall.parse::<chrono::NaiveDateTime>().map_err(|_| invalid())?;
            let begin = zone.from_local_datetime(&wall).earliest().ok_or_else(invalid)?;
            When::Once { begin: begin.to_utc(), length }
        } else {
            let firing = match without_seconds(schedule).parse::<Expression>() {
                Ok(Expression::Cron(cron)) => Firing::Cron(cron),
                Ok(Expression::Rate(every)) => {
                    let known = execution.ok_or_else(invalid)?;
                    // Rates recur in both directions: far enough back, each execution so far is one.
                    let steps =
                        TimeDelta::days(366).num_seconds() / every.delta().num_seconds() + 1;
                    let anchor = known - TimeDelta::seconds(every.delta().num_seconds() * steps);
                    Firing::Rate(Rate { every, anchor })
                }
                Err(_) => return Err(invalid()),
            };
            When::Fires { firing, zone, delay, length }
        };
        Ok(Window { purpose: Purpose::Maintenance, name: name.to_owned(), when })
    }

    /// The window, if it is open: from `lead` before its begin until before its end.
    pub fn open_at(&self, now: Instant, lead: TimeDelta) -> Option<Opening> {
        let (begin, length) = self.begun_by(now + lead)?;
        let until = begin + length;
        (now < until).then(|| Opening {
            purpose: self.purpose,
            name: self.name.clone(),
            opened: begin - lead,
            until,
        })
    }

    /// The last begin at or before an instant, and how long it lasts.
    fn begun_by(&self, at: Instant) -> Option<(Instant, TimeDelta)> {
        match &self.when {
            When::Every { period, begin, length } => {
                let since = at.timestamp() - begin.num_seconds();
                let into = TimeDelta::seconds(since.rem_euclid(period.num_seconds()));
                let whole = at - TimeDelta::nanoseconds(at.timestamp_subsec_nanos().into());
                Some((whole - into, *length))
            }
            When::Fires { firing, zone, delay, length } => {
                let horizon = *length + TimeDelta::days(1);
                let fired = firing.at_or_before(at - *delay, *zone, horizon)?;
                Some((fired + *delay, *length))
            }
            When::Once { begin, length } => (*begin <= at).then_some((*begin, *length)),
        }
    }
}

/// The open window that counts for a resource, if there is one: one that asks it to run before one that only asks that it
/// be spared, then the one that ends last. `named` are the windows of its target.
pub fn open(
    resource: &Resource,
    schedule: &Schedule,
    named: &NamedWindows,
    now: Instant,
    lead: TimeDelta,
) -> Option<(Opening, Asks)> {
    let its_own = resource
        .windows
        .iter()
        .filter_map(|window| Some((window.open_at(now, lead)?, schedule.asks(window.purpose)?)));
    let is_instance = resource.key.kind == Kind::Ec2Instance;
    let names = schedule.ssm_maintenance_windows.iter().filter(|_| is_instance);
    let of_operators = names
        .flat_map(|name| named.get(name).into_iter().flatten())
        .filter_map(|window| Some((window.open_at(now, lead)?, Asks::ToRun)));
    its_own.chain(of_operators).max_by_key(|(opening, asks)| (*asks, opening.until))
}

/// `the maintenance window sun:05:00-sun:06:00`
impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purpose = match self.purpose {
            Purpose::Maintenance => "maintenance",
            Purpose::Backup => "backup",
        };
        write!(f, "the {purpose} window {}", self.name)
    }
}

/// 1970 began on a Thursday.
fn day_since_1970(day: &str) -> Option<i64> {
    const DAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
    let day = day.to_ascii_lowercase();
    DAYS.iter().zip(0..).find(|(name, _)| **name == day).map(|(_, number)| number)
}

fn time_of_day(text: &str) -> Option<TimeDelta> {
    Some(TimeDelta::seconds(text.trim().parse::<WallTime>().ok()?.seconds()))
}

/// Systems Manager allows a field of seconds in front of the other six, and never fires more than once a minute.
fn without_seconds(schedule: &str) -> String {
    let inside = schedule.trim().strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')'));
    match inside.map(|inside| inside.split_whitespace().collect::<Vec<_>>()) {
        Some(fields) if fields.len() == 7 => format!("cron({})", fields[1..].join(" ")),
        Some(_) | None => schedule.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the window is open around an instant, with the usual lead, or `-`.
    fn opening(window: Result<Window, InvalidWindow>, now: &str) -> String {
        let opening = window.unwrap().open_at(now.parse().unwrap(), LEAD);
        opening.map_or("-".into(), |open| {
            format!("{} {}", open.opened.format("%d %H:%M"), open.until.format("%d %H:%M"))
        })
    }

    #[test]
    fn a_weekly_window_knows_its_day() {
        // 2026-03-01 is a Sunday.
        for (now, expected) in [
            ("2026-03-01T04:49:59Z", "-"),
            ("2026-03-01T04:50:00Z", "01 04:50 01 06:00"),
            ("2026-03-01T05:30:00.5Z", "01 04:50 01 06:00"),
            ("2026-03-01T06:00:00Z", "-"),
            ("2026-03-02T05:30:00Z", "-"),
            ("2026-03-08T05:59:59Z", "08 04:50 08 06:00"),
        ] {
            assert_eq!(opening(Window::weekly("sun:05:00-sun:06:00"), now), expected, "{now}");
        }
    }

    #[test]
    fn windows_go_over_midnight_and_over_the_end_of_the_week() {
        let week = || Window::weekly("Wed:23:45-thu:00:15");
        assert_eq!(opening(week(), "2026-03-04T23:40:00Z"), "04 23:35 05 00:15");
        assert_eq!(opening(week(), "2026-03-05T00:10:00Z"), "04 23:35 05 00:15");
        let early = || Window::weekly("mon:00:05-mon:00:35");
        assert_eq!(opening(early(), "2026-03-01T23:56:00Z"), "01 23:55 02 00:35");
        let night = || Window::daily("23:50-00:20");
        assert_eq!(opening(night(), "2026-03-04T23:45:00Z"), "04 23:40 05 00:20");
        assert_eq!(opening(night(), "2026-03-05T00:19:00Z"), "04 23:40 05 00:20");
        assert_eq!(opening(night(), "2026-03-05T00:20:00Z"), "-");
    }

    #[test]
    fn a_named_window_fires_in_its_zone() {
        let two_hours = TimeDelta::hours(2);
        let named = |schedule: &str, delay| {
            let known = Some("2026-03-20T12:00:00Z".parse().unwrap());
            Window::named(
                "patch",
                schedule,
                Tz::Europe__Berlin,
                TimeDelta::days(delay),
                two_hours,
                known,
            )
        };
        let sunday = "cron(0 3 ? * SUN *)";
        assert_eq!(opening(named(sunday, 0), "2026-03-01T03:00:00Z"), "01 01:50 01 04:00");
        assert_eq!(opening(named(sunday, 2), "2026-03-03T03:00:00Z"), "03 01:50 03 04:00");
        assert_eq!(
            opening(named("cron(0 0 3 ? * SUN *)", 0), "2026-03-01T01:55:00Z"),
            "01 01:50 01 04:00"
        );
        assert_eq!(opening(named("rate(7 days)", 0), "2026-03-06T13:00:00Z"), "06 11:50 06 14:00");
        let once = "at(2026-03-02T10:00:00)";
        assert_eq!(opening(named(once, 0), "2026-03-02T08:55:00Z"), "02 08:50 02 11:00");
        assert_eq!(opening(named(once, 0), "2026-03-09T08:55:00Z"), "-");
        assert!(named("cron(0 3 ? * SUN)", 0).is_err());
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in
            ["", "sun:05:00", "sun:05:00-06:00", "son:05:00-son:06:00", "sun:25:00-sun:26:00"]
        {
            assert!(Window::weekly(text).is_err(), "{text:?}");
        }
        assert!(Window::daily("03:00").is_err());
    }
}
