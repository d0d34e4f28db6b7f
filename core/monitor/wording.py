"""A difference between two sets of counts in plain words, and names for the bins."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from core.monitor.shift import shares
from core.monitor.significance import CountPair, Floats
from core.records import ReferenceColumn

MISSING = "missing"
OTHERS = "all others"
MANY_TIMES = 10.0


def name_bins(column: ReferenceColumn) -> tuple[str, ...]:
    """Return a name for each bin of a reference column, in order."""
    if not column.edges:
        listed = (*column.categories, OTHERS) if column.categories else ("any value",)
        return (*listed, MISSING)
    words = [_say_edge(column, edge) for edge in column.edges]
    between = [f"{low} to {high}" for low, high in pairwise(words)]
    return (f"up to {words[0]}", *between, f"above {words[-1]}", MISSING)


def say_shift(column: ReferenceColumn, pair: CountPair) -> str:
    """Return one sentence that names what changed most in a column, with both shares.

    Candidates are the missing values, one category or all unknown ones, and the numbers on one side of a border; the
    one whose share of rows changed most is told.
    """
    reference, current = shares(pair.reference), shares(pair.current)
    candidates = [(reference[-1], current[-1], "missing values")]
    candidates += _borders(column, reference, current) if column.edges else _categories(column, reference, current)
    before, now, subject = max(candidates, key=lambda candidate: abs(candidate[1] - candidate[0]))
    return f"{column.name}: {_say_change(float(before), float(now), subject)}"


def _borders(column: ReferenceColumn, reference: Floats, current: Floats) -> list[tuple[float, float, str]]:
    """Return for each border the share of the rows beyond it, on the side that gained; missing rows left out."""
    if not reference[:-1].sum() or not current[:-1].sum():
        return []
    below_before, below_now = (np.cumsum(shares(part[:-1]))[:-1] for part in (reference, current))
    found = []
    for edge, before, now in zip(column.edges, below_before, below_now, strict=True):
        if now >= before:
            found.append((before, now, f"values up to {_say_edge(column, edge)}"))
        else:
            found.append((1 - before, 1 - now, f"values above {_say_edge(column, edge)}"))
    return found


def _categories(column: ReferenceColumn, reference: Floats, current: Floats) -> list[tuple[float, float, str]]:
    subjects = [*(f"'{category}'" for category in column.categories), "other values"]
    return list(zip(reference[:-1], current[:-1], subjects, strict=False))


def _say_change(before: float, now: float, subject: str) -> str:
    figures = f"{say_share(now)} of rows instead of {say_share(before)}"
    if before < 5e-4:
        return f"{subject} make up {say_share(now)} of rows; when the model learnt there were practically none"
    if now < 5e-4:
        return f"{subject} no longer come; when the model learnt they were {say_share(before)} of rows"
    ratio = now / before
    if ratio >= MANY_TIMES:
        return f"{subject} came {ratio:.0f} times as often as when the model learnt ({figures})"
    if ratio >= 1:
        return f"{subject} came {ratio:.2g} times as often as when the model learnt ({figures})"
    return f"{subject} came less often than when the model learnt ({figures})"


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
