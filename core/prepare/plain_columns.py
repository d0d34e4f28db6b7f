"""Columns as plain arrays: the values of a JSON request without the cost of a table, and the same as with one."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.prepare.columns import MISSING_LEVEL, TRUTH_VALUES, coerce_column
from core.records import ColumnKind

PLAIN_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
"""Dates that Python and pandas read alike; others are left to pandas."""
SECONDS_PER_DAY = 86_400.0
MINUTES_PER_HOUR = 60
FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday."""

Dates = NDArray[np.datetime64]


class _Calendar:
    """Dates, none of them missing, by what their parts have in common: each is computed once."""

    def __init__(self, dates: Dates) -> None:
        self.dates = dates

    @cached_property
    def days(self) -> Dates:
        return self.dates.astype("M8[D]")

    @cached_property
    def months(self) -> Dates:
        return self.dates.astype("M8[M]")

    @cached_property
    def month(self) -> NDArray[Any]:
        return _whole(self.months) % 12

    @cached_property
    def weekday(self) -> NDArray[Any]:
        return (_whole(self.days) + FIRST_WEEKDAY) % 7

    @cached_property
    def hour(self) -> NDArray[Any]:
        minutes = _whole((self.dates - self.days).astype("m8[m]"))
        return minutes // MINUTES_PER_HOUR + minutes % MINUTES_PER_HOUR / MINUTES_PER_HOUR


def _whole(values: NDArray[Any]) -> NDArray[np.int64]:
    return values.astype(np.int64)


def _around(name: str, length: int, height: Callable[[Any], Any]) -> Callable[[_Calendar], NDArray[Any]]:
    """Return sine or cosine of the place of a part on a circle, on which `length` comes back to 0."""
    return lambda calendar: height(getattr(calendar, name) * (2 * np.pi / length))


DATE_PARTS: Mapping[str, Callable[[_Calendar], NDArray[Any]]] = MappingProxyType(
    {
        "year": lambda calendar: _whole(calendar.dates.astype("M8[Y]")) + 1970,
        "month": lambda calendar: calendar.month + 1,
        "day": lambda calendar: _whole(calendar.days - calendar.months.astype("M8[D]")) + 1,
        "weekday": lambda calendar: calendar.weekday,
        "hour": lambda calendar: calendar.hour,
        "elapsed_days": lambda calendar: _whole(calendar.dates.astype("M8[us]")) / 1e6 / SECONDS_PER_DAY,
        "month_sin": _around("month", 12, np.sin),
        "month_cos": _around("month", 12, np.cos),
        "weekday_sin": _around("weekday", 7, np.sin),
        "weekday_cos": _around("weekday", 7, np.cos),
        "hour_sin": _around("hour", 24, np.sin),
        "hour_cos": _around("hour", 24, np.cos),
    }
)
"""Numbers read off a date: month 1-12, day 1-31, weekday 0 (Monday) to 6, hour 0-24, days since 1970-01-01; and places
on a circle, -1 to 1, on which December lies beside January, Sunday beside Monday, 23 h beside 0 h.
"""


def read_date_parts(dates: Dates, parts: Sequence[str]) -> list[NDArray[np.float64]]:
    """Return some of `DATE_PARTS` of each date, NaN where the date is missing."""
    missing = np.isnat(dates)
    if not missing.any():
        calendar = _Calendar(dates)
        return [DATE_PARTS[part](calendar).astype(np.float64) for part in parts]
    calendar = _Calendar(np.where(missing, np.datetime64(0, "us"), dates))
    return [np.where(missing, np.nan, DATE_PARTS[part](calendar)) for part in parts]


def read_values(values: Sequence[Any], kind: ColumnKind) -> NDArray[Any]:
    """Return what `coerce_column` makes of values out of a JSON request that the service has checked.

    Parameters
    ----------
    values : sequence
        Finite numbers, truth values, dates in ISO 8601 or texts, as the kind says; None where missing.

    Returns
    -------
    array of shape (n,)
        float64 for numbers and truth values, datetime64[us] for dates, Python texts for the rest.
    """
    if kind == "number":
        return np.array(values, dtype=np.float64)
    if kind == "boolean":
        return np.array([np.nan if value is None else TRUTH_VALUES[value] for value in values])
    if kind == "date":
        return _read_dates(values)
    texts = np.empty(len(values), dtype=object)
    texts[:] = [("" if kind == "text" else MISSING_LEVEL) if value is None else value for value in values]
    return texts


def _read_dates(values: Sequence[Any]) -> Dates:
    if all(value is None or PLAIN_DATE.fullmatch(value) for value in values):
        return np.array([None if value is None else _read_date(value) for value in values], dtype="M8[us]")
    return coerce_column(pd.Series(values, dtype=object), "date").to_numpy()


def _read_date(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
