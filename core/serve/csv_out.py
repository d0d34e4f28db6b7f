"""CSV that people may open in a spreadsheet program: a text that such a program would compute stays a text.

The only module that writes CSV for people. See "CSV injection" of the OWASP Foundation.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?%?")


def safe_cell(value: Any) -> Any:
    """Return a cell that no program takes for a formula: such a text gets an apostrophe in front, numbers stay."""
    if not isinstance(value, str) or not value.startswith(FORMULA_STARTS) or NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def write_rows(path: Path, rows: Iterable[Sequence[Any]], *, delimiter: str = ",") -> None:
    """Write rows as CSV in UTF-8, each cell made safe."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(map(_safe_row, rows))


def _safe_row(row: Sequence[Any]) -> list[Any]:
    return [safe_cell(cell) for cell in row]
