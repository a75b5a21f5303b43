//! Orders of the kinds whose calls take one resource each.

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use scheduler_core::{
    Kind, ResourceId,
    memory::Outcome,
    resource::{Failure, FailureCode},
};
use scheduler_engine::ports::Order;

/// Orders under way at once in one target, for each kind. RDS publishes no rate that it allows, and Application Auto
/// Scaling allows few calls.
const AT_ONCE: usize = 4;

/// Carries out each order by itself, some at once.
pub(crate) fn each<'a, Call>(
    orders: &'a [Order],
    carry_out: impl Fn(&'a Order) -> Call,
) -> BoxFuture<'a, Vec<(ResourceId, Outcome)>>
where
    Call: Future<Output = Outcome> + Send + 'a,
{
    let calls: Vec<_> = orders
        .iter()
        .map(|order| carry_out(order).map(|outcome| (order.id.clone(), outcome)))
        .collect();
    stream::iter(calls).buffer_unordered(AT_ONCE).collect().boxed()
}

/// The outcome of a resize of what has no instance type to choose. No decision asks for one.
pub(crate) fn no_resize(kind: Kind) -> Outcome {
    let message = format!("{kind}: Dayshift changes the instance types of EC2 instances only");
    Outcome::Failed(Failure { code: FailureCode::Unsupported, message })
}

/// The outcome of a start of what rests at nought, and of which nobody says how large it was. No decision asks for one.
pub(crate) fn no_size(kind: Kind) -> Outcome {
    let message = format!("{kind}: a start needs a size");
    Outcome::Failed(Failure { code: FailureCode::Unknown, message })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use scheduler_core::decision::Step;

    use super::*;

    #[tokio::test]
    async fn each_order_has_its_own_outcome_and_few_are_under_way_at_once() {
        let order = |n: usize| Order {
            id: n.to_string().parse().unwrap(),
            step: Step::Resize { types: Vec::new() },
        };
        let orders: Vec<_> = (0..3 * AT_ONCE).map(order).collect();
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut outcomes = each(&orders, async |order: &Order| {
            most.fetch_max(under_way.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            under_way.fetch_sub(1, Ordering::Relaxed);
            if order.id.as_str() == "3" { no_resize(Kind::Asg) } else { Outcome::Done }
        })
        .await;
        outcomes.retain(|(_, outcome)| *outcome != Outcome::Done);
        assert_eq!(outcomes, [("3".parse().unwrap(), no_resize(Kind::Asg))]);
        assert_eq!(most.into_inner(), AT_ONCE);
    }
}
