"""The zip file: one program, and nothing that depends on when or where it was made."""

import io
import stat
import zipfile

# AWS Lambda starts the file of this name.
NAME = "bootstrap"
# The first moment that zip's format can say.
NO_TIME = (1980, 1, 1, 0, 0, 0)
UNIX = 3
EXECUTABLE = stat.S_IFREG | 0o755


def zipped(program: bytes) -> bytes:
    """A zip file with `program` as an executable `bootstrap`. The same program gives the same bytes.

    Another version of zlib may compress otherwise: then the zip files differ, and the programs in them do not.
    """
    entry = zipfile.ZipInfo(NAME, NO_TIME)
    entry.create_system = UNIX
    entry.external_attr = EXECUTABLE << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, program, compresslevel=9)
    return file.getvalue()


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
