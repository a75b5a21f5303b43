"""The story on ministack: deployed, run by the rule, asked at the desk, declared in a stack, deleted."""

import contextlib
import json
import platform
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from end_to_end.checks import Checks, Problems
from end_to_end.command_line import CommandLine
from templates.stack import TEMPLATES, Stack

# Of which one is served, and all of them while passes are cut into shards: an account's Regions would share one.
SPOKES = {"shop": "111122223333", "plant": "222233334444", "depot": "333344445555"}
STACK, SPOKE, DECLARING = "dayshift", "dayshift-spoke", "shop-schedules"
BUCKET, KEY = "dayshift-code", "bootstrap.zip"
TAGS = [{"Key": "Schedule", "Value": "rest"}]

# The rule fires every minute, from when it is made.
LONGEST_WAIT_SECONDS = 100
# Deployments end at once, but for custom resources.
LONGEST_DEPLOYMENT_SECONDS = 60

# Actions of which ministack evaluates no resource or condition, as the module `run` says.
UNEVALUATED_IN_HUB = ["ssm:GetParametersByPath", "sqs:SendMessageBatch"]
UNEVALUATED_IN_SPOKE = [
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "autoscaling:UpdateAutoScalingGroup",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
]

FILE = """\
default_timezone: UTC
schedules:
  rest: { override_status: stopped, description: "at the desk" }
  work: { override_status: running }
"""


def declaring(end: str) -> str:
    """A stack that declares a schedule, as users write it."""
    return json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": {"Token": {"Type": "String"}},
            "Resources": {
                "Hours": {
                    "Type": "Custom::DayshiftSchedules",
                    "Properties": {
                        "ServiceToken": {"Ref": "Token"},
                        "Periods": {"late": {"begintime": "12:00", "endtime": end}},
                        "Schedules": {"late-office": {"periods": ["late"], "timezone": "Europe/Berlin"}},
                    },
                }
            },
        }
    )


