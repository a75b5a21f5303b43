"""One pass and everything that can be checked of it from outside."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lambda_runtime import Answer, Function
from local_servers import Sandbox

from . import estate as where
from .aws import Aws
from .checks import Checks, Problems
from .command_line import CommandLine
from .deployment import Deployment
from .estate import Estate, Resource
from .front_door import FrontDoor
from .kinds import state_of
from .observation import is_instant, metric_sums, seen, settled, state_items, writes

# The tags that inform.
LAST_ACTION, ERROR = f"{where.TAG_KEY}LastAction", f"{where.TAG_KEY}Error"

FunctionMaker = Callable[[dict[str, str]], Function]


@dataclass
class Stage:
    """Everything the story acts on and looks at."""

    aws: Aws
    estate: Estate
    ids: dict[Resource, str]
    deployment: Deployment
    door: FrontDoor
    sandbox: Sandbox
    function: Function
    other_function: FunctionMaker
    admin: Function
    command_line: CommandLine


@dataclass
class Expected:
    """What one pass should do. What is resized is stopped, to be started as another type. Settled says, per schedule,
    what the memory then holds."""

    started: set[Resource] = field(default_factory=set)
    stopped: set[Resource] = field(default_factory=set)
    resized: set[Resource] = field(default_factory=set)
    failed: set[Resource] = field(default_factory=set)
    settled: dict[str, str] = field(default_factory=dict)


class Passes:
    """Runs passes, and keeps what every resource should be doing by now.

    Its days are the last Monday and Tuesday that are over.
    """

    def __init__(self, stage: Stage, checks: Checks):
        self.stage = stage
        self.checks = checks
        self.names = {resource_id: each.name for each, resource_id in stage.ids.items()}
        self.expected_states = {each.name: each.begins for each in stage.estate.resources}
        self.expected_tags = self.tags()
        self.served = stage.estate.served()
        self.metrics_seen = 0
        self.monday = last_monday(datetime.now(ZoneInfo(where.ZONE)).date())

    def run_pass(
        self,
        name: str,
        at: str,
        expected: Expected,
        *,
        event: dict | None = None,
        ask: Callable[[], Answer] | None = None,
        account: str | None = None,
        late: bool = False,
    ) -> Answer:
        """Runs one pass, of one account if so told, and checks answer, calls, every state, the memory and metrics. Of
        an event, or of somebody else who asks, the instant is not `at` but now."""
        answer = Answer()
        with self.checks.check(name) as problems:
            asked_before = len(self.stage.door.calls)
            answer = ask() if ask else self.stage.function.invoke(event or run_request(at, account))
            self.expected_states |= {each.name: "running" for each in expected.started}
            self.expected_states |= {each.name: "stopped" for each in expected.stopped | expected.resized}
            if answer.error:
                problems.add(f"the invocation is an error: {answer.error}")
                return answer
            self.expect_tags(expected, datetime.fromisoformat(answer.result["pass"]["at"]))
            self.compare_answer(problems, answer, expected, account, at=None if event or ask else at)
            self.compare_calls(problems, expected, asked_before)
            self.compare_states(problems)
            self.compare_tags(problems)
            self.compare_memory(problems, expected)
            self.compare_metrics(problems, expected, account, late)
        return answer

    def targets(self, account: str | None) -> tuple[int, int]:
        """How many targets such a pass visits, and how many of them trust nobody."""
        if account:
            return len(self.stage.estate.regions), 0
        closed = len(self.stage.estate.closed_targets)
        return self.stage.estate.open_targets + closed, closed

    def quiet(self, name: str, at: str, *, late: bool = False) -> None:
        self.run_pass(f"{name}: quiet", at, Expected(), late=late)

    def dry_run(self, name: str, at: str, stops: set[Resource]) -> set[tuple[str, str]]:
        """Returns the actions it planned."""
        planned: set[tuple[str, str]] = set()
        with self.checks.check(name) as problems:
            asked_before = len(self.stage.door.calls)
            answer = self.stage.function.invoke(run_request(at) | {"dry_run": True})
            problems.unless(answer.result, f"the invocation is an error: {answer.error}")
            planned = self.actions(answer, "planned")
            problems.unless_same_set("planned", planned, {("stop", each.name) for each in stops})
            self.compare_calls(problems, Expected(), asked_before)
            problems.unless_same_items("memory", state_items(self.stage.aws, self.stage.deployment), {})
            problems.unless(not self.new_metrics(), "it put metrics")
            self.compare_states(problems)
            self.compare_tags(problems)
        return planned

    def by_hand(self, act: Callable, name: str, becomes: str) -> None:
        resource = self.stage.estate.named(name)
        act(self.stage.aws, resource, self.stage.ids[resource])
        self.expected_states[name] = becomes

    def those(self, state: str, among: Iterable[Resource]) -> set[Resource]:
        return {each for each in among if self.expected_states[each.name] == state}

    def working(self, state: str, *schedules: str) -> set[Resource]:
        """Those in that state of what these schedules start and stop, or any schedule does."""
        return self.those(state, self.stage.estate.served(*schedules))

    def at(self, clock: str, day: int = 0) -> str:
        """A time of Monday, or of the day after, on the wall in Berlin."""
        local = datetime.combine(self.monday + timedelta(days=day), time.fromisoformat(clock), ZoneInfo(where.ZONE))
        return utc(local)

    # --- Names for ids, so that a failure can be read -----------------------------------------------------------------

    def named(self, ids: Iterable[str]) -> set[str]:
        return {self.names.get(each, each) for each in ids}

    def name_of(self, outcome: dict) -> str:
        return self.names.get(outcome["resource"], outcome["resource"])

    def actions(self, answer: Answer, ended: str) -> set[tuple[str, str]]:
        """(start or stop, name) of every outcome that ended so."""
        outcomes = (answer.result or {}).get("outcomes", [])
        acted = (each for each in outcomes if each["action"] != "leave" and each["outcome"] == ended)
        return {(each["action"], self.name_of(each)) for each in acted}

    # --- Comparisons ------------------------------------------------------------------------------------------------

    def compare_answer(
        self, problems: Problems, answer: Answer, expected: Expected, account: str | None, at: str | None
    ) -> None:
        summary = answer.result["pass"]
        if at:
            problems.unless_equal("pass.at", datetime.fromisoformat(summary["at"]), datetime.fromisoformat(at))
        problems.unless_equal("pass.targets", summary["targets"], self.targets(account)[0])
        acted = (("start", expected.started), ("stop", expected.stopped), ("resize", expected.resized))
        done_so = zip(("started", "stopped", "resized"), (of for _, of in acted), strict=True)
        for count, of in (*done_so, ("failed", expected.failed)):
            problems.unless_equal(f"pass.{count}", summary[count], len(of))
        done = {(action, each.name) for action, resources in acted for each in resources}
        problems.unless_same_set("outcomes done", self.actions(answer, "done"), done)
        failed = {("start", each.name) for each in expected.failed}
        problems.unless_same_set("outcomes failed", self.actions(answer, "failed"), failed)

    def compare_calls(self, problems: Problems, expected: Expected, asked_before: int) -> None:
        asked = writes(self.stage.door.calls[asked_before:])
        starts = {each.name for each in expected.started | expected.failed}
        problems.unless_same_set("asked to start", self.named(asked["start"]), starts)
        stops = {each.name for each in expected.stopped | expected.resized}
        problems.unless_same_set("asked to stop", self.named(asked["stop"]), stops)

    def compare_states(self, problems: Problems) -> None:
        found = seen(self.stage.aws, self.stage.estate, self.stage.ids)
        states = {each.name: state_of(each, one) for each, one in found.items()}
        problems.unless_same_items("state", states, self.expected_states)

    def compare_tags(self, problems: Problems) -> None:
        problems.unless_same_items("tags", self.tags(), self.expected_tags)

    def tags(self) -> dict[str, dict[str, str]]:
        """Name to tags. Of the reason of a failure, its class is enough."""
        found = seen(self.stage.aws, self.stage.estate, self.stage.ids)
        tags = {each.name: dict(one.tags) if one else {} for each, one in found.items()}
        for of_one in tags.values():
            if ERROR in of_one:
                of_one[ERROR] = of_one[ERROR].split(":")[0]
        return tags

    def expect_tags(self, expected: Expected, at: datetime) -> None:
        """What was started has the tags that the deployment names for it and not those of what was stopped, and so the
        other way round; and its last action. An error's tag goes with the next success."""
        minute = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
        shift, rest = {"Shift": f"on since {minute}"}, {"Rest": f"by {where.STACK}"}
        for word, resources, put_on, taken_off in (
            ("started", expected.started, shift, rest),
            ("stopped", expected.stopped, rest, shift),
            ("stopped to be resized", expected.resized, {}, rest),
        ):
            for name in (each.name for each in resources):
                kept = {key: value for key, value in self.expected_tags[name].items() if key not in {*taken_off, ERROR}}
                self.expected_tags[name] = kept | put_on | {LAST_ACTION: f"{word} {minute} UTC"}
        for each in expected.failed:
            self.expected_tags[each.name] = self.expected_tags[each.name] | {ERROR: "wrong-state"}

    def compare_memory(self, problems: Problems, expected: Expected) -> None:
        """Where the story says what is settled, every served resource has it, and no other has settled anything."""
        if not expected.settled:
            return
        items = state_items(self.stage.aws, self.stage.deployment)
        held = {
            f"{each.target} {each.kind}/{self.stage.ids[each]}": expected.settled[each.schedule]
            for each in self.served - expected.failed
        }
        failed = {f"{each.target} {each.kind}/{self.stage.ids[each]}" for each in expected.failed}
        memory = {key: value for key, value in settled(items).items() if value and key not in failed}
        problems.unless_same_items("settled", memory, held)
        for key, item in items.items():
            for name in ("edge", "at"):
                problems.unless(name not in item or is_instant(item[name]), f"{key}: {name} is {item.get(name)!r}")

    def compare_metrics(self, problems: Problems, expected: Expected, account: str | None, late: bool) -> None:
        """A pass over everything counts what there is and what it did; one of an account only what it did, and a late
        one nothing: either would be counted beside the pass over everything."""
        new = self.new_metrics()
        if late:
            problems.unless(not new, "it put metrics")
            return
        here = (where.HUB, self.stage.estate.hub_region, self.stage.deployment.namespace)
        places = {(datum["account"], datum["region"], datum["namespace"]) for datum in new}
        problems.unless_equal("metrics' account, Region and namespace", places, {here})
        sums = metric_sums(new)
        targets, closed = self.targets(account) if account is None else (None, None)
        problems.unless_equal("metric PassDuration", ("PassDuration", "", "") in sums, account is None)
        problems.unless_equal("metric Targets", sums.get(("Targets", "", "")), targets)
        problems.unless_equal("metric FailedTargets", sums.get(("FailedTargets", "", "")), closed)
        managed = self.stage.estate.managed() if account is None else set()
        served = self.served & managed
        for metric, resources in (
            ("Managed", managed),
            ("Running", self.those("running", served)),
            ("Stopped", self.those("stopped", served)),
            ("Started", expected.started),
            ("StoppedNow", expected.stopped),
            ("Failed", expected.failed),
        ):
            seen = {key: value for key, value in sums.items() if key[0] == metric and value}
            problems.unless_same_items("metric", seen, counts(metric, resources))

    def new_metrics(self) -> list[dict]:
        """What was put since the last look."""
        data = self.stage.sandbox.metrics()
        new, self.metrics_seen = data[self.metrics_seen :], len(data)
        return new


def counts(metric: str, resources: set[Resource]) -> dict[tuple[str, str, str], int]:
    """The metric as it should be: one datum per schedule and kind."""
    return dict(Counter((metric, each.schedule, each.kind) for each in resources))


def last_monday(today: date) -> date:
    """Of the last Monday and Tuesday that are both over."""
    return today - timedelta(days=2) - timedelta(days=(today - timedelta(days=2)).weekday())


def utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def run_request(at: str, account: str | None = None) -> dict:
    return {"action": "run", "now": at} | ({"scope": {"account": account}} if account else {})
