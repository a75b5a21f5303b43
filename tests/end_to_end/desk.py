"""What people ask for at their desks: through the command line, and in templates of their own."""

import contextlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import yaml

from lambda_runtime import Answer

from . import estate as where
from .asides import Asides, settled_by, wanted_at
from .checks import Problems
from .command_line import Told
from .observation import state_items
from .passes import Expected, utc

# `on-call` runs by an override when this comes.
FILE = """\
default_timezone: UTC
periods:
  early: { begintime: "06:00", endtime: "14:00", weekdays: mon-fri }
schedules:
  early-office: { timezone: Europe/Berlin, periods: [early], description: "from six to two" }
  on-call: { override_status: stopped }
"""
CHANGES = {("create", "period", "early"), ("create", "schedule", "early-office"), ("update", "schedule", "on-call")}

OWNER = "configured_in_stack"

Items = dict[tuple[str, str], dict]


class Desk(Asides):
    """The chapters of the command line and of custom resources."""

    def command_line(self, wanted: dict[str, str]) -> None:
        """`wanted` is what each schedule wants by now."""
        self.file = self.stage.command_line.file("schedules.yaml", FILE)
        self.differences()
        self.mistakes_at_the_desk()
        self.applied()
        self.read_back()
        self.conflict()
        self.asked_at_the_desk()
        self.run_at_the_desk(wanted)

    def differences(self) -> None:
        with self.unchanged("diff names what a file would change, and changes nothing") as problems:
            told = self.told(problems, 3, "diff", "--file", self.file, "--json")
            found = {(each["change"], each["type"], each["name"]) for each in told.json["changes"]}
            problems.unless_same_set("changes", found, CHANGES)
            self.told(problems, 3, "apply", "--file", self.file, "--dry-run")

    def mistakes_at_the_desk(self) -> None:
        with self.unchanged("what cannot be done at the desk says why, and changes nothing") as problems:
            told = self.told(problems, 2, "apply", "--file", self.file)
            problems.unless("--yes" in told.words, f"nobody is there to confirm: {told.words}")
            wrong = self.stage.command_line.file("wrong.yaml", FILE.replace("06:00", "26:00"))
            told = self.told(problems, 2, "apply", "--file", wrong, "--yes")
            problems.unless("26:00" in told.words, f"the mistake is not shown: {told.words}")
            told = self.told(problems, 4, "export", stack="another")
            problems.unless("another-admin" in told.words, f"the missing function is not named: {told.words}")
            told = self.told(problems, 1, "delete-period", "--name", "office-hours")
            problems.unless("office" in told.words, f"who uses the period is not named: {told.words}")

    def applied(self) -> None:
        with self.checks.check("apply makes those changes and leaves the rest as it was") as problems:
            before = self.stored()
            self.told(problems, 0, "apply", "--file", self.file, "--yes")
            after = self.stored()
            changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
            problems.unless_same_set("changed", changed, {(kind, name) for _, kind, name in CHANGES})
            expected = {"type": {"S": "schedule"}, "name": {"S": "on-call"}, "override_status": {"S": "stopped"}}
            problems.unless_same_items("on-call", after["schedule", "on-call"], expected)
            told = self.told(problems, 0, "diff", "--file", self.file)
            problems.unless("no difference" in told.out, f"diff says {told.out!r}")

    def read_back(self) -> None:
        with self.unchanged("what is stored is exported and described, by every form's own words") as problems:
            schedules = {name for kind, name in self.stored() if kind == "schedule"}
            exported = yaml.safe_load(self.told(problems, 0, "export").out)
            problems.unless_same_set("exported", set(exported["schedules"]), schedules)
            problems.unless_same_items(
                "exported",
                exported["schedules"]["early-office"],
                {"timezone": "Europe/Berlin", "periods": ["early"], "description": "from six to two"},
            )
            described = self.told(problems, 0, "describe-schedules", "--json").json
            problems.unless_same_set("described", {each["name"] for each in described}, schedules)
            legacy = self.told(problems, 0, "describe-schedules", "--format", "legacy-json").json
            problems.unless_same_set("described", {each["Name"] for each in legacy["Schedules"]}, schedules)
            answered = self.stage.admin.invoke({"source": "scheduler.cli", "action": "describe-schedules"}).result
            found = {each["Name"] for each in (answered or {}).get("Schedules", [])}
            problems.unless_same_set("answered to Instance Scheduler's command line", found, schedules)

    def conflict(self) -> None:
        """Somebody else is faster, by as little as there can be."""
        later = self.stage.command_line.file("later.yaml", FILE.replace("from six to two", "early birds"))
        with self.checks.check("what somebody else has changed meanwhile is not overwritten") as problems:
            self.stage.door.meanwhile("TransactWriteItems", self.somebody_elses_change)
            told = self.told(problems, 1, "apply", "--file", later, "--yes", "--json")
            error = json.loads(told.words)["error"]
            problems.unless_equal("code", error["code"], "conflict")
            problems.unless("early-office" in error["message"], f"the item is not named: {error}")
            kept = self.stored()["schedule", "early-office"]["description"]
            problems.unless_equal("description", kept, {"S": "by hand"})
            self.told(problems, 0, "apply", "--file", self.file, "--yes")
            self.told(problems, 0, "diff", "--file", self.file)

    def somebody_elses_change(self) -> None:
        self.stage.aws.hub("dynamodb").update_item(
            TableName=self.stage.deployment.config_table,
            Key={"type": {"S": "schedule"}, "name": {"S": "early-office"}},
            UpdateExpression="SET description = :by_hand",
            ExpressionAttributeValues={":by_hand": {"S": "by hand"}},
        )

    def asked_at_the_desk(self) -> None:
        """The exit code tells of the account that nobody may look into."""
        with self.unchanged("status and explain at the desk say what the function says") as problems:
            rows = self.told(problems, 1, "status", "--json").json["resources"]
            said = self.asked({"action": "status"})["resources"]
            problems.unless_same_items("observed", observed_in(rows), observed_in(said))
            of_one = self.told(problems, 0, "status", "--account", where.PLANT, "--schedule", "on-call", "--json")
            names = {self.name_of(row) for row in of_one.json["resources"]}
            problems.unless_same_set("resources", names, {"batch-1"})
            told = self.told(problems, 0, "explain", self.stage.ids[self.stage.estate.named("batch-1")])
            for part in ("its tag says `on-call`", "override"):
                problems.unless(part in told.out, f"it does not say {part!r}: {told.out}")
            self.told(problems, 1, "explain", self.stage.ids[self.stage.estate.named("bare-1")])

    def run_at_the_desk(self, before: dict[str, str]) -> None:
        stopped = self.working("running", "on-call")
        with self.unchanged("a dry run at the desk plans what was applied, and does nothing") as problems:
            told = self.told(problems, 1, "run", "--dry-run", "--account", where.CLOSED, "--json")
            problems.unless_equal("resources of the closed account", told.json["pass"]["resources"], 0)
            scope = ("--schedule", "on-call", "--account", where.PLANT)
            told = self.told(problems, 0, "run", "--dry-run", *scope, "--json")
            planned = self.actions(Answer(result=told.json), "planned")
            problems.unless_same_set("planned", planned, {("stop", each.name) for each in stopped})
        now = datetime.now(UTC)
        wanted = wanted_at(now) | {"on-call": "stopped"}
        self.run_pass(
            "a pass at the desk does what was applied",
            utc(now),
            self.turned(before, wanted),
            ask=lambda: Answer(result=self.stage.command_line.run("run", "--json").json),
        )

    def turned(self, before: dict[str, str], wanted: dict[str, str]) -> Expected:
        """What is due where schedules say something else than before."""
        turned = {word: [each for each in wanted if before[each] != wanted[each] == word] for word in wanted.values()}
        to_start, to_stop = turned.get("running", []), turned.get("stopped", [])
        return Expected(
            started=self.working("stopped", *to_start) if to_start else set(),
            stopped=self.working("running", *to_stop) if to_stop else set(),
            settled=settled_by(wanted),
        )

    # --- Custom resources -------------------------------------------------------------------------------------------

    def declarations(self) -> None:
        """Schedules that a stack of somebody's declares: CloudFormation asks the admin, and waits at an address."""
        aws = self.stage.aws
        self.stack_id = (
            f"arn:{self.stage.estate.partition}:cloudformation:{aws.hub_region}:{where.HUB}:stack/shop/{uuid.uuid4()}"
        )
        late = {"Periods": {"late": {"begintime": "12:00", "endtime": "20:00"}}}
        office = late | {"Schedules": {"late-office": {"periods": ["late"], "timezone": where.ZONE}}}
        longer = {"Periods": {"late": {"begintime": "12:00", "endtime": "21:00"}}} | {"Schedules": office["Schedules"]}
        names = {("period", "late"), ("schedule", "late-office")}
        first = self.stored()

        with self.checks.check("what a stack declares is stored as the stack's, and CloudFormation told") as problems:
            answer = self.declare(problems, "Create", office)
            self.is_told(problems, answer, "SUCCESS", "late-office")
            self.has_stored(problems, first, names)
            self.declare(problems, "Create", office)
            self.has_stored(problems, first, names)
        physical_id = answer["PhysicalResourceId"]

        with self.checks.check("a changed declaration is a changed item, and the same resource") as problems:
            answer = self.declare(problems, "Update", longer, office, physical_id)
            self.is_told(problems, answer, "SUCCESS", "late-office")
            problems.unless_equal("physical id", answer["PhysicalResourceId"], physical_id)
            problems.unless_equal("end", self.stored()["period", "late"]["endtime"], {"S": "21:00"})

        with self.unchanged("what a stack declares is its own, at the desk and among stacks") as problems:
            told = self.told(problems, 1, "update-period", "--name", "late", "--endtime", "22:00", "--json")
            problems.unless_equal("code", json.loads(told.words)["error"]["code"], "owned-by-stack")
            taken = {"Periods": {"office-hours": {"begintime": "01:00"}}}
            answer = self.declare(problems, "Create", taken, logical_id="Taken")
            self.is_told(problems, answer, "FAILED", "")
            problems.unless("office-hours" in answer["Reason"], answer["Reason"])
            answer = self.declare(problems, "Create", {"Periodes": {}}, logical_id="Wrong")
            self.is_told(problems, answer, "FAILED", "")
            problems.unless("Periods" in answer["Reason"], f"what may be meant is not named: {answer['Reason']}")
            # CloudFormation rolls back what was refused.
            for logical_id, properties in (("Taken", taken), ("Wrong", {"Periodes": {}})):
                answer = self.declare(problems, "Delete", properties, physical_id=answer["PhysicalResourceId"])
                self.is_told(problems, answer, "SUCCESS", "")

        with self.checks.check("a stack that goes takes what it declares along") as problems:
            self.is_told(problems, self.declare(problems, "Delete", longer, physical_id=physical_id), "SUCCESS", "")
            self.has_stored(problems, first, set())
            self.is_told(problems, self.declare(problems, "Delete", longer, physical_id=physical_id), "SUCCESS", "")

        with self.checks.check("Instance Scheduler's own custom resource comes and goes") as problems:
            theirs = {"Name": "night", "Timezone": "UTC", "Periods": [{"BeginTime": "22:00", "EndTime": "23:00"}]}
            how = {"resource_type": "Custom::ServiceInstanceSchedule"}
            answer = self.declare(problems, "Create", theirs, **how)
            self.is_told(problems, answer, "SUCCESS", "shop-night")
            self.has_stored(problems, first, {("period", "shop-night-period-0001"), ("schedule", "shop-night")})
            answer = self.declare(problems, "Delete", theirs, physical_id=answer["PhysicalResourceId"], **how)
            self.is_told(problems, answer, "SUCCESS", "")
            self.has_stored(problems, first, set())

    def declare(
        self,
        problems: Problems,
        request: str,
        properties: dict,
        old: dict | None = None,
        physical_id: str = "",
        *,
        logical_id: str = "OfficeHours",
        resource_type: str = "Custom::DayshiftSchedules",
    ) -> dict:
        """Asks as CloudFormation does; answers with what it is told at the address it waits at."""
        token = {"ServiceToken": self.stage.deployment.outputs["ServiceToken"]}
        path = f"/cloudformation-custom-resource-response/{uuid.uuid4()}?X-Amz-Expires=7200&X-Amz-Signature=0a1b%2F"
        event = {
            "RequestType": request,
            "ResponseURL": self.stage.door.url + path,
            "RequestId": str(uuid.uuid4()),
            "StackId": self.stack_id,
            "LogicalResourceId": logical_id,
            "ResourceType": resource_type,
            "ResourceProperties": token | properties,
        }
        event |= {"PhysicalResourceId": physical_id} if physical_id else {}
        event |= {"OldResourceProperties": token | old} if old else {}
        self.stage.admin.invoke(event)
        content_type, answer = self.stage.door.answers.pop(path)
        problems.unless(not content_type, f"the address is signed for no content type, not for {content_type!r}")
        for name in ("RequestId", "StackId", "LogicalResourceId"):
            problems.unless_equal(name, answer[name], event[name])
        return answer

    def is_told(self, problems: Problems, answer: dict, status: str, schedules: str) -> None:
        problems.unless_equal("status", answer["Status"], status)
        problems.unless_equal("schedules", answer.get("Data", {}).get("Schedules"), schedules)
        problems.unless(answer["Reason"] and answer["PhysicalResourceId"], f"no reason or id: {answer}")

    def has_stored(self, problems: Problems, before: Items, more: set[tuple[str, str]]) -> None:
        """The items of before, and those of the stack."""
        after = self.stored()
        problems.unless_same_set("items", after.keys() - before.keys(), more)
        problems.unless_same_items("others", {key: after.get(key) for key in before}, before)
        for key in more & after.keys():
            problems.unless_equal(f"owner of {key}", after[key].get(OWNER), {"S": self.stack_id})

    # --- What they have in common -----------------------------------------------------------------------------------

    def told(self, problems: Problems, code: int, *arguments: str, **how: str) -> Told:
        """Runs a command that should end with the code."""
        told = self.stage.command_line.run(*arguments, **how)
        problems.unless(
            told.code == code, f"{arguments[0]} ended with {told.code}, not {code}:\n{told.out[-600:]}{told.words}"
        )
        return told

    def stored(self) -> Items:
        """The ConfigTable's items, by type and name."""
        scan = self.stage.aws.hub("dynamodb").get_paginator("scan")
        pages = scan.paginate(TableName=self.stage.deployment.config_table)
        return {(item["type"]["S"], item["name"]["S"]): item for page in pages for item in page["Items"]}

    @contextlib.contextmanager
    def unchanged(self, name: str) -> Iterator[Problems]:
        """A check during which nothing is written, to tables or resources."""
        with self.checks.check(name) as problems:
            before, remembered = self.stored(), state_items(self.stage.aws, self.stage.deployment)
            asked_before = len(self.stage.door.calls)
            yield problems
            problems.unless_same_items("stored", self.stored(), before)
            problems.unless_same_items("memory", state_items(self.stage.aws, self.stage.deployment), remembered)
            self.compare_calls(problems, Expected(), asked_before)


def observed_in(rows: list[dict]) -> dict[str, tuple[str, str]]:
    return {f"{row['account']} {row['region']} {row['resource']}": (row["schedule"], row["observed"]) for row in rows}
