"""What the templates promise a platform team. Each rule is a function; its docstring is the promise.

A rule looks at a stack (a template with given parameters) and yields what is wrong with it.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache

from iam_actions import TAKEN_MESSAGES

from . import calls
from .stack import ACCOUNT, TEMPLATES, Stack, Statement

Rule = Callable[[Stack], Iterator[str]]
RULES: list[Rule] = []

DOCS = TEMPLATES.parent / "docs"
SNAPSHOTS = TEMPLATES.parent / "crates/scheduler-aws/src/rds/snapshots.rs"
SETTINGS = TEMPLATES.parent / "crates/scheduler-core/src/settings.rs"
METRICS = TEMPLATES.parent / "crates/scheduler-engine/src/metrics.rs"

# Actions that AWS allows on everything or not at all, or where everything is less than it seems.
ON_EVERYTHING = {
    "ec2:DescribeInstances": "EC2 scopes no Describe call",
    "ec2:DescribeInstanceTypes": "EC2 scopes no Describe call",
    "ssm:DescribeMaintenanceWindows": "is not scoped",
    "rds:DescribeDBInstances": "listing needs all instances",
    "rds:DescribeDBClusters": "listing needs all clusters",
    "rds:DescribeDBSnapshots": "listing needs all snapshots",
    "rds:ListTagsForResource": "reads tags, of whatever is listed",
    "autoscaling:DescribeAutoScalingGroups": "is not scoped",
    "application-autoscaling:DescribeScalableTargets": "listing needs all targets",
    "ecs:DescribeServices": "reads services, of whatever is listed",
    "redshift:DescribeClusters": "listing needs all clusters",
    "tag:GetResources": "is not scoped",
    "tag:TagResources": "is not scoped; each service asks for its own action besides",
    "tag:UntagResources": "is not scoped; each service asks for its own action besides",
    "cloudwatch:PutMetricData": "is not scoped but by a condition on the namespace, which is there",
    "xray:PutTraceSegments": "is not scoped",
    "xray:PutTelemetryRecords": "is not scoped",
}

# What a spoke's role may do to what bears no schedule tag.
WITHOUT_THE_TAG = {
    "iam:SimulatePrincipalPolicy": "asks what the role itself may do, and changes nothing",
    "application-autoscaling:RegisterScalableTarget": "a scalable target has no tag of its service; ECS alone",
    "rds:CreateDBSnapshot": "is asked for twice, of the tagged instance and of the snapshot, which is new",
    "rds:StopDBInstance": "is asked for twice if it leaves a snapshot, of the tagged instance and of the snapshot",
    "rds:AddTagsToResource": "of a snapshot that is new; of instances and clusters only those that are tagged",
    "rds:DeleteDBSnapshot": "by name: only what the hub itself took",
    "kms:CreateGrant": "a key has no schedule; given keys alone, and for AWS alone",
    "ec2:StartInstances": "is asked for twice, of the tagged instance and of its licence's given configuration",
}

# What of each kind of resource shows in an ARN, and the parameter that chooses the kind.
KINDS = {
    "Ec2Instances": r":ec2:.*:instance/",
    "RdsInstances": r":rds:.*:(db|snapshot):",
    "RdsClusters": r":rds:.*:cluster:",
    "AutoScalingGroups": r":autoscaling:",
    "EcsServices": r":(ecs|application-autoscaling):",
    "RedshiftClusters": r":redshift:",
}

# What bears the schedule tag, so that a condition can ask for it.
TAGGED = r":(instance/|db:|cluster:|autoScalingGroup:|service/)"

# What gets its tags with its instance's, and follows no schedule.
COPIED = r":rds:.*:snapshot:"

# Services that the functions at the doors may call.
AT_THE_DOORS = {"dynamodb", "ssm", "lambda", "logs", "kms", "xray"}
DOORS = ("AdminRole", "GatewayRole")
STATEFUL = {
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
    "AWS::SQS::Queue",
    "AWS::KMS::Key",
}


def rule(function: Rule) -> Rule:
    RULES.append(function)
    return function


# --- Least privilege ---


@rule
def no_action_has_a_wildcard(stack: Stack) -> Iterator[str]:
    """Policies name every action in full; a key's own policy leaves the key to IAM, as AWS has it."""
    for each in stack.statements:
        if is_left_to_iam(each, stack):
            continue
        for action in each.actions:
            if "*" in action:
                yield f"{each}: {action}"


