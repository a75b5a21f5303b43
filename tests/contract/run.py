"""Asks moto and the sandbox the same questions and compares both with AWS's answers. scripts/contract calls it."""

import argparse
import contextlib
import signal
import string
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import jmespath
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from local_servers import start_moto, start_sandbox, tail

from .cases import Case, Expectation, Story, read_stories
from .matching import mismatches
from .sides import MotoSide, SandboxSide, Side, as_keys

SIDES = {"moto", "sandbox"}

# Texts that are too long to write into a case.
BULK = {"kilobytes_300": "x" * 300 * 1024, "kilobytes_401": "x" * 401 * 1024}


@dataclass
class Answered:
    """What came of one call: an answer or the code of an error, and the HTTP status."""

    content: dict
    error: str | None = None
    status: int | None = None
    message: str = ""


@dataclass
class Tally:
    """What one side made of all cases."""

    asked: int = 0
    differing: int = 0
    failures: list[str] = field(default_factory=list)


def main() -> int:
    args = parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that every `finally` runs.
    stories = [story for story in read_stories(SIDES) if not args.story or story.name in args.story]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dayshift-contract-")))
        tallies = {side.name: ask_all(side, stories) for side in start_sides(args, folder, stack)}
        if any(tally.failures for tally in tallies.values()) and (folder / "sandbox.log").exists():
            print(f"\nThe end of the sandbox's log:\n{tail(folder / 'sandbox.log')}", file=sys.stderr)
    return verdict(tallies)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="contract", description=__doc__.splitlines()[0])
    parser.add_argument("--side", choices=sorted(SIDES), help="ask one server only")
    parser.add_argument("--story", action="append", help="ask one file's cases only; may be given several times")
    parser.add_argument("--bin-dir", type=Path, help="the folder of sandbox-server")
    return parser.parse_args()


def start_sides(args: argparse.Namespace, folder: Path, stack: contextlib.ExitStack) -> list[Side]:
    sides: list[Side] = []
    if args.side != "sandbox":
        moto = start_moto(folder)
        stack.callback(moto.stop)
        sides.append(MotoSide(moto))
    if args.side != "moto":
        sandbox = start_sandbox(args.bin_dir / "sandbox-server", folder)
        stack.callback(sandbox.stop)
        sides.append(SandboxSide(sandbox))
    return sides


def ask_all(side: Side, stories: list[Story]) -> Tally:
    tally = Tally()
    for number, story in enumerate(stories):
        Telling(side, story, number, tally).tell()
    return tally


class Telling:
    """One story on one side: its accounts and what it has captured so far."""

    def __init__(self, side: Side, story: Story, number: int, tally: Tally):
        self.side = side
        self.story = story
        self.tally = tally
        self.accounts = {"home": f"1{number:011}", "other": f"2{number:011}"}
        self.captured: dict[str, object] = {**self.accounts, **BULK}
        self.keys: dict[str, dict[str, str]] = {}

    def tell(self) -> None:
        self.side.begin()
        for case in self.story.cases:
            self.ask(case)

    def ask(self, case: Case) -> None:
        self.tally.asked += 1
        self.side.advance(case.advance)
        for n in range(1, case.repeat + 1):
            self.captured["n"] = n
            answered = self.call(case)
            self.judge(case, answered)
        for name, where in case.capture.items():
            self.captured[name] = jmespath.search(where, answered.content)

    def judge(self, case: Case, answered: Answered) -> None:
        wrong = self.wrong(case.expectation, answered)
        own = case.differs.get(self.side.name)
        if own is not None:
            self.tally.differing += 1
            stale = ["answers as AWS does by now: take the difference out"]
            wrong = self.wrong(own, answered) if wrong else stale
        self.report(case, wrong, answered)

    def report(self, case: Case, wrong: list[str], answered: Answered) -> None:
        if not wrong:
            return
        failure = f"{self.side.name}: {self.story.name}: {case.name}"
        self.tally.failures.append(failure)
        print(
            f"FAILED {failure}", *wrong, *([f"it said: {answered.message}"] if answered.message else []), sep="\n    "
        )

    def wrong(self, expectation: Expectation, answered: Answered) -> list[str]:
        found = []
        if answered.error != expectation.error:
            found.append(f"error: expected {expectation.error}, observed {answered.error}")
        if expectation.status is not None and answered.status != expectation.status:
            found.append(f"status: expected {expectation.status}, observed {answered.status}")
        if expectation.expect is not None and not answered.error:
            select = self.filled(expectation.select)
            part = jmespath.search(select, answered.content) if select else answered.content
            found += mismatches(self.filled(expectation.expect), part, expectation.select or "")
        return found

    def call(self, case: Case) -> Answered:
        client = self.side.client(case.service, case.region, self.caller(case), case.protocol)
        try:
            content = getattr(client, case.operation)(**self.filled(case.params))
        except ClientError as refused:
            meta, error = refused.response["ResponseMetadata"], refused.response["Error"]
            return Answered({}, error["Code"], meta["HTTPStatusCode"], error.get("Message", ""))
        except (BotoCoreError, ResponseParserError) as unreadable:
            return Answered({}, type(unreadable).__name__, None, str(unreadable)[:300])
        return Answered(content, status=content.pop("ResponseMetadata")["HTTPStatusCode"])

    def caller(self, case: Case) -> dict[str, str]:
        if case.caller == "nobody":
            return {"aws_access_key_id": "AKIANOBODYSKEY000000", "aws_secret_access_key": "nobody"}
        if case.caller:
            return as_keys(self.captured[case.caller])
        if case.account not in self.keys:
            self.keys[case.account] = self.side.keys(self.accounts[case.account])
        return self.keys[case.account]

    def filled(self, written: object) -> object:
        """Puts what was captured in place of ${name}. Alone it keeps its type; within a text it becomes text."""
        if isinstance(written, dict):
            return {key: self.filled(value) for key, value in written.items()}
        if isinstance(written, list):
            return [self.filled(value) for value in written]
        if not isinstance(written, str):
            return written
        if written.startswith("${") and written.endswith("}") and written[2:-1] in self.captured:
            return self.captured[written[2:-1]]
        return string.Template(written).safe_substitute(self.captured)


def verdict(tallies: dict[str, Tally]) -> int:
    failures = sum(len(tally.failures) for tally in tallies.values())
    counts = ", ".join(
        f"{tally.asked}{' cases' if not index else ''} on {name}" for index, (name, tally) in enumerate(tallies.items())
    )
    differing = sum(tally.differing for tally in tallies.values())
    failed = f", {failures} FAILED" if failures else ""
    print(f"contract: {counts}, {differing} documented differences{failed}")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("contract: interrupted; every process is ended")
