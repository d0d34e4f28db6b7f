"""What one step does to real rows: the columns it touches just before it and just after it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from core.collect import load_frame
from core.prepare.columns import MISSING_LEVEL
from core.prepare.features import chain, make_blocks
from core.prepare.layout import STAGES, TABLE_STAGE, eligible
from core.prepare.look_back import earlier_values
from core.prepare.pipeline import build_table_steps, find_remover
from core.prepare.preview import sample_rows
from core.prepare.recipe import find_step, switch_step
from core.prepare.split import features_and_target
from core.records import Recipe, RecipeStep
from core.store import Store

MOST_COLUMNS = 12
N_ROWS = 5


@dataclass(frozen=True)
class StepPreview:
    """The columns a step touches, on the same rows before and after it, and what it changes in a sentence.

    `after` has no column where the step takes columns or rows away.
    """

    sentence: str
    before: pd.DataFrame
    after: pd.DataFrame


NOTHING = StepPreview("It has nothing to do: none of its columns is there.", pd.DataFrame(), pd.DataFrame())


def preview_step(store: Store, recipe: Recipe, key: str, n_rows: int = N_ROWS) -> StepPreview:
    """Return what a step does, or would do if it was switched on, learned from at most 5,000 training rows.

    Rows in which it changes something are shown first.

    Raises
    ------
    NotFoundError
        When the recipe has no step of that key.
    BadInputError
        As `split_rows` and `build_pipeline`.
    """
    recipe = switch_step(recipe, key, True)
    step = find_step(recipe, key)
    if step.kind == "drop":
        return _preview_drop(store, recipe, step, n_rows)
    if not step.columns:
        return NOTHING
    if step.kind == "look_back":
        return _preview_look_back(store, recipe, step, n_rows)
    features, target = features_and_target(sample_rows(store, recipe), recipe)
    if step.kind == "remove_rows":
        return _preview_removal(recipe, step, features, n_rows)
    if STAGES[step.kind] == TABLE_STAGE:
        return _preview_table_step(recipe, step, features, n_rows)
    return _preview_numbers(recipe, step, features, target, n_rows)


def _preview_drop(store: Store, recipe: Recipe, step: RecipeStep, n_rows: int) -> StepPreview:
    there = {column.name for column in recipe.columns}
    names = [name for name in eligible(step) if name in there][:MOST_COLUMNS]
    rows = load_frame(store, recipe.dataset_id, columns=names, limit=n_rows)
    return StepPreview("The model does not get these columns.", rows, pd.DataFrame())


def _preview_look_back(store: Store, recipe: Recipe, step: RecipeStep, n_rows: int) -> StepPreview:
    """Show rows that follow one another, from where all values looked back for are there."""
    named = [step.options.get("group_column"), step.options.get("time_column"), *step.columns]
    order = [name for name in named[:2] if name]
    rows = load_frame(store, recipe.dataset_id, columns=list(dict.fromkeys(name for name in named if name)))
    alone = replace(recipe, steps=(step,))
    made = earlier_values(store, alone).set_axis(rows.index)
    if order:
        rows = rows.sort_values(order, kind="stable")
    complete = np.flatnonzero(made.loc[rows.index].notna().all(axis=1).to_numpy())
    start = int(complete[0]) if complete.size else 0
    shown = rows.iloc[start : start + n_rows]
    n_known = int(made.notna().all(axis=1).sum())
    sentence = f"{n_known:,} of {len(rows):,} rows have all of these earlier values; the first ones have no past."
    return StepPreview(sentence, shown, made.loc[shown.index])


def _preview_removal(recipe: Recipe, step: RecipeStep, features: pd.DataFrame, n_rows: int) -> StepPreview:
    remover = find_remover(recipe)
    if remover is None:
        return NOTHING
    odd = remover.find(features)
    sentence = (
        f"Of {len(odd):,} rows looked at, {int(odd.sum()):,} would not be learned from"
        f"{'; these are some of them' if odd.any() else ''}. Rows to be predicted are never left out."
    )
    return StepPreview(sentence, features.loc[odd, list(step.columns)[:MOST_COLUMNS]].head(n_rows), pd.DataFrame())


def _preview_table_step(recipe: Recipe, step: RecipeStep, features: pd.DataFrame, n_rows: int) -> StepPreview:
    steps = build_table_steps(recipe)
    mine = [position for position, (name, _) in enumerate(steps) if name in (step.key, f"{step.key} elapsed")]
    if not mine:
        return NOTHING
    before = Pipeline(steps[: mine[0]]).fit(features).transform(features)
    after = Pipeline(steps[mine[0] : mine[-1] + 1]).fit(before).transform(before)
    made = [name for name in after.columns if name not in before.columns]
    return _compare(before[list(step.columns)], after[made or list(step.columns)], n_rows)


def _preview_numbers(
    recipe: Recipe, step: RecipeStep, features: pd.DataFrame, target: "pd.Series[Any]", n_rows: int
) -> StepPreview:
    """Show one of the steps that turn columns into numbers: the columns as the step before leaves them, then after."""
    table = Pipeline(build_table_steps(recipe)).fit(features).transform(features)
    befores, afters = [], []
    for block in make_blocks(recipe):
        at = [position for position, (key, _) in enumerate(block.stages) if key == step.key]
        if not at:
            continue
        columns = table[block.columns]
        befores.append(_turned([one for _, one in block.stages[: at[0]]], columns, target))
        afters.append(_turned([one for _, one in block.stages[: at[-1] + 1]], columns, target))
    if not afters:
        return _unused(step, table)
    return _compare(pd.concat(befores, axis=1), pd.concat(afters, axis=1), n_rows)


def _unused(step: RecipeStep, table: pd.DataFrame) -> StepPreview:
    """A step that is on and yet no transformer: missing categories stay a level of their own."""
    names = [name for name in step.columns if name in table.columns]
    gaps = (table[names] == MISSING_LEVEL).any(axis=1).to_numpy()
    rows = _first(gaps, N_ROWS)
    sentence = f"{int(gaps.sum()):,} of {len(gaps):,} rows looked at have such a gap; it stays a level of its own."
    return StepPreview(sentence, table[names[:MOST_COLUMNS]].iloc[rows], table[names[:MOST_COLUMNS]].iloc[rows])


def _turned(transformers: list[Any], columns: Any, target: "pd.Series[Any]") -> pd.DataFrame:
    """Return columns after some transformers; free text is one column."""
    given = columns.to_frame() if isinstance(columns, pd.Series) else columns
    if not transformers:
        return given
    turned = chain(transformers).fit(columns, target)
    values = turned.transform(columns)
    dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    names = _names(turned, given, dense.shape[1])
    return pd.DataFrame(dense, columns=names, index=given.index)


def _names(turned: Any, given: pd.DataFrame, n_columns: int) -> list[str]:
    if isinstance(turned, Pipeline) and "words" in turned.named_steps:
        return [f"{given.columns[0]} ({number + 1})" for number in range(n_columns)]
    return [str(name) for name in turned.get_feature_names_out(list(given.columns))]


def _compare(before: pd.DataFrame, after: pd.DataFrame, n_rows: int) -> StepPreview:
    """Return both sides, beginning with rows that differ where the columns are the same ones."""
    n_new = sum(name not in before.columns for name in after.columns)
    same = [name for name in before.columns if name in after.columns]
    changed, touched = np.zeros(len(before), dtype=bool), list[str]()
    for name in same:
        left, right = before[name], after[name]
        differs = ~((left == right) | (left.isna() & right.isna())).to_numpy()
        changed |= differs
        if differs.any():
            touched.append(name)
    parts = [f"{int(changed.sum()):,} of {len(before):,} rows looked at are changed"] if same else []
    parts += [f"{n_new:,} new column{'' if n_new == 1 else 's'}"] if n_new else []
    rows = _first(changed, n_rows)
    first = [name for name in before.columns if name in touched]
    names = [first + [name for name in frame.columns if name not in touched] for frame in (before, after)]
    shown = [frame[mine[:MOST_COLUMNS]].iloc[rows] for frame, mine in zip((before, after), names, strict=True)]
    return StepPreview(f"{'; '.join(parts)}.", *shown)


def _first(wanted: "np.ndarray[Any, Any]", n_rows: int) -> list[int]:
    """Return the positions of rows wanted, evenly spread, filled up with others, in order."""
    mine, others = np.flatnonzero(wanted), np.flatnonzero(~wanted)
    chosen = _spread(mine, n_rows)
    chosen += _spread(others, n_rows - len(chosen))
    return sorted(chosen)


def _spread(positions: "np.ndarray[Any, Any]", n: int) -> list[int]:
    if not n or not positions.size:
        return []
    return [int(one) for one in np.unique(positions[np.linspace(0, positions.size - 1, n, dtype=int)])]
