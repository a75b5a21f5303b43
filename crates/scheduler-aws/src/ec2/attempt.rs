//! One instance on its way to running as the best type that it can be had as. This says what to try next and what came
//! of it all; the calls are made in `retype`.

use std::collections::VecDeque;

use scheduler_core::{
    InstanceType, ResourceId,
    fit::Machine,
    memory::Outcome,
    resource::{Failure, FailureCode},
};

use super::power::Wish;

/// An instance that is to be started as one of several types.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) id: ResourceId,
    /// What it was before.
    pub(super) machine: Machine,
    /// The type that it is now.
    now: InstanceType,
    /// The types that it may be tried as after this one.
    others: VecDeque<InstanceType>,
    /// The types of which AWS had none.
    tried: Vec<InstanceType>,
    /// What it said the last time.
    shortage: Option<Failure>,
    /// Why it is not of the type that is wanted.
    setback: Option<Failure>,
}

impl Attempt {
    pub(super) fn new(wish: &Wish<'_>, machine: Machine) -> Self {
        Attempt {
            id: wish.id.clone(),
            now: machine.instance_type.clone(),
            machine,
            others: wish.types.iter().cloned().collect(),
            tried: Vec::new(),
            shortage: None,
            setback: None,
        }
    }

    /// Whether it has not been started as anything yet.
    pub(super) fn is_new(&self) -> bool {
        self.tried.is_empty()
    }

    /// The type to make it before the first start; none if it is of that type.
    pub(super) fn first_choice(&mut self) -> Option<InstanceType> {
        self.others.pop_front().filter(|first| *first != self.now)
    }

    /// The type to make it once AWS has none of what it is; none if all are tried.
    pub(super) fn next_choice(&mut self) -> Option<InstanceType> {
        while let Some(next) = self.others.pop_front() {
            if !self.tried.contains(&next) {
                return Some(next);
            }
        }
        None
    }

    pub(super) fn became(&mut self, now: InstanceType) {
        self.now = now;
    }

    /// It could not be made what is wanted, and is started as what it is.
    pub(super) fn stays(&mut self, reason: Failure) {
        let message = format!("it is started as {}: {}", self.now, reason.message);
        self.setback = Some(Failure { message, ..reason });
    }

    /// AWS has none of the type that it is.
    pub(super) fn found_none(&mut self, shortage: Failure) {
        self.tried.push(self.now.clone());
        self.shortage = Some(shortage);
    }

    /// What came of it, once its last start has come to `outcome`.
    pub(super) fn settle(self, outcome: Outcome) -> (ResourceId, Outcome) {
        let outcome = match outcome {
            Outcome::Done if !self.is_new() => {
                let message =
                    format!("it is started as {}: no capacity for {}", self.now, self.names());
                Outcome::DoneBut(Failure { code: FailureCode::NoCapacity, message })
            }
            Outcome::Done => self.setback.map_or(Outcome::Done, Outcome::DoneBut),
            other @ (Outcome::DoneBut(_) | Outcome::Failed(_) | Outcome::Unknown(_)) => other,
        };
        (self.id, outcome)
    }

    /// What came of it, with no type left to try.
    pub(super) fn give_up(self) -> (ResourceId, Outcome) {
        let said = self.shortage.as_ref().map_or("", |shortage| &shortage.message);
        let message = format!("no capacity for {}: {said}", self.names());
        (self.id, Outcome::Failed(Failure { code: FailureCode::NoCapacity, message }))
    }

    /// `m5.large, m5a.large`
    fn names(&self) -> String {
        let names: Vec<_> = self.tried.iter().map(InstanceType::as_str).collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(now: &str, types: &[&str]) -> Attempt {
        let machine = Machine {
            instance_type: now.parse().unwrap(),
            architecture: None,
            virtualization: None,
            boot_mode: None,
            root_device: None,
            has_ena: true,
            has_nvme: None,
            is_ebs_optimized: false,
        };
        let types: Vec<_> = types.iter().map(|name| name.parse().unwrap()).collect();
        Attempt::new(&Wish { id: &"i-1".parse().unwrap(), types: &types }, machine)
    }

    fn text(choice: Option<InstanceType>) -> Option<String> {
        choice.map(|choice| choice.to_string())
    }

    fn none_left() -> Failure {
        Failure { code: FailureCode::NoCapacity, message: "none left".into() }
    }

    fn said(outcome: &Outcome) -> &str {
        outcome.failure().map_or("", |failure| &failure.message)
    }

    #[test]
    fn what_is_of_the_wanted_type_is_left_as_it_is() {
        let mut attempt = attempt("m5.large", &["m5.large"]);
        assert_eq!(attempt.first_choice(), None);
        assert_eq!(attempt.settle(Outcome::Done).1, Outcome::Done);
    }

    #[test]
    fn each_type_is_tried_once_and_those_tried_are_named() {
        let mut attempt = attempt("m5.large", &["c5.large", "m5.large", "c5.large", "m5a.large"]);
        assert_eq!(text(attempt.first_choice()).as_deref(), Some("c5.large"));
        attempt.became("c5.large".parse().unwrap());
        attempt.found_none(none_left());
        assert_eq!(text(attempt.next_choice()).as_deref(), Some("m5.large"));
        attempt.became("m5.large".parse().unwrap());
        let started = attempt.clone().settle(Outcome::Done).1;
        assert_eq!(said(&started), "it is started as m5.large: no capacity for c5.large");
        assert!(matches!(started, Outcome::DoneBut(_)));
        attempt.found_none(none_left());
        assert_eq!(text(attempt.next_choice()).as_deref(), Some("m5a.large"));
        assert_eq!(attempt.next_choice(), None);
        let failed = attempt.give_up().1;
        assert_eq!(said(&failed), "no capacity for c5.large, m5.large: none left");
    }

    #[test]
    fn what_cannot_be_made_another_type_is_started_as_its_old_one() {
        let mut attempt = attempt("m5.large", &["m6g.large"]);
        attempt.first_choice();
        attempt.stays(Failure { code: FailureCode::Unsupported, message: "arm".into() });
        let started = attempt.clone().settle(Outcome::Done).1;
        assert_eq!(said(&started), "it is started as m5.large: arm");
        attempt.found_none(none_left());
        assert_eq!(said(&attempt.give_up().1), "no capacity for m5.large: none left");
    }
}
