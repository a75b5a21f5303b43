"""The bill of materials: what is linked into the program, as CycloneDX 1.6.

cargo says what that is, for one target and with the features that the program is built with. What only runs while it
is built (build scripts, procedural macros) is not in it. A crate that brings C code, as aws-lc-sys does, stands for it.
"""

import re
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Crate:
    """A package of cargo's, in one version."""

    name: str
    version: str
    licence: str

    @property
    def ref(self) -> str:
        """Its address in a registry, and what the bill calls it."""
        return f"pkg:cargo/{self.name}@{self.version}"


@dataclass
class Tree:
    """Crates and who depends on whom. The first is the program's own."""

    root: Crate
    needs: dict[Crate, set[Crate]] = field(default_factory=dict)


# {p} is `name vVERSION`, with `(/path)` after it if the package is the workspace's; (*) follows what was shown before.
TREE_FORMAT = "\t{p}\t{l}"
TREE_LINE = re.compile(r"(?P<depth>\d+)\t(?P<name>\S+) v(?P<version>\S+)[^\t]*\t(?P<licence>.*?)(?: \(\*\))?")


def read_tree(text: str) -> Tree:
    """Reads `cargo tree --prefix depth --format TREE_FORMAT`."""
    tree: Tree | None = None
    path: list[Crate] = []
    for line in text.splitlines():
        found = TREE_LINE.fullmatch(line)
        if not found:
            raise ValueError(f"cargo tree printed a line of another form: {line!r}")
        crate = Crate(found["name"], found["version"], found["licence"].replace(" / ", "/").replace("/", " OR "))
        tree = tree or Tree(crate)
        del path[int(found["depth"]) :]
        tree.needs.setdefault(crate, set())
        if path:
            tree.needs[path[-1]].add(crate)
        path.append(crate)
    if tree is None:
        raise ValueError("cargo tree printed nothing")
    return tree


def missing(tree: Tree, program: bytes) -> set[str]:
    """Crates that the program names in the places of its panics, `/crates/NAME-VERSION/`, and the tree does not have.

    The program names only some of its crates, so that nothing is missing is a hint, not a proof.
    """
    named = {name.decode() for name in re.findall(rb"/crates/([\w-]+-\d+\.\d+\.\d+[\w.+-]*)/", program)}
    if not named:
        raise ValueError("the program names none of its crates: was it built with other paths?")
    return named - {f"{crate.name}-{crate.version}" for crate in tree.needs}


@dataclass(frozen=True)
class Build:
    """What a program was made with and came out as."""

    target: str
    # `release` and `commit-hash` of rustc.
    rustc: str
    rustc_commit: str
    tools: dict[str, str]
    sha256: str


def cyclonedx(tree: Tree, checksums: dict[tuple[str, str], str], build: Build) -> dict:
    """The bill, always the same for the same program: no time, and a serial number made from the program's SHA-256.

    `checksums` are Cargo.lock's, of the archives that the crates came in, by name and version.
    """
    std = f"pkg:generic/rust-std@{build.rustc}"
    crates = sorted(tree.needs, key=lambda crate: crate.ref)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'sha256:{build.sha256}')}",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "tools": {
                "components": [
                    {"type": "application", "name": name, "version": version}
                    for name, version in sorted({"rustc": build.rustc, **build.tools}.items())
                ]
            },
            "component": component(tree.root, None)
            | {"type": "application", "hashes": [{"alg": "SHA-256", "content": build.sha256}]}
            | {"properties": [{"name": "dayshift:target", "value": build.target}]},
        },
        "components": [
            *(component(crate, checksums.get((crate.name, crate.version))) for crate in crates if crate != tree.root),
            {
                "type": "library",
                "bom-ref": std,
                "name": "rust-std",
                "version": build.rustc,
                "description": f"the Rust standard library, of commit {build.rustc_commit}",
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "purl": std,
            },
        ],
        "dependencies": [
            {
                "ref": crate.ref,
                "dependsOn": sorted(need.ref for need in tree.needs[crate]) + [std] * (crate == tree.root),
            }
            for crate in crates
        ]
        + [{"ref": std}],
    }


def component(crate: Crate, checksum: str | None) -> dict:
    """A crate of the bill. Without a checksum it is the workspace's own, and in no registry."""
    return {
        "type": "library",
        "bom-ref": crate.ref,
        "name": crate.name,
        "version": crate.version,
        **({"hashes": [{"alg": "SHA-256", "content": checksum}]} if checksum else {}),
        **({"licenses": [{"expression": crate.licence}]} if crate.licence else {}),
        **({"purl": crate.ref} if checksum else {}),
    }
