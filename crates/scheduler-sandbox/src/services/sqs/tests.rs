//! SQS as callers see it.

use chrono::{TimeDelta, TimeZone, Utc};
use serde_json::{Value, json};

use crate::{CallError, Caller, Effect, Fault, Sandbox};

/// Two queues: messages of `work` that are received twice go to `dead`.
struct Stage {
    sandbox: Sandbox,
    account: Caller,
}

fn url(name: &str) -> String {
    format!("https://sqs.eu-west-1.amazonaws.com/111111111111/{name}")
}

impl Stage {
    async fn new() -> Self {
        let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
        let keys = sandbox.create_account("aws", "111111111111");
        let account = Caller::new(&sandbox, &keys, "eu-west-1");
        let stage = Self { sandbox, account };
        let created = stage.call("CreateQueue", json!({"QueueName": "dead"})).await.unwrap();
        assert_eq!(created["QueueUrl"], url("dead"));
        stage.call("CreateQueue", work(2)).await.unwrap();
        stage
    }

    /// Calls an operation on the queue `work`, unless the input names another.
    async fn call(&self, operation: &str, mut input: Value) -> Result<Value, CallError> {
        if input.get("QueueUrl").is_none() && input.get("QueueName").is_none() {
            input["QueueUrl"] = url("work").into();
        }
        self.account.json("sqs", &format!("AmazonSQS.{operation}"), input).await
    }

    async fn code(&self, operation: &str, input: Value) -> String {
        self.call(operation, input).await.unwrap_err().code
    }

    async fn send(&self, body: &str) {
        self.call("SendMessage", json!({"MessageBody": body})).await.unwrap();
    }

    async fn receive(&self, queue: &str) -> Vec<Value> {
        let all = json!({"QueueUrl": url(queue), "MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"]});
        let answer = self.call("ReceiveMessage", all).await.unwrap();
        answer["Messages"].as_array().cloned().unwrap_or_default()
    }

    /// The bodies of what can be received.
    async fn bodies(&self, queue: &str) -> Vec<String> {
        let received = self.receive(queue).await;
        received.iter().map(|one| one["Body"].as_str().unwrap().to_owned()).collect()
    }

    /// Messages that are visible, delayed, in flight.
    async fn counts(&self, queue: &str) -> [String; 3] {
        let asked = json!({"QueueUrl": url(queue), "AttributeNames": ["All"]});
        let told = self.call("GetQueueAttributes", asked).await.unwrap();
        ["", "Delayed", "NotVisible"].map(|state| {
            let name = format!("ApproximateNumberOfMessages{state}");
            told["Attributes"][name].as_str().unwrap().to_owned()
        })
    }

    fn wait(&self, seconds: i64) {
        self.sandbox.set_now(self.sandbox.now() + TimeDelta::seconds(seconds));
    }
}

fn work(most_receives: u32) -> Value {
    let arn = "arn:aws:sqs:eu-west-1:111111111111:dead";
    let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": most_receives});
    let attributes = json!({"VisibilityTimeout": "60", "RedrivePolicy": redrive.to_string()});
    json!({"QueueName": "work", "Attributes": attributes})
}

fn batch(bodies: &[&str]) -> Value {
    let entry = |(n, body): (usize, &&str)| json!({"Id": n.to_string(), "MessageBody": body});
    json!({"Entries": bodies.iter().enumerate().map(entry).collect::<Vec<_>>()})
}

#[tokio::test]
async fn a_queue_is_created_once_and_tells_what_it_is() {
    let stage = Stage::new().await;
    let again = stage.call("CreateQueue", work(2)).await.unwrap();
    assert_eq!(again["QueueUrl"], url("work"));
    assert_eq!(stage.code("CreateQueue", work(3)).await, "QueueNameExists");
    let found = stage.call("GetQueueUrl", json!({"QueueName": "work"})).await.unwrap();
    assert_eq!(found["QueueUrl"], url("work"));
    let asked = json!({"AttributeNames": ["QueueArn", "VisibilityTimeout", "DelaySeconds", "RedrivePolicy"]});
    let told = stage.call("GetQueueAttributes", asked).await.unwrap();
    let expected = json!({
        "QueueArn": "arn:aws:sqs:eu-west-1:111111111111:work",
        "VisibilityTimeout": "60",
        "DelaySeconds": "0",
        "RedrivePolicy": work(2)["Attributes"]["RedrivePolicy"],
    });
    assert_eq!(told["Attributes"], expected);
    stage.call("DeleteQueue", json!({})).await.unwrap();
    assert_eq!(stage.code("GetQueueUrl", json!({"QueueName": "work"})).await, "QueueDoesNotExist");
}

