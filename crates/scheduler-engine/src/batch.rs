//! Calls for many resources, so made that one bad resource costs itself alone.
//!
//! AWS accepts or refuses a batch as a whole. A refusal that names those at fault costs one call more: they are left
//! out, and the others asked for again. One that names nobody has to be searched, and each call then answers one
//! question with yes or no. Five bad ones among 200 lie in one of 2.5 thousand million ways, so that no search does with
//! fewer than 32 calls at worst; this one takes some 42, and 36 as a rule. It halves a refused group until one bad one is found and puts those
//! of whom nothing is known back among the others; the groups become smaller with each one found and grow again with
//! each group accepted, so that it does not cost much more than a call each where all are bad.

use std::collections::{BTreeSet, VecDeque};

use scheduler_core::{
    ResourceId,
    memory::Outcome,
    resource::{Failure, FailureCode},
};

/// How many denials in a row, with nothing accepted before them, say that everything is denied. AWS names one resource
/// even where the role may not make the call at all.
const DENIALS: u32 = 20;

/// Calls for `ids` in batches of at most `size`, and narrows a refused batch down to the ids at fault: those that the
/// message names, or else by halves. The answer has each id once.
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
    F: FnMut(Vec<ResourceId>) -> Answer,
    Answer: Future<Output = Outcome>,
{
    let mut search = Search::new(ids, size.max(1));
    while let Some(batch) = search.next() {
        let outcome = call(batch.clone()).await;
        search.hear(batch, outcome);
    }
    search.settled
}

/// A search for the bad ones. It makes no calls: it says which to make, and is told what came of them.
struct Search {
    /// Those of whom nothing is known.
    waiting: VecDeque<ResourceId>,
    /// A group with a bad one in it.
    suspects: Option<Suspects>,
    /// The other half of a group with a bad one in it, while the first half is being asked for.
    other_half: Option<Suspects>,
    settled: Vec<(ResourceId, Outcome)>,
    /// The most that a batch may hold, and how many of those waiting the next one takes.
    size: usize,
    reach: usize,
    denials: u32,
    has_accepted: bool,
}

/// Some that were refused together, others of the same batch having been accepted or left out since: at least one is bad.
struct Suspects {
    ids: Vec<ResourceId>,
    failure: Failure,
}

impl Search {
    fn new(ids: &[ResourceId], size: usize) -> Self {
        Search {
            waiting: ids.iter().cloned().collect(),
            suspects: None,
            other_half: None,
            settled: Vec::with_capacity(ids.len()),
            size,
            reach: size,
            denials: 0,
            has_accepted: false,
        }
    }

    /// What to call for next; none when all is settled.
    fn next(&mut self) -> Option<Vec<ResourceId>> {
        if let Some(Suspects { mut ids, failure }) = self.suspects.take() {
            let other = ids.split_off(ids.len() / 2);
            self.other_half = Some(Suspects { ids: other, failure });
            return Some(ids);
        }
        let batch: Vec<_> = self.waiting.drain(..self.reach.min(self.waiting.len())).collect();
        (!batch.is_empty()).then_some(batch)
    }

    fn hear(&mut self, batch: Vec<ResourceId>, outcome: Outcome) {
        let other_half = self.other_half.take();
        match outcome {
            Outcome::Done | Outcome::DoneBut(_) => {
                self.settle(batch, &outcome);
                self.accepted(other_half);
            }
            Outcome::Failed(failure) => {
                self.wait_again(other_half.map(|half| half.ids).unwrap_or_default());
                self.refused(batch, failure);
            }
            Outcome::Unknown(_) => {
                self.wait_again(other_half.map(|half| half.ids).unwrap_or_default());
                self.settle(batch, &outcome);
            }
        }
    }

    /// With one half of a refused group accepted, the refusal was about the other half.
    fn accepted(&mut self, other_half: Option<Suspects>) {
        self.has_accepted = true;
        match other_half {
            Some(suspects) => self.close_in(suspects),
            None => self.reach = (self.reach * 2).min(self.size),
        }
    }

    fn refused(&mut self, batch: Vec<ResourceId>, failure: Failure) {
        let (named, others) = named(&batch, &failure);
        if !named.is_empty() {
            self.settle(named, &Outcome::Failed(failure.clone()));
            self.wait_again(others);
            self.count_denial(&failure);
        } else if is_about_some(&failure) {
            self.close_in(Suspects { ids: batch, failure });
        } else {
            self.settle(batch, &Outcome::Failed(failure));
        }
    }

    fn close_in(&mut self, suspects: Suspects) {
        if suspects.ids.len() > 1 {
            self.suspects = Some(suspects);
        } else {
            self.settle(suspects.ids, &Outcome::Failed(suspects.failure));
            self.reach = (self.reach / 2).max(1);
        }
    }

