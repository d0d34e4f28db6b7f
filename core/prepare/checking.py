"""Can a step work on this table? If not, it is said which column or option is wrong, and what to do."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from core.errors import BadInputError
from core.prepare.layout import STAGES, TABLE_STAGE, Place, eligible, given_columns, source_kinds, walk
from core.prepare.names import SIGNS, looked_back_names
from core.records import Column, ColumnKind, Recipe, RecipeStep

KINDS: Mapping[str, tuple[ColumnKind, ...]] = {
    "dates": ("date",),
    "cap": ("number",),
    "combine": ("number",),
    "bin": ("number",),
    "look_back": ("number", "boolean", "category"),
    "remove_rows": ("number",),
}
"""Kinds of columns a step can work on; other steps take what they are given."""
KIND_WORDS: Mapping[ColumnKind, str] = {
    "number": "numbers",
    "boolean": "yes or no",
    "category": "categories",
    "date": "dates",
    "text": "text",
}
PEOPLE_MAKE = ("cap", "combine", "bin", "look_back", "remove_rows")
MOST_BINS = 50
MOST_LOOKS_BACK = 1_000
CHOICES: Mapping[str, tuple[str, ...]] = {
    "cap": ("iqr", "percentile"),
    "bin": ("quantile", "width", "borders"),
    "remove_rows": ("iqr", "isolation_forest"),
    "scale": ("standard", "robust", "none"),
    "impute": ("median", "mean", "most_frequent", "constant", "neighbors", "level"),
    "encode": ("one_hot", "ordinal", "target"),
}


def check_step(recipe: Recipe, key: str) -> None:
    """Raise BadInputError when a step of the recipe cannot work on its table.

    Parameters
    ----------
    recipe : Recipe
        With the step in its place.
    key : str
        The step's.
    """
    step = next(one for one in recipe.steps if one.key == key)
    there = _columns_there(recipe, step)
    if step.kind in PEOPLE_MAKE and not eligible(step):
        raise BadInputError(f"'{step.title}' has no column to work on.", "Choose at least one.")
    _check_columns(recipe, step, there)
    if step.kind == "look_back" and step.options.get("windows"):
        _check_means(step, there)
    if step.kind in CHECKS:
        CHECKS[step.kind](step)
    if step.kind in CHOICES:
        _check_choice(step)
    _check_new_names(recipe, step)


def check_look_back(recipe: Recipe) -> None:
    """Raise BadInputError when a switched-on step looks back although rows are not split by time."""
    for step in recipe.steps:
        if step.kind != "look_back" or not step.enabled:
            continue
        if recipe.split.kind not in ("time", "newest"):
            raise BadInputError(
                f"'{step.title}' needs a split by time: otherwise rows would be tested whose future was learned from.",
                "Split by time, or switch that step off.",
            )
        _check_time_columns(recipe, step)


def _check_time_columns(recipe: Recipe, step: RecipeStep) -> None:
    kinds = {column.name: column.kind for column in recipe.columns}
    time = step.options.get("time_column")
    if time is not None and kinds.get(time) not in ("date", "number"):
        raise BadInputError(
            f"'{step.title}' needs a column that says when each row happened, and '{time}' does not.",
            "Split by time, by such a column, then add the step again.",
        )
    group = step.options.get("group_column")
    if group is not None and (group not in kinds or group == recipe.target):
        raise BadInputError(f"The table has no column '{group}' to group by.", "Choose another, or none.")


def _columns_there(recipe: Recipe, step: RecipeStep) -> dict[str, Column]:
    """Return the columns a step could work on in its place; earlier values may be the target's."""
    if step.kind == "look_back":
        kinds = source_kinds(recipe)
        return {column.name: replace(column, kind=kinds[column.name]) for column in recipe.columns}
    places = list(walk(given_columns(recipe), recipe.steps))
    if step.kind == "remove_rows":
        return {column.name: column for column in given_columns(recipe)}
    if STAGES[step.kind] == TABLE_STAGE:
        return {column.name: column for place in places if place.step.key == step.key for column in place.before}
    columns = [*given_columns(recipe), *(column for place in places for column in place.after)]
    return {column.name: column for column in columns}


def _check_columns(recipe: Recipe, step: RecipeStep, there: Mapping[str, Column]) -> None:
    known = {column.name for column in recipe.columns}
    for name in eligible(step):
        if name == recipe.target and step.kind != "look_back":
            raise BadInputError(f"'{name}' is the target; it is never among the inputs.", "Choose another column.")
        if name not in there and (name not in known or step.kind in PEOPLE_MAKE):
            where = "at this step of the recipe" if name in known else "in the table"
            raise BadInputError(f"There is no column '{name}' {where}.", "Choose another, or move the step.")
        kinds = KINDS.get(step.kind)
        if kinds and name in there and there[name].kind not in kinds:
            wanted = " or ".join(KIND_WORDS[kind] for kind in kinds)
            raise BadInputError(
                f"'{name}' holds {KIND_WORDS[there[name].kind]}; '{step.title}' works on {wanted}.",
                "Choose another column.",
            )


