"""What a column of text holds: whole numbers, numbers in one of the usual spellings, dates, truth values or words.

A type is found on a sample of values and proved on all of them later (see `staging`): values that do not fit come
back here as counterexamples.
"""

import re
from collections import Counter
from dataclasses import dataclass

import duckdb

from core.collect.words import MISSING_TEXTS, MISSING_WORDS, sql_list
from core.records import ColumnKind

MAX_STRAY_SHARE = 0.01
MAX_STRAY_WORDS = 3
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
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
ISO = "TRY_CAST({x} AS TIMESTAMP)"
TRUTH_WORDS = ("true", "false")
MONEY = "[$€£¥₩]"
BLANK = "[ \u00a0\u202f]"


@dataclass(frozen=True)
class ColumnType:
    """How the text of a column becomes values.

    `expression` is SQL with `{x}` for the trimmed text; it gives NULL where the text does not fit. `sentence` says
    what was done where that is not plain, `code` names it.
    """

    kind: ColumnKind
    dtype: str
    expression: str
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True)
class Spelling:
    """A way to write numbers: what all values must look like, and the type they then have."""

    pattern: re.Pattern[str]
    column_type: ColumnType


def _spelling(pattern: str, cleaned: str, code: str, sentence: str) -> Spelling:
    guarded = f"CASE WHEN regexp_full_match({{x}}, '{pattern}') THEN TRY_CAST({cleaned} AS DOUBLE) END"
    return Spelling(re.compile(pattern), ColumnType("number", "double", guarded, code, sentence))


INTEGER = Spelling(
    re.compile(r"-?(0|[1-9]\d{0,17})"),
    ColumnType(
        "number",
        "int64",
        # The way back to text must give the same: 007, +5 and 1.5 are no plain whole numbers.
        "CASE WHEN CAST(TRY_CAST({x} AS BIGINT) AS VARCHAR) = {x} THEN TRY_CAST({x} AS BIGINT) END",
    ),
)
DECIMAL = Spelling(
    re.compile(r"[-+]?(\d{1,18}\.?|\d+\.\d*|\.\d+)([eE][-+]?\d+)?"),
    ColumnType("number", "double", "CASE WHEN isfinite(TRY_CAST({x} AS DOUBLE)) THEN TRY_CAST({x} AS DOUBLE) END"),
)
THOUSANDS = _spelling(
    r"[-+]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?",
    "replace({x}, ',', '')",
    "thousands_separator",
    "Commas between thousands were taken out.",
)
DECIMAL_COMMA = _spelling(
    r"[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d*)(?:,\d+)?",
    "replace(replace({x}, '.', ''), ',', '.')",
    "decimal_comma",
    "The comma is the decimal sign.",
)
SPACED = _spelling(
    rf"[-+]?(?:[1-9]\d{{0,2}}(?:{BLANK}\d{{3}})+|\d+)(?:[.,]\d+)?",
    rf"replace(regexp_replace({{x}}, '{BLANK}', '', 'g'), ',', '.')",
    "thousands_separator",
    "Blanks between thousands were taken out.",
)
UNITS = _spelling(
    rf"\(?[-+]?\s*{MONEY}?\s*[-+]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d*)?\s*(?:%|{MONEY})?\)?",
    "regexp_replace(replace({x}, '(', '-'), '[^-+0-9.]', '', 'g')",
    "units",
    "Signs of currency or percent and commas between thousands were taken out.",
)
SPELLINGS = (INTEGER, DECIMAL, THOUSANDS, DECIMAL_COMMA, SPACED, UNITS)
EUROPEAN_SPELLINGS = (INTEGER, DECIMAL, DECIMAL_COMMA, THOUSANDS, SPACED, UNITS)
PLAIN_TEXT = f"CASE WHEN {{x}} NOT IN {sql_list(MISSING_TEXTS)} THEN {{x}} END"
NOTHING = "CAST(NULL AS VARCHAR)"  # Any value at all shows that the column is not empty.
TWO_LETTERS = f"CASE WHEN {{x}} NOT IN {sql_list(MISSING_TEXTS - {'NA'})} THEN {{x}} END"
WORDS = ColumnType("category", "string", PLAIN_TEXT)
EMPTY = ColumnType("category", "string", NOTHING)
FREE_TEXT = ColumnType("text", "string", PLAIN_TEXT)
CODES = ColumnType(
    "category", "string", PLAIN_TEXT, "leading_zeros", "Kept as text, because leading zeros would get lost."
)
COUNTRIES = ColumnType(
    "category", "string", TWO_LETTERS, "two_letter_codes", "NA was kept, being one two-letter code among others."
)
TRUTH = ColumnType("boolean", "bool", "CASE lower({x}) WHEN 'true' THEN true WHEN 'false' THEN false END")


