"""Would the chosen split make the test look better than life? Said with evidence from the rows, or not at all."""

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ttest_ind

from core.collect import load_frame, profile_dataset
from core.collect.column_use import ID_NAME
from core.prepare.columns import label_text
from core.prepare.row_order import say_neighbours, say_sorted
from core.records import ColumnProfile, Recipe
from core.store import Store

SHUFFLED = ("random", "stratified")
FEWEST_ROWS = 100
MIN_ENTITIES = 20
ROWS_AN_ENTITY = 1.5
"""Fewer rows each on average are hardly a repetition."""
TIED = 0.5
"""Share of the target's variation that has to lie between the entities, not within them."""
MIN_MOMENTS = 10
CHANGE_OF_SHARE, CHANGE_OF_MEAN = 0.1, 0.3
"""Changes worth a word: of a class's share; of the mean, in standard deviations."""
ALPHA = 1e-3


def split_warnings(store: Store, recipe: Recipe) -> tuple[str, ...]:
    """Return a sentence for each way in which the chosen split would mislead on this table.

    A split at random: rows that belong together (columns with the name of an identifier, or with very many levels,
    whose values come again and again with the same target), time (a target that differs between the oldest and the
    newest fifth of the rows), and where neither is seen, a file whose neighbouring rows are alike. A split by time:
    rows sorted by the target. A split by group is not warned of.
    """
    if recipe.split.kind in SHUFFLED:
        return _shuffled_warnings(store, recipe)
    return _ordered_warnings(store, recipe) if recipe.split.kind == "time" else ()


def _shuffled_warnings(store: Store, recipe: Recipe) -> tuple[str, ...]:
    profiles = [column for column in profile_dataset(store, recipe.dataset_id).columns if column.name != recipe.target]
    entities = [column.name for column in profiles if _may_name_an_entity(column)]
    times = [column.name for column in profiles if column.kind == "date" and column.n_distinct >= MIN_MOMENTS]
    frame = load_frame(store, recipe.dataset_id, columns=[recipe.target, *entities, *times])
    frame = frame.loc[frame[recipe.target].notna()]
    if len(frame) < FEWEST_ROWS:
        return ()
    codes, numbers = _target(frame[recipe.target], recipe)
    tied = [(name, _tie(frame[name], numbers)) for name in entities]
    found = [_say_tied(name, share) for name, share in sorted(tied, key=lambda one: -one[1])[:1] if share >= TIED]
    for name in times:
        found += _say_change(frame[name], codes, numbers)[:1]
    return tuple(found) or tuple(filter(None, [say_neighbours(codes, numbers)]))


def _ordered_warnings(store: Store, recipe: Recipe) -> tuple[str, ...]:
    time_column = recipe.split.time_column
    frame = load_frame(
        store, recipe.dataset_id, columns=list(dict.fromkeys(filter(None, [recipe.target, time_column])))
    )
    frame = frame.loc[frame[recipe.target].notna()]
    if len(frame) < FEWEST_ROWS:
        return ()
    if time_column is not None:
        frame = frame.sort_values(time_column, kind="stable", na_position="first")
    codes, numbers = _target(frame[recipe.target], recipe)
    order = "their place in the file" if time_column is None else f"'{time_column}'"
    n_test = max(1, round(recipe.split.test_share * len(frame)))
    return tuple(filter(None, [say_sorted(codes, numbers, n_test=n_test, order=order)]))


def _may_name_an_entity(column: ColumnProfile) -> bool:
    n_present = column.n_rows - column.n_missing
    if column.n_distinct < MIN_ENTITIES or column.n_distinct * ROWS_AN_ENTITY > n_present:
        return False
    named = ID_NAME.search(column.name) is not None
    return named or (column.kind in ("category", "text") and column.n_distinct >= 0.01 * n_present)


def _target(values: pd.Series, recipe: Recipe) -> tuple["pd.Series | None", np.ndarray]:
    """Return the classes (None for a number), and the target as a matrix of numbers, a column for each class."""
    if recipe.task == "regression":
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        return None, numbers.fillna(numbers.mean()).to_numpy()[:, None]
    classes = pd.Series([label_text(value) for value in values.tolist()])
    return classes, pd.get_dummies(classes).to_numpy(dtype=float)


def _tie(entity: pd.Series, numbers: np.ndarray) -> float:
    """Return the share of the target's variance between entities, 0 to 1, corrected for their number (epsilon squared).

    Source
    ------
    Kelley, "An unbiased correlation ratio measure", PNAS 21, 1935.
    """
    present = entity.notna().to_numpy()
    codes, levels = pd.factorize(entity[present])
    values = numbers[present]
    n_rows, n_levels = len(values), len(levels)
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    if n_levels < MIN_ENTITIES or n_rows <= n_levels or total == 0:
        return 0.0
    sizes = np.bincount(codes)[:, None]
    sums = np.stack([np.bincount(codes, weights=column) for column in values.T], axis=1)
    within = float(((values - (sums / sizes)[codes]) ** 2).sum())
    return max(0.0, 1 - (within / (n_rows - n_levels)) / (total / (n_rows - 1)))


def _say_tied(name: str, share: float) -> str:
    return (
        f"Rows with the same '{name}' mostly have the same answer: {100 * share:.0f} % of the differences lie between "
        f"its values. At random, rows of one '{name}' come into both parts, and the test looks better than life. "
        "Split by group."
    )


def _say_change(times: pd.Series, codes: "pd.Series | None", numbers: np.ndarray) -> list[str]:
    """Return a sentence when the oldest and the newest fifth of the dated rows have clearly different targets."""
    dated = times.notna().to_numpy()
    order = np.flatnonzero(dated)[np.argsort(times[dated].to_numpy(), kind="stable")]
    fifth = len(order) // 5
    if fifth < FEWEST_ROWS // 5:
        return []
    old, new = numbers[order[:fifth]], numbers[order[-fifth:]]
    told = _changed_mean(old, new, numbers) if codes is None else _changed_share(old, new, sorted(codes.unique()))
    if not told:
        return []
    return [f"The answers change with '{times.name}': {told}. In use the model meets newer rows. Split by time."]


def _changed_share(old: np.ndarray, new: np.ndarray, classes: list[str]) -> str:
    counts = np.stack([old.sum(axis=0), new.sum(axis=0)])
    seen = counts.sum(axis=0) > 0
    changes = np.abs(new.mean(axis=0) - old.mean(axis=0))
    most = int(changes.argmax())
    if changes[most] < CHANGE_OF_SHARE or chi2_contingency(counts[:, seen]).pvalue > ALPHA:
        return ""
    before, now = 100 * old[:, most].mean(), 100 * new[:, most].mean()
    return f"of 100 rows {before:.0f} are '{classes[most]}' in the oldest fifth, {now:.0f} in the newest"


def _changed_mean(old: np.ndarray, new: np.ndarray, numbers: np.ndarray) -> str:
    spread = float(numbers.std())
    before, now = float(old.mean()), float(new.mean())
    if spread == 0 or abs(now - before) < CHANGE_OF_MEAN * spread:
        return ""
    if ttest_ind(old[:, 0], new[:, 0], equal_var=False).pvalue > ALPHA:
        return ""
    return f"{before:,.4g} on average in the oldest fifth, {now:,.4g} in the newest"
