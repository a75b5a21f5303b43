"""A pass that is cut into shards: the queue between, and several instances of the function at once.

What Lambda's event source mapping does is done here: take a message, invoke, delete what succeeded. What failed comes
again when its time has run out.
"""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from math import ceil

from lambda_runtime import Function

from . import process
from .figures import OF_TARGETS, Size, Traffic
from .stage import HOME, PAGE, SCHEDULED, Stage

QUEUE = "dayshift-shards"

HIDDEN_SECONDS = 20
"""For which a message is hidden that was received. A deployment's is as long as its function may run; nobody here has a
quarter of an hour."""

PATIENCE_SECONDS = 600
"""For a pass."""

FAULTS = (
    {"effect": {"error": {"status": 503, "code": "RequestLimitExceeded", "message": "Request limit exceeded."}}},
    {"effect": {"error": {"status": 500, "code": "InternalError", "message": "An internal error has occurred"}}},
    {"effect": "lose_answer"},
)
"""Each happens to a third of a percent of the hub's calls."""

SENT_AGAIN_SECONDS = 125
"""A message that nobody took is sent again by the first pass that comes two minutes later."""

OF_THE_PASS = {"GetParametersByPath", "GetParameters", "Scan", "GetItem", "PutItem", "UpdateItem", "DeleteItem"}
SENDING = ("SendMessage", "SendMessageBatch")


