"""Checks the templates against every rule, and every rule against broken templates. scripts/lint-templates calls it."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from . import calls
from .broken import BROKEN
from .rules import RULES, each_role_may_do_what_its_code_calls
from .stack import TEMPLATES, Stack

KEY = "arn:{partition}:kms:{region}:123456789012:key/1234abcd"
OTHER_KEY = "arn:{partition}:kms:{region}:123456789012:key/5678efab"
LICENSE = "arn:{partition}:license-manager:{region}:123456789012:license-configuration:lic-1"
KINDS = ("Ec2Instances", "RdsInstances", "RdsClusters", "AutoScalingGroups", "EcsServices", "RedshiftClusters")

# Parameters that together take every branch of every condition.
CASES = {
    "hub.yaml": {
        "defaults": {"Accounts": "111122223333"},
        "everything": {
            "Accounts": "111122223333,{param:/lists/prod}",
            "AccountListParameters": "/lists/prod,plain",
            "SpokeRoleArns": "arn:{partition}:iam::111122223333:role/ops/night",
            "OrganizationalUnits": "r-ab12,ou-ab12-12345678",
            "OrganizationId": "o-a1b2c3d4e5",
            "ExcludedAccounts": "222233334444,333344445555",
            "TargetsPerShard": "50",
            "ShardsAtOnce": "1000",
            "ConfigTableName": "instance-scheduler-ConfigTable-1ABCDEF",
            "ConfigTableKeyArn": OTHER_KEY,
            "Regions": "{region}",
            "ExternalId": "chosen",
            "Frequency": "rate(1 hour)",
            "StartedTags": "state=started",
            "StoppedTags": "state=stopped",
            "CodeObjectVersion": "1",
            "Gateway": "Yes",
            "Trace": "Yes",
            "PermissionsBoundaryArn": "arn:{partition}:iam::123456789012:policy/boundary",
            "IssuesEmail": "ops@example.com",
            "MetricsNamespace": "Ops/Dayshift",
            "EncryptionKeyArn": KEY,
        },
        "little": {
            "OrganizationalUnits": "r-ab12",
            "Frequency": "rate(10 minutes)",
            "Active": "No",
            "Metrics": "No",
            "Dashboard": "No",
            "DeletionProtection": "No",
        },
        "gateway": {"SpokeRoleArns": "arn:{partition}:iam::111122223333:role/night", "Gateway": "Yes"},
        "another table": {"Accounts": "111122223333", "ConfigTableName": "old.Config_Table", "Gateway": "Yes"},
        "another table's key": {
            "Accounts": "111122223333",
            "ConfigTableName": "old",
            "ConfigTableKeyArn": OTHER_KEY,
            "Timeout": "900",
        },
    },
    "spoke.yaml": {
        "defaults": {},
        "everything": {
            "SnapshotsOfHub": "dayshift",
            "KmsKeyArns": KEY,
            "LicenseConfigurationArns": LICENSE,
            "PermissionsBoundaryArn": "arn:{partition}:iam::123456789012:policy/boundary",
        },
        "nothing": dict.fromkeys(KINDS, "No"),
        **{f"{kind} alone": {other: "No" for other in KINDS if other != kind} for kind in KINDS},
    },
}
PLACES = (("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"))


def stacks(template: str, source: str) -> dict[str, Stack]:
    """The template with every case's parameters in every partition."""
    return {
        f"{template} with {case} in {partition}": Stack(
            source,
            {
                name: value.replace("{partition}", partition).replace("{region}", region)
                for name, value in parameters.items()
            },
            region,
            partition,
        )
        for case, parameters in CASES[template].items()
        for partition, region in PLACES
    }


def main() -> int:
    sources = {name: (TEMPLATES / name).read_text() for name in CASES}
    problems = Counter()
    for template, source in sources.items():
        for where, stack in stacks(template, source).items():
            problems.update(f"{where}: {rule.__doc__}\n    {problem}" for rule in RULES for problem in rule(stack))
    for problem in problems:
        print(problem, file=sys.stderr)
    blind = [str(each) for each in BROKEN if not refuses(each, sources)]
    untried = [rule.__name__ for rule in RULES if not any(each.rule is rule for each in BROKEN)]
    for each in blind:
        print(f"no rule refused: {each}", file=sys.stderr)
    for each in untried:
        print(f"no broken template tries {each}", file=sys.stderr)
    misread = list(calls.problems())
    for each in misread:
        print(each, file=sys.stderr)
    taken = [pair for name in CASES for pair in one_permission_fewer(whole(name, sources[name]))]
    unmissed = [what for what, stack in taken if not is_named(what, stack)]
    for each in unmissed:
        print(f"nothing misses the permission {each}", file=sys.stderr)
    if problems or blind or untried or misread or unmissed:
        return 1
    print(f"template rules: {len(RULES)} hold, and refuse {len(BROKEN)} broken templates")
    made = ", ".join(f"{role} {len(some)}" for role, some in calls.calls().items())
    print(f"permissions: each of {len(taken)} is needed, for the calls in the source ({made})")
    return 0


def whole(template: str, source: str) -> Stack:
    return stacks(template, source)[f"{template} with everything in aws"]


def one_permission_fewer(stack: Stack) -> Iterator[tuple[str, Stack]]:
    """The stack without one action of one role, wherever it is allowed, for each there is."""
    for role in calls.UNCALLED:
        for action in sorted({action for each in stack.allowed(role) for action in each.actions}):
            fewer = replace(stack)
            fewer.statements = [
                replace(each, actions=tuple(other for other in each.actions if other != action))
                if each.holder == role
                else each
                for each in stack.statements
            ]
            yield f"{role}: {action}", fewer


def is_named(what: str, stack: Stack) -> bool:
    role, action = what.split(": ")
    found = each_role_may_do_what_its_code_calls(stack)
    return any(problem.startswith(f"{role}: ") and action in problem for problem in found)


def refuses(broken, sources: dict[str, str]) -> bool:
    """Whether the rule sees what was broken, with some case's parameters."""
    found = stacks(broken.template, broken.source(sources[broken.template])).values()
    return any(problem for stack in found for problem in broken.rule(stack))


if __name__ == "__main__":
    sys.exit(main())
