"""The zip file: one program, and nothing that depends on when or where it was made."""

import io
import stat
import struct
import zipfile
import zlib

import deflate

# AWS Lambda starts the file of this name.
NAME = "bootstrap"
# The first moment that zip's format can say.
NO_TIME = (1980, 1, 1, 0, 0, 0)
UNIX = 3
EXECUTABLE = stat.S_IFREG | 0o755


# https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3: what is before the file, the directory, its end.
FILE = struct.Struct("<4s5H3I2H")
DIRECTORY = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")


def zipped(program: bytes) -> bytes:
    """A zip file with `program` as an executable `bootstrap`. The same program gives the same bytes.

    By libdeflate, which comes pinned: it needs 3% less than zlib at its best, and Pythons differ in the zlib they have.
    """
    name = NAME.encode()
    deflated = deflate.deflate_compress(program, 12)
    year, month, day, *_ = NO_TIME
    date = (year - 1980) << 9 | month << 5 | day
    # The version of the format that is needed, no flags, the method, time and date, and what of the file is to be checked.
    common = (20, 0, zipfile.ZIP_DEFLATED, 0, date, zlib.crc32(program), len(deflated), len(program), len(name), 0)
    file = FILE.pack(b"PK\3\4", *common) + name + deflated
    directory = DIRECTORY.pack(b"PK\1\2", UNIX << 8 | 20, *common, 0, 0, 0, EXECUTABLE << 16, 0) + name
    return file + directory + END.pack(b"PK\5\6", 0, 0, 1, 1, len(directory), len(file), 0)


def problems(archive: bytes, program: bytes) -> list[str]:
    """What is wrong with a zip file of `program`, read back by what the format says; empty if nothing is."""
    found = []
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        entries = file.infolist()
        if [entry.filename for entry in entries] != [NAME]:
            return [f"it holds {', '.join(file.namelist()) or 'nothing'} instead of {NAME}"]
        (entry,) = entries
        if entry.external_attr >> 16 != EXECUTABLE:
            found.append(f"{NAME} has the mode {entry.external_attr >> 16:o} instead of {EXECUTABLE:o}")
        if entry.date_time != NO_TIME:
            found.append(f"{NAME} has a time, {entry.date_time}")
        if file.read(entry) != program:
            found.append(f"{NAME} is not the program that was checked")
    return found
