"""The cases, read from cases/*.yaml.

One file is one story about one service, told in order to each side in accounts of its own. A case says

    case       what AWS does, as a sentence
    call       the operation, in boto3's spelling
    with       its parameters; ${name} stands for something captured before, ${home} and ${other} for the accounts
    expect     what the answer looks like (see matching.py), or
    error      the error's code, if AWS refuses
    status     the HTTP status of the answer or the refusal (optional)
    select     a JMESPath: expect looks at this part of the answer alone (optional)
    capture    names for parts of the answer, as JMESPaths (optional)
    advance    time that passes before the call: 90s, 15m, 8d (optional; a server without a clock lets none pass)
    repeat     asks so many times, ${n} counting from 1; expect holds each time (optional)
    service, account, region, as, protocol
               where the call goes and who makes it, if not as the file says; `as` names captured credentials
    differs    a side and what it answers instead: `why`, and error or expect (and select); AWS's answer stays above
    source     where AWS says so, for what is not obvious
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "cases"
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Expectation:
    expect: object = None
    error: str | None = None
    status: int | None = None
    select: str | None = None


@dataclass(frozen=True)
class Case:
    name: str
    service: str
    operation: str
    params: dict
    account: str
    region: str
    expectation: Expectation
    caller: str | None = None
    protocol: str | None = None
    capture: dict[str, str] = field(default_factory=dict)
    advance: timedelta = timedelta()
    repeat: int = 1
    differs: dict[str, Expectation] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    name: str
    cases: list[Case]


class BadCase(Exception):
    """A case that cannot be read; the message names file and case."""


def read_stories(sides: set[str]) -> list[Story]:
    return [read_story(path, sides) for path in sorted(FOLDER.glob("*.yaml"))]


def read_story(path: Path, sides: set[str]) -> Story:
    told = yaml.safe_load(path.read_text())
    defaults = {"region": "us-east-1", "account": "home"} | told.get("defaults", {})
    return Story(path.stem, [read_case(path.name, defaults | written, sides) for written in told["cases"]])


def read_case(file: str, written: dict, sides: set[str]) -> Case:
    written = dict(written)
    name = written.pop("case")
    try:
        differs = {side: difference(answer) for side, answer in written.pop("differs", {}).items()}
        if unknown := differs.keys() - sides:
            raise ValueError(f"differs on an unknown side {unknown}")
        case = Case(
            name=name,
            service=written.pop("service"),
            operation=written.pop("call"),
            params=written.pop("with", {}),
            account=written.pop("account"),
            region=written.pop("region"),
            expectation=expectation(written),
            caller=written.pop("as", None),
            protocol=written.pop("protocol", None),
            capture=written.pop("capture", {}),
            advance=duration(written.pop("advance", "0s")),
            repeat=written.pop("repeat", 1),
            differs=differs,
        )
        written.pop("source", None)
        if written:
            raise ValueError(f"unknown keys {sorted(written)}")
        return case
    except (KeyError, ValueError) as error:
        raise BadCase(f"{file}: {name}: {error}") from error


def expectation(written: dict) -> Expectation:
    """Takes its keys out of `written`."""
    keys = ("expect", "error", "status", "select")
    return Expectation(**{key: written.pop(key) for key in keys if key in written})


def difference(written: dict) -> Expectation:
    if not written.pop("why", "").strip():
        raise ValueError("a difference needs its why")
    found = expectation(written)
    if written:
        raise ValueError(f"unknown keys in differs {sorted(written)}")
    return found


def duration(text: str) -> timedelta:
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})
