"""The rows set aside for the test, as plain code."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from core.collect import load_frame
from core.collect.program import comment, literal
from core.prepare.split import MIN_ROWS, read_target, strata_of
from core.records import Column, Recipe, Split
from core.store import Store


def split_code(store: Store, recipe: Recipe) -> tuple[str, ...]:
    """Return the code that makes `X_train, y_train, X_test, y_test` of `table`, then the import lines it needs."""
    frame = load_frame(store, recipe.dataset_id, columns=[recipe.target])
    values = frame[recipe.target].dropna()
    target = next(column for column in recipe.columns if column.name == recipe.target)
    y, imports = _target_code(target, recipe)
    code = [
        f"TARGET = {literal(recipe.target)}",
        "# Rows without an answer teach nothing.",
        "table = table[table[TARGET].notna()].reset_index(drop=True)",
        "X = table.drop(columns=TARGET)",
        y,
        "",
        *SPLITS[recipe.split.kind](recipe.split, read_target(values, recipe)),
        "X_train, y_train = X.iloc[train], y.iloc[train]",
        "X_test, y_test = X.iloc[test], y.iloc[test]",
    ]
    found = [*imports, "import numpy as np", "import pandas as pd", *SPLIT_IMPORTS.get(recipe.split.kind, ())]
    return "\n".join(code), *found


def _target_code(target: Column, recipe: Recipe) -> tuple[str, list[str]]:
    """Return code for `y`: numbers, or classes as text."""
    if recipe.task == "regression":
        read = "pd.to_numeric(table[TARGET])" if target.dtype == "string" else "table[TARGET]"
        return f'y = {read}.astype("float64")', []
    codes = {
        "string": "y = table[TARGET].astype(object)  # classes, as text",
        "int64": 'y = table[TARGET].astype("int64").astype(str).astype(object)  # classes are names, not amounts',
        "bool": "y = table[TARGET].astype(bool).astype(str).astype(object)",
        "double": "y = table[TARGET].map(lambda value: str(int(value)) if value.is_integer() else str(value))\n"
        "y = y.astype(object)  # classes are names, not amounts",
    }
    return codes.get(target.dtype, "y = table[TARGET].map(str).astype(object)"), []


def _n_test(share: float) -> str:
    wanted = f"round({share!r} * len(table))"
    # Shares near 0 or 1 of a small table would leave one of the two parts empty.
    return f"n_test = {wanted}" if 0.1 <= share <= 0.8 else f"n_test = min(max({wanted}, 1), len(table) - 2)"


def _at_random(split: Split, _y: Any) -> list[str]:
    return [
        f"# {_percent(split)} of the rows, drawn at random.",
        _n_test(split.test_share),
        *_drawn(split, ""),
    ]


def _stratified(split: Split, y: Any) -> list[str]:
    n_test = min(max(round(split.test_share * len(y)), 1), len(y) - 2)
    strata = strata_of(y, n_test)[0]
    if strata is None:
        return [
            comment(f"{_percent(split)} of the rows at random: there are too many classes to keep their shares alike."),
            _n_test(split.test_share),
            *_drawn(split, ""),
        ]
    code = [
        f"# {_percent(split)} of the rows, with each class in the same share in both parts.",
        _n_test(split.test_share),
    ]
    if strata.equals(y):
        return [*code, *_drawn(split, ", stratify=y")]
    return [
        *code,
        "# A class with a single row cannot be in both parts; it counts as the most frequent class here.",
        "strata = y.where(y.map(y.value_counts()) > 1, y.value_counts().index[0])",
        *_drawn(split, ", stratify=strata"),
    ]


def _drawn(split: Split, stratify: str) -> list[str]:
    return [
        "rows = np.arange(len(table))",
        f"train, test = train_test_split(rows, test_size=n_test, random_state={split.random_state}{stratify})",
        "train, test = np.sort(train), np.sort(test)",
    ]


def _by_time(split: Split, _y: Any) -> list[str]:
    cut = [_n_test(split.test_share), "train, test = order[:-n_test], order[-n_test:]"]
    if split.time_column is None:
        return [
            f"# The last {_percent(split)} of the rows: the table is in the order of time.",
            "order = np.arange(len(table))",
            *cut,
        ]
    return [
        f"# The newest {_percent(split)} of the rows; those without a time count as the oldest.",
        f"times = table[{literal(split.time_column)}]",
        'order = times.sort_values(kind="stable", na_position="first").index.to_numpy()',
        *cut,
    ]


def _newest(split: Split, y: Any) -> list[str]:
    n_test = min(split.n_newest or 1, len(y) - MIN_ROWS // 2)
    return [
        f"# The last {n_test:,} rows of the table, which are the newest.",
        f"n_test = {n_test}",
        "train, test = np.arange(len(table))[:-n_test], np.arange(len(table))[-n_test:]",
    ]


def _by_group(split: Split, _y: Any) -> list[str]:
    return [
        f"# {_percent(split)} of the groups, each with all its rows; a row without a group is one of its own.",
        f"groups = pd.factorize(table[{literal(split.group_column)}])[0]",
        "alone = groups < 0",
        "groups[alone] = groups.max() + 1 + np.arange(alone.sum())",
        f"splitter = GroupShuffleSplit(1, test_size={split.test_share!r}, random_state={split.random_state})",
        "train, test = next(splitter.split(groups, groups=groups))",
    ]


def _percent(split: Split) -> str:
    return f"{100 * split.test_share:.0f} %"


SPLITS: Mapping[str, Callable[[Split, Any], list[str]]] = MappingProxyType(
    {"random": _at_random, "stratified": _stratified, "time": _by_time, "newest": _newest, "group": _by_group}
)
SPLIT_IMPORTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "random": ("from sklearn.model_selection import train_test_split",),
        "stratified": ("from sklearn.model_selection import train_test_split",),
        "group": ("from sklearn.model_selection import GroupShuffleSplit",),
    }
)
