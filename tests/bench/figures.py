"""What was measured, and what follows from it. Pure: no processes, no clock."""

import statistics
from collections import Counter
from dataclasses import dataclass
from math import ceil

MIB = 1024 * 1024

OF_TARGETS = {"AssumeRole", "DescribeInstances", "Query", "BatchWriteItem", "StartInstances", "StopInstances"}
"""The operations that are called per target. The others are the pass's: settings, schedules, the lease, metrics."""


@dataclass(frozen=True)
class Size:
    """How much there is to do."""

    accounts: int
    regions: int
    instances: int
    latency_ms: float
    at_once: int

    @property
    def targets(self) -> int:
        return self.accounts * self.regions

    @property
    def all_instances(self) -> int:
        return self.targets * self.instances


@dataclass(frozen=True)
class Traffic:
    """Calls that the sandbox counted, by operation, and their bytes."""

    calls: Counter
    request_bytes: int
    response_bytes: int
    listed: Counter
    """Pages of instances that arrived, by (account, Region)."""

    @classmethod
    def of(cls, counts: list[dict]) -> "Traffic":
        calls, listed = Counter(), Counter()
        for count in counts:
            calls[count["operation"]] += count["count"]
            if count["operation"] == "DescribeInstances" and count["succeeded"]:
                listed[count["account"], count["region"]] += count["succeeded"]
        return cls(
            calls,
            sum(count["request_bytes"] for count in counts),
            sum(count["response_bytes"] for count in counts),
            listed,
        )

    @property
    def of_targets(self) -> int:
        return sum(count for operation, count in self.calls.items() if operation in OF_TARGETS)


@dataclass(frozen=True)
class Pass:
    """One invocation, as the kernel, the sandbox and the hub's own summary have it."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    traffic: Traffic
    summary: dict
    troubled: int
    """Targets that the summary names as failed."""
    held_up_s: float = 0.0
    """For how long other processes had the processor: what is wrong with the wall time on a busy machine."""

    def lost(self, size: Size) -> int:
        return size.targets - len(self.traffic.listed) + self.troubled


def median_by_cpu(passes: list[Pass]) -> Pass:
    """The pass in the middle; of an even number the cheaper of the two."""
    return sorted(passes, key=lambda one: one.cpu_s)[(len(passes) - 1) // 2]


@dataclass(frozen=True)
class Parsing:
    """What the SDK alone spends on one page and on one query's answer: crates/scheduler-aws/examples/parsing.rs."""

    instances: int
    page_us: float
    empty_page_us: float
    items: int
    query_us: float
    empty_query_us: float

    @property
    def instance_us(self) -> float:
        return (self.page_us - self.empty_page_us) / max(self.instances, 1)

    @property
    def memory_us(self) -> float:
        return (self.query_us - self.empty_query_us) / max(self.items, 1)

    @property
    def us(self) -> float:
        """Of all that AWS returns for one instance: its item in the list, and the memory of it."""
        return self.instance_us + self.memory_us


@dataclass(frozen=True)
class Bound:
    """Below what no pass of this size can come at this concurrency on one processor."""

    waiting_s: float
    parsing_s: float

    @property
    def s(self) -> float:
        return max(self.waiting_s, self.parsing_s)


def bound(size: Size, parsing: Parsing, calls: Counter) -> Bound:
    """A target's list and query run side by side, so its longest chain is the longer of the two, in pages."""
    chain = max(ceil(calls["DescribeInstances"] / size.targets), ceil(calls["Query"] / size.targets), 1)
    waiting = ceil(size.targets / size.at_once) * chain * size.latency_ms / 1000
    return Bound(waiting, size.all_instances * parsing.us / 1e6)


@dataclass(frozen=True)
class Plain:
    """The boto3 loop over a sample of targets."""

    targets: int
    instances: int
    wall_s: float
    cpu_s: float


