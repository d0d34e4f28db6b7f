"""A recipe with every kind of step on, for a table by time with every kind of column."""

from dataclasses import replace

import numpy as np
import pandas as pd

from core import prepare
from core.records import Recipe, RecipeStep, Split

GROUP = "machine"
TIME = "seen_at"


def with_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of `visits` with what else steps work on: a second date, groups, an ordered category, a tail."""
    rng = np.random.default_rng(3)
    n_rows = len(frame)
    frame = frame.sort_values(TIME, ignore_index=True)
    booked = frame[TIME] - pd.to_timedelta(rng.integers(1, 40, n_rows), unit="D")
    return frame.assign(
        booked_at=booked.mask(rng.random(n_rows) < 0.05),
        machine=pd.Series(rng.choice(["left", "right"], n_rows), dtype="str"),
        size=pd.Series(rng.choice(["S", "M", "L"], n_rows), dtype="str"),
        income=np.where(np.arange(n_rows) % 50 == 7, 1e7, frame["income"]),
    )


def with_all_steps(recipe: Recipe) -> Recipe:
    """Return a recipe that has every kind of step, with options other than those it begins with."""
    for change in (_look_back, _table_steps, _numbers, _levels):
        recipe = change(recipe)
    return recipe


def put(recipe: Recipe, kind: str, columns: list[str], **options: object) -> Recipe:
    """Return the recipe with a new step."""
    return prepare.put_step(recipe, prepare.make_step(recipe, kind, columns, **options))


def find(recipe: Recipe, key: str) -> RecipeStep:
    """Return the step of a key."""
    return next(step for step in recipe.steps if step.key == key)


def _look_back(recipe: Recipe) -> Recipe:
    recipe = prepare.change_split(recipe, Split("time", time_column=TIME))
    sources = [recipe.target, "age"] if recipe.task == "regression" else ["member", "age"]
    recipe = put(recipe, "look_back", sources, lags=[1, 2], windows=[3], group_column=GROUP)
    return recipe if recipe.task == "regression" else put(recipe, "look_back", [recipe.target], lags=[1])


def _table_steps(recipe: Recipe) -> Recipe:
    parts = {"seen_at": ["hour", "month_sin", "month_cos", "hour_sin", "hour_cos"], "booked_at": ["weekday"]}
    since = {"since": {"seen_at": ["booked_at"]}, "since_day": {"booked_at": "2023-06-01"}}
    recipe = prepare.change_options(recipe, "dates", parts=parts, **since)
    recipe = put(recipe, "cap", ["income", "age"], factor=1.5)
    recipe = put(recipe, "cap", ["seen_at (days since booked_at)"], method="percentile", low=2.0, high=98.0)
    recipe = put(recipe, "combine", ["income", "age"], operation="ratio")
    recipe = put(recipe, "combine", ["seen_at (hour)", "age"], operation="product")
    recipe = put(recipe, "bin", ["income / age"], n_bins=4)
    recipe = put(recipe, "bin", ["age"], method="borders", borders=[30, 45.5])
    recipe = put(recipe, "drop", ["age"])
    return put(recipe, "remove_rows", ["income"], method="isolation_forest", share=0.02)


def _numbers(recipe: Recipe) -> Recipe:
    by_column = {"income": {"strategy": "neighbors", "n_neighbors": 3}, "member": {"strategy": "constant"}}
    recipe = prepare.change_options(recipe, "impute_numbers", strategy="mean", indicator=False, by_column=by_column)
    return prepare.change_options(recipe, "scale", method="robust", by_column={"income / age": {"method": "none"}})


def _levels(recipe: Recipe) -> Recipe:
    sizes = {"size": {"method": "ordinal", "order": "given", "levels": ["S", "M", "L"]}}
    recipe = prepare.change_options(
        recipe, "encode_few", by_column={**sizes, GROUP: {"method": "ordinal", "order": "frequency"}}
    )
    recipe = prepare.change_options(recipe, "impute_categories", strategy="constant", fill_value="grey")
    return prepare.change_options(recipe, "text", n_components=5)


def without(recipe: Recipe, kind: str) -> Recipe:
    """Return the recipe without steps of a kind."""
    return replace(recipe, steps=tuple(step for step in recipe.steps if step.kind != kind))
