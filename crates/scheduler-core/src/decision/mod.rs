//! What to do with one resource: a pure function of what was observed, what is wanted and what is remembered.
//!
//! An action is due when the desired state is not the one last settled, when an edge lies between the
//! memory's and now (so that a missed tick, even across two edges, loses nothing), when an earlier attempt is
//! unfinished, when it follows another schedule
//! than before, or when the schedule enforces. Otherwise a person's start or stop is respected.

mod why;

#[cfg(test)]
mod truth_table;

pub use why::Why;

use crate::{
    Instant,
    memory::{InFlight, Memory},
    resource::Observed,
    schedule::{Desired, Enforcement, Schedule},
    verdict::Verdict,
};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Do nothing, for a reason.
    Leave(Why),
}

/// Everything a decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The instant of the pass.
    pub now: Instant,
    /// What the resource does.
    pub observed: Observed,
    /// The schedule it follows, for its flags.
    pub schedule: &'a Schedule,
    /// What that schedule wants.
    pub verdict: &'a Verdict,
    /// What is remembered of the resource.
    pub memory: Option<&'a Memory>,
}

/// What is to be done, and what is to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is to be done.
    pub action: Action,
    /// The memory to write before acting, or at the end if nothing is to be done; none if it stays as it is.
    /// For a start or stop it is the intent, which [`Memory::after`] turns into the result.
    pub memory: Option<Memory>,
}

/// Decides one case.
pub fn decide(case: &Case<'_>) -> Decision {
    let memory = case.remembered();
    match (case.observed, case.verdict.desired) {
        (Observed::Gone, _) => case.leave(Why::Gone),
        (Observed::Unsuitable(why), _) => case.leave(Why::Unsuitable(why)),
        (_, Desired::Any) => case.settle(Why::NoOpinion, Memory { retained: false, ..memory }),
        (Observed::InTransition, _) => case.leave(Why::InTransition),
        (Observed::Running, Desired::Running) => case.found_running(memory),
        (Observed::Stopped, Desired::Stopped) => {
            case.settle(case.unless_due(Why::AlreadyStopped), Memory { retained: false, ..memory })
        }
        (Observed::Stopped, Desired::Running) => case.act(InFlight::Start, memory),
        (Observed::Running, Desired::Stopped) => case.stop_unless_spared(memory),
    }
}

impl Case<'_> {
    fn remembered(&self) -> Memory {
        let blank = || Memory::blank(self.now, self.schedule.name.as_str());
        let schedule = self.schedule.name.to_string();
        self.memory.map_or_else(blank, |memory| Memory {
            expires: None,
            schedule,
            ..memory.clone()
        })
    }

    /// Whether this edge has not been settled yet.
    fn is_due(&self) -> bool {
        self.memory.is_none_or(|memory| {
            memory.schedule != self.schedule.name.as_str()
                || memory.settled != Some(self.verdict.desired)
                || self.verdict.since > memory.edge
                || memory.in_flight.is_some()
                || memory.attempts > 0
        })
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

    fn found_running(&self, memory: Memory) -> Decision {
        // Only what somebody else had started before the edge came is retained: nothing that we have tried to start,
        // whatever we were told came of it.
        let is_untried = memory.in_flight.is_none() && memory.attempts == 0;
        let not_ours = memory.settled == Some(Desired::Stopped) && is_untried;
        let retained = memory.retained || (self.schedule.retain_running && not_ours);
        self.settle(self.unless_due(Why::AlreadyRunning), Memory { retained, ..memory })
    }

    /// Enforcement comes first: what it spared on one pass it would stop on the next, at the same instant.
    fn stop_unless_spared(&self, memory: Memory) -> Decision {
        if self.is_enforced() {
            return self.act(InFlight::Stop, memory);
        }
        if memory.retained && self.schedule.retain_running {
            return self.settle(Why::Retained, Memory { retained: false, ..memory });
        }
        if memory.is_blank() && !self.schedule.stop_new_instances {
            return self.settle(Why::NewAndRunning, memory);
        }
        self.act(InFlight::Stop, memory)
    }

    /// Starts or stops, if that is due or enforced.
    fn act(&self, intent: InFlight, memory: Memory) -> Decision {
        if !self.is_due() && !self.is_enforced() {
            return self.leave(Why::ChangedByHand { until: self.verdict.until });
        }
        // What is stopped now was not left running by anybody.
        let memory = Memory { retained: memory.retained && intent == InFlight::Stop, ..memory };
        let action = match intent {
            InFlight::Start => Action::Start,
            InFlight::Stop => Action::Stop,
        };
        Decision {
            action,
            memory: Some(Memory { in_flight: Some(intent), ..self.stamped(memory) }),
        }
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

    /// Leaves it and remembers that this edge is settled.
    fn settle(&self, why: Why, memory: Memory) -> Decision {
        let edge = self.verdict.since.max(memory.edge);
        let settled = memory.settle(self.verdict.desired, edge);
        let is_news = self.memory != Some(&settled);
        Decision { action: Action::Leave(why), memory: is_news.then(|| self.stamped(settled)) }
    }

    fn stamped(&self, memory: Memory) -> Memory {
        Memory { at: self.now, schedule: self.schedule.name.to_string(), ..memory }
    }
}
