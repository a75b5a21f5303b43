//! Calls for many resources, so made that one bad resource costs itself alone.

use std::collections::BTreeSet;

use scheduler_core::{
    ResourceId,
    memory::Outcome,
    resource::{Failure, FailureCode},
};

/// Calls for `ids` in batches of at most `size`, and narrows a refused batch down to the ids at fault: by the
/// ids that the message names, or else by halves.
///
/// Only a refusal that is about some of the resources is narrowed. One that is about the moment (throttled,
/// unreachable) would be said of every part, so all share it; so is a denial, unless it names some of them, as a policy
/// that protects single instances makes it do.
pub async fn narrowed<F, Answer>(
    ids: &[ResourceId],
    size: usize,
    mut call: F,
) -> Vec<(ResourceId, Outcome)>
where
    F: FnMut(&[ResourceId]) -> Answer,
    Answer: Future<Output = Outcome>,
{
    let mut outcomes = Vec::with_capacity(ids.len());
    let mut waiting: Vec<Vec<ResourceId>> =
        ids.chunks(size.max(1)).map(<[_]>::to_vec).rev().collect();
    while let Some(batch) = waiting.pop() {
        let outcome = call(&batch).await;
        match &outcome {
            Outcome::Failed(failure) if batch.len() > 1 => match parts(&batch, failure) {
                Some((first, second)) => waiting.extend([second, first]),
                None => outcomes.extend(batch.into_iter().map(|id| (id, outcome.clone()))),
            },
            Outcome::Done | Outcome::DoneBut(_) | Outcome::Failed(_) | Outcome::Unknown(_) => {
                outcomes.extend(batch.into_iter().map(|id| (id, outcome.clone())));
            }
        }
    }
    outcomes
}

/// The two parts to try next: the rest and those that the message names, or two halves; none if all share the refusal.
fn parts(batch: &[ResourceId], failure: &Failure) -> Option<(Vec<ResourceId>, Vec<ResourceId>)> {
    let may_be_about_some = failure.code == FailureCode::Denied || is_about_some(failure);
    let words: BTreeSet<&str> = failure
        .message
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| !word.is_empty())
        .collect();
    let (named, rest): (Vec<_>, Vec<_>) =
        batch.iter().cloned().partition(|id| words.contains(id.as_str()));
    if may_be_about_some && !named.is_empty() && !rest.is_empty() {
        return Some((rest, named));
    }
    let (first, second) = batch.split_at(batch.len() / 2);
    is_about_some(failure).then(|| (first.to_vec(), second.to_vec()))
}

fn is_about_some(failure: &Failure) -> bool {
    match failure.code {
        FailureCode::Denied
        | FailureCode::Throttled
        | FailureCode::Unreachable
        | FailureCode::Deadline => false,
        FailureCode::NoCapacity
        | FailureCode::WrongState
        | FailureCode::NotFound
        | FailureCode::Quota
        | FailureCode::EncryptionKey
        | FailureCode::Unsupported
        | FailureCode::Unknown => true,
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    fn ids(count: usize) -> Vec<ResourceId> {
        (0..count).map(|n| format!("i-{n}").parse().unwrap()).collect()
    }

    /// Runs against a call that refuses any batch with one of `bad` in it; answers how many calls it took.
    async fn check(
        count: usize,
        bad: &[usize],
        code: FailureCode,
        names_ids: bool,
    ) -> (usize, usize) {
        let bad: Vec<ResourceId> = bad.iter().map(|n| format!("i-{n}").parse().unwrap()).collect();
        let mut calls = 0;
        let outcomes = narrowed(&ids(count), 50, |batch: &[ResourceId]| {
            calls += 1;
            assert!(batch.len() <= 50);
            let Some(first) = batch.iter().find(|id| bad.contains(id)) else {
                return ready(Outcome::Done);
            };
            let message =
                if names_ids { format!("The instance '{first}' cannot.") } else { "No.".into() };
            ready(Outcome::Failed(Failure { code, message }))
        })
        .await;
        assert_eq!(outcomes.len(), count);
        (calls, outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Done).count())
    }

    #[tokio::test]
    async fn a_bad_one_costs_itself_alone() {
        assert_eq!(check(200, &[], FailureCode::WrongState, true).await, (4, 200));
        // Each bad id that is named costs two calls more: itself, and the rest of its batch.
        assert_eq!(
            check(200, &[3, 60, 61, 120, 199], FailureCode::WrongState, true).await,
            (14, 195)
        );
        let (calls, done) = check(200, &[3], FailureCode::NoCapacity, false).await;
        assert_eq!(done, 199);
        assert!(calls <= 4 + 2 * 6, "{calls}");
    }

    #[tokio::test]
    async fn what_is_about_the_caller_is_not_narrowed() {
        assert_eq!(check(60, &[3], FailureCode::Denied, false).await, (2, 10));
        assert_eq!(
            check(60, &[3], FailureCode::Denied, true).await,
            (4, 59),
            "a denial that names its instance"
        );
    }
}
