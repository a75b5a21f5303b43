"""Ties every function's exception table to its function, so that the linker drops both or neither.

LLVM ties them by itself where it may count on a linker of 2020 or later, but rustc does not tell it that it may. Left
loose, the tables of all functions of an object file stay as soon as one of its functions does: of the program's tables,
nine bytes in ten were of functions that it has not.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path

# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.sheader.html, and the header of a file in 64 bits before it.
FILE_HEADER = struct.Struct("<4sBB10xH22xQ10xHHH")
SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")
FLAGS_AT, LINK_AT = 8, 40
RELOCATABLE = 1
EXECUTABLE, LINK_ORDER = 0x4, 0x80

TABLE = b".gcc_except_table."
# What LLVM puts before a function's name, by how often it thinks that it is called.
TEXTS = (b".text.", b".text.unlikely.", b".text.hot.")

ARCHIVE_MAGIC = b"!<arch>\n"
MEMBER_HEADER_BYTES = 60


def tie_tables(archive: Path) -> int:
    """Ties the tables in an rlib, in place, and says how many were loose.

    The file keeps its times: to cargo, which goes by them, nothing has changed.
    """
    times = archive.stat()
    with archive.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        tied = sum(tie_tables_of_object(content, start, size) for start, size in members(content))
    if tied:
        os.utime(archive, ns=(times.st_atime_ns, times.st_mtime_ns))
    return tied


def members(archive: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where the files in an archive start, and how long they are."""
    if archive[: len(ARCHIVE_MAGIC)] != ARCHIVE_MAGIC:
        raise ValueError("this is no archive")
    at = len(ARCHIVE_MAGIC)
    while at < len(archive):
        size = int(archive[at + 48 : at + 58])
        yield at + MEMBER_HEADER_BYTES, size
        at += MEMBER_HEADER_BYTES + size + size % 2


def tie_tables_of_object(content: mmap.mmap, start: int, size: int) -> int:
    if size < FILE_HEADER.size:
        return 0
    magic, bits, order, kind, sections_at, header_size, count, names_in = FILE_HEADER.unpack_from(content, start)
    if (magic, bits, order, kind, header_size) != (b"\x7fELF", 2, 1, RELOCATABLE, SECTION_HEADER.size):
        return 0
    sections_at += start
    # Of more sections than the file's header can count, the first section's header has the number.
    first = SECTION_HEADER.unpack_from(content, sections_at)
    count, names_in = count or first[5], first[6] if names_in == 0xFFFF else names_in
    headers = list(SECTION_HEADER.iter_unpack(content[sections_at : sections_at + count * SECTION_HEADER.size]))
    names_at, names_size = headers[names_in][4:6]
    names = content[start + names_at : start + names_at + names_size]

    functions, loose = {}, []
    for index, (name_at, _, flags, *_) in enumerate(headers):
        if flags & EXECUTABLE:
            functions[names[name_at : names.index(0, name_at)]] = index
        elif names.startswith(TABLE, name_at) and not flags & LINK_ORDER:
            loose.append((index, names[name_at + len(TABLE) : names.index(0, name_at)]))
    tied = 0
    for index, function in loose:
        owner = next((functions[text + function] for text in TEXTS if text + function in functions), None)
        if owner is None:
            continue
        header_at = sections_at + index * SECTION_HEADER.size
        struct.pack_into("<I", content, header_at + LINK_AT, owner)
        struct.pack_into("<Q", content, header_at + FLAGS_AT, headers[index][2] | LINK_ORDER)
        tied += 1
    return tied