@rule
def no_permission_is_for_everything(stack: Stack) -> Iterator[str]:
    """Resource "*" is allowed to actions alone that AWS does not scope, each listed with the reason."""
    for each in stack.statements:
        if each.effect == "Deny" or "*" not in each.resources or each.holder in stack.of_type("AWS::KMS::Key"):
            continue
        for action in set(each.actions) - ON_EVERYTHING.keys():
            yield f"{each}: {action}"
        if "cloudwatch:PutMetricData" in each.actions and not each.condition.get("StringEquals", {}).get(
            "cloudwatch:namespace"
        ):
            yield f"{each}: in any namespace"


@rule
def every_function_has_a_role_of_its_own(stack: Stack) -> Iterator[str]:
    """No two functions share a role, and every role is for Lambda alone."""
    roles = [properties["Role"] for properties in stack.of_type("AWS::Lambda::Function").values()]
    for name, properties in stack.of_type("AWS::Lambda::Function").items():
        if roles.count(properties["Role"]) > 1:
            yield f"{name} shares {properties['Role']}"
        if properties["Role"] != f"{name.removesuffix('Function')}Role.Arn":
            yield f"{name} has {properties['Role']}"


@rule
def the_doors_touch_no_resources(stack: Stack) -> Iterator[str]:
    """The admin and the gateway take no role and call no service that starts or stops anything."""
    for role in DOORS:
        for each in stack.allowed(role):
            for action in each.actions:
                if action.split(":")[0] not in AT_THE_DOORS:
                    yield f"{each}: {action}"


@rule
def the_doors_invoke_the_scheduler_alone(stack: Stack) -> Iterator[str]:
    """What the admin and the gateway invoke is the scheduler."""
    for role in DOORS:
        for each in stack.allowed(role):
            if "lambda:InvokeFunction" in each.actions and each.resources != ("Scheduler.Arn",):
                yield f"{each}: {', '.join(each.resources)}"


@rule
def the_admin_opens_the_config_table_alone(stack: Stack) -> Iterator[str]:
    """The admin reads and writes the ConfigTable and no other table."""
    for each in stack.allowed("AdminRole"):
        if any(action.startswith("dynamodb:") for action in each.actions) and each.resources != (config_table(stack),):
            yield f"{each}: {', '.join(each.resources)}"


@rule
def the_admin_opens_no_secret(stack: Stack) -> Iterator[str]:
    """The admin is refused the key of every SecureString, however it is asked for."""
    if "AdminRole" not in stack.resources:
        return
    refusals = (each for each in stack.statements if each.holder == "AdminRole" and each.effect == "Deny")
    condition = {"StringLike": {"kms:ViaService": f"ssm.{stack.region}.*"}}
    if not any(
        "kms:Decrypt" in each.actions and "*" in each.resources and each.condition == condition for each in refusals
    ):
        yield "AdminRole may decrypt what it reads from the Parameter Store"


