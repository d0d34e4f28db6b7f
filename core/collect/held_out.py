"""How well do cells of rows tell a target, each row being told by the others only?

A row's answer is the mean of the target over the *other* rows of its cell, drawn towards the mean over all other rows
as if `PRIOR_ROWS` more rows of that mean lay in the cell:

    answer(i) = (sum over others of the cell + PRIOR_ROWS * mean over all others) / (n others of the cell + PRIOR_ROWS)

    strength = 1 - sum (y - answer)^2 / sum (y - mean over all others)^2,    at least 0

Classes are indicator columns, one a class, whose squared errors are added up (Brier's score). Leaving each row out has
a closed form, so this takes sums by cell and no fold. A column that names every row (an id) has cells of one row:
their answer is the mean over all, and the strength 0.

Source
------
The share of squared error taken away: Goodman and Kruskal's tau, "Measures of Association for Cross Classifications",
1954, for classes, and the correlation ratio squared (Pearson, 1905) for amounts; with each row left out: Allen, "The
Relationship Between Variable Selection and Data Augmentation and a Method for Prediction", Technometrics 16, 1974;
means drawn towards the whole: Cestnik, "Estimating probabilities: a crucial task in machine learning", 1990.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.collect.column_values import Codes, Floats

PRIOR_ROWS = 1.0
STEADY_ROWS = 10
MAX_DENSE = 1 << 22
"""Up to so many pairs of cell and class are counted in place; beyond, the pairs that occur are sorted."""


@dataclass(frozen=True, eq=False)
class ClassTable:
    """How many rows of each class lie in each cell, as a list of the pairs that occur.

    Parameters
    ----------
    cells, classes, counts : array of int, shape (n_pairs,)
        Ascending by cell.
    totals : array of float, shape (n_classes,)
        Rows of each class over all cells.
    """

    cells: Codes
    classes: Codes
    counts: Floats
    totals: Floats

    @classmethod
    def count(cls, cells: Codes, classes: Codes, n_classes: int) -> "ClassTable":
        """Return the table of rows, given the cell and the class of each; both of shape (n_rows,)."""
        return cls._gather(cells * n_classes + classes, None, np.bincount(classes, minlength=n_classes).astype(float))

    @classmethod
    def _gather(cls, keys: Codes, weights: Floats | None, totals: Floats) -> "ClassTable":
        if len(keys) and keys.max() < MAX_DENSE:
            dense = np.bincount(keys, weights)
            found = np.flatnonzero(dense)
            counts = dense[found].astype(float)
        else:
            found, inverse = np.unique(keys, return_inverse=True)
            counts = np.bincount(inverse, weights).astype(float)
        return cls(found // len(totals), found % len(totals), counts, totals)

    def join(self, groups: Codes) -> "ClassTable":
        """Return the table with cells joined into groups; `groups` has the group of each cell."""
        return self._gather(groups[self.cells] * len(self.totals) + self.classes, self.counts, self.totals)

    @cached_property
    def n_rows(self) -> float:
        """Rows in all."""
        return float(self.totals.sum())

    @property
    def strength(self) -> float:
        """Share of the squared error that the cells take away, in [0, 1]."""
        rest, n, k = self.n_rows - 1, self.counts, self.classes
        of_cell = _sums_by(self.cells)
        n_others = of_cell(n) - 1
        prior_k = (self.totals[k] - 1) / rest
        prior_squares = ((self.totals**2).sum() - self.totals[k] ** 2 + (self.totals[k] - 1) ** 2) / rest**2
        squares = of_cell(n**2) - n**2 + (n - 1) ** 2
        crossed = (of_cell(n * self.totals[k]) - n - self.totals[k] + 1) / rest
        weight = n_others + PRIOR_ROWS
        answered = (squares + 2 * PRIOR_ROWS * crossed + PRIOR_ROWS**2 * prior_squares) / weight**2
        answered_k = (n - 1 + PRIOR_ROWS * prior_k) / weight
        error = (n * (answered - 2 * answered_k + 1)).sum()
        guessed = (n * (prior_squares - 2 * prior_k + 1)).sum()
        return _share_taken(float(error), float(guessed))

    @property
    def share_right(self) -> float:
        """Share of the rows whose class is the likeliest one by the others of their cell, in [0, 1]."""
        n, k = self.counts, self.classes
        likely = n + self.totals[k] / self.n_rows  # Equal counts are decided by the class more frequent over all.
        order = np.lexsort((-likely, self.cells))
        first = np.append(True, self.cells[order][1:] != self.cells[order][:-1])[: len(order)]
        starts = np.flatnonzero(first)
        second = np.minimum(starts + 1, len(order) - 1)
        same_cell = self.cells[order][second] == self.cells[order][starts]
        top, runner_up = order[starts], np.where(same_cell & (second != starts), likely[order][second], -np.inf)
        # Without one of two equally many rows the other class always leads: no matter where there are many of both.
        stays = (n[top] > 1) & ((likely[top] - 1 > runner_up) | (n[top] >= STEADY_ROWS))
        alone = (n[top] == 1) & ~np.isfinite(runner_up) & (k[top] == self.totals.argmax())
        return float(n[top][stays].sum() + alone.sum()) / self.n_rows

    @property
    def share_guessed(self) -> float:
        """Share of the most frequent class, in (0, 1]: what always naming it gets right."""
        return float(self.totals.max()) / self.n_rows


@dataclass(frozen=True, eq=False)
class AmountTable:
    """Rows, sum and sum of squares of an amount in each cell; each of shape (n_cells,)."""

    n: Floats
    sums: Floats
    squares: Floats

    @classmethod
    def count(cls, cells: Codes, amounts: Floats, n_cells: int) -> "AmountTable":
        """Return the table of rows, given the cell and the amount of each; both of shape (n_rows,)."""
        return cls(*(_sums(cells, part, n_cells) for part in (np.ones(len(cells)), amounts, amounts**2)))

    def join(self, groups: Codes) -> "AmountTable":
        """Return the table with cells joined into groups; `groups` has the group of each cell."""
        return AmountTable(*(_sums(groups, part) for part in (self.n, self.sums, self.squares)))

    @cached_property
    def _factors(self) -> tuple[Floats, Floats]:
        """What makes the error of a row y of cell c: first[c] * y - second[c]."""
        rest, total = self.n.sum() - 1, self.sums.sum()
        weight = np.maximum(self.n - 1, 0) + PRIOR_ROWS
        return 1 + (1 + PRIOR_ROWS / rest) / weight, (self.sums + PRIOR_ROWS * total / rest) / weight

    @property
    def strength(self) -> float:
        """Share of the squared error that the cells take away, in [0, 1]."""
        first, second = self._factors
        error = (first**2 * self.squares - 2 * first * second * self.sums + second**2 * self.n).sum()
        n_rows, total, squares = self.n.sum(), self.sums.sum(), self.squares.sum()
        guessed = (n_rows / (n_rows - 1)) ** 2 * (squares - total**2 / n_rows)
        return _share_taken(float(error), float(guessed))

    def answers(self, cells: Codes, amounts: Floats) -> Floats:
        """Return each row's answer, from the other rows of its cell; shape (n_rows,)."""
        first, second = self._factors
        return amounts - (first[cells] * amounts - second[cells])


def _sums(cells: Codes, values: Floats, n_cells: int = 0) -> Floats:
    return np.bincount(cells, values, n_cells).astype(np.float64)


def _sums_by(cells: Codes) -> Callable[[Floats], Floats]:
    """Return a function from values, one a pair, to their sum over the pair's cell."""
    starts = np.append(True, cells[1:] != cells[:-1])[: len(cells)]
    index = np.cumsum(starts) - 1

    def sums(values: Floats) -> Floats:
        spread: Floats = _sums(index, values)[index]
        return spread

    return sums


def _share_taken(error: float, guessed: float) -> float:
    return min(max(1 - error / guessed, 0.0), 1.0) if guessed > 0 else 0.0
