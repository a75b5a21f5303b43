//! Starting instances as another type, and stopping them so that they can be.
//!
//! A type is only ever changed for an order that names types. Whether an instance fits one is checked before it is
//! touched, and what does not fit is started as what it is. What fits may be refused still when it is started, for its
//! zone, a quota or a lack of capacity: then the next type is tried, and at last the one that it was before.

use std::collections::HashMap;

use futures::{StreamExt, stream};
use scheduler_core::{
    InstanceType, ResourceId,
    memory::Outcome,
    resource::{Failure, FailureCode},
};

use super::{
    attempt::{Attempt, is_about_the_type},
    calls::Ec2Instances,
    catalogue::Catalogue,
    power::Wish,
};

/// Changes of type under way at once in one target: each takes a call of its own.
const AT_ONCE: usize = 4;

type Settled = (ResourceId, Outcome);

/// The catalogue, or why there is none.
pub(super) type LookUp = Result<Catalogue, Failure>;

impl Ec2Instances {
    /// Stops those that can run as the type that is wanted. The others are not touched.
    pub(super) async fn stop_to_resize(
        &self,
        wishes: &[Wish<'_>],
        look_up: &LookUp,
    ) -> Vec<Settled> {
        let (mut ids, mut settled) = (Vec::new(), Vec::new());
        for wish in wishes {
            match can_resize(wish, look_up) {
                Ok(()) => ids.push(wish.id.clone()),
                Err(failure) => settled.push((wish.id.clone(), Outcome::Failed(failure))),
            }
        }
        settled.extend(self.stop_all(&ids).await);
        settled
    }

    /// Starts each as the best of its types that AWS starts it as.
    pub(super) async fn start_as(&self, wishes: &[Wish<'_>], look_up: &LookUp) -> Vec<Settled> {
        let catalogue = match look_up {
            Ok(catalogue) => catalogue,
            Err(failure) if is_passing(failure) => return all_failed(wishes, failure),
            Err(failure) => return self.start_as_they_are(wishes, failure).await,
        };
        let (attempts, strangers) = attempts(wishes, catalogue);
        // StartInstances says best what is wrong with an id that DescribeInstances does not know.
        let mut settled = self.start_all(&strangers).await;
        let mut ready = self.retyped(attempts, catalogue, &mut settled).await;
        while !ready.is_empty() {
            let refused = self.start_round(ready, &mut settled).await;
            ready = self.retyped(refused, catalogue, &mut settled).await;
        }
        settled
    }

    /// Starts all of them. Answers those that were refused as the type that they are.
    async fn start_round(&self, ready: Vec<Attempt>, settled: &mut Vec<Settled>) -> Vec<Attempt> {
        let ids: Vec<_> = ready.iter().map(|attempt| attempt.id.clone()).collect();
        let mut outcomes: HashMap<_, _> = self.start_all(&ids).await.into_iter().collect();
        let mut refused = Vec::new();
        for mut attempt in ready {
            match outcomes.remove(&attempt.id) {
                Some(Outcome::Failed(failure)) if is_about_the_type(&failure) => {
                    attempt.note_refusal(failure);
                    refused.push(attempt);
                }
                Some(outcome) => settled.push(attempt.settle(outcome)),
                None => {}
            }
        }
        refused
    }

    /// Makes each the type that it is to be started as next. Answers those that can be started.
    async fn retyped(
        &self,
        attempts: Vec<Attempt>,
        catalogue: &Catalogue,
        settled: &mut Vec<Settled>,
    ) -> Vec<Attempt> {
        let changes = stream::iter(attempts).map(|attempt| self.retype(attempt, catalogue));
        let changed: Vec<_> = changes.buffer_unordered(AT_ONCE).collect().await;
        let mut ready = Vec::new();
        for result in changed {
            match result {
                Ok(attempt) => ready.push(attempt),
                Err(outcome) => settled.push(outcome),
            }
        }
        ready
    }

    async fn retype(&self, attempt: Attempt, catalogue: &Catalogue) -> Result<Attempt, Settled> {
        if attempt.is_new() {
            self.as_first_choice(attempt, catalogue).await
        } else {
            self.as_another(attempt, catalogue).await
        }
    }

    /// What cannot be made the type that is wanted most is started as what it is.
    async fn as_first_choice(
        &self,
        mut attempt: Attempt,
        catalogue: &Catalogue,
    ) -> Result<Attempt, Settled> {
        let Some(choice) = attempt.first_choice() else { return Ok(attempt) };
        match self.make(&attempt, &choice, catalogue).await {
            Outcome::Done | Outcome::DoneBut(_) => attempt.became(choice),
            Outcome::Failed(failure) => attempt.stays(failure),
            unknown @ Outcome::Unknown(_) => return Err((attempt.id, unknown)),
        }
        Ok(attempt)
    }

    async fn as_another(
        &self,
        mut attempt: Attempt,
        catalogue: &Catalogue,
    ) -> Result<Attempt, Settled> {
        while let Some(choice) = attempt.next_choice() {
            match self.make(&attempt, &choice, catalogue).await {
                Outcome::Done | Outcome::DoneBut(_) => {
                    attempt.became(choice);
                    return Ok(attempt);
                }
                Outcome::Failed(_) => {}
                unknown @ Outcome::Unknown(_) => return Err((attempt.id, unknown)),
            }
        }
        Err(attempt.give_up())
    }

    async fn make(&self, one: &Attempt, choice: &InstanceType, catalogue: &Catalogue) -> Outcome {
        if one.was(choice) {
            return self.modify(&one.id, choice).await;
        }
        match catalogue.check(&one.machine, choice) {
            Ok(()) => self.modify(&one.id, choice).await,
            Err(failure) => Outcome::Failed(failure),
        }
    }

    async fn start_as_they_are(&self, wishes: &[Wish<'_>], failure: &Failure) -> Vec<Settled> {
        let ids: Vec<_> = wishes.iter().map(|wish| wish.id.clone()).collect();
        let outcomes = self.start_all(&ids).await.into_iter();
        outcomes.map(|(id, outcome)| (id, as_it_was(outcome, failure))).collect()
    }
}

fn attempts(wishes: &[Wish<'_>], catalogue: &Catalogue) -> (Vec<Attempt>, Vec<ResourceId>) {
    let (mut attempts, mut strangers) = (Vec::new(), Vec::new());
    for wish in wishes {
        match catalogue.machine(wish.id) {
            Some(machine) => attempts.push(Attempt::new(wish, machine.clone())),
            None => strangers.push(wish.id.clone()),
        }
    }
    (attempts, strangers)
}

fn can_resize(wish: &Wish<'_>, look_up: &LookUp) -> Result<(), Failure> {
    let catalogue = look_up.as_ref().map_err(Failure::clone)?;
    let machine = catalogue.machine(wish.id).ok_or_else(|| Failure {
        code: FailureCode::NotFound,
        message: format!("ec2:DescribeInstances: there is no instance {}", wish.id),
    })?;
    wish.types.first().map_or(Ok(()), |wanted| catalogue.check(machine, wanted))
}

/// Whether the next pass may well look up what this one could not. A permission that is missing will be missing then too,
/// and is no reason never to start.
fn is_passing(failure: &Failure) -> bool {
    match failure.code {
        FailureCode::Throttled | FailureCode::Unreachable | FailureCode::Deadline => true,
        FailureCode::Denied
        | FailureCode::NoCapacity
        | FailureCode::WrongState
        | FailureCode::NotFound
        | FailureCode::Quota
        | FailureCode::EncryptionKey
        | FailureCode::Unsupported
        | FailureCode::Unknown => false,
    }
}

fn all_failed(wishes: &[Wish<'_>], failure: &Failure) -> Vec<Settled> {
    wishes.iter().map(|wish| (wish.id.clone(), Outcome::Failed(failure.clone()))).collect()
}

fn as_it_was(outcome: Outcome, failure: &Failure) -> Outcome {
    match outcome {
        Outcome::Done => {
            let message = format!("it is started as the type that it was: {}", failure.message);
            Outcome::DoneBut(Failure { code: failure.code, message })
        }
        other @ (Outcome::DoneBut(_) | Outcome::Failed(_) | Outcome::Unknown(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_stopped_for_a_type_that_could_not_be_looked_up() {
        let (id, types) = ("i-1".parse().unwrap(), ["m5.large".parse().unwrap()]);
        let wish = Wish { id: &id, types: &types };
        let throttled = Failure { code: FailureCode::Throttled, message: "slow down".into() };
        assert_eq!(can_resize(&wish, &Err(throttled.clone())), Err(throttled));
        let unknown = can_resize(&wish, &Ok(Catalogue::default())).unwrap_err();
        assert_eq!(unknown.code, FailureCode::NotFound);
    }

    #[test]
    fn a_missing_permission_does_not_keep_an_instance_from_starting() {
        let failure = |code| Failure { code, message: "no".into() };
        assert!(is_passing(&failure(FailureCode::Throttled)));
        let denied = failure(FailureCode::Denied);
        assert!(!is_passing(&denied));
        let message = "it is started as the type that it was: no".into();
        let expected = Outcome::DoneBut(Failure { message, ..denied.clone() });
        assert_eq!(as_it_was(Outcome::Done, &denied), expected);
    }
}
