"""The arithmetic of the bench. scripts/bench --test runs it."""

import os
import threading
import time
import unittest
from collections import Counter

from lambda_runtime import Answer

from . import figures, process, shards
from .figures import Parsing, Pass, Plain, Size, Traffic

SIZE = Size(accounts=200, regions=4, instances=100, latency_ms=30, at_once=32)
PARSING = Parsing(instances=100, page_us=6100, empty_page_us=100, items=100, query_us=1050, empty_query_us=50)


def count(operation: str, calls: int = 1, account: str = "1", region: str = "r") -> dict:
    where = {"account": account, "region": region, "service": "s", "operation": operation}
    return where | {"count": calls, "succeeded": calls, "request_bytes": 1000 * calls, "response_bytes": 2000 * calls}


def a_pass(cpu: float = 8.0, listed: int = 800, troubled: int = 0) -> Pass:
    calls = Counter({"DescribeInstances": 800, "Query": 800, "Scan": 1})
    pairs = Counter((str(number), "r") for number in range(listed))
    return Pass(8.2, cpu, 120.0, Traffic(calls, 2_000_000, 400_000_000, pairs), {}, troubled)


class Bounds(unittest.TestCase):
    def test_what_an_empty_answer_costs_is_no_parsing(self):
        self.assertEqual((PARSING.instance_us, PARSING.memory_us, PARSING.us), (60, 10, 70))

    def test_the_longer_of_waiting_and_parsing_is_the_bound(self):
        calls = a_pass().traffic.calls
        limit = figures.bound(SIZE, PARSING, calls)
        self.assertAlmostEqual(limit.waiting_s, 0.75)  # 25 rounds of 32
        self.assertAlmostEqual(limit.parsing_s, 5.6)
        self.assertEqual(limit.s, limit.parsing_s)
        far = Size(200, 4, 100, 300, 32)
        self.assertAlmostEqual(figures.bound(far, PARSING, calls).s, 7.5)

    def test_every_page_waits_for_the_one_before(self):
        calls = Counter({"DescribeInstances": 2400, "Query": 1600})
        self.assertAlmostEqual(figures.bound(SIZE, PARSING, calls).waiting_s, 2.25)

    def test_a_last_round_that_is_not_full_takes_as_long(self):
        few = Size(33, 1, 100, 30, 32)
        self.assertAlmostEqual(figures.bound(few, PARSING, Counter()).waiting_s, 0.06)


class Counting(unittest.TestCase):
    def test_calls_of_targets_are_told_from_those_of_the_pass(self):
        traffic = Traffic.of([count("Query", 4), count("DescribeInstances", 4), count("Scan"), count("PutMetricData")])
        self.assertEqual(traffic.of_targets, 8)
        self.assertEqual(traffic.calls.total(), 10)
        self.assertEqual((traffic.request_bytes, traffic.response_bytes), (10_000, 20_000))

    def test_a_target_is_an_account_with_a_region(self):
        places = [("1", "r"), ("1", "s"), ("2", "r"), ("1", "r")]
        refused = count("DescribeInstances", 1, "3") | {"succeeded": 0}
        traffic = Traffic.of([count("DescribeInstances", 1, *place) for place in places] + [refused])
        self.assertEqual(traffic.listed, {("1", "r"): 2, ("1", "s"): 1, ("2", "r"): 1})

    def test_a_target_is_lost_that_was_not_listed_or_is_in_trouble(self):
        self.assertEqual(a_pass().lost(SIZE), 0)
        self.assertEqual(a_pass(listed=797, troubled=2).lost(SIZE), 5)

    def test_the_middle_pass_is_taken(self):
        self.assertEqual(figures.median_by_cpu([a_pass(9), a_pass(7), a_pass(8)]).cpu_s, 8)
        self.assertEqual(figures.median_by_cpu([a_pass(9), a_pass(7)]).cpu_s, 7)


class Printing(unittest.TestCase):
    def test_the_last_line_has_what_it_promises(self):
        line = figures.summary_line(SIZE, a_pass(), PARSING, lost=0)
        self.assertEqual(
            line,
            {
                "instances_per_target": 100,
                "cpu_ms_per_target": 10.0,
                "cpu_us_per_instance": 100.0,
                "parse_us_per_instance": 70.0,
                "wall_s": 8.2,
                "bound_s": 5.6,
                "wall_to_bound": 1.464,
                "peak_mib": 120.0,
                "calls_per_target": 2.0,
                "lost": 0,
            },
        )

    def test_the_table_scales_boto3_to_the_same_work(self):
        plain = Plain(targets=8, instances=800, wall_s=2.0, cpu_s=1.0)
        rows = {row[0].strip(): row[1:] for row in figures.table(SIZE, a_pass(), PARSING, plain, 1.5)}
        self.assertEqual(rows["wall, s"], ["8.20", "5.60", "200.0"])
        self.assertEqual(rows["CPU a target, ms"], ["10.00", "7.00", "125.0"])
        self.assertEqual(rows["beyond parsing, ms"][0], "3.00")
        self.assertEqual(rows["DescribeInstances"][0], "800")

    def test_columns_stand_below_each_other(self):
        lines = figures.text([["", "one"], ["a name", "1"]]).splitlines()
        self.assertEqual(lines, ["        one", "a name    1"])


class FakeQueue:
    def __init__(self, messages: list[dict]):
        self.messages, self.deleted = list(messages), []

    def receive(self) -> dict | None:
        return self.messages.pop(0) if self.messages else None

    def delete(self, message: dict) -> None:
        self.deleted.append(message["MessageId"])


class FakeFunction:
    """Does what a message's body says."""

    def invoke(self, event: dict) -> Answer:
        (record,) = event["Records"]
        if record["body"] == "fail":
            return Answer(error={"errorType": "x"})
        failures = [{"itemIdentifier": record["messageId"]}] if record["body"] == "refuse" else []
        return Answer(result={"batchItemFailures": failures})


class Shards(unittest.TestCase):
    def test_only_what_succeeded_is_deleted(self):
        bodies = ["do", "fail", "refuse", "do"]
        messages = [{"MessageId": str(n), "ReceiptHandle": "r", "Body": body} for n, body in enumerate(bodies)]
        queue, tally = FakeQueue(messages), shards.Tally()
        source = shards.EventSource(queue, FakeFunction(), tally, threading.Lock())
        source.start()
        while tally.received < len(bodies):
            time.sleep(0.01)
        source.stop()
        source.join(5)
        self.assertEqual(queue.deleted, ["0", "3"])
        self.assertEqual(tally, shards.Tally(received=4, done=2, refused=1, failed=1))

    def test_a_target_of_two_pages_is_served_once_when_both_have_come(self):
        size = Size(1, 4, 250, 30, 32)
        targets = [("1", region) for region in "abcd"]
        listed = Counter({("1", "a"): 2, ("1", "b"): 4, ("1", "c"): 1})
        one = shards.Sharded(1, 1, 1, Traffic(Counter(), 0, 0, listed), shards.Tally())
        self.assertEqual(one.times_served(size, targets), {1: 1, 2: 1, 0: 2})


class Processes(unittest.TestCase):
    def test_this_process_has_used_time_and_memory(self):
        self.assertGreater(process.cpu_seconds(os.getpid()), 0)
        self.assertGreater(process.peak_mib(os.getpid()), 1)
        self.assertGreaterEqual(process.held_up_seconds(os.getpid()), 0)
        process.forget_peak(os.getpid())


if __name__ == "__main__":
    unittest.main()
