//! What to do with one resource: a pure function of what was observed, what is wanted and what is remembered.
//!
//! An action is due when the desired state is not the one last settled, when an edge lies between the
//! memory's and now (so that a missed tick, even across two edges, loses nothing), when an override has come that it was
//! not settled under, when an earlier attempt is unfinished, when it follows another schedule than before, or when the
//! schedule enforces. Otherwise a person's start or stop is respected. An override's end is an edge only if something else
//! is wanted after it: the schedule's edges while it held do not count.
//!
//! Beside its edges a resource is acted on for a window that opens and ends, for a start that AWS took back (after a
//! while), and for a database that AWS starts by itself after seven days at rest.

mod running;
mod step;
mod stopped;
mod why;

#[cfg(test)]
mod truth_table;

pub use step::{Cause, Step};
pub use why::Why;

use crate::{
    Instant, Kind, Resource,
    id::InstanceType,
    memory::{InFlight, LastAction, Memory, Overridden},
    resource::Observed,
    schedule::{Desired, Enforcement, Schedule},
    verdict::Verdict,
    window::{Asks, Opening},
};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change something, for a cause.
    Act(Step, Cause),
    /// Do nothing, for a reason.
    Leave(Why),
}

impl Action {
    /// The action as one word, for reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Action::Act(step, _) => step.intent().as_str(),
            Action::Leave(_) => "leave",
        }
    }

    /// What is to be changed, if anything is.
    pub fn step(&self) -> Option<&Step> {
        match self {
            Action::Act(step, _) => Some(step),
            Action::Leave(_) => None,
        }
    }
}

/// Everything a decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The instant of the pass.
    pub now: Instant,
    /// The resource, and what it does.
    pub resource: &'a Resource,
    /// The schedule it follows, for its flags.
    pub schedule: &'a Schedule,
    /// What that schedule wants.
    pub verdict: &'a Verdict,
    /// The window that is open, if one is and no override wins over it.
    pub window: Option<&'a (Opening, Asks)>,
    /// What is remembered of the resource.
    pub memory: Option<&'a Memory>,
}

/// What is to be done, and what is to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is to be done.
    pub action: Action,
    /// The memory to write before acting, or at the end if nothing is to be done; none if it stays as it is.
    /// For a step it is the intent, which [`Memory::after`] turns into the result.
    pub memory: Option<Memory>,
}

/// Decides one case.
pub fn decide(case: &Case<'_>) -> Decision {
    match case.resource.observed {
        Observed::Gone => case.leave(Why::Gone),
        Observed::Unsuitable(why) => case.leave(Why::Unsuitable(why)),
        Observed::InTransition => case.leave(Why::InTransition),
        Observed::Running => case.without_ended_override(|case| case.running(case.remembered())),
        Observed::Stopped => case.without_ended_override(|case| case.stopped(case.remembered())),
    }
}

