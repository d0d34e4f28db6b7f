"""Lines below the table: totals, source notes, row counts, a line that says the end. They are no rows."""

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.collect.dialect import MAX_SAMPLE_ROWS, Dialect, split_rows
from core.collect.layout import DATE, MOSTLY, NUMBER, Row, table_top, usual_width
from core.collect.words import MISSING_WORDS

TAIL_BYTES = 1 << 18
MAX_TAIL_BYTES = 1 << 24
MAX_LINES = 50
MAX_JUDGES = 300
"""Rows above that a line is compared with."""
TOTAL = re.compile(
    r"(grand |sub-?|overall )?(total|totals|sum)( general| général)?|gesamt(summe)?|insgesamt|summe|totaal|totale",
    re.IGNORECASE,
)
NOTE = re.compile(
    r"""(?:sources?|notes?|footnotes?|remarks?|legend|disclaimer|quellen?|anmerkung(?:en)?|hinweis|fuente|notas?|bron|kilde
    |last\ updated?|updated|generated|exported|created|retrieved|downloaded|copyright)\b.*
    | [©*†‡#].* | \(?\d[\d,.]*\ (?:rows?|records?|lines?|entries|zeilen)\b.* | (?:rows?|records?|row\ count)\ ?[:=].*
    | [-=_*]{2,}.* | <?end\ ?(?:of\b.*)?>? | eof""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Footer:
    """Lines below the table, and the byte at which they begin."""

    lines: tuple[str, ...]
    begins_at: int


def find_footer(path: Path, dialect: Dialect, rows: Sequence[tuple[int, Row]], n_lines: int | None) -> Footer | None:
    """Return the lines below the table; None when there are none.

    Parameters
    ----------
    path : Path
        UTF-8 text.
    rows : sequence of (line, values)
        The file's first rows, up to `MAX_SAMPLE_ROWS`.
    n_lines : int, optional
        How many lines to leave out, blank ones not counted, where a person chose; None: as found.
    """
    if n_lines is not None:
        lines = _last_lines(path, MAX_TAIL_BYTES)[-n_lines:] if n_lines else []
    else:
        lines = _find(_last_lines(path, TAIL_BYTES)[-MAX_LINES:], dialect, rows)
    return Footer(tuple(text for _, text in lines), lines[0][0]) if lines else None


def cut_footer(path: Path, footer: Footer, folder: Path) -> Path:
    """Return a file without the lines below the table; one outside of `folder` is left as it is."""
    if path.parent == folder:
        os.truncate(path, footer.begins_at)
        return path
    target, left = folder / "without_footer.txt", footer.begins_at
    with path.open("rb") as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
        file.truncate(left)
    return target


def _last_lines(path: Path, n_bytes: int) -> list[tuple[int, str]]:
    """Return the last lines that are not blank, each with the byte at which it begins."""
    size = path.stat().st_size
    position = max(0, size - n_bytes)
    with path.open("rb") as file:
        file.seek(position)
        pieces = file.read().splitlines(keepends=True)
    if position and pieces:  # The first is a part of a line.
        position += len(pieces.pop(0))
    found = []
    for piece in pieces:
        if piece.strip():
            found.append((position, piece.decode("utf-8", errors="replace").rstrip("\r\n")))
        position += len(piece)
    return found


def _find(lines: list[tuple[int, str]], dialect: Dialect, rows: Sequence[tuple[int, Row]]) -> list[tuple[int, str]]:
    """Go up from the last line as long as lines are no rows; blank rows count only between or above such lines."""
    values = [[cell.strip() for cell in row] for _, row in rows]
    if len(values) < 3:
        return []
    usual, top = usual_width(values), table_top(values, usual_width(values))
    is_whole, first = len(rows) < MAX_SAMPLE_ROWS, len(lines)
    for index in range(len(lines) - 1, -1, -1):
        row = _cut(lines[index][1], dialect)
        n_below = len(lines) - index
        body = values[top + 1 : len(values) - n_below if is_whole else None]
        if row is None or len(body) < 2:
            break
        if not any(row):
            continue
        if not _is_footer(row, body[-MAX_JUDGES:], usual):
            break
        first = index
    while 0 < first < len(lines) and not any(_cut(lines[first - 1][1], dialect) or ["x"]):
        first -= 1
    return lines[first:]


def _cut(line: str, dialect: Dialect) -> list[str] | None:
    """Return the values of a line; None when it may be a part of a value that spans lines."""
    if dialect.quote and not dialect.lines_quoted and line.count(dialect.quote) % 2:
        return None
    row = next(split_rows([line], dialect), None)
    return [cell.strip() for cell in row[1]] if row else []


def _is_footer(row: Row, body: Sequence[Row], usual: int) -> bool:
    filled = [index for index, cell in enumerate(row) if cell]
    first, is_full = filled[0], len(filled) >= usual
    if is_full and usual > 1 and not TOTAL.fullmatch(row[first].rstrip(" :")):
        return False
    if first >= usual:
        return False
    column = [above[first] for above in body if len(above) > first and above[first].lower() not in MISSING_WORDS]
    if TOTAL.fullmatch(row[first].rstrip(" :")):
        has_number = any(NUMBER.fullmatch(row[index]) for index in filled[1:])
        return first <= 1 and has_number and row[first].lower() not in {cell.lower() for cell in column}
    unlike = _unlike(row[first], column)
    if NOTE.fullmatch(row[first]):
        return unlike if usual == 1 else row[first] not in column
    sparse = len(filled) <= max(1, usual // 3) and len(filled) < min(sum(map(bool, above)) for above in body)
    ragged = len(row) == 1 and usual > 2 and all(len(above) > 2 for above in body)
    return sparse and (unlike or (ragged and not _of_kind(row[first], column)))


def _unlike(cell: str, column: Sequence[str]) -> bool:
    """Whether a cell cannot be a value of a column: of another kind, or longer than any."""
    for pattern in (NUMBER, DATE):
        if sum(pattern.fullmatch(value) is not None for value in column) >= MOSTLY * len(column) > 0:
            return pattern.fullmatch(cell) is None and cell.lower() not in MISSING_WORDS
    return len(cell) > 2 * max(map(len, column), default=0)


def _of_kind(cell: str, column: Sequence[str]) -> bool:
    return any(
        pattern.fullmatch(cell)
        and sum(pattern.fullmatch(value) is not None for value in column) >= MOSTLY * len(column)
        for pattern in (NUMBER, DATE)
    )
