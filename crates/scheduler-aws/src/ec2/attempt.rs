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
    /// The types that it was not started as, each with why.
    refused: Vec<(InstanceType, Failure)>,
    /// Why it is not of the type that is wanted.
    setback: Option<Failure>,
}

impl Attempt {
    /// What it was before comes after all the others: the wrong size is better than nothing.
    pub(super) fn new(wish: &Wish<'_>, machine: Machine) -> Self {
        let before = machine.instance_type.clone();
        Attempt {
            id: wish.id.clone(),
            now: before.clone(),
            machine,
            others: wish.types.iter().cloned().chain([before]).collect(),
            refused: Vec::new(),
            setback: None,
        }
    }

    /// Whether it has not been started as anything yet.
    pub(super) fn is_new(&self) -> bool {
        self.refused.is_empty()
    }

    /// The type to make it before the first start; none if it is of that type.
    pub(super) fn first_choice(&mut self) -> Option<InstanceType> {
        self.others.pop_front().filter(|first| *first != self.now)
    }

    /// The type to make it once AWS has refused what it is; none if all are tried.
    pub(super) fn next_choice(&mut self) -> Option<InstanceType> {
        while let Some(next) = self.others.pop_front() {
            if self.refused.iter().all(|(refused, _)| *refused != next) {
                return Some(next);
            }
        }
        None
    }

    /// Whether that was its type before.
    pub(super) fn was(&self, choice: &InstanceType) -> bool {
        *choice == self.machine.instance_type
    }

    pub(super) fn became(&mut self, now: InstanceType) {
        self.now = now;
    }

    /// It could not be made what is wanted, and is started as what it is.
    pub(super) fn stays(&mut self, reason: Failure) {
        let message = format!("it is started as {}: {}", self.now, reason.message);
        self.setback = Some(Failure { message, ..reason });
    }

    /// AWS does not start it as the type that it is.
    pub(super) fn note_refusal(&mut self, refusal: Failure) {
        self.refused.push((self.now.clone(), refusal));
    }

    /// What came of it, once its last start has come to `outcome`.
    pub(super) fn settle(self, outcome: Outcome) -> (ResourceId, Outcome) {
        let outcome = match (outcome, self.refused.first()) {
            (Outcome::Done, Some((_, first))) => {
                let message = format!("it is started as {}: {}", self.now, self.refusals());
                Outcome::DoneBut(Failure { code: first.code, message })
            }
            (Outcome::Done, None) => self.setback.map_or(Outcome::Done, Outcome::DoneBut),
            (other @ (Outcome::DoneBut(_) | Outcome::Failed(_) | Outcome::Unknown(_)), _) => other,
        };
        (self.id, outcome)
    }

    /// What came of it, with no type left to try.
    pub(super) fn give_up(self) -> (ResourceId, Outcome) {
        let code = self.refused.first().map_or(FailureCode::Unknown, |(_, first)| first.code);
        let shortage = self.refused.iter().rfind(|(_, refusal)| is_shortage(refusal));
        let said = shortage.map(|(_, shortage)| format!(": {}", shortage.message));
        let message = format!("{}{}", self.refusals(), said.unwrap_or_default());
        (self.id, Outcome::Failed(Failure { code, message }))
    }

    /// `m5.large is refused: ...; no capacity for m5a.large, m6i.large`
    fn refusals(&self) -> String {
        let (scarce, others): (Vec<_>, Vec<_>) =
            self.refused.iter().partition(|(_, refusal)| is_shortage(refusal));
        let mut parts: Vec<_> = others
            .iter()
            .map(|(refused, refusal)| format!("{refused} is refused: {}", refusal.message))
            .collect();
        let scarce: Vec<_> = scarce.iter().map(|(scarce, _)| scarce.as_str()).collect();
        if !scarce.is_empty() {
            parts.push(format!("no capacity for {}", scarce.join(", ")));
        }
        parts.join("; ")
    }
}

/// Whether a start that was refused for this may be accepted as another type.
pub(super) fn is_about_the_type(refusal: &Failure) -> bool {
    match refusal.code {
        FailureCode::NoCapacity | FailureCode::Unsupported | FailureCode::Quota => true,
        FailureCode::Denied
        | FailureCode::Throttled
        | FailureCode::Unreachable
        | FailureCode::Deadline
        | FailureCode::WrongState
        | FailureCode::NotFound
        | FailureCode::EncryptionKey
        | FailureCode::Unknown => false,
    }
}

fn is_shortage(refusal: &Failure) -> bool {
    refusal.code == FailureCode::NoCapacity
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
        attempt.note_refusal(none_left());
        assert_eq!(text(attempt.next_choice()).as_deref(), Some("m5.large"));
        attempt.became("m5.large".parse().unwrap());
        let started = attempt.clone().settle(Outcome::Done).1;
        assert_eq!(said(&started), "it is started as m5.large: no capacity for c5.large");
        assert!(matches!(started, Outcome::DoneBut(_)));
        attempt.note_refusal(none_left());
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
        attempt.note_refusal(none_left());
        assert_eq!(attempt.next_choice(), None);
        assert_eq!(said(&attempt.give_up().1), "no capacity for m5.large: none left");
    }

    #[test]
    fn what_it_was_before_is_tried_last() {
        let quota = || Failure { code: FailureCode::Quota, message: "too many".into() };
        let mut attempt = attempt("m5.large", &["c5.large", "m5a.large"]);
        for next in ["c5.large", "m5a.large", "m5.large"] {
            let choice =
                if attempt.is_new() { attempt.first_choice() } else { attempt.next_choice() };
            assert_eq!(text(choice).as_deref(), Some(next));
            attempt.became(next.parse().unwrap());
            if next != "m5.large" {
                attempt.note_refusal(if next == "c5.large" { quota() } else { none_left() });
            }
        }
        let started = attempt.clone().settle(Outcome::Done).1;
        let message = "c5.large is refused: too many; no capacity for m5a.large";
        assert_eq!(said(&started), format!("it is started as m5.large: {message}"));
        assert_eq!(started.failure().unwrap().code, FailureCode::Quota);
        attempt.note_refusal(none_left());
        let failed = attempt.give_up().1;
        assert_eq!(said(&failed), format!("{message}, m5.large: none left"));
    }
}
