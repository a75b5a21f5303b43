"""Measures passes of the hub over a fleet in the sandbox. scripts/bench calls it.

The real bootstrap runs under a Lambda runtime API of our own, kept to one processor, against the sandbox's server on
another. First a pass that takes the sessions and writes the memories; then steady passes, in which nothing changes: the
one in the middle by CPU is the one in the table; then a pass in one Region in which every instance is stopped.

The bound is the longer of two times that no pass can beat: the rounds of waiting (targets by concurrency, times the
longest chain of a target's calls, times the latency), and what the AWS SDK itself needs to parse what it is given, which
is measured with the same bytes and nothing of ours.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_servers import tail

from . import figures
from . import shards
from .figures import Parsing, Pass, Plain, Size
from .stage import HOME, REGIONS, SCHEDULED, Stage

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    args = parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that every `finally` runs.
    size = Size(args.accounts, args.regions, args.instances, args.latency_ms, args.concurrency)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dayshift-bench-")))
        try:
            stage = Stage(args.bin_dir, folder, size, args.shards)
            stack.callback(stage.stop)
            return over_shards(stage, stack, args) if args.shards else bench(stage, stack, args)
        except Exception:
            print(f"\nThe end of bootstrap's log:\n{tail(folder / 'bootstrap.log', 30)}", file=sys.stderr, flush=True)
            raise


def bench(stage: Stage, stack: contextlib.ExitStack, args: argparse.Namespace) -> int:
    size = stage.size
    say(f"{size.targets:,} targets with {size.instances:,} instances each, {size.latency_ms:g} ms a call")
    stage.slow_down()
    function = stage.function()
    stack.callback(function.stop)
    tell("first pass", stage.invoke(function, SCHEDULED), size)
    steady = [stage.invoke(function, SCHEDULED) for _ in range(args.passes)]
    for one in steady:
        tell("steady pass", one, size)
    if args.perf:
        profile(stage, function, args.perf)
    lost = max(one.lost(size) for one in steady)
    memories = stage.memories()
    tell("busy pass", busy(stage, function), size)
    function.stop()
    stage.sandbox.clear_faults()
    parsing = parse(args.bin_dir, stage, memories)
    stage.slow_down()
    sample = stage.targets[: min(args.sample, size.targets)]
    plain = loop(stage, sample) if sample else None
    report(size, steady, parsing, plain, lost)
    return 0


def over_shards(stage: Stage, stack: contextlib.ExitStack, args: argparse.Namespace) -> int:
    """Passes that are cut into shards: undisturbed ones, then what may happen to calls and to messages."""
    size, targets = stage.size, stage.targets
    say(f"{size.targets:,} targets in shards of {args.shards}, {args.at_once} at once")
    stage.slow_down()
    concurrency = shards.Concurrency(stage, args.at_once)
    stack.callback(concurrency.stop)
    rows, faulted = [shards.HEADS], None
    for name, disturb in (
        ("first pass", None),
        ("1 % of calls fail", shards.inject_faults),
        ("messages come twice", shards.duplicate_messages),
        ("messages are lost", shards.lose_messages),
        ("what was lost, sent again", shards.wait),
    ):
        if disturb:
            disturb(stage)
        one = concurrency.run()
        say(f"  {one.began}; {one.tally}")
        stage.sandbox.clear_faults()
        stage.slow_down()
        faulted = one if disturb is shards.inject_faults else faulted
        rows.append(one.row(name, size, targets))
        say(f"{name}: {one.wall_s:.1f} s")
    concurrency.stop()
    print("\n" + figures.text(rows) + "\n")
    memories = stage.memories()
    stage.sandbox.clear_faults()
    parsing = parse(args.bin_dir, stage, memories)
    whole = Pass(faulted.wall_s, faulted.cpu_s, faulted.peak_mib, faulted.traffic, {}, 0)
    print(json.dumps(figures.summary_line(size, whole, parsing, whole.lost(size))), flush=True)
    return 0


def busy(stage: Stage, function) -> Pass:
    """The day ends a minute ago, and in one Region every instance is stopped."""
    stage.open(stage.open_from, datetime.now(UTC) - timedelta(minutes=1))
    return stage.invoke(function, {"action": "run", "scope": {"region": stage.regions[-1]}})


def parse(bin_dir: Path, stage: Stage, memories: bytes) -> Parsing:
    """The SDK's own time, on the processor that the hub had."""
    page = stage.folder / "instances.xml"
    page.write_bytes(stage.page())
    items = stage.folder / "memories.json"
    items.write_bytes(memories)
    command = [*stage.on_one_core, str(bin_dir / "examples" / "parsing"), str(page), str(items)]
    return Parsing(**json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def loop(stage: Stage, sample: list[tuple[str, str]]) -> Plain:
    keys = {name.upper(): value for name, value in stage.keys.items()}
    command = [*stage.on_one_core, sys.executable, str(Path(__file__).with_name("plain.py"))]
    command += [stage.sandbox.url, HOME, stage.deployed["state_table"], json.dumps(sample)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **keys})
    return Plain(**json.loads(done.stdout))


