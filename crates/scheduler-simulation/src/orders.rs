//! What AWS does with an order for one resource, and what it answers.

use scheduler_core::{
    InstanceType, Kind,
    decision::Step,
    memory::Outcome,
    resource::{Failure, FailureCode},
    size::Size,
};

use crate::{
    thing::{By, Id, State, Thing, at_rest},
    world::World,
};

/// A failure of that class.
pub fn failure(code: FailureCode) -> Failure {
    Failure { code, message: format!("AWS says {code}") }
}

fn refused(code: FailureCode) -> Outcome {
    Outcome::Failed(failure(code))
}

impl World {
    /// Carries out an order; answers what AWS says to it.
    pub(crate) fn obey(&mut self, id: &Id, step: &Step) -> Outcome {
        let Some(thing) = self.things.get(id) else { return refused(FailureCode::NotFound) };
        match (step, thing.now.state) {
            (_, State::Terminated(_)) => refused(FailureCode::NotFound),
            (Step::Start { size: Some(size), .. }, _) => self.size_up(id, *size),
            (Step::Stop { size: Some(_), .. }, _) => self.size_down(id),
            (Step::Start { types, .. }, State::Stopped) => self.start(id, types),
            (Step::Start { .. }, State::Running | State::Starting(_)) => already(id),
            (Step::Start { .. }, State::Stopping(_)) => refused(FailureCode::WrongState),
            (Step::Stop { hibernate, .. }, State::Running) => self.stop(id, *hibernate),
            (Step::Resize { .. }, State::Running) => self.stop(id, false),
            (Step::Stop { .. } | Step::Resize { .. }, State::Stopped | State::Stopping(_)) => {
                already(id)
            }
            (Step::Stop { .. } | Step::Resize { .. }, State::Starting(_)) => {
                refused(FailureCode::WrongState)
            }
        }
    }

    /// Carries out the first half of an order for a service: its automatic scaling and not its count, or the other way
    /// round. What is not made of halves is refused.
    pub(crate) fn obey_half(&mut self, id: &Id, step: &Step) -> Outcome {
        let (clock, pace) = (self.clock, self.pace);
        if let Some(thing) = self.things.get_mut(id)
            && let Some(Size { scaling: Some(_), .. }) = thing.now.size
            && let Some(size) = thing.now.size
        {
            match step {
                Step::Stop { .. } => {
                    thing.resize(clock, Size { scaling: at_rest(size).scaling, ..size })
                }
                Step::Start { size: Some(wanted), .. } => {
                    thing.resize(clock, Size { scaling: size.scaling, ..*wanted });
                    if !thing.is_up() {
                        thing.bring_up(id.key.kind, clock, By::Us, pace);
                    }
                }
                Step::Start { .. } | Step::Resize { .. } => {}
            }
        }
        refused(FailureCode::Throttled)
    }

    fn size_up(&mut self, id: &Id, wanted: Size) -> Outcome {
        let (clock, pace) = (self.clock, self.pace);
        let Some(thing) = self.things.get_mut(id) else { return refused(FailureCode::NotFound) };
        let scaling = wanted.scaling.or(thing.now.size.and_then(|size| size.scaling));
        thing.resize(clock, Size { scaling, ..wanted });
        if !thing.is_up() && wanted.desired > 0 {
            thing.bring_up(id.key.kind, clock, By::Us, pace);
        }
        Outcome::Done
    }

    fn size_down(&mut self, id: &Id) -> Outcome {
        let (clock, pace) = (self.clock, self.pace);
        let Some(thing) = self.things.get_mut(id) else { return refused(FailureCode::NotFound) };
        let size = thing.now.size.map_or(Size::NOUGHT, at_rest);
        thing.resize(clock, size);
        if thing.is_up() {
            thing.bring_down(id.key.kind, clock, By::Us, pace);
        }
        Outcome::Done
    }

    fn stop(&mut self, id: &Id, hibernate: bool) -> Outcome {
        let (clock, pace) = (self.clock, self.pace);
        let Some(thing) = self.things.get_mut(id) else { return refused(FailureCode::NotFound) };
        thing.bring_down(id.key.kind, clock, By::Us, pace);
        if hibernate && thing.dice.chance(10) {
            return Outcome::DoneBut(failure(FailureCode::Unsupported));
        }
        Outcome::Done
    }

    /// Starts it as the first of `types` that is to be had, or else as what it is.
    fn start(&mut self, id: &Id, types: &[InstanceType]) -> Outcome {
        let (clock, pace) = (self.clock, self.pace);
        let Some(thing) = self.things.get(id) else { return refused(FailureCode::NotFound) };
        let chosen = types.iter().find(|one| self.can_have(id, thing, one)).cloned();
        let current = thing.now.instance_type.clone();
        let is_current_there =
            current.as_ref().is_none_or(|one| self.is_available(&id.target, one));
        let is_as_asked = types.is_empty() || chosen.is_some();
        if chosen.is_none() && !is_current_there {
            return refused(FailureCode::NoCapacity);
        }
        let Some(thing) = self.things.get_mut(id) else { return refused(FailureCode::NotFound) };
        if let Some(chosen) = chosen {
            thing.change(clock, |now| now.instance_type = Some(chosen));
        }
        thing.bring_up(id.key.kind, clock, By::Us, pace);
        if is_as_asked {
            Outcome::Done
        } else {
            Outcome::DoneBut(failure(FailureCode::Unsupported))
        }
    }

    fn can_have(&self, id: &Id, thing: &Thing, wanted: &InstanceType) -> bool {
        !thing.unsupported.contains(wanted) && self.is_available(&id.target, wanted)
    }
}

/// EC2 takes an order for what is already so; the others refuse it.
fn already(id: &Id) -> Outcome {
    if id.key.kind == Kind::Ec2Instance { Outcome::Done } else { refused(FailureCode::WrongState) }
}
