"""What each decision threshold would have done to the rows of cross-validation, and what its mistakes would cost.

The rows of the test stay sealed: all is told by what was counted while models were compared.
"""

from dataclasses import dataclass

import numpy as np

from core.evaluate.scored_rows import Floats, Integers
from core.records import Objective, OutOfFold
from core.train import N_STEPS

CASES = 1_000
"""Costs are told for so many rows."""
VALUES: Floats = np.arange(1, N_STEPS) / N_STEPS
"""The thresholds there are: 0.001 to 0.999."""


@dataclass(frozen=True)
class Consequences:
    """What a threshold would have done.

    Of `n_rows`, `n_flagged` would have been given the positive class, `n_hits` of them rightly, out of the `n_positive`
    that are it. `cost` is of the mistakes in 1,000 rows; None unless the plan names both costs.
    """

    n_rows: int
    n_positive: int
    n_flagged: int
    n_hits: int
    cost: float | None = None


def name_costs(objective: Objective) -> tuple[float, float] | None:
    """Return what a false alarm and a missed case cost; None unless both cost something.

    Where only one of them does, always giving the same answer would be free: that chooses no threshold.
    """
    alarm, missed = objective.cost_false_positive, objective.cost_false_negative
    return (alarm, missed) if alarm and missed else None


def cost_curve(chances: OutOfFold, objective: Objective) -> Floats | None:
    """Return what the mistakes in 1,000 rows cost at each of `VALUES`, shape (999,); None without both costs."""
    costs, mistakes = name_costs(objective), Mistakes(chances)
    return None if costs is None else mistakes.costs(*costs)


def see_consequences(chances: OutOfFold, value: float, objective: Objective) -> Consequences:
    """Return what a threshold in (0, 1) would have done."""
    mistakes, place = Mistakes(chances), place_of(value)
    curve = cost_curve(chances, objective)
    n_hits = mistakes.n_positive - int(mistakes.missed[place])
    return Consequences(
        n_rows=mistakes.n_rows,
        n_positive=mistakes.n_positive,
        n_flagged=n_hits + int(mistakes.alarms[place]),
        n_hits=n_hits,
        cost=None if curve is None else float(curve[place]),
    )


def place_of(value: float) -> int:
    """Return the place among `VALUES` of the one next to a threshold."""
    return int(np.clip(round(value * N_STEPS) - 1, 0, len(VALUES) - 1))


class Mistakes:
    """How many rows are missed and falsely flagged at each of `VALUES`, both of shape (999,)."""

    def __init__(self, chances: OutOfFold) -> None:
        positives, negatives = np.array(chances.positives), np.array(chances.negatives)
        self.n_positive, self.n_rows = int(positives.sum()), int(positives.sum() + negatives.sum())
        self.missed: Integers = positives.cumsum()[: len(VALUES)]
        self.alarms: Integers = negatives.sum() - negatives.cumsum()[: len(VALUES)]

    def costs(self, alarm: float, missed: float) -> Floats:
        """Return what the mistakes in 1,000 rows cost at each threshold."""
        return self._scaled(alarm * self.alarms + missed * self.missed)

    def compare(self, place: int, alarm: float, missed: float) -> tuple[Floats, Floats]:
        """Return by how much each threshold is dearer than the one at `place`, in 1,000 rows, with its standard error.

        Only rows whose chance lies between the two are answered differently; how many there are varies as by Poisson.
        """
        differ_missed, differ_alarms = self.missed - self.missed[place], self.alarms - self.alarms[place]
        variance = missed**2 * np.abs(differ_missed) + alarm**2 * np.abs(differ_alarms)
        return self._scaled(missed * differ_missed + alarm * differ_alarms), self._scaled(np.sqrt(variance))

    def _scaled(self, total: Floats) -> Floats:
        scaled: Floats = total * CASES / max(self.n_rows, 1)
        return scaled
