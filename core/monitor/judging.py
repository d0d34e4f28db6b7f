"""Has a column changed? A verdict needs that a difference is no chance AND large enough to be worth a word.

In: the counts of a reference and the live counts in the same bins, column by column. Out: signals, each with its
corrected p-value and its size, a verdict, sentences, and the smallest change that would have been seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.deploy import THOUSAND
from core.monitor.measures import measure, shares, stability_index
from core.monitor.significance import (
    CountPair,
    SignalValues,
    correct_over_columns,
    correct_over_looks,
    exact_p_values,
    rows_needed,
    signal_p_values,
    smallest_seen,
)
from core.monitor.wording import (
    name_bins,
    say_age,
    say_difference,
    say_new,
    say_newer,
    say_rows,
    say_shift,
    say_smallest,
)
from core.records import ColumnDrift, DriftOutcome, DriftSignal, ReferenceColumn, SignalKind

ALPHA = 0.005
"""Chance that any column of a model version is ever called drifted although nothing moved."""
PSI_FLOOR = 0.02
"""A smaller shift is not worth a word however sure it is: about a seventh of a standard deviation."""
FLOORS: Mapping[SignalKind, float] = {"values": PSI_FLOOR, "missing": 0.01, "outside": 0.01, "new": 0.01, "age": 0.1}
"""What each signal must reach: PSI for values and ages, a hundredth of the rows for the others."""
FEWEST_ROWS = 50
"""No verdict on fewer rows: the chi-square test's far tail is not to be trusted there."""
PSI_OF_ONE_SD = 0.9
"""PSI in ten equally full bins of a bell-shaped column that moves by d standard deviations: about 0.9 d^2, d small."""


@dataclass(frozen=True, eq=False)
class Watched:
    """One column with all that is counted of it.

    `n_unknown` are live rows with a category never seen, `ages` the ages of its dates in earlier live rows and now.
    `n_newer` rows have a date later than all that the model learnt from: time passes, so they are no sign of drift and
    left out of `pair`.
    """

    column: ReferenceColumn
    pair: CountPair
    n_unknown: int | None = None
    ages: CountPair | None = None
    moments: tuple[int, ...] = ()
    n_newer: int = 0
    importance: float | None = None

    @property
    def n_rows(self) -> int:
        """Number of live rows."""
        return self.pair.n_current + self.n_newer

    @property
    def mean(self) -> float | None:
        """Mean of the live values, in the column's unit; None where it is not known."""
        n_present = self.n_rows - int(self.pair.current[-1])
        if not self.moments or not n_present or self.column.mean is None:
            return None
        return self.column.mean + (self.column.sd or 1.0) * self.moments[0] / THOUSAND / n_present

    def shares_of(self, kind: SignalKind) -> tuple[float, float]:
        """Return which share of the rows was, and is, missing, outside, or of a category never seen."""
        if kind == "new":
            n_before, n_now = self.column.n_unknown or 0, self.n_unknown or 0
        else:
            places = [-1] if kind == "missing" else [0, -2]
            n_before, n_now = int(self.pair.reference[places].sum()), int(self.pair.current[places].sum())
        return n_before / max(self.pair.n_reference, 1), n_now / max(self.n_rows, 1)


def judge(watched: Sequence[Watched], n_looks: int) -> list[ColumnDrift]:
    """Return the verdict on each of the columns that are looked at together.

    Parameters
    ----------
    n_looks : int
        How many such windows were looked at so far, this one included: what is looked at often must not become an alarm
        by and by.
    """
    p_values = corrected_p_values(watched, n_looks)
    n_signals = sum(len(_kinds(one)) for one in watched)
    alpha_each = ALPHA / n_signals / (n_looks * (n_looks + 1))
    return [_judge_one(one, values, alpha_each) for one, values in zip(watched, p_values, strict=True)]


def corrected_p_values(watched: Sequence[Watched], n_looks: int) -> list[SignalValues]:
    """Return the p-values of all signals, corrected over all of them (Holm) and over looks; none below 50 rows."""
    ready = [place for place, one in enumerate(watched) if one.n_rows >= FEWEST_ROWS and one.pair.n_reference]
    found: list[SignalValues] = [{} for _ in watched]
    for place, values in zip(ready, _raw_p_values([watched[place] for place in ready]), strict=True):
        found[place] = values
    flat = np.array([value for values in found for value in values.values()])
    if not flat.size:
        return found
    corrected = iter(correct_over_looks(correct_over_columns(flat), n_looks).tolist())
    return [{kind: next(corrected) for kind in values} for values in found]


