"""Which columns are of no use for learning, judged by their profile: the one judgement for checks and recipes."""

import re

from core.records import ColumnProfile

ID_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|key|index|row|rownames|unnamed.*)$|[a-z]I[Dd]$", re.IGNORECASE)
MIN_ROWS_TO_SEE_IDS = 20
ID_SHARE = 0.95


def is_empty(column: ColumnProfile) -> bool:
    """Whether no row has a value."""
    return column.n_missing >= column.n_rows


def is_constant(column: ColumnProfile) -> bool:
    """Whether all rows have the same value."""
    return column.n_distinct <= 1 and column.n_missing == 0


def names_rows(column: ColumnProfile) -> bool:
    """Whether a column only names the row: (nearly) every value different, and not a measurement or a sentence."""
    n_present = column.n_rows - column.n_missing
    if n_present < MIN_ROWS_TO_SEE_IDS or column.n_distinct < ID_SHARE * n_present:
        return False
    if column.kind == "number":
        return _whole(column) and (counts_rows(column) or ID_NAME.search(column.name) is not None)
    return column.kind == "category" or (column.kind == "text" and _single_words(column))


def counts_rows(column: ColumnProfile) -> bool:
    """Whether numbers, all different, fill a range without gaps, as a running number does."""
    n_present = column.n_rows - column.n_missing
    span = (column.maximum or 0.0) - (column.minimum or 0.0) + 1
    return column.kind == "number" and column.n_distinct == n_present and span <= n_present / ID_SHARE


def _whole(column: ColumnProfile) -> bool:
    """Whether smallest, largest and example values are whole numbers."""
    seen = [column.minimum, column.maximum, *(_number(example) for example in column.examples)]
    return all(value is not None and float(value).is_integer() for value in seen)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _single_words(column: ColumnProfile) -> bool:
    return bool(column.examples) and not any(" " in example.strip() for example in column.examples)
