//! The tags that Dayshift puts on what it has started or stopped.
//!
//! A deployment may name tags for what was started and for what was stopped; the keys of the one are taken off when the
//! other are put on. Beside them two tags inform: `ScheduleLastAction` and, while something fails, `ScheduleError`
//! (the keys begin with that of the schedule tag). Both are written when they change, not on every pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use crate::{
    Instant, Kind, Resource,
    decision::{Action, Step, Why},
    marks::{ERROR, LAST_ACTION},
    memory::Outcome,
    resource::Failure,
};

/// How long a tag's value may be.
const LONGEST: usize = 256;

/// What a deployment wants on its resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The name of the deployment, which `{scheduler}` stands for.
    pub scheduler: String,
    /// The tags of what was started.
    pub started: Templates,
    /// The tags of what was stopped.
    pub stopped: Templates,
    /// The schedule tag's key, if informational tags are wanted.
    pub informational: Option<String>,
}

impl Labels {
    /// Whether no tags are wanted at all.
    pub fn is_empty(&self) -> bool {
        let none = Templates::default();
        self.started == none && self.stopped == none && self.informational.is_none()
    }
}

/// Tags whose values may hold `{scheduler}`, `{year}`, `{month}`, `{day}`, `{hour}`, `{minute}` and `{timezone}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates(BTreeMap<String, String>);

/// What is to change about one resource's tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labelling {
    /// The tags to set.
    pub set: BTreeMap<String, String>,
    /// The keys of the tags to remove.
    pub remove: BTreeSet<String>,
}

impl Labelling {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}

/// A text that names no tags.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no tag; write `key=value`, several with commas between them")]
pub struct InvalidTemplates(String);

impl FromStr for Templates {
    type Err = InvalidTemplates;

    /// `key=value,key=value`. A comma that no `key=` follows belongs to the value before it.
    fn from_str(text: &str) -> Result<Self, InvalidTemplates> {
        let mut tags: Vec<(String, String)> = Vec::new();
        for part in text.split(',') {
            match (part.split_once('='), tags.last_mut()) {
                (Some((key, value)), _) => tags.push((key.trim().into(), value.trim().into())),
                (None, Some((_, value))) => {
                    value.push(',');
                    value.push_str(part);
                }
                (None, None) => return Err(InvalidTemplates(part.trim().into())),
            }
        }
        match tags.iter().find(|(key, _)| key.is_empty() || key.starts_with("aws:")) {
            Some((key, value)) => Err(InvalidTemplates(format!("{key}={value}"))),
            None => Ok(Self(tags.into_iter().collect())),
        }
    }
}

impl Labels {
    /// What is to change about the tags of a resource, after an action for which `outcome` is what came of it.
    pub fn after(
        &self,
        resource: &Resource,
        action: &Action,
        outcome: Option<&Outcome>,
        now: Instant,
    ) -> Labelling {
        let mut labelling = Labelling::default();
        match (action, outcome) {
            (Action::Act(step, _), Some(Outcome::Done | Outcome::DoneBut(_))) => {
                self.note_action(step, resource, now, &mut labelling);
            }
            (Action::Act(..), Some(Outcome::Failed(failure)))
            | (Action::Leave(Why::FellBack { failure, .. }), _) => {
                self.note_error(failure, resource, &mut labelling);
            }
            (Action::Leave(why), _) if settles(why) => self.note_no_error(resource, &mut labelling),
            (Action::Act(..), Some(Outcome::Unknown(_)) | None) | (Action::Leave(_), _) => {}
        }
        let clean = |value: &mut String| *value = cleaned(value, resource.key.kind);
        labelling.set.values_mut().for_each(clean);
        labelling
    }

    fn note_action(&self, step: &Step, resource: &Resource, now: Instant, to: &mut Labelling) {
        let (word, on, off) = match step {
            Step::Start { .. } => ("started", Some(&self.started), &self.stopped),
            Step::Stop { .. } => ("stopped", Some(&self.stopped), &self.started),
            Step::Resize { .. } => ("stopped to be resized", None, &self.stopped),
        };
        if let Some(on) = on {
            to.set.extend(on.0.iter().map(|(key, value)| (key.clone(), self.filled(value, now))));
            to.remove.extend(off.0.keys().filter(|key| !on.0.contains_key(*key)).cloned());
        }
        let Some(tag_key) = &self.informational else { return };
        let said = format!("{word} {}", now.format("%Y-%m-%d %H:%M UTC"));
        to.set.insert(format!("{tag_key}{LAST_ACTION}"), said);
        self.note_no_error(resource, to);
    }

    /// The listing says whether there is an error to be taken off, so that nothing is called for where there is none.
    fn note_no_error(&self, resource: &Resource, to: &mut Labelling) {
        let Some(tag_key) = &self.informational else { return };
        if resource.marks.error.is_some() {
            to.remove.insert(format!("{tag_key}{ERROR}"));
        }
    }

    fn note_error(&self, failure: &Failure, resource: &Resource, to: &mut Labelling) {
        let Some(tag_key) = &self.informational else { return };
        let code = failure.code.as_str();
        let is_known = |text: &String| text.split(':').next() == Some(code);
        if !resource.marks.error.as_ref().is_some_and(is_known) {
            to.set.insert(format!("{tag_key}{ERROR}"), format!("{code}: {}", failure.message));
        }
    }

