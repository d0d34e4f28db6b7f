"""Rows of text from an Excel workbook, streamed."""

import itertools
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from core.collect.old_workbook import is_old_workbook, open_old_sheets
from core.errors import BadInputError
from core.records import Decision

HINT = "Open it in Excel and save it again as .xlsx without a password, or as CSV."
MAX_TEXT_BYTES = 100 << 20
"""The list of a workbook's different texts is held in memory, several times its size ..."""
MAX_BYTES = 4 << 30
"""... its sheets are streamed."""


def is_workbook(path: Path) -> bool:
    """Whether the bytes are an Excel workbook, of the present kind (.xlsx, .xlsm) or the old one (.xls)."""
    if is_old_workbook(path):
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: its name, the names of all, its rows as text, and what was decided."""

    name: str
    all_names: tuple[str, ...]
    rows: Iterator[list[str]]
    decisions: tuple[Decision, ...]


@contextmanager
def open_sheet(path: Path, chosen: str | None = None) -> Iterator[Sheet]:
    """Give the chosen sheet, else the first that has any rows.

    Raises
    ------
    BadInputError
        When the workbook is broken, has no rows, or no sheet of that name.
    """
    with (open_old_sheets if is_old_workbook(path) else _open_sheets)(path) as tables:
        if chosen is not None and chosen not in tables:
            raise BadInputError(f"The Excel file has no sheet '{chosen}'.", f"It has: {', '.join(tables)}.")
        offered = list(tables) if chosen is None else [chosen]
        name = next((name for name in offered if _has_rows(tables[name]())), None)
        if name is None:
            what = "The Excel file has" if chosen is None else f"The sheet '{chosen}' has"
            raise BadInputError(f"{what} no rows.", "Choose one that holds a table.")
        others = tuple(other for other in tables if other != name)
        decisions = [Decision("sheet", f"Sheet '{name}' was read.")]
        if others:
            decisions.append(Decision("other_sheets", "Other sheets were left out.", len(others), others[:5]))
        rows = ([_as_text(cell) for cell in row] for row in tables[name]())
        yield Sheet(name, tuple(tables), rows, tuple(decisions))


@contextmanager
def _open_sheets(path: Path) -> Iterator[dict[str, Callable[[], Iterable[Sequence[Any]]]]]:
    """Give for each sheet of a workbook of the present kind, by name, a function that yields its rows."""
    _refuse_bomb(path)
    # Opened by us: openpyxl judges a path by its ending, and an upload has none.
    with path.open("rb") as file, closing(_open_workbook(file)) as workbook:
        yield {sheet.title: partial(sheet.iter_rows, values_only=True) for sheet in workbook.worksheets}


def _refuse_bomb(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
    texts = sum(size for name, size in sizes.items() if name.endswith(("sharedStrings.xml", "styles.xml")))
    if texts > MAX_TEXT_BYTES or sum(sizes.values()) > MAX_BYTES:
        raise BadInputError(
            f"The Excel file unpacks to {sum(sizes.values()) / 1e6:,.0f} MB, too much to be taken in.",
            "Save the sheet as CSV.",
        )


def _open_workbook(file: BinaryIO) -> Any:
    # Imported here: a service that starts again has no need of it, and it takes a twentieth of the start.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, ParseError) as error:
        raise BadInputError("The Excel file cannot be opened.", HINT) from error


def _has_rows(rows: Iterable[Sequence[Any]]) -> bool:
    return any(any(cell is not None for cell in row) for row in itertools.islice(rows, 100))


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d" if cell.time() == time() else "%Y-%m-%d %H:%M:%S")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)