def find_type(values: Counter[str], connection: duckdb.DuckDBPyConnection, *, european: bool) -> ColumnType:
    """Return the type that fits a sample of a column's values.

    Parameters
    ----------
    values : Counter of str
        Trimmed values with how often each occurs.
    connection : DuckDBPyConnection
        Does the reading of dates, as it will for the whole column.
    european : bool
        Whether 03/04/2020 is the third of April and 1,234 a little over one, where the values leave it open.
    """
    present = Counter({value: n for value, n in values.items() if value.lower() not in MISSING_WORDS})
    if not present:
        return EMPTY
    if all(value.lower() in TRUTH_WORDS for value in present):
        return TRUTH
    return (
        _find_date(_without_strays(present, DATE_HINT), connection, european)
        or _find_number(present, european)
        or find_words(present, has_na="NA" in values)
    )


def _without_strays(present: Counter[str], *patterns: re.Pattern[str]) -> Counter[str]:
    """Leave out the few words that are like nothing else in the column; leave all in when they are more than few."""
    fitting = Counter({v: n for v, n in present.items() if any(p.fullmatch(v) for p in patterns)})
    return fitting if stray_words_allowed(present.total(), present - fitting) else present


def stray_words_allowed(n_present: int, strays: Counter[str]) -> bool:
    """Whether so few cells hold so few words that do not fit, that they may become missing values."""
    return len(strays) <= MAX_STRAY_WORDS and strays.total() <= MAX_STRAY_SHARE * n_present


def _find_number(present: Counter[str], european: bool) -> ColumnType | None:
    spellings = EUROPEAN_SPELLINGS if european else SPELLINGS
    fitting = _without_strays(present, *(spelling.pattern for spelling in spellings))
    for spelling in spellings:
        if all(spelling.pattern.fullmatch(value) for value in fitting):
            return CODES if _are_codes(fitting) else spelling.column_type
    return None


def _are_codes(values: Counter[str]) -> bool:
    """Whether leading zeros mean something: in codes of one or two lengths, but not where they fill up amounts."""
    if not any(re.fullmatch(r"0\d+", value) for value in values):
        return False
    lengths = {len(value) for value in values}
    n_digits = {len(value.lstrip("0")) for value in values}
    filled_up = min(lengths) >= 6 and all(value.startswith("0") for value in values) and len(n_digits) > 3
    return len(lengths) <= 2 and "0" not in values and not filled_up


def _find_date(present: Counter[str], connection: duckdb.DuckDBPyConnection, european: bool) -> ColumnType | None:
    values = list(present)
    if not all(DATE_HINT.fullmatch(value) for value in values):
        return None
    if all(re.match(r"\d{4}[-/]\d", value) for value in values) and _n_parsed(connection, ISO, values) == len(values):
        return ColumnType("date", "timestamp[us]", ISO)
    fitting = [(layout, words) for layout, words in DATES if _reads(connection, layout, values)]
    if not fitting:
        return None
    day_first = [entry for entry in fitting if entry[0].startswith("%d")]
    layout, words = day_first[0] if european and day_first else fitting[0]
    doubt = " It could be read otherwise, too." if len({entry[1] for entry in fitting}) > 1 else ""
    return ColumnType("date", "timestamp[us]", _date_sql(layout), "date_format", f"Read as {words}.{doubt}")


def _date_sql(layout: str) -> str:
    formats = ", ".join(f"'{layout}{time}'" for time in TIMES)
    return f"try_strptime({{x}}, [{formats}])"


def _reads(connection: duckdb.DuckDBPyConnection, layout: str, values: list[str]) -> bool:
    return _n_parsed(connection, _date_sql(layout), values[:1]) == 1 and _n_parsed(
        connection, _date_sql(layout), values
    ) == len(values)


def _n_parsed(connection: duckdb.DuckDBPyConnection, expression: str, values: list[str]) -> int:
    query = f"SELECT count({expression.replace('{x}', 'v')}) FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS v)"  # noqa: S608
    return int(connection.execute(query, [values]).fetchall()[0][0])


def find_words(present: Counter[str], *, has_na: bool = False) -> ColumnType:
    """Return which kind of words a column holds: names of categories, or free text (long, and seldom the same)."""
    if not present:
        return WORDS
    if has_na and len(present) > 2 and all(re.fullmatch("[A-Z]{2}", value) for value in present):
        return COUNTRIES
    n_words = sum(len(value.split()) * n for value, n in present.items()) / present.total()
    return FREE_TEXT if n_words >= 4 and len(present) >= 0.3 * present.total() else WORDS
