"""Where the table lies among a file's rows: lines above it, a header or none, how many columns."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from core.collect.words import MISSING_WORDS
from core.errors import BadInputError
from core.records import Decision, ReadingChoices

NUMBER = re.compile(r"[-+(]?[$€£¥₩]?\s*[-+]?(\d[\d.,' ]*|\.\d+)([eE][-+]?\d+)?\s*[%€$£)]?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{4}-\d{2}")
MOSTLY = 0.8
MIN_FILL = 0.3
"""A row with less than this share of the values that rows usually have stands above the table."""
MAX_COLUMNS = 10_000
MIN_VOTERS, MAX_VOTES = 50, 100_000
"""Rows and cells that are asked whether the row above them is a header."""
Row = Sequence[str]
AS_FOUND = ReadingChoices()


@dataclass(frozen=True)
class Layout:
    """`names` of the columns, unique and never blank; `first_line` counts from 0: lines before it are no data."""

    names: tuple[str, ...]
    has_header: bool
    n_preamble: int
    first_line: int
    decisions: tuple[Decision, ...]


def find_layout(rows: Sequence[tuple[int, Row]], choices: ReadingChoices = AS_FOUND) -> Layout:
    """Return where the table lies, judged by the first rows where the person did not choose.

    Parameters
    ----------
    rows : sequence of (line, values)
        The file's first rows, each with the number of its last line, from 1.

    Raises
    ------
    BadInputError
        When there is a header and nothing below it, the table is too wide, or more lines are to be left out than there
        are.
    """
    values = [[cell.strip() for cell in row] for _, row in rows]
    if not any(any(row) for row in values):
        raise BadInputError(f"The first {len(values):,} rows hold no value.", "Choose a file with data.")
    usual = usual_width(values)
    top = table_top(values, usual) if choices.n_preamble is None else choices.n_preamble
    if not 0 <= top < len(values):
        raise BadInputError(
            f"Of the first {len(values):,} lines, {top:,} cannot be left out above the table.", "Leave out fewer."
        )
    body = values[top + 1 :]
    header = values[top]
    has_header = _is_header(header, body) if choices.has_header is None else choices.has_header
    if has_header and not body:
        raise BadInputError("The file has column names but no rows below them.", "Choose a file with data.")
    width = max(usual, len(header)) if has_header else usual
    if width > MAX_COLUMNS:
        raise BadInputError(
            f"The table has {width:,} columns; at most {MAX_COLUMNS:,} can be handled.",
            "Leave out columns, or turn the table on its side.",
        )
    names, decisions = _name_columns(header if has_header else [], width, body)
    if top:
        shown = tuple(" ".join(filter(None, row))[:80] for row in values[:top] if any(row))[:3]
        decisions.insert(0, Decision("preamble", "Lines above the table were left out.", top, shown))
    if not has_header:
        shown = (" | ".join(cell[:30] for cell in header[:6]),)
        decisions.append(Decision("no_header", "The first row is data, so the columns were numbered.", examples=shown))
    first_line = rows[top][0] if has_header else (rows[top - 1][0] if top else 0)
    return Layout(tuple(names), has_header, top, first_line, tuple(decisions))


def usual_width(rows: Sequence[Row]) -> int:
    """Return how many values most rows have."""
    # Lines above the table may be many; the table itself is what goes on to the end.
    tail = rows[len(rows) // 5 :] or rows
    widths = Counter(map(len, tail))
    return max(widths, key=lambda width: (widths[width], width))


def table_top(rows: Sequence[Row], usual: int) -> int:
    """Return the index of the table's first row: the first that is not a comment and is about as full as the rest."""
    full = median(sum(map(bool, row)) for row in rows[len(rows) // 5 :] or rows)
    needed = max(MIN_FILL * full, min(2, full) if usual > 2 else 1)  # A title is one value in the first column.
    for index, row in enumerate(rows[:-1]):
        is_comment = row[0].startswith("#") and len(row) < usual
        long_enough = len(row) >= usual - 1 or usual == 1
        if not is_comment and long_enough and sum(map(bool, row)) >= needed:
            return index
    return 0


def _is_header(header: Row, body: Sequence[Row]) -> bool:
    """Whether the first row names the columns: it differs in kind from what stands below it."""
    if not body:
        return not any(NUMBER.fullmatch(cell) for cell in header)
    if _labels_in_order(header):
        return True
    shift = 1 if len(header) == len(body[0]) - 1 else 0
    votes = 0.0
    shown = body[: max(MIN_VOTERS, MAX_VOTES // len(header))]
    for index, cell in enumerate(header):
        column = [row[index + shift] for row in shown if len(row) > index + shift]
        votes += _vote(cell, [value for value in column if value.lower() not in MISSING_WORDS])
    return votes > 0 or (votes == 0 and all(header) and len(set(header)) == len(header) and len(header) > 1)


def _vote(cell: str, column: Sequence[str]) -> float:
    """Return how much one cell speaks for being a name: 1 for a word over numbers, -1 for a number over numbers."""
    if not cell or not column:
        return 0.0
    for pattern in (NUMBER, DATE):
        if len(list(filter(pattern.fullmatch, column))) >= MOSTLY * len(column):
            return -1.0 if pattern.fullmatch(cell) or cell.lower() in MISSING_WORDS else 1.0
    distinct = set(column)
    if cell in distinct:
        return -1.0
    repeats = len(distinct) <= len(column) / 2
    same_length = len({len(value) for value in distinct}) == 1
    if NUMBER.fullmatch(cell):
        return 0.0
    return 0.5 if repeats or (same_length and len(cell) != len(column[0])) else 0.1


def _labels_in_order(header: Row) -> bool:
    """Whether the numbers of a row count up, in equal steps or as years (1, 2, 3; 1990, 2000): names all the same."""
    numbers = [int(cell) for cell in header if re.fullmatch(r"\d{1,4}", cell)]
    if len(numbers) < 4 or len(numbers) < MOSTLY * len(header):
        return False
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    years = all(1500 <= number <= 2200 for number in numbers)
    return min(steps) > 0 and (len(steps) == 1 or years)


def _name_columns(header: Row, width: int, body: Sequence[Row]) -> tuple[list[str], list[Decision]]:
    """Return unique names, blank ones numbered; a header one short names all but a leading index."""
    cells = list(header)
    decisions = []
    if cells and len(cells) == width - 1 and any(len(row) == width and row[-1] for row in body):
        cells.insert(0, "index")
        decisions.append(Decision("index_column", "The first column had no name; it was called 'index'."))
    cells += [""] * (width - len(cells))
    blank = [position for position, cell in enumerate(cells, 1) if not cell]
    if header and blank:
        sentence = "Columns without a name were named after their position."
        decisions.append(Decision("blank_names", sentence, len(blank), tuple(f"column_{n}" for n in blank[:5])))
    names = unique_names([cell or f"column_{position}" for position, cell in enumerate(cells, 1)])
    renamed = [new for new, cell in zip(names, cells, strict=True) if cell and new != " ".join(cell.split())]
    if renamed:
        sentence = "Names that occurred twice (upper and lower case taken as one) were numbered."
        decisions.append(Decision("duplicate_names", sentence, len(renamed), tuple(renamed[:5])))
    return names, decisions


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the names on one line each, later duplicates numbered; case does not make a difference."""
    taken: set[str] = set()
    result = []
    for name in names:
        plain = " ".join(name.split()) or "column"
        candidate, number = plain, 2
        while candidate.lower() in taken:
            candidate, number = f"{plain}_{number}", number + 1
        taken.add(candidate.lower())
        result.append(candidate)
    return result
