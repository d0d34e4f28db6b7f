"""A file on the web, or a table of a web page."""

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path

from core.collect.reading import convert_file
from core.collect.sources.guard import Fetched, fetch
from core.collect.sources.keys import with_key
from core.collect.sources.page_tables import is_page, page_tables
from core.collect.sources.watch import Watch
from core.errors import BadInputError
from core.records import Column, Decision, Json, Reading

N_SHOWN = 5


@dataclass(frozen=True)
class PageTable:
    """A table that a page offers: its number from 0, how many rows it has, and its first row."""

    number: int
    n_rows: int
    first_row: tuple[str, ...]


def look_at_page(url: str, workspace: Path) -> tuple[PageTable, ...]:
    """Return the tables an address offers; none when it is a file, which is read as a whole.

    Raises
    ------
    BadInputError
        When the address is refused or does not answer, or a page has no table.
    """
    with tempfile.TemporaryDirectory(dir=workspace) as folder:
        path = Path(folder) / "answer"
        fetch(url, path)
        if not is_page(path):
            return ()
        return tuple(
            PageTable(number, len(rows), tuple(rows[0][:N_SHOWN])) for number, rows in enumerate(page_tables(path))
        )


def read_web(
    settings: Json, secret: str, target: Path, workspace: Path, watch: Watch
) -> tuple[tuple[Column, ...], Reading]:
    """Write the table behind an address as typed Parquet; return its columns and how it was read.

    Parameters
    ----------
    settings : dict
        `url`, the number of the `table` where it is a page, and `key`, the name of the address's secret parameter.
    """
    with tempfile.TemporaryDirectory(dir=workspace) as folder:
        path = Path(folder) / "answer"
        fetched = fetch(with_key(settings, secret), path, watch=watch)
        watch.say("Reading what came", 1.0)
        if not is_page(path):
            return convert_file(path, fetched.filename, target, workspace)
        return _convert_page(path, fetched, int(settings.get("table") or 0), target, workspace)


def _convert_page(
    path: Path, fetched: Fetched, number: int, target: Path, workspace: Path
) -> tuple[tuple[Column, ...], Reading]:
    tables = page_tables(path)
    if number >= len(tables):
        raise BadInputError(
            f"The page has {len(tables)} tables; the one that was chosen is gone.", "Save the source again."
        )
    copied = path.with_name("table.csv")
    with copied.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(tables[number])
    columns, reading = convert_file(copied, fetched.filename, target, workspace)
    told = Decision("page_table", f"Table {number + 1} of {len(tables)} on the page was read.")
    return columns, Reading(
        "Web page",
        has_header=reading.has_header,
        n_preamble=reading.n_preamble,
        n_rows_in=reading.n_rows_in,
        n_rows_kept=reading.n_rows_kept,
        decisions=(told, *reading.decisions),
    )
