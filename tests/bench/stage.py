"""The sandbox with a fleet in it, the function that serves it, and passes that are measured."""

import json
import os
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lambda_runtime import Function, FunctionSettings
from local_servers import Sandbox, start_sandbox, tail

from . import process
from .figures import Pass, Size, Traffic

HUB, HOME = "100000000000", "us-east-1"
REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1", "ap-southeast-2", "sa-east-1", "ca-central-1")
SCHEDULE, PERIOD = "office", "day"

TIMEOUT_SECONDS = 900
"""Lambda's own limit."""

SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event"}
"""What the deployed rule sends, as far as the hub reads it."""

PAGE = 200
"""Instances the hub asks for at a time."""


def cores() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A command that keeps the hub on one processor, and one that keeps everything else off it if there is another."""
    available = sorted(os.sched_getaffinity(0))
    hub, others = available[0], available[1:] or available
    os.sched_setaffinity(0, others)
    return ("taskset", "-c", str(hub)), ("taskset", "-c", ",".join(map(str, others)))


class Stage:
    def __init__(self, bin_dir: Path, folder: Path, size: Size, targets_per_shard: int | None = None):
        self.size, self.folder = size, folder
        self.log = folder / "bootstrap.log"
        self._bootstrap = bin_dir / "bootstrap"
        self.on_one_core, elsewhere = cores()
        self.sandbox: Sandbox = start_sandbox(bin_dir / "sandbox-server", folder, elsewhere)
        self.regions = REGIONS[: size.regions]
        self.deployed = self.sandbox.fleet(
            {
                "hub": HUB,
                "region": HOME,
                "accounts": size.accounts,
                "regions": self.regions,
                "instances": size.instances,
                "schedule": SCHEDULE,
                "targets_per_shard": targets_per_shard,
            }
        )
        self.keys = keys_of(self.deployed["session"])
        now = datetime.now(UTC)
        # What was launched runs by then.
        self.sandbox.set_clock("+60")
        self.open_from, self.open_until = now - timedelta(hours=6), now + timedelta(hours=6)
        self._put(type="schedule", name=SCHEDULE, timezone="UTC", periods={PERIOD})
        self.open(self.open_from, self.open_until)

    @property
    def targets(self) -> list[tuple[str, str]]:
        return [(account, region) for account in self.deployed["accounts"] for region in self.regions]

    def open(self, begin: datetime, end: datetime) -> None:
        """Everything is to run between two times of the day."""
        self._put(type="period", name=PERIOD, begintime=f"{begin:%H:%M}", endtime=f"{end:%H:%M}")

    def slow_down(self) -> None:
        """From now on every call takes its time."""
        if self.size.latency_ms:
            self.sandbox.inject({"effect": {"latency_ms": round(self.size.latency_ms)}})

    def function(self, pinned: bool = True) -> Function:
        settings = FunctionSettings(
            name="dayshift-scheduler",
            arn=f"arn:aws:lambda:{HOME}:{HUB}:function:dayshift-scheduler",
            handler="scheduler",
            region=HOME,
            memory_mb=1769,
            timeout_seconds=TIMEOUT_SECONDS,
            keys=self.keys,
        )
        endpoints = {"AWS_ENDPOINT_URL": self.sandbox.url}
        return Function(self._bootstrap, settings, endpoints, self.log, self.on_one_core if pinned else ())

    def invoke(self, function: Function, event: dict) -> Pass:
        """One invocation, measured."""
        self.sandbox.reset_calls()
        process.forget_peak(function.pid)
        cpu, held_up = process.cpu_seconds(function.pid), process.held_up_seconds(function.pid)
        began = time.perf_counter()
        answer = function.invoke(event)
        wall = time.perf_counter() - began
        cpu = process.cpu_seconds(function.pid) - cpu
        held_up = process.held_up_seconds(function.pid) - held_up
        if answer.error:
            raise RuntimeError(f"the hub failed: {answer.error}\n{tail(self.log)}")
        if "pass" not in answer.result:
            raise RuntimeError(f"there was no pass: {answer.result}")
        troubled = sum(row["outcome"] != "ok" for row in answer.result["targets"])
        traffic = Traffic.of(self.sandbox.calls())
        return Pass(wall, cpu, process.peak_mib(function.pid), traffic, answer.result["pass"], troubled, held_up)

    def page(self) -> bytes:
        """A page of instances as the hub gets it."""
        account, region = self.targets[0]
        form = f"Action=DescribeInstances&Version=2016-11-15&MaxResults={PAGE}&Filter.1.Name=tag-key&Filter.1.Value.1=Schedule"
        root = self.sandbox.account("aws", account)
        return self._ask(root, "ec2", region, {"Content-Type": "application/x-www-form-urlencoded"}, form)

    def memories(self) -> bytes:
        """What is remembered of a target, as the hub gets it."""
        account, region = self.targets[0]
        return self._dynamodb(
            "Query",
            TableName=self.deployed["state_table"],
            KeyConditionExpression="target = :target",
            ExpressionAttributeValues={":target": {"S": f"aws/{account}/{region}"}},
            ConsistentRead=True,
        )

    def stop(self) -> None:
        self.sandbox.stop()

    def _put(self, **fields: str | set) -> None:
        def attribute(value: str | set) -> dict:
            return {"SS": sorted(value)} if isinstance(value, set) else {"S": value}

        item = {name: attribute(value) for name, value in fields.items()}
        self._dynamodb("PutItem", TableName=self.deployed["config_table"], Item=item)

    def _dynamodb(self, operation: str, **members: object) -> bytes:
        return self._hub_call("dynamodb", f"DynamoDB_20120810.{operation}", members)

    def hub_call(self, service: str, operation: str, members: dict) -> dict:
        """A call of the hub account's own, to a service that speaks JSON."""
        return json.loads(self._hub_call(service, operation, members))

    def _hub_call(self, service: str, operation: str, members: dict) -> bytes:
        headers = {"X-Amz-Target": operation, "Content-Type": "application/x-amz-json-1.0"}
        return self._ask(keys_of(self.deployed["keys"]), service, HOME, headers, json.dumps(members))

    def _ask(self, keys: dict[str, str], service: str, region: str, headers: dict[str, str], body: str) -> bytes:
        """A call without an SDK: the bytes of the answer are what is wanted. The sandbox verifies no signature."""
        scope = f"{keys['aws_access_key_id']}/20260101/{region}/{service}/aws4_request"
        signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        request = urllib.request.Request(
            self.sandbox.url, method="POST", data=body.encode(), headers={"Authorization": signature, **headers}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()


def keys_of(credentials: dict) -> dict[str, str]:
    """Named as boto3 names them."""
    named = {
        "aws_access_key_id": credentials["access_key_id"],
        "aws_secret_access_key": credentials["secret_access_key"],
    }
    token = credentials["session_token"]
    return named | ({"aws_session_token": token} if token else {})
