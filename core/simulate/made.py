"""Making rows from a table's rows when none were kept back: drawn again, with small noise in the numbers.

A smoothed bootstrap (Silverman and Young 1987, "The bootstrap: to smooth or not to smooth?", Biometrika 74): each
new row is an old one, drawn at random, whose numbers are moved a little. They are moved in their ranks, by about two
places in a hundred, so that each column keeps its distribution, however skewed it is. What belongs together stays
together: which values come with which label, what is missing with what, every category. A copula fitted over the
columns would make rows that never were and lose just that: a model that tells a bend or an interaction would look worse
on its rows than it is.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

NOISE = 0.02
"""Standard deviation of the noise in a number's rank, where the smallest has rank 0 and the largest 1."""
FEW_VALUES = 20
"""A number with at most so many different values is a code or a count of few: it stays as it is."""


class RowMaker:
    """Makes rows from those of a table.

    Parameters
    ----------
    frame : DataFrame of shape (n, any), n >= 1
        Rows to draw from.
    target : str
        The column that gets no noise.
    random_state : int
        Another one gives other rows.
    """

    def __init__(self, frame: pd.DataFrame, target: str, random_state: int) -> None:
        self.frame = frame.reset_index(drop=True)
        self.random_state = random_state
        measured = (name for name in frame.columns if name != target and _is_measured(frame[name]))
        self.numbers = {name: _Number(self.frame[name]) for name in measured}

    def make(self, positions: Sequence[int]) -> pd.DataFrame:
        """Return one made row for each position >= 0; the same position always gives the same row.

        Each lies within the range of its column; whole numbers stay whole; what is missing in the drawn row is missing.
        """
        generators = [np.random.default_rng([self.random_state, position]) for position in positions]
        drawn = np.array([int(rng.integers(len(self.frame))) for rng in generators], dtype=np.int64)
        noise = np.array([rng.standard_normal(len(self.numbers)) for rng in generators])
        made = self.frame.iloc[drawn].reset_index(drop=True)
        for at, (name, number) in enumerate(self.numbers.items()):
            made[name] = number.smooth(drawn, noise[:, at])
        return made


class _Number:
    """A measured column: its values in order, and the rank of each row in [0, 1]; NaN where it is missing."""

    def __init__(self, values: "pd.Series[float]") -> None:
        known = values.to_numpy(dtype=float)
        there = np.flatnonzero(~np.isnan(known))
        self.ordered = np.sort(known[there])
        self.grid = np.linspace(0, 1, len(there))
        self.ranks = np.full(len(known), np.nan)
        self.ranks[there[np.argsort(known[there], kind="stable")]] = self.grid
        self.whole = is_integer_dtype(values) or bool(np.all(np.mod(self.ordered, 1) == 0))

    def smooth(self, drawn: NDArray[np.int64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return drawn values with noise; what would leave the range of the column is thrown back into it."""
        moved = np.abs(self.ranks[drawn] + NOISE * noise)
        moved = np.where(moved > 1, 2 - moved, moved)
        values = np.where(np.isnan(moved), np.nan, np.interp(moved, self.grid, self.ordered))
        return np.asarray(np.round(values) if self.whole else values)


def _is_measured(values: "pd.Series[float]") -> bool:
    return is_numeric_dtype(values) and not is_bool_dtype(values) and values.nunique() > FEW_VALUES
