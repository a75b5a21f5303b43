"""One line per check while the story runs, and what failed at its end."""

import contextlib
import time
from collections.abc import Iterable


class Checks:
    """Counts checks. A failed one is reported at once and the story goes on, so that one run shows every failure."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed: list[str] = []

    @contextlib.contextmanager
    def check(self, name: str):
        began = time.monotonic()
        problems = Problems()
        try:
            yield problems
        except Exception as error:  # Whatever went wrong belongs to this check.
            problems.add(f"{type(error).__name__}: {error}")
        self._report(name, problems, time.monotonic() - began)

    def _report(self, name: str, problems: "Problems", seconds: float) -> None:
        if not problems.found:
            self.passed += 1
            print(f"  ok     {name} ({seconds:.1f} s)", flush=True)
            return
        self.failed.append(name)
        print(f"  FAILED {name}", flush=True)
        for problem in problems.found:
            print("         " + problem.replace("\n", "\n         "), flush=True)


class Problems:
    """What one check found wrong; empty means that it passed."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, problem: str) -> None:
        self.found.append(problem)

    def unless(self, holds: object, problem: str) -> None:
        if not holds:
            self.add(problem)

    def unless_equal(self, what: str, observed: object, expected: object) -> None:
        self.unless(observed == expected, f"{what}: expected {expected!r}, observed {observed!r}")

    def unless_same_items(self, what: str, observed: dict, expected: dict) -> None:
        """Names the keys that differ, and no more of them than one can read."""
        differ = [key for key in observed.keys() | expected.keys() if observed.get(key) != expected.get(key)]
        self._add_few(
            f"{what}: {key}: expected {expected.get(key)!r}, observed {observed.get(key)!r}" for key in sorted(differ)
        )

    def unless_same_set(self, what: str, observed: set, expected: set) -> None:
        self._add_few(f"{what}: missing {each}" for each in sorted(expected - observed))
        self._add_few(f"{what}: unexpected {each}" for each in sorted(observed - expected))

    def _add_few(self, problems: Iterable[str], limit: int = 5) -> None:
        found = list(problems)
        self.found += found[:limit]
        if len(found) > limit:
            self.add(f"... and {len(found) - limit} more such")
