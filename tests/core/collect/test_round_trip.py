"""What pandas writes, in any dialect that is read, comes back equal: names, types and values.

What is not in the file cannot come back, so the tables here leave it out: the type of a column without any value; text
that looks like a number, a date, a truth value or a word for nothing, or has blanks at its ends; a header above
nothing but text; day/month/year dates of which no day is above 12; a decimal comma where nothing else speaks for it.
"""

import csv
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import collect
from core.collect.words import MISSING_WORDS

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäöüßéñ"
AWKWARD = LETTERS + "0123456789 .,;|\t'\"/-_#&()%"
TRUTH = {"true", "false", "yes", "no", "on", "off"}
DTYPES = {"int": "int64", "float": "double", "bool": "bool", "date": "timestamp[us]", "text": "string"}


@dataclass(frozen=True)
class Written:
    """A table and how it is to be written."""

    columns: dict[str, tuple[str, list[Any]]]
    delimiter: str
    quoting: int
    encoding: str
    decimal: str
    line_end: str
    date_format: str
    missing: str

    def write(self, path: Path) -> None:
        """Write the table with pandas."""
        frame = pd.DataFrame({name: as_series(kind, values) for name, (kind, values) in self.columns.items()})
        frame.to_csv(
            path,
            index=False,
            sep=self.delimiter,
            quoting=self.quoting,
            encoding=self.encoding,
            decimal=self.decimal,
            lineterminator=self.line_end,
            date_format=self.date_format,
            na_rep=self.missing,
        )


def as_series(kind: str, values: list[Any]) -> "pd.Series[Any]":
    """Return a column as pandas holds it, with gaps."""
    dtype = {"int": "Int64", "float": "Float64", "bool": "boolean", "date": "datetime64[us]", "text": "str"}[kind]
    return pd.Series(values, dtype=dtype)


def words(alphabet: str) -> st.SearchStrategy[str]:
    """Texts that begin with letters, have no blank at their ends, and are no word with a meaning of its own."""
    text = st.builds("{}{}".format, st.text(LETTERS, min_size=3, max_size=6), st.text(alphabet, max_size=12))
    return text.map(lambda t: t.strip(" \t")).filter(lambda t: t.lower() not in MISSING_WORDS | TRUTH)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "date": st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(lambda day: pd.Timestamp(day).to_pydatetime()),
    "text": words(AWKWARD),
}


@st.composite
def written(draw: st.DrawFn) -> Written:
    """A table of two to six columns, one of them of numbers, and a dialect."""
    n_rows = draw(st.integers(2, 25))
    kinds = ["int", *draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))]
    names = draw(
        st.lists(words(LETTERS + " _-"), min_size=len(kinds), max_size=len(kinds), unique_by=lambda name: name.lower())
    )
    columns: dict[str, tuple[str, list[Any]]] = {}
    for place, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        values: st.SearchStrategy[Any] = VALUES[kind].filter(lambda value: value not in names)
        present = draw(st.lists(values, min_size=n_rows, max_size=n_rows))
        # The first column is whole: a row without any value cannot be told from a blank line.
        gaps = draw(st.lists(st.integers(0, n_rows - 1), max_size=n_rows // 2)) if place else []
        columns[name] = (kind, [None if row in gaps else value for row, value in enumerate(present)])
    delimiter, decimal = draw(st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("|", ".")]))
    return Written(
        columns,
        delimiter,
        draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])),
        decimal,
        draw(st.sampled_from(["\n", "\r\n", "\r"])),
        draw(st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d %b %Y", "%Y-%m-%d %H:%M:%S"])),
        draw(st.sampled_from(["", "NA", "NaN", "null"])),
    )


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(written())
def test_what_pandas_writes_comes_back_equal(table: Written) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        table.write(path)
        found, reading = collect.read_table(path, "table.csv")
        shown = path.read_bytes()[:600]
    assert found.column_names == list(table.columns), shown
    for name, (kind, values) in table.columns.items():
        assert found.column(name).to_pylist() == values, (name, kind, shown, reading.decisions)
        if any(value is not None for value in values):
            assert str(found.schema.field(name).type) == DTYPES[kind], (name, shown)
    assert (reading.n_rows_in, reading.n_rows_kept) == (found.num_rows, found.num_rows)
