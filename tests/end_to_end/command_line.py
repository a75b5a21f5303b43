"""The real command line, as a person at a desk runs it, with keys of their own."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import estate as where

TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Told:
    """What came of a command."""

    code: int
    out: str
    words: str

    @property
    def json(self) -> dict | list:
        return json.loads(self.out)


class CommandLine:
    def __init__(self, program: Path, endpoint: str, region: str, folder: Path, keys: dict[str, str]):
        self._program = program
        self._keys = keys
        self._aws = ["--hub-region", region, "--endpoint-url", endpoint]
        self._folder = folder

    def file(self, name: str, text: str) -> str:
        """Writes a file for a command to read; answers with its path."""
        path = self._folder / name
        path.write_text(text)
        return str(path)

    def run(self, *arguments: str, stack: str = where.STACK) -> Told:
        """Nobody is at the terminal: standard input is empty."""
        ended = subprocess.run(
            [str(self._program), *arguments, "--stack", stack, *self._aws],
            env={
                "PATH": os.defpath,
                "HOME": str(self._folder),
                "AWS_EC2_METADATA_DISABLED": "true",
                **{name.upper(): value for name, value in self._keys.items()},
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        return Told(ended.returncode, ended.stdout, ended.stderr)