impl Case<'_> {
    fn remembered(&self) -> Memory {
        let schedule = self.schedule.name.as_str();
        self.memory.map_or_else(
            || Memory::blank(self.now, schedule),
            |memory| Memory { expires: None, schedule: schedule.to_owned(), ..memory.clone() },
        )
    }

    /// Whether this edge has not been settled yet.
    fn is_due(&self) -> bool {
        self.memory.is_none_or(|memory| {
            memory.schedule != self.schedule.name.as_str()
                || memory.settled != Some(self.verdict.desired)
                || self.is_new_edge(memory)
                || self.is_new_override(memory)
                || self.is_unfinished(memory)
        })
    }

    /// Whether an attempt at what is desired has not succeeded, or nobody knows whether one at the opposite has (where an
    /// override comes or goes, that need not be an edge). One for a window is the window's own matter.
    fn is_unfinished(&self, memory: &Memory) -> bool {
        let leads_there = |last: LastAction| match last.action {
            InFlight::Start | InFlight::Resize => !self.desires(Desired::Stopped),
            InFlight::Stop => !self.desires(Desired::Running),
        };
        let may_have_happened = memory.in_flight.is_some() && memory.window.is_none();
        memory.is_unfinished() && (may_have_happened || memory.last.is_none_or(leads_there))
    }

    fn is_new_edge(&self, memory: &Memory) -> bool {
        self.verdict.since > memory.edge
    }

    /// Decides by what is remembered, but for an override that is over, which is remembered no longer.
    fn without_ended_override(&self, decide: impl FnOnce(&Case<'_>) -> Decision) -> Decision {
        let before = self.memory.filter(|_| !self.is_overridden());
        let Some((memory, over)) =
            before.and_then(|memory| Some((memory, memory.overridden.as_ref()?)))
        else {
            return decide(self);
        };
        let is_hidden = self.verdict.since.is_some_and(|since| over.covers(since));
        // No override names a type: where one is wanted, it is news.
        let is_same =
            memory.settled == Some(self.verdict.desired) && self.verdict.instance_type.is_none();
        let edge =
            if is_hidden && is_same { self.verdict.since.max(memory.edge) } else { memory.edge };
        let memory = Memory { overridden: None, edge, ..memory.clone() };
        let decision = decide(&Case { memory: Some(&memory), ..*self });
        Decision { memory: decision.memory.or_else(|| Some(self.stamped(memory))), ..decision }
    }

    fn is_overridden(&self) -> bool {
        self.verdict.overridden_by.is_some()
    }

    fn is_new_override(&self, memory: &Memory) -> bool {
        let before = memory.overridden.as_ref().map(|overridden| &overridden.by);
        self.is_overridden() && self.verdict.overridden_by.as_ref() != before
    }

    fn is_enforced(&self) -> bool {
        match self.schedule.enforcement {
            Enforcement::AtEdges => false,
            Enforcement::For(span) => {
                self.verdict.since.is_some_and(|since| self.now - since <= span)
            }
            Enforcement::Always => true,
        }
    }

    /// The instance types that it may run as, the best first: the period's, then those that its tag prefers. None: any.
    fn types(&self) -> Vec<InstanceType> {
        let mut types = Vec::new();
        if self.resource.key.kind == Kind::Ec2Instance {
            let preferred = &self.resource.marks.preferred_types;
            for one in self.verdict.instance_type.iter().chain(preferred) {
                if !types.contains(one) {
                    types.push(one.clone());
                }
            }
        }
        types
    }

    /// Changes something, and remembers the intent before it does.
    fn act(&self, step: Step, cause: Cause, memory: Memory) -> Decision {
        let memory = if self.is_new_edge(&memory) {
            Memory { falls: 0, retry_at: None, refused: None, ..memory }
        } else {
            memory
        };
        let action = step.intent();
        let last = Some(LastAction { action, at: self.now });
        let memory = self.stamped(Memory { in_flight: Some(action), last, ..memory });
        Decision { action: Action::Act(step, cause), memory: Some(memory) }
    }

    /// Leaves it to the person who has changed it. That the override ends at another time now is news still.
    fn leave_as_changed(&self, memory: Memory) -> Decision {
        let why = Why::ChangedByHand { until: self.verdict.until };
        self.leave_noting(why, Memory { overridden: Overridden::of(self.verdict), ..memory })
    }

    fn unless_due(&self, why: Why) -> Why {
        if self.is_due() { why } else { Why::AsDesired }
    }

    /// Leaves it and remembers nothing new, except that it is there.
    fn leave(&self, why: Why) -> Decision {
        let came_back = self.memory.filter(|memory| memory.expires.is_some());
        let memory =
            came_back.map(|memory| Memory { expires: None, at: self.now, ..memory.clone() });
        Decision { action: Action::Leave(why), memory }
    }

    /// Leaves it and remembers something of it that settles nothing.
    fn leave_noting(&self, why: Why, memory: Memory) -> Decision {
        let is_news = self.memory != Some(&memory);
        Decision { action: Action::Leave(why), memory: is_news.then(|| self.stamped(memory)) }
    }

    /// Leaves it and remembers that this edge is settled.
    fn settle(&self, why: Why, memory: Memory) -> Decision {
        let memory =
            if self.is_new_edge(&memory) { Memory { refused: None, ..memory } } else { memory };
        self.leave_noting(why, memory.reach(self.verdict))
    }

    fn stamped(&self, memory: Memory) -> Memory {
        Memory { at: self.now, schedule: self.schedule.name.to_string(), ..memory }
    }

    fn desires(&self, desired: Desired) -> bool {
        self.verdict.desired == desired
    }
}
