"""What the columns are called that steps make."""

from collections.abc import Mapping, Sequence

from core.records import Json

SIGNS: Mapping[str, str] = {"ratio": "/", "difference": "-", "product": "*"}
"""What can be made of two numbers, and how it is written."""


def part_name(column: str, part: str) -> str:
    """Return how a part of a date column is called."""
    return f"{column} ({part.replace('_', ' ')})"


def part_names(parts: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of all parts, in order."""
    return [part_name(column, part) for column, wanted in parts.items() for part in wanted]


def elapsed_names(options: Json, dates: Sequence[str]) -> list[tuple[str, str, str | None, str | None]]:
    """Return each time span wanted of these date columns: its name, the date, the column or the day it is counted from.

    `options["since"]` lists for a date column others it is counted from, `options["since_day"]` a fixed day (ISO).
    """
    since, day = options.get("since", {}), options.get("since_day", {})
    others = [(f"{date} (days since {other})", date, other, None) for date in dates for other in since.get(date, ())]
    days = [(f"{date} (days since {day[date]})", date, None, day[date]) for date in dates if day.get(date)]
    return [*others, *days]


def combined_name(options: Json, names: Sequence[str]) -> str:
    """Return how a combination of two columns is called: `price / area`."""
    return f"{names[0]} {SIGNS.get(options.get('operation', ''), '?')} {names[-1]}"


def binned_name(column: str) -> str:
    """Return how the bins of a column are called."""
    return f"{column} (bin)"


def looked_back_names(source: str, options: Json) -> list[str]:
    """Return the names of the columns of earlier values made from one."""
    lags = [lag_name(source, lag) for lag in options.get("lags", ())]
    return lags + [mean_name(source, window) for window in options.get("windows", ())]


def lag_name(source: str, lag: int) -> str:
    """Return how an earlier value is called."""
    return f"{source} ({lag} before)"


def mean_name(source: str, window: int) -> str:
    """Return how the mean of some earlier values is called."""
    return f"{source} (mean of {window} before)"
