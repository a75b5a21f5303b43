"""The story: two working days of one estate, told in passes, each checked from outside.

`office` runs from 09:00 to 17:00 in Berlin on weekdays. The days are the last Monday and Tuesday that are over:
CloudWatch takes no data older than two weeks, and the last pass is for now, which must come after the others.
"""

import re
import uuid
from collections import Counter
from datetime import UTC, datetime

from iam_actions import LOGS, SECRETS, TAKEN_MESSAGES
from lambda_runtime import Answer

from . import deployment as hands
from . import estate as where
from .asides import DAY, NIGHT, settled_by, wanted_at
from .endings import Endings
from .front_door import Call
from .observation import allowed_actions, called_actions, snapshots_of, state_items, writes
from .passes import Expected, run_request, utc

CANNOT_START = ("IncorrectInstanceState", "The instance is not in a state from which it can be started.")

# Of a snapshot that somebody took.
BY_HAND = "before-the-migration"

# What the roles allow and no call at moto's front door shows.
BEYOND_THE_DOOR = {
    "cloudwatch:PutMetricData",  # Goes to the sandbox.
    "rds:ListTagsForResource",  # Asked for by RDS when it lists an instance's tags.
    # For `doctor`, which asks IAM's simulator, and moto has none. The crates' tests run it on the sandbox.
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "iam:SimulatePrincipalPolicy",
} | LOGS | SECRETS | TAKEN_MESSAGES


