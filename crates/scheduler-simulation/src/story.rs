//! What has happened, to be told of one resource when a law is broken.

use std::collections::VecDeque;

use scheduler_core::{Instant, decision::Step};

use crate::thing::Id;

/// How many events are kept.
const KEPT: usize = 6000;

/// What has happened lately, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    /// Whether anybody listens: a history that nobody will tell is not written.
    pub is_kept: bool,
    events: VecDeque<(Instant, Option<Id>, String)>,
}

impl Chronicle {
    /// Notes an event, of one resource or of all.
    pub fn note(&mut self, at: Instant, id: Option<&Id>, what: String) {
        if !self.is_kept {
            return;
        }
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.events.push_back((at, id.cloned(), what));
    }

    /// The last `count` events that concern a resource, one a line.
    pub fn of(&self, id: Option<&Id>, count: usize) -> Vec<String> {
        let mut lines: Vec<_> = self
            .events
            .iter()
            .rev()
            .filter(|(_, whose, _)| whose.is_none() || whose.as_ref() == id)
            .take(count)
            .map(|(at, _, what)| format!("{}  {what}", at.format("%a %m-%d %H:%M:%S")))
            .collect();
        lines.reverse();
        lines
    }
}

/// A step in a few words.
pub(crate) trait Said {
    /// The words.
    fn said(&self) -> String;
}

impl Said for Step {
    fn said(&self) -> String {
        let types = |types: &[scheduler_core::InstanceType]| {
            types.iter().map(|one| format!(" as {one}")).collect::<String>()
        };
        match self {
            Step::Start { types: wanted, size } => {
                format!(
                    "start{}{}",
                    types(wanted),
                    size.map(|size| format!(" at {size}")).unwrap_or_default()
                )
            }
            Step::Stop { .. } => "stop".into(),
            Step::Resize { types: wanted } => format!("resize{}", types(wanted)),
        }
    }
}
