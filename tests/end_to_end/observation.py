"""What can be seen from outside: instances by boto3, the state table, the metrics, the calls that were made."""

from collections import defaultdict
from datetime import datetime

import yaml

from .aws import Aws
from .deployment import Deployment
from .estate import EC2, RDS, Estate, Resource
from .front_door import Call

# RDS has words of its own for what EC2 calls running.
RUNNING = {"running", "available"}


def states(aws: Aws, estate: Estate, ids: dict[Resource, str]) -> dict[str, str]:
    """Name to running, stopped or what else AWS says, for every resource there is."""
    seen: dict[str, str] = {}
    for account, region in sorted({(each.account, each.region) for each in estate.resources}):
        seen |= ec2_states(aws.client("ec2", account, region)) | rds_states(aws.client("rds", account, region))
    return {resource.name: seen.get(resource_id, "gone") for resource, resource_id in ids.items()}


def ec2_states(ec2) -> dict[str, str]:
    pages = ec2.get_paginator("describe_instances").paginate()
    instances = (each for page in pages for reservation in page["Reservations"] for each in reservation["Instances"])
    return {each["InstanceId"]: plain(each["State"]["Name"]) for each in instances}


def rds_states(rds) -> dict[str, str]:
    pages = rds.get_paginator("describe_db_instances").paginate()
    return {
        each["DBInstanceIdentifier"]: plain(each["DBInstanceStatus"]) for page in pages for each in page["DBInstances"]
    }


def plain(state: str) -> str:
    return "running" if state in RUNNING else state


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
        if item["resource"]["S"].split("/")[0] in (EC2, RDS)
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


WRITES = {
    "StartInstances": "start",
    "StartDBInstance": "start",
    "StopInstances": "stop",
    "StopDBInstance": "stop",
}


def allowed_actions(iam, role: str) -> set[str]:
    """What the role's inline policies allow, as `service:Operation`; the templates write no others."""
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = (document(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]) for name in names)
    actions = (statement["Action"] for document in documents for statement in document["Statement"])
    return {action for some in actions for action in ([some] if isinstance(some, str) else some)}


def document(policy: dict | str) -> dict:
    """moto gives some policies as Python would print them, which is no JSON and happens to be YAML."""
    return policy if isinstance(policy, dict) else yaml.safe_load(policy)


# Where a policy has another name for a service than a request's signature.
POLICY_PREFIX = {"tagging": "tag"}


def called_actions(calls: list[Call], keys: set[str]) -> set[str]:
    """What was called with these keys, as policies name it."""
    return {
        f"{POLICY_PREFIX.get(call.service, call.service)}:{call.operation}" for call in calls if call.key in keys
    }


def writes(calls: list[Call]) -> dict[str, set[str]]:
    """The ids of resources that the function asked AWS to start, and to stop."""
    asked: dict[str, set[str]] = {"start": set(), "stop": set()}
    for call in calls:
        if call.operation in WRITES:
            asked[WRITES[call.operation]] |= set(call.resources)
    return asked