def _check_means(step: RecipeStep, there: Mapping[str, Column]) -> None:
    for name in eligible(step):
        if there[name].kind == "category":
            raise BadInputError(f"'{name}' holds categories, which have no mean.", "Choose single earlier values.")


def _check_new_names(recipe: Recipe, step: RecipeStep) -> None:
    """Raise BadInputError when a step makes a column of a name that is there already."""
    if step.kind == "look_back":
        others = [one for one in recipe.steps if one.kind == "look_back" and one.key != step.key and one.enabled]
        taken = {name for one in others for name in _looked_back(one)}
        _refuse([name for name in _looked_back(step) if name in taken])
        return
    for place in walk(given_columns(recipe), recipe.steps):
        if place.step.key == step.key:
            _refuse([one.column.name for one in place.made if one.column.name in _names(place)])


def _looked_back(step: RecipeStep) -> list[str]:
    return [name for source in eligible(step) for name in looked_back_names(source, step.options)]


def _names(place: Place) -> set[str]:
    return {column.name for column in place.before}


def _refuse(names: Sequence[str]) -> None:
    if names:
        raise BadInputError(f"There is a column '{names[0]}' already.", "Change the step that is there.")


def _check_choice(step: RecipeStep) -> None:
    name = "strategy" if step.kind == "impute" else "method"
    chosen = [step.options.get(name), *(one.get(name) for one in step.options.get("by_column", {}).values())]
    for value in chosen:
        if value is not None and value not in CHOICES[step.kind]:
            offered = ", ".join(CHOICES[step.kind])
            raise BadInputError(f"'{value}' is no way to do '{step.title}'.", f"There are: {offered}.")


def _check_cap(step: RecipeStep) -> None:
    _check_number(step, "factor", 0.1, 100)
    _check_number(step, "low", 0, 50)
    _check_number(step, "high", 50, 100)


def _check_combine(step: RecipeStep) -> None:
    names = eligible(step)
    if step.options.get("operation") not in SIGNS:
        raise BadInputError("It is not said how to combine the columns.", "Choose ratio, difference or product.")
    if len(names) != 2 or (names[0] == names[1] and step.options["operation"] != "product"):
        raise BadInputError("A combination is made of two different columns.", "Choose two.")


def _check_bin(step: RecipeStep) -> None:
    if step.options.get("method") != "borders":
        _check_number(step, "n_bins", 2, MOST_BINS)
        return
    borders = step.options.get("borders") or []
    if not borders or not all(_is_number(border) for border in borders):
        raise BadInputError("The borders of the bins are not all numbers.", "Give numbers, such as 0, 10, 50.")
    if len(set(borders)) > MOST_BINS - 1:
        raise BadInputError(f"{len(borders)} borders make too many bins.", f"Give at most {MOST_BINS - 1}.")


def _check_look_back(step: RecipeStep) -> None:
    looks = [*step.options.get("lags", ()), *step.options.get("windows", ())]
    if not looks:
        raise BadInputError("It is not said how far to look back.", "Choose an earlier value, or a mean of several.")
    if not all(isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= MOST_LOOKS_BACK for one in looks):
        raise BadInputError("Looking back goes by whole steps.", f"Give whole numbers from 1 to {MOST_LOOKS_BACK:,}.")


def _check_remove_rows(step: RecipeStep) -> None:
    _check_number(step, "factor", 0.1, 100)
    _check_number(step, "share", 0.0001, 0.5)


def _check_dates(step: RecipeStep) -> None:
    for name, day in step.options.get("since_day", {}).items():
        if day and pd.isna(pd.to_datetime(day, errors="coerce")):
            raise BadInputError(f"'{day}' is no day to count '{name}' from.", "Give a date such as 2020-01-31.")


def _check_number(step: RecipeStep, name: str, low: float, high: float) -> None:
    value = step.options.get(name)
    if value is not None and (not _is_number(value) or not low <= value <= high):
        raise BadInputError(f"{value} is not possible for '{step.title}'.", f"Choose from {low:g} to {high:g}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


CHECKS: Mapping[str, Callable[[RecipeStep], None]] = {
    "cap": _check_cap,
    "combine": _check_combine,
    "bin": _check_bin,
    "look_back": _check_look_back,
    "remove_rows": _check_remove_rows,
    "dates": _check_dates,
}
