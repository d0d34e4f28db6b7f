"""A difference between two sets of counts in plain words, and names for the bins."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from core.monitor.measures import shares
from core.monitor.significance import CountPair, Counts, Floats
from core.records import ReferenceColumn

MISSING = "missing"
OTHERS = "all others"
HARDLY_MORE = 1.05
"""Below it '1 times as often' would be said."""
MANY_TIMES = 10.0
WORTH_TELLING = 0.1
"""Standard deviations by which an average must have moved to be told."""
AGES = (
    "over a day ahead",
    "less than a day ahead",
    "under a minute old",
    "under an hour old",
    "under a day old",
    "under a week old",
    "under a month old",
    "under a year old",
    "one to five years old",
    "over five years old",
)
"""In words, the bins of `AGE_EDGES_S`."""
HARDLY_ANY = 5e-4
"""A smaller share of rows counts as none at all."""


@dataclass(frozen=True)
class Change:
    """Some of a column's rows, and which share of all they were and are; `outside` when the model never saw such."""

    subject: str
    before: float
    now: float
    outside: bool = False


def name_bins(column: ReferenceColumn) -> tuple[str, ...]:
    """Return a name for each bin of a reference column, in order."""
    if not column.edges:
        listed = (*column.categories, OTHERS) if column.categories else ("any value",)
        return (*listed, MISSING)
    words = [_say_edge(column, edge) for edge in column.edges]
    between = [f"{low} to {high}" for low, high in pairwise(words)]
    return (f"below {words[0]}", *between, f"above {words[-1]}", MISSING)


def say_shift(column: ReferenceColumn, pair: CountPair) -> str:
    """Return one sentence that names what changed most in a column, with both shares.

    Candidates are the missing values, one category or all unknown ones, and the numbers on one side of a border; the
    one whose share of rows changed most is told.
    """
    reference, current = shares(pair.reference), shares(pair.current)
    changes = [Change("missing values", float(reference[-1]), float(current[-1]))]
    changes += _borders(column, reference, current) if column.edges else _categories(column, reference, current)
    greatest = max(changes, key=lambda change: abs(change.now - change.before))
    return f"{column.name}: {_say_change(greatest)}."


def _borders(column: ReferenceColumn, reference: Floats, current: Floats) -> list[Change]:
    """Return for each border the share of the rows beyond it, on the side that gained; missing rows left out."""
    if not reference[:-1].sum() or not current[:-1].sum():
        return []
    below_before, below_now = (np.cumsum(shares(part[:-1]))[:-1] for part in (reference, current))
    found = []
    for number, (edge, before, now) in enumerate(zip(column.edges, below_before, below_now, strict=True)):
        words = _say_edge(column, edge)
        if now >= before:
            outside = number == 0 and before == 0
            found.append(Change(f"below {words}" if outside else f"values up to {words}", before, now, outside))
        else:
            outside = number == len(column.edges) - 1 and reference[-2] == 0
            found.append(Change(f"above {words}" if outside else f"values above {words}", 1 - before, 1 - now, outside))
    return found


def _categories(column: ReferenceColumn, reference: Floats, current: Floats) -> list[Change]:
    subjects = [*(f"'{category}'" for category in column.categories), "other values"]
    found = zip(subjects, reference[:-1], current[:-1], strict=False)
    return [Change(subject, float(before), float(now)) for subject, before, now in found]


def _say_change(change: Change) -> str:
    subject, before, now = change.subject, change.before, change.now
    if change.outside:
        return f"{say_share(now)} of rows are {subject}, outside what the model saw"
    if before < HARDLY_ANY:
        return f"{subject} make up {say_share(now)} of rows; when the model learnt there were practically none"
    if now < HARDLY_ANY:
        return f"{subject} no longer come; when the model learnt they were {say_share(before)} of rows"
    figures = f"{say_share(now)} of rows instead of {say_share(before)}"
    if now < before:
        return f"{subject} came less often than when the model learnt ({figures})"
    ratio = now / before
    if ratio < HARDLY_MORE:
        return f"{subject} came a little more often than when the model learnt ({figures})"
    times = f"{ratio:.0f}" if ratio >= MANY_TIMES else f"{ratio:.2g}"
    return f"{subject} came {times} times as often as when the model learnt ({figures})"


def say_share(share: float) -> str:
    """Return a share in percent as people write it: "12 %", "0.4 %"."""
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"


def say_rows(n_rows: int) -> str:
    """Return a number of rows in words: "1 row", "1,200 rows"."""
    return f"{n_rows:,} row{'' if n_rows == 1 else 's'}"


def say_difference(column: ReferenceColumn, mean: float) -> str:
    """Return how the average has moved, in the column's unit; empty when by less than a tenth of its spread."""
    before, sd = column.mean or 0.0, column.sd or 0.0
    if abs(mean - before) < WORTH_TELLING * sd or mean == before:
        return ""
    subject = f"the text of '{column.name}'" if column.kind == "text" else f"'{column.name}'"
    change = "higher" if mean > before else "lower"
    if column.kind == "text":
        change = "longer" if mean > before else "shorter"
    words = [say_number(value, column) for value in (abs(mean - before), mean, before)]
    return f"On average {subject} is {words[0]} {change} than when the model learnt ({words[1]} instead of {words[2]})."


def say_number(value: float, column: ReferenceColumn | None = None) -> str:
    """Return a number as people write it, of a column in its unit: three digits that count."""
    words = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{words} characters" if column is not None and column.kind == "text" else words


def say_new(column: ReferenceColumn, before: float, now: float) -> str:
    """Return that categories come which the model has never seen."""
    told = f"{column.name}: {say_share(now)} of rows have a category that the model has never seen"
    return f"{told} (it was {say_share(before)} in rows put aside when it learnt)." if before else f"{told}."


def say_newer(column: ReferenceColumn, share: float) -> str:
    """Return that dates are newer than all that the model learnt from: time passes."""
    latest = _say_edge(column, column.edges[-1])
    return (
        f"{column.name}: {say_share(share)} of rows are later than {latest}, the latest date it learned from. "
        "Time passes, so this alone is no alarm."
    )


def say_age(column: ReferenceColumn, ages: CountPair) -> str:
    """Return how old dates are when they are asked about, now and before."""
    before, now = (_typical_age(part[:-1]) for part in (ages.reference, ages.current))
    if before == now:
        return f"{column.name}: how old the dates are when asked about has changed; most are {now}."
    return f"{column.name}: dates are typically {now} when asked about; before they were {before}."


def _typical_age(counts: Counts) -> str:
    half = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    return AGES[half]


def say_smallest(column: ReferenceColumn, smallest: float | None, n_rows: int) -> str:
    """Return the smallest change that would have been seen, in words; empty when it is not known."""
    if smallest is None:
        return ""
    begin = f"With {say_rows(n_rows)}"
    if not column.edges:
        return (
            f"{begin}, a category would have to come in {100 * smallest:.2g} more or fewer of 100 rows to be noticed."
        )
    if column.kind == "date":
        return f"{begin}, dates would have to move by {say_number(smallest / 86_400)} days to be noticed."
    part = f", {smallest / column.sd:.2g} standard deviations" if column.sd else ""
    return f"{begin}, the average would have to move by {say_number(smallest, column)}{part}, to be noticed."


def _say_edge(column: ReferenceColumn, edge: float) -> str:
    if column.kind == "date":
        return f"{datetime.fromtimestamp(edge, UTC):%d %b %Y}"
    words = f"{edge:,.0f}" if abs(edge) >= 1000 else f"{edge:.4g}"
    return f"{words} characters" if column.kind == "text" else words
