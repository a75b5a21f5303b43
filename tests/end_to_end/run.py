"""Runs the end-to-end story once and says what passed. scripts/end-to-end calls it.

Everything listens on 127.0.0.1 at ports the system chose. Every process is ended here, and each server also ends by
itself when this process is gone.
"""

import argparse
import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from lambda_runtime import Function, FunctionSettings
from local_servers import start_moto, start_sandbox, tail

from . import deployment as hands
from . import estate as where
from .aws import Aws
from .checks import Checks
from .command_line import CommandLine
from .estate import REGIONS, estate
from .front_door import FrontDoor
from .passes import Stage
from .story import Story

# Well over what a pass takes here; Lambda's own limit is 900.
TIMEOUT_SECONDS = 120


def main() -> int:
    args = parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that every `finally` runs.
    checks = Checks()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dayshift-end-to-end-")))
        try:
            stage = set_up(args, folder, stack)
            print(f"end-to-end: telling the story in {', '.join(stage.estate.partitions)}", flush=True)
            Story(stage, checks).tell()
        except Exception:
            show_log(folder)
            raise
        if checks.failed:
            show_log(folder)
    return verdict(checks, stage.estate.partitions)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="end-to-end", description=__doc__.splitlines()[0])
    parser.add_argument("--partition", choices=sorted(REGIONS), default="aws", help="where the hub is")
    parser.add_argument(
        "--bin-dir", type=Path, required=True, help="the folder of bootstrap, sandbox-server and scheduler-cli"
    )
    return parser.parse_args()


def set_up(args: argparse.Namespace, folder: Path, stack: contextlib.ExitStack) -> Stage:
    """Starts the servers, deploys, creates the resources and starts the function; `stack` ends it all."""
    moto = start_moto(folder)
    stack.callback(moto.stop)
    sandbox = start_sandbox(args.bin_dir / "sandbox-server", folder)
    stack.callback(sandbox.stop)
    the_estate = estate(args.partition)
    # The sandbox takes the metrics and knows only keys it issued. moto takes any key it did not issue for HUB's.
    keys = sandbox.account(args.partition, where.HUB)
    aws = Aws(moto.url, where.HUB, the_estate.hub_region, keys)

    print(f"end-to-end: deploying to moto at {moto.url}", flush=True)
    deployed = hands.deploy(aws, the_estate)
    hands.say(f"takes any role for granted and forgives any external id: a door in front of it refuses {where.CLOSED}")
    hands.say("does not speak the CloudWatch protocol of current SDKs: metrics go to the sandbox server")
    ids = hands.create_resources(aws, the_estate)
    hands.create_window(aws, the_estate)
    door = FrontDoor(aws, deployed.principals)
    stack.callback(door.stop)

    endpoints = {"AWS_ENDPOINT_URL": door.url, "AWS_ENDPOINT_URL_CLOUDWATCH": sandbox.url}
    settings = function_settings(aws, deployed.outputs["FunctionName"], aws.hub_keys)

    def function_at(other: dict[str, str]) -> Function:
        return Function(args.bin_dir / "bootstrap", settings, endpoints | other, folder / "bootstrap.log")

    function = function_at({})
    stack.callback(function.stop)
    admin_settings = function_settings(aws, deployed.outputs["AdminFunctionName"], where.ADMIN_KEYS)
    admin = Function(args.bin_dir / "bootstrap", admin_settings, endpoints, folder / "bootstrap.log")
    stack.callback(admin.stop)
    door.functions = {each.settings.name: each for each in (function, admin)}
    command_line = CommandLine(args.bin_dir / "scheduler-cli", door.url, aws.hub_region, folder, where.PERSON_KEYS)
    return Stage(aws, the_estate, ids, deployed, door, sandbox, function, function_at, admin, command_line)


def function_settings(aws: Aws, name: str, keys: dict[str, str]) -> FunctionSettings:
    """As the stack created the function, but for the time it may take."""
    made = aws.hub("lambda").get_function(FunctionName=name)["Configuration"]
    return FunctionSettings(
        name=made["FunctionName"],
        arn=made["FunctionArn"],
        handler=made["Handler"],
        region=aws.hub_region,
        memory_mb=made["MemorySize"],
        timeout_seconds=TIMEOUT_SECONDS,
        keys=keys,
    )


def show_log(folder: Path) -> None:
    print(f"\nThe end of bootstrap's log:\n{tail(folder / 'bootstrap.log', 30)}", file=sys.stderr, flush=True)


def verdict(checks: Checks, partitions: list[str]) -> int:
    places = ", ".join(partitions)
    if checks.failed:
        total = checks.passed + len(checks.failed)
        print(f"end-to-end: {len(checks.failed)} of {total} checks FAILED in {places}")
        return 1
    print(f"end-to-end: {checks.passed} checks passed in {places}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("end-to-end: interrupted; every process is ended")
