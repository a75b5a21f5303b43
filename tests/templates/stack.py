"""A template as CloudFormation would understand it for given parameters: conditions decided, functions evaluated."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cfnlint.decode import cfn_yaml

TEMPLATES = Path(__file__).resolve().parents[2] / "cloudformation"
NO_VALUE = object()
ACCOUNT, STACK = "123456789012", "dayshift"
HOST_NAMES_END = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}


@dataclass(frozen=True)
class Statement:
    """One statement of a policy. `holder` is the logical id of the role, topic or key that it is for."""

    holder: str
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: dict
    principal: dict | None

    def __str__(self) -> str:
        return f"{self.holder}, {self.sid}"


@dataclass
class Stack:
    """What a template makes of parameters. A reference to a resource stays its logical id, an attribute `Id.Name`."""

    source: str
    parameters: dict[str, str] = field(default_factory=dict)
    region: str = "eu-west-1"
    partition: str = "aws"

    @cached_property
    def template(self) -> dict:
        return json.loads(json.dumps(cfn_yaml.loads(self.source)))

    @cached_property
    def resources(self) -> dict[str, dict]:
        """Those whose conditions hold."""
        declared = self.template["Resources"].items()
        exist = {name: body for name, body in declared if self.holds(body.get("Condition"))}
        return {
            name: {**body, "Properties": self.evaluate(body.get("Properties", {}))} for name, body in exist.items()
        }

    def of_type(self, kind: str) -> dict[str, dict]:
        """The properties of every resource of that type, by logical id."""
        return {name: body["Properties"] for name, body in self.resources.items() if body["Type"] == kind}

    @cached_property
    def statements(self) -> list[Statement]:
        return [
            statement(holder, each)
            for holder, document in self.policies()
            for each in document["Statement"]
        ]

    def policies(self) -> Iterator[tuple[str, dict]]:
        """Every policy that grants something, with the logical id of who has it or what it is about."""
        for role, properties in self.of_type("AWS::IAM::Role").items():
            for policy in properties.get("Policies", []):
                yield role, parsed(policy["PolicyDocument"])
        for properties in self.of_type("AWS::IAM::Policy").values():
            for role in properties["Roles"]:
                yield role, parsed(properties["PolicyDocument"])
        for properties in self.of_type("AWS::SNS::TopicPolicy").values():
            yield properties["Topics"][0], properties["PolicyDocument"]
        for key, properties in self.of_type("AWS::KMS::Key").items():
            yield key, properties["KeyPolicy"]

    def allowed(self, holder: str) -> list[Statement]:
        return [each for each in self.statements if each.holder == holder and each.effect == "Allow"]

    # --- Conditions and functions ---

    def holds(self, condition: str | None) -> bool:
        return condition is None or self.test(self.template["Conditions"][condition])

    def test(self, condition: dict) -> bool:
        ((name, argument),) = condition.items()
        match name:
            case "Fn::Equals":
                left, right = (self.evaluate(side) for side in argument)
                return left == right
            case "Fn::Not":
                return not self.test(argument[0])
            case "Fn::And":
                return all(self.test(each) for each in argument)
            case "Fn::Or":
                return any(self.test(each) for each in argument)
            case "Condition":
                return self.holds(argument)
        raise ValueError(f"no condition that the templates use: {name}")

    def evaluate(self, value):
        if isinstance(value, list):
            return [each for each in map(self.evaluate, value) if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self.call(name, argument)
        evaluated = {name: self.evaluate(each) for name, each in value.items()}
        return {name: each for name, each in evaluated.items() if each is not NO_VALUE}

    def call(self, function: str, argument):
        match function:
            case "Ref":
                return self.reference(argument)
            case "Fn::GetAtt":
                return ".".join(argument)
            case "Fn::If":
                condition, then, otherwise = argument
                return self.evaluate(then if self.holds(condition) else otherwise)
            case "Fn::Sub":
                text, names = argument if isinstance(argument, list) else (argument, {})
                return self.substitute(text, self.evaluate(names))
            case "Fn::Join":
                delimiter, parts = argument
                return delimiter.join(str(part) for part in self.evaluate(parts))
            case "Fn::Split":
                delimiter, text = argument
                return self.evaluate(text).split(delimiter)
            case "Fn::Select":
                index, parts = argument
                return self.evaluate(parts)[int(index)]
        raise ValueError(f"no function that the templates use: {function}")

    def substitute(self, text: str, names: dict[str, str]) -> str:
        def value(match: re.Match) -> str:
            name = match[1]
            return str(names[name]) if name in names else str(self.reference(name))

        return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", value, text)

    def reference(self, name: str):
        if name in self.template["Parameters"]:
            return self.parameters.get(name, self.template["Parameters"][name].get("Default", f"<{name}>"))
        pseudo = {
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::AccountId": ACCOUNT,
            "AWS::StackName": STACK,
            "AWS::StackId": f"arn:{self.partition}:cloudformation:{self.region}:{ACCOUNT}:stack/{STACK}/a-uuid",
            "AWS::URLSuffix": HOST_NAMES_END[self.partition],
        }
        if name.split(".")[0] not in self.template["Resources"] | pseudo:
            raise ValueError(f"nothing is called {name}")
        return pseudo.get(name, name)


def parsed(document: dict | str) -> dict:
    return json.loads(document) if isinstance(document, str) else document


def statement(holder: str, body: dict) -> Statement:
    return Statement(
        holder,
        body.get("Sid", "a statement without a name"),
        body["Effect"],
        several(body["Action"]),
        several(body["Resource"]),
        body.get("Condition", {}),
        body.get("Principal"),
    )


def several(one_or_more: str | list[str]) -> tuple[str, ...]:
    return (one_or_more,) if isinstance(one_or_more, str) else tuple(one_or_more)
