"""The rows a database gives, as text that keeps what each column is."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import CursorResult

from core.collect.sources.watch import Watch
from core.errors import BadInputError
from core.records import Decision

MAX_ROWS = 2_000_000
MAX_SECONDS = 120
ROWS_A_CHUNK = 5_000
MYSQL_BIT = 16
"""The type of a column, as PyMySQL gives it: its values come as bytes."""
MYSQL_DATES = (7, 10, 12)
"""Such values come as text where they are no date: 0000-00-00."""


@dataclass
class Rows:
    """Rows of a result as text, chunk by chunk.

    `texts` are the columns that hold text in the database, `numbers` those that hold numbers, `others` anything else.
    """

    result: CursorResult[Any]
    watch: Watch
    texts: set[int] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    others: set[int] = field(default_factory=set)
    n_binary: int = 0
    n_zero_dates: int = 0
    cut: bool = False

    def read(self) -> Iterator[list[str | None]]:
        """Yield each row, up to the caps."""
        deadline, n_rows = time.monotonic() + MAX_SECONDS, 0
        bits, dates = self._mysql_columns((MYSQL_BIT,)), self._mysql_columns(MYSQL_DATES)
        for chunk in self.result.partitions(ROWS_A_CHUNK):
            self.watch.raise_if_stopped()
            if time.monotonic() > deadline:
                raise BadInputError(f"Reading took longer than {MAX_SECONDS} seconds.", "Ask for fewer rows.")
            for row in chunk:
                n_rows += 1
                if n_rows > MAX_ROWS:
                    self.cut = True
                    return
                yield [
                    self._as_text(index, self._mend(value, index in bits, index in dates))
                    for index, value in enumerate(row)
                ]
            self.watch.say(f"{n_rows:,} rows so far")
        self.watch.say(f"Looking at {n_rows:,} rows", 1.0)

    def _mysql_columns(self, types: tuple[int, ...]) -> set[int]:
        description = getattr(self.result.cursor, "description", None) or ()
        is_mysql = self.result.dialect.name in ("mysql", "mariadb")
        return {index for index, column in enumerate(description) if is_mysql and column[1] in types}

    def _mend(self, value: Any, is_bit: bool, is_date: bool) -> Any:
        """Return what a value of MySQL means."""
        if is_bit and isinstance(value, bytes):
            return int.from_bytes(value)
        if is_date and isinstance(value, str):
            self.n_zero_dates += 1
            return None
        return value

    def _as_text(self, index: int, value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            self.numbers.add(index)
            return format(value, "f") if isinstance(value, Decimal) else str(value)
        if isinstance(value, bytes | bytearray | memoryview):
            self.n_binary += 1
            return None
        (self.texts if isinstance(value, str) else self.others).add(index)
        return _say(value)

    @property
    def only_numbers(self) -> set[int]:
        """Columns that hold numbers and nothing else."""
        return self.numbers - self.texts - self.others

    def decisions(self) -> list[Decision]:
        """Say what was left out."""
        told = []
        if self.cut:
            told.append(Decision("row_cap", f"There are more rows; the first {MAX_ROWS:,} were read.", MAX_ROWS))
        if self.n_binary:
            told.append(Decision("binary", "Binary values (pictures, files) became missing.", self.n_binary))
        if self.n_zero_dates:
            told.append(
                Decision("zero_dates", "Dates that are none, such as 0000-00-00, became missing.", self.n_zero_dates)
            )
        return told


def _say(value: Any) -> str:
    """Return a value of the database as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        # PostgreSQL's intervals and MySQL's times of day: hours may pass 24, and be below 0.
        seconds = abs(value).total_seconds()
        sign = "-" if value < timedelta() else ""
        return f"{sign}{int(seconds // 3600):02}:{int(seconds % 3600 // 60):02}:{seconds % 60:06.3f}".removesuffix(
            ".000"
        )
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
