"""Files out of a zip or gzip archive, with a cap on what they unpack to."""

import gzip
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import IO

from core.collect.old_workbook import OLD_START
from core.collect.workbook import is_workbook
from core.errors import BadInputError
from core.records import Decision

CHUNK = 1 << 20
ALWAYS_ALLOWED = 100 << 20
MAX_RATIO = 100
MAX_BYTES = 4 << 30
"""An archive may unpack to a hundred times its size, and to 100 MB in any case, but never to more than this."""
MAX_FILES = 1_000
NEEDED_WHOLE = (b"PAR1", b"PK", OLD_START, b"[", b"{")
GZIP_START = b"\x1f\x8b"
TABLE_ENDINGS = frozenset(
    (".csv", ".tsv", ".tab", ".dat", ".data", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm", ".xls")
)

DOCUMENTS = MappingProxyType(
    {
        "META-INF/manifest.xml": "an OpenDocument file (.ods, .odt)",
        "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
        "word/document.xml": "a Word document",
        "ppt/presentation.xml": "a PowerPoint file",
        "Index/Document.iwa": "a file of Numbers or Pages",
    }
)
"""What a member of an archive tells of it."""


@dataclass(frozen=True)
class Member:
    """An unpacked file of an archive: its name there, where it lies now, and its size as the archive tells it."""

    name: str
    path: Path
    n_bytes: int


@dataclass(frozen=True)
class Unpacked:
    """The files of an archive that are to be read, what was decided, and the names of all that may be tables."""

    members: tuple[Member, ...]
    decisions: tuple[Decision, ...]
    names: tuple[str, ...]


def unpack(path: Path, folder: Path, chosen: str | None = None, n_bytes: int | None = None) -> Unpacked | None:
    """Unpack an archive into a folder; None when the file is none.

    Parameters
    ----------
    chosen : str, optional
        The one file of a zip that a person wants.
    n_bytes : int, optional
        Unpack little more than so many bytes of each file of text; other files are of no use in part.

    Raises
    ------
    BadInputError
        When the archive is broken, locked by a password, holds archives or nothing, or unpacks to too much; when the
        chosen file is not there.
    """
    if not is_archive(path):
        return None
    try:
        unpacked = _unpack_gzip(path, folder, n_bytes) if _is_gzip(path) else _unpack_zip(path, folder, chosen, n_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise BadInputError("The archive is broken.", "Pack the table again, or bring it unpacked.") from error
    if any(is_archive(member.path) for member in unpacked.members):
        raise BadInputError("The archive holds another archive.", "Unpack it and bring the table itself.")
    return unpacked


def is_archive(path: Path) -> bool:
    """Whether the bytes are a zip or gzip archive; a workbook, though packed, is none."""
    return _is_gzip(path) or (zipfile.is_zipfile(path) and _starts_as_zip(path) and not is_workbook(path))


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP_START


def _starts_as_zip(path: Path) -> bool:
    # The mark that `is_zipfile` looks for stands at the end, and could stand in any file.
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _unpack_gzip(path: Path, folder: Path, n_bytes: int | None) -> Unpacked:
    target = folder / "unpacked_0"
    with gzip.open(path) as source:
        _copy(source, target, _allowance(path), n_bytes)
    name = "the file within"
    decision = Decision("unpacked", "The file was unpacked (gzip).")
    return Unpacked((Member(name, target, target.stat().st_size),), (decision,), (name,))


def _unpack_zip(path: Path, folder: Path, chosen: str | None, n_bytes: int | None) -> Unpacked:
    with zipfile.ZipFile(path) as archive:
        _refuse_document(archive)
        tables, others = _choose(archive.infolist())
        names = tuple(table.filename for table in tables)
        if chosen is not None and chosen not in names:
            raise BadInputError(f"The archive holds no file '{chosen}'.", f"Choose one of: {', '.join(names[:5])}.")
        left, members = _allowance(path), []
        for index, table in enumerate(tables):
            if chosen in (None, table.filename):
                target = folder / f"unpacked_{index}"
                with archive.open(table) as source:
                    left -= _copy(source, target, left, n_bytes)
                members.append(Member(table.filename, target, table.file_size))
    decisions = [Decision("unpacked", "The file was unpacked (zip).", len(names), names[:5])]
    if others:
        decisions.append(Decision("other_files", "Other files in the archive were left out.", len(others), others[:5]))
    return Unpacked(tuple(members), tuple(decisions), names)


def _refuse_document(archive: zipfile.ZipFile) -> None:
    """Refuse what is an archive only within: to a person it is one document."""
    for member, what in DOCUMENTS.items():
        if member in archive.namelist():
            raise BadInputError(f"The file is {what}.", "Save the table as .xlsx or CSV.")


def _choose(members: list[zipfile.ZipInfo]) -> tuple[list[zipfile.ZipInfo], tuple[str, ...]]:
    """Return the files that may be tables, and the names of the others."""
    files = [member for member in members if not member.is_dir() and not _is_hidden(member.filename)]
    tables = [member for member in files if PurePosixPath(member.filename).suffix.lower() in TABLE_ENDINGS] or files
    if not tables:
        raise BadInputError("The archive holds no file.", "Choose one that holds a table.")
    if len(tables) > MAX_FILES:
        raise BadInputError(
            f"The archive holds {len(tables):,} files; at most {MAX_FILES:,} can be read.", "Pack fewer."
        )
    if any(member.flag_bits & 1 for member in tables):
        raise BadInputError("The archive is locked by a password.", "Unpack it and bring the table itself.")
    return sorted(tables, key=lambda member: member.filename), tuple(f.filename for f in files if f not in tables)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in PurePosixPath(name).parts)


def _allowance(path: Path) -> int:
    return min(MAX_BYTES, max(ALWAYS_ALLOWED, MAX_RATIO * path.stat().st_size))


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, allowed: int, wanted: int | None) -> int:
    """Copy bytes as they unpack, whatever the archive says about their number; return how many there were."""
    n_bytes = 0
    with target.open("wb") as file:
        while chunk := source.read(CHUNK):
            if n_bytes == 0 and chunk.lstrip()[:4].startswith(NEEDED_WHOLE):
                wanted = None
            n_bytes += len(chunk)
            if n_bytes > allowed:
                raise BadInputError(
                    "The archive unpacks to far more than its size, and was not taken in.",
                    "Unpack it and bring the table itself.",
                )
            file.write(chunk)
            if wanted is not None and n_bytes > wanted:
                break
    return n_bytes
