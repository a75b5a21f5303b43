"""Tries every check of a package on something that it has to refuse. scripts/package --test runs it."""

import io
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from elftools.elf.elffile import ELFFile

from . import archive, bill, elf, unwinding

ZIG = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}


def linked(source: str, architecture: str, glibc: str, *flags: str) -> elf.Needs:
    """What a C program needs that is linked against a version of glibc."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program")
        subprocess.run(
            [sys.executable, "-m", "ziglang", "cc", "-target", f"{ZIG[architecture]}.{glibc}"]
            + ["-x", "c", "-", "-o", str(program), *flags],
            input=source,
            text=True,
            check=True,
        )
        return elf.read_needs(program)


# arc4random came with glibc 2.36, and hypot got a new version with 2.35.
PLAIN = "int main(void) { return 0; }"
OF_2_36 = "unsigned arc4random(void); int main(void) { return arc4random(); }"
OF_2_35 = "double hypot(double, double); int main(int n, char **v) { return hypot(n, n); }"


class Elf(unittest.TestCase):
    def test_a_program_for_lambdas_glibc_passes(self):
        for architecture in ZIG:
            self.assertEqual(elf.problems(linked(PLAIN, architecture, "2.34", "-s"), architecture), [])

    def test_a_program_for_a_newer_glibc_is_refused(self):
        for architecture in ZIG:
            for source, glibc, flags in ((OF_2_36, "2.36", ()), (OF_2_35, "2.35", ("-lm", "-fno-builtin"))):
                needs = linked(source, architecture, glibc, "-s", *flags)
                self.assertEqual(
                    elf.problems(needs, architecture),
                    [f"it needs glibc {glibc}, and Lambda's provided.al2023 has 2.34"],
                )

    def test_versions_are_compared_as_numbers(self):
        for versions, newest in (
            ({"GLIBC_2.4", "GLIBC_2.34"}, (2, 34)),
            ({"GLIBC_2.2.5", "GLIBC_2.17"}, (2, 17)),
            ({"GLIBC_2.34", "GLIBC_2.34.1"}, (2, 34, 1)),
            ({"GCC_3.0"}, None),
        ):
            self.assertEqual(elf.newest_glibc(needs(versions=versions)), newest)

    def test_what_lambda_lacks_is_refused(self):
        for broken in (
            needs(machine="EM_AARCH64"),
            needs(versions=()),
            needs(versions={"GLIBC_2.2.5", "GLIBC_ABI_DT_RELR"}),
            needs(versions={"GLIBC_2.2.5", "GLIBC_PRIVATE"}),
            needs(libraries={"libc.so.6", "libssl.so.3"}),
            needs(symbols=True),
        ):
            self.assertEqual(len(elf.problems(broken, "x86_64")), 1, broken)
        self.assertEqual(elf.problems(needs(), "x86_64"), [])


def needs(machine="EM_X86_64", libraries=("libc.so.6",), versions=("GLIBC_2.34",), symbols=False) -> elf.Needs:
    return elf.Needs(machine, frozenset(libraries), frozenset(versions), symbols)


# One function that catches its own panic on the way through a destructor, and one that nothing calls.
LIBRARY = """
pub struct Guard<'a>(pub &'a mut bool);
impl Drop for Guard<'_> {
    #[inline(never)]
    fn drop(&mut self) { *self.0 = true; }
}
pub fn called() -> bool {
    let mut is_dropped = false;
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = Guard(&mut is_dropped);
        panic!("to be caught");
    }));
    caught.is_err() && is_dropped
}
pub fn not_called(call: fn()) -> bool {
    let mut is_dropped = false;
    let guard = Guard(&mut is_dropped);
    call();
    drop(guard);
    is_dropped
}
"""
PROGRAM = "fn main() { assert!(library::called()); }"


class Unwinding(unittest.TestCase):
    def test_tied_to_their_functions_tables_go_and_panics_are_caught(self):
        with tempfile.TemporaryDirectory() as folder:
            library, program = Path(folder, "liblibrary.rlib"), Path(folder, "program")
            rustc(LIBRARY, "--crate-type=lib", "--crate-name=library", "-o", library)
            link = ("--extern", f"library={library}", "-o", program)
            linker = zig_as_linker(Path(folder))
            rustc(PROGRAM, linker, *link)
            loose = table_bytes(program)

            self.assertGreater(unwinding.tie_tables(library), 1)
            self.assertEqual(unwinding.tie_tables(library), 0)

            rustc(PROGRAM, linker, *link)
            self.assertLess(table_bytes(program), loose)
            subprocess.run([program], stderr=subprocess.DEVNULL, check=True)

    def test_what_is_no_archive_is_refused(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"not an archive")
            file.flush()
            with self.assertRaises(ValueError):
                unwinding.tie_tables(Path(file.name))


def zig_as_linker(folder: Path) -> str:
    """The option with which rustc links as it does in a package."""
    script = folder / "linker"
    script.write_text(f"""#!/bin/sh
