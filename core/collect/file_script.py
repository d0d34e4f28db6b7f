"""The start of a program from the file as a person brought it: pandas code, proved on the file before it is shown.

Each column is tried with a few plain ways to read it; the first that gives exactly what is stored is written down.
Where there is none, the reason is said, and the program starts from the stored table.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from core.collect import plain_reading
from core.collect.date_types import DATES, TIMES
from core.collect.plain_source import PlainSource
from core.collect.program import bracketed, comment, literal
from core.collect.reading_again import version_with_original
from core.errors import NotReadyError
from core.records import Column, DatasetVersion, Reading
from core.store import Store

MAX_BYTES = 20_000_000
"""Larger files are not read here a second time just to prove code."""
USE_THE_TABLE = "Start from the stored table: its program does the same."
Way = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class FileCode:
    """The code that reads a person's file into `table`, and the import lines it needs."""

    code: str
    imports: tuple[str, ...]


def file_code(store: Store, dataset_id: str) -> FileCode:
    """Return code that reads the file behind a table with pandas alone and gives exactly that table.

    Raises
    ------
    NotReadyError
        When there is no such code: the message says why.
    """
    dataset, reading = _find_file(store, dataset_id)
    path = store.files.original(str(reading.original_id))
    options = _read_options(reading)
    try:
        texts = plain_reading.read_text(path, **options)
    except (ValueError, OSError, pd.errors.ParserError, UnicodeError) as error:
        raise _impossible(f"pandas cannot read the file as it is: {str(error).splitlines()[0]}") from error
    stored = pd.read_parquet(store.files.dataset(dataset_id))
    if texts.shape != stored.shape:
        raise _impossible(
            f"pandas finds {len(texts):,} rows and {texts.shape[1]:,} columns in it, and the table has {len(stored):,} "
            f"and {stored.shape[1]:,}: rows were filled up or left out"
        )
    texts.columns = stored.columns
    ways = {column.name: _find_way(texts[column.name], stored[column.name], column) for column in dataset.columns}
    return _write(dataset.filename, options, ways)


def _impossible(reason: str) -> NotReadyError:
    return NotReadyError(f"There is no plain code for this file: {reason}.", USE_THE_TABLE)


def _find_file(store: Store, dataset_id: str) -> tuple[DatasetVersion, Reading]:
    dataset = store.get(DatasetVersion, dataset_id)
    behind = version_with_original(store, dataset_id)
    if behind is None or behind.reading is None or behind.reading.original_id is None:
        raise _impossible("the file is not kept")
    if behind.id != dataset_id:
        raise _impossible(f"the table was changed since it was read from '{behind.filename}'")
    if behind.reading.format != "CSV":
        raise _impossible(f"pandas takes the cells of {behind.reading.format} files in another way")
    path = store.files.original(behind.reading.original_id)
    if path.stat().st_size > MAX_BYTES:
        raise _impossible(f"it has more than {MAX_BYTES // 1_000_000} MB, too much to prove it here")
    return dataset, behind.reading


def _read_options(reading: Reading) -> dict[str, Any]:
    """Return what pandas has to be told about the file."""
    spaces = reading.delimiter == " "
    options: dict[str, Any] = {"sep": r"\s+" if spaces else reading.delimiter or "\x1f"}
    if reading.encoding not in (None, "utf-8"):
        options["encoding"] = reading.encoding
    if reading.has_header:
        options["header"] = reading.n_preamble
    else:
        options |= {"header": None, "skiprows": reading.n_preamble}
    if reading.n_footer:
        options |= {"skipfooter": reading.n_footer, "engine": "python"}
    return options


def _find_way(texts: "pd.Series[Any]", stored: "pd.Series[Any]", column: Column) -> Way:
    for name, options in _ways(column):
        try:
            found = getattr(plain_reading, name)(texts, **options)
            pd.testing.assert_series_equal(found, stored, check_names=False, rtol=0, atol=0, check_dtype=True)
        except (AssertionError, ValueError, TypeError):
            continue
        return name, options
    raise _impossible(f"what stands in column '{column.name}' takes more than a line of pandas to read")


def _ways(column: Column) -> Iterator[Way]:
    """Yield ways to read a column of this kind, the plainest first."""
    if column.kind == "number":
        whole = {"whole": True} if column.dtype == "int64" else {}
        for options in ({}, {"thousands": ","}, {"decimal": ",", "thousands": "."}, {"thousands": " \u00a0\u202f"}):
            yield "to_numbers", options | whole
    elif column.kind == "date":
        yield "to_dates", {}
        for (layout, _), time in itertools.product(DATES, TIMES):
            yield "to_dates", {"layout": layout + time}
    elif column.kind == "boolean":
        yield "to_truth", {}
    else:
        yield from (("to_words", options) for options in ({}, {"strip": False}, {"kept": "NA"}))
        yield "to_nothing", {}


DOES: Mapping[str, str] = MappingProxyType(
    {
        "to_numbers": "Numbers",
        "to_dates": "Dates",
        "to_truth": "Truth values",
        "to_words": "Words",
        "to_nothing": "Columns without a value",
    }
)


def _write(filename: str, options: Mapping[str, Any], ways: Mapping[str, Way]) -> FileCode:
    alike: dict[str, tuple[Way, list[str]]] = {}
    for name, way in ways.items():
        alike.setdefault(repr(way), (way, []))[1].append(name)
    source = PlainSource()
    for function in dict.fromkeys(["read_text", *(way[0] for way, _ in alike.values())]):
        source.add(getattr(plain_reading, function))
    call = [literal(filename), *(f"{key}={literal(value)}" for key, value in options.items())]
    code = [source.text(), "", "", f"table = {bracketed('read_text(', call, ')')}"]
    code.append(f"table.columns = {literal(list(ways))}")
    for (function, given), names in alike.values():
        arguments = ", ".join(["table[name]", *(f"{key}={literal(value)}" for key, value in given.items())])
        code.append(comment(f"{DOES[function]}."))
        code.append(f"for name in {literal(names)}:\n    table[name] = {function}({arguments})")
    return FileCode("\n".join(code), tuple(source.imports))
