"""Lambda's part between a queue and a function: takes messages from the queue of shards, one an invocation."""

import threading

from lambda_runtime import Answer, Function

from .aws import Aws


class ShardSource:
    """Invokes a function with each message that it finds, as long as the block lasts, and deletes those whose shards were
    worked on."""

    def __init__(self, aws: Aws, queue_url: str, function: Function):
        self.answers: list[Answer] = []
        self._sqs = aws.hub("sqs")
        self._url = queue_url
        self._function = function
        self._region = aws.hub_region
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._take, daemon=True)

    def __enter__(self) -> "ShardSource":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def left(self) -> int:
        """How many messages are in the queue, under way or not."""
        sorts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=sorts)["Attributes"]
        return sum(map(int, found.values()))

    def _take(self) -> None:
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        while not self._ends.wait(0.1):
            for message in self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=1).get("Messages", []):
                answer = self._function.invoke({"Records": [self._record(message, arn)]})
                self.answers.append(answer)
                if answer.result == {"batchItemFailures": []}:
                    self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _record(self, message: dict, arn: str) -> dict:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": self._region,
        }
