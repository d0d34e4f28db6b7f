"""How the columns that stay become numbers a model can learn from."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from core.prepare.features import MAX_LEVELS, N_TEXT_NUMBERS
from core.records import ColumnProfile, DatasetVersion, RecipeStep, Task

DAYS_PER_YEAR = 365
DAYS_PER_MONTH = 31
CYCLES = ("month", "weekday", "hour")
RARE_SHARE = 0.001
MIN_RARE = 2


def turning_steps(columns: Sequence[ColumnProfile], dataset: DatasetVersion, task: Task) -> list[RecipeStep]:
    """Return the steps that fill, scale and encode; each names its columns, also those a drop step leaves out."""
    numbers = [column for column in columns if column.kind in ("number", "date")]
    categories = [column for column in columns if column.kind == "category"]
    texts = tuple(column.name for column in columns if column.kind == "text")
    # With several classes a figure for each level and class would make too many columns again.
    many = () if task == "multiclass" else tuple(c.name for c in categories if c.n_distinct > MAX_LEVELS)
    few = tuple(column.name for column in categories if column.name not in many)
    steps = [
        _fill_numbers([c for c in columns if c.kind in ("number", "boolean", "date")]),
        _fill_categories(categories),
        RecipeStep(
            "scale",
            "scale",
            "Bring numbers to one scale",
            "So that a column in thousands does not outweigh one in tenths.",
            tuple(column.name for column in numbers),
        ),
        _encode_few(few, dataset.n_rows),
        RecipeStep(
            "encode_many",
            "encode",
            "Replace levels by what the target is like there",
            f"More than {MAX_LEVELS} levels would make too many columns. Switched off, these columns are left out.",
            many,
        ),
        RecipeStep(
            "text",
            "text",
            "Turn free text into numbers",
            "Switched off, these columns are left out.",
            texts,
            options={"n_components": N_TEXT_NUMBERS},
        ),
    ]
    return [step for step in steps if step.columns]


def _fill_numbers(columns: Sequence[ColumnProfile]) -> RecipeStep:
    n_missing = sum(column.n_missing for column in columns)
    found = f"{n_missing:,} values are missing" if n_missing else "None is missing now, but a later row may lack one"
    return RecipeStep(
        "impute_numbers",
        "impute",
        "Fill missing numbers",
        f"{found}.",
        tuple(column.name for column in columns),
        options={"n_missing": n_missing},
    )


def _fill_categories(columns: Sequence[ColumnProfile]) -> RecipeStep:
    n_missing = sum(column.n_missing for column in columns)
    found = f"{n_missing:,} values are missing" if n_missing else "None is missing now, but a later row may lack one"
    return RecipeStep(
        "impute_categories",
        "impute",
        "Treat a missing category as a level of its own",
        f"{found}. Switched off, the most frequent level stands in.",
        tuple(column.name for column in columns),
        options={"n_missing": n_missing},
    )


def _encode_few(names: tuple[str, ...], n_rows: int) -> RecipeStep:
    rare = max(MIN_RARE, math.ceil(RARE_SHARE * n_rows))
    return RecipeStep(
        "encode_few",
        "encode",
        "Make a column of each level",
        "A model takes numbers only. Switched off, these columns are left out.",
        names,
        options={"min_frequency": rare, "max_categories": MAX_LEVELS},
    )


def date_step(columns: Sequence[ColumnProfile], frame: pd.DataFrame, *, by_time: bool) -> list[RecipeStep]:
    """Return the step that reads numbers off dates, or nothing when there are no dates."""
    names = [column.name for column in columns if column.kind == "date"]
    parts = {name: date_parts(frame[name], by_time=by_time) for name in names}
    if not parts:
        return []
    reason = "A date itself is no number."
    if by_time:
        reason += " Only parts that come round again: a year or season the model never saw would mislead it."
    step = RecipeStep("dates", "dates", "Read parts off dates", reason, tuple(parts), options={"parts": parts})
    return [step]


def date_parts(dates: "pd.Series[Any]", *, by_time: bool) -> list[str]:
    """Return the parts of a date column worth having: those that vary, and when later rows are to be predicted from
    earlier ones, only those whose values come round again within the time covered.
    """
    present = dates.dropna()
    if present.empty:
        return ["elapsed_days"]
    days = (present.max() - present.min()).days
    parts = {
        "year": not by_time and _varies(present.dt.year),
        "month": _varies(present.dt.month) and (not by_time or days >= DAYS_PER_YEAR),
        "day": _varies(present.dt.day) and (not by_time or days >= DAYS_PER_MONTH),
        "weekday": _varies(present.dt.day_of_week),
        "hour": bool((present != present.dt.normalize()).any()),
        "elapsed_days": not by_time,
    }
    chosen = [part for part, wanted in parts.items() if wanted] or ["elapsed_days"]
    # On a circle, too: a model that adds columns up cannot know that 23 h lies beside 0 h.
    return chosen + [f"{part}_{side}" for part in chosen if part in CYCLES for side in ("sin", "cos")]


def _varies(values: "pd.Series[Any]") -> bool:
    return bool(values.min() != values.max())
