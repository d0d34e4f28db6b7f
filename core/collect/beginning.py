"""The first part of a large file, as it is read to show at once what a choice would do."""

from pathlib import Path

from core.collect.decoding import HEAD
from core.records import Decision

TEXT_BYTES = 4 << 20
"""Of text, so many bytes."""
N_RECORDS = 5_000
"""Of a sheet, a JSON document or a Parquet file, so many rows."""
ONLY_BEGINNING = Decision("beginning", "Only the beginning of the file was read.")
MAX_STEPS = 1_000


def cut_text(path: Path, folder: Path) -> Path:
    """Return the file, or a copy of its first `TEXT_BYTES`, to the end of a row; a JSON document is left whole."""
    if path.stat().st_size <= TEXT_BYTES or _is_document(path):
        return path
    target = folder / "beginning"
    with path.open("rb") as source:
        head = source.read(TEXT_BYTES)
    target.write_bytes(head[: _row_end(head)])
    return target


def _row_end(head: bytes) -> int:
    """Return where the last row that is whole ends: after a line end that is not within quotes."""
    end = len(head)
    for _ in range(MAX_STEPS):
        end = head.rfind(b"\n", 0, end)
        if end < 0:
            return len(head)
        if head.count(b'"', 0, end) % 2 == 0:
            break
    wide = b"\x00" in head[:HEAD]  # In UTF-16 the line end is two bytes.
    return end + 1 + ((end + 1) % 2 if wide else 0)


def _is_document(path: Path) -> bool:
    """Whether a file begins as a JSON document does that is not one record a line."""
    with path.open("rb") as file:
        start = file.read(HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"[":
        return True
    first = start.splitlines()[0].rstrip() if start else b""
    return start[:1] == b"{" and not (first.endswith(b"}") and first.count(b"{") == first.count(b"}"))
