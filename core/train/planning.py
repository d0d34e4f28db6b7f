"""Which families can be tried on a table of this size within the time the person gives, and on how many rows."""

import bisect
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sklearn.preprocessing import OneHotEncoder

from core.collect import profile_dataset
from core.prepare.features import Block, make_blocks
from core.records import Recipe, Task
from core.store import Store
from core.train.families import ModelFamily, find_family

MIN_SAMPLE = 500
"""A sample smaller than this says little about a large table."""
START_SECONDS = 0.3
"""Start of a fit's process."""
PREPARE_SECONDS = 1e-7
"""Preparation of one cell of the table."""
PLANNED_PART = 0.8
"""Part of the time that is planned with; the rest is for estimates that were too low."""
NEARLY_ALL = 0.8
"""A sample of more than this share is not worth the doubt: all rows are used."""
MAX_CELLS = 40_000_000
"""Numbers in one dense matrix: 320 MB."""
SEVERAL_CLASSES_FACTOR = 3.0
MAX_LEVEL_COLUMNS = 40
TEXT_COLUMNS = 20
MADE_LEVELS = 6
"""Levels of a column that a step makes, such as bins."""


@dataclass(frozen=True)
class CandidatePlan:
    """What is planned for one family: rows to learn from (0 when it is left out), and why, in words.

    `estimate_s` is the expected time in seconds of all folds on one core.
    """

    family: str
    n_rows_used: int
    estimate_s: float
    note: str = ""

    @property
    def left_out(self) -> bool:
        """Whether the family will not be tried."""
        return self.n_rows_used == 0


def plan_candidates(
    task: Task, families: Sequence[str], n_rows: int, n_columns: int, budget_s: float, n_splits: int = 5
) -> tuple[CandidatePlan, ...]:
    """Plan the families that suit a task; guessing is always among them, and the quickest come first.

    Parameters
    ----------
    task : Task
        What is asked for.
    families : sequence of str
        Keys of `FAMILIES`.
    n_rows, n_columns : int
        Size of the training part, columns counted after encoding (see `encoded_width`).
    budget_s : float
        Time in seconds for the whole run.
    n_splits : int
        Number of folds.

    Raises
    ------
    BadInputError
        When a key is unknown.
    """
    chosen = [find_family(key) for key in dict.fromkeys(["dummy", *families])]
    suiting = [family for family in chosen if task in family.tasks]
    shape = (n_rows, n_columns)
    plans = _share_out(suiting, task, shape, PLANNED_PART * budget_s * (os.cpu_count() or 1), n_splits)
    unsuited = [
        CandidatePlan(family.key, 0, 0.0, f"{family.title} cannot predict numbers.")
        for family in chosen
        if family not in suiting
    ]
    plans.sort(key=lambda plan: (plan.left_out, plan.family != "dummy", plan.estimate_s))
    return (*plans, *unsuited)


def encoded_width(store: Store, recipe: Recipe) -> int:
    """Return about how many columns the recipe turns the table into."""
    levels = {column.name: column.n_distinct for column in profile_dataset(store, recipe.dataset_id).columns}
    return max(sum(_width(block, levels) for block in make_blocks(recipe)), 1)


def _width(block: Block, levels: Mapping[str, int]) -> int:
    if isinstance(block.columns, str):
        return TEXT_COLUMNS
    if not any(isinstance(transformer, OneHotEncoder) for _, transformer in block.stages):
        return len(block.columns)
    return sum(min(levels.get(name, MADE_LEVELS), MAX_LEVEL_COLUMNS) for name in block.columns)


def estimate_seconds(family: ModelFamily, task: Task, n_rows: int, n_columns: int) -> float:
    """Return about how long one fit and its scoring take on one core, in seconds."""
    cost = family.cost
    factor = SEVERAL_CLASSES_FACTOR if task == "multiclass" else 1.0
    size = math.pow(n_rows, cost.rows) * math.pow(n_columns, cost.columns)
    return START_SECONDS + PREPARE_SECONDS * n_rows * n_columns + factor * cost.seconds * size


def _share_out(
    families: Sequence[ModelFamily], task: Task, shape: tuple[int, int], seconds: float, n_splits: int
) -> list[CandidatePlan]:
    """Plan the cheapest family first, so that the time it does not need goes to those that can use it."""
    plans: list[CandidatePlan] = []
    for family in sorted(families, key=lambda one: estimate_seconds(one, task, *shape)):
        share_s = max(seconds, 0.0) / (len(families) - len(plans))
        plans.append(_plan(family, task, shape, share_s, n_splits))
        seconds -= plans[-1].estimate_s
    return plans


def _plan(family: ModelFamily, task: Task, shape: tuple[int, int], share_s: float, n_splits: int) -> CandidatePlan:
    """Plan all rows, or as many as fit the family's share of the time and the memory, or none."""
    n_rows, n_columns = shape
    fits_time = rows_within(family, task, shape, share_s / n_splits)
    fits_memory = n_rows if family.sparse else MAX_CELLS // n_columns
    n_used = min(fits_time, fits_memory)
    if family.key == "dummy" or n_used >= NEARLY_ALL * n_rows:
        return CandidatePlan(family.key, n_rows, n_splits * estimate_seconds(family, task, n_rows, n_columns))
    needed = n_splits * estimate_seconds(family, task, n_rows, n_columns)
    reason = (
        f"all of them would take about {say_seconds(needed)}, and its share of the time is {say_seconds(share_s)}"
        if fits_time <= fits_memory
        else "more would not fit in memory"
    )
    if n_used < min(MIN_SAMPLE, n_rows):
        return CandidatePlan(family.key, 0, 0.0, f"Left out: with {n_rows:,} rows {reason}.")
    n_used = round_down(n_used)
    estimate = n_splits * estimate_seconds(family, task, n_used, n_columns)
    return CandidatePlan(family.key, n_used, estimate, f"Learns from {n_used:,} of {n_rows:,} rows, because {reason}.")


def rows_within(family: ModelFamily, task: Task, shape: tuple[int, int], seconds: float) -> int:
    """Return how many of the rows one fit of `seconds` can learn from."""
    n_rows, n_columns = shape
    counts = range(1, n_rows + 1)
    return bisect.bisect_right(counts, seconds, key=lambda count: estimate_seconds(family, task, count, n_columns))


def round_down(number: int) -> int:
    """Return the number with two figures: 12,345 becomes 12,000."""
    step: int = 10 ** max(int(math.log10(max(number, 1))) - 1, 0)
    return number // step * step


def say_seconds(seconds: float) -> str:
    """Return a length of time as people say it."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3600:,.0f} h"
