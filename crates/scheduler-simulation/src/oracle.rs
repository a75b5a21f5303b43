//! What ought to be, worked out from schedules, tags, windows and the world's true history alone: without the decision
//! and without what the engine remembers.

use std::{cell::RefCell, collections::BTreeMap};

use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use scheduler_core::{
    Config, InstanceType, Instant, Kind, Schedule, ScheduleName, Verdict,
    config::Found,
    schedule::{Desired, Enforcement},
    verdict::Rule,
    window::{LEAD, Purpose, Window},
};

use crate::{
    ledger::Settled,
    thing::{Id, State, Thing},
    timetable::Timetable,
    world::World,
};

/// What is wanted of a resource that Dayshift may touch.
#[derive(Clone, Debug)]
pub struct Want<'a> {
    /// The schedule that it follows.
    pub schedule: &'a Schedule,
    /// What that says.
    pub verdict: Verdict,
    /// Since when that is wanted. For an override that does not say from when it holds, since somebody wrote it.
    pub edge: Option<Instant>,
    /// The instant that this holds for.
    pub now: Instant,
}

/// The schedule that a resource follows; none if Dayshift may not touch it.
pub fn follows<'a>(config: &'a Config, thing: &Thing, now: Instant) -> Option<&'a Schedule> {
    let tag = thing.tag()?;
    let is_there = !matches!(thing.now.state, State::Terminated(_)) && thing.nature.is_none();
    let Found::Schedule(schedule) = config.find(tag) else { return None };
    let is_free = !thing
        .tags
        .get("ScheduleExcludeUntil")
        .is_some_and(|text| excludes(text, schedule.zone, now));
    (is_there && is_free && tag != "ignore").then_some(schedule)
}

/// Whether the exclude-until tag with this value excludes.
fn excludes(text: &str, zone: Tz, now: Instant) -> bool {
    if let Ok(date) = text.parse::<NaiveDate>() {
        let begin = zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest();
        return begin.is_none_or(|begin| now < begin);
    }
    text.parse::<Instant>().map_or(true, |until| now < until)
}

/// What every schedule wants at one instant, each asked once.
#[derive(Debug)]
pub struct Oracle<'a> {
    /// The schedules.
    pub config: &'a Config,
    /// The instant.
    pub now: Instant,
    /// When the overrides that are stored were written.
    written: &'a BTreeMap<String, Instant>,
    asked: RefCell<BTreeMap<ScheduleName, Verdict>>,
}

impl<'a> Oracle<'a> {
    /// What these schedules want at an instant.
    pub fn at(table: &'a Timetable, now: Instant) -> Self {
        let Timetable { config, written, .. } = table;
        Self { config, now, written, asked: RefCell::default() }
    }

    /// What is wanted of a resource; none if Dayshift may not touch it.
    pub fn wants(&self, thing: &Thing) -> Option<Want<'a>> {
        let schedule = follows(self.config, thing, self.now)?;
        let mut asked = self.asked.borrow_mut();
        let ask = || self.config.verdict(schedule, self.now);
        let verdict = asked.entry(schedule.name.clone()).or_insert_with(ask).clone();
        let written = verdict.overridden_by.as_ref().and_then(|name| self.written.get(name));
        let edge = verdict.since.max(written.copied());
        Some(Want { schedule, verdict, edge, now: self.now })
    }
}

/// What is wanted of a resource, as these schedules have always been; none if Dayshift may not touch it.
fn wants<'a>(config: &'a Config, thing: &Thing, now: Instant) -> Option<Want<'a>> {
    let schedule = follows(config, thing, now)?;
    let verdict = config.verdict(schedule, now);
    Some(Want { schedule, edge: verdict.since, verdict, now })
}