def summary_line(size: Size, one: Pass, parsing: Parsing, lost: int) -> dict:
    """The last line of the bench."""
    limit = bound(size, parsing, one.traffic.calls)
    return {
        "instances_per_target": size.instances,
        "cpu_ms_per_target": round(one.cpu_s * 1e3 / size.targets, 3),
        "cpu_us_per_instance": round(one.cpu_s * 1e6 / max(size.all_instances, 1), 2),
        "parse_us_per_instance": round(parsing.us, 2),
        "wall_s": round(one.wall_s, 3),
        "bound_s": round(limit.s, 3),
        "wall_to_bound": round(one.wall_s / limit.s, 3),
        "peak_mib": round(one.peak_mib, 1),
        "calls_per_target": round(one.traffic.of_targets / size.targets, 3),
        "lost": lost,
    }


def table(size: Size, one: Pass, parsing: Parsing, plain: Plain | None, dollars: float) -> list[list[str]]:
    """Rows of a name, the hub's figure, the bound's and boto3's scaled to the same work."""
    limit = bound(size, parsing, one.traffic.calls)
    scale = size.targets / plain.targets if plain else 0
    targets, instances = size.targets, max(size.all_instances, 1)
    parsed_ms = parsing.us * size.instances / 1000
    cpu_ms = one.cpu_s * 1e3 / targets

    def of_plain(value: float, digits: int = 1) -> str:
        return f"{value:,.{digits}f}" if plain else ""

    plain_cpu, plain_wall = (plain.cpu_s * scale, plain.wall_s * scale) if plain else (0, 0)
    rows = [
        ["", "hub", "bound", "boto3 loop"],
        ["wall, s", f"{one.wall_s:,.2f}", f"{limit.s:,.2f}", of_plain(plain_wall)],
        ["  held up by other processes, s", f"{one.held_up_s:,.2f}", "", ""],
        ["  waiting in rounds, s", "", f"{limit.waiting_s:,.2f}", ""],
        ["  parsing, s", "", f"{limit.parsing_s:,.2f}", ""],
        ["wall to bound", f"{one.wall_s / limit.s:,.2f}", "1.00", of_plain(plain_wall / limit.s)],
        ["CPU, s", f"{one.cpu_s:,.2f}", f"{limit.parsing_s:,.2f}", of_plain(plain_cpu)],
        ["CPU a target, ms", f"{cpu_ms:,.2f}", f"{parsed_ms:,.2f}", of_plain(plain_cpu * 1e3 / targets)],
        ["  beyond parsing, ms", f"{cpu_ms - parsed_ms:,.2f}", "", ""],
        ["CPU an instance, us", f"{one.cpu_s * 1e6 / instances:,.1f}", f"{parsing.us:,.1f}", of_plain(plain_cpu * 1e6 / instances)],
        ["  to parse it in the list, us", "", f"{parsing.instance_us:,.1f}", ""],
        ["  to parse its memory, us", "", f"{parsing.memory_us:,.1f}", ""],
        ["peak memory, MiB", f"{one.peak_mib:,.1f}", "", ""],
        ["received, MB", f"{one.traffic.response_bytes / 1e6:,.1f}", "", ""],
        ["sent, MB", f"{one.traffic.request_bytes / 1e6:,.2f}", "", ""],
        ["a month at every 5 min, USD", f"{dollars:,.2f}", "", ""],
        ["calls a target", f"{one.traffic.of_targets / targets:,.2f}", "", ""],
    ]
    return rows + [[f"  {operation}", f"{count:,}", "", ""] for operation, count in sorted(one.traffic.calls.items())]


def text(rows: list[list[str]]) -> str:
    """Columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths))).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def spread(passes: list[Pass]) -> str:
    """How far the passes that were measured lie apart."""
    cpu = [one.cpu_s for one in passes]
    return f"{len(passes)} passes, CPU {min(cpu):.2f} to {max(cpu):.2f} s, median {statistics.median(cpu):.2f}"