@rule
def the_gateway_writes_overrides_alone(stack: Stack) -> Iterator[str]:
    """The gateway reads no table, and what it writes are the ConfigTable's items of the type `override`."""
    leading = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["override"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    for each in stack.allowed("GatewayRole"):
        tables = [action for action in each.actions if action.startswith("dynamodb:")]
        if not tables:
            continue
        if each.resources != (config_table(stack),) or each.condition != leading:
            yield f"{each}: not bound to overrides"
        for action in tables:
            if not is_a_write(action) or "Batch" in action:
                yield f"{each}: {action}"


@rule
def shards_are_the_schedulers_alone(stack: Stack) -> Iterator[str]:
    """No role but the scheduler's sends or takes shards, and no queue lets anybody in by a policy of its own."""
    for each in stack.statements:
        if each.holder != "SchedulerRole" and any(action.startswith("sqs:") for action in each.actions):
            yield str(each)
    yield from stack.of_type("AWS::SQS::QueuePolicy")


@rule
def roles_are_taken_by_the_scheduler_alone(stack: Stack) -> Iterator[str]:
    """Of the hub's roles only the scheduler's may take others: those with a spoke role's name, or those given."""
    given = stack.parameters.get("SpokeRoleArns", "").split(",")
    named = f"arn:{stack.partition}:iam::*:role/dayshift-spoke"
    for each in stack.statements:
        if each.principal or "sts:AssumeRole" not in each.actions:
            continue
        if each.holder != "SchedulerRole" or set(each.resources) - {named, *given}:
            yield f"{each}: {', '.join(each.resources)}"


@rule
def a_spoke_is_taken_with_its_external_id(stack: Stack) -> Iterator[str]:
    """A spoke's role is for the given principal alone, and only with the external id."""
    role = stack.of_type("AWS::IAM::Role").get("SpokeRole")
    if not role:
        return
    for each in role["AssumeRolePolicyDocument"]["Statement"]:
        if each["Principal"] != {"AWS": stack.reference("TrustedPrincipalArn")}:
            yield f"the principal is {each['Principal']}"
        if each.get("Condition") != {"StringEquals": {"sts:ExternalId": stack.reference("ExternalId")}}:
            yield f"the condition is {each.get('Condition')}"


@rule
def a_spoke_changes_only_what_is_tagged(stack: Stack) -> Iterator[str]:
    """Whatever a spoke's role may change bears the schedule tag; the exceptions are listed with the reason."""
    tag = f"aws:ResourceTag/{stack.reference('TagKey')}"
    for each in stack.allowed("SpokeRole"):
        if each.condition.get("Null", {}).get(tag) == "false":
            continue
        for action in set(each.actions) - ON_EVERYTHING.keys():
            if action not in WITHOUT_THE_TAG or any(re.search(TAGGED, resource) for resource in each.resources):
                yield f"{each}: {action}"


@rule
def a_spoke_cannot_write_the_schedule_tag(stack: Stack) -> Iterator[str]:
    """A spoke's role writes tags to what is tagged, and never the schedule tag itself."""
    for each in stack.allowed("SpokeRole"):
        tagging = [action for action in each.actions if re.search(r":.*Tag", action) and not is_listing(action)]
        if not tagging or "*" in each.resources or all(re.search(COPIED, resource) for resource in each.resources):
            continue
        if each.condition.get("ForAllValues:StringNotEquals") != {"aws:TagKeys": [stack.reference("TagKey")]}:
            yield f"{each}: {', '.join(tagging)}"
        # A request without keys takes every tag off, and passes ForAllValues.
        if each.condition.get("Null", {}).get("aws:TagKeys") != "false":
            yield f"{each}: {', '.join(tagging)}, of no keys"


@rule
def snapshots_are_named_after_the_hub(stack: Stack) -> Iterator[str]:
    """SnapshotsOfHub takes what the code makes of a stack's name, and no name of which it makes another."""
    parameter = stack.template["Parameters"].get("SnapshotsOfHub")
    if not parameter:
        return
    named = re.findall(r'\("([^"]*)-stopped-", "([^"]*)-stopped-', SNAPSHOTS.read_text())
    if len({of for of, name in named if of != name}) < 2:
        yield "snapshots.rs has too few examples of names"
    for hub, name in named:
        if not re.fullmatch(parameter["AllowedPattern"], name):
            yield f"it refuses {name}, which snapshots of {hub} begin with"
        if hub != name and re.fullmatch(parameter["AllowedPattern"], hub):
            yield f"it takes {hub}, whose snapshots begin with {name}"
    for each in stack.allowed("SpokeRole"):
        for resource in each.resources:
            if ":snapshot:" in resource and not resource.endswith(f":{stack.reference('SnapshotsOfHub')}-stopped-*"):
                yield f"{each}: {resource}"


@rule
def a_spoke_changes_an_instances_type_and_nothing_else_of_it(stack: Stack) -> Iterator[str]:
    """ModifyInstanceAttribute is allowed for the instance type; user data, for one, would run as root."""
    for each in stack.allowed("SpokeRole"):
        if "ec2:ModifyInstanceAttribute" in each.actions:
            if each.condition.get("Null", {}).get("ec2:Attribute/InstanceType") != "false":
                yield f"{each}: any attribute"


@rule
def a_spoke_serves_the_chosen_kinds_alone(stack: Stack) -> Iterator[str]:
    """Of a kind that was not chosen, no resource is in any policy."""
    for parameter, pattern in KINDS.items():
        if stack.parameters.get(parameter) != "No":
            continue
        for each in stack.allowed("SpokeRole"):
            for resource in each.resources:
                if re.search(pattern, resource):
                    yield f"{each}: {resource}, with {parameter}=No"


@rule
def keys_are_granted_to_aws_alone(stack: Stack) -> Iterator[str]:
    """kms:CreateGrant is for given keys, through EC2, and for an AWS resource's use."""
    given = stack.parameters.get("KmsKeyArns", "").split(",")
    ec2 = {"aws-cn": "ec2.*.amazonaws.com.cn"}.get(stack.partition, "ec2.*.amazonaws.com")
    for each in stack.statements:
        if "kms:CreateGrant" not in each.actions:
            continue
        if set(each.resources) - set(given):
            yield f"{each}: {', '.join(each.resources)}"
        if each.condition.get("Bool") != {"kms:GrantIsForAWSResource": "true"}:
            yield f"{each}: for anybody's use"
        if ec2 not in each.condition.get("StringLike", {}).get("kms:ViaService", []):
            yield f"{each}: not through {ec2}"


@rule
def each_role_may_do_what_its_code_calls(stack: Stack) -> Iterator[str]:
    """Every AWS call in the source is allowed to the role that makes it, and no role is allowed what nothing calls."""
    for role in calls.UNCALLED.keys() & stack.resources.keys():
        needed = calls.needed(role) | dict.fromkeys(taken_by(role, stack), "AWS, for the event source mapping,")
        allowed = set(actions_of(role, stack))
        for action, thing in sorted(allowed - needed.keys()):
            yield f"{role}: nothing calls for {action}{' on the ' * bool(thing)}{thing}"
        # Some policies exist only with a parameter, so what is lacking shows where every one does.
        for action, thing in sorted(needed.keys() - allowed) if has_every_policy(stack) else ():
            what = f"{action}{' on the ' * bool(thing)}{thing}"
            yield f"{role}: {needed[action, thing]} is called, and {what} not allowed"


def taken_by(role: str, stack: Stack) -> Iterator[tuple[str, str]]:
    """What Lambda does in a role's name to the queues that are sources of its functions."""
    functions = stack.of_type("AWS::Lambda::Function")
    for mapping in stack.of_type("AWS::Lambda::EventSourceMapping").values():
        if functions[mapping["FunctionName"]]["Role"] == f"{role}.Arn":
            yield from ((action, mapping["EventSourceArn"].removesuffix(".Arn")) for action in TAKEN_MESSAGES)


def actions_of(role: str, stack: Stack) -> Iterator[tuple[str, str]]:
    """What a role may do, and to which table or queue."""
    for each in stack.allowed(role):
        for action in each.actions:
            for resource in each.resources if action.split(":")[0] in calls.ABOUT else ("",):
                yield action, "ConfigTable" if resource == config_table(stack) else resource.removesuffix(".Arn")


def config_table(stack: Stack) -> str:
    """The table of schedules: the stack's own, or the one that is given."""
    given = stack.parameters.get("ConfigTableName")
    return f"arn:{stack.partition}:dynamodb:{stack.region}:{ACCOUNT}:table/{given}" if given else "ConfigTable.Arn"


def has_every_policy(stack: Stack) -> bool:
    bodies = stack.template["Resources"].values()
    return len(stack.of_type("AWS::IAM::Policy")) == sum(body["Type"] == "AWS::IAM::Policy" for body in bodies)


# --- Encryption, retention, loss ---


@rule
def everything_at_rest_is_encrypted(stack: Stack) -> Iterator[str]:
    """Tables, queues and topics are encrypted, and with the given key, where one is given, log groups too."""
    key = stack.parameters.get("EncryptionKeyArn")
    for name, properties in stack.of_type("AWS::DynamoDB::Table").items():
        sse = properties.get("SSESpecification", {})
        if not sse.get("SSEEnabled") or sse.get("KMSMasterKeyId") != key:
            yield f"{name}: {sse}"
    for name, properties in stack.of_type("AWS::SQS::Queue").items():
        if not (properties.get("KmsMasterKeyId") == key if key else properties.get("SqsManagedSseEnabled")):
            yield name
    for name, properties in stack.of_type("AWS::SNS::Topic").items():
        # Alarms cannot publish under alias/aws/sns, so without a given key there is one of the stack's own.
        if properties.get("KmsMasterKeyId") != (key or "IssuesKey.Arn"):
            yield f"{name}: {properties.get('KmsMasterKeyId')}"
    for name, properties in stack.of_type("AWS::Logs::LogGroup").items():
        if properties.get("KmsKeyId") != key:
            yield f"{name}: {properties.get('KmsKeyId')}"


@rule
def keys_rotate(stack: Stack) -> Iterator[str]:
    """A key that a template makes is rotated, and used by IAM principals and by alarms alone."""
    for name, properties in stack.of_type("AWS::KMS::Key").items():
        if not properties.get("EnableKeyRotation"):
            yield name
        principals = [each.principal for each in stack.statements if each.holder == name]
        if principals[1:] != [{"Service": "cloudwatch.amazonaws.com"}]:
            yield f"{name}: {principals}"


@rule
def every_function_logs_for_a_limited_time(stack: Stack) -> Iterator[str]:
    """Each function has a log group of its own, made before it, with a retention."""
    groups = stack.of_type("AWS::Logs::LogGroup")
    for name, properties in groups.items():
        if not properties.get("RetentionInDays"):
            yield f"{name} keeps everything for ever"
    logged = {properties["LogGroupName"] for properties in groups.values()}
    for name, properties in stack.of_type("AWS::Lambda::Function").items():
        if f"/aws/lambda/{properties['FunctionName']}" not in logged:
            yield f"{name} has no log group"


@rule
def what_is_lost_with_a_stack_is_written_down(stack: Stack) -> Iterator[str]:
    """Whatever holds data says in full what becomes of it; people's own work stays, and can be restored."""
    for name, body in stack.resources.items():
        if body["Type"] in STATEFUL and not {"DeletionPolicy", "UpdateReplacePolicy"} <= body.keys():
            yield f"{name} has no DeletionPolicy or no UpdateReplacePolicy"
    config = stack.resources.get("ConfigTable")
    if config and (config["DeletionPolicy"], config["UpdateReplacePolicy"]) != ("Retain", "Retain"):
        yield "the ConfigTable goes with the stack"
    if config and config["Properties"].get("DeletionProtectionEnabled") != (
        stack.reference("DeletionProtection") == "Yes"
    ):
        yield "the ConfigTable's deletion protection is not what was asked for"
    for name, properties in stack.of_type("AWS::DynamoDB::Table").items():
        if not properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name} cannot be restored"


