"""What pandas writes, in any dialect that is read, comes back equal: names, types and values.

What is not in the file cannot come back, so the tables here leave it out: the type of a column without any value; text
that looks like a number, a date, a truth value or a word for nothing, or has blanks at its ends; a header above
nothing but text; day/month/year dates of which no day is above 12; a decimal comma where nothing else speaks for it;
line ends in a text without quotes. Which of the encodings with one byte a letter it is, is guessed by the language:
random letters have none, so there it is chosen. Line ends of old Macs within texts come back as those of today.
"""

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import collect
from core.collect.words import MISSING_WORDS
from core.records import ReadingChoices

LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIGNS = "0123456789 .,;|\t'\"/-_#&()%"
LINE_ENDS = ("\n", "\r\n", "\r")
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32")
SINGLE_BYTE = {
    "cp1252": "äöüßéñŠžŒœŸ€…",
    "iso8859-1": "äöüßéñÅçøþÿ½",
    "iso8859-15": "äöüßéñŠžŒœŸ€",
    "mac_roman": "äöüßéñÅçøœŒ∞",
    "cp1250": "äöüßéŁłśČžőű",
    "cp1251": "абвгдеёжзийЩЫЭЮЯ№",
    "koi8_r": "абвгдеёжзийЩЫЭЮЯ",
    "cp1253": "αβγδέήίόύώΑΒΓΔςλπω",
}
"""Encodings with some of the letters and signs that they have beyond ASCII."""
WESTERN = ("cp1252", "iso8859-1", "iso8859-15")
WESTERN_WORDS = ("Straße", "Größe", "Käse", "Übung", "Zürich", "garçon", "Noël", "forêt", "señor", "São", "Bjørn")
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d %b %Y")
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p")
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

    def as_read(self, value: Any) -> Any:
        """Return a value as it comes back: line ends of old Macs within it as those of today."""
        old = self.line_end == "\r" and not self.has_line_feeds
        return value.replace("\r", "\n") if old and isinstance(value, str) else value

    @property
    def has_line_feeds(self) -> bool:
        """Whether any text has a line feed, which no file of an old Mac has."""
        return any("\n" in str(value) for _, values in self.columns.values() for value in values)

    @property
    def choices(self) -> ReadingChoices:
        """Return what a person has to say: which of the encodings with one byte a letter it is."""
        return ReadingChoices(encoding=None if self.encoding in UNICODE else self.encoding)

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


def words(letters: str, signs: str) -> st.SearchStrategy[str]:
    """Texts that begin with letters, have no blank at their ends, and are no word with a meaning of its own."""
    text = st.builds("{}{}".format, st.text(letters, min_size=3, max_size=6), st.text(letters + signs, max_size=12))
    return text.map(lambda t: t.strip(" \t")).filter(lambda t: t.lower() not in MISSING_WORDS | TRUTH)


def lines(one: st.SearchStrategy[str], line_ends: Sequence[str]) -> st.SearchStrategy[str]:
    """Texts of one line, or of two with a line end between them."""
    return one | st.builds("{}{}{}".format, one, st.sampled_from(line_ends), one)


def moments(date_format: str) -> st.SearchStrategy[datetime]:
    """Moments, as exact as a format writes them."""
    exact = st.datetimes(pd.Timestamp(1900, 1, 1).to_pydatetime(), pd.Timestamp(2099, 12, 31).to_pydatetime())
    return exact.map(lambda moment: pd.to_datetime(moment.strftime(date_format), format=date_format).to_pydatetime())


@st.composite
def written(draw: st.DrawFn) -> Written:
    """A table of two to six columns, one of them of numbers, and a dialect."""
    n_rows = draw(st.integers(2, 25))
    encoding = draw(st.sampled_from([*UNICODE, *SINGLE_BYTE]))
    letters = LATIN + SINGLE_BYTE.get(encoding, "äöüßéñ")
    line_end = draw(st.sampled_from(LINE_ENDS))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    # Quotes that are put only where needed are put around the file's own line ends, not around others.
    within = [line_end] if quoting == csv.QUOTE_MINIMAL else LINE_ENDS
    date_format = draw(st.sampled_from(DAYS)) + draw(st.sampled_from(TIMES))
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "int": st.integers(-(2**63), 2**63 - 1),
        "float": st.floats(allow_nan=False, allow_infinity=False),
        "bool": st.booleans(),
        "date": moments(date_format),
        "text": lines(words(letters, SIGNS), within),
    }
    kinds = ["int", *draw(st.lists(st.sampled_from(sorted(strategies)), min_size=1, max_size=5))]
    named = words(letters, " _-")
    names = draw(st.lists(named, min_size=len(kinds), max_size=len(kinds), unique_by=lambda name: name.lower()))
    columns: dict[str, tuple[str, list[Any]]] = {}
    for place, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        values: st.SearchStrategy[Any] = strategies[kind].filter(lambda value: value not in names)
        present = draw(st.lists(values, min_size=n_rows, max_size=n_rows))
        # The first column is whole: a row without any value cannot be told from a blank line.
        gaps = draw(st.lists(st.integers(0, n_rows - 1), max_size=n_rows // 2)) if place else []
        columns[name] = (kind, [None if row in gaps else value for row, value in enumerate(present)])
    delimiter, decimal = draw(st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("|", ".")]))
    return Written(
        columns,
        delimiter,
        quoting,
        encoding,
        decimal,
        line_end,
        date_format,
        draw(st.sampled_from(["", "NA", "NaN", "null"])),
    )


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(written())
def test_what_pandas_writes_comes_back_equal(table: Written) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        table.write(path)
        found, reading = collect.read_table(path, "table.csv", table.choices)
        shown = path.read_bytes()[:600]
    assert found.column_names == list(table.columns), shown
    for name, (kind, values) in table.columns.items():
        expected = [table.as_read(value) for value in values]
        assert found.column(name).to_pylist() == expected, (name, kind, shown, reading.decisions)
        if any(value is not None for value in values):
            assert str(found.schema.field(name).type) == DTYPES[kind], (name, shown)
    assert (reading.n_rows_in, reading.n_rows_kept) == (found.num_rows, found.num_rows)


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(WESTERN_WORDS), min_size=2, max_size=12), st.sampled_from(WESTERN))
def test_the_words_of_western_languages_come_back_without_a_choice(found: list[str], encoding: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        pd.DataFrame({"n": range(len(found)), "word": found}).to_csv(path, index=False, encoding=encoding)
        table, _ = collect.read_table(path, "table.csv")
    assert table.column("word").to_pylist() == found
