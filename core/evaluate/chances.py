"""What each decision threshold would have done to the rows of cross-validation, and what its mistakes would cost.

The rows of the test stay sealed: all is told by what was counted while models were compared.
"""

from dataclasses import dataclass

import numpy as np

from core.evaluate.scored_rows import Floats, Integers
from core.plan import say_cost
from core.records import Curve, Objective, OutOfFold
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

    positive_label: str
    n_rows: int
    n_positive: int
    n_flagged: int
    n_hits: int
    cost: float | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it means in words, each sentence by itself."""
        name = self.positive_label
        flagged = f"Of 100 rows it would say '{name}' to {_out_of_100(self.n_flagged, self.n_rows)}"
        right = f"; of 100 of those {_out_of_100(self.n_hits, self.n_flagged)} really are" if self.n_flagged else ""
        found = f"Of 100 rows that really are '{name}' it would find {_out_of_100(self.n_hits, self.n_positive)}."
        said = [f"{flagged}{right}.", *([found] if self.n_positive else [])]
        if self.cost is not None:
            said.append(f"In {CASES:,} rows the mistakes would cost about {say_cost(self.cost)}.")
        return tuple(said)


def name_costs(objective: Objective) -> tuple[float, float] | None:
    """Return what a false alarm and a missed case cost; None unless both cost something.

    Where only one of them does, always giving the same answer would be free: that chooses no threshold.
    """
    alarm, missed = objective.cost_false_positive, objective.cost_false_negative
    return (alarm, missed) if alarm and missed else None


def cost_curve(chances: OutOfFold, objective: Objective) -> Curve | None:
    """Return the cost of the mistakes in 1,000 rows (y) at each threshold (x); None without both costs."""
    costs = name_costs(objective)
    return None if costs is None else Curve(tuple(VALUES.tolist()), tuple(Mistakes(chances).costs(*costs).tolist()))


def see_consequences(chances: OutOfFold, value: float, objective: Objective) -> Consequences:
    """Return what a threshold in (0, 1) would have done."""
    mistakes, place = Mistakes(chances), place_of(value)
    costs = name_costs(objective)
    n_hits = mistakes.n_positive - int(mistakes.missed[place])
    return Consequences(
        positive_label=chances.positive_label,
        n_rows=mistakes.n_rows,
        n_positive=mistakes.n_positive,
        n_flagged=n_hits + int(mistakes.alarms[place]),
        n_hits=n_hits,
        cost=None if costs is None else float(mistakes.costs(*costs)[place]),
    )


def _out_of_100(part: int, whole: int) -> str:
    """Return a share of 100 with two figures that count: of rare classes whole numbers would say nothing."""
    share = 100 * part / max(whole, 1)
    return f"{share:.0f}" if share >= 9.5 or share == 0 else f"{share:.2g}"


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
