"""Expectations as data: what a part of an answer has to look like.

- A mapping holds if each of its keys does; the answer may have others. `null` means absent. One without keys holds if
  the answer's has none either.
- A list holds if it is as long as the answer's and each element does.
- Text that begins with `~` is a regular expression for the whole text.
- Anything else holds if it is equal.
"""

import re


def mismatches(expected: object, observed: object, path: str = "") -> list[str]:
    """Where the answer is not as expected, each with its path; empty if it is."""
    if isinstance(expected, dict) and expected:
        return mapping_mismatches(expected, observed, path)
    if isinstance(expected, list):
        return list_mismatches(expected, observed, path)
    if isinstance(expected, str) and expected.startswith("~"):
        holds = observed is not None and re.fullmatch(expected[1:], str(observed), re.DOTALL)
    else:
        holds = observed == expected
    return [] if holds else [f"{path or 'the answer'}: expected {expected!r}, observed {observed!r}"]


def mapping_mismatches(expected: dict, observed: object, path: str) -> list[str]:
    if not isinstance(observed, dict):
        return [f"{path or 'the answer'}: expected a mapping, observed {observed!r}"]
    return [
        mismatch
        for key, part in expected.items()
        for mismatch in mismatches(part, observed.get(key), f"{path}.{key}" if path else str(key))
    ]


def list_mismatches(expected: list, observed: object, path: str) -> list[str]:
    if not isinstance(observed, list) or len(observed) != len(expected):
        return [f"{path or 'the answer'}: expected {len(expected)} of {expected!r}, observed {observed!r}"]
    return [
        mismatch
        for index, (part, seen) in enumerate(zip(expected, observed, strict=True))
        for mismatch in mismatches(part, seen, f"{path}[{index}]")
    ]
