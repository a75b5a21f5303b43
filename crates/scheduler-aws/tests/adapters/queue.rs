//! The queue of shards.

use scheduler_core::resource::{Failure, FailureCode};
use scheduler_engine::Queue;
use scheduler_sandbox::stage::SHARD_QUEUE;

use super::*;

impl World {
    /// With a queue, and its URL.
    async fn with_queue() -> (Self, String) {
        let mut world = Self::new().await;
        world.stage = world.stage.with_queue().await.unwrap();
        let url = world.stage.queue_url(SHARD_QUEUE).await.unwrap();
        (world, url)
    }

    /// The messages in the queue, each as often as it is there.
    async fn take_all(&self) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let received = self.stage.receive(SHARD_QUEUE).await.unwrap();
            if received.is_empty() {
                return bodies;
            }
            bodies.extend(received.iter().map(|one| one["Body"].as_str().unwrap().to_owned()));
        }
    }
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("shard {n:02}")).collect()
}

fn codes(outcomes: &[Result<(), Failure>]) -> Vec<Option<FailureCode>> {
    outcomes.iter().map(|outcome| outcome.as_ref().err().map(|failure| failure.code)).collect()
}

#[tokio::test]
async fn messages_are_sent_ten_at_a_time() {
    let (world, url) = World::with_queue().await;
    let messages = numbered(23);
    assert_eq!(codes(&world.aws.queue(&url).send(&messages).await), [None; 23]);
    assert_eq!(world.calls("SendMessageBatch"), 3);
    let mut taken = world.take_all().await;
    taken.sort();
    assert_eq!(taken, messages);
    assert_eq!(world.aws.queue(&url).send(&[]).await, []);
    assert_eq!(world.calls("SendMessageBatch"), 3);
}

#[tokio::test]
async fn what_cannot_be_sent_keeps_nothing_else_from_it() {
    let (world, url) = World::with_queue().await;
    let messages = ["one", "t\u{7}o", "three"].map(str::to_owned);
    let outcomes = world.aws.queue(&url).send(&messages).await;
    assert_eq!(codes(&outcomes), [None, Some(FailureCode::Unknown), None]);
    let said = &outcomes[1].as_ref().unwrap_err().message;
    assert!(said.starts_with("sqs:SendMessageBatch: InvalidMessageContents: "), "{said}");
    assert_eq!(world.take_all().await, ["one", "three"]);
}

#[tokio::test]
async fn a_failed_call_fails_each_of_its_messages_alone() {
    let (world, url) = World::with_queue().await;
    let refusal = |code: &str| Effect::Error { status: 400, code: code.into(), message: "".into() };
    for (effect, expected) in [
        (refusal("AccessDenied"), FailureCode::Denied),
        (refusal("KMS.NotFoundException"), FailureCode::EncryptionKey),
        (Effect::LoseAnswer, FailureCode::Unreachable),
    ] {
        // A text of the second call's, so that the first goes well.
        let second =
            Fault { resource: Some("shard 10".into()), ..fault(HUB, "SendMessageBatch", effect) };
        world.stage.sandbox.inject(second);
        let outcomes = codes(&world.aws.queue(&url).send(&numbered(12)).await);
        assert_eq!(outcomes[..10], [None; 10]);
        assert_eq!(outcomes[10..], [Some(expected); 2]);
        world.stage.sandbox.clear_faults();
    }
    let nowhere = codes(&world.aws.queue(&format!("{url}s")).send(&numbered(1)).await);
    assert_eq!(nowhere, [Some(FailureCode::NotFound)]);
}

/// The SDK asks again.
#[tokio::test]
async fn a_message_whose_acceptance_was_not_heard_of_comes_twice() {
    let (world, url) = World::with_queue().await;
    let once = Fault { times: Some(1), ..fault(HUB, "SendMessageBatch", Effect::LoseAnswer) };
    world.stage.sandbox.inject(once);
    assert_eq!(codes(&world.aws.queue(&url).send(&numbered(1)).await), [None]);
    assert_eq!(world.take_all().await, ["shard 00", "shard 00"]);
}