    fn count_denial(&mut self, failure: &Failure) {
        self.denials += u32::from(failure.code == FailureCode::Denied);
        if self.denials >= DENIALS && !self.has_accepted {
            let rest = std::mem::take(&mut self.waiting);
            self.settle(rest.into(), &Outcome::Failed(failure.clone()));
        }
    }

    fn wait_again(&mut self, ids: Vec<ResourceId>) {
        for id in ids.into_iter().rev() {
            self.waiting.push_front(id);
        }
    }

    fn settle(&mut self, ids: Vec<ResourceId>, outcome: &Outcome) {
        self.settled.extend(ids.into_iter().map(|id| (id, outcome.clone())));
    }
}

/// Those of a batch that a refusal blames by name, and the others.
fn named(batch: &[ResourceId], failure: &Failure) -> (Vec<ResourceId>, Vec<ResourceId>) {
    let may_blame = failure.code == FailureCode::Denied || is_about_some(failure);
    let words: BTreeSet<&str> = failure
        .message
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| !word.is_empty())
        .collect();
    batch.iter().cloned().partition(|id| may_blame && words.contains(id.as_str()))
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
    use std::{collections::BTreeSet, future::ready};

    use futures::FutureExt;
    use proptest::prelude::*;

    use super::*;

    /// Whom a refusal names.
    #[derive(Clone, Copy, Debug)]
    enum Names {
        OneAtATime,
        All,
        Nobody,
    }

    fn refusal(bad: &[&ResourceId], code: FailureCode, names: Names) -> Failure {
        let shown = match names {
            Names::OneAtATime => &bad[..1],
            Names::All => bad,
            Names::Nobody => &[],
        };
        let ids: Vec<_> = shown.iter().map(|id| format!("'{id}'")).collect();
        Failure { code, message: format!("The instances {} cannot.", ids.join(", ")) }
    }

    /// Runs against a call that refuses any batch with one of `bad` in it. Answers how many calls it took and how many
    /// were accepted, having made sure that just the others were refused.
    fn check(count: usize, bad: &[usize], code: FailureCode, names: Names) -> (usize, usize) {
        let id = |n: usize| format!("i-{n}").parse::<ResourceId>().unwrap();
        let ids: Vec<_> = (0..count).map(id).collect();
        let bad: BTreeSet<_> = bad.iter().copied().map(id).collect();
        let mut calls = 0;
        let answers = narrowed(&ids, 50, |batch: Vec<ResourceId>| {
            calls += 1;
            assert!((1..=50).contains(&batch.len()));
            let found: Vec<_> = batch.iter().filter(|id| bad.contains(*id)).collect();
            let is_good = found.is_empty();
            ready(if is_good {
                Outcome::Done
            } else {
                Outcome::Failed(refusal(&found, code, names))
            })
        });
        let outcomes = answers.now_or_never().unwrap();
        let each: BTreeSet<_> = outcomes.iter().map(|(id, _)| id).collect();
        assert_eq!((outcomes.len(), each.len()), (count, count), "each id once");
        (calls, outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Done).count())
    }

    fn spread(count: usize) -> Vec<usize> {
        (0..count).map(|n| (2 * n + 1) * 100 / count).collect()
    }

    #[test]
    fn a_bad_one_costs_itself_alone() {
        for (bad, one_at_a_time, all, nobody) in
            [(0, 4, 4, 4), (1, 5, 5, 11), (5, 9, 8, 39), (20, 24, 10, 102), (200, 200, 4, 215)]
        {
            let check = |names| check(200, &spread(bad), FailureCode::WrongState, names);
            assert_eq!(check(Names::OneAtATime), (one_at_a_time, 200 - bad), "{bad} named singly");
            assert_eq!(check(Names::All), (all, 200 - bad), "{bad} named together");
            assert_eq!(check(Names::Nobody), (nobody, 200 - bad), "{bad} not named");
        }
    }

    proptest! {
        #[test]
        fn what_is_not_named_is_found_within_bounds(
            bad in proptest::sample::subsequence((0..200).collect::<Vec<_>>(), 0..=20),
        ) {
            let (calls, done) = check(200, &bad, FailureCode::NoCapacity, Names::Nobody);
            prop_assert_eq!(done, 200 - bad.len());
            let most = match bad.len() { 0 => 4, 1 => 12, 2..=5 => 44, _ => 130 };
            prop_assert!(calls <= most, "{} calls for {:?}", calls, bad);
        }
    }

    #[test]
    fn what_is_about_the_caller_is_not_narrowed() {
        let denied = |count, bad: &[usize], names| check(count, bad, FailureCode::Denied, names);
        assert_eq!(denied(60, &[3], Names::Nobody), (2, 10));
        assert_eq!(denied(60, &[3], Names::OneAtATime), (3, 59), "one protected instance");
        let all: Vec<_> = (0..200).collect();
        assert_eq!(denied(200, &all, Names::OneAtATime), (20, 0), "a role that may not start");
        assert_eq!(check(60, &[3], FailureCode::Throttled, Names::OneAtATime), (2, 10));
    }
}
