"""A column cut into cells: rows that are alike in it, by value, by range, by length, by weekday."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.collect.column_values import Codes, Floats, to_codes, to_floats, to_numbers
from core.records import Column

N_RANGES = 256
"""Numbers and dates are cut into at most so many ranges of about equally many rows."""
MISSING = "missing"
OTHERS = "all others"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
HOURS = tuple(f"{hour} h" for hour in range(24))
DAY, HOUR = 86_400.0, 3_600.0
LONG_SPAN = 21 * DAY


@dataclass(frozen=True, eq=False)
class Cells:
    """The rows of a column, each in a cell; rows without a value share the last one, numbered `n_cells - 1`.

    Parameters
    ----------
    by : str
        What of the column makes the cells: "value", "length", "weekday" ...
    codes : array of int, shape (n_rows,)
        The cell of each row, in [0, n_cells).
    ordered : bool
        Whether neighbouring cells are alike, so that joining them makes sense.
    name : function
        From the first and the last of some neighbouring cells to words.
    """

    by: str
    codes: Codes
    n_cells: int
    ordered: bool
    name: Callable[[int, int], str]

    def joined(self, n_groups: int) -> Codes:
        """Return for each cell its group: about equally many rows in each, missing values always apart.

        Returns
        -------
        array of int, shape (n_cells,)
            Ascending for ordered cells; other cells keep a group each, the rarest share the last before "missing".
        """
        counts = np.bincount(self.codes, minlength=self.n_cells)[:-1]
        if np.count_nonzero(counts) <= n_groups:
            groups = np.cumsum(counts > 0) - 1
        elif self.ordered:
            groups = (np.cumsum(counts) - counts) * n_groups // counts.sum()
        else:
            rank = np.empty(len(counts), np.int64)
            rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
            groups = np.minimum(rank, n_groups - 1)
        groups = np.maximum(groups, 0)
        return np.append(groups, groups.max(initial=-1) + 1)


def cut(column: Column, values: pa.ChunkedArray) -> Iterator[Cells]:
    """Yield the ways in which a column's rows can be told apart: by value, and more for dates and texts."""
    if column.kind == "number":
        yield _ranges("value", to_numbers(column, values), say_number)
    elif column.kind == "date":
        seconds = to_numbers(column, values)
        yield _ranges("time", seconds, moment_namer(seconds))
        yield from _date_parts(seconds)
    else:
        yield _levels(values)
    if column.kind == "text":
        yield _ranges("length", to_floats(pc.utf8_length(values)), lambda value: f"{value:.0f} characters")


def _ranges(by: str, numbers: Floats, say: Callable[[float], str]) -> Cells:
    present = ~np.isnan(numbers)
    ordered = np.sort(numbers[present])
    starts = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    if starts.sum() <= N_RANGES:
        edges = ordered[starts]
    else:
        edges = np.unique(ordered[np.arange(N_RANGES) * len(ordered) // N_RANGES])
    codes = np.full(len(numbers), len(edges), np.int64)
    codes[present] = np.searchsorted(edges, numbers[present], side="right") - 1
    ends = np.append(np.searchsorted(ordered, edges[1:]), len(ordered)) - 1
    highest = ordered[ends] if len(ordered) else edges

    def name(first: int, last: int) -> str:
        low, high = say(float(edges[first])), say(float(highest[last]))
        return low if low == high else f"{low} to {high}"

    return Cells(by, codes, len(edges) + 1, ordered=True, name=name)


def _date_parts(seconds: Floats) -> Iterator[Cells]:
    present = ~np.isnan(seconds)
    moments = seconds[present]
    days = np.floor(moments / DAY).astype(np.int64)
    hours = ((moments % DAY) // HOUR).astype(np.int64)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    # 1 January 1970 was a Thursday.
    parts = (("weekday", (days + 3) % 7, WEEKDAYS), ("month", months, MONTHS), ("hour of the day", hours, HOURS))
    for by, codes, names in parts:
        if len(codes) and codes.min() != codes.max():
            every = np.full(len(seconds), len(names), np.int64)
            every[present] = codes
            yield Cells(by, every, len(names) + 1, ordered=False, name=_namer(names))


def _levels(values: pa.ChunkedArray) -> Cells:
    codes, levels = to_codes(values)
    names = [str(name).lower() if isinstance(name, bool) else str(name)[:80] for name in levels]
    every = np.where(codes < 0, len(names), codes)
    return Cells("value", every, len(names) + 1, ordered=False, name=_namer(names))


def _namer(names: Sequence[str]) -> Callable[[int, int], str]:
    return lambda first, last: names[first] if first == last else OTHERS


def say_number(value: float) -> str:
    """Return a number for reading: whole ones in full, others in four digits."""
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e12 else f"{value:.4g}"


def moment_namer(seconds: Floats) -> Callable[[float], str]:
    """Return how to name moments: by the day where they reach over weeks, with the time of day otherwise."""
    known = seconds[~np.isnan(seconds)]
    by_day = len(known) > 0 and np.ptp(known) > LONG_SPAN
    return (lambda moment: say_moment(moment)[:10]) if by_day else say_moment


def say_moment(seconds: float) -> str:
    """Return seconds since 1970 as an ISO date, with the time of day where there is one."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=round(seconds))
    return moment.strftime("%Y-%m-%d" if not moment.hour and not moment.minute else "%Y-%m-%d %H:%M")