    fn filled(&self, value: &str, now: Instant) -> String {
        let parts = [
            ("{scheduler}", self.scheduler.clone()),
            ("{year}", now.format("%Y").to_string()),
            ("{month}", now.format("%m").to_string()),
            ("{day}", now.format("%d").to_string()),
            ("{hour}", now.format("%H").to_string()),
            ("{minute}", now.format("%M").to_string()),
            ("{timezone}", "UTC".to_owned()),
        ];
        parts.iter().fold(value.to_owned(), |text, (name, with)| text.replace(name, with))
    }
}

/// Whether nothing is left to be done about what went wrong before.
fn settles(why: &Why) -> bool {
    matches!(
        why,
        Why::AlreadyRunning
            | Why::AlreadyStopped
            | Why::AsDesired
            | Why::Retained
            | Why::NewAndRunning
            | Why::NoOpinion
    )
}

/// The value with what the service does not allow in one replaced by `_`, and cut where it allows no more.
fn cleaned(value: &str, kind: Kind) -> String {
    let is_allowed = |c: char| match kind {
        // "Tagging Amazon RDS resources", RDS User Guide.
        // "Tag" of the Amazon ECS API Reference allows the same.
        Kind::RdsInstance | Kind::RdsCluster | Kind::EcsService => {
            c.is_alphanumeric() || " _.:/=+-@".contains(c)
        }
        Kind::Ec2Instance | Kind::Asg | Kind::RedshiftCluster => !c.is_control(),
    };
    value.chars().map(|c| if is_allowed(c) { c } else { '_' }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Observed, ResourceKey, decision::Cause, marks::Marks, resource::FailureCode};

    const NOW: &str = "2026-03-02T09:05:00Z";

    fn labels() -> Labels {
        Labels {
            scheduler: "dayshift".into(),
            started:
                "State=on since {year}-{month}-{day} {hour}:{minute} {timezone},By={scheduler}"
                    .parse()
                    .unwrap(),
            stopped: "State=off, at last".parse().unwrap(),
            informational: Some("Schedule".into()),
        }
    }

    fn after(kind: Kind, error: Option<&str>, start: bool, outcome: &Outcome) -> Labelling {
        let key = ResourceKey { kind, id: "r".parse().unwrap() };
        let marks = Marks { error: error.map(str::to_owned), ..Marks::of("office") };
        let resource = Resource::new(key, marks, Observed::Stopped);
        let step = if start {
            Step::Start { types: Vec::new(), size: None }
        } else {
            Step::Stop { hibernate: false, size: None }
        };
        let action = Action::Act(step, Cause::Desired);
        labels().after(&resource, &action, Some(outcome), NOW.parse().unwrap())
    }

    fn refused() -> Outcome {
        let message = "none of `m5.large` left".into();
        Outcome::Failed(Failure { code: FailureCode::NoCapacity, message })
    }

    #[test]
    fn a_start_and_a_stop_change_each_others_tags() {
        let started = after(Kind::Ec2Instance, Some("denied: no"), true, &Outcome::Done);
        let expected = [
            ("By", "dayshift"),
            ("ScheduleLastAction", "started 2026-03-02 09:05 UTC"),
            ("State", "on since 2026-03-02 09:05 UTC"),
        ];
        assert_eq!(started.set, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        assert_eq!(started.remove, ["ScheduleError".to_owned()].into());
        let stopped = after(Kind::Ec2Instance, None, false, &Outcome::Done);
        assert_eq!((stopped.set["State"].as_str(), stopped.remove.len()), ("off, at last", 1));
    }

    #[test]
    fn an_error_is_taken_off_where_nothing_is_left_to_be_done() {
        let left = |error: Option<&str>, why| {
            let key = ResourceKey { kind: Kind::EcsService, id: "a/r".parse().unwrap() };
            let marks = Marks { error: error.map(str::to_owned), ..Marks::of("office") };
            let resource = Resource::new(key, marks, Observed::Stopped);
            labels().after(&resource, &Action::Leave(why), None, NOW.parse().unwrap())
        };
        let taken_off = left(Some("denied: no"), Why::AlreadyStopped);
        assert_eq!(taken_off.remove, ["ScheduleError".to_owned()].into());
        assert!(left(None, Why::AlreadyStopped).is_empty());
        assert!(left(Some("denied: no"), Why::InTransition).is_empty());
        let ecs = after(Kind::EcsService, None, true, &refused());
        assert_eq!(ecs.set["ScheduleError"], "no-capacity: none of _m5.large_ left");
    }

    #[test]
    fn an_error_is_written_once_and_as_rds_allows() {
        let first = after(Kind::RdsInstance, None, true, &refused());
        assert_eq!(first.set["ScheduleError"], "no-capacity: none of _m5.large_ left");
        assert!(after(Kind::RdsInstance, Some("no-capacity: x"), true, &refused()).is_empty());
        assert!(!after(Kind::RdsInstance, Some("denied: x"), true, &refused()).is_empty());
    }

    #[test]
    fn templates_are_tags_between_commas() {
        for (text, count) in
            [("a=b", Some(1)), ("a=b,c,d=e", Some(2)), ("a", None), ("=b", None), ("aws:a=b", None)]
        {
            assert_eq!(text.parse::<Templates>().ok().map(|tags| tags.0.len()), count, "{text}");
        }
    }
}
