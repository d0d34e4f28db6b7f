"""Rows to learn from and rows to test on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from core.collect import load_frame
from core.errors import BadInputError
from core.prepare.columns import coerce_column, label_text
from core.prepare.layout import feature_columns, looked_back_columns
from core.prepare.look_back import earlier_values, fill_in
from core.records import DatasetVersion, Recipe, Split
from core.store import Store

MIN_ROWS = 10
FEWEST_GROUPS = 4


@dataclass(frozen=True)
class SplitRows:
    """Training and test part, features and target together; rows without a target were dropped and counted.

    `note` says in words what the data made necessary, or is empty. `groups` numbers the group of each training row
    where the recipe splits by group, so that folds can keep them together, too.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    n_dropped: int
    note: str = ""
    groups: NDArray[np.int64] | None = None


def split_rows(store: Store, recipe: Recipe) -> SplitRows:
    """Return the rows of the recipe's table, divided as the recipe says. The same recipe always divides alike.

    Raises
    ------
    BadInputError
        When too few rows have a target, the training part would hold a single class, or a number is asked for
        and the target holds text.
    """
    return divide_rows(load_rows(store, recipe), recipe)


def load_rows(store: Store, recipe: Recipe, *, start: int = 0, limit: int | None = None) -> pd.DataFrame:
    """Return rows of the recipe's table with the columns it needs: inputs, target, and what it is split by.

    Earlier values, where a step looks back for them, are worked out from the whole table, before any row is chosen.
    """
    n_rows = store.get(DatasetVersion, recipe.dataset_id).n_rows
    return load_blocks(store, recipe, [(start, n_rows if limit is None else limit)])


