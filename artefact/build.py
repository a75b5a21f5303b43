"""Builds the program with cargo, against Lambda's glibc, and asks cargo what went into it."""

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

from .bill import TREE_FORMAT, Build
from .elf import NEWEST_GLIBC, dotted
from .unwinding import tie_tables

WORKSPACE = Path(__file__).resolve().parent.parent
CRATE, PROGRAM, PROFILE = "scheduler-hub", "bootstrap", "lambda"

# rustc's names of targets, by what Lambda calls the architecture.
TARGETS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}


def add_target(architecture: str) -> str | None:
    """Sees to it that the toolchain has Rust's standard library for `architecture`; the reason if it cannot be had."""
    target = TARGETS[architecture]
    libraries = Path(printed("rustc", "--print", "sysroot")) / "lib/rustlib" / target / "lib"
    if libraries.is_dir():
        return None
    try:
        subprocess.run(["rustup", "target", "add", target], cwd=WORKSPACE, stdout=sys.stderr, check=True)
    except FileNotFoundError:
        return f"rustc has no target {target}, and there is no rustup to add it"
    except subprocess.CalledProcessError:
        return f"rustup could not add the target {target}"
    return None


def build(architecture: str) -> Path:
    """Builds the program and returns its path."""
    target = TARGETS[architecture]
    subprocess.run(["cargo", "fetch", "--locked", "--target", target], cwd=WORKSPACE, check=True)
    compile_for(target, "--lib")
    built = target_folder() / target / PROFILE
    for library in (built / "deps").glob("*.rlib"):
        tie_tables(library)
    compile_for(target, "--bin", PROGRAM)
    return built / PROGRAM


def compile_for(target: str, *what: str) -> None:
    """Has cargo compile `what` of the crate, and all that it needs."""
    subprocess.run(
        ["cargo-zigbuild", "zigbuild", "--locked", "--profile", PROFILE, "--package", CRATE, *what]
        + ["--target", f"{target}.{dotted(NEWEST_GLIBC)}"],
        cwd=WORKSPACE,
        env=os.environ | settings(),
        stdout=sys.stderr,
        check=True,
    )


def settings() -> dict[str, str]:
    """What the build has in its environment beside the caller's."""
    # The places of panics name source files. Without the folders of this machine they are the same on any other.
    # RUSTFLAGS that the caller has set come last, and hold.
    flags = [f"--remap-path-prefix={folder}={name}" for folder, name in folders().items()]
    flags += os.environ.get("RUSTFLAGS", "").split()
    return {
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        # cargo-zigbuild looks for zig beside the Python that it was installed for.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        # AWS-LC, the cryptography under TLS, would measure the jitter of the CPU's clock before its first random number:
        # 24 ms of CPU in every cold start, against 0.1 without. It is there for FIPS 140-3, which this build does not
        # claim, and as a source that does not depend on the kernel's generator, which on Lambda is seeded before any of
        # our code runs. Without it AWS-LC still mixes two sources: the kernel's, and the CPU's (RDRAND, RNDR) if it has
        # one.
        "AWS_LC_SYS_NO_JITTER_ENTROPY": "1",
    }


def folders() -> dict[Path, str]:
    """Folders of sources on this machine, and what the program calls them."""
    cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    registries = sorted((cargo_home / "registry/src").iterdir())
    return {WORKSPACE: "/dayshift"} | dict.fromkeys(registries, "/crates")


def target_folder() -> Path:
    """Where cargo puts what it builds."""
    return Path(json.loads(printed("cargo", "metadata", "--no-deps", "--format-version=1"))["target_directory"])


def tree(architecture: str) -> str:
    """What is linked into the program, as `bill.read_tree` reads it."""
    return printed(
        *("cargo", "tree", "--locked", "--package", CRATE, "--edges", "normal,no-proc-macro"),
        *("--target", TARGETS[architecture], "--prefix", "depth", "--format", TREE_FORMAT),
    )


def checksums() -> dict[tuple[str, str], str]:
    """SHA-256 of the archives that crates came in, by name and version. The workspace's own have none."""
    lock = tomllib.loads((WORKSPACE / "Cargo.lock").read_text())
    return {(crate["name"], crate["version"]): crate["checksum"] for crate in lock["package"] if "checksum" in crate}


def made_with(architecture: str, sha256: str) -> Build:
    """What the program was made with."""
    rustc = dict(line.split(": ", 1) for line in printed("rustc", "-vV").splitlines() if ": " in line)
    return Build(
        target=TARGETS[architecture],
        rustc=rustc["release"],
        rustc_commit=rustc["commit-hash"],
        tools={name: version(name) for name in ("cargo-zigbuild", "ziglang")},
        sha256=sha256,
    )


def printed(*command: str) -> str:
    """What a command prints, run in the workspace."""
    return subprocess.run(command, cwd=WORKSPACE, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
