"""How unlike the training rows is a row? Computed from the reference's bins, which are stored with each model.

For each column: how rare it is in the training rows to be so far out, or in so rare a category, as a surprise
-ln(p) >= 0 in nats. The surprise of a row is the sum over its columns. Beyond the training range it grows with the
distance. No column is compared with another: combinations of usual values do not surprise.

Source: the sum of -ln of tail probabilities is that of ECOD (Li et al. 2022, "ECOD: Unsupervised outlier detection
using empirical cumulative distribution functions"); the threshold is the quantile of split conformal outlier detection
(Bates et al. 2023, "Testing for outliers with conformal p-values").
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from math import exp, log
from typing import Any

from core.prepare import MISSING_LEVEL
from core.records import Json, Reference, ReferenceColumn

UNLIKE_SHARES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1)
"""Shares of test rows that may count as unlike the training rows: what an owner can choose from."""
MOST_EXCESS = 100.0
"""Nats that lying beyond the training range can add: enough for one column to decide, and always finite."""
MOST_NAMED = 2

SurpriseOf = Callable[[Any], float]


class Surprise:
    """The surprise of rows of a request, one function a column, made ready once.

    Parameters
    ----------
    reference : Reference
        How the training rows were distributed.
    """

    def __init__(self, reference: Reference) -> None:
        self._columns = [(column.name, _surprise_of(column)) for column in reference.columns]

    def of(self, row: Json) -> float:
        """Return the surprise of a row that the service has checked: >= 0, in nats, summed over the columns."""
        return sum([surprise_of(row[name]) for name, surprise_of in self._columns])

    def strangest(self, row: Json) -> list[str]:
        """Return the names of the two columns that surprise most, the stranger first."""
        each = sorted(((surprise_of(row[name]), name) for name, surprise_of in self._columns), reverse=True)
        return [name for _, name in each[:MOST_NAMED]]


def threshold(surprises: Sequence[float], share: float) -> float | None:
    """Return the surprise above which a new row like the measured ones lies with a probability of at most `share`.

    None when there are too few rows to say so: the smallest share is 1 in n + 1.
    """
    place = math.ceil((len(surprises) + 1) * (1 - share))
    return sorted(surprises)[place - 1] if 0 < place <= len(surprises) else None


def _surprise_of(column: ReferenceColumn) -> SurpriseOf:
    n_rows = sum(column.counts)
    if n_rows == 0:
        return lambda _value: 0.0
    rarest = math.log(n_rows + 1)
    missing = min(rarest, _nats(column.counts[-1] / n_rows))
    if column.kind in ("category", "boolean"):
        return _by_name(column, rarest, missing)
    return _by_size(column, rarest, missing)


def _nats(share: float) -> float:
    return -math.log(share) if share > 0 else math.inf


class _Known(dict[Any, float]):
    """The surprise of each value that is known, and of all others. Asking it costs a fraction of calling a function."""

    def __init__(self, known: Mapping[Any, float], other: float) -> None:
        super().__init__(known)
        self._other = other

    def __missing__(self, _value: Any) -> float:
        return self._other


def _by_name(column: ReferenceColumn, rarest: float, missing: float) -> SurpriseOf:
    """A category surprises by the share of rows in categories as rare as it, or rarer."""
    counts = column.counts[:-1]
    n_present = max(sum(counts), 1)
    names = (*column.categories, None)
    surprise: dict[Any, float] = {
        name: min(rarest, _nats(sum(other for other in counts if other <= count) / n_present))
        for name, count in zip(names, counts, strict=True)
    }
    unlisted = surprise.pop(None) if counts[-1] else rarest
    if column.kind == "boolean":
        surprise |= {value: surprise.get(str(value), unlisted) for value in (True, False)}
    return _Known({**surprise, None: missing, MISSING_LEVEL: missing}, unlisted).__getitem__


def _by_size(column: ReferenceColumn, rarest: float, missing: float) -> SurpriseOf:
    """A number surprises by how few rows lie as far out on its side, read off between the borders of the bins."""
    of_number = _of_number(column, rarest, missing)
    if column.kind == "number":
        return of_number
    as_number, absent = (len, "") if column.kind == "text" else (_seconds, MISSING_LEVEL)
    return lambda value: missing if value is None or value == absent else of_number(as_number(value))


def _of_number(column: ReferenceColumn, rarest: float, missing: float) -> Callable[[float | None], float]:
    edges, below = column.edges, _shares_below(column)
    if len(edges) < 2:
        return lambda number: missing if number is None else rarest
    low, high, least = edges[0], edges[-1], exp(-rarest)
    span = edges[max(len(edges) - 2, 1)] - edges[min(1, len(edges) - 2)] or high - low
    # Steps between the borders, made once: this is asked for each number of each row.
    widths = [0.0, *(right - left for left, right in pairwise(edges))]
    rises = [0.0, *(right - left for left, right in pairwise(below))]

    def surprise_of(number: float | None) -> float:
        if number is None:
            return missing
        if not low < number <= high:
            distance = low - number if number <= low else number - high
            return rarest + (min(MOST_EXCESS, distance / span) if span > 0 else MOST_EXCESS)
        place = bisect_left(edges, number)
        left = below[place - 1]
        at_most = left + rises[place] * (number - edges[place - 1]) / widths[place]
        # A whole bin may lie at its upper border: values that are there are as common as the bin.
        at_least = 1 - (left if number == edges[place] else at_most)
        tail = 2 * (at_most if at_most < at_least else at_least)
        if tail >= 1:
            return 0.0
        return -log(tail) if tail > least else rarest

    return surprise_of


def _shares_below(column: ReferenceColumn) -> list[float]:
    """Return for each border the share of the training rows at or below it."""
    inner = column.counts[1 : len(column.edges)]
    total = max(sum(inner), 1)
    return [0.0, *(count / total for count in accumulate(inner))]


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
