//! Orders for instances, sorted by the calls that they take.

use futures::future::BoxFuture;
use scheduler_core::{
    InstanceType, Resource, ResourceId,
    decision::Step,
    memory::Outcome,
    resource::{Failure, FailureCode},
};
use scheduler_engine::{batch, ports::Order};

use super::calls::{BATCH, Ec2Instances, Rest};
use crate::cloud::Adapter;

impl Adapter for Ec2Instances {
    fn list<'a>(&'a self, tag_key: &'a str) -> BoxFuture<'a, Result<Vec<Resource>, Failure>> {
        Box::pin(self.tagged(tag_key))
    }

    fn carry_out<'a>(&'a self, orders: &'a [Order]) -> BoxFuture<'a, Vec<(ResourceId, Outcome)>> {
        Box::pin(self.carry_out_sorted(Sorted::from(orders)))
    }
}

/// What came of some calls, by instance.
type Outcomes = Vec<(ResourceId, Outcome)>;

/// An instance, and the types that it may run as, the best first.
#[derive(Clone, Debug)]
pub(super) struct Wish<'a> {
    pub(super) id: &'a ResourceId,
    pub(super) types: &'a [InstanceType],
}

#[derive(Debug, Default)]
struct Sorted<'a> {
    starts: Vec<ResourceId>,
    starts_as: Vec<Wish<'a>>,
    stops: Vec<ResourceId>,
    hibernations: Vec<ResourceId>,
    resizes: Vec<Wish<'a>>,
}

impl<'a> From<&'a [Order]> for Sorted<'a> {
    fn from(orders: &'a [Order]) -> Self {
        let mut sorted = Sorted::default();
        for Order { id, step } in orders {
            match step {
                Step::Start { types, .. } if types.is_empty() => sorted.starts.push(id.clone()),
                Step::Start { types, .. } => sorted.starts_as.push(Wish { id, types }),
                Step::Stop { hibernate: false, .. } => sorted.stops.push(id.clone()),
                Step::Stop { hibernate: true, .. } => sorted.hibernations.push(id.clone()),
                Step::Resize { types } => sorted.resizes.push(Wish { id, types }),
            }
        }
        sorted
    }
}

impl Ec2Instances {
    /// What takes the fewest calls comes first, so that it is done when the time is short.
    async fn carry_out_sorted(&self, orders: Sorted<'_>) -> Vec<(ResourceId, Outcome)> {
        let mut outcomes = self.start_all(&orders.starts).await;
        outcomes.extend(self.stop_all(&orders.stops).await);
        outcomes.extend(self.hibernate_all(&orders.hibernations).await);
        let wishes: Vec<_> = orders.resizes.iter().chain(&orders.starts_as).cloned().collect();
        if !wishes.is_empty() {
            let catalogue = self.look_up(&wishes).await;
            outcomes.extend(self.stop_to_resize(&orders.resizes, &catalogue).await);
            outcomes.extend(self.start_as(&orders.starts_as, &catalogue).await);
        }
        outcomes
    }

    pub(super) async fn start_all(&self, ids: &[ResourceId]) -> Vec<(ResourceId, Outcome)> {
        batch::narrowed(ids, BATCH, |batch| self.start(batch)).await
    }

    pub(super) async fn stop_all(&self, ids: &[ResourceId]) -> Vec<(ResourceId, Outcome)> {
        batch::narrowed(ids, BATCH, |batch| self.stop(batch, Rest::ShutDown)).await
    }

    /// Those that cannot hibernate after all are stopped as others are.
    async fn hibernate_all(&self, ids: &[ResourceId]) -> Vec<(ResourceId, Outcome)> {
        let outcomes = batch::narrowed(ids, BATCH, |batch| self.stop(batch, Rest::Hibernate)).await;
        let (mut settled, refused) = split_refused(outcomes);
        let ids: Vec<_> = refused.iter().map(|(id, _)| id.clone()).collect();
        let mut stopped = self.stop_all(&ids).await;
        for (id, refusal) in refused {
            if let Some(at) = stopped.iter().position(|(stopped, _)| *stopped == id) {
                settled.push((id, without_hibernating(stopped.swap_remove(at).1, refusal)));
            }
        }
        settled
    }
}

/// What was settled, and what EC2 does not hibernate.
fn split_refused(outcomes: Outcomes) -> (Outcomes, Vec<(ResourceId, Failure)>) {
    let (mut settled, mut refused) = (Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        match outcome {
            Outcome::Failed(failure) if failure.code == FailureCode::Unsupported => {
                refused.push((id, failure));
            }
            other @ (Outcome::Done
            | Outcome::DoneBut(_)
            | Outcome::Failed(_)
            | Outcome::Unknown(_)) => settled.push((id, other)),
        }
    }
    (settled, refused)
}

fn without_hibernating(stopped: Outcome, refusal: Failure) -> Outcome {
    match stopped {
        Outcome::Done => {
            let message = format!("it was stopped without hibernating: {}", refusal.message);
            Outcome::DoneBut(Failure { message, ..refusal })
        }
        other @ (Outcome::DoneBut(_) | Outcome::Failed(_) | Outcome::Unknown(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ResourceId {
        text.parse().unwrap()
    }

    #[test]
    fn orders_are_sorted_by_the_calls_they_take() {
        let types = vec!["m5.large".parse().unwrap()];
        let order = |text, step| Order { id: id(text), step };
        let orders = [
            order("i-1", Step::Start { types: Vec::new(), size: None }),
            order("i-2", Step::Start { types: types.clone(), size: None }),
            order("i-3", Step::Stop { hibernate: false, size: None }),
            order("i-4", Step::Stop { hibernate: true, size: None }),
            order("i-5", Step::Resize { types }),
        ];
        let sorted = Sorted::from(&orders[..]);
        assert_eq!(
            (sorted.starts, sorted.stops, sorted.hibernations),
            (vec![id("i-1")], vec![id("i-3")], vec![id("i-4")])
        );
        assert_eq!((sorted.starts_as[0].id, sorted.resizes[0].id), (&id("i-2"), &id("i-5")));
    }

    #[test]
    fn what_does_not_hibernate_is_stopped_and_says_so() {
        let failure = |code| Failure { code, message: "no".into() };
        let unsupported = || failure(FailureCode::Unsupported);
        let throttled = || Outcome::Failed(failure(FailureCode::Throttled));
        let (settled, refused) = split_refused(vec![
            (id("i-1"), Outcome::Failed(unsupported())),
            (id("i-2"), throttled()),
            (id("i-3"), Outcome::Done),
        ]);
        assert_eq!((settled.len(), refused.len()), (2, 1));
        let message = "it was stopped without hibernating: no".into();
        assert_eq!(
            without_hibernating(Outcome::Done, unsupported()),
            Outcome::DoneBut(Failure { message, ..unsupported() })
        );
        assert_eq!(without_hibernating(throttled(), unsupported()), throttled());
    }
}
