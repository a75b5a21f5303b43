"""What a program asks of the system it will run on, and whether Lambda has it."""

import re
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

# https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html: provided.al2023 is Amazon Linux 2023.
NEWEST_GLIBC = (2, 34)

# Machines as ELF names them, by what Lambda calls the architecture.
MACHINES = {"x86_64": "EM_X86_64", "arm64": "EM_AARCH64"}

# glibc's own libraries: all that the program may load.
LIBRARIES = re.compile(r"(libc|libm|ld-linux-x86-64|ld-linux-aarch64)\.so\.\d+|lib(pthread|dl|rt)\.so\.\d+")


@dataclass(frozen=True)
class Needs:
    """What a program's dynamic section says."""

    machine: str
    libraries: frozenset[str]
    # Names of symbol versions, such as GLIBC_2.34, of all libraries.
    versions: frozenset[str]
    # Whether the table of symbols is still there, which only debuggers read.
    symbols: bool


def read_needs(program: Path) -> Needs:
    """Reads what `program`, an ELF file, needs."""
    with program.open("rb") as file:
        elf = ELFFile(file)
        sections = list(elf.iter_sections())
        return Needs(
            machine=elf["e_machine"],
            libraries=frozenset(
                tag.needed
                for section in sections
                if isinstance(section, DynamicSection)
                for tag in section.iter_tags("DT_NEEDED")
            ),
            versions=frozenset(
                version.name
                for section in sections
                if isinstance(section, GNUVerNeedSection)
                for _, versions in section.iter_versions()
                for version in versions
            ),
            symbols=elf.get_section_by_name(".symtab") is not None,
        )


def newest_glibc(needs: Needs) -> tuple[int, ...] | None:
    """The newest numbered GLIBC version, by number: 2.4 is older than 2.34. None if there is none."""
    numbers = (re.fullmatch(r"GLIBC_(\d+(?:\.\d+)+)", version) for version in needs.versions)
    return max((tuple(map(int, found[1].split("."))) for found in numbers if found), default=None)


def problems(needs: Needs, architecture: str) -> list[str]:
    """Everything that keeps the program from running on Lambda, as sentences; empty if nothing does."""
    found = []
    if needs.machine != MACHINES[architecture]:
        found.append(f"it is for {needs.machine}, and {architecture} is {MACHINES[architecture]}")
    newest = newest_glibc(needs)
    if newest is None:
        found.append("it needs no version of glibc at all, so this is no program that was linked to one")
    elif newest > NEWEST_GLIBC:
        found.append(f"it needs glibc {dotted(newest)}, and Lambda's provided.al2023 has {dotted(NEWEST_GLIBC)}")
    # GLIBC_ABI_DT_RELR came with 2.36, and GLIBC_PRIVATE fits one build of glibc.
    unnumbered = [name for name in needs.versions if re.match(r"GLIBC_\D", name)]
    found += [f"it needs {name}, which is not known to be in glibc {dotted(NEWEST_GLIBC)}" for name in sorted(unnumbered)]
    strangers = [name for name in needs.libraries if not LIBRARIES.fullmatch(name)]
    found += [f"it loads {name}, which is neither of glibc nor in the zip file" for name in sorted(strangers)]
    if needs.symbols:
        found.append("it is not stripped")
    return found


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