def _raw_p_values(ready: Sequence[Watched]) -> list[SignalValues]:
    found: list[SignalValues] = [{} for _ in ready]
    full = [place for place, one in enumerate(ready) if one.pair.n_current]
    if full:
        for place, values in zip(full, signal_p_values([ready[place].pair for place in full]), strict=True):
            found[place] = values
    for values, one in zip(found, ready, strict=True):
        if one.n_newer:  # The part that is not newer lies at the end of what was learnt, as it must.
            values.pop("values", None)
    new = [place for place, one in enumerate(ready) if one.n_unknown is not None]
    special = np.array([(ready[place].column.n_unknown or 0, ready[place].n_unknown or 0) for place in new]).reshape(
        -1, 2
    )
    sizes = np.array([(ready[place].pair.n_reference, ready[place].n_rows) for place in new]).reshape(-1, 2)
    for place, value in zip(new, exact_p_values(special, sizes[:, 0], sizes[:, 1]), strict=True):
        if np.isfinite(value):
            found[place]["new"] = float(value)
    aged = [(place, ages) for place, one in enumerate(ready) if (ages := one.ages) is not None]
    for (place, _), values in zip(aged, signal_p_values([ages for _, ages in aged]) if aged else [], strict=True):
        if values:
            found[place]["age"] = min(min(values.values()) * len(values), 1.0)
    return found


def _judge_one(one: Watched, p_values: SignalValues, alpha_each: float) -> ColumnDrift:
    column, pair = one.column, one.pair
    signals = tuple(_signal(one, kind, p_values.get(kind)) for kind in _kinds(one))
    n_missing = max(rows_needed(pair, alpha_each), FEWEST_ROWS) - one.n_rows
    outcome: DriftOutcome = "stable"
    sentence = say_newer(column, one.n_newer / one.n_rows) if one.n_newer else ""
    sentence = sentence or f"{column.name}: as it was when the model learnt."
    if any(signal.drifted for signal in signals):
        outcome, sentence = "drifted", _say_drifted(one, signals)
    elif n_missing > 0:
        outcome = "not_enough_data"
        sentence = f"{column.name}: {say_rows(n_missing)} more are needed before a change can be told from chance."
    smallest = _smallest_change(one, alpha_each)
    whole = _with_newer(one)
    return ColumnDrift(
        name=column.name,
        outcome=outcome,
        psi=stability_index(pair) if p_values else None,
        p_value=min(p_values.values()) if p_values else None,
        sentence=sentence,
        reference_share=tuple(shares(pair.reference).tolist()),
        current_share=tuple(shares(whole.current).tolist()),
        bins=name_bins(column),
        kind=column.kind,
        n_rows=one.n_rows,
        n_rows_missing=max(n_missing, 0),
        signals=signals,
        measures=measure(pair, column.middles) if p_values else {},
        difference="" if one.mean is None or one.n_newer else say_difference(column, one.mean),
        importance=one.importance,
        smallest_change=smallest,
        smallest_sentence=say_smallest(column, smallest, one.n_rows),
    )


def _kinds(one: Watched) -> tuple[SignalKind, ...]:
    kinds: list[SignalKind] = ["values", "missing"]
    if one.pair.ordered:
        kinds.append("outside")
    if one.n_unknown is not None:
        kinds.append("new")
    if one.ages is not None:
        kinds.append("age")
    return tuple(kinds)


def _signal(one: Watched, kind: SignalKind, p_value: float | None) -> DriftSignal:
    pair, before, now = one.pair, None, None
    if kind == "values":
        effect = stability_index(CountPair(pair.reference[:-1], pair.current[:-1], pair.ordered))
    elif kind == "age":
        effect = stability_index(one.ages) if one.ages else 0.0
    else:
        before, now = one.shares_of(kind)
        effect = abs(now - before)
    drifted = p_value is not None and p_value < ALPHA and effect >= FLOORS[kind]
    return DriftSignal(kind, drifted, effect, FLOORS[kind], p_value, before, now)


def _say_drifted(one: Watched, signals: Sequence[DriftSignal]) -> str:
    kinds = {signal.kind for signal in signals if signal.drifted}
    said = []
    if kinds & {"values", "missing", "outside"}:
        said.append(say_shift(one.column, one.pair))
    elif "new" in kinds:
        said.append(say_new(one.column, *one.shares_of("new")))
    if "age" in kinds and one.ages is not None:
        said.append(say_age(one.column, one.ages))
    return " ".join(said)


def _with_newer(one: Watched) -> CountPair:
    """Return the counts with the newer dates where they belong, for the eye."""
    if not one.n_newer:
        return one.pair
    current = one.pair.current.copy()
    current[-2] += one.n_newer
    return replace(one.pair, current=current)


def _smallest_change(one: Watched, alpha_each: float) -> float | None:
    """Return the smallest change that would have been seen; see `ColumnDrift.smallest_change`."""
    least = max(smallest_seen(one.pair, alpha_each), PSI_FLOOR)
    if not np.isfinite(least):
        return None
    if one.pair.ordered:
        return None if not one.column.sd else float(np.sqrt(least / PSI_OF_ONE_SD)) * one.column.sd
    share = float(shares(one.pair.reference[:-1]).max(initial=0.0))
    return float(np.sqrt(least * share * (1 - share)))
