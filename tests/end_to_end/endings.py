"""The stacks' later life: other parameters, and their end."""

from collections.abc import Iterator

from . import deployment as hands
from . import estate as where
from .checks import Problems
from .desk import Desk
from .passes import Expected

OTHER_KEY = "Hours"


class Endings(Desk):
    """The last chapters. After them there is nothing to tell of."""

    def other_parameters(self) -> None:
        """The tag's key and the kinds. One instance and one service have a tag of that key; all have the old one."""
        instance, service = (self.stage.estate.named(name) for name in ("bare-1", "bare-site"))
        with self.checks.check("the next pass follows another tag key and fewer kinds, and them alone") as problems:
            self.update_stacks(problems)
            ids = [self.stage.ids[instance]]
            hands.clients(self.stage.aws, instance)("ec2").create_tags(
                Resources=ids, Tags=[{"Key": OTHER_KEY, "Value": "on-call"}]
            )
            arn = f"arn:{self.stage.estate.partition}:ecs:{service.region}:{service.account}:service/"
            hands.clients(self.stage.aws, service)("ecs").tag_resource(
                resourceArn=arn + self.stage.ids[service], tags=[{"key": OTHER_KEY, "value": "on-call"}]
            )
            asked_before = len(self.stage.door.calls)
            found = self.asked({"action": "run"})
            problems.unless_equal("resources", found["pass"]["resources"], 1)
            done = {(each["action"], each["outcome"], self.name_of(each)) for each in found["outcomes"]}
            problems.unless_same_set("done", done, {("stop", "done", instance.name)})
            self.compare_calls(problems, Expected(stopped={instance}), asked_before)
            self.expected_states[instance.name] = "stopped"
            self.compare_states(problems)
            tags = self.tags()[instance.name]
            problems.unless(tags.get(f"{OTHER_KEY}LastAction", "").startswith("stopped"), f"its tags: {tags}")
        self.quiet_by_other_parameters()

    def quiet_by_other_parameters(self) -> None:
        with self.checks.check("and the pass after that has nothing to do") as problems:
            asked_before = len(self.stage.door.calls)
            found = self.asked({"action": "run"})["pass"]
            did = {each: found[each] for each in ("resources", "started", "stopped", "resized", "failed")}
            problems.unless_same_items("pass", did, dict.fromkeys(did, 0) | {"resources": 1})
            self.compare_calls(problems, Expected(), asked_before)

    def update_stacks(self, problems: Problems) -> None:
        aws, deployment = self.stage.aws, self.stage.deployment
        hub = hands.hub_parameters(self.stage.estate) | {"TagKey": OTHER_KEY, "Kinds": "ec2-instance"}
        outputs = hands.update_stack(aws.hub("cloudformation"), where.STACK, "hub.yaml", hub)
        problems.unless_same_items("output", outputs, deployment.outputs)
        for account, region in self.stage.estate.spokes:
            trusted = hands.trusted_in(region, deployment.principals)
            spoke = hands.spoke_parameters(trusted, outputs["ExternalId"]) | {"TagKey": OTHER_KEY}
            hands.update_stack(aws.client("cloudformation", account, region), "dayshift-spoke", "spoke.yaml", spoke)
        hands.say("leaves policies as they were when a stack is updated; they decide nothing here")

    # --- The end ----------------------------------------------------------------------------------------------------

    def the_end(self) -> None:
        """The spokes first, then the hub, as docs/deploy.md says."""
        aws, estate = self.stage.aws, self.stage.estate
        with self.checks.check("deleted spokes leave nothing, and the hub has no account left to act in") as problems:
            for account, region in estate.spokes:
                aws.client("cloudformation", account, region).delete_stack(StackName="dayshift-spoke")
                roles = aws.client("iam", account, region).list_roles()["Roles"]
                problems.unless_same_set(f"roles of {account}", {each["RoleName"] for each in roles}, set())
        with self.checks.check("a deleted hub leaves the ConfigTable as it was, and nothing else") as problems:
            before = self.stored()
            written = {name for name in self.left()["parameters"] if "/partitions/" in name}
            aws.hub("cloudformation").delete_stack(StackName=where.STACK)
            problems.unless_same_items("stored", self.stored(), before)
            kept = {"tables": {self.stage.deployment.config_table}, "parameters": written}
            for sort, names in self.left().items():
                problems.unless_same_set(sort, names, kept.get(sort, set()))
        hands.say("ignores AWS::CloudWatch::Alarm, so that none is there to be deleted; of a key it keeps the state")

    def left(self) -> dict[str, set[str]]:
        """What the hub's account has of every sort of thing that its stack makes."""
        return {sort: set(names) for sort, names in self.things()}

    def things(self) -> Iterator[tuple[str, list[str]]]:
        hub = self.stage.aws.hub
        pages = hub("ssm").get_paginator("describe_parameters").paginate()
        yield "parameters", [each["Name"] for page in pages for each in page["Parameters"]]
        yield "tables", hub("dynamodb").list_tables()["TableNames"]
        yield "functions", [each["FunctionName"] for each in hub("lambda").list_functions()["Functions"]]
        yield "roles", [each["RoleName"] for each in hub("iam").list_roles()["Roles"]]
        yield "policies", [each["PolicyName"] for each in hub("iam").list_policies(Scope="Local")["Policies"]]
        yield "log groups", [each["logGroupName"] for each in hub("logs").describe_log_groups()["logGroups"]]
        yield "queues", hub("sqs").list_queues().get("QueueUrls", [])
        yield "topics", [each["TopicArn"] for each in hub("sns").list_topics()["Topics"]]
        yield "rules", [each["Name"] for each in hub("events").list_rules()["Rules"]]
        yield "dashboards", [each["DashboardName"] for each in hub("cloudwatch").list_dashboards()["DashboardEntries"]]
