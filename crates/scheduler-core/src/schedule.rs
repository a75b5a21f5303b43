//! Periods and schedules, and what a schedule wants at an instant.
//!
//! Times are wall-clock times and are compared as such: on a spring day a period inside the skipped hour is
//! shorter or empty, on an autumn day a period inside the repeated hour holds twice.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    cron::Firing,
    day::Day,
    grammar::{MonthDays, Months, WeekDays},
    id::{InstanceType, PeriodName, ScheduleName},
    window::{Asks, Purpose},
};

/// What a schedule wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Desired {
    /// It should run.
    Running,
    /// It should rest.
    Stopped,
    /// No opinion: whatever it does is left alone.
    Any,
}

impl fmt::Display for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Desired::Running => "running",
            Desired::Stopped => "stopped",
            Desired::Any => "any",
        })
    }
}

/// A time of day on the wall, to the minute: `09:00`. There is no `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime {
    /// Minutes since midnight, 0 to 1439.
    minute: u16,
}

impl WallTime {
    const MIDNIGHT: WallTime = WallTime { minute: 0 };

    /// Minutes since midnight.
    pub fn minute(self) -> u16 {
        self.minute
    }

    /// The time that is so many minutes after midnight, if there is one.
    pub fn from_minute(minute: u16) -> Option<Self> {
        (minute < 24 * 60).then_some(Self { minute })
    }

    pub(crate) fn seconds(self) -> i64 {
        i64::from(self.minute) * 60
    }
}

/// A text that is no time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of day")]
pub struct InvalidWallTime(String);

impl FromStr for WallTime {
    type Err = InvalidWallTime;

    /// One or two digits, a colon, two digits: `9:00`, `09:00`, `23:59`.
    fn from_str(text: &str) -> Result<Self, InvalidWallTime> {
        let digits = |part: &str, most: u16| {
            part.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| part.parse().ok())
                .flatten()
                .filter(|n: &u16| *n <= most)
        };
        let parse = || {
            let (hour, minute) =
                text.split_once(':').filter(|(h, m)| (1..=2).contains(&h.len()) && m.len() == 2)?;
            Some(WallTime { minute: digits(hour, 23)? * 60 + digits(minute, 59)? })
        };
        parse().ok_or_else(|| InvalidWallTime(text.into()))
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

/// Which dates a period holds on. All that is given must match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// Days of the week; none given means every day.
    pub weekdays: Option<WeekDays>,
    /// Days of the month; none given means every day.
    pub monthdays: Option<MonthDays>,
    /// Months; none given means every month.
    pub months: Option<Months>,
}

impl Dates {
    /// Whether the date is one of them.
    pub fn contain(&self, date: NaiveDate) -> bool {
        self.contain_as(date, date.weekday())
    }

    /// Whether the date is one of them if it counts as a weekday.
    pub fn contain_as(&self, date: NaiveDate, weekday: Weekday) -> bool {
        self.weekdays.is_none_or(|days| days.contains_as(date, weekday))
            && self.monthdays.is_none_or(|days| days.contains(date))
            && self.months.is_none_or(|months| months.contains(date))
    }
}

/// A span of wall-clock time on certain dates.
///
/// | begin | end | on its dates | on others |
/// |---|---|---|---|
/// | B | E, B ≤ E | running from B until before E | stopped |
/// | B | E, B > E | overnight: running from B until before E of the next day | stopped |
/// | B | | any before B, running from it to midnight | stopped |
/// | | E | any before E, stopped from it | stopped |
/// | | | running all day | stopped |
///
/// An overnight period belongs to the date on which it begins. Equal times never run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its name.
    pub name: PeriodName,
    /// When it begins.
    pub begin: Option<WallTime>,
    /// When it ends; the end itself is outside.
    pub end: Option<WallTime>,
    /// On which dates it begins.
    pub dates: Dates,
}

impl Period {
    /// Whether it ends on the day after the one on which it begins.
    pub fn is_overnight(&self) -> bool {
        matches!((self.begin, self.end), (Some(begin), Some(end)) if begin > end)
    }
}

/// A period in a schedule's list: `office-hours` or `office-hours@m5.large`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodUse {
    /// The period.
    pub period: Period,
    /// The instance type to run as while this period holds.
    pub instance_type: Option<InstanceType>,
}

/// When a schedule acts against a person's change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// Only at edges; between them a person's change stays.
    #[default]
    AtEdges,
    /// At edges and for this long after each.
    For(TimeDelta),
    /// On every pass.
    Always,
}

/// A named list of periods in one time zone, with flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name: the value of the tag on a resource.
    pub name: ScheduleName,
    /// The zone whose wall clock the periods mean.
    pub zone: Tz,
    /// The periods, by name; of equal begin times the first gives the instance type.
    pub periods: Vec<PeriodUse>,
    /// Firings that start, instead of periods.
    pub start: Option<Firing>,
    /// Firings that stop, instead of periods.
    pub stop: Option<Firing>,
    /// The dates that differ: holidays, make-up working days, exceptions.
    pub days: BTreeMap<NaiveDate, Day>,
    /// A state that holds whatever the periods say.
    pub override_status: Option<Desired>,
    /// When a person's change is undone.
    pub enforcement: Enforcement,
    /// Whether a resource that somebody else had started before its start edge is spared at the next stop edge. While
    /// the schedule enforces, it is not.
    pub retain_running: bool,
    /// Whether a resource never seen before that runs while it should rest is stopped. While the schedule enforces, it
    /// is in any case.
    pub stop_new_instances: bool,
    /// Whether EC2 instances that can hibernate do, instead of stopping.
    pub hibernate: bool,
    /// Whether a database or warehouse runs in its preferred maintenance window, and is not stopped in its backup window.
    pub use_maintenance_window: bool,
    /// Whether a database runs in its preferred backup window.
    pub use_backup_window: bool,
    /// The maintenance windows of Systems Manager, by name, in which EC2 instances run.
    pub ssm_maintenance_windows: Vec<String>,
}

/// What a schedule wants at an instant, and the rule that says so. Borrowed, so that asking allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// What is desired.
    pub desired: Desired,
    /// What won.
    pub because: Because<'a>,
}

/// The part of a schedule that won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because<'a> {
    /// The schedule's `override_status`.
    Override,
    /// A period that runs.
    Period(&'a PeriodUse),
    /// A date that differs, and the period that runs on it, if one does.
    Day(&'a Day, Option<&'a PeriodUse>),
    /// The expression that fired last.
    Firing(&'a Firing),
    /// No period has a say.
    Nothing,
}

impl Wanted<'_> {
    /// The instance type to run as, if one is asked for.
    pub fn instance_type(&self) -> Option<&InstanceType> {
        match self.because {
            Because::Period(used) | Because::Day(_, Some(used)) => used.instance_type.as_ref(),
            Because::Day(_, None) | Because::Override | Because::Firing(_) | Because::Nothing => {
                None
            }
        }
    }
}

impl Schedule {
    /// A schedule without periods, with every flag at its default.
    pub fn new(name: ScheduleName, zone: Tz) -> Self {
        Self {
            name,
            zone,
            periods: Vec::new(),
            start: None,
            stop: None,
            days: BTreeMap::new(),
            override_status: None,
            enforcement: Enforcement::default(),
            retain_running: false,
            stop_new_instances: true,
            hibernate: false,
            use_maintenance_window: true,
            use_backup_window: false,
            ssm_maintenance_windows: Vec::new(),
        }
    }

    /// What a window of that purpose asks for, if the schedule has it ask for anything.
    pub(crate) fn asks(&self, purpose: Purpose) -> Option<Asks> {
        let spares = self.use_maintenance_window.then_some(Asks::ToBeSpared);
        match purpose {
            Purpose::Maintenance => self.use_maintenance_window.then_some(Asks::ToRun),
            Purpose::Backup if self.use_backup_window => Some(Asks::ToRun),
            Purpose::Backup => spares,
        }
    }

    /// Whether it starts and stops by expressions that fire, and not by periods.
    pub fn is_fired(&self) -> bool {
        self.start.is_some() || self.stop.is_some()
    }

    /// What this schedule wants at an instant.
    ///
    /// Of periods: running if any period is; else any if any period is; else stopped. Of several running periods
    /// the one that began last gives the instance type. Two periods whose ends touch (one minute apart or less)
    /// are one span, so that `22:00-23:59` and `00:00-06:00` do not stop in between.
    ///
    /// Of firings: the side that fired last, at or before the instant; any before the first.
    pub fn wanted_at(&self, at: Instant) -> Wanted<'_> {
        if let Some(desired) = self.override_status {
            return Wanted { desired, because: Because::Override };
        }
        if self.is_fired() {
            return self.fired_at(at);
        }
        let wall = at.with_timezone(&self.zone).naive_local();
        let wanted = self.periods_at(wall);
        if wanted.desired != Desired::Stopped || self.periods.len() < 2 && self.days.is_empty() {
            return wanted;
        }
        const TOUCH: TimeDelta = TimeDelta::minutes(1);
        let (before, after) = (self.periods_at(wall - TOUCH), self.periods_at(wall + TOUCH));
        if before.desired == Desired::Running && after.desired == Desired::Running {
            after
        } else {
            wanted
        }
    }

    /// The wall-clock minutes of every day at which something can change: midnight, begin and end times. Sorted.
    ///
    /// That periods touch adds none: a gap of a minute is bridged from end to end, and one of two not at all.
    pub(crate) fn boundaries(&self) -> Vec<u16> {
        let times =
            self.periods.iter().flat_map(|used| [used.period.begin, used.period.end]).flatten();
        let times = times.chain([WallTime::MIDNIGHT]);
        let mut minutes: Vec<u16> = times.map(|time| time.minute).collect();
        minutes.sort_unstable();
        minutes.dedup();
        minutes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Desired::{Any, Running, Stopped};

    fn period(begin: Option<&str>, end: Option<&str>, weekdays: Option<&str>) -> PeriodUse {
        let time = |text: &str| text.parse().unwrap();
        let dates =
            Dates { weekdays: weekdays.map(|text| text.parse().unwrap()), ..Dates::default() };
        let name = "p".parse().unwrap();
        PeriodUse {
            period: Period { name, begin: begin.map(time), end: end.map(time), dates },
            instance_type: None,
        }
    }

    /// 2026-03-02 is a Monday.
    fn check(periods: Vec<PeriodUse>, expected: &[(&str, Desired)]) {
        let mut schedule = Schedule::new("s".parse().unwrap(), Tz::UTC);
        schedule.periods = periods;
        for (at, desired) in expected {
            let at: Instant = format!("2026-03-{at}Z").parse().unwrap();
            assert_eq!(schedule.wanted_at(at).desired, *desired, "at {at}");
        }
    }

    #[test]
    fn a_period_runs_from_its_begin_until_before_its_end() {
        let office = period(Some("9:00"), Some("18:00"), Some("mon-fri"));
        check(
            vec![office],
            &[
                ("02T08:59:59", Stopped),
                ("02T09:00:00", Running),
                ("02T17:59:59", Running),
                ("02T18:00:00", Stopped),
                ("07T12:00:00", Stopped),
            ],
        );
    }

    #[test]
    fn an_overnight_period_belongs_to_the_day_it_begins_on() {
        let night = period(Some("22:00"), Some("06:00"), Some("fri"));
        check(
            vec![night],
            &[
                ("06T05:00:00", Stopped),
                ("06T22:00:00", Running),
                ("07T05:59:59", Running),
                ("07T06:00:00", Stopped),
                ("07T22:00:00", Stopped),
            ],
        );
    }

    #[test]
    fn a_one_sided_period_has_no_opinion_on_its_other_side() {
        let from = period(Some("09:00"), None, Some("mon"));
        check(
            vec![from],
            &[("02T08:00:00", Any), ("02T23:59:59", Running), ("03T00:00:00", Stopped)],
        );
        let until = period(None, Some("18:00"), Some("mon"));
        check(
            vec![until],
            &[("02T08:00:00", Any), ("02T18:00:00", Stopped), ("03T08:00:00", Stopped)],
        );
    }

    #[test]
    fn periods_that_touch_are_one_span() {
        let evening = period(Some("22:00"), Some("23:59"), None);
        let morning = period(Some("00:00"), Some("06:00"), None);
        check(
            vec![evening, morning],
            &[("02T23:59:30", Running), ("03T00:00:00", Running), ("03T06:00:00", Stopped)],
        );
    }

    #[test]
    fn equal_times_never_run() {
        check(vec![period(Some("09:00"), Some("09:00"), None)], &[("02T09:00:00", Stopped)]);
    }

    #[test]
    fn a_time_of_day_has_one_form() {
        for (text, ok) in [
            ("9:00", true),
            ("09:00", true),
            ("23:59", true),
            ("24:00", false),
            ("9:0", false),
            ("+9:00", false),
            ("9:00 ", false),
        ] {
            assert_eq!(text.parse::<WallTime>().is_ok(), ok, "{text:?}");
        }
    }
}
