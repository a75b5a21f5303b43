//! Passes over more targets than one invocation takes.

use scheduler_hub::answer::Begun;
use scheduler_sandbox::stage::{DEAD_LETTERS, SHARD_QUEUE, SHARD_VISIBILITY};

use super::*;

const REGIONS: [&str; 3] = ["eu-west-1", "eu-west-2", "eu-west-3"];

impl World {
    /// A hub that takes one target at a time, with two spokes in three Regions: an instance in the first Region of each,
    /// to be stopped. What an account has in all its Regions is one shard.
    async fn in_shards() -> (Self, [String; 2]) {
        let mut world = World::new().await;
        world.stage = world.stage.with_queue().await.unwrap();
        world.stage.serve(&[SPOKE, OTHER], &REGIONS).await.unwrap();
        world.stage.put_parameter("targets-per-shard", "String", "1").await.unwrap();
        let ids = [
            world.launch(&world.spoke, Some("office")).await,
            world.launch(&world.other, Some("office")).await,
        ];
        world.wait();
        world.stage.sandbox.reset_calls();
        (world, ids)
    }

    /// Sends the rule's event to an invocation of its own.
    async fn begin(&self) -> Begun {
        let id = format!("rule-{}", self.stage.sandbox.now().timestamp());
        match self.ask_as(&id, rule()).await.unwrap() {
            Answer::Begun(begun) => begun,
            other => panic!("{other:?}"),
        }
    }

    /// Hands up to ten messages to the function, each by an invocation of its own, as Lambda does. Answers how many there were
    /// and how many of them have to come again.
    async fn deliver(&self) -> (usize, usize) {
        self.deliver_with(LEFT).await
    }

    /// Delivers so many messages, as they come.
    async fn deliver_all(&self, mut messages: usize) {
        while messages > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            messages -= self.deliver().await.0;
        }
    }

    async fn deliver_with(&self, left: Duration) -> (usize, usize) {
        let messages = self.stage.receive(SHARD_QUEUE).await.unwrap();
        let mut again = 0;
        for (n, message) in messages.iter().enumerate() {
            let id = format!("{}-{n}", message["MessageId"].as_str().unwrap());
            if self.hand_over(&id, &message["Body"], left).await {
                self.stage.delete(SHARD_QUEUE, message).await.unwrap();
            } else {
                again += 1;
            }
        }
        (messages.len(), again)
    }

    /// Hands a message to an invocation. Answers whether it is done with.
    async fn hand_over(&self, invocation: &str, body: &Value, left: Duration) -> bool {
        let record = json!({"messageId": "m", "body": body, "eventSource": "aws:sqs"});
        let deadline = tokio::time::Instant::now() + left;
        let call = Invocation { id: invocation.into(), deadline };
        let answer = self.hub.answer(&json!({"Records": [record]}), &call).await.unwrap();
        match serde_json::to_value(answer).unwrap()["batchItemFailures"].as_array() {
            Some(failures) if failures.is_empty() => true,
            Some(failures) => {
                assert_eq!(*failures, [json!({"itemIdentifier": "m"})]);
                false
            }
            None => panic!("this is no answer to messages"),
        }
    }

    fn later(&self, minutes: i64) {
        self.stage.sandbox.set_now(self.stage.sandbox.now() + TimeDelta::minutes(minutes));
    }

    /// What was published of a name, pass by pass.
    fn published(&self, name: &str) -> Vec<f64> {
        let metrics = self.stage.sandbox.metrics();
        metrics.iter().filter(|datum| datum.name == name).map(|datum| datum.sum()).collect()
    }

    async fn both(&self, ids: &[String; 2]) -> [String; 2] {
        let [ours, other] = ids;
        [self.state(ours).await, stage::state_of(&self.other, other).await.unwrap()]
    }
}