exec "{sys.executable}" -m ziglang cc "$@"
""")
    script.chmod(0o755)
    return f"-Clinker={script}"


def rustc(source: str, *args) -> None:
    options = ["--edition=2024", "-Copt-level=s", "-Ccodegen-units=1"]
    subprocess.run(["rustc", *options, *args, "-"], input=source, text=True, check=True)


def table_bytes(program: Path) -> int:
    """The size of a program's exception tables."""
    with program.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".gcc_except_table")
        return section["sh_size"] if section else 0


class Archive(unittest.TestCase):
    def test_the_same_program_gives_the_same_bytes(self):
        self.assertEqual(archive.zipped(b"program"), archive.zipped(b"program"))
        self.assertEqual(archive.problems(archive.zipped(b"program"), b"program"), [])

    def test_another_zip_file_is_refused(self):
        for broken in (
            zipped_otherwise("hub", archive.EXECUTABLE, archive.NO_TIME, b"program"),
            zipped_otherwise("bootstrap", 0o100644, archive.NO_TIME, b"program"),
            zipped_otherwise("bootstrap", archive.EXECUTABLE, (2026, 1, 2, 3, 4, 6), b"program"),
            zipped_otherwise("bootstrap", archive.EXECUTABLE, archive.NO_TIME, b"another"),
        ):
            self.assertEqual(len(archive.problems(broken, b"program")), 1)


def zipped_otherwise(name, mode, time, program) -> bytes:
    entry = zipfile.ZipInfo(name, time)
    entry.external_attr = mode << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(entry, program)
    return file.getvalue()


TREE = """\
0\thub v0.1.0 (/home/me/hub)\tApache-2.0
1\tcore v0.1.0 (/home/me/core)\tApache-2.0
2\tserde v1.0.229\tMIT OR Apache-2.0
1\told v0.2.0+upstream.1\tMIT/Apache-2.0
2\tserde v1.0.229\tMIT OR Apache-2.0 (*)
1\tserde v1.0.229\tMIT OR Apache-2.0 (*)
"""
BUILD = bill.Build("x86_64-unknown-linux-gnu", "1.95.0", "59807616", {"ziglang": "0.17.1"}, "ab" * 32)


class Bill(unittest.TestCase):
    def test_every_crate_is_named_once_with_what_it_needs(self):
        made = bill.cyclonedx(bill.read_tree(TREE), {("serde", "1.0.229"): "cd" * 32}, BUILD)
        self.assertEqual([part["name"] for part in made["components"]], ["core", "old", "serde", "rust-std"])
        self.assertEqual(
            {entry["ref"]: entry.get("dependsOn") for entry in made["dependencies"]},
            {
                "pkg:cargo/hub@0.1.0": [
                    "pkg:cargo/core@0.1.0",
                    "pkg:cargo/old@0.2.0+upstream.1",
                    "pkg:cargo/serde@1.0.229",
                    "pkg:generic/rust-std@1.95.0",
                ],
                "pkg:cargo/core@0.1.0": ["pkg:cargo/serde@1.0.229"],
                "pkg:cargo/old@0.2.0+upstream.1": ["pkg:cargo/serde@1.0.229"],
                "pkg:cargo/serde@1.0.229": [],
                "pkg:generic/rust-std@1.95.0": None,
            },
        )
        old = next(part for part in made["components"] if part["name"] == "old")
        self.assertEqual(old["licenses"], [{"expression": "MIT OR Apache-2.0"}])

    def test_a_crate_that_only_the_program_names_is_missed(self):
        tree = bill.read_tree(TREE)
        self.assertEqual(bill.missing(tree, b"\0/crates/serde-1.0.229/src/lib.rs\0"), set())
        # Places may follow each other without anything between them.
        places = b"/crates/serde-1.0.229/src/de.rs/crates/serde-1.0.228/src/de.rs/crates/rustls-native-certs-0.8.3/src/a.rs"
        self.assertEqual(bill.missing(tree, places), {"serde-1.0.228", "rustls-native-certs-0.8.3"})
        with self.assertRaises(ValueError):
            bill.missing(tree, b"/home/me/.cargo/registry/src/serde-1.0.228/src/de.rs")

    def test_another_form_of_tree_is_refused(self):
        for text in ("", "hub v0.1.0\n"):
            with self.assertRaises(ValueError):
                bill.read_tree(text)