class Queue:
    """The queue of shards, as Lambda sees it."""

    def __init__(self, stage: Stage):
        self._stage = stage
        self._url = self._ask("GetQueueUrl", QueueName=QUEUE)["QueueUrl"]

    def receive(self) -> dict | None:
        members = {"MaxNumberOfMessages": 1, "VisibilityTimeout": HIDDEN_SECONDS}
        answer = self._of_queue("ReceiveMessage", MessageSystemAttributeNames=["All"], **members)
        return next(iter(answer.get("Messages", [])), None)

    def delete(self, message: dict) -> None:
        self._of_queue("DeleteMessage", ReceiptHandle=message["ReceiptHandle"])

    def left(self) -> int:
        """Messages that wait, and those that were received and not deleted."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(int(n) for n in self._of_queue("GetQueueAttributes", AttributeNames=names)["Attributes"].values())

    def _of_queue(self, operation: str, **members: object) -> dict:
        return self._ask(operation, QueueUrl=self._url, **members)

    def _ask(self, operation: str, **members: object) -> dict:
        return self._stage.hub_call("sqs", f"AmazonSQS.{operation}", members)


def event_of(message: dict) -> dict:
    """What Lambda makes of a message."""
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {"ApproximateReceiveCount": "1"}),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": HOME,
    }
    return {"Records": [record]}


@dataclass
class Tally:
    """What came of the messages."""

    received: int = 0
    done: int = 0
    refused: int = 0
    failed: int = 0
    """Invocations that ended in an error."""


class EventSource(threading.Thread):
    """Feeds one instance of the function until it is told to stop."""

    def __init__(self, queue, function, tally: Tally, lock: threading.Lock):
        super().__init__(daemon=True)
        self._queue, self._function, self._tally, self._lock = queue, function, tally, lock
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                message = self._queue.receive()
            if message is None:
                self._stopped.wait(0.1)
                continue
            answer = self._function.invoke(event_of(message))
            failures = (answer.result or {}).get("batchItemFailures") or []
            with self._lock:
                self._tally.received += 1
                self._tally.failed += answer.error is not None
                self._tally.refused += bool(failures)
                if answer.error is None and not failures:
                    self._tally.done += 1
                    self._queue.delete(message)

    def stop(self) -> None:
        self._stopped.set()


@dataclass(frozen=True)
class Sharded:
    """What came of a pass."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    traffic: Traffic
    tally: Tally
    began: dict = field(default_factory=dict)
    """What the rule's own invocation answered."""
    summaries: list[dict] = field(default_factory=list)
    """The lines of passes in the logs."""

    def times_served(self, size: Size, targets: list[tuple[str, str]]) -> Counter:
        """How many targets were listed to their end so many times."""
        pages = ceil(size.instances / PAGE)
        return Counter(self.traffic.listed[target] // pages for target in targets)

    def row(self, name: str, size: Size, targets: list[tuple[str, str]]) -> list[str]:
        times = self.times_served(size, targets)
        more = sum(count for served, count in times.items() if served > 1)
        tally, failed = self.tally, sum(summary["failed"] for summary in self.summaries)
        named = sum(summary["targets"] for summary in self.summaries)
        cells = [f"{self.wall_s:.1f}", f"{self.cpu_s:.1f}", f"{self.peak_mib:.0f}", times[1], more, times[0]]
        cells += [tally.received, tally.failed, tally.refused, len(self.summaries), named, failed]
        return [name, *map(str, cells)]


HEADS = ["", "wall, s", "CPU, s", "peak, MiB", "once", "more", "never"]
HEADS += ["messages", "failed", "refused", "summaries", "targets in them", "failures in them"]


class Concurrency:
    """As many instances of the function as Lambda would run, and one for the rule's own invocation."""

    def __init__(self, stage: Stage, at_once: int):
        self._stage, self._queue = stage, Queue(stage)
        self._functions: list[Function] = [stage.function(pinned=False) for _ in range(at_once + 1)]

    def run(self) -> Sharded:
        """A pass, to the last of its messages."""
        stage, tally, lock = self._stage, Tally(), threading.Lock()
        stage.sandbox.reset_calls()
        logged = stage.log.stat().st_size
        pids = [function.pid for function in self._functions]
        for pid in pids:
            process.forget_peak(pid)
        cpu, began = sum(map(process.cpu_seconds, pids)), time.perf_counter()
        answer = self._functions[0].invoke(SCHEDULED)
        if answer.error:
            raise RuntimeError(f"the pass was not cut: {answer.error}")
        sources = [EventSource(self._queue, function, tally, lock) for function in self._functions[1:]]
        for source in sources:
            source.start()
        while self._queue.left():
            if time.perf_counter() - began > PATIENCE_SECONDS:
                break
            time.sleep(0.2)
        wall = time.perf_counter() - began
        for source in sources:
            source.stop()
        for source in sources:
            source.join()
        return Sharded(
            wall,
            sum(map(process.cpu_seconds, pids)) - cpu,
            max(map(process.peak_mib, pids)),
            Traffic.of(stage.sandbox.calls()),
            tally,
            answer.result,
            self._summaries(logged),
        )

    def stop(self) -> None:
        for function in self._functions:
            function.stop()

    def _summaries(self, start: int) -> list[dict]:
        with self._stage.log.open("rb") as log:
            log.seek(start)
            lines = (json.loads(line) for line in log if line.startswith(b"{"))
            return [line for line in lines if line.get("message") == "pass finished"]


def inject_faults(stage: Stage) -> None:
    """One call in a hundred goes wrong, a third of them in each way."""
    for operation in sorted(OF_TARGETS | OF_THE_PASS | {"PutMetricData", *SENDING}):
        for seed, fault in enumerate(FAULTS):
            stage.sandbox.inject(fault | {"operation": operation, "one_in": 300, "seed": seed})


def lose_messages(stage: Stage) -> None:
    """One call's messages are accepted, and never come."""
    for operation in SENDING:
        stage.sandbox.inject({"operation": operation, "times": 1, "effect": "lose_messages"})


def wait(_: Stage) -> None:
    """Until what was lost is sent again."""
    time.sleep(SENT_AGAIN_SECONDS)


def duplicate_messages(stage: Stage) -> None:
    """All messages come twice."""
    for operation in SENDING:
        stage.sandbox.inject({"operation": operation, "effect": "duplicate_messages"})