#[tokio::test]
async fn a_pass_in_shards_is_one_pass() {
    let (world, ids) = World::in_shards().await;
    let begun = world.begin().await;
    assert_eq!((begun.shards, begun.targets), (2, 6));
    assert_eq!(world.calls("DescribeInstances"), 0, "that is for the shards");
    assert!(world.published("Targets").is_empty());
    assert_eq!(world.deliver().await, (2, 0));
    let numbers = ["Targets", "FailedTargets", "Managed", "StoppedNow"];
    assert_eq!(numbers.map(|name| world.published(name)), [[6.0], [0.0], [2.0], [2.0]]);
    // Memories are written twice in each of the two targets that have something to stop.
    let calls = ["Scan", "BatchWriteItem", "SendMessageBatch", "DescribeInstances"];
    assert_eq!(
        calls.map(|operation| world.calls(operation)),
        [1, 4, 1, 6],
        "schedules are read once"
    );
    world.later(5);
    assert_eq!(world.both(&ids).await, ["stopped", "stopped"]);
    let begun = world.begin().await;
    assert_eq!((begun.shards, begun.targets), (2, 6), "nothing is left of the first pass");
    assert_eq!(world.deliver().await, (2, 0));
    assert_eq!(world.published("StoppedNow"), [2.0], "there was nothing to do");
}

#[tokio::test]
async fn who_asks_for_a_pass_is_answered_when_its_last_shard_is_done() {
    let (world, ids) = World::in_shards().await;
    let asked = world.send(json!({"action": "run"}));
    let (run, ()) = tokio::join!(asked, world.deliver_all(2));
    let run = run.unwrap();
    let pass = &run.run.pass;
    assert_eq!((pass.targets, pass.resources, pass.stopped, run.omitted), (6, 2, 2, 0));
    assert_eq!(ids.each_ref().map(|id| word(row(&run, id))), ["stop", "stop"]);
    assert_eq!(run.run.targets.len(), 6);
}

#[tokio::test]
async fn a_dry_run_in_shards_writes_nothing_and_keeps_nobody_away() {
    let (world, ids) = World::in_shards().await;
    let asked = world.send(json!({"action": "run", "dry_run": true}));
    let lambda = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(world.begin().await.targets, 6);
        assert_eq!(world.both(&ids).await, ["running", "running"]);
        world.deliver().await;
    };
    let (run, ()) = tokio::join!(asked, lambda);
    assert_eq!(run.unwrap().run.pass.stopped, 2);
    assert_eq!(world.published("Targets"), [6.0], "a dry run is nobody's pass");
}

#[tokio::test]
async fn a_message_that_comes_twice_does_its_work_once() {
    let (world, ids) = World::in_shards().await;
    world.stage.sandbox.inject(Fault {
        operation: Some("SendMessageBatch".into()),
        ..Fault::always(Effect::DuplicateMessages)
    });
    world.begin().await;
    assert_eq!(world.deliver().await, (4, 0));
    assert_eq!(world.published("Targets"), [6.0]);
    assert_eq!(world.calls("DescribeInstances"), 6);
    world.later(1);
    assert_eq!(world.both(&ids).await, ["stopped", "stopped"]);
}

#[tokio::test]
async fn while_one_is_at_work_on_a_shard_no_other_is() {
    let (world, _) = World::in_shards().await;
    world.begin().await;
    let messages = world.stage.receive(SHARD_QUEUE).await.unwrap();
    world.stage.sandbox.inject(Fault {
        operation: Some("DescribeInstances".into()),
        ..Fault::always(Effect::Latency(Duration::from_millis(300)))
    });
    let body = &messages[0]["Body"];
    let second = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.hand_over("second", body, LEFT).await
    };
    let (first, second) = tokio::join!(world.hand_over("first", body, LEFT), second);
    assert_eq!((first, second), (true, false), "it comes again, and finds the shard ended");
    assert!(world.hand_over("third", body, LEFT).await);
    assert_eq!(world.calls("DescribeInstances"), 3);
}

