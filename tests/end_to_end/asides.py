"""What happens beside the working day: instance types, a maintenance window, two passes at once, and questions."""

import threading
from datetime import datetime
from zoneinfo import ZoneInfo

from lambda_runtime import Answer

from . import deployment as hands
from . import estate as where
from .checks import Problems
from .estate import ASG, CLUSTER, EC2, ECS, RDS, REDSHIFT, Resource
from .observation import state_items, writes
from .passes import Expected, Passes, run_request
from .shard_source import ShardSource

# What each schedule's resources are settled on, while the office works and while it does not.
NIGHT = {"office": "stopped", "on-call": "stopped", "render": "stopped", "patched": "stopped"}
DAY = NIGHT | {"office": "running"}

IN_WORDS = {
    EC2: "an EC2 instance",
    RDS: "an RDS instance",
    CLUSTER: "a database cluster",
    ASG: "an Auto Scaling group",
    ECS: "an ECS service",
    REDSHIFT: "a Redshift cluster",
}


class Asides(Passes):
    """The chapters. Each leaves the estate as the story's next expects it."""

    def instance_types(self) -> None:
        first, second = (self.stage.estate.named(f"render-{n}") for n in (1, 2))
        self.by_hand(hands.start, second.name, "running")
        self.run_pass(
            "at ten what rests starts as its period's type, and what runs as another stops to become it",
            self.at("10:00"),
            Expected(started={first}, resized={second}),
        )
        self.types_are({first: where.RENDER_TYPE, second: "t3.micro"})
        self.run_pass(
            "a minute later it starts as that type",
            self.at("10:01"),
            Expected(started={second}, settled=DAY | {"render": "running"}),
        )
        self.types_are({first: where.RENDER_TYPE, second: where.RENDER_TYPE})

    def types_are(self, expected: dict[Resource, str]) -> None:
        with self.checks.check("they are of these types: " + ", ".join(expected.values())) as problems:
            for resource, instance_type in expected.items():
                ec2 = hands.clients(self.stage.aws, resource)("ec2")
                found = ec2.describe_instances(InstanceIds=[self.stage.ids[resource]])["Reservations"]
                problems.unless_equal(resource.name, found[0]["Instances"][0]["InstanceType"], instance_type)

    def end_of_rendering(self) -> None:
        self.run_pass(
            "at four they stop", self.at("16:00"), Expected(stopped=self.working("running", "render"), settled=DAY)
        )

    def maintenance_window(self) -> None:
        patched = self.stage.estate.served("patched")
        self.quiet("nothing happens a minute before the lead of the maintenance window", self.at("19:49"))
        at = self.at("19:50")
        self.run_pass("ten minutes before the window what it names starts", at, Expected(started=patched))
        self.quiet("a second pass at the same instant", at)
        self.quiet("nothing stops a minute before the window is over", self.at("21:59"))
        at = self.at("22:00")
        self.run_pass("after the window it stops", at, Expected(stopped=patched, settled=NIGHT))

    # --- Two at once ------------------------------------------------------------------------------------------------

    def run_pass_beside(self, name: str, at: str, expected: Expected, rival: dict, **how) -> tuple[Answer, Answer]:
        """Runs a pass, and while it is at work invokes another instance of the function with the event `rival`. Answers
        both."""
        answers: list[Answer] = []
        function = self.stage.other_function({})

        def rivalry() -> None:
            if self.stage.door.holds.wait(30):
                answers.append(function.invoke(rival))

        asked_before = len(self.stage.door.calls)
        self.stage.door.hold_until_asked_for_lease_twice()
        thread = threading.Thread(target=rivalry)
        thread.start()
        try:
            answer = self.run_pass(name, at, expected, **how)
            thread.join()
        finally:
            function.stop()
        with self.checks.check("nothing was asked of AWS twice") as problems:
            asked = writes(self.stage.door.calls[asked_before:])
            for does in ("start", "stop", "change"):
                twice = {each for each in asked[does] if asked[does].count(each) > 1}
                problems.unless_same_set(f"asked to {does} twice", self.named(twice), set())
        return answer, answers[0] if answers else Answer()

    def run_beside_request(self, name: str, at: str, expected: Expected) -> None:
        """Of one account, whose metrics would not be counted twice."""
        _, waited = self.run_pass_beside(name, at, expected, run_request(at, where.PLANT))
        with self.checks.check("a request that came meanwhile waited for it, and found nothing to do") as problems:
            counts = (waited.result or {}).get("pass", {})
            problems.unless(counts.get("resources"), f"no answer of a pass: {waited}")
            did = {each: counts.get(each) for each in ("started", "stopped", "resized", "failed")}
            problems.unless_same_items("pass", did, dict.fromkeys(did, 0))

    def run_beside_event(self, name: str, at: str, expected: Expected, event: dict) -> None:
        _, left = self.run_pass_beside(name, at, expected, event, event=event)
        with self.checks.check("a second event that came meanwhile left the work to the first") as problems:
            problems.unless((left.result or {}).get("busy"), f"expected to be told who is at work, got {left}")
            problems.unless("pass" not in (left.result or {}), "it ran a pass")

    # --- Many targets -----------------------------------------------------------------------------------------------

    def run_pass_in_shards(self, name: str, at: str, expected: Expected) -> None:
        """The Regions of an account stay together, however few targets a shard may have."""
        self.targets_per_shard(1)
        function = self.stage.other_function({})
        try:
            with ShardSource(self.stage.aws, self.stage.deployment.outputs["ShardQueueUrl"], function) as source:
                answer = self.run_pass(name, at, expected)
        finally:
            function.stop()
            self.targets_per_shard(500)
        with self.checks.check("each account was the shard of an invocation of its own, and none is left") as problems:
            accounts = {row["account"] for row in (answer.result or {}).get("targets", [])}
            problems.unless_equal("shards", len(source.answers), len(accounts))
            for each in source.answers:
                problems.unless_equal("a shard's answer", each, Answer(result={"batchItemFailures": []}))
            problems.unless_equal("messages left", source.left(), 0)

    def targets_per_shard(self, most: int) -> None:
        name = f"{self.stage.deployment.outputs['ParameterPrefix']}/targets-per-shard"
        self.stage.aws.hub("ssm").put_parameter(Name=name, Value=str(most), Type="String", Overwrite=True)

    # --- Questions --------------------------------------------------------------------------------------------------

    def questions(self, settled: dict[str, str]) -> None:
        before = state_items(self.stage.aws, self.stage.deployment)
        asked_before = len(self.stage.door.calls)
        self.status(settled)
        for name in ("render-1", "orders", "aurora", "workers", "site", "warehouse"):
            self.explanation(self.stage.estate.named(name))
        self.no_explanation()
        with self.checks.check("questions change nothing, in AWS or in memory") as problems:
            self.compare_calls(problems, Expected(), asked_before)
            self.compare_states(problems)
            self.compare_tags(problems)
            problems.unless_same_items("memory", state_items(self.stage.aws, self.stage.deployment), before)
            problems.unless(not self.new_metrics(), "it put metrics")

    def status(self, settled: dict[str, str]) -> None:
        estate = self.stage.estate
        tagged = estate.managed() | estate.mistaken()
        with self.checks.check("the status names all that is tagged, what it does, should do and did last") as problems:
            result = self.asked({"action": "status"})
            rows = {self.name_of(row): row for row in result["resources"]}
            problems.unless_equal("omitted", result["omitted"], 0)
            problems.unless_same_set("resources", set(rows), {each.name for each in tagged})
            observed = {name: row["observed"] for name, row in rows.items()}
            members = {each.name: "unsuitable" for each in estate.managed() - self.served}
            states = {each.name: self.expected_states[each.name] for each in tagged}
            problems.unless_same_items("observed", observed, states | members)
            for each in self.served:
                self.compare_row(problems, rows.get(each.name, {}), each, settled[each.schedule])
            troubled = {(row["account"], row["region"]) for row in result["targets"]}
            problems.unless_same_set("targets in trouble", troubled, estate.closed_targets)

    def compare_row(self, problems: Problems, row: dict, resource: Resource, desired: str) -> None:
        place = "/".join(row.get(each, "") for each in ("partition", "account", "region"))
        last = self.expected_tags[resource.name].get("ScheduleLastAction", "").split(" ")[0]
        words = {"started": "start", "stopped": "stop", "": None}
        for what, found, expected in (
            ("target", place, resource.target),
            ("kind", row.get("kind"), resource.kind),
            ("schedule", row.get("schedule"), resource.schedule),
            ("desired", row.get("desired"), desired),
            ("last action", row.get("last_action"), words[last]),
            ("last outcome", row.get("last_outcome"), "done" if last else None),
            ("last error", row.get("last_error"), None),
        ):
            problems.unless_equal(f"{resource.name}: {what}", found, expected)

    def explanation(self, resource: Resource) -> None:
        """At noon of a working day to come: a question may look ahead."""
        with self.checks.check(f"noon is explained of {IN_WORDS[resource.kind]}, by its path") as problems:
            path = f"{resource.target}/{resource.kind}/{self.stage.ids[resource]}"
            found = self.asked({"action": "explain", "resource": path, "at": self.at("12:00", day=14)})["explanations"]
            problems.unless_equal("explanations", len(found), 1)
            told = found[0]
            action = "leave" if self.expected_states[resource.name] == "running" else "start"
            problems.unless_equal("action", told["action"], action)
            problems.unless_equal("desired", told["desired"].split("@")[0], "running")
            problems.unless(told["why"], "it does not say why")
            words = " ".join(told["sentences"])
            for part in (IN_WORDS[resource.kind], f"its tag says `{resource.schedule}`", "It should run"):
                problems.unless(part in words, f"it does not say {part!r}: {words}")
            problems.unless(not resource.size or "at the size" in words, f"it does not say its size: {words}")

    def no_explanation(self) -> None:
        with self.checks.check("what has no tag is not explained") as problems:
            untagged = self.stage.ids[self.stage.estate.named("bare-1")]
            told = self.asked({"action": "explain", "resource": untagged})
            problems.unless_equal("explanations", told["explanations"], [])

    def asked(self, request: dict) -> dict:
        answer = self.stage.function.invoke(request)
        if answer.error:
            raise RuntimeError(f"the invocation is an error: {answer.error}")
        return answer.result


def wanted_at(now: datetime) -> dict[str, str]:
    """What each schedule but `on-call` says, in other words than the scheduler's."""
    local = now.astimezone(ZoneInfo(where.ZONE))
    is_weekday, minute = local.weekday() < 5, local.hour * 60 + local.minute
    runs = {
        "office": is_weekday and 9 <= local.hour < 17,
        "render": is_weekday and 10 <= local.hour < 16,
        "patched": 19 * 60 + 50 <= minute < 22 * 60,
    }
    return {schedule: "running" if does else "stopped" for schedule, does in runs.items()}


def settled_by(wanted: dict[str, str]) -> dict[str, str]:
    """What is done for a window is not settled: the schedule wants what it wanted before."""
    return wanted | {"patched": NIGHT["patched"]}
