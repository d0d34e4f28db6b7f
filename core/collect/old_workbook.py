"""Sheets of an Excel workbook of the old kind (.xls, until 2003)."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import BadInputError

HINT = "If it is a table, open it in Excel and save it again as .xlsx without a password, or as CSV."
OLD_START = b"\xd0\xcf\x11\xe0"
MAX_BYTES = 100 << 20
"""A workbook of the old kind is held in memory; each sheet has at most 65,536 rows and 256 columns."""


def is_old_workbook(path: Path) -> bool:
    """Whether the bytes may be a workbook of the old kind: Word's old files and locked workbooks begin so, too."""
    with path.open("rb") as file:
        return file.read(len(OLD_START)) == OLD_START


@contextmanager
def open_old_sheets(path: Path) -> Iterator[dict[str, Callable[[], Iterator[list[Any]]]]]:
    """Give for each sheet, by name, a function that yields its rows.

    Raises
    ------
    BadInputError
        When the file is no workbook, broken, locked by a password, or too large.
    """
    # Imported here: a service that starts again has no need of it.
    import xlrd

    if path.stat().st_size > MAX_BYTES:
        raise BadInputError(f"The Excel file is larger than {MAX_BYTES >> 20} MB.", "Save the sheet as CSV.")
    try:
        content = _read_stream(path)
        workbook = xlrd.open_workbook(file_contents=content, logfile=io.StringIO(), ragged_rows=True)
    except BadInputError:
        raise
    except Exception as error:  # Damaged bytes end in errors of all kinds.
        raise BadInputError("The Excel file is broken.", HINT) from error
    with workbook:
        yield {sheet.name: partial(_rows, sheet, workbook.datemode) for sheet in workbook.sheets()}


def _read_stream(path: Path) -> bytes:
    """Return the workbook within the file, which is a small file system. (xlrd's own way to it may never end.)"""
    import olefile

    with olefile.OleFileIO(path) as file:
        for name in ("Workbook", "Book"):
            if file.exists(name):
                return bytes(file.openstream(name).read())
        if file.exists("EncryptedPackage"):
            raise BadInputError("The Excel file is locked by a password.", HINT)
    raise BadInputError("The file is of a kind that Word and others wrote until 2003, and no table.", HINT)


def _rows(sheet: Any, datemode: int) -> Iterator[list[Any]]:
    for index in range(sheet.nrows):
        cells = [_value(cell, datemode) for cell in sheet.row(index)]
        yield cells + [None] * (sheet.ncols - len(cells))


def _value(cell: Any, datemode: int) -> str | float | bool | datetime | time | None:
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    if cell.ctype == xlrd.XL_CELL_DATE:
        return _moment(cell.value, datemode)
    return str(cell.value) if cell.ctype == xlrd.XL_CELL_TEXT else float(cell.value)


def _moment(days: float, datemode: int) -> datetime | time | float:
    """Return a number of days as a date, as a time of day below one; as it is where it is no date."""
    from xlrd.xldate import xldate_as_datetime

    try:
        moment: datetime = xldate_as_datetime(days, datemode)
    except (ValueError, OverflowError):
        return days
    return moment.time() if 0 <= days < 1 else moment
