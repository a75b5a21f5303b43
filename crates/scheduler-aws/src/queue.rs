//! The queue of shards: `SendMessageBatch`. What takes them from it is Lambda.

use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use futures::{StreamExt, stream};
use scheduler_core::resource::{Failure, FailureCode};
use scheduler_engine::Queue;

use crate::{
    Aws,
    failure::{classify, failure},
};

const CALL: &str = "sqs:SendMessageBatch";

/// It takes at most this many messages.
const BATCH: usize = 10;

/// And at most this many bytes in all of them together: 256 KiB in some partitions, more in others.
const BYTES: usize = 256 * 1024;

/// Calls under way at once.
const AT_ONCE: usize = 4;

/// A standard queue in the hub's Region.
#[derive(Debug)]
pub struct ShardQueue<'a> {
    aws: &'a Aws,
    url: &'a str,
}

impl Aws {
    /// The queue with that URL.
    pub fn queue<'a>(&'a self, url: &'a str) -> ShardQueue<'a> {
        ShardQueue { aws: self, url }
    }
}

impl Queue for ShardQueue<'_> {
    async fn send(&self, messages: &[String]) -> Vec<Result<(), Failure>> {
        let calls: Vec<_> =
            batches(messages).into_iter().map(|batch| self.send_batch(batch)).collect();
        let answered: Vec<_> = stream::iter(calls).buffered(AT_ONCE).collect().await;
        answered.concat()
    }
}

impl ShardQueue<'_> {
    async fn send_batch(&self, messages: &[String]) -> Vec<Result<(), Failure>> {
        let entry = |(n, message): (usize, &String)| {
            SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(message).build()
        };
        // Only what lacks an id or a body cannot be built.
        let entries = messages.iter().enumerate().filter_map(|numbered| entry(numbered).ok());
        let request = self
            .aws
            .sqs()
            .send_message_batch()
            .queue_url(self.url)
            .set_entries(Some(entries.collect()));
        match request.send().await {
            Ok(answer) => {
                let accepted = answer.successful.iter().map(|entry| &*entry.id);
                outcomes(messages.len(), accepted, &answer.failed)
            }
            Err(error) => vec![Err(failure(CALL, &error)); messages.len()],
        }
    }
}

/// The messages in order, in as many as one call takes.
fn batches(messages: &[String]) -> Vec<&[String]> {
    let (mut batches, mut rest) = (Vec::new(), messages);
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(fitting(rest));
        batches.push(batch);
        rest = later;
    }
    batches
}

/// How many of the first messages fit into one call. One that is too large is for AWS to refuse.
fn fitting(messages: &[String]) -> usize {
    let mut bytes = 0;
    let fits = |message: &&String| {
        bytes += message.len();
        bytes <= BYTES
    };
    messages.iter().take(BATCH).take_while(fits).count().max(1)
}

/// What came of each message of a call. The ids are their numbers.
fn outcomes<'a>(
    count: usize,
    accepted: impl Iterator<Item = &'a str>,
    refused: &[BatchResultErrorEntry],
) -> Vec<Result<(), Failure>> {
    let unanswered = || Failure {
        code: FailureCode::Unreachable,
        message: format!("{CALL}: no answer for this message"),
    };
    let mut outcomes = vec![Err(unanswered()); count];
    let accepted = accepted.map(|id| (id, Ok(())));
    let refused = refused.iter().map(|entry| (entry.id(), Err(refusal(entry))));
    for (id, outcome) in accepted.chain(refused) {
        if let Some(place) = id.parse().ok().and_then(|n: usize| outcomes.get_mut(n)) {
            *place = outcome;
        }
    }
    outcomes
}

/// What is not the sender's fault is the service's own failure, whatever code it gives.
fn refusal(entry: &BatchResultErrorEntry) -> Failure {
    let code = match classify(entry.code()) {
        FailureCode::Throttled => FailureCode::Throttled,
        _ if !entry.sender_fault() => FailureCode::Unreachable,
        class => class,
    };
    let said = entry.message().unwrap_or("no message");
    Failure { code, message: format!("{CALL}: {}: {said}", entry.code()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_takes_ten_messages_and_a_quarter_of_a_megabyte() {
        let [small, large, huge] = [10, 100_000, 300_000].map(|bytes| "x".repeat(bytes));
        for (messages, expected) in [
            (vec![], vec![]),
            (vec![&small; 10], vec![10]),
            (vec![&small; 21], vec![10, 10, 1]),
            (vec![&large; 5], vec![2, 2, 1]),
            (vec![&small, &huge, &small], vec![1, 1, 1]),
        ] {
            let messages: Vec<_> = messages.into_iter().cloned().collect();
            let sizes: Vec<_> = batches(&messages).into_iter().map(<[String]>::len).collect();
            assert_eq!(sizes, expected);
            assert_eq!(batches(&messages).concat(), messages);
        }
    }

    #[test]
    fn each_message_has_its_own_outcome() {
        let refused = |id: &str, code: &str, sender_fault: bool| {
            let entry = BatchResultErrorEntry::builder().id(id).code(code).message("no");
            entry.sender_fault(sender_fault).build().unwrap()
        };
        let refused = [
            refused("0", "InternalError", false),
            refused("2", "InvalidMessageContents", true),
            refused("3", "RequestThrottled", true),
            refused("4", "Odd", false),
            refused("5", "KMS.DisabledException", true),
        ];
        let found = outcomes(7, ["1", "9", "odd"].into_iter(), &refused);
        let codes: Vec<_> =
            found.iter().map(|one| one.as_ref().map_err(|failure| failure.code)).collect();
        let unreachable = Err(FailureCode::Unreachable);
        let expected = [
            unreachable,
            Ok(&()),
            Err(FailureCode::Unknown),
            Err(FailureCode::Throttled),
            unreachable,
            Err(FailureCode::EncryptionKey),
            unreachable,
        ];
        assert_eq!(codes, expected);
        let said = found[2].as_ref().unwrap_err().to_string();
        assert!(said.contains("sqs:SendMessageBatch: InvalidMessageContents: no"), "{said}");
    }
}
