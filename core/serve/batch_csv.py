"""CSV files to answer: each record stays a record, its cells as they came; what a cell means follows the prototype."""

import csv
import itertools
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.collect.truth_types import ALL_FALSE, ALL_TRUE
from core.collect.words import BLANKS, MISSING_TEXTS, MISSING_WORDS
from core.errors import BadInputError
from core.records import ColumnKind, Json, Prototype
from core.serve.batch_rows import Answered, Chunk
from core.serve.csv_out import write_rows

DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 1 << 24
LONGEST_HEADER = 5_000_000
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+")
CSV_HINT = "Save it as CSV in UTF-8 with one line of column names."


class CsvFile:
    """A CSV file in UTF-8 with a line of column names, separated by comma, semicolon, tab or bar.

    Parameters
    ----------
    path : Path
        Where it is.
    prototype : Prototype
        What the model expects.

    Raises
    ------
    BadInputError
        When it has no first line in UTF-8.
    """

    def __init__(self, path: Path, prototype: Prototype) -> None:
        csv.field_size_limit(LONGEST_CELL)
        self._path = path
        header = _first_line(path)
        wanted = {column.name for column in prototype.columns}
        headers = {mark: next(csv.reader([header], delimiter=mark), []) for mark in DELIMITERS}
        self._delimiter = max(DELIMITERS, key=lambda mark: len(wanted.intersection(map(_plain, headers[mark]))))
        self._header = headers[self._delimiter]
        self.columns: Sequence[str] = [_plain(name) for name in self._header]
        readers = {column.name: READERS[column.kind] for column in prototype.columns}
        self._readers = [(place, name, readers[name]) for place, name in enumerate(self.columns) if name in readers]

    def count_rows(self) -> int:
        """Return how many records there are; BadInputError where the file cannot be cut into records."""
        return sum(1 for _ in self._records())

    def _records(self) -> Iterator[list[str]]:
        n_read = 0
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                for n_read, record in enumerate(filter(None, csv.reader(file, delimiter=self._delimiter))):
                    if n_read:
                        yield record
        except (UnicodeDecodeError, csv.Error) as error:
            message = f"The file cannot be read after row {n_read:,}."
            raise BadInputError(message, CSV_HINT) from error

    def chunks(self, start: int, size: int) -> Iterator[Chunk]:
        """Yield the rows after the first `start`, `size` at a time."""
        records = itertools.islice(self._records(), start, None)
        while cells := list(itertools.islice(records, size)):
            yield Chunk(start, cells, [self._read(record) for record in cells], [*map(self._find_trouble, cells)])
            start += len(cells)

    def _read(self, record: Sequence[str]) -> Json:
        european = self._delimiter == ";"
        return {
            name: read(record[place].strip(BLANKS), european)
            for place, name, read in self._readers
            if place < len(record)
        }

    def _find_trouble(self, record: Sequence[str]) -> str:
        if len(record) == len(self._header):
            return ""
        return f"The row has {len(record):,} values where there are {len(self._header):,} columns."

    def write_part(self, path: Path, chunk: Chunk, answered: Answered) -> None:
        """Write rows with their answers beside them; a row that is too long or too short is made to fit."""
        width = len(self._header)
        even = ([*record[:width], *[""] * (width - len(record))] for record in chunk.cells)
        beside = zip(*answered.columns(), strict=True)
        rows = ([*record, *map(_blank, more)] for record, more in zip(even, beside, strict=True))
        write_rows(path, rows, delimiter=self._delimiter)

    def join(self, parts: Sequence[Path], path: Path, names: Sequence[str]) -> None:
        """Write one file out of parts."""
        write_rows(path, [[*self._header, *names]], delimiter=self._delimiter)
        with path.open("ab") as target:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, target)


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline(LONGEST_HEADER)
    except UnicodeDecodeError as error:
        raise BadInputError("The file is not text in UTF-8.", CSV_HINT) from error
    if not line.strip() or "\x00" in line:
        raise BadInputError("The file has no first line of column names.", CSV_HINT)
    return line


def _plain(name: str) -> str:
    return " ".join(name.split())


def _blank(value: Any) -> Any:
    return "" if value is None else value


def _read_number(text: str, european: bool) -> Any:
    if NUMBER.fullmatch(text):
        return float(text)
    if european and COMMA_NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    return None if text.lower() in MISSING_WORDS else text


def _read_truth(text: str, _european: bool) -> Any:
    word = text.lower()
    if word in ALL_TRUE or word in ALL_FALSE:
        return word in ALL_TRUE
    return None if word in MISSING_WORDS else text


def _read_date(text: str, _european: bool) -> Any:
    return None if text.lower() in MISSING_WORDS else text


def _read_text(text: str, _european: bool) -> Any:
    return None if text in MISSING_TEXTS else text


READERS: Mapping[ColumnKind, Callable[[str, bool], Any]] = MappingProxyType(
    {"number": _read_number, "boolean": _read_truth, "date": _read_date, "category": _read_text, "text": _read_text}
)
"""What the text of a cell is for a column of a kind. What is none stays a text, which the contract then refuses."""
