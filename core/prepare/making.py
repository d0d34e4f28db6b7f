"""A step a person adds: its key, its options as they are at first, and its title and what it does in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.prepare.layout import eligible
from core.prepare.names import combined_name
from core.records import Json, Recipe, RecipeStep, StepKind

DEFAULTS: Mapping[str, Json] = {
    "drop": {},
    "cap": {"method": "iqr", "factor": 3.0, "low": 1.0, "high": 99.0},
    "combine": {"operation": "ratio"},
    "bin": {"method": "quantile", "n_bins": 5, "borders": []},
    "look_back": {"lags": [1], "windows": [], "time_column": None, "group_column": None},
    "remove_rows": {"method": "iqr", "factor": 3.0, "share": 0.01},
}
"""The kinds of steps a person can add, with the options each begins with."""
COLUMNS_NAMED = 3


def make_step(
    recipe: Recipe, kind: StepKind, columns: Sequence[str], *, reason: str = "", **options: Any
) -> RecipeStep:
    """Return a new step for `put_step`, with a key no other step has, and a title in words.

    Parameters
    ----------
    recipe : Recipe
        Where it is going to be put.
    kind : StepKind
        One of `DEFAULTS`.
    columns : sequence of str
        What it works on; for `combine` two, in their order.
    reason : str
        Why; default: the person chose so.
    **options
        Those that differ from `DEFAULTS`. For `look_back` the time column is that of the split unless given.
    """
    keys = {step.key for step in recipe.steps}
    numbered = (f"{kind}_{number}" for number in range(2, len(keys) + 3))
    key = next(key for key in (kind, *numbered) if key not in keys)
    chosen = DEFAULTS[kind] | options
    if kind == "look_back" and chosen["time_column"] is None:
        chosen["time_column"] = recipe.split.time_column
    step = RecipeStep(key, kind, "", reason or "You chose so.", tuple(columns), options=chosen)
    return name_step(replace(step, options=chosen | {"eligible": list(columns)}))


def name_step(step: RecipeStep) -> RecipeStep:
    """Return a step with the title its options ask for; steps that are not added by a person keep theirs."""
    if step.kind not in DEFAULTS or (step.kind == "drop" and step.title):
        return step
    return replace(step, title=_title(step))


def _title(step: RecipeStep) -> str:
    names, options = eligible(step), step.options
    if step.kind == "combine":
        return f"Add {combined_name(options, names)}" if names else "Add a combination"
    if step.kind == "drop":
        return f"Leave out {_list(names)}"
    if step.kind == "cap":
        return f"Cap unusual values of {_list(names)}"
    if step.kind == "bin":
        return f"Sort {_list(names)} into bins"
    if step.kind == "look_back":
        return f"Look back at earlier values of {_list(names)}"
    return "Leave unusual rows out of the learning"


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:COLUMNS_NAMED])
    more = len(names) - COLUMNS_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown
