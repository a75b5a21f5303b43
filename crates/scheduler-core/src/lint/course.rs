//! Warnings that show in a schedule's course over time.

use chrono::{NaiveDate, TimeDelta};

use super::{listed, warn};
use crate::{
    Desired, Instant, Mistake, Schedule,
    mistake::Code,
    schedule::{Period, WallTime},
    verdict::{Edge, Rule},
};

/// A rate of a minute fires a million times in two years, and says nothing new after the first few.
const MOST_EDGES: usize = 50_000;

pub(super) fn of(schedule: &Schedule, from: Instant, until: Instant) -> Vec<Mistake> {
    let course = Course {
        schedule,
        from,
        until,
        first: schedule.wanted_at(from).desired,
        edges: schedule.edges(from, until).take(MOST_EDGES).collect(),
    };
    let found = [course.constant(), course.stops_at_midnight(), course.hidden_stop()];
    found.into_iter().flatten().collect()
}

/// What a schedule wants over a span of time.
struct Course<'a> {
    schedule: &'a Schedule,
    from: Instant,
    until: Instant,
    first: Desired,
    edges: Vec<Edge>,
}

impl Course<'_> {
    fn is_always(&self, desired: Desired) -> bool {
        self.first == desired && self.edges.iter().all(|edge| edge.desired == desired)
    }

    /// Never runs, or never stops. A schedule of one firing side does that on purpose, and so does one of maintenance
    /// windows alone.
    fn constant(&self) -> Option<Mistake> {
        let schedule = self.schedule;
        let one_sided =
            schedule.is_fired() && (schedule.start.is_none() || schedule.stop.is_none());
        let windows_alone = schedule.periods.is_empty() && !schedule.is_fired();
        let last = self.date(self.until).pred_opt()?;
        let span = format!("from {} to {last}", self.date(self.from));
        let (code, message, help) = if one_sided
            || windows_alone && schedule.override_status.is_none()
        {
            return None;
        } else if self.is_always(Desired::Stopped) {
            let help = "give it a period that holds on some day";
            (Code::NeverRuns, format!("it does not run {span}"), help)
        } else if self.is_always(Desired::Running) {
            let help = "give a period an endtime or days of rest, or take the tag off what should always run";
            (Code::AlwaysRuns, format!("it runs without a stop {span}"), help)
        } else {
            return None;
        };
        let Some(status) = schedule.override_status else {
            return Some(warn(schedule, "periods", "", code).saying(message, help));
        };
        let mistake = warn(schedule, "override_status", &status.to_string(), code);
        Some(mistake.saying(message, "leave override_status out when it has served its purpose"))
    }

    /// A stop at 23:59 and a start at 00:00, as of a period that means the whole day and says `00:00-23:59`.
    fn stops_at_midnight(&self) -> Option<Mistake> {
        if self.schedule.is_fired() {
            return None;
        }
        let is_minute = |pair: &[Edge; 2]| {
            let [stop, start] = pair;
            stop.desired == Desired::Stopped
                && start.desired == Desired::Running
                && start.at - stop.at <= TimeDelta::minutes(1)
                && self.date(stop.at) != self.date(start.at)
        };
        let [stop, _] = self.edges.array_windows().find(|pair| is_minute(pair))?;
        let name = self.period_before(stop.at).unwrap_or_default();
        let message =
            format!("it stops for the minute before midnight, first on {}", self.date(stop.at));
        let help = "for a whole day leave out both times; there is no 24:00";
        Some(warn(self.schedule, "periods", &name, Code::StopsAtMidnight).saying(message, help))
    }

    /// A period ends while a one-sided one has no opinion: nothing stops.
    fn hidden_stop(&self) -> Option<Mistake> {
        let pairs = self.edges.array_windows();
        let lost = pairs.filter_map(|[before, edge]| {
            let is_lost = before.desired == Desired::Running && edge.desired == Desired::Any;
            is_lost.then(|| Some((edge.at, self.silent_at(edge.at)?))).flatten()
        });
        let lost: Vec<_> = lost.collect();
        let (at, silent) = lost.first()?;
        let name = self.period_before(*at)?;
        let dates: Vec<NaiveDate> = lost.iter().map(|(at, _)| self.date(*at)).collect();
        let message = format!(
            "the stop of `{name}` is lost on {}: `{}` has no opinion then",
            listed(&dates),
            silent.name
        );
        let help =
            format!("give `{}` both times, or put it into a schedule of its own", silent.name);
        Some(warn(self.schedule, "periods", &name, Code::HiddenStop).saying(message, help))
    }

    /// The one-sided period that has no opinion at an instant.
    fn silent_at(&self, at: Instant) -> Option<&Period> {
        let wall = at.with_timezone(&self.schedule.zone).naive_local();
        let is_before = |time: WallTime| {
            WallTime::from_minute(minute_of(wall)).is_some_and(|minute| minute < time)
        };
        self.schedule.periods.iter().map(|used| &used.period).find(|period| {
            let side = match (period.begin, period.end) {
                (Some(begin), None) => begin,
                (None, Some(end)) => end,
                (Some(_), Some(_)) | (None, None) => return false,
            };
            period.dates.contain(wall.date()) && is_before(side)
        })
    }

    /// The period that runs just before an instant.
    fn period_before(&self, at: Instant) -> Option<String> {
        let verdict = self.schedule.verdict(at - TimeDelta::seconds(1));
        verdict.name.filter(|_| verdict.rule == Rule::Period)
    }

    fn date(&self, at: Instant) -> NaiveDate {
        at.with_timezone(&self.schedule.zone).date_naive()
    }
}

fn minute_of(wall: chrono::NaiveDateTime) -> u16 {
    use chrono::Timelike;
    // At most 1439.
    (wall.hour() * 60 + wall.minute()) as u16
}
