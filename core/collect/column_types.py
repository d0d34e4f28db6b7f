"""What a column of text holds: whole numbers, numbers in one of the usual spellings, dates, truth values or words.

A type is found on a sample of values and proved on all of them later (see `staging`): values that do not fit come
back here as counterexamples.
"""

import itertools
import re
from collections import Counter
from functools import cache

import duckdb

from core.collect.date_types import DATE_HINT, find_date, force_date
from core.collect.number_types import INTEGER, LONG, are_codes, are_too_long, find_number, force_number, spellings
from core.collect.rules import PLAIN_TEXT, ColumnType, Rules, text_but
from core.collect.truth_types import ANY_TRUTH, find_truth
from core.collect.words import MISSING_TEXTS, MISSING_WORDS, sql_list
from core.records import ColumnKind

MAX_STRAY_SHARE = 0.01
MAX_STRAY_WORDS = 3
NOTHING = "CAST(NULL AS VARCHAR)"  # Any value at all shows that the column is not empty.
WORDS = ColumnType("category", "string", PLAIN_TEXT)
EMPTY = ColumnType("category", "string", NOTHING)
FREE_TEXT = ColumnType("text", "string", PLAIN_TEXT)
CODES = ColumnType(
    # Among digits any word for nothing is nothing; none begins with a digit.
    "category",
    "string",
    f"CASE WHEN ({{x}} >= '0' AND {{x}} < ':') OR lower({{x}}) NOT IN {sql_list(MISSING_WORDS)} THEN {{x}} END",
    "leading_zeros",
    "Kept as text, because leading zeros would get lost.",
)
COUNTRIES = ColumnType(
    "category",
    "string",
    text_but(MISSING_TEXTS - {"NA"}),
    "two_letter_codes",
    "NA was kept, being one two-letter code among others.",
)
LONG_NUMBERS = ColumnType(
    "category", "string", PLAIN_TEXT, "long_numbers", "Kept as text, because numbers so long would lose digits."
)
OPEN_DATES = ColumnType(
    "category",
    "string",
    PLAIN_TEXT,
    "open_dates",
    "Kept as text: some dates begin with the day and some with the month, so nobody can tell for all.",
)


def find_type(values: Counter[str], connection: duckdb.DuckDBPyConnection, rules: Rules) -> ColumnType:
    """Return the type that fits a sample of a column's values.

    Parameters
    ----------
    values : Counter of str
        Trimmed values with how often each occurs.
    connection : DuckDBPyConnection
        Does the reading of dates, as it will for the whole column.
    rules : Rules
        Settle what the values leave open.
    """
    return rules.apply(_find(values, connection, rules))


def force_type(
    values: Counter[str], kind: ColumnKind, connection: duckdb.DuckDBPyConnection, rules: Rules
) -> ColumnType:
    """Return a type of the kind a person chose that as many values as possible fit."""
    present = _present(values, rules)
    if kind == "number":
        return rules.apply(force_number(present, rules))
    if kind == "date":
        return rules.apply(force_date(present, connection, rules))
    if kind == "boolean":
        return rules.apply(ANY_TRUTH)
    return rules.apply(FREE_TEXT if kind == "text" else WORDS)


def _present(values: Counter[str], rules: Rules) -> Counter[str]:
    missing = MISSING_WORDS | rules.missing_words
    if missing.isdisjoint(map(str.lower, values)):
        return values
    return Counter({value: n for value, n in values.items() if value.lower() not in missing})


def _find(values: Counter[str], connection: duckdb.DuckDBPyConnection, rules: Rules) -> ColumnType:
    present = _present(values, rules)
    if not present:
        # What would be nothing among numbers may be a real word where there is nothing else.
        return WORDS if any(value.lower() in rules.kept_words for value in values) else EMPTY
    return (
        find_truth(present)
        or find_date(_without_strays(present, DATE_HINT), connection, rules)
        or _find_number(present, rules)
        or find_words(present, has_na="NA" in values)
    )


def _find_number(present: Counter[str], rules: Rules) -> ColumnType | None:
    offered, fitting = spellings(present, rules), present
    found = find_number(present, offered)
    if found is None:
        fitting = _without_strays(present, *(spelling.pattern for spelling in offered))
        found = find_number(fitting, spellings(fitting, rules)) if fitting is not present else None
    if are_too_long(fitting) and all(LONG.fullmatch(value) or INTEGER.pattern.fullmatch(value) for value in fitting):
        return LONG_NUMBERS
    return CODES if found and are_codes(fitting) else found


def _without_strays(present: Counter[str], *patterns: re.Pattern[str]) -> Counter[str]:
    """Leave out the few words that are like nothing else in the column; leave all in when they are more than few."""
    one_of = _either(tuple(pattern.pattern for pattern in patterns))
    unlike = itertools.filterfalse(one_of.fullmatch, present)
    strays = Counter({value: present[value] for value in itertools.islice(unlike, MAX_STRAY_WORDS + 1)})
    if not strays or not stray_words_allowed(present.total(), strays):
        return present
    return Counter({value: n for value, n in present.items() if value not in strays})


@cache
def _either(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def stray_words_allowed(n_present: int, strays: Counter[str]) -> bool:
    """Whether so few cells hold so few words that do not fit, that they may become missing values."""
    return len(strays) <= MAX_STRAY_WORDS and strays.total() <= MAX_STRAY_SHARE * n_present


def find_words(present: Counter[str], *, has_na: bool = False) -> ColumnType:
    """Return which kind of words a column holds: names of categories, or free text (long, and seldom the same)."""
    if not present:
        return WORDS
    if all(re.fullmatch(r"\d{1,2}[-/]\d{1,2}[-/](\d{2}|\d{4})", value) for value in present):
        return OPEN_DATES
    if has_na and len(present) > 2 and all(re.fullmatch("[A-Z]{2}", value) for value in present):
        return COUNTRIES
    n_words = sum(len(value.split()) * n for value, n in present.items()) / present.total()
    return FREE_TEXT if n_words >= 4 and len(present) >= 0.3 * present.total() else WORDS