#[tokio::test]
async fn a_message_that_never_comes_is_sent_again_by_the_next_pass() {
    let (world, ids) = World::in_shards().await;
    world.stage.sandbox.inject(Fault {
        operation: Some("SendMessageBatch".into()),
        times: Some(1),
        ..Fault::always(Effect::LoseMessages)
    });
    world.begin().await;
    assert_eq!(world.deliver().await, (0, 0));
    // A pass soon after it leaves the targets to the shards that are on their way.
    world.later(1);
    let run = world.send(rule()).await.unwrap();
    assert_eq!(run.run.pass.targets, 0);
    assert_eq!(world.deliver().await, (0, 0));
    world.later(2);
    assert_eq!(world.send(rule()).await.unwrap().run.pass.targets, 0);
    assert_eq!(world.deliver().await, (2, 0));
    world.later(1);
    assert_eq!(world.both(&ids).await, ["stopped", "stopped"]);
    let whole = world.published("Managed");
    assert_eq!(whole, [2.0], "passes that leave targets to others do not count what there is");
}

#[tokio::test]
async fn a_shard_that_nobody_works_on_in_time_is_reported_and_its_targets_are_free() {
    let (world, ids) = World::in_shards().await;
    world.stage.sandbox.inject(Fault {
        operation: Some("SendMessageBatch".into()),
        times: Some(1),
        ..Fault::always(Effect::LoseMessages)
    });
    world.begin().await;
    // Three times as long as the first invocation had, and as a message may be on its way.
    world.later(5);
    let begun = world.begin().await;
    assert_eq!((begun.shards, begun.targets), (2, 6));
    assert_eq!(world.published("FailedTargets"), [6.0]);
    assert_eq!(world.deliver().await, (2, 0));
    world.later(1);
    assert_eq!(world.both(&ids).await, ["stopped", "stopped"]);
    assert_eq!(world.published("FailedTargets"), [6.0, 0.0]);
}

#[tokio::test]
async fn a_queue_that_takes_nothing_ends_the_pass_and_frees_its_targets() {
    let (world, _) = World::in_shards().await;
    let effect =
        Effect::Error { status: 403, code: "AccessDenied".into(), message: "not for you".into() };
    let operation = Some("SendMessageBatch".into());
    world.stage.sandbox.inject(Fault { operation, ..Fault::always(effect) });
    world.begin().await;
    assert_eq!(world.published("FailedTargets"), [6.0]);
    world.stage.sandbox.clear_faults();
    world.later(1);
    assert_eq!(world.begin().await.targets, 6);
    assert_eq!(world.deliver().await, (2, 0));
    assert_eq!(world.published("FailedTargets"), [6.0, 0.0]);
}

#[tokio::test]
async fn an_invocation_that_dies_at_a_shard_leaves_it_to_the_next() {
    let (world, ids) = World::in_shards().await;
    world.begin().await;
    let messages = world.stage.receive(SHARD_QUEUE).await.unwrap();
    world.stage.sandbox.inject(Fault {
        operation: Some("StopInstances".into()),
        times: Some(1),
        ..Fault::always(Effect::Hang)
    });
    let dying = world.hand_over("dead", &messages[0]["Body"], LEFT);
    tokio::time::timeout(Duration::from_millis(300), dying).await.unwrap_err();
    assert!(!world.hand_over("too soon", &messages[0]["Body"], LEFT).await);
    world.stage.sandbox.set_now(world.stage.sandbox.now() + TimeDelta::seconds(61));
    for (n, message) in messages.iter().enumerate() {
        assert!(world.hand_over(&format!("next-{n}"), &message["Body"], LEFT).await);
    }
    world.later(1);
    assert_eq!(world.both(&ids).await, ["stopped", "stopped"]);
    assert_eq!(world.published("Targets"), [6.0]);
}

