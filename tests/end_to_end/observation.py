"""What can be seen from outside: resources by boto3, the state table, the metrics, the calls that were made."""

from collections import defaultdict
from datetime import datetime

import yaml

from iam_actions import INSTEAD, POLICY_PREFIX, SNAPSHOT_ASKS, TAGGING_ASKS

from .aws import Aws
from .deployment import Deployment, clients
from .estate import Estate, Resource
from .front_door import Call
from .kinds import KINDS, Seen


def seen(aws: Aws, estate: Estate, ids: dict[Resource, str]) -> dict[Resource, Seen | None]:
    """What AWS says of every resource there is."""
    found: dict[tuple[str, str, str], dict[str, Seen]] = {}
    for resource in estate.resources:
        there = (resource.account, resource.region, resource.kind)
        if there not in found:
            found[there] = KINDS[resource.kind].seen(clients(aws, resource))
    return {
        each: found[each.account, each.region, each.kind].get(resource_id) for each, resource_id in ids.items()
    }


def state_items(aws: Aws, deployment: Deployment) -> dict[str, dict[str, str]]:
    """The state table's entries of resources: `target resource` to what the story asserts of it.

    Whatever else the table holds, leases say, is the scheduler's own business.
    """
    pages = aws.hub("dynamodb").get_paginator("scan").paginate(TableName=deployment.state_table)
    items = (item for page in pages for item in page["Items"])
    return {
        f"{item['target']['S']} {item['resource']['S']}": {
            name: item[name]["S"] for name in ("settled", "edge", "at") if "S" in item.get(name, {})
        }
        for item in items
        if item["resource"]["S"].split("/")[0] in KINDS
    }


def settled(items: dict[str, dict[str, str]]) -> dict[str, str | None]:
    return {key: item.get("settled") for key, item in items.items()}


def is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def metric_sums(data: list[dict]) -> dict[tuple[str, str, str], float]:
    """(name, schedule, kind) to the sum of what was put; the last two are empty without dimensions."""
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    for datum in data:
        dimensions = dict(datum["dimensions"])
        sums[datum["name"], dimensions.get("Schedule", ""), dimensions.get("Kind", "")] += measured(datum)
    return dict(sums)


def measured(datum: dict) -> float:
    """CloudWatch takes values, each with how often it occurred."""
    return sum(value * times for value, times in datum["reading"]["values"])


STARTS = {"StartInstances", "StartDBInstance", "StartDBCluster", "ResumeCluster"}
STOPS = {"StopInstances", "StopDBInstance", "StopDBCluster", "PauseCluster"}
SIZES = {"UpdateAutoScalingGroup": "MaxSize", "UpdateService": "desiredCount"}
CHANGES = {"ModifyInstanceAttribute", "RegisterScalableTarget"}
TAGS = {"CreateTags", "DeleteTags", "CreateOrUpdateTags", "TagResources", "UntagResources"}


def verb(call: Call) -> str | None:
    """What the call does to the resources that it names, if anything."""
    if call.operation in SIZES:
        return "stop" if int(call.params[SIZES[call.operation]]) == 0 else "start"
    verbs = {"start": STARTS, "stop": STOPS, "change": CHANGES, "tag": TAGS}
    return next((name for name, operations in verbs.items() if call.operation in operations), None)


def allowed_actions(iam, role: str) -> set[str]:
    """What the role's inline policies allow, as `service:Operation`; the templates write no others."""
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = (document(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]) for name in names)
    statements = (statement for document in documents for statement in document["Statement"])
    actions = (statement["Action"] for statement in statements if statement["Effect"] == "Allow")
    return {action for some in actions for action in ([some] if isinstance(some, str) else some)}


def document(policy: dict | str) -> dict:
    """moto gives some policies as Python would print them, which is no JSON and happens to be YAML."""
    return policy if isinstance(policy, dict) else yaml.safe_load(policy)


# A stop that leaves a snapshot.
SNAPSHOT = {"StopDBInstance", "DBSnapshotIdentifier"}


def called_actions(calls: list[Call], keys: set[str]) -> set[str]:
    """What was called with these keys, as policies name it, and what the services ask for in order to do it: moto asks
    for nothing."""
    made = [call for call in calls if call.key in keys]
    named = {f"{POLICY_PREFIX.get(call.service, call.service)}:{call.operation}" for call in made}
    own = {action for name in named for action in INSTEAD.get(name, {name})}
    tagging = {TAGGING_ASKS[call.operation, arn.split(":")[2]] for call in made for arn in call.arns}
    leaves_snapshots = any(SNAPSHOT <= {call.operation, *call.params} for call in made)
    return own | tagging | (SNAPSHOT_ASKS if leaves_snapshots else set())


def snapshots_of(rds) -> dict[str, set[str]]:
    """The names of the snapshots that were asked for, by instance. RDS makes others of its own."""
    names: dict[str, set[str]] = defaultdict(set)
    for each in rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]:
        names[each["DBInstanceIdentifier"]].add(each["DBSnapshotIdentifier"])
    return dict(names)


def writes(calls: list[Call]) -> dict[str, list[str]]:
    """The ids of resources that the function asked AWS to start, to stop, to change and to tag, each as often as it
    did."""
    asked: dict[str, list[str]] = {"start": [], "stop": [], "change": [], "tag": []}
    for call in calls:
        if does := verb(call):
            asked[does] += call.resources
    return asked
