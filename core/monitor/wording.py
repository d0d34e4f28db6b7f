"""A difference between two sets of counts in plain words, and names for the bins."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from core.monitor.shift import shares
from core.monitor.significance import CountPair, Floats
from core.records import ReferenceColumn

MISSING = "missing"
OTHERS = "all others"
MANY_TIMES = 10.0
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
    times = f"{ratio:.0f}" if ratio >= MANY_TIMES else f"{ratio:.2g}"
    return f"{subject} came {times} times as often as when the model learnt ({figures})"


def say_share(share: float) -> str:
    """Return a share in percent as people write it: "12 %", "0.4 %"."""
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"


def say_rows(n_rows: int) -> str:
    """Return a number of rows in words: "1 row", "1,200 rows"."""
    return f"{n_rows:,} row{'' if n_rows == 1 else 's'}"


def _say_edge(column: ReferenceColumn, edge: float) -> str:
    if column.kind == "date":
        return f"{datetime.fromtimestamp(edge, UTC):%d %b %Y}"
    words = f"{edge:,.0f}" if abs(edge) >= 1000 else f"{edge:.4g}"
    return f"{words} characters" if column.kind == "text" else words
