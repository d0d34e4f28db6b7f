"""What the service expects in a request, read off the training rows."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from core.prepare import MISSING_LEVEL, coerce_frame, feature_columns
from core.records import Column, Json, Label, Prototype, PrototypeColumn, Recipe

MOST_CATEGORIES = 100


def build_prototype(recipe: Recipe, frame: pd.DataFrame, classes: tuple[Label, ...]) -> Prototype:
    """Return the input schema of a model.

    A column is required when no training row missed it: the model has never seen it missing.

    Parameters
    ----------
    recipe : Recipe
        The recipe the model was trained with.
    frame : DataFrame of shape (n, at least the feature columns)
        The training rows.
    classes : tuple of Label
        The classes the model knows; empty for regression.
    """
    columns = feature_columns(recipe)
    coerced = coerce_frame(frame, columns)
    described = tuple(_describe(column, present_values(coerced[column.name], column), len(frame)) for column in columns)
    return Prototype(recipe.target, recipe.task, described, classes)


def present_values(values: "pd.Series[Any]", column: Column) -> "pd.Series[Any]":
    """Return the values that are there, of a column in its fixed form; booleans as "True" and "False"."""
    if column.kind == "category":
        return values[values != MISSING_LEVEL]
    if column.kind == "text":
        return values[values != ""]
    present = values.dropna()
    return present.map({1.0: "True", 0.0: "False"}) if column.kind == "boolean" else present


def _describe(column: Column, present: "pd.Series[Any]", n_rows: int) -> PrototypeColumn:
    required = len(present) == n_rows
    if present.empty:
        return PrototypeColumn(column.name, column.kind, required=False)
    if column.kind == "number":
        low, middle, high = (float(present.quantile(at, interpolation="nearest")) for at in (0.0, 0.5, 1.0))
        return PrototypeColumn(column.name, "number", required, minimum=low, maximum=high, example=middle)
    if column.kind == "date":
        middle_date = present.quantile(0.5, interpolation="nearest")
        return PrototypeColumn(column.name, "date", required, example=pd.Timestamp(str(middle_date)).isoformat())
    if column.kind == "text":
        return PrototypeColumn(column.name, "text", required, example=str(present.iloc[0]))
    levels = [str(level) for level in present.value_counts().index[:MOST_CATEGORIES]]
    example: Label = levels[0] == "True" if column.kind == "boolean" else levels[0]
    return PrototypeColumn(column.name, column.kind, required, categories=tuple(levels), example=example)


def unusual_in(column: PrototypeColumn) -> Callable[[Any], str]:
    """Return a function that says what about a value of the column did not occur in training; empty if it did."""
    # A full list may not hold all categories.
    if column.kind == "category" and len(column.categories) < MOST_CATEGORIES:
        known = frozenset(column.categories)
        return lambda value: "" if value in known else "this category did not occur in the training rows."
    low, high = column.minimum, column.maximum
    if low is None or high is None:
        return lambda _value: ""
    return lambda value: (
        "" if low <= value <= high else f"{'smaller' if value < low else 'larger'} than in any training row."
    )


def request_rows(prototype: Prototype, frame: pd.DataFrame) -> list[Json]:
    """Return rows of a table as a request to the service holds them.

    Parameters
    ----------
    prototype : Prototype
        What the model expects; other columns of the table are left out.
    frame : DataFrame of shape (n, any)
        Rows as `collect.load_frame` gives them.

    Returns
    -------
    list of dict
        Column name -> number, truth value, text or ISO 8601 date in UTC; None where missing.
    """
    columns = [Column(column.name, column.kind, "") for column in prototype.columns]
    coerced = coerce_frame(frame, columns)
    values = {column.name: _to_json(coerced[column.name], column) for column in columns}
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _to_json(values: "pd.Series[Any]", column: Column) -> list[Label | None]:
    present = present_values(values, column)
    if column.kind == "boolean":
        present = present == "True"
    elif column.kind == "date":
        present = present.map(lambda moment: moment.isoformat())
    plain: list[Label | None] = (
        present.astype(object).reindex(values.index).where(lambda one: one.notna(), None).tolist()
    )
    return plain