@rule
def a_failed_invocation_leaves_its_event(stack: Stack) -> Iterator[str]:
    """Asynchronous invocations of the scheduler that fail go to a queue that keeps them for 14 days."""
    if "Scheduler" not in stack.resources:
        return
    kept = [
        properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        for properties in stack.of_type("AWS::Lambda::EventInvokeConfig").values()
        if properties["FunctionName"] == "Scheduler"
    ]
    if kept != ["DeadLetters.Arn"]:
        yield f"they go to {kept}"
    if stack.of_type("AWS::SQS::Queue").get("DeadLetters", {}).get("MessageRetentionPeriod") != 14 * 24 * 3600:
        yield "they are not kept for 14 days"
    sends = [each for each in stack.allowed("SchedulerRole") if "sqs:SendMessage" in each.actions]
    if ("DeadLetters.Arn",) not in [each.resources for each in sends]:
        yield "the scheduler may not leave them"


@rule
def a_shard_comes_back(stack: Stack) -> Iterator[str]:
    """Shards come to the scheduler one by one, as many at once as was asked for; one that it could not work on comes
    again up to four times, each when its invocation has ended, and then goes to the dead letters."""
    for name, queue in stack.of_type("AWS::SQS::Queue").items():
        sources = [
            mapping
            for mapping in stack.of_type("AWS::Lambda::EventSourceMapping").values()
            if mapping["EventSourceArn"] == f"{name}.Arn"
        ]
        if name == "DeadLetters":
            continue
        if len(sources) != 1:
            yield f"{name} is the source of {len(sources)} functions"
        for source in sources:
            function = stack.of_type("AWS::Lambda::Function")[source["FunctionName"]]
            expected = {
                "FunctionName": "Scheduler",
                "BatchSize": 1,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": stack.reference("ShardsAtOnce")},
            }
            for said, value in expected.items():
                if source.get(said) != value:
                    yield f"{name}: {said} is {source.get(said)}"
            if queue.get("VisibilityTimeout") != function["Timeout"]:
                yield f"{name}: {queue.get('VisibilityTimeout')} s, and the function has {function['Timeout']}"
            if "ReservedConcurrentExecutions" in function:
                yield f"{name}: the function is limited to {function['ReservedConcurrentExecutions']} at once"
        if queue.get("RedrivePolicy") != {"deadLetterTargetArn": "DeadLetters.Arn", "maxReceiveCount": 5}:
            yield f"{name}: {queue.get('RedrivePolicy')}"


