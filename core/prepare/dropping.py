"""Which columns are left out of learning, and why."""

from collections.abc import Callable, Sequence

from core.collect.column_use import is_constant, is_empty, names_rows
from core.records import ColumnProfile, RecipeStep


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


Applies = Callable[[ColumnProfile, Sequence[str]], bool]
RULES: tuple[tuple[str, str, str, Applies], ...] = (
    (
        "drop_leaks",
        "Leave out what is not known at prediction time",
        "They are filled in only after the moment to predict for: a model that uses them looks brilliant, then fails.",
        _known_leak,
    ),
    ("drop_missing", "Leave out empty columns", "No row has a value in them.", lambda column, _: is_empty(column)),
    (
        "drop_constant",
        "Leave out columns that never change",
        "Each holds the same value in every row.",
        lambda column, _: is_constant(column),
    ),
    (
        "drop_ids",
        "Leave out columns that only name the row",
        "They differ in (nearly) every row, so a model could only learn rows by heart.",
        lambda column, _: names_rows(column),
    ),
)