class Story(Endings):
    """The chapters, in order. Each leaves the estate as the next expects it."""

    def tell(self) -> None:
        self.before_opening()
        self.opening()
        self.during_the_day()
        self.closing()
        self.maintenance_window()
        self.late_tick()
        self.unreachable_stores()
        self.next_day()
        wanted = self.scheduled_event()
        self.command_line(wanted)
        self.declarations()
        self.whole_record()
        self.other_parameters()
        self.the_end()

    # --- Chapters ---------------------------------------------------------------------------------------------------

    def before_opening(self) -> None:
        running = self.working("running")
        at = self.at("08:50")
        planned = self.dry_run("a dry run before opening plans the first stops and does nothing", at, stops=running)
        answer = self.run_pass(
            "the first pass, before opening, stops what runs",
            at,
            Expected(stopped=running, settled=NIGHT),
        )
        with self.checks.check("the first pass did what the dry run planned") as problems:
            problems.unless_same_set("actions", self.actions(answer, "done"), planned)
        self.mistakes_are_named(answer)
        self.closed_account_failed(answer)
        self.quiet("a second pass at the same instant", at)

    def mistakes_are_named(self, answer: Answer) -> None:
        with self.checks.check("resources of bad or missing schedules are left alone, with the reason") as problems:
            reasons = {
                self.name_of(outcome): (outcome["action"], outcome.get("why"))
                for outcome in (answer.result or {}).get("outcomes", [])
            }
            for resource in self.stage.estate.mistaken():
                action, why = reasons.get(resource.name, (None, None))
                problems.unless(action == "leave" and why, f"{resource.name}: action {action!r}, why {why!r}")

    def closed_account_failed(self, answer: Answer) -> None:
        with self.checks.check(
            "the account without a role fails as a target, with its code, and no other does"
        ) as problems:
            failed = {
                (target["account"], target["region"]): target.get("code")
                for target in (answer.result or {}).get("targets", [])
                if target["outcome"] == "failed"
            }
            problems.unless_same_set("failed targets", set(failed), self.stage.estate.closed_targets)
            for target, code in failed.items():
                problems.unless("denied" in str(code).lower(), f"{target}: code {code!r} does not say denied")

    def opening(self) -> None:
        broken = self.stage.estate.named("fleet-13")
        self.stage.door.unstartable[self.stage.ids[broken]] = CANNOT_START
        self.run_pass(
            "at opening all start but the one that cannot",
            self.at("09:00"),
            Expected(
                started=self.stage.estate.served("office") - {broken}, failed={broken}, settled=DAY
            ),
        )
        del self.stage.door.unstartable[self.stage.ids[broken]]
        at = self.at("09:01")
        self.run_pass("a minute later the failed start is tried again", at, Expected(started={broken}))
        self.quiet("a second pass at the same instant", at)

    def during_the_day(self) -> None:
        orders = self.stage.estate.named("orders")
        hands.clients(self.stage.aws, orders)("rds").create_db_snapshot(
            DBInstanceIdentifier="orders", DBSnapshotIdentifier=BY_HAND
        )
        self.by_hand(hands.stop, "web-1", "stopped")
        self.quiet("what a person stopped stays stopped, five minutes after opening", self.at("09:05"))
        self.instance_types()
        self.end_of_rendering()
        asked_before = len(self.stage.door.calls)
        self.quiet("nothing happens a minute before closing", self.at("16:59"))
        self.tell_cost(self.stage.door.calls[asked_before:])

    def tell_cost(self, calls: list[Call]) -> None:
        """Not checked: what AWS is asked when there is nothing to do. PutMetricData, not seen here, comes on top."""
        made = Counter(f"{call.service}:{call.operation}" for call in calls)
        listed = ", ".join(f"{action} {count}" for action, count in sorted(made.items()))
        targets, _ = self.targets(None)
        print(f"  cost   a quiet pass over {targets} targets made {len(calls)} calls: {listed}", flush=True)

    def closing(self) -> None:
        at = self.at("17:00")
        self.run_pass(
            "at closing all that runs stops",
            at,
            Expected(stopped=self.working("running", "office"), settled=NIGHT),
        )
        self.quiet("a second pass at the same instant", at)
        self.by_hand(hands.start, "app-1", "running")
        self.quiet("what a person started keeps running, five minutes after closing", self.at("17:05"))

    def late_tick(self) -> None:
        before = state_items(self.stage.aws, self.stage.deployment)
        self.quiet("a late tick for an instant within the day does nothing", self.at("11:00"), late=True)
        with self.checks.check("the late tick left the memory as it was") as problems:
            problems.unless_same_items("memory", state_items(self.stage.aws, self.stage.deployment), before)

    def unreachable_stores(self) -> None:
        for service, variable in (
            ("DynamoDB", "AWS_ENDPOINT_URL_DYNAMODB"),
            ("Parameter Store", "AWS_ENDPOINT_URL_SSM"),
        ):
            self.unreachable(service, variable)

    def unreachable(self, service: str, variable: str) -> None:
        with self.checks.check(
            f"with {service} out of reach the invocation is an error and nothing is touched"
        ) as problems:
            asked_before = len(self.stage.door.calls)
            # The discard port: nothing listens there.
            function = self.stage.other_function({variable: "http://127.0.0.1:9"})
            try:
                answer = function.invoke(run_request(self.at("09:00", day=1)))
            finally:
                function.stop()
            problems.unless(answer.error, f"expected an error, got {answer.result}")
            message = (answer.error or {}).get("errorMessage", "")
            problems.unless(
                service.split()[0].lower() in message.lower(), f"the message names no {service}: {message!r}"
            )
            self.compare_calls(problems, Expected(), asked_before)
            self.compare_states(problems)

    def next_day(self) -> None:
        at = self.at("09:00", day=1)
        started = self.working("stopped", "office")
        self.run_beside_request(
            "the next day's opening comes as if nothing had been", at, Expected(started=started, settled=DAY)
        )
        self.quiet("a second pass at the same instant", at)
        at = self.at("17:00", day=1)
        plant = {each for each in self.working("running", "office") if each.account == where.PLANT}
        self.run_pass(
            "a pass in one account's scope closes that account alone",
            at,
            Expected(stopped=plant),
            account=where.PLANT,
        )
        rest = self.working("running", "office")
        self.run_pass_in_shards(
            "the unscoped pass at that instant closes the others, in shards", at, Expected(stopped=rest, settled=NIGHT)
        )
        self.one_snapshot_is_kept(at)

    def one_snapshot_is_kept(self, stopped_at: str) -> None:
        with self.checks.check("one snapshot is kept, that of the last stop, beside those of others") as problems:
            orders = self.stage.estate.named("orders")
            stamp = re.sub("[-:]", "", stopped_at).lower()
            expected = {"orders": {BY_HAND, f"{where.STACK}-stopped-orders-{stamp}"}}
            found = snapshots_of(hands.clients(self.stage.aws, orders)("rds"))
            problems.unless_same_items("snapshots", found, expected)

    def scheduled_event(self) -> dict[str, str]:
        """The rule's own event means now. An override makes something due whatever the clock says. Answers with what
        each schedule then says."""
        self.stage.aws.hub("dynamodb").update_item(
            TableName=self.stage.deployment.config_table,
            Key={"type": {"S": "schedule"}, "name": {"S": "on-call"}},
            UpdateExpression="SET override_status = :running",
            ExpressionAttributeValues={":running": {"S": "running"}},
        )
        now = datetime.now(UTC).replace(microsecond=0)
        wanted = wanted_at(now) | {"on-call": "running"}
        due = {each for each in self.working("stopped") if wanted[each.schedule] == "running"}
        due_for = ", ".join(sorted({each.schedule for each in due}))
        self.run_beside_event(
            f"the rule's event is a pass now, which is due for {due_for}: an override holds at any time",
            utc(now),
            Expected(started=due, settled=settled_by(wanted)),
            scheduled_event_at(now, self.stage.estate.hub_region),
        )
        self.questions(wanted)
        return wanted

    def whole_record(self) -> None:
        """Over the whole story, and not by its end state alone."""
        with self.checks.check(
            "nobody ever asked AWS to start, stop, change or tag what is untagged, misconfigured or closed"
        ) as problems:
            untouchable = {each.name for each in self.stage.estate.untouchable()}
            for verb, ids in writes(self.stage.door.calls).items():
                problems.unless_same_set(f"asked to {verb}", self.named(ids) & untouchable, set())
        self.permissions()
        with self.checks.check("every session says which pass it is for and carries the external id") as problems:
            taken = [call.params for call in self.stage.door.calls if call.operation == "AssumeRole"]
            problems.unless(taken, "no role was taken")
            for params in taken:
                problems.unless(
                    params["RoleSessionName"].startswith("dayshift-"), f"session {params['RoleSessionName']!r}"
                )
                problems.unless_equal(
                    "external id", params.get("ExternalId"), self.stage.deployment.outputs["ExternalId"]
                )

    def permissions(self) -> None:
        """moto evaluates no policy, so what the templates allow is compared with what was called: no less, no more."""
        with self.checks.check("the templates' policies allow what was called, and nothing else") as problems:
            calls, principals = self.stage.door.calls, self.stage.deployment.principals
            hub_keys = {self.stage.aws.hub_keys["aws_access_key_id"]}
            hub_role = self.stage.deployment.outputs["SchedulerRoleArn"].split("/")[-1]
            allowed = allowed_actions(self.stage.aws.hub("iam"), hub_role)
            problems.unless_same_set("the hub's role", allowed - BEYOND_THE_DOOR, called_actions(calls, hub_keys))
            admin_key, person_key = ({keys["aws_access_key_id"]} for keys in (where.ADMIN_KEYS, where.PERSON_KEYS))
            admin_role = self.stage.aws.hub("lambda").get_function(FunctionName=self.stage.admin.settings.name)
            allowed = allowed_actions(self.stage.aws.hub("iam"), admin_role["Configuration"]["Role"].split("/")[-1])
            problems.unless_same_set("the admin's role", allowed - BEYOND_THE_DOOR, called_actions(calls, admin_key))
            asked = called_actions(calls, person_key)
            problems.unless_same_set("the command line", asked, {"lambda:InvokeFunction"})
            sessions = {call.key for call in calls} - principals.keys() - admin_key - person_key
            for account, region in self.stage.estate.spokes:
                allowed = allowed_actions(self.stage.aws.client("iam", account, region), "dayshift-spoke")
                problems.unless_same_set("the spoke's role", allowed - BEYOND_THE_DOOR, called_actions(calls, sessions))


def scheduled_event_at(now: datetime, region: str) -> dict:
    """What EventBridge sends for a schedule expression."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": where.HUB,
        "time": utc(now),
        "region": region,
        "resources": [f"arn:aws:events:{region}:{where.HUB}:rule/{where.STACK}-SchedulerRule"],
        "detail": {},
    }
