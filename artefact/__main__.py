"""Builds Dayshift's Lambda function, checks it, and writes a zip file, its bill of materials and checksums.

Needs Rust, a C compiler and Python 3.11; what else is needed is installed into the user's cache. Both architectures
are built unless one is asked for; one whose Rust target cannot be had is left out, and named.
"""

import argparse
import hashlib
import json
import shlex
import subprocess
import sys
import unittest
from dataclasses import dataclass
from pathlib import Path

from . import archive, bill, build, elf

# Lambda takes 50 MB at once. This keeps an eye on what every cold start has to load.
MOST_ZIP_BYTES = 8_000_000
SUMS = "SHA256SUMS"


class Refused(Exception):
    """What was built is not fit for Lambda."""


@dataclass(frozen=True)
class Package:
    """What was made for one architecture."""

    architecture: str
    zip: Path
    bill: Path
    program_bytes: int
    glibc: str

    @property
    def key(self) -> str:
        """A key for the bucket: CloudFormation deploys code when its key changes, so another zip has another."""
        return f"{self.zip.stem}-{sha256(self.zip.read_bytes())[:12]}.zip"


def main() -> int:
    args = parse_args()
    if args.test:
        return not unittest.main("artefact.tests", argv=["scripts/package"], exit=False).result.wasSuccessful()
    out = (args.out or build.target_folder() / "package").resolve()
    out.mkdir(parents=True, exist_ok=True)
    # What an earlier run left is of another build.
    for old in [*out.glob("dayshift-*.zip"), *out.glob("dayshift-*.cdx.json"), out / SUMS]:
        old.unlink(missing_ok=True)

    packages = []
    for architecture in [args.arch] if args.arch else build.TARGETS:
        if lacking := build.add_target(architecture):
            say(f"{architecture} is left out: {lacking}")
            continue
        say(f"building for {architecture}")
        packages.append(make(architecture, out))
    if not packages:
        say("nothing was built")
        return 1

    write_checksums(packages, out)
    print(commands(packages))
    print(summary(packages))
    return 0


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/package", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arch", choices=list(build.TARGETS), help="build for this architecture only")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write (target/package)")
    parser.add_argument("--test", action="store_true", help="build nothing: try the checks on what is broken on purpose")
    return parser.parse_args()


def make(architecture: str, out: Path) -> Package:
    """Builds, checks and writes one architecture's files."""
    path = build.build(architecture)
    program = path.read_bytes()
    needs = elf.read_needs(path)
    refuse_if(f"{architecture}: the program", elf.problems(needs, architecture) + traces(program))

    zip_file = archive.zipped(program)
    refuse_if(f"{architecture}: the zip file", zip_problems(zip_file, program))

    tree = bill.read_tree(build.tree(architecture))
    lacks = [f"it lacks {crate}, which the program names" for crate in sorted(bill.missing(tree, program))]
    refuse_if(f"{architecture}: the bill of materials", lacks)
    materials = bill.cyclonedx(tree, build.checksums(), build.made_with(architecture, sha256(program)))

    package = Package(
        architecture=architecture,
        zip=out / f"dayshift-{architecture}.zip",
        bill=out / f"dayshift-{architecture}.cdx.json",
        program_bytes=len(program),
        glibc=elf.dotted(elf.newest_glibc(needs)),
    )
    package.zip.write_bytes(zip_file)
    package.bill.write_text(json.dumps(materials, indent=2) + "\n")
    return package


def traces(program: bytes) -> list[str]:
    """Folders of this machine that the program names: built elsewhere, it would be another."""
    return [f"it names {folder}" for folder in build.folders() if str(folder).encode() in program]


def zip_problems(zip_file: bytes, program: bytes) -> list[str]:
    found = archive.problems(zip_file, program)
    if archive.zipped(program) != zip_file:
        found.append("made twice, it is not the same")
    if len(zip_file) > MOST_ZIP_BYTES:
        found.append(f"it has {len(zip_file):,} bytes, and {MOST_ZIP_BYTES:,} is the most that was agreed on")
    return found


def refuse_if(what: str, problems: list[str]) -> None:
    if problems:
        raise Refused("".join(f"\n  {what}: {problem}" for problem in problems))


def write_checksums(packages: list[Package], out: Path) -> None:
    """As `sha256sum --check` reads it."""
    files = [file for package in packages for file in (package.zip, package.bill)]
    lines = [f"{sha256(file.read_bytes())}  {file.name}\n" for file in sorted(files)]
    (out / SUMS).write_text("".join(lines))


def commands(packages: list[Package]) -> str:
    """What to type to deploy each package."""
    template = "cloudformation/hub.yaml"
    lines = ["To deploy, with BUCKET in the hub's Region, STACK and ACCOUNTS set, one of:"]
    for package in packages:
        lines.append(f"""
  aws s3 cp {shlex.quote(str(package.zip))} "s3://$BUCKET/{package.key}"
  aws cloudformation deploy --stack-name "$STACK" --template-file {template} --capabilities CAPABILITY_IAM \\
      --parameter-overrides CodeBucket="$BUCKET" CodeKey={package.key} \\
          Architecture={package.architecture} Accounts="$ACCOUNTS\"""")
    return "\n".join([*lines, ""])


def summary(packages: list[Package]) -> str:
    return "; ".join(
        f"{package.architecture}: zip {package.zip.stat().st_size:,} bytes, bootstrap {package.program_bytes:,} bytes, "
        f"newest symbol GLIBC_{package.glibc}"
        for package in packages
    )


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def say(words: str) -> None:
    print(f"package: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refused as refused:
        say(f"not fit for Lambda:{refused}")
    except subprocess.CalledProcessError as failed:
        say(f"{shlex.join(map(str, failed.cmd))} failed")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(1)
