"""Which AWS calls the code makes, and as whom: read from the source, so that nobody keeps a list.

A call is where a request of an SDK client is built, `.describe_instances()`, or where a method of the same type is
called that builds one and leaves it to others to send. Whose client it is follows from the clients that the function,
or else its file, has; which operations a service has, botocore knows. A call is made as a
spoke where its function takes the spoke's credentials, and otherwise as whoever reaches it: from the code of each
function of the hub, and of the command line, the calls are followed from function to function, by name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import botocore.loaders
import botocore.model
from botocore import xform_name

from iam_actions import DEAD_LETTERS, LOGS, OWN_KEY, POLICY_PREFIX, SECRETS, TRACES, asked_for

CRATES = Path(__file__).resolve().parents[2] / "crates"
ADAPTERS = CRATES / "scheduler-aws/src"
HUB = CRATES / "scheduler-hub/src"
CLI = CRATES / "scheduler-cli/src"

# SDK crates that botocore calls otherwise.
IN_BOTOCORE = {
    "applicationautoscaling": "application-autoscaling",
    "resourcegroupstagging": "resourcegroupstaggingapi",
}

# What a file's calls of a service are about, where we have several things there.
ABOUT = {
    "dynamodb": {
        "config_table": ("ConfigTable",),
        "state_table": ("StateTable",),
        "doctor/table": ("ConfigTable", "StateTable"),
    },
    "sqs": {"queue": ("Shards",)},
}


def of(thing: str, actions: set[str]) -> set[tuple[str, str]]:
    return {(action, thing) for action in actions}


# What AWS does in each role's name, and of what; what an event source mapping does besides, its template says.
UNCALLED = {
    "SchedulerRole": of("", LOGS | TRACES | SECRETS | OWN_KEY) | of("DeadLetters", DEAD_LETTERS),
    "AdminRole": of("", LOGS | TRACES | OWN_KEY),
    "SpokeRole": set(),
}

# A function, and the lines up to the brace that closes it, which stands below its first letter.
FUNCTION = re.compile(r"^( *)(?:pub(?:\([a-z]+\))? )?(?:async )?fn (\w+).*?^\1\}", re.DOTALL | re.MULTILINE)
IMPL = re.compile(r"^impl(?:<[^>]*>)? (?:\w+ for )?(\w+).*?^\}", re.DOTALL | re.MULTILINE)
BUILT = re.compile(r"\.\s*([a-z_]+)\(\)")
SENT = re.compile(r"\.\s*send\(\)")
NAMED = re.compile(r"\b([a-z_]+)(?:::<[^>]*>)?\(")
ASKED_OF = {of: re.compile(rf"\b{of}\s*\.\s*([a-z_]+)\(") for of in ("self", "aws")}
TYPE = re.compile(r"\b([A-Z]\w+)\b")


@dataclass(frozen=True)
class Call:
    """One operation, and what it is about where a service has several things of ours."""

    action: str
    about: str = ""


@dataclass(frozen=True)
class Function:
    """A function of the adapters."""

    file: Path
    name: str
    type: str
    body: str
    calls: frozenset[Call] = field(default=frozenset(), compare=False)

    @property
    def is_public(self) -> bool:
        return self.body.lstrip().startswith("pub")

    @property
    def is_spokes(self) -> bool:
        return "as_spoke" in self.body


class UnknownCall(Exception):
    """The source has a request that cannot be told from what is known of it."""


@cache
def operations(crate: str) -> dict[str, str]:
    """The operations of a service, by their name in Rust."""
    name = IN_BOTOCORE.get(crate, crate)
    model = botocore.loaders.Loader().load_service_model(name, "service-2")
    return {xform_name(operation): operation for operation in botocore.model.ServiceModel(model).operation_names}


def source(path: Path) -> str:
    """Without its tests and comments."""
    text = re.split(r"^#\[cfg\(test\)\]\nmod \w+ \{", path.read_text(), maxsplit=1, flags=re.MULTILINE)[0]
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


@cache
def accessors() -> dict[str, str]:
    """The functions that give a client, and the crate of each."""
    return dict(re.findall(r"fn (\w+)\(&self.*?\) -> aws_sdk_(\w+)::Client", source(ADAPTERS / "clients.rs")))


def clients_in(text: str) -> set[str]:
    """The crates whose clients a text has."""
    given = {crate for name, crate in accessors().items() if re.search(rf"\.{name}\(", text)}
    return given | set(re.findall(r"aws_sdk_(\w+)", text))


def calls_in(path: Path, owner: str, body: str, whole: str) -> frozenset[Call]:
    sent = len(SENT.findall(body))
    if not sent:
        return frozenset()
    found = set(built_in(path, body, whole))
    for name in ASKED_OF["self"].findall(body):
        found |= begun().get((owner, name), frozenset())
    known = len({call.action for call in found})
    if sent != known:
        raise UnknownCall(f"{path}: {sent} requests are sent, and {known} are known: {body}")
    return frozenset(found)


def built_in(path: Path, body: str, whole: str) -> Iterator[Call]:
    """The requests that are built there, whoever sends them."""
    for name in BUILT.findall(body):
        crates = {crate for crate in clients_in(whole) if name in operations(crate)}
        if len(crates) > 1:
            crates &= clients_in(body)
        if len(crates) > 1:
            raise UnknownCall(f"{path}: `.{name}()` may be of {sorted(crates)}")
        for crate in crates:
            parts = ABOUT.get(crate, {}).items()
            about = next((things for part, things in parts if part in str(path.relative_to(ADAPTERS))), ("",))
            action = f"{POLICY_PREFIX.get(crate, crate)}:{operations(crate)[name]}"
            yield from (Call(action, thing) for thing in about)


@cache
def begun() -> dict[tuple[str, str], frozenset[Call]]:
    """The methods, by their types, that build a request and do not send it."""
    found = {
        (owner, name): frozenset(built_in(path, body, whole))
        for path in sorted(ADAPTERS.rglob("*.rs"))
        for owner, name, body, whole in texts_of(path)
        if not SENT.search(body)
    }
    return {method: built for method, built in found.items() if built}


@cache
def adapters() -> tuple[Function, ...]:
    return tuple(each for path in sorted(ADAPTERS.rglob("*.rs")) for each in functions_of(path))


def functions_of(path: Path) -> Iterator[Function]:
    for owner, name, body, whole in texts_of(path):
        yield Function(path, name, owner, body, calls_in(path, owner, body, whole))


def texts_of(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """Each function: its type, its name, itself, and all of its file."""
    whole = source(path)
    owners = [(match.span(), match[1]) for match in IMPL.finditer(whole)]
    for match in FUNCTION.finditer(whole):
        owner = next((name for (begin, end), name in owners if begin <= match.start() < end), "")
        yield owner, match[2], match[0], whole


def reached(first: Function) -> set[Function]:
    """The functions of the adapters that one may call, directly or not, and itself: those of its own file by name,
    those of other files too if they are public, and every function of a type that it makes a value of."""
    found, unread = {first}, [first]
    while unread:
        function = unread.pop()
        named, made = set(NAMED.findall(function.body)), set(TYPE.findall(function.body)) - {"Aws", "Self"}
        of_aws = set(ASKED_OF["aws"].findall(function.body))
        if function.type == "Aws":
            of_aws |= set(ASKED_OF["self"].findall(function.body))
        here = {each.name for each in adapters() if each.file == function.file}
        for each in adapters():
            is_here = each.file == function.file
            if each.type == "Aws":
                is_called = each.name in of_aws and (is_here or each.is_public)
            else:
                is_called = each.name in named and (is_here or (each.is_public and each.name not in here))
            if (is_called or each.type in made) and each not in found:
                found.add(each)
                unread.append(each)
    return found


def asks_of(paths: list[Path]) -> set[Function]:
    """The functions that code outside of the adapters calls, and what they reach."""
    names = {name for path in paths for name in ASKED_OF["aws"].findall(source(path))}
    return {
        other
        for each in adapters()
        if each.type == "Aws" and each.name in names
        for other in reached(each)
    }


@cache
def calls() -> dict[str, frozenset[Call]]:
    """By role, and those of the command line, which has its user's credentials."""
    admin = list((HUB / "admin").rglob("*.rs"))
    scheduler = [path for path in HUB.rglob("*.rs") if path not in admin]
    command_line = [path for path in CLI.rglob("*.rs") if "demo" not in path.parts]
    own = {
        role: {call for each in asks_of(paths) if not each.is_spokes for call in each.calls}
        for role, paths in (("SchedulerRole", scheduler), ("AdminRole", admin), ("the command line", command_line))
    }
    spokes = {call for each in asks_of(scheduler) if each.is_spokes for call in each.calls}
    return {role: frozenset(made) for role, made in (own | {"SpokeRole": spokes}).items()}