impl Want<'_> {
    /// Whether a person's change is undone now.
    pub fn is_enforced(&self) -> bool {
        match self.schedule.enforcement {
            Enforcement::AtEdges => false,
            Enforcement::Always => true,
            Enforcement::For(span) => {
                self.verdict.since.is_some_and(|since| self.now <= since + span)
            }
        }
    }

    /// Whether it is to run.
    pub fn is_to_run(&self) -> bool {
        self.verdict.desired == Desired::Running
    }

    /// Whether it is to rest.
    pub fn is_to_rest(&self) -> bool {
        self.verdict.desired == Desired::Stopped
    }

    /// Whether an edge has come after an instant, or since ever.
    pub fn has_edge_after(&self, instant: Option<Instant>) -> bool {
        self.edge > instant
    }

    /// Whether another override holds than at a pass, or what is wanted is new since then.
    pub fn is_new_or_of_another(&self, pass: &Settled) -> bool {
        let before = pass.overridden.as_ref().map(|over| &over.by);
        let is_another =
            self.verdict.overridden_by.as_ref().is_some_and(|name| Some(name) != before);
        is_another || self.is_new_since(pass)
    }

    /// Whether what is wanted is new since a pass: an edge has come, or somebody has written an override. The end of one is
    /// new only if something else is wanted after it; the schedule's edges under it do not count.
    pub fn is_new_since(&self, pass: &Settled) -> bool {
        match (&self.verdict.overridden_by, &pass.overridden) {
            (None, Some(over)) => {
                let wants_type = self.verdict.instance_type.is_some();
                let was_hidden = self.edge.is_some_and(|edge| over.covers(edge));
                pass.desired != self.verdict.desired
                    || wants_type && self.has_edge_after(pass.edge)
                    || !was_hidden && self.has_edge_after(Some(pass.now))
            }
            (Some(_), _) | (None, None) => self.has_edge_after(Some(pass.now)),
        }
    }

    /// The instance types that it may run as; none: any.
    pub fn types(&self, thing: &Thing) -> Vec<InstanceType> {
        let preferred =
            thing.tags.get("SchedulePreferredTypes").map(String::as_str).unwrap_or_default();
        let preferred = preferred.split(' ').filter_map(|text| text.parse().ok());
        self.verdict.instance_type.clone().into_iter().chain(preferred).collect()
    }
}

/// A window that is open and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenWindow {
    /// Whether it asks its resource to run, or only that it be spared.
    pub asks_to_run: bool,
}

/// The window that counts for a resource at an instant, if one is open; one that asks it to run before another.
pub fn window(world: &World, id: &Id, thing: &Thing, want: &Want<'_>) -> Option<OpenWindow> {
    if want.verdict.rule == Rule::Override && want.verdict.name.is_some() {
        return None;
    }
    // An override_status is an override too.
    if want.schedule.override_status.is_some() {
        return None;
    }
    let is_open = |window: &Window| window.open_at(want.now, LEAD).is_some();
    let schedule = want.schedule;
    let own =
        thing.windows.iter().filter(|window| is_open(window)).filter_map(|window| {
            match window.purpose {
                Purpose::Maintenance => schedule.use_maintenance_window.then_some(true),
                Purpose::Backup if schedule.use_backup_window => Some(true),
                Purpose::Backup => schedule.use_maintenance_window.then_some(false),
            }
        });
    let named = world.named.get(&id.target);
    let named =
        schedule.ssm_maintenance_windows.iter().filter_map(|name| named?.get(name)).flatten();
    let named =
        named.filter(|window| id.key.kind == Kind::Ec2Instance && is_open(window)).map(|_| true);
    own.chain(named).max().map(|asks_to_run| OpenWindow { asks_to_run })
}

/// Whether nothing that passes by itself with time changes between two instants: no edge, no window, no span of
/// enforcement.
pub fn is_calm(
    world: &World,
    id: &Id,
    thing: &Thing,
    config: &Config,
    from: Instant,
    until: Instant,
) -> bool {
    let (Some(before), Some(after)) = (wants(config, thing, from), wants(config, thing, until))
    else {
        return follows(config, thing, from).is_none() && follows(config, thing, until).is_none();
    };
    let step = TimeDelta::minutes(5);
    let same_windows =
        std::iter::successors(Some(from), |at| (*at < until).then(|| (*at + step).min(until)))
            .all(|at| window(world, id, thing, &Want { now: at, ..before.clone() }).is_none());
    before.verdict == after.verdict && same_windows && before.is_enforced() == after.is_enforced()
}
