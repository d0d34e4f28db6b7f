"""Rows with a known truth. Run by ours and by the peers' Pythons alike, so it needs numpy and pandas only."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

N_CATEGORIES = 4
SHIFT_SD = 0.2


def draw(n_rows: int, seed: int, n_columns: int = 20) -> pd.DataFrame:
    """Return rows of independent columns: four of categories, the others numbers of five shapes, in turn."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    for number in range(n_columns - N_CATEGORIES):
        shape = number % 5
        columns[f"number {number}"] = (
            rng.normal(10 * number, 3, n_rows)
            if shape == 0
            else rng.exponential(5, n_rows).round(1)
            if shape == 1
            else rng.lognormal(2, 0.8, n_rows)
            if shape == 2
            else rng.integers(0, 8, n_rows).astype(np.float64)
            if shape == 3
            else np.where(rng.random(n_rows) < 0.5, rng.normal(-4, 1, n_rows), rng.normal(4, 2, n_rows))
        )
    for number, n_levels in enumerate((3, 8, 18, 300)):
        levels = rng.zipf(1.4, n_rows) % n_levels if n_levels == 300 else rng.integers(0, n_levels, n_rows)
        names = np.array([f"sort {number} {level}" for level in range(n_levels)], dtype=object)
        columns[f"kind {number}"] = names[levels]
    frame = pd.DataFrame(columns)
    frame.loc[rng.random(n_rows) < 0.05, "number 1"] = np.nan
    return frame


@cache
def read_real(path: Path) -> pd.DataFrame:
    """Return the real table, read once."""
    return pd.read_parquet(path)


def draw_real(table: pd.DataFrame, n_rows: int, seed: int) -> pd.DataFrame:
    """Return rows of a real table, drawn with replacement: however many, all from the same source."""
    return table.iloc[np.random.default_rng(seed).integers(0, len(table), n_rows)].reset_index(drop=True)


def shift_three(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, set[str]]:
    """Move three columns of numbers by a fifth of their standard deviation; return them, too."""
    rng = np.random.default_rng(seed)
    numbers = [name for name in frame.columns if name.startswith("number")]
    moved = {str(name) for name in rng.choice(numbers, 3, replace=False)}
    signs = rng.choice([-1.0, 1.0], 3)
    changes = {
        name: frame[name] + sign * SHIFT_SD * frame[name].std() for name, sign in zip(sorted(moved), signs, strict=True)
    }
    return frame.assign(**changes), moved


def break_one(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, str]:
    """Break one column: stuck, missing in a third of the rows, in another unit, or with a new category."""
    rng = np.random.default_rng(seed)
    kind = ("stuck", "missing", "unit", "category")[seed % 4]
    names = [name for name in frame.columns if name.startswith("kind" if kind == "category" else "number")]
    name = str(rng.choice(names))
    some = rng.random(len(frame)) < 1 / 3
    if kind == "stuck":
        return frame.assign(**{name: frame[name].dropna().iloc[0]}), name
    if kind == "unit":
        return frame.assign(**{name: frame[name] * 9 / 5 + 32}), name
    return frame.assign(**{name: frame[name].mask(some, None if kind == "missing" else "never seen")}), name


def draw_case(case: str, n_rows: int, seed: int, real: Path | None = None) -> tuple[pd.DataFrame, set[str]]:
    """Return the live rows of a case and the columns that have really changed."""
    if case == "same":
        if real is not None and seed % 2:
            return draw_real(read_real(real), n_rows, seed), set()
        return draw(n_rows, seed), set()
    if case == "shift":
        return shift_three(draw(n_rows, seed), seed)
    broken, name = break_one(draw(n_rows, seed, 30), seed)
    return broken, {name}