def needed(role: str) -> dict[tuple[str, str], str]:
    """The actions that a role needs, each of what, and the call that asks for it."""
    of_calls = {
        (action, call.about): call.action for call in calls()[role] for action in asked_for(call.action)
    }
    return dict.fromkeys(UNCALLED[role], "AWS, in the role's name") | of_calls


def problems() -> Iterator[str]:
    """What is wrong with the reading, and with what is told of it."""
    made = {call for of_role in calls().values() for call in of_role}
    for call in sorted({call.action for each in adapters() for call in each.calls - made}):
        yield f"nobody is known to call {call}: the code is dead, or read wrongly"
    # The text of a function's name is that of its handler. While the gateway has none, its role is compared with
    # nothing.
    if "GatewayRole" not in UNCALLED and '"gateway"' in "".join(source(path) for path in HUB.rglob("*.rs")):
        yield "bootstrap serves the gateway: say in calls.py which files are its code"
    told = told_of_the_command_line()
    asked = {action for call in calls()["the command line"] for action in asked_for(call.action)}
    for action in sorted(asked ^ told):
        yield f"docs/security.md, the command line: {action} is {'not told' if action in asked else 'not called'}"


def told_of_the_command_line() -> set[str]:
    page = (CRATES.parent / "docs/security.md").read_text()
    section = re.search(r"^## The command line\n(.*?)(?=^## )", page, re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([a-z-]+:[A-Z]\w+)`", section[1])) if section else set()