@rule
def an_old_shard_is_worthless(stack: Stack) -> Iterator[str]:
    """A shard is kept for three attempts of the longest timeout and no longer than an hour; as a dead letter, whose
    time counts from when it was sent first, for longer."""
    queues = stack.of_type("AWS::SQS::Queue")
    if "Shards" not in queues:
        return
    kept, dead = (queues[name].get("MessageRetentionPeriod", 4 * 24 * 3600) for name in ("Shards", "DeadLetters"))
    longest = stack.template["Parameters"]["Timeout"]["MaxValue"]
    if not 3 * longest <= kept <= 3600:
        yield f"it is kept for {kept} s"
    if dead <= kept:
        yield f"it is kept for {kept} s, and dead letters for {dead}"


# --- Being told ---


@rule
def every_alarm_tells_somebody(stack: Stack) -> Iterator[str]:
    """Each alarm publishes to the topic of issues, says what it means, and what silence means to it."""
    for name, properties in stack.of_type("AWS::CloudWatch::Alarm").items():
        if properties.get("AlarmActions") != ["Issues"]:
            yield f"{name} tells nobody"
        for said in ("AlarmDescription", "TreatMissingData"):
            if not properties.get(said):
                yield f"{name} has no {said}"


@rule
def alarms_may_publish(stack: Stack) -> Iterator[str]:
    """This account's alarms, and nobody else, may publish to the topic."""
    alarms = {"aws:SourceArn": f"arn:{stack.partition}:cloudwatch:{stack.region}:123456789012:alarm:*"}
    for topic in stack.of_type("AWS::SNS::Topic"):
        for each in stack.allowed(topic) or [None]:
            if not each or each.principal != {"Service": "cloudwatch.amazonaws.com"}:
                yield f"{topic}: {each and each.principal}"
            elif each.condition != {"ArnLike": alarms}:
                yield f"{topic}: {each.condition}"