def profile(stage: Stage, function, where: Path) -> None:
    """One more steady pass under perf."""
    command = ["perf", "record", "-q", "-g", "--call-graph", "dwarf,16384", "-F", "499", "-o", str(where)]
    with subprocess.Popen([*command, "-p", str(function.pid)]) as recording:
        stage.invoke(function, SCHEDULED)
        recording.send_signal(signal.SIGINT)


def report(size: Size, steady: list[Pass], parsing: Parsing, plain: Plain | None, lost: int) -> None:
    one = figures.median_by_cpu(steady)
    print(f"\nThe steady pass ({figures.spread(steady)}):\n")
    print(figures.text(figures.table(size, one, parsing, plain, dollars(size, one))))
    print(json.dumps(figures.summary_line(size, one, parsing, lost)), flush=True)


def dollars(size: Size, one: Pass) -> float:
    """What scripts/cost says of this deployment, at the memory with which Lambda gives the processor it had here."""
    options = {
        "accounts": size.accounts,
        "regions": size.regions,
        "resources": size.all_instances,
        "kinds": 1,
        "pairs": 1,
        "schedules": 1,
        "memory": 1769,
        "latency": size.latency_ms,
        "seconds": round(one.wall_s, 3),
    }
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "cost"), *arguments], check=True, capture_output=True, text=True
    )
    return float(done.stdout.splitlines()[-1].split()[-1].replace(",", ""))


def tell(name: str, one: Pass, size: Size) -> None:
    calls = ", ".join(f"{count:,} {operation}" for operation, count in one.traffic.calls.most_common())
    say(f"{name}: {one.wall_s:.2f} s, CPU {one.cpu_s:.2f} s, {one.peak_mib:.0f} MiB; {calls}")
    done = {name: one.summary[name] for name in ("resources", "started", "stopped", "failed") if one.summary[name]}
    say(f"  {len(one.traffic.listed):,} targets listed, {one.troubled} in trouble; {done}")


def say(words: str) -> None:
    print(f"bench: {words}", flush=True)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="200 targets, unless told otherwise: within a minute")
    parser.add_argument("--accounts", type=int, metavar="A", help="accounts (default: 1,000; quick: 50)")
    parser.add_argument("--regions", type=int, metavar="R", default=4, help=f"Regions, {len(REGIONS)} at most (default: 4)")
    parser.add_argument("--instances", type=int, metavar="I", default=100, help="instances in each target (default: 100)")
    parser.add_argument("--latency-ms", type=float, metavar="L", default=30, help="of every call (default: 30)")
    parser.add_argument("--concurrency", type=int, metavar="N", default=32, help="targets at once, as in hub.rs (default: 32)")
    parser.add_argument("--passes", type=int, metavar="N", default=3, help="steady passes (default: 3)")
    parser.add_argument("--sample", type=int, metavar="N", default=8, help="targets of the boto3 loop; 0: none (default: 8)")
    parser.add_argument(
        "--shards", type=int, nargs="?", const=100, metavar="N", help="cut passes into shards of N targets (default: 100)"
    )
    parser.add_argument("--at-once", type=int, metavar="N", default=4, help="shards at work at once (default: 4)")
    parser.add_argument("--perf", type=Path, metavar="FILE", help="record one more steady pass there with perf")
    parser.add_argument("--bin-dir", type=Path, required=True, help="the folder of bootstrap, sandbox-server and examples/")
    args = parser.parse_args()
    args.accounts = args.accounts or (50 if args.quick else 1000)
    if not (1 <= args.regions <= len(REGIONS) and args.accounts >= 1 and args.instances >= 1 and args.passes >= 1):
        parser.error("there is nothing to measure")
    return args


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("bench: interrupted; every process is ended")
