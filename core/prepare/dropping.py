"""Which columns are of no use, or must not be used, and why."""

import re
from collections.abc import Sequence

from core.records import ColumnProfile, RecipeStep

ID_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|key|index|row|rownames|unnamed.*)$|[a-z]I[Dd]$", re.IGNORECASE)
MIN_ROWS_TO_SEE_IDS = 20
ID_SHARE = 0.95


def drop_steps(columns: Sequence[ColumnProfile], known_leaks: Sequence[str]) -> list[RecipeStep]:
    """Return the steps that leave columns out, each column in the first step that applies to it."""
    steps: list[RecipeStep] = []
    taken: set[str] = set()
    for key, title, reason, applies in RULES:
        names = [column.name for column in columns if column.name not in taken and applies(column, known_leaks)]
        taken.update(names)
        if names:
            steps.append(RecipeStep(key, "drop", title, reason, tuple(names)))
    return steps


def _known_leak(column: ColumnProfile, known_leaks: Sequence[str]) -> bool:
    return column.name in known_leaks


def _all_missing(column: ColumnProfile, _known_leaks: Sequence[str]) -> bool:
    return column.n_missing >= column.n_rows


def _constant(column: ColumnProfile, _known_leaks: Sequence[str]) -> bool:
    return column.n_distinct <= 1 and column.n_missing == 0


def _id_like(column: ColumnProfile, _known_leaks: Sequence[str]) -> bool:
    """A different value in (nearly) every row, and not a measurement or a sentence."""
    n_present = column.n_rows - column.n_missing
    if n_present < MIN_ROWS_TO_SEE_IDS or column.n_distinct < ID_SHARE * n_present:
        return False
    if column.kind == "number":
        return _whole(column) and (_counts_rows(column, n_present) or ID_NAME.search(column.name) is not None)
    return column.kind == "category" or (column.kind == "text" and _single_words(column))


def _whole(column: ColumnProfile) -> bool:
    """Whether smallest, largest and example values are whole numbers."""
    seen = [column.minimum, column.maximum, *(_number(example) for example in column.examples)]
    return all(value is not None and float(value).is_integer() for value in seen)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _counts_rows(column: ColumnProfile, n_present: int) -> bool:
    """Whether the values fill a range without gaps, as a running number does."""
    span = (column.maximum or 0.0) - (column.minimum or 0.0) + 1
    return column.n_distinct == n_present and span <= n_present / ID_SHARE


def _single_words(column: ColumnProfile) -> bool:
    return bool(column.examples) and not any(" " in example.strip() for example in column.examples)


RULES = (
    (
        "drop_leaks",
        "Leave out what is not known at prediction time",
        "They are filled in only after the moment to predict for: a model that uses them looks brilliant, then fails.",
        _known_leak,
    ),
    ("drop_missing", "Leave out empty columns", "No row has a value in them.", _all_missing),
    ("drop_constant", "Leave out columns that never change", "Each holds the same value in every row.", _constant),
    (
        "drop_ids",
        "Leave out columns that only name the row",
        "They differ in (nearly) every row, so a model could only learn rows by heart.",
        _id_like,
    ),
)