#[tokio::test]
async fn what_a_shard_has_no_time_for_is_a_shard_of_its_own() {
    let (world, ids) = World::in_shards().await;
    world.stage.put_parameter("targets-per-shard", "String", "5").await.unwrap();
    world.begin().await;
    world.stage.sandbox.inject(Fault {
        operation: Some("DescribeInstances".into()),
        ..Fault::always(Effect::Latency(Duration::from_millis(50)))
    });
    // No target is begun in a quarter of no time.
    assert_eq!(world.deliver_with(Duration::ZERO).await, (2, 0));
    assert_eq!(world.calls("DescribeInstances"), 0);
    assert_eq!(world.deliver().await, (2, 0));
    assert_eq!(world.calls("DescribeInstances"), 6);
    assert_eq!(["Targets", "FailedTargets"].map(|name| world.published(name)), [[6.0], [0.0]]);
    world.later(1);
    assert_eq!(world.both(&ids).await, ["stopped", "stopped"]);
}

#[tokio::test]
async fn what_a_pass_of_one_invocation_has_no_time_for_is_handed_on_too() {
    let (world, ids) = World::in_shards().await;
    world.stage.put_parameter("targets-per-shard", "String", "100").await.unwrap();
    let call = Invocation { id: "rule".into(), deadline: tokio::time::Instant::now() };
    let Answer::Begun(begun) = world.hub.answer(&rule(), &call).await.unwrap() else {
        panic!("nothing was handed on");
    };
    assert_eq!(begun.targets, 6);
    assert_eq!(world.deliver().await, (1, 0));
    world.later(1);
    assert_eq!(world.both(&ids).await, ["stopped", "stopped"]);
}

#[tokio::test]
async fn who_asks_while_shards_are_at_work_waits_for_them() {
    let (world, ids) = World::in_shards().await;
    world.begin().await;
    let asked = world.send(json!({"action": "run", "scope": {"account": SPOKE}}));
    let (run, ()) = tokio::join!(asked, world.deliver_all(3));
    let run = run.unwrap();
    assert_eq!((run.run.pass.targets, word(row(&run, &ids[0]))), (3, "in-transition".into()));
}

#[tokio::test]
async fn a_message_that_names_no_shard_ends_among_the_dead_letters() {
    let (world, _) = World::in_shards().await;
    for body in ["hello", r#"{"version":9,"shards":[]}"#] {
        assert!(!world.hand_over("test", &json!(body), LEFT).await, "{body}");
    }
    let unknown = r#"{"version":1,"pass":"of nobody","shard":0}"#;
    assert!(world.hand_over("test", &json!(unknown), LEFT).await, "there is nothing to be done");
    let url = world.stage.queue_url(SHARD_QUEUE).await.unwrap();
    let hello = json!({"QueueUrl": url, "MessageBody": "hello"});
    world.stage.hub.json("sqs", "AmazonSQS.SendMessage", hello).await.unwrap();
    let mut tries = 0;
    while world.deliver().await == (1, 1) {
        tries += 1;
        world.later(i64::from(SHARD_VISIBILITY) / 60 + 1);
    }
    let dead = world.stage.queue_attribute(DEAD_LETTERS, "ApproximateNumberOfMessages");
    assert_eq!((tries, dead.await.unwrap().as_str()), (5, "1"));
}

#[tokio::test]
async fn schedules_that_have_changed_meanwhile_are_read_again() {
    let (world, ids) = World::in_shards().await;
    world.begin().await;
    world.stage.sandbox.reset_calls();
    world.put_schedule("another", json!({"timezone": "UTC", "periods": ["office-hours"]})).await;
    let anew = connect(&world.stage).await;
    let world = World { hub: anew, ..world };
    assert_eq!(world.deliver().await, (2, 0));
    assert_eq!(
        world.calls("Scan"),
        3,
        "to find the claim, and for each shard, whose version is another"
    );
    world.later(1);
    assert_eq!(world.both(&ids).await, ["stopped", "stopped"]);
}