@rule
def dead_letters_are_noticed(stack: Stack) -> Iterator[str]:
    """One message in a queue of dead letters is an alarm."""
    sources = stack.of_type("AWS::SQS::Queue").values()
    dead = {queue["RedrivePolicy"]["deadLetterTargetArn"] for queue in sources if "RedrivePolicy" in queue}
    watched = {
        f"{dimension['Value'].removesuffix('.QueueName')}.Arn"
        for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
        for dimension in alarm["Dimensions"]
    }
    yield from dead - watched


@rule
def a_missed_pass_is_noticed(stack: Stack) -> Iterator[str]:
    """While the rule is active, three frequencies without an invocation are an alarm."""
    if stack.template["Parameters"].get("Frequency") is None or stack.reference("Active") == "No":
        return
    number, unit = re.fullmatch(r"rate\((\d+) (minute|hour)s?\)", stack.reference("Frequency")).groups()
    expected = 3 * int(number) * {"minute": 60, "hour": 3600}[unit]
    alarm = stack.of_type("AWS::CloudWatch::Alarm").get("PassMissed", {})
    waits = int(alarm.get("Period", 0)) * int(alarm.get("EvaluationPeriods", 0))
    if waits != expected or alarm.get("TreatMissingData") != "breaching":
        yield f"{waits} s, where {expected} are three frequencies, and silence is {alarm.get('TreatMissingData')}"


