"""Numbers in the usual spellings: whole, decimal, with thousands, decimal comma, a currency's sign or per cent."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from core.collect.rules import ColumnType, Rules
from core.collect.words import sql_text

SIGNS = ("$", "€", "£", "¥", "₩", "₹", "₽", "₺", "฿", "%", "USD", "EUR", "GBP", "CHF", "JPY", "R$", "kr", "Kč", "zł")
"""What stands before or after an amount; in one column only one of them, or the numbers could not be compared."""
SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True)))
BLANK = "[ \u00a0\u202f]"
APOSTROPHE = "['’]"
LONG = re.compile(r"[-+]?\d{19,}")
"""A whole number that may lie beyond 64 bits: as a decimal number it would lose digits."""
ZERO_BEFORE = re.compile(r"0\d+")
NOT_LONG = f"(strlen({{x}}) < 19 OR NOT regexp_full_match({{x}}, {sql_text(LONG.pattern)}))"


@dataclass(frozen=True)
class Spelling:
    """A way to write numbers: what all values must look like, and the type they then have."""

    pattern: re.Pattern[str]
    column_type: ColumnType


def _spelling(pattern: str, cleaned: str, code: str, sentence: str) -> Spelling:
    fits = f"regexp_full_match({{x}}, {sql_text(pattern)}) AND {NOT_LONG}"
    guarded = f"CASE WHEN {fits} THEN TRY_CAST({cleaned} AS DOUBLE) END"
    return Spelling(re.compile(pattern), ColumnType("number", "double", guarded, code, sentence))


INTEGER = Spelling(
    re.compile(r"-?(0|[1-9]\d{0,18})"),
    ColumnType(
        "number",
        "int64",
        # The way back to text must give the same: 007, +5 and 1.5 are no plain whole numbers.
        "CASE WHEN CAST(TRY_CAST({x} AS BIGINT) AS VARCHAR) = {x} THEN TRY_CAST({x} AS BIGINT) END",
    ),
)
PADDED = Spelling(
    re.compile(r"[-+]?\d{1,18}"),
    ColumnType(
        "number",
        "int64",
        "CASE WHEN regexp_full_match({x}, '[-+]?\\d{1,18}') THEN TRY_CAST({x} AS BIGINT) END",
        "leading_zeros",
        "Leading zeros were taken off.",
    ),
)
DECIMAL = Spelling(
    re.compile(r"[-+]?(\d{1,18}\.?|\d+\.\d*|\.\d+)([eE][-+]?\d+)?"),
    ColumnType(
        "number",
        "double",
        f"CASE WHEN isfinite(TRY_CAST({{x}} AS DOUBLE)) AND {NOT_LONG} THEN TRY_CAST({{x}} AS DOUBLE) END",
    ),
)
ROUNDED = ColumnType(
    "number",
    "double",
    "CASE WHEN isfinite(TRY_CAST({x} AS DOUBLE)) THEN TRY_CAST({x} AS DOUBLE) END",
    "long_numbers",
    "Whole numbers beyond 64 bits were rounded to about 16 digits.",
)
THOUSANDS = _spelling(
    r"[-+]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?",
    "replace({x}, ',', '')",
    "thousands_separator",
    "Commas between thousands were taken out.",
)
DECIMAL_COMMA = _spelling(
    r"[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d*)(?:,\d+)?(?:[eE][-+]?\d+)?",
    "replace(replace({x}, '.', ''), ',', '.')",
    "decimal_comma",
    "The comma is the decimal sign; points between thousands were taken out.",
)


def _spaced(decimal: str) -> Spelling:
    return _spelling(
        rf"[-+]?(?:[1-9]\d{{0,2}}(?:{BLANK}\d{{3}})+|\d+)(?:[{decimal}]\d+)?",
        f"replace(regexp_replace({{x}}, '{BLANK}', '', 'g'), ',', '.')",
        "thousands_separator",
        "Blanks between thousands were taken out.",
    )


SPACED, SPACED_POINT, SPACED_COMMA = _spaced(".,"), _spaced("."), _spaced(",")
APOSTROPHES = _spelling(
    rf"[-+]?(?:[1-9]\d{{0,2}}(?:{APOSTROPHE}\d{{3}})+|\d+)(?:\.\d+)?",
    f"regexp_replace({{x}}, {sql_text(APOSTROPHE)}, '', 'g')",
    "thousands_separator",
    "Apostrophes between thousands were taken out.",
)


@cache
def _with_sign(sign: str, *, comma: bool) -> Spelling:
    """Return the spelling of amounts with one sign before or after them; in brackets they are negative."""
    mark = f"(?:{re.escape(sign)})"
    thousand, decimal = ("[. \u00a0\u202f]", ",") if comma else ("[, \u00a0\u202f]", r"\.")
    number = rf"(?:\d{{1,3}}(?:{thousand}\d{{3}})+|\d+)(?:{decimal}\d*)?"
    bare = "regexp_replace(replace({x}, '(', '-'), '[^-+0-9.,]', '', 'g')"
    cleaned = f"replace(replace({bare}, '.', ''), ',', '.')" if comma else f"replace({bare}, ',', '')"
    what = "per cent" if sign == "%" else sign
    comma_words = " The comma is the decimal sign." if comma else ""
    return _spelling(
        rf"\(?[-+]?\s*{mark}?\s*[-+]?{number}\s*{mark}?\)?",
        cleaned,
        "units",
        f"The sign for {what} and what separates thousands were taken out.{comma_words}",
    )


def spellings(values: Iterable[str], rules: Rules) -> tuple[Spelling, ...]:
    """Return the spellings that numbers of a column may have, the likelier first.

    With more than one sign of currency or per cent the most frequent counts: the others do not fit then.
    """
    signs = Counter(SIGN.findall("\n".join(values)))  # No sign spans lines.
    sign = signs.most_common(1)[0][0] if signs else None
    point = (THOUSANDS, *((_with_sign(sign, comma=False),) if sign else ()))
    comma = (DECIMAL_COMMA, *((_with_sign(sign, comma=True),) if sign else ()))
    if rules.decimal_comma is True:
        return (INTEGER, comma[0], SPACED_COMMA, DECIMAL, *comma[1:])
    if rules.decimal_comma is False:
        return (INTEGER, DECIMAL, point[0], SPACED_POINT, APOSTROPHES, *point[1:])
    first, second = (comma, point) if rules.european else (point, comma)
    return (INTEGER, DECIMAL, first[0], second[0], SPACED, APOSTROPHES, *first[1:], *second[1:])


def find_number(values: Iterable[str], offered: Iterable[Spelling]) -> ColumnType | None:
    """Return the first type of number that all values fit; None when there is none."""
    fitting = (one.column_type for one in offered if all(map(one.pattern.fullmatch, values)))
    return next(fitting, None)


def are_too_long(values: Iterable[str]) -> bool:
    """Whether some whole number lies beyond 64 bits."""
    return any(not -(2**63) <= int(value[:30]) < 2**63 for value in filter(LONG.fullmatch, values))


def force_number(values: Counter[str], rules: Rules) -> ColumnType:
    """Return the type of number that most values fit."""
    if are_too_long(values):
        return ROUNDED
    offered = spellings(values, rules)
    fits = [sum(n for value, n in values.items() if one.pattern.fullmatch(value)) for one in (*offered, PADDED)]
    best = (*offered, PADDED)[fits.index(max(fits))]
    padded = any(re.fullmatch(r"[-+]?0\d+", value) for value in values)
    return PADDED.column_type if padded and fits[-1] == max(fits) else best.column_type


def are_codes(values: Counter[str]) -> bool:
    """Whether leading zeros mean something: in codes of one or two lengths, but not where they fill up amounts."""
    if not any(map(ZERO_BEFORE.fullmatch, values)):
        return False
    lengths = {len(value) for value in values}
    filled_up = may_be_filled_up(values) and len({len(value.lstrip("0")) for value in values}) > 3
    return len(lengths) <= 2 and "0" not in values and not filled_up


def may_be_filled_up(values: Iterable[str]) -> bool:
    """Whether zeros may fill all numbers up to some length; further values can only speak against it."""
    return all(value.startswith("0") and len(value) >= 6 for value in values)


def may_be_thousands(column_type: ColumnType, values: Iterable[str]) -> bool:
    """Whether decimal numbers would be whole thousands if the comma were the decimal sign: 1.234, 12.500."""
    is_plain = (column_type.dtype, column_type.code) == ("double", "")
    return is_plain and all(DECIMAL_COMMA.pattern.fullmatch(value) for value in values)
