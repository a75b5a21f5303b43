//! The queue that shards of a pass go through, and what Lambda does with it for the function.

use serde_json::{Value, json};

use super::{HUB_ACTIONS, HUB_ROLE, Stage, put_policy};
use crate::CallError;

/// The name of the queue that shards of a pass go through.
pub const SHARD_QUEUE: &str = "dayshift-shards";

/// The name of the queue for shards that nobody could finish.
pub const DEAD_LETTERS: &str = "dayshift-dead-letters";

/// How long a shard that was received is hidden, in seconds: a function may run for no longer.
pub const SHARD_VISIBILITY: u32 = 300;

/// How often a shard is tried before it goes to the dead letters.
pub const SHARD_RECEIVES: u32 = 5;

impl Stage {
    /// Gives the hub a queue for the shards of a pass, one for dead letters behind it, and the right to send there.
    pub async fn with_queue(self) -> Result<Self, CallError> {
        self.create_queue(DEAD_LETTERS, json!({})).await?;
        let arn = self.queue_attribute(DEAD_LETTERS, "QueueArn").await?;
        let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": SHARD_RECEIVES});
        let attributes = json!({
            "VisibilityTimeout": SHARD_VISIBILITY.to_string(),
            "RedrivePolicy": redrive.to_string(),
        });
        let url = self.create_queue(SHARD_QUEUE, attributes).await?;
        self.put_parameter("shard-queue", "String", &url).await?;
        put_policy(&self.hub, HUB_ROLE, &[&HUB_ACTIONS[..], &["sqs:SendMessage"]].concat()).await?;
        Ok(self)
    }

    async fn create_queue(&self, name: &str, attributes: Value) -> Result<String, CallError> {
        let queue = json!({"QueueName": name, "Attributes": attributes});
        let answer = self.hub.json("sqs", "AmazonSQS.CreateQueue", queue).await?;
        Ok(answer["QueueUrl"].as_str().unwrap_or_default().to_owned())
    }

    /// The URL of a queue of the hub's.
    pub async fn queue_url(&self, name: &str) -> Result<String, CallError> {
        let named = json!({"QueueName": name});
        let answer = self.hub.json("sqs", "AmazonSQS.GetQueueUrl", named).await?;
        Ok(answer["QueueUrl"].as_str().unwrap_or_default().to_owned())
    }

    /// What a queue of the hub's tells of itself: `ApproximateNumberOfMessages`, ...
    pub async fn queue_attribute(&self, name: &str, attribute: &str) -> Result<String, CallError> {
        let asked = json!({"QueueUrl": self.queue_url(name).await?, "AttributeNames": [attribute]});
        let answer = self.hub.json("sqs", "AmazonSQS.GetQueueAttributes", asked).await?;
        Ok(answer["Attributes"][attribute].as_str().unwrap_or_default().to_owned())
    }

    /// Takes up to ten messages from a queue of the hub's, as Lambda does for a function; each has a `MessageId`, a
    /// `Body`, a `ReceiptHandle` and all `Attributes`.
    pub async fn receive(&self, name: &str) -> Result<Vec<Value>, CallError> {
        let wanted = json!({
            "QueueUrl": self.queue_url(name).await?,
            "MaxNumberOfMessages": 10,
            "MessageSystemAttributeNames": ["All"],
        });
        let answer = self.hub.json("sqs", "AmazonSQS.ReceiveMessage", wanted).await?;
        Ok(answer["Messages"].as_array().cloned().unwrap_or_default())
    }

    /// Deletes a message that was received from a queue of the hub's, as Lambda does when a function has done it.
    pub async fn delete(&self, name: &str, message: &Value) -> Result<(), CallError> {
        let receipt = json!({"QueueUrl": self.queue_url(name).await?, "ReceiptHandle": message["ReceiptHandle"]});
        self.hub.json("sqs", "AmazonSQS.DeleteMessage", receipt).await.map(drop)
    }
}
