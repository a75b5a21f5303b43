//! What to do with a resource that runs.

use chrono::TimeDelta;

use super::{Case, Cause, Decision, Step, Why};
use crate::{
    id::InstanceType,
    memory::{ForWindow, Memory},
    schedule::Desired,
    size::{Scaling, Size},
};

/// How much earlier than it says AWS may start a database by itself: the time it gives is an estimate.
const EARLY: TimeDelta = TimeDelta::hours(1);

impl Case<'_> {
    pub(super) fn running(&self, memory: Memory) -> Decision {
        if let Some((opening, _)) = self.window
            && !self.desires(Desired::Running)
        {
            let (name, until) = (opening.to_string(), opening.until);
            return self.leave(Why::InWindow { name, until });
        }
        let is_ours = memory.window.is_some_and(|window| window.ours);
        if is_ours && !self.desires(Desired::Running) {
            return self.act(self.stop(&memory), Cause::WindowOver, self.saving_size(memory));
        }
        match self.verdict.desired {
            Desired::Running => self.found_running(memory),
            Desired::Stopped => self.stop_unless_spared(Memory { window: None, ..memory }),
            Desired::Any => self.nobody_minds(Memory { retained: false, window: None, ..memory }),
        }
    }

    /// What an attempt of our own has left suspended is resumed all the same; what a person has is theirs.
    fn nobody_minds(&self, memory: Memory) -> Decision {
        if memory.is_unfinished()
            && let Some(size) = self.with_scaling_resumed(&memory)
        {
            return self.resuming(size, memory);
        }
        self.settle(Why::NoOpinion, memory)
    }

    fn found_running(&self, memory: Memory) -> Decision {
        // Only what somebody else had started before the edge came is retained: nothing that we have tried to start,
        // whatever we were told came of it, nothing that a window needed, and nothing that AWS has started by itself.
        let is_untried = !memory.is_unfinished() && memory.window.is_none_or(|window| !window.ours);
        let not_ours =
            memory.settled == Some(Desired::Stopped) && is_untried && !self.is_restarted(&memory);
        let retained = memory.retained || (self.schedule.retain_running && not_ours);
        if !retained && let Some(decision) = self.as_another_type(&memory) {
            return decision;
        }
        if let Some(size) = self.with_scaling_resumed(&memory) {
            return self.resuming(size, memory);
        }
        let why = self.unless_due(Why::AlreadyRunning);
        let (window, restarts_at) = (self.while_open(memory.window), None);
        self.settle(why, Memory { retained, window, falls: 0, restarts_at, ..memory })
    }

    /// What is remembered of a window, as long as that window is open.
    fn while_open(&self, window: Option<ForWindow>) -> Option<ForWindow> {
        let open = self.window.map(|(opening, _)| opening.opened);
        window.filter(|window| Some(window.opened) == open)
    }

    /// What to do about an instance that runs as none of the types that it may run as; none if it runs as one.
    fn as_another_type(&self, memory: &Memory) -> Option<Decision> {
        let types = self.types();
        let current = self.resource.instance_type.as_ref()?;
        let wanted = types.first().filter(|_| !types.contains(current))?.clone();
        if memory.refused.as_ref() == Some(&wanted) && !self.is_new_edge(memory) {
            return Some(self.leave(refused(wanted, memory)));
        }
        if let Some((opening, _)) = self.window {
            let (name, until) = (opening.to_string(), opening.until);
            return Some(self.leave(Why::InWindow { name, until }));
        }
        if !self.is_due() && !self.is_enforced() {
            return Some(self.leave_as_changed(memory.clone()));
        }
        let memory = Memory { window: None, ..memory.clone() };
        Some(self.act(Step::Resize { types }, Cause::InstanceType(wanted), memory))
    }

    /// The size at which it is, but with the automatic scaling that was on before it was stopped; none if that is on. A
    /// person who starts a service by its count alone leaves it suspended, and so does a stop that failed half-way.
    fn with_scaling_resumed(&self, memory: &Memory) -> Option<Size> {
        let (now, before) = (self.resource.size?, memory.size?);
        let has_both = before.scaling.is_some() && now.scaling.is_some();
        let is_suspended = has_both && now.scaling != before.scaling;
        let is_to_be_resumed = is_suspended && (self.is_due() || memory.is_unfinished());
        is_to_be_resumed.then_some(Size { scaling: before.scaling, ..now })
    }

    fn resuming(&self, size: Size, memory: Memory) -> Decision {
        let step = Step::Start { types: Vec::new(), size: Some(size) };
        self.act(step, Cause::ScalingSuspended, memory)
    }

    /// Enforcement comes first: what it spared on one pass it would stop on the next, at the same instant. An override is a
    /// person's word against another's, so that nothing is spared from it; and what AWS has started by itself is nobody's,
    /// though a person's had rested for an override's sake.
    fn stop_unless_spared(&self, memory: Memory) -> Decision {
        if !self.is_enforced() {
            let may_be_spared = !self.is_overridden() && !self.is_restarted(&memory);
            if may_be_spared && memory.retained && self.schedule.retain_running {
                return self.settle(Why::Retained, Memory { retained: false, ..memory });
            }
            if may_be_spared && memory.is_blank() && !self.schedule.stop_new_instances {
                return self.settle(Why::NewAndRunning, memory);
            }
            if !self.is_due() {
                return self.restarted(memory);
            }
        }
        self.act(self.stop(&memory), Cause::Desired, self.saving_size(memory))
    }

    /// It runs though this edge is settled: AWS has started it by itself, or a person has.
    fn restarted(&self, memory: Memory) -> Decision {
        if self.is_restarted(&memory) {
            return self.act(self.stop(&memory), Cause::RestartedByAws, memory);
        }
        self.leave_as_changed(Memory { restarts_at: None, ..self.remembered() })
    }

    /// Whether AWS has started it by itself, as far as anybody can tell: it was to do so about now.
    fn is_restarted(&self, memory: &Memory) -> bool {
        memory.restarts_at.is_some_and(|at| at - EARLY <= self.now)
    }

    fn stop(&self, memory: &Memory) -> Step {
        let hibernate = self.schedule.hibernate && self.resource.can_hibernate;
        // What is not there to be suspended now is not touched.
        let scaling = self.resource.size.and_then(|now| now.scaling);
        let size = self.size_before_stop(memory).map(|size| Size { scaling, ..size });
        Step::Stop { hibernate, size }
    }

    /// With the size to go back to.
    fn saving_size(&self, memory: Memory) -> Memory {
        Memory { size: self.size_before_stop(&memory), ..memory }
    }

    /// What it is, unless a stop is unfinished that may have changed it, or what a person has made of it is not respected:
    /// then what the stop before has saved. What is suspended of
    /// its automatic scaling may be so since an earlier stop, whoever has started it after.
    fn size_before_stop(&self, memory: &Memory) -> Option<Size> {
        let (Some(now), Some(saved)) = (self.resource.size, memory.size) else {
            return memory.size.or(self.resource.size);
        };
        let is_suspended = now.scaling == Some(Scaling::SUSPENDED);
        let scaling = if is_suspended { saved.scaling.or(now.scaling) } else { now.scaling };
        let is_passing = memory.is_stopping() || self.is_enforced();
        let size = if is_passing { saved } else { now };
        Some(Size { scaling, ..size })
    }
}

fn refused(wanted: InstanceType, memory: &Memory) -> Why {
    let because = memory.last_error.as_ref().map(ToString::to_string).unwrap_or_default();
    Why::TypeRefused { wanted, because }
}