def load_blocks(store: Store, recipe: Recipe, blocks: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Return several blocks of rows, each given as (first row, number of rows), as `load_rows` does."""
    names = [column.name for column in feature_columns(recipe)]
    needed = (*names, recipe.target, recipe.split.time_column, recipe.split.group_column)
    there = store.get(DatasetVersion, recipe.dataset_id).column_names
    columns = [name for name in dict.fromkeys(needed) if name in there]
    read = [load_frame(store, recipe.dataset_id, columns=columns, start=start, limit=n) for start, n in blocks]
    frame = pd.concat(read, ignore_index=True) if len(read) > 1 else read[0]
    if not looked_back_columns(recipe):
        return frame
    rows = np.concatenate([np.arange(start, start + len(part)) for (start, _), part in zip(blocks, read, strict=True)])
    return fill_in(frame, earlier_values(store, recipe).iloc[rows])


def divide_rows(frame: pd.DataFrame, recipe: Recipe) -> SplitRows:
    """Divide the given rows as `split_rows` does with all of them."""
    names = [column.name for column in feature_columns(recipe)]
    present = frame.loc[frame[recipe.target].notna()].reset_index(drop=True)
    if len(present) < MIN_ROWS:
        which = f"of {len(frame)} rows have" if len(present) < len(frame) else "rows have"
        raise BadInputError(
            f"Only {len(present)} {which} a value in '{recipe.target}'; {MIN_ROWS} are the least.",
            "Bring a table with more rows to Collect, or choose another target on Plan.",
        )
    y = read_target(present[recipe.target], recipe)
    groups = _number_groups(present[recipe.split.group_column]) if recipe.split.kind == "group" else None
    train, test, note = _divide(present, y, recipe) if groups is None else _divide_by_group(groups, recipe.split)
    _check_training_target(y.iloc[train], recipe)
    columns = [*names, recipe.target]
    return SplitRows(
        present.iloc[train][columns],
        present.iloc[test][columns],
        len(frame) - len(present),
        note,
        None if groups is None else groups[train],
    )


def features_and_target(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, "pd.Series[Any]"]:
    """Divide rows into the input columns of the recipe's model and the target.

    Returns
    -------
    features : DataFrame of shape (n, number of feature columns)
    target : Series of shape (n,)
        float64 for regression; for classes text, see `label_text`.

    Raises
    ------
    BadInputError
        When a number is asked for and the target holds something else.
    """
    names = [column.name for column in feature_columns(recipe)]
    return frame[names], read_target(frame[recipe.target], recipe)


def read_target(values: "pd.Series[Any]", recipe: Recipe) -> "pd.Series[Any]":
    """Return the target as classes in text or as numbers, in the rows it is given (which must not be missing)."""
    if recipe.task != "regression":
        texts = [label_text(value) for value in values.tolist()]
        return pd.Series(texts, index=values.index, name=values.name, dtype=object)
    numbers = coerce_column(values, "number")
    bad = numbers.isna().to_numpy()
    if bad.any():
        raise BadInputError(
            f"Column '{values.name}' is to be predicted as a number, but {int(bad.sum()):,} of {len(values):,} rows "
            f"hold something else (the first: row {int(np.argmax(bad)) + 1}).",
            "Mend the file, choose another target, or set the task to classes on Plan.",
        )
    return numbers


def _divide(frame: pd.DataFrame, y: "pd.Series[Any]", recipe: Recipe) -> tuple[Any, Any, str]:
    """Return the positions of training rows and test rows, and a note."""
    split, n_rows = recipe.split, len(frame)
    if split.kind == "newest":
        return *_cut(np.arange(n_rows), min(split.n_newest or 1, n_rows - MIN_ROWS // 2)), ""
    n_test = min(max(round(split.test_share * n_rows), 1), n_rows - 2)
    if split.kind == "time":
        return _divide_by_time(frame, split, n_test)
    strata, note = strata_of(y, n_test) if split.kind == "stratified" else (None, "")
    train, test = train_test_split(
        np.arange(n_rows), test_size=n_test, random_state=split.random_state, stratify=strata
    )
    return np.sort(train), np.sort(test), note


def _cut(order: np.ndarray[Any, Any], n_test: int) -> tuple[Any, Any]:
    return order[:-n_test], order[-n_test:]


def _divide_by_time(frame: pd.DataFrame, split: Split, n_test: int) -> tuple[Any, Any, str]:
    if split.time_column is None:
        return *_cut(np.arange(len(frame)), n_test), ""
    times = frame[split.time_column]
    n_undated = int(times.isna().sum())
    order = times.sort_values(kind="stable", na_position="first").index.to_numpy()
    note = f"{n_undated:,} rows without a value in '{split.time_column}' were counted as the oldest."
    return *_cut(order, n_test), note if n_undated else ""


def _number_groups(values: "pd.Series[Any]") -> NDArray[np.int64]:
    """Return the number of each row's group; a row whose group is not known is one of its own."""
    numbers = pd.factorize(values)[0].astype(np.int64)
    alone = numbers < 0
    numbers[alone] = numbers.max() + 1 + np.arange(int(alone.sum()))
    return numbers


def _divide_by_group(groups: NDArray[np.int64], split: Split) -> tuple[Any, Any, str]:
    n_groups = len(np.unique(groups))
    if n_groups < FEWEST_GROUPS:
        raise BadInputError(
            f"Column '{split.group_column}' holds {n_groups} different values; {FEWEST_GROUPS} groups are the least.",
            "Choose a column with more of them on Prepare, or split at random.",
        )
    splitter = GroupShuffleSplit(1, test_size=split.test_share, random_state=split.random_state)
    train, test = next(splitter.split(groups, groups=groups))
    n_test_groups = len(np.unique(groups[test]))
    note = f"{n_test_groups:,} of {n_groups:,} groups by '{split.group_column}' were set aside whole: "
    return train, test, note + f"{100 * len(test) / len(groups):.0f} % of the rows."


def strata_of(y: "pd.Series[Any]", n_test: int) -> tuple["pd.Series[Any] | None", str]:
    """Return the classes to keep in equal shares, None when there are too many for the parts, and a note.

    Classes with a single row cannot be in both parts.
    """
    strata, note = _repeated_classes(y)
    if strata.nunique() > min(n_test, len(y) - n_test):
        return None, "There are too many classes to keep their shares alike, so rows were divided at random."
    return strata, note


def _repeated_classes(y: "pd.Series[Any]") -> tuple["pd.Series[Any]", str]:
    counts = y.map(y.value_counts())
    if (counts > 1).all():
        return y, ""
    n_single = int((counts == 1).sum())
    found = "1 class has" if n_single == 1 else f"{n_single:,} classes have"
    note = f"{found} a single row, which is in one part or the other."
    return y.where(counts > 1, y.value_counts().index[0]), note


def _check_training_target(y: "pd.Series[Any]", recipe: Recipe) -> None:
    n_distinct = y.nunique()
    if n_distinct < 2:
        raise BadInputError(
            f"Column '{recipe.target}' holds the same value, '{y.iloc[0]}', in all {len(y):,} rows to learn from.",
            "Choose another target on Plan, or split at random on Prepare.",
        )
    if recipe.task == "binary" and n_distinct > 2:
        raise BadInputError(
            f"Column '{recipe.target}' holds {n_distinct} different values; one of two was expected.",
            "Set the task to several classes on Plan.",
        )