class Story:
    def __init__(self, aws, code: bytes, bin_dir: Path, folder: Path, checks: Checks):
        self.aws = aws
        self.code = code
        self.bin_dir = bin_dir
        self.folder = folder
        self.checks = checks
        self.ids: dict[str, str] = {}
        self.parameters = {
            "Accounts": SPOKES["shop"],
            "Kinds": "ec2-instance,asg",
            "Frequency": "rate(1 minute)",
            "CodeBucket": BUCKET,
            "CodeKey": KEY,
            "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
        }

    def tell(self) -> None:
        self.deployed()
        self.evaluated()
        self.run_by_its_rule()
        self.cut_into_shards()
        self.at_rest()
        self.at_the_desk()
        self.declared()
        self.not_trusted()
        self.deleted()

    def hub(self, service: str):
        return self.aws.client(service, "hub")

    def shop(self, service: str):
        return self.aws.client(service, "shop")

    # --- Chapters ---------------------------------------------------------------------------------------------------

    def deployed(self) -> None:
        s3 = self.hub("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=self.code)
        template = (TEMPLATES / "hub.yaml").read_text()
        with self.checks.check("hub.yaml is deployed as it is, every resource of it") as problems:
            self.outputs = deploy(self.hub("cloudformation"), STACK, template, self.parameters)
            self.make_up_for_the_poller()
            self.made(problems, self.hub("cloudformation"), STACK, Stack(template, self.parameters))
            self.looked_at(problems)
        template = (TEMPLATES / "spoke.yaml").read_text()
        with self.checks.check("spoke.yaml is deployed as it is, in other accounts") as problems:
            trust = {"TrustedPrincipalArn": self.outputs["SchedulerRoleArn"], "ExternalId": self.outputs["ExternalId"]}
            for spoke in SPOKES:
                cloudformation = self.aws.client("cloudformation", spoke)
                deploy(cloudformation, SPOKE, template, trust)
                self.made(problems, cloudformation, SPOKE, Stack(template, trust))

    def made(self, problems: Problems, cloudformation, name: str, stack: Stack) -> None:
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        found = {each["LogicalResourceId"]: each for page in pages for each in page["StackResourceSummaries"]}
        problems.unless_same_set("resources", set(found), set(stack.resources))
        for name, each in found.items():
            problems.unless(each["ResourceStatus"].endswith("_COMPLETE"), f"{name}: {each['ResourceStatus']}")

    def looked_at(self, problems: Problems) -> None:
        """At what moto makes nothing of."""
        alarms = {each["AlarmName"] for each in self.hub("cloudwatch").describe_alarms()["MetricAlarms"]}
        words = ("pass-failed", "pass-missed", "throttled", "targets-failing", "dead-letters")
        problems.unless_same_set("alarms", alarms, {f"{STACK}-{word}" for word in words})
        config = self.hub("lambda").get_function_event_invoke_config(
            FunctionName=self.outputs["FunctionName"], Qualifier="$LATEST"
        )
        problems.unless_equal("attempts", config["MaximumRetryAttempts"], 0)
        failed_go_to = config["DestinationConfig"]["OnFailure"]["Destination"]
        problems.unless("DeadLetters" in failed_go_to, f"failures go to {failed_go_to}")
        (mapping,) = self.hub("lambda").list_event_source_mappings()["EventSourceMappings"]
        problems.unless_equal("at once", mapping["ScalingConfig"], {"MaximumConcurrency": 10})
        problems.unless_equal("a shard's answer", mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        problems.unless("Shards" in mapping["EventSourceArn"], f"shards come from {mapping['EventSourceArn']}")
        subscribed = self.hub("events").list_targets_by_rule(Rule=self.rule())["Targets"]
        problems.unless_equal("the rule's target", [each["Arn"] for each in subscribed], [self.outputs["FunctionArn"]])

    def make_up_for_the_poller(self) -> None:
        functions = self.hub("lambda")
        for each in functions.list_event_source_mappings()["EventSourceMappings"]:
            at_once = int(each["ScalingConfig"]["MaximumConcurrency"])
            functions.update_event_source_mapping(UUID=each["UUID"], ScalingConfig={"MaximumConcurrency": at_once})

    def rule(self) -> str:
        return next(each["Name"] for each in self.hub("events").list_rules()["Rules"] if STACK in each["Name"])

    def evaluated(self) -> None:
        """What it cannot evaluate is allowed besides, and that alone."""
        with self.checks.check("a function may do what its role's policy allows, and no more") as problems:
            refused = self.invoked(self.outputs["FunctionName"], {"action": "run", "dry_run": True})
            problems.unless("not authorized" in refused.get("errorMessage", ""), f"nothing is evaluated: {refused}")
            iam = self.hub("iam")
            for role in (each["RoleName"] for each in iam.list_roles()["Roles"] if STACK in each["RoleName"]):
                allow(iam, role, UNEVALUATED_IN_HUB)
            for spoke in SPOKES:
                allow(self.aws.client("iam", spoke), "dayshift-spoke", UNEVALUATED_IN_SPOKE)
            answer = self.invoked(self.outputs["FunctionName"], {"action": "run", "dry_run": True})
            problems.unless_equal("targets", {each["outcome"] for each in answer["targets"]}, {"ok"})
            answer = self.invoked(self.outputs["AdminFunctionName"], {"action": "items"})
            problems.unless_equal("items", answer["items"], [])

        self.missed("SchedulerRole", "ReadConfig", self.outputs["FunctionName"], {"action": "run", "dry_run": True})
        self.missed("AdminRole", "KeepConfig", self.outputs["AdminFunctionName"], {"action": "items"})

    def missed(self, role: str, sid: str, function: str, event: dict) -> None:
        """The hub's roles have one inline policy of the template's each, called like their function."""
        with self.checks.check(f"without {sid} of its policy the {role} is refused") as problems:
            iam, name = self.hub("iam"), role.removesuffix("Role").lower()
            role = next(each["RoleName"] for each in iam.list_roles()["Roles"] if f"-{role}-" in each["RoleName"])
            whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            kept = [each for each in whole["Statement"] if each["Sid"] != sid]
            fewer = json.dumps({**whole, "Statement": kept})
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=fewer)
            said = self.invoked(function, event).get("errorMessage", "")
            problems.unless("not authorized to perform: dynamodb:Scan" in said, f"it says {said!r}")
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(whole))
            problems.unless("errorMessage" not in self.invoked(function, event), "it is refused with it too")

    def run_by_its_rule(self) -> None:
        item = {"type": {"S": "schedule"}, "name": {"S": "rest"}, "override_status": {"S": "stopped"}}
        self.hub("dynamodb").put_item(TableName=self.outputs["ConfigTableName"], Item=item)
        self.make_resources()
        began = time.monotonic()
        with self.checks.check("the rule runs a pass by itself, which stops what should rest") as problems:
            waited_for(lambda: self.instance_state("web") == "stopped", LONGEST_WAIT_SECONDS)
            print(f"  rule   its pass came after {time.monotonic() - began:.0f} s", flush=True)
            problems.unless_equal("the instance without a tag", self.instance_state("bare"), "running")
            problems.unless_equal("the group's size", self.group()["DesiredCapacity"], 0)
        with self.checks.check("the pass has left tags, memory, metrics and a line in the log") as problems:
            tags = {each["Key"]: each["Value"] for each in self.instance("web")["Tags"]}
            problems.unless(tags.get("ScheduleLastAction", "").startswith("stopped "), f"tags: {tags}")
            items = self.hub("dynamodb").scan(TableName=self.outputs["StateTableName"])["Items"]
            settled = {each["resource"]["S"]: each["settled"]["S"] for each in items if "settled" in each}
            expected = {f"ec2-instance/{self.ids['web']}": "stopped", "asg/workers": "stopped"}
            problems.unless_same_items("settled", settled, expected)
            problems.unless_equal("metric Managed", self.metric("Managed", "ec2-instance"), 1)
            waited_for(self.passes, 20)

    def cut_into_shards(self) -> None:
        """With one target a shard, the rule's pass leaves all its targets to others, whom the queue brings."""
        template = (TEMPLATES / "hub.yaml").read_text()
        parameters = self.parameters | {"Accounts": ",".join(SPOKES.values()), "TargetsPerShard": "1"}
        passes, invocations = self.passes(), len(self.log_lines("START"))
        deploy(self.hub("cloudformation"), STACK, template, parameters, is_there=True)
        self.make_up_for_the_poller()
        for spoke in SPOKES:
            self.run_instance(f"of the {spoke}", TAGS, spoke)
        with self.checks.check("a pass over many targets is cut into shards, which Lambda runs") as problems:
            waited_for(
                lambda: all(self.instance_state(f"of the {spoke}", spoke) == "stopped" for spoke in SPOKES),
                LONGEST_WAIT_SECONDS,
            )
            problems.unless_equal("the instance without a tag", self.instance_state("bare"), "running")
        with self.checks.check("whoever is last puts its summary and its metrics together") as problems:
            # The instances were made one after the other: two passes may share them.
            everything = len(SPOKES)
            waited_for(lambda: sum(each["stopped"] for each in self.whole(passes)) == everything, LONGEST_WAIT_SECONDS)
            problems.unless_equal("failed", {each["failed"] for each in self.whole(passes)}, {0})
            problems.unless_equal("metric Targets", self.metric("Targets"), len(SPOKES))
            problems.unless_equal("metric FailedTargets", self.metric("FailedTargets"), 0)
            problems.unless_equal("shards that could not be sent", self.log_lines("shard lost"), [])
        with self.checks.check("each shard was an invocation of its own, and none is left") as problems:
            taken = len(self.log_lines("START")) - invocations
            problems.unless(taken >= 1 + len(SPOKES), f"{taken} invocations")
            problems.unless_equal("shards", set(self.begun_and_finished()[0].values()), {len(SPOKES)})
            waited_for(lambda: len({tuple(sorted(each.items())) for each in self.begun_and_finished()}) == 1, 20)
            for name in ("ShardQueueUrl", "DeadLetterQueueUrl"):
                waited_for(lambda name=name: self.messages(name) == 0, LONGEST_WAIT_SECONDS)

    def begun_and_finished(self) -> tuple[dict[str, int], dict[str, int]]:
        """How many shards of each pass there were, and how many came to an end."""
        finished = Counter(json.loads(line)["pass"] for line in self.log_lines("shard finished"))
        begun = (json.loads(line) for line in self.log_lines("pass begun in shards"))
        return {each["pass"]: each["shards"] for each in begun}, finished

    def passes(self) -> list[dict]:
        """The lines of those that came to an end."""
        return [json.loads(line) for line in self.log_lines("pass finished")]

    def whole(self, before: list[dict]) -> list[dict]:
        """Those since then that speak of every target."""
        return [each for each in self.passes()[len(before) :] if each["targets"] == len(SPOKES)]

    def messages(self, queue: str) -> int:
        sorts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self.outputs[queue]
        found = self.hub("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=sorts)["Attributes"]
        return sum(map(int, found.values()))

    def make_resources(self) -> None:
        autoscaling = self.shop("autoscaling")
        for name, tags in (("web", TAGS), ("bare", [{"Key": "Name", "Value": "bare"}])):
            self.run_instance(name, tags)
        autoscaling.create_launch_configuration(
            LaunchConfigurationName="workers", ImageId="ami-12345678", InstanceType="t3.micro"
        )
        of_group = {"ResourceId": "workers", "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="workers",
            LaunchConfigurationName="workers",
            MinSize=1,
            DesiredCapacity=2,
            MaxSize=3,
            AvailabilityZones=["eu-west-1a"],
            Tags=[each | of_group for each in TAGS],
        )

    def run_instance(self, name: str, tags: list[dict], spoke: str = "shop") -> None:
        made = self.aws.client("ec2", spoke).run_instances(
            ImageId="ami-12345678",
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.micro",
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
        self.ids[name] = made["Instances"][0]["InstanceId"]

    def at_rest(self) -> None:
        """From here on passes are asked for."""
        with self.checks.check("with Active=No the rule rests, and no alarm waits for its passes") as problems:
            template = (TEMPLATES / "hub.yaml").read_text()
            parameters = self.parameters | {"Active": "No"}
            outputs = deploy(self.hub("cloudformation"), STACK, template, parameters, is_there=True)
            problems.unless_same_items("output", outputs, self.outputs)
            problems.unless_equal("rule", self.hub("events").describe_rule(Name=self.rule())["State"], "DISABLED")
            self.made(problems, self.hub("cloudformation"), STACK, Stack(template, parameters))
            alarms = {each["AlarmName"] for each in self.hub("cloudwatch").describe_alarms()["MetricAlarms"]}
            problems.unless(f"{STACK}-pass-missed" not in alarms, f"alarms: {alarms}")
            answer = self.invoked(self.outputs["FunctionName"], {"action": "run", "dry_run": True})
            problems.unless_equal("targets", {each["outcome"] for each in answer["targets"]}, {"ok"})

    def at_the_desk(self) -> None:
        """With a user's keys who may do what docs/security.md asks for, and nothing else."""
        desk = CommandLine(self.bin_dir / "scheduler-cli", self.aws.url, "eu-west-1", self.folder, self.person())
        file = desk.file("schedules.yaml", FILE)
        with self.checks.check("the command line stores a file and asks for passes, through Lambda") as problems:
            for code, *arguments in (
                (3, "diff", "--file", file),
                (0, "apply", "--file", file, "--yes"),
                (0, "diff", "--file", file),
                (0, "run", "--dry-run"),
                (0, "explain", self.ids["web"]),
            ):
                told = desk.run(*arguments)
                problems.unless(told.code == code, f"{arguments[0]} ended with {told.code}: {told.out}{told.words}")
            rows = desk.run("status", "--json").json["resources"]
            states = {row["resource"]: (row["observed"], row["desired"]) for row in rows}
            at_rest = ("stopped", "stopped")
            expected = {self.ids["web"]: at_rest, self.ids["of the shop"]: at_rest, "workers": at_rest}
            problems.unless_same_items("status", states, expected)
            self.shop("ec2").create_tags(Resources=[self.ids["web"]], Tags=[{"Key": "Schedule", "Value": "work"}])
            told = desk.run("run", "--schedule", "work", "--json")
            problems.unless_equal("started", told.json["pass"]["started"], 1)
            problems.unless_equal("instance", self.instance_state("web"), "running")

    def person(self) -> dict[str, str]:
        iam = self.hub("iam")
        iam.create_user(UserName="person")
        functions = [self.outputs["FunctionArn"], self.outputs["ServiceToken"]]
        statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": functions}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="person", PolicyName="dayshift", PolicyDocument=document)
        made = iam.create_access_key(UserName="person")["AccessKey"]
        return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def declared(self) -> None:
        cloudformation, token = self.hub("cloudformation"), {"Token": self.outputs["ServiceToken"]}
        with self.checks.check("a stack declares a schedule, changes it and takes it along") as problems:
            before = self.stored()
            deploy(cloudformation, DECLARING, declaring("20:00"), token)
            stored = self.stored()
            expected = {("period", "late"), ("schedule", "late-office")}
            problems.unless_same_set("declared", stored.keys() - before.keys(), expected)
            owner = stored["period", "late"]["configured_in_stack"]["S"]
            problems.unless(f":stack/{DECLARING}/" in owner, f"its owner is {owner}")
            deploy(cloudformation, DECLARING, declaring("21:00"), token, is_there=True)
            problems.unless_equal("end", self.stored()["period", "late"]["endtime"], {"S": "21:00"})
            delete(cloudformation, DECLARING)
            problems.unless_same_items("stored", self.stored(), before)
        with self.checks.check("a stack whose declaration is refused does not come to be") as problems:
            refused = ""
            try:
                deploy(cloudformation, DECLARING + "-wrong", declaring("25:00"), token)
            except Undeployed as error:
                refused = str(error)
            problems.unless("25:00" in refused, f"CloudFormation is not told why: {refused!r}")
            problems.unless_same_items("stored", self.stored(), before)

    def not_trusted(self) -> None:
        with self.checks.check("without its external id the spoke cannot be taken") as problems:
            ssm, name = self.hub("ssm"), f"{self.outputs['ParameterPrefix']}/external-id"
            ssm.put_parameter(Name=name, Value="another", Type="String", Overwrite=True)
            # Sessions of before are good for a while: another function than the one that has them.
            self.renew_function()
            answer = self.invoked(self.outputs["FunctionName"], {"action": "run", "dry_run": True})
            found = {(each["account"], each["outcome"], each["code"]) for each in answer["targets"]}
            problems.unless_same_set("targets", found, {(SPOKES["shop"], "failed", "denied")})
            ssm.put_parameter(Name=name, Value=self.outputs["ExternalId"], Type="String", Overwrite=True)

    def renew_function(self) -> None:
        self.hub("lambda").update_function_configuration(FunctionName=self.outputs["FunctionName"], MemorySize=512)

    def deleted(self) -> None:
        with self.checks.check("deleted stacks leave the ConfigTable as it was, and nothing else") as problems:
            before = self.stored()
            for spoke in SPOKES:
                delete(self.aws.client("cloudformation", spoke), SPOKE)
            delete(self.hub("cloudformation"), STACK)
            problems.unless_same_items("stored", self.stored(), before)
            for sort, names in self.left():
                kept = {self.outputs["ConfigTableName"]} if sort == "tables" else set()
                problems.unless_same_set(sort, set(names), kept)

    def left(self) -> Iterator[tuple[str, list[str]]]:
        hub = self.hub
        yield "tables", hub("dynamodb").list_tables()["TableNames"]
        yield "functions", [each["FunctionName"] for each in hub("lambda").list_functions()["Functions"]]
        yield "roles", [each["RoleName"] for each in hub("iam").list_roles()["Roles"] if STACK in each["RoleName"]]
        for spoke in SPOKES:
            roles = self.aws.client("iam", spoke).list_roles()["Roles"]
            yield f"roles of the {spoke}", [each["RoleName"] for each in roles]
        yield "parameters", [each["Name"] for each in hub("ssm").describe_parameters()["Parameters"]]
        yield "log groups", [each["logGroupName"] for each in hub("logs").describe_log_groups()["logGroups"]]
        yield "queues", hub("sqs").list_queues().get("QueueUrls", [])
        yield "topics", [each["TopicArn"] for each in hub("sns").list_topics()["Topics"]]
        yield "rules", [each["Name"] for each in hub("events").list_rules()["Rules"]]
        yield "alarms", [each["AlarmName"] for each in hub("cloudwatch").describe_alarms()["MetricAlarms"]]
        yield "dashboards", [each["DashboardName"] for each in hub("cloudwatch").list_dashboards()["DashboardEntries"]]
        keys = (hub("kms").describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in hub("kms").list_keys()["Keys"])
        ours = (each for each in keys if STACK in each.get("Description", ""))
        yield "keys in use", [each["KeyId"] for each in ours if each["KeyState"] != "PendingDeletion"]

    # --- Looks ------------------------------------------------------------------------------------------------------

    def invoked(self, function: str, event: dict) -> dict:
        answer = self.hub("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read())

    def stored(self) -> dict[tuple[str, str], dict]:
        items = self.hub("dynamodb").scan(TableName=self.outputs["ConfigTableName"])["Items"]
        return {(item["type"]["S"], item["name"]["S"]): item for item in items}

    def instance(self, name: str, spoke: str = "shop") -> dict:
        found = self.aws.client("ec2", spoke).describe_instances(InstanceIds=[self.ids[name]])
        return found["Reservations"][0]["Instances"][0]

    def instance_state(self, name: str, spoke: str = "shop") -> str:
        return self.instance(name, spoke)["State"]["Name"]

    def group(self) -> dict:
        groups = self.shop("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["workers"])
        return groups["AutoScalingGroups"][0]

    def metric(self, name: str, kind: str = "") -> float | None:
        now = datetime.now(UTC).timestamp()
        points = self.hub("cloudwatch").get_metric_statistics(
            Namespace=f"Dayshift/{STACK}",
            MetricName=name,
            Dimensions=[{"Name": "Schedule", "Value": "rest"}, {"Name": "Kind", "Value": kind}] if kind else [],
            StartTime=now - 600,
            EndTime=now + 60,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return max((each["Maximum"] for each in points), default=None)

    def log_lines(self, holding: str) -> list[str]:
        pages = self.hub("logs").get_paginator("filter_log_events")
        pages = pages.paginate(logGroupName=f"/aws/lambda/{STACK}-scheduler")
        return [each["message"] for page in pages for each in page["events"] if holding in each["message"]]


class Undeployed(Exception):
    """A stack did not come to be; the message has its events' reasons."""


def deploy(
    cloudformation, name: str, template: str, parameters: dict[str, str], *, is_there: bool = False
) -> dict[str, str]:
    ask = cloudformation.update_stack if is_there else cloudformation.create_stack
    ask(
        StackName=name,
        TemplateBody=template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    stack = {"StackStatus": ""}

    def is_settled() -> bool:
        stack.update(cloudformation.describe_stacks(StackName=name)["Stacks"][0])
        return not stack["StackStatus"].endswith("IN_PROGRESS")

    waited_for(is_settled, LONGEST_DEPLOYMENT_SECONDS)
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [each["ResourceStatusReason"] for each in events if each.get("ResourceStatusReason")]
        raise Undeployed(f"{name}: {stack['StackStatus']}: {'; '.join(reasons)}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def delete(cloudformation, name: str) -> None:
    cloudformation.delete_stack(StackName=name)

    def is_gone() -> bool:
        with contextlib.suppress(ClientError):
            return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
        return True

    waited_for(is_gone, LONGEST_DEPLOYMENT_SECONDS)


def allow(iam, role: str, actions: list[str]) -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="unevaluated", PolicyDocument=document)


def waited_for(holds, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.5)
