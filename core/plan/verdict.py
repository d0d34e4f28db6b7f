"""Is a measured value good enough? An objective, a value and its interval in; a verdict in words out."""

import math

from core.plan.metrics import format_value, metric, say_value
from core.records import Metric, Objective, Outcome, Verdict

MIN_ROWS = 30
"""Fewer rows than this never decide: a bootstrap interval of so few rows is itself a guess."""


def judge_objective(objective: Objective, value: float, low: float, high: float, n_rows: int) -> Verdict:
    """Return whether the objective is met, from a value and its 95 % interval.

    The whole interval has to lie on one side of the least acceptable value: on the good side the objective is `met`,
    on the bad side `not_met`. An interval that straddles it, and fewer than `MIN_ROWS` rows, are `not_enough_data`:
    the rows do not tell, and the sentence says about how many would.

    Parameters
    ----------
    objective : Objective
        With `metric` and `minimum`; without one of them the verdict is `no_objective`.
    value, low, high : float
        The metric in its natural sign and its interval, `low <= value <= high`.
    n_rows : int
        Rows the value was measured on.
    """
    if objective.metric is None:
        return Verdict("no_objective", "No metric was chosen on Plan, so there is nothing to hold this against.")
    chosen = metric(objective.metric)
    if objective.minimum is None:
        sentence = f"{say_value(chosen.name, value)} Nobody said on Plan how good is good enough."
        return Verdict("no_objective", sentence, chosen.name, value, low, high)
    outcome = _outcome(chosen, objective.minimum, (low, high), n_rows)
    sentence = _sentence(chosen, outcome, objective.minimum, (value, low, high), n_rows)
    return Verdict(outcome, sentence, chosen.name, value, low, high, objective.minimum)


def _outcome(chosen: Metric, minimum: float, interval: tuple[float, float], n_rows: int) -> Outcome:
    if n_rows < MIN_ROWS or not all(math.isfinite(end) for end in interval):
        return "not_enough_data"
    worst, best = interval if chosen.greater_is_better else (-interval[1], -interval[0])
    wanted = minimum if chosen.greater_is_better else -minimum
    if worst >= wanted:
        return "met"
    return "not_met" if best < wanted else "not_enough_data"


def _sentence(
    chosen: Metric, outcome: Outcome, minimum: float, estimate: tuple[float, float, float], n_rows: int
) -> str:
    value, low, high = (format_value(chosen.name, number) for number in estimate)
    bound = "at least" if chosen.greater_is_better else "at most"
    wanted = f"{bound} {format_value(chosen.name, minimum)}"
    measured = f"{chosen.label}: {value} (between {low} and {high}), wanted {wanted}."
    if outcome == "met":
        return f"Good enough. {measured}"
    if outcome == "not_met":
        return f"Not good enough. {measured}"
    if n_rows < MIN_ROWS:
        return f"Too few rows to tell: {n_rows:,}, at least {MIN_ROWS} are needed. {measured}"
    return f"Too close to call. {measured} {_rows_wanted(minimum, estimate, n_rows)}"


def _rows_wanted(minimum: float, estimate: tuple[float, float, float], n_rows: int) -> str:
    """Say how many rows would decide: an interval's width shrinks with the square root of the number of rows."""
    value, low, high = estimate
    gap = abs(value - minimum)
    half_width = max(high - value, value - low)
    if not math.isfinite(half_width) or gap * 30 < half_width:
        return "The value lies right at the border; more rows will hardly decide it."
    needed = math.ceil(n_rows * (half_width / gap) ** 2)
    return f"About {float(f'{needed:.2g}'):,.0f} test rows instead of {n_rows:,} would tell."
