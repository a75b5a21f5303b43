"""The story: two working days of one estate, told in passes, each checked from outside.

`office` runs from 09:00 to 17:00 in Berlin on weekdays. The days are the last Monday and Tuesday that are over:
CloudWatch takes no data older than two weeks, and the last pass is for now, which must come after the others.
"""

import uuid
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from . import deployment as hands
from . import estate as where
from .front_door import Call
from .lambda_runtime import Answer
from .observation import (
    allowed_actions,
    called_actions,
    state_items,
    writes,
)
from .passes import Expected, Passes, run_request, utc

CANNOT_START = ("IncorrectInstanceState", "The instance is not in a state from which it can be started.")

# What the roles allow and no call at moto's front door shows.
BEYOND_THE_DOOR = {
    "cloudwatch:PutMetricData",  # Goes to the sandbox.
    "logs:CreateLogStream",  # Lambda makes the calls itself,
    "logs:PutLogEvents",  # in the role's name.
    "kms:Decrypt",  # So does Parameter Store for a SecureString.
    "sqs:SendMessage",  # So does Lambda for the event of an invocation that failed.
    "rds:ListTagsForResource",  # Asked for by RDS when it lists an instance's tags.
}

# What the spoke's role allows for what this story has none of: resources of these kinds, instance types, and tags that
# are taken off. The crates' own tests make these calls on the sandbox.
NOT_IN_THIS_STORY = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:RegisterScalableTarget",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
    "autoscaling:UpdateAutoScalingGroup",
    "ec2:DescribeInstanceTypes",
    "ec2:ModifyInstanceAttribute",
    "ecs:DescribeServices",
    "ecs:TagResource",
    "ecs:UntagResource",
    "ecs:UpdateService",
    "rds:AddTagsToResource",  # The tagging API asks for it in the role's name.
    "rds:RemoveTagsFromResource",
    "rds:StartDBCluster",
    "rds:StopDBCluster",
    "redshift:CreateTags",
    "redshift:DeleteTags",
    "redshift:PauseCluster",
    "redshift:ResumeCluster",
    "ssm:DescribeMaintenanceWindows",
    "tag:UntagResources",
}


class Story(Passes):
    """The chapters, in order. Each leaves the estate as the next expects it."""

    def tell(self) -> None:
        self.before_opening()
        self.opening()
        self.during_the_day()
        self.closing()
        self.late_tick()
        self.unreachable_stores()
        self.next_day()
        self.scheduled_event()
        self.whole_record()

    # --- Chapters ---------------------------------------------------------------------------------------------------

    def before_opening(self) -> None:
        running = self.those("running", self.office | self.on_call)
        at = self.at("08:50")
        planned = self.dry_run("a dry run before opening plans the first stops and does nothing", at, stops=running)
        answer = self.run_pass(
            "the first pass, before opening, stops what runs",
            at,
            Expected(stopped=running, settled={"office": "stopped", "on-call": "stopped"}),
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
                started=self.office - {broken}, failed={broken}, settled={"office": "running", "on-call": "stopped"}
            ),
        )
        del self.stage.door.unstartable[self.stage.ids[broken]]
        at = self.at("09:01")
        self.run_pass("a minute later the failed start is tried again", at, Expected(started={broken}))
        self.quiet("a second pass at the same instant", at)

    def during_the_day(self) -> None:
        self.by_hand(hands.stop, "web-1", "stopped")
        self.quiet("what a person stopped stays stopped, five minutes after opening", self.at("09:05"))
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
            Expected(stopped=self.those("running", self.office), settled={"office": "stopped", "on-call": "stopped"}),
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
        day = {"office": "running", "on-call": "stopped"}
        at = self.at("09:00", day=1)
        started = self.those("stopped", self.office)
        self.run_pass("the next day's opening comes as if nothing had been", at, Expected(started=started, settled=day))
        self.quiet("a second pass at the same instant", at)
        at = self.at("17:00", day=1)
        plant = {each for each in self.those("running", self.office) if each.account == where.PLANT}
        self.run_pass(
            "a pass in one account's scope closes that account alone",
            at,
            Expected(stopped=plant),
            account=where.PLANT,
        )
        rest = self.those("running", self.office)
        night = {"office": "stopped", "on-call": "stopped"}
        self.run_pass("the unscoped pass at that instant closes the others", at, Expected(stopped=rest, settled=night))

    def scheduled_event(self) -> None:
        """The rule's own event means now. An override makes something due whatever the clock says."""
        self.stage.aws.hub("dynamodb").update_item(
            TableName=self.stage.deployment.config_table,
            Key={"type": {"S": "schedule"}, "name": {"S": "on-call"}},
            UpdateExpression="SET override_status = :running",
            ExpressionAttributeValues={":running": {"S": "running"}},
        )
        now = datetime.now(UTC).replace(microsecond=0)
        is_open = office_is_open(now)
        hours = "within" if is_open else "outside"
        self.run_pass(
            f"the rule's event is a pass now, {hours} office hours: the override starts its own",
            utc(now),
            Expected(
                started=self.on_call | (self.those("stopped", self.office) if is_open else set()),
                settled={"office": "running" if is_open else "stopped", "on-call": "running"},
            ),
            event=scheduled_event_at(now, self.stage.estate.hub_region),
        )

    def whole_record(self) -> None:
        """Over the whole story, and not by its end state alone."""
        with self.checks.check(
            "nobody ever asked AWS to start or stop what is untagged, misconfigured or closed"
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
            sessions = {call.key for call in calls} - principals.keys()
            for account, region in self.stage.estate.spokes:
                allowed = allowed_actions(self.stage.aws.client("iam", account, region), "dayshift-spoke")
                beyond = BEYOND_THE_DOOR | NOT_IN_THIS_STORY
                problems.unless_same_set("the spoke's role", allowed - beyond, called_actions(calls, sessions))


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


def office_is_open(now: datetime) -> bool:
    """What the schedule `office` says, in other words than the scheduler's."""
    local = now.astimezone(ZoneInfo(where.ZONE))
    return local.weekday() < 5 and 9 <= local.hour < 17
