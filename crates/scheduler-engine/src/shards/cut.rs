//! Cutting targets into shards.

use std::ops::Range;

use scheduler_core::Target;

/// Cuts targets, which are in order, into as few shards of about `most` as there have to be, all about as large. The
/// Regions of an account stay together: they share a session.
pub fn cut(targets: &[Target], most: usize) -> Vec<&[Target]> {
    let shards = targets.len().div_ceil(most.max(1));
    let mut cuts = Vec::with_capacity(shards);
    let mut begin = 0;
    for n in 1..=shards {
        let end = end_of_account(targets, begin..targets.len() * n / shards);
        if end > begin {
            cuts.push(&targets[begin..end]);
            begin = end;
        }
    }
    cuts
}

/// The end of a range, moved on to where its last account ends.
fn end_of_account(targets: &[Target], range: Range<usize>) -> usize {
    let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else {
        return range.start;
    };
    let whose = |target: &Target| (target.partition.clone(), target.account.clone());
    let account = whose(&targets[last]);
    let more = targets[range.end..].iter().take_while(|target| whose(target) == account);
    range.end + more.count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn targets(accounts: &[usize]) -> Vec<Target> {
        let regions = ["eu-west-1", "eu-west-2", "us-east-1", "us-east-2", "us-west-2"];
        let of = |(n, count): (usize, &usize)| {
            let account: scheduler_core::AccountId = format!("{n:012}").parse().unwrap();
            let regions = regions[..*count].iter();
            regions
                .map(move |region| Target::new(account.clone(), region.parse().unwrap()))
                .collect::<Vec<_>>()
        };
        accounts.iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn four_thousand_make_eight_of_five_hundred() {
        let targets = targets(&[4; 1000]);
        let sizes: Vec<_> = cut(&targets, 500).iter().map(|shard| shard.len()).collect();
        assert_eq!(sizes, [500; 8]);
    }

    proptest! {
        /// Every target is in one shard, every account too, and no shard is empty or much too large.
        #[test]
        fn nothing_is_lost(accounts in prop::collection::vec(1_usize..=5, 0..60), most in 1_usize..40) {
            let targets = targets(&accounts);
            let shards = cut(&targets, most);
            prop_assert_eq!(shards.concat(), targets.clone());
            prop_assert!(shards.len() <= targets.len().div_ceil(most));
            prop_assert!(shards.iter().all(|shard| !shard.is_empty() && shard.len() < most + 5));
            for pair in shards.windows(2) {
                let (before, after) = (pair[0].last().unwrap(), &pair[1][0]);
                prop_assert_ne!(&before.account, &after.account);
            }
        }
    }
}