#[tokio::test]
async fn the_url_of_a_queue_names_its_partition() {
    let stage = Stage::new().await;
    let keys = stage.sandbox.create_account("aws-cn", "111111111111");
    let chinese = Caller::new(&stage.sandbox, &keys, "cn-north-1");
    let created = chinese.json("sqs", "AmazonSQS.CreateQueue", json!({"QueueName": "q"})).await;
    let expected = "https://sqs.cn-north-1.amazonaws.com.cn/111111111111/q";
    assert_eq!(created.unwrap()["QueueUrl"], expected);
}

#[tokio::test]
async fn what_is_received_is_hidden_until_it_is_deleted_or_its_time_is_over() {
    let stage = Stage::new().await;
    stage.call("SendMessageBatch", batch(&["one", "two"])).await.unwrap();
    assert_eq!(stage.counts("work").await, ["2", "0", "0"]);
    let received = stage.receive("work").await;
    assert_eq!(received[0]["MD5OfBody"], "f97c5d29941bfb1b2fdab0874906ab82");
    assert_eq!(received[0]["Attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(received[0]["Attributes"]["SentTimestamp"], "1772438400000");
    assert_eq!(received[0]["Attributes"]["SenderId"], "111111111111");
    assert_eq!(stage.counts("work").await, ["0", "0", "2"]);
    let receipt = json!({"ReceiptHandle": received[0]["ReceiptHandle"]});
    for _ in 0..2 {
        stage.call("DeleteMessage", receipt.clone()).await.unwrap();
    }
    stage.wait(59);
    assert!(stage.receive("work").await.is_empty());
    stage.wait(1);
    let again = stage.receive("work").await;
    assert_eq!((again.len(), &again[0]["Body"]), (1, &json!("two")));
    assert_eq!(again[0]["Attributes"]["ApproximateReceiveCount"], "2");
    // The first receipt is no longer the last one.
    let old = json!({"ReceiptHandle": received[1]["ReceiptHandle"]});
    stage.call("DeleteMessage", old).await.unwrap();
    assert_eq!(stage.counts("work").await, ["0", "0", "1"]);
}

#[tokio::test]
async fn the_time_in_which_a_message_is_hidden_can_be_changed() {
    let stage = Stage::new().await;
    stage.send("one").await;
    let received = stage.receive("work").await;
    let change = |seconds: i64| json!({"ReceiptHandle": received[0]["ReceiptHandle"], "VisibilityTimeout": seconds});
    stage.call("ChangeMessageVisibility", change(300)).await.unwrap();
    stage.wait(299);
    assert!(stage.receive("work").await.is_empty());
    stage.call("ChangeMessageVisibility", change(0)).await.unwrap();
    assert_eq!(stage.code("ChangeMessageVisibility", change(9)).await, "MessageNotInflight");
    assert_eq!(stage.bodies("work").await, ["one"]);
    assert_eq!(
        stage.code("ChangeMessageVisibility", change(9)).await,
        "InvalidParameterValueException"
    );
}

#[tokio::test]
async fn what_is_received_too_often_goes_to_the_dead_letters() {
    let stage = Stage::new().await;
    stage.send("poison").await;
    for _ in 0..2 {
        assert_eq!(stage.bodies("work").await, ["poison"]);
        stage.wait(60);
    }
    assert_eq!(stage.counts("work").await, ["1", "0", "0"]);
    assert!(stage.receive("work").await.is_empty());
    assert_eq!(stage.counts("work").await, ["0", "0", "0"]);
    assert_eq!(stage.counts("dead").await, ["1", "0", "0"]);
    let dead = stage.receive("dead").await;
    assert_eq!((&dead[0]["Body"], dead.len()), (&json!("poison"), 1));
    assert_eq!(dead[0]["Attributes"]["ApproximateReceiveCount"], "3");
}

#[tokio::test]
async fn what_nobody_takes_is_forgotten() {
    let stage = Stage::new().await;
    stage.send("old").await;
    let late = json!({"MessageBody": "late", "DelaySeconds": 900});
    stage.call("SendMessage", late).await.unwrap();
    assert_eq!(stage.counts("work").await, ["1", "1", "0"]);
    stage.wait(4 * 86_400);
    assert!(stage.receive("work").await.is_empty());
}

#[tokio::test]
async fn a_batch_is_refused_as_a_whole_or_entry_by_entry() {
    let stage = Stage::new().await;
    let twice =
        json!({"Entries": [{"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "y"}]});
    let spaced = json!({"Entries": [{"Id": "a b", "MessageBody": "x"}]});
    let half = "x".repeat(600_000);
    for (input, code) in [
        (batch(&[]), "EmptyBatchRequest"),
        (batch(&["x"; 11]), "TooManyEntriesInBatchRequest"),
        (batch(&[&half, &half]), "BatchRequestTooLong"),
        (twice, "BatchEntryIdsNotDistinct"),
        (spaced, "InvalidBatchEntryId"),
    ] {
        assert_eq!(stage.code("SendMessageBatch", input).await, code);
    }
    let answer = stage.call("SendMessageBatch", batch(&["good", "b\u{7}d", ""])).await.unwrap();
    let codes: Vec<_> =
        answer["Failed"].as_array().unwrap().iter().map(|failed| &failed["Code"]).collect();
    assert_eq!(codes, ["InvalidMessageContents", "MissingParameter"]);
    assert_eq!(answer["Successful"][0]["Id"], "0");
    let received = stage.receive("work").await;
    let entries = json!({"Entries": [
        {"Id": "mine", "ReceiptHandle": received[0]["ReceiptHandle"]},
        {"Id": "none", "ReceiptHandle": "made up"},
    ]});
    let answer = stage.call("DeleteMessageBatch", entries).await.unwrap();
    assert_eq!(answer["Successful"], json!([{"Id": "mine"}]));
    assert_eq!(answer["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
    assert_eq!(stage.counts("work").await, ["0", "0", "0"]);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let stage = Stage::new().await;
    let named = |name: &str, value: &str| json!({"QueueName": "new", "Attributes": {name: value}});
    let nowhere = r#"{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111111111111:none", "maxReceiveCount": 2}"#;
    for (operation, input, code) in [
        ("CreateQueue", json!({"QueueName": "a.b"}), "InvalidParameterValueException"),
        ("CreateQueue", named("VisibilityTimeout", "43201"), "InvalidAttributeValue"),
        ("CreateQueue", named("FifoQueue", "true"), "InvalidAttributeName"),
        ("CreateQueue", named("RedrivePolicy", nowhere), "InvalidParameterValueException"),
        ("GetQueueAttributes", json!({"AttributeNames": ["Size"]}), "InvalidAttributeName"),
        ("ReceiveMessage", json!({"MaxNumberOfMessages": 11}), "InvalidParameterValueException"),
        ("ReceiveMessage", json!({"QueueUrl": url("none")}), "QueueDoesNotExist"),
        ("ReceiveMessage", json!({"QueueUrl": "work"}), "InvalidAddress"),
        ("SendMessage", json!({"MessageBody": ""}), "MissingRequiredParameterException"),
        ("DeleteMessage", json!({"ReceiptHandle": "made up"}), "ReceiptHandleIsInvalid"),
        ("PurgeQueue", json!({}), "InvalidAction"),
    ] {
        assert_eq!(stage.code(operation, input.clone()).await, code, "{operation} {input}");
    }
}

#[tokio::test]
async fn messages_are_lost_although_accepted_or_come_twice() {
    let stage = Stage::new().await;
    for (effect, resource, expected) in [
        (Effect::LoseMessages, None, vec![]),
        (Effect::LoseMessages, Some("1"), vec!["a", "c"]),
        (Effect::DuplicateMessages, Some("a"), vec!["a", "a", "b", "c"]),
        (Effect::DuplicateMessages, Some(&*url("work")), vec!["a", "a", "b", "b", "c", "c"]),
    ] {
        let resource = resource.map(str::to_owned);
        stage.sandbox.inject(Fault { resource, times: Some(1), ..Fault::always(effect.clone()) });
        let sent = stage.call("SendMessageBatch", batch(&["a", "b", "c"])).await.unwrap();
        assert_eq!(sent["Successful"].as_array().unwrap().len(), 3);
        let received = stage.receive("work").await;
        let bodies: Vec<_> = received.iter().map(|one| one["Body"].as_str().unwrap()).collect();
        assert_eq!(bodies, expected, "{effect:?}");
        for message in &received {
            let receipt = json!({"ReceiptHandle": message["ReceiptHandle"]});
            stage.call("DeleteMessage", receipt).await.unwrap();
        }
        assert_eq!(stage.counts("work").await, ["0", "0", "0"]);
    }
    stage.sandbox.inject(Fault { times: Some(1), ..Fault::always(Effect::DuplicateMessages) });
    stage.send("one").await;
    let received = stage.receive("work").await;
    assert_eq!(received[0]["MessageId"], received[1]["MessageId"]);
    stage.send("two").await;
    assert_eq!(stage.bodies("work").await, ["two"]);
}
