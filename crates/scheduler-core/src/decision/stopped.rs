//! What to do with a resource that rests.

use chrono::TimeDelta;

use super::{Case, Cause, Decision, Step, Why};
use crate::{
    id::InstanceType,
    memory::{self, ForWindow, InFlight, Memory},
    resource::{Failure, FailureCode},
    schedule::{Desired, Enforcement},
    size::Size,
    window::{Asks, Opening},
};

/// How old an observation may be: AWS may show a resource at rest for a while after it has accepted its start.
const STALE: TimeDelta = TimeDelta::minutes(5);

impl Case<'_> {
    pub(super) fn stopped(&self, memory: Memory) -> Decision {
        let is_to_start = self.desires(Desired::Running) && self.is_due();
        if let Some((opening, Asks::ToRun)) = self.window
            && !is_to_start
        {
            return self.in_window(opening, memory);
        }
        match self.verdict.desired {
            Desired::Running => self.start(memory),
            Desired::Stopped => self.rest(Why::AlreadyStopped, memory),
            // It ran until we stopped it for a moment.
            Desired::Any if memory.in_flight == Some(InFlight::Resize) => self.start(memory),
            Desired::Any => self.rest(Why::NoOpinion, memory),
        }
    }

    /// Starts it for a window, once; a person who stops it there is respected.
    fn in_window(&self, opening: &Opening, memory: Memory) -> Decision {
        let this_one = memory.window.filter(|window| window.opened == opening.opened);
        let Some(window) = this_one else { return self.start_for(opening, memory) };
        let is_enforced = self.schedule.enforcement == Enforcement::Always;
        if memory.is_unfinished() || is_enforced {
            return self.start_for(opening, memory);
        }
        if let Some(failure) = self.resource.fell.as_ref().filter(|_| window.ours) {
            return self.fallen(failure, memory, |memory| self.start_for(opening, memory));
        }
        let is_stale = memory.last.is_some_and(|last| self.now - last.at < STALE);
        let ours = window.ours && is_stale;
        let window = Some(ForWindow { ours, ..window });
        self.leave_noting(
            Why::ChangedByHand { until: Some(opening.until) },
            Memory { window, ..memory },
        )
    }

    fn start_for(&self, opening: &Opening, memory: Memory) -> Decision {
        let window = Some(ForWindow { opened: opening.opened, ours: true });
        let cause = Cause::Window { name: opening.to_string(), until: opening.until };
        self.starting(cause, Memory { window, ..memory })
    }

    fn start(&self, memory: Memory) -> Decision {
        let memory = Memory { window: None, ..memory };
        if memory.in_flight == Some(InFlight::Resize) && memory.at >= self.now {
            return self.leave(Why::InTransition);
        }
        if let Some(failure) = &self.resource.fell
            && !self.is_due()
        {
            let cause = Cause::FellBack(failure.clone());
            return self.fallen(failure, memory, |memory| self.starting(cause, memory));
        }
        if !self.is_due() && !self.is_enforced() {
            return self.leave_as_changed(self.remembered());
        }
        self.starting(Cause::Desired, memory)
    }

    /// AWS had accepted its start, and took it back: after a while it is started again, as `again_by` says.
    fn fallen(
        &self,
        failure: &Failure,
        memory: Memory,
        again_by: impl FnOnce(Memory) -> Decision,
    ) -> Decision {
        let waiting = |again| Why::FellBack { failure: failure.clone(), again };
        match memory.retry_at {
            None => {
                let falls = memory.falls.saturating_add(1);
                let again = self.now + memory::back_off(falls);
                let last_error = Some(failure.clone());
                let memory = Memory { falls, retry_at: Some(again), last_error, ..memory };
                self.leave_noting(waiting(again), memory)
            }
            Some(again) if self.now < again => self.leave(waiting(again)),
            Some(_) => again_by(Memory { retry_at: None, ..memory }),
        }
    }

    fn starting(&self, cause: Cause, memory: Memory) -> Decision {
        let size = match self.size_to_start_at(&memory) {
            Ok(size) => size,
            Err(why) => return self.leave(why),
        };
        // Whoever had started it before, it rests now: what comes of this start is ours, even if nobody hears of it. Unless
        // it rests because an override had it stopped, after which it is as it was.
        let retained = memory.rests_retained();
        let memory = Memory { retained, ..memory };
        let types = self.types_to_start_as(&memory);
        self.act(Step::Start { types, size }, cause, memory)
    }

    /// The types to start it as. One for which AWS had no capacity after all comes last until the next edge, and those
    /// behind it come first.
    fn types_to_start_as(&self, memory: &Memory) -> Vec<InstanceType> {
        let mut types = self.types();
        let fell =
            self.resource.fell.as_ref().filter(|_| memory.falls > 0 && !self.is_new_edge(memory));
        if fell.is_some_and(|failure| failure.code == FailureCode::NoCapacity) {
            let current = self.resource.instance_type.as_ref();
            let tried = types.iter().position(|one| Some(one) == current);
            types.rotate_left(tried.map_or(0, |at| at + 1));
        }
        types
    }

    /// The size to start a group or service at: what its tag says, or what it was before it was stopped.
    fn size_to_start_at(&self, memory: &Memory) -> Result<Option<Size>, Why> {
        if !self.resource.key.kind.is_sized() {
            return Ok(None);
        }
        // What has no automatic scaling any more has none to be resumed.
        let is_scaled = self.resource.size.is_some_and(|now| now.scaling.is_some());
        let scaling = memory.size.and_then(|size| size.scaling).filter(|_| is_scaled);
        match &self.resource.marks.size {
            Some(text) => match text.parse::<Size>() {
                Ok(size) => Ok(Some(Size { scaling, ..size })),
                Err(error) => Err(Why::SizeUnclear(error.to_string())),
            },
            None => memory.size.map(|size| Some(Size { scaling, ..size })).ok_or(Why::SizeUnknown),
        }
    }

    /// It rests, as it should, or nobody minds.
    fn rest(&self, why: Why, memory: Memory) -> Decision {
        // At the instant of our own stop this would be news that a second pass writes; the next one is soon enough.
        let is_same_instant = self.memory.is_some_and(|written| written.at >= self.now);
        let restarts_at =
            if is_same_instant { memory.restarts_at } else { self.resource.restarts_at };
        let was_stopped_by_us =
            memory.rests_retained() || memory.is_unfinished() && memory.retained;
        let retained = self.is_overridden() && was_stopped_by_us;
        let memory = Memory { retained, window: None, falls: 0, restarts_at, ..memory };
        self.settle(if why == Why::NoOpinion { why } else { self.unless_due(why) }, memory)
    }
}