@rule
def only_metrics_that_passes_publish_are_shown(stack: Stack) -> Iterator[str]:
    """Alarms and the dashboard use metrics of the table in metrics.rs, by the dimensions that they have there."""
    for name, properties in stack.of_type("AWS::CloudWatch::Alarm").items():
        if not properties["Namespace"].startswith("AWS/"):
            if published().get(properties["MetricName"]) != frozenset():
                yield f"{name}: {properties['MetricName']}"
    namespace = stack.parameters.get("MetricsNamespace") or "Dayshift/dayshift"
    for name, properties in stack.of_type("AWS::CloudWatch::Dashboard").items():
        for metric in metrics_of(json.loads(properties["DashboardBody"])):
            if metric[0] != namespace or published().get(metric[1]) != metric[2]:
                yield f"{name}: {metric[1]} by {sorted(metric[2])} in {metric[0]}"


def metrics_of(dashboard: dict) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Namespace, name and dimensions of every metric of ours."""
    search = re.compile(r'SEARCH\(\'\{"([^"]+)",([A-Za-z,]+)\} MetricName="(\w+)"\'')
    for widget in dashboard["widgets"]:
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0], str):
                if not metric[0].startswith("AWS/"):
                    yield metric[0], metric[1], frozenset()
                continue
            namespace, dimensions, name = search.search(metric[0]["expression"]).groups()
            yield namespace, name, frozenset(dimensions.split(","))


@cache
def published() -> dict[str, frozenset[str]]:
    """The dimensions of each metric that passes publish."""
    rows = re.findall(r"^//! \| `(\w+)` \|([^|]*)\|", METRICS.read_text(), re.MULTILINE)
    return {name: frozenset(dimensions.replace(",", " ").split()) for name, dimensions in rows}


# --- Being deployed ---


@rule
def nothing_is_generated_or_nested(stack: Stack) -> Iterator[str]:
    """One artefact for all functions, told apart by handler; no inline code, macro, nested stack or variable."""
    if "Transform" in stack.template:
        yield f"Transform {stack.template['Transform']}"
    functions = stack.of_type("AWS::Lambda::Function")
    for name, properties in functions.items():
        suffix = properties["FunctionName"].removeprefix("dayshift-")
        if properties["Handler"] != suffix or properties.get("Environment"):
            yield f"{name}: {properties['Handler']}, {properties.get('Environment')}"
        if properties["Code"] != functions["Scheduler"]["Code"] or "ZipFile" in properties["Code"]:
            yield f"{name}: {properties['Code']}"
    for name, body in stack.resources.items():
        if body["Type"] == "AWS::CloudFormation::Stack" or body["Type"].startswith("Custom::"):
            yield name


@rule
def every_partition_gets_arns_of_its_own(stack: Stack) -> Iterator[str]:
    """No ARN and no host name of one partition is written into a template."""
    texts = re.findall(r"arn:([a-z-]+):", json.dumps(stack.resources, default=str))
    for partition in {text for text in texts if text != stack.partition}:
        yield f"arn:{partition}:"


@rule
def every_setting_is_read(stack: Stack) -> Iterator[str]:
    """Each parameter that a stack writes is one that settings.rs knows: another would be a warning in every pass."""
    known = set(re.findall(r'^    "([a-z-]+)",$', SETTINGS.read_text(), re.MULTILINE))
    for properties in stack.of_type("AWS::SSM::Parameter").values():
        name = properties["Name"].removeprefix("/dayshift/dayshift/")
        if name not in known:
            yield name


@rule
def no_pass_runs_without_its_settings(stack: Stack) -> Iterator[str]:
    """The settings without which a pass fails, or serves what it must not, are made before the rule and deleted after
    it; they name the tables and the queue that the scheduler may use."""
    if "Scheduler" not in stack.resources:
        return
    settings = stack.of_type("AWS::SSM::Parameter")
    unconditional = {name for name in settings if "Condition" not in stack.template["Resources"][name]}
    yield from unconditional - set(stack.resources["Scheduler"]["DependsOn"])
    if "ExcludedAccountsParameter" in settings:
        if "ExcludedAccountsParameter" not in stack.resources["SchedulerRule"]["Properties"]["Description"]:
            yield "the excluded accounts may be unknown to the first pass, or to the last"
    elif stack.parameters.get("ExcludedAccounts"):
        yield "nobody tells of the excluded accounts"
    values = {each["Name"].rsplit("/", 1)[1]: each["Value"] for each in settings.values()}
    table = stack.parameters.get("ConfigTableName") or "ConfigTable"
    for name, value in (("config-table", table), ("state-table", "StateTable"), ("shard-queue", "Shards")):
        if values.get(name) != value:
            yield f"{name} is {values.get(name)}"


@rule
def a_template_fits_into_a_request(stack: Stack) -> Iterator[str]:
    """Without a bucket, CloudFormation takes 51,200 bytes; it takes 200 parameters, and each one says what it is."""
    size = len(stack.source.encode())
    if size > 51_200:
        yield f"{size} bytes"
    if len(stack.template["Parameters"]) > 200:
        yield f"{len(stack.template['Parameters'])} parameters"
    for section in ("Parameters", "Outputs"):
        for name, body in stack.template[section].items():
            if not body.get("Description"):
                yield f"{section[:-1]} {name} has no description"
    shown = {
        name
        for group in stack.template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]
    }
    for name in shown ^ stack.template["Parameters"].keys():
        yield f"{name} is in no group, or no parameter"


@rule
def a_roles_policies_fit(stack: Stack) -> Iterator[str]:
    """IAM takes 10,240 characters of inline policies for a role, without white space."""
    sizes: dict[str, int] = {}
    for holder, document in stack.policies():
        sizes[holder] = sizes.get(holder, 0) + len(json.dumps(document, separators=(",", ":")))
    for holder, size in sizes.items():
        if size > 10_240:
            yield f"{holder}: {size}"


# --- Being written down ---


@rule
def every_parameter_is_documented(stack: Stack) -> Iterator[str]:
    """docs/deploy.md has a row for each parameter, with its default, and names each output."""
    page = page_of("deploy.md")
    rows = dict(re.findall(r"^\| `(\w+)` \| ?`?(.*?)`? ?\|", section_for(stack, page), re.MULTILINE))
    for name, body in stack.template["Parameters"].items():
        if rows.get(name) != str(body.get("Default", "required")):
            yield f"{name}: {rows.get(name)!r}"
    for name in stack.template["Outputs"]:
        if f"`{name}`" not in page:
            yield f"the output {name}"


@rule
def every_permission_is_documented(stack: Stack) -> Iterator[str]:
    """docs/security.md has a row for each statement of each function's role, and of the spoke's."""
    page = page_of("security.md")
    sections = dict(re.findall(r"^## (?:The |A )(\w+)\n(.*?)(?=^## )", page, re.DOTALL | re.MULTILINE))
    for each in stack.statements:
        # What all functions have is said of the first.
        texts = (sections.get(each.holder.removesuffix("Role").lower()), sections["scheduler"])
        if each.holder.endswith("Role") and not any(text and f"`{each.sid}`" in text for text in texts):
            yield str(each)


@rule
def every_alarm_and_graph_is_documented(stack: Stack) -> Iterator[str]:
    """docs/operate.md has a row for each alarm, by its name, and for each graph of the dashboard, by its title."""
    page = page_of("operate.md")
    for name, properties in stack.of_type("AWS::CloudWatch::Alarm").items():
        if f"| `{properties['AlarmName']}` |" not in page:
            yield name
    for properties in stack.of_type("AWS::CloudWatch::Dashboard").values():
        for widget in json.loads(properties["DashboardBody"])["widgets"]:
            if f"| {widget['properties']['title']} |" not in page:
                yield widget["properties"]["title"]


@cache
def page_of(name: str) -> str:
    return (DOCS / name).read_text()


def section_for(stack: Stack, page: str) -> str:
    """The part of the page on deploying that is about this template."""
    hub, spokes = page.split("\n## Spokes, one by one\n")
    return hub if "Accounts" in stack.template["Parameters"] else spokes


def is_left_to_iam(each: Statement, stack: Stack) -> bool:
    root = {"AWS": f"arn:{stack.partition}:iam::123456789012:root"}
    return each.holder in stack.of_type("AWS::KMS::Key") and each.principal == root and each.actions == ("kms:*",)


def is_a_write(action: str) -> bool:
    return re.match(r"dynamodb:(Batch|PartiQL)?(Write|Put|Insert|Update|Delete)", action) is not None


def is_listing(action: str) -> bool:
    return re.match(r"[a-z0-9-]+:(List|Describe|Get)", action) is not None
