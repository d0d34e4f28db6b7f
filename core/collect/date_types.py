"""Dates in the usual formats, one for a column or several; where day and month could be either, nothing is guessed."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from core.collect.rules import ColumnType, Rules

DATE_HINT = re.compile(
    r"\d{1,4}[-/. ]\w{1,9}[-/., ]+\d{1,4}.*|[A-Za-z]{3,9}[-. ]\d{1,2},? \d{4}.*|\d{4}-\d{2}|(19|20)\d{6}"
)
DATES = (
    ("%Y-%m-%d", "year-month-day"),
    ("%Y/%m/%d", "year/month/day"),
    ("%Y.%m.%d", "year.month.day"),
    ("%Y%m%d", "year, month and day without separators"),
    ("%m/%d/%y", "month/day/year"),
    ("%m/%d/%Y", "month/day/year"),
    ("%d/%m/%y", "day/month/year"),
    ("%d/%m/%Y", "day/month/year"),
    ("%m-%d-%y", "month-day-year"),
    ("%m-%d-%Y", "month-day-year"),
    ("%d-%m-%y", "day-month-year"),
    ("%d-%m-%Y", "day-month-year"),
    ("%d.%m.%y", "day.month.year"),
    ("%d.%m.%Y", "day.month.year"),
    ("%d-%b-%y", "day-month-year"),
    ("%d-%b-%Y", "day-month-year"),
    ("%d %b %Y", "day month year"),
    ("%d %B %Y", "day month year"),
    ("%b %d, %Y", "month day, year"),
    ("%B %d, %Y", "month day, year"),
    ("%Y-%m", "year-month"),
)
"""Formats of dates, as strptime has them, in words; where several fit, the first. (%Y would read 20 as the year 20.)"""
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
ZONE = "Z|[A-Z]{3,5}|[A-Z]\\w+/\\w+|[-+]\\d{2}(:?\\d{2})?"
ISO = (
    # The usual form first, known by its length: a format is read in half the time that the pattern takes.
    "COALESCE(CASE WHEN {x} >= '0' AND strlen({x}) = 19 THEN try_strptime({x}, '%Y-%m-%d %H:%M:%S') END, "
    # DuckDB takes any word after a time for a zone and leaves it out, also PM.
    f"CASE WHEN regexp_full_match({{x}}, '\\d{{4}}[-/]\\d[-/\\d]*([T ]+[\\d:.]+)? *({ZONE})?') "
    "THEN TRY_CAST({x} AS TIMESTAMP) END)"
)
MAX_FORMATS = 4


@dataclass(frozen=True)
class _Format:
    """A format of dates: how it is written, in words, and which values it reads."""

    layout: str
    words: str
    reads: frozenset[str]

    @property
    def expression(self) -> str:
        return ISO if self.layout == "iso" else _strptime(self.layout)


def find_date(values: Counter[str], connection: duckdb.DuckDBPyConnection, rules: Rules) -> ColumnType | None:
    """Return the type of dates that all values are; None when some are none, or day and month cannot be told apart."""
    if not all(DATE_HINT.fullmatch(value) for value in values):
        return None
    texts = list(values)
    if all(re.match(r"\d{4}[-/]\d", value) for value in texts) and len(_read(connection, ISO, texts)) == len(texts):
        return ColumnType("date", "timestamp[us]", ISO)
    fitting = [entry for entry in _reading(connection, texts[0]) if _reads_all(connection, entry[0], texts)]
    if not fitting:
        return _find_mixed(values, connection, rules)
    layout, words = _preferred(fitting, rules)
    open_question = len({entry[1] for entry in fitting}) > 1 and rules.day_first is None
    doubt = " It could be read otherwise, too." if open_question else ""
    return ColumnType("date", "timestamp[us]", _strptime(layout), "date_format", f"Read as {words}.{doubt}")


def force_date(values: Counter[str], connection: duckdb.DuckDBPyConnection, rules: Rules) -> ColumnType:
    """Return the formats that most values are read by."""
    chosen = _choose_formats(values, connection, rules)
    return _mixed_type(chosen) if chosen else ColumnType("date", "timestamp[us]", ISO)


def _preferred(fitting: Sequence[tuple[str, str]], rules: Rules) -> tuple[str, str]:
    day_first = rules.european if rules.day_first is None else rules.day_first
    if not day_first:
        return fitting[0]
    return next((entry for entry in fitting if entry[0].startswith("%d")), fitting[0])


def _find_mixed(values: Counter[str], connection: duckdb.DuckDBPyConnection, rules: Rules) -> ColumnType | None:
    """Return several formats that read all values, never two that differ only in which comes first, day or month."""
    chosen = _choose_formats(values, connection, rules)
    read: frozenset[str] = frozenset().union(*(one.reads for one in chosen))
    return _mixed_type(chosen) if len(read) == len(values) else None


def _choose_formats(values: Counter[str], connection: duckdb.DuckDBPyConnection, rules: Rules) -> list[_Format]:
    texts = list(values)
    offered = [_Format("iso", "year-month-day", frozenset(_read(connection, ISO, texts)))]
    offered += [
        _Format(layout, words, frozenset(_read(connection, _strptime(layout), texts)))
        for layout, words in _in_order(rules)
    ]
    chosen: list[_Format] = []
    left = set(texts)
    while left and len(chosen) < MAX_FORMATS:
        allowed = [one for one in offered if not any(_contradict(one, other) for other in chosen)]
        best = max(allowed, key=lambda one: sum(values[text] for text in one.reads & left))
        if not best.reads & left:
            break
        chosen.append(best)
        left -= best.reads
    return chosen


def _in_order(rules: Rules) -> list[tuple[str, str]]:
    """Return the formats, the likelier first; with a choice only those that agree with it where it matters."""
    day_first = rules.european if rules.day_first is None else rules.day_first
    numeric = re.compile(r"%d[-/]%m" if not day_first else r"%m[-/]%d")
    later = [entry for entry in DATES if numeric.match(entry[0])]
    rest = [entry for entry in DATES if entry not in later]
    return rest if rules.day_first is not None else rest + later


def _contradict(one: _Format, other: _Format) -> bool:
    """Whether two formats differ in which comes first, day or month, but not in what stands between them."""
    orders = [re.fullmatch(r"%([dm])([-/.])%[dm][-/.]%[yY]", entry.layout) for entry in (one, other)]
    first, second = orders
    return bool(first and second and first[2] == second[2] and first[1] != second[1])


def _mixed_type(chosen: Sequence[_Format]) -> ColumnType:
    words = list(dict.fromkeys(one.words for one in chosen))
    expression = f"COALESCE({', '.join(one.expression for one in chosen)})" if len(chosen) > 1 else chosen[0].expression
    if len(words) == 1:
        return ColumnType("date", "timestamp[us]", expression, "date_format", f"Read as {words[0]}.")
    told = f"Dates in several formats were read as one: {', '.join(words)}."
    return ColumnType("date", "timestamp[us]", expression, "mixed_dates", told)


def _strptime(layout: str) -> str:
    formats = ", ".join(f"'{layout}{time}'" for time in TIMES)
    return f"try_strptime({{x}}, [{formats}])"


def _reading(connection: duckdb.DuckDBPyConnection, text: str) -> list[tuple[str, str]]:
    """Return the formats that read one value: of the others, nobody need ask about more values."""
    expressions = ", ".join(f"{_strptime(layout)} IS NOT NULL" for layout, _ in DATES).replace("{x}", "v")
    reads = connection.execute(f"SELECT {expressions} FROM (SELECT CAST(? AS VARCHAR) AS v)", [text]).fetchall()[0]  # noqa: S608
    return list(itertools.compress(DATES, reads))


def _reads_all(connection: duckdb.DuckDBPyConnection, layout: str, texts: list[str]) -> bool:
    return len(_read(connection, _strptime(layout), texts)) == len(texts)


def _read(connection: duckdb.DuckDBPyConnection, expression: str, texts: list[str]) -> list[str]:
    """Return the values that an expression reads as dates."""
    query = (
        f"SELECT v FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS v) WHERE {expression.replace('{x}', 'v')} IS NOT NULL"  # noqa: S608
    )
    return [value for (value,) in connection.execute(query, [texts]).fetchall()]
