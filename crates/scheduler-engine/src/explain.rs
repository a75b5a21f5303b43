//! Why nothing, or something, happens to one resource: the sentences of `explain`.

use std::fmt::Display;

use chrono_tz::Tz;
use scheduler_core::{
    Desired, Instant, Kind, Observed, Schedule, Target,
    decision::Action,
    memory::{InFlight, LastAction, Memory},
    overrides,
};
use serde::{Deserialize, Serialize};

use crate::{
    report::{ResourceReport, TargetReport},
    status::StatusRow,
};

/// One resource, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The facts.
    #[serde(flatten)]
    pub status: StatusRow,
    /// What a pass would do: `start`, `stop`, `resize` or `leave`.
    pub action: String,
    /// Why.
    pub why: String,
    /// All of it, as sentences.
    pub sentences: Vec<String>,
}

impl TargetReport {
    /// The resources of a dry run at `now` whose path ends in `resource` (an id, or as much of
    /// `PARTITION/ACCOUNT/REGION/KIND/ID` as makes it unique), explained. `schedule` finds the schedule that a tag names.
    pub fn explain<'a>(
        &self,
        resource: &str,
        now: Instant,
        schedule: impl Fn(&str) -> Option<&'a Schedule>,
    ) -> Vec<Explanation> {
        let target = &self.target;
        let meant = self.resources.iter().filter(|report| {
            overrides::is_end_of(resource, &overrides::path(target, &report.resource.key))
        });
        let explained = meant.map(|report| {
            let schedule = schedule(&report.resource.marks.schedule);
            Explanation {
                status: StatusRow::of(target, report),
                action: report.action.as_str().into(),
                why: report.why(),
                sentences: Teller { target, report, schedule, now }.sentences(),
            }
        });
        explained.collect()
    }
}

struct Teller<'a> {
    target: &'a Target,
    report: &'a ResourceReport,
    schedule: Option<&'a Schedule>,
    now: Instant,
}

impl Teller<'_> {
    fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![self.identity(), self.observation()];
        sentences.extend(self.wish());
        sentences.push(self.intention());
        sentences.extend(self.report.memory.iter().flat_map(|memory| self.history(memory)));
        sentences.extend(self.outlook());
        sentences
    }

    fn identity(&self) -> String {
        let resource = &self.report.resource;
        let kind = match resource.key.kind {
            Kind::Ec2Instance => "an EC2 instance",
            Kind::RdsInstance => "an RDS instance",
            Kind::RdsCluster => "a database cluster",
            Kind::Asg => "an Auto Scaling group",
            Kind::EcsService => "an ECS service",
            Kind::RedshiftCluster => "a Redshift cluster",
        };
        let (id, target, tag) = (&resource.key.id, self.target, resource.marks.schedule.trim());
        format!("{id} is {kind} in {target}; its tag says `{tag}`.")
    }

    fn observation(&self) -> String {
        let resource = &self.report.resource;
        let mut words = match resource.observed {
            Observed::Running => "It runs".to_owned(),
            Observed::Stopped => "It rests".to_owned(),
            Observed::InTransition => "It is changing state".to_owned(),
            Observed::Gone => "It is being deleted".to_owned(),
            Observed::Unsuitable(why) => format!("It is {}", why.phrase()),
        };
        words.extend(resource.instance_type.iter().map(|name| format!(" as {name}")));
        words.extend(
            resource.size.iter().map(|size| format!(" at the size {size} (least, desired, most)")),
        );
        words + "."
    }

    fn wish(&self) -> Option<String> {
        let verdict = self.report.verdict.as_ref()?;
        let should = match verdict.desired {
            Desired::Running => "It should run",
            Desired::Stopped => "It should rest",
            Desired::Any => "It may do as it likes",
        };
        let since =
            verdict.since.map_or_else(String::new, |at| format!(" since {}", self.time(at)));
        let kind = verdict.instance_type.iter().map(|name| format!(" as {name}"));
        Some(format!("{should}{}{since}: {}.", kind.collect::<String>(), verdict.rule_in_words()))
    }

    fn intention(&self) -> String {
        let why = self.report.why();
        match &self.report.action {
            Action::Act(step, _) => {
                let does = match step.intent() {
                    InFlight::Start => "starts it",
                    InFlight::Stop => "stops it",
                    InFlight::Resize => "stops it, to start it as another instance type",
                };
                format!("The next pass {does}: {why}.")
            }
            // A suggestion ends in a question mark of its own.
            Action::Leave(_) if why.ends_with('?') => format!("Nothing is done: {why}"),
            Action::Leave(_) => format!("Nothing is done: {why}."),
        }
    }

    fn history(&self, memory: &Memory) -> Vec<String> {
        let mut told = Vec::new();
        told.extend(memory.last.map(|last| self.last(last, memory)));
        if memory.retained {
            told.push("Somebody had started it before its start time, and its schedule retains such: it is spared at the next stop.".into());
        }
        told.extend(
            memory.size.map(|size| format!("It was at the size {size} before it was stopped.")),
        );
        if let Some(at) = memory.restarts_at {
            let at = self.time(at);
            told.push(format!("AWS starts it by itself at about {at}; it is stopped again then."));
        }
        if memory.falls > 0 {
            let times = times(memory.falls);
            told.push(format!(
                "It has fallen back to rest {times} after a start that AWS had accepted."
            ));
        }
        told
    }

    fn last(&self, last: LastAction, memory: &Memory) -> String {
        let did = match last.action {
            InFlight::Start => "start it",
            InFlight::Stop => "stop it",
            InFlight::Resize => "stop it to be resized",
        };
        let (at, error) = (self.time(last.at), memory.last_error.as_ref());
        let said =
            error.map_or_else(String::new, |failure| format!(": {}: {failure}", failure.code));
        match (memory.in_flight, memory.attempts) {
            (Some(_), _) => {
                format!("The last call, to {did} at {at}, has no answer that is known{said}.")
            }
            (None, 0) if error.is_some() => format!("The last call was to {did} at {at}{said}."),
            (None, 0) => format!("The last call was to {did} at {at}, and AWS accepted it."),
            (None, tries) => {
                format!("The last call, to {did} at {at}, failed ({} so far){said}.", times(tries))
            }
        }
    }

    fn outlook(&self) -> Option<String> {
        let (verdict, schedule) = (self.report.verdict.as_ref()?, self.schedule?);
        let Some(until) = verdict.until else {
            return Some("Its schedule never wants anything else.".into());
        };
        let then = match schedule.wanted_at(until).desired {
            Desired::Running => "is to run",
            Desired::Stopped => "is to rest",
            Desired::Any => "may do as it likes",
        };
        Some(format!("At {} that ends, and it {then}.", self.time(until)))
    }

    /// An instant in the schedule's zone, with the day unless it is today.
    fn time(&self, at: Instant) -> impl Display {
        let zone = self.schedule.map_or(Tz::UTC, |schedule| schedule.zone);
        let (at, today) = (at.with_timezone(&zone), self.now.with_timezone(&zone).date_naive());
        let format = if at.date_naive() == today { "%H:%M %Z" } else { "%a %-d %b %Y %H:%M %Z" };
        at.format(format).to_string()
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        count => format!("{count} times"),
    }
}
