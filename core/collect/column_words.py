"""What stands out in a column, in plain sentences."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from core.collect.column_values import Codes, Floats
from core.records import ColumnKind, Extreme, Gap

FAR = 10.0
"""So many times the width of the middle half beyond it, a value is far off."""
COUNTING = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
UNITS = (("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0))
LONGEST_WORD = 40


def say_share(part: int, whole: int, noun: str = "row") -> str:
    """Return a part of a whole as people say it: "one in five rows", "3 of 100 rows", "7 of 12,000 rows"."""
    share = part / whole
    if part == whole:
        return f"every {noun}"
    for n in range(2, 11):
        if abs(share * n - 1) < 0.03 and whole >= 2 * n:
            return f"half of the {noun}s" if n == 2 else f"one in {COUNTING[n]} {noun}s"
    if whole <= 100 or share < 0.01 or share > 0.99:
        return f"{part:,} of {whole:,} {noun}s"
    return f"{100 * share:.0f} of 100 {noun}s"


def say_missing(name: str, n_missing: int, n_rows: int) -> Iterator[str]:
    """Yield in how many rows a column has no value."""
    if n_rows == 0:
        yield "The table has no rows."
    elif n_missing == n_rows:
        yield "No row has a value here."
    elif n_missing:
        yield f"{_who(n_missing, n_rows, 'row', 'has', 'have')} no {name}."
    else:
        yield "Every row has a value."


def say_distinct(kind: ColumnKind, top: str, counts: Codes, *, names_rows: bool) -> Iterator[str]:
    """Yield how many different values there are; `top` is the most frequent one, `counts` how often each occurs."""
    n_present, n_distinct = int(np.sum(counts)), len(counts)
    if not n_distinct:
        return
    top = top if len(top) <= LONGEST_WORD else f"{top[: LONGEST_WORD - 1]}…"
    if n_distinct == 1:
        yield f"It is the same everywhere: {top}."
    elif n_distinct == n_present:
        yield "No value occurs twice" + (": it names the row more than it describes it." if names_rows else ".")
    elif int(np.max(counts)) > 1:
        share = say_share(int(np.max(counts)), n_present, "value")
        yield f"{n_distinct:,} different values; the most frequent, {top}, is {share}."
    n_once = int(np.sum(counts == 1))
    if kind == "category" and 0 < n_once < n_present:
        yield f"{n_once:,} of the different values {'occur' if n_once != 1 else 'occurs'} only once."


def say_numbers(values: Floats, quantiles: Mapping[float, float]) -> Iterator[str]:
    """Yield what stands out in numbers; `values` ascend and have no gap."""
    if len(values) < 2 or values[0] == values[-1]:
        return
    low, middle, high = quantiles[0.25], quantiles[0.5], quantiles[0.75]
    yield f"Half of the values lie from {low:,.4g} to {high:,.4g}; the one in the middle is {middle:,.4g}."
    width = high - low
    if width > 0:
        n_far = int((values > high + FAR * width).sum() + (values < low - FAR * width).sum())
        if n_far:
            yield f"{_who(n_far, len(values), 'value', 'lies', 'lie')} very far from the others."
    n_zero, n_negative = int((values == 0).sum()), int((values < 0).sum())
    if n_zero and values[-1] > 1:
        yield f"{_who(n_zero, len(values), 'value', 'is', 'are')} exactly 0."
    if n_negative:
        yield f"{_who(n_negative, len(values), 'value', 'is', 'are')} below 0."
    if bool((values == np.floor(values)).all()):
        yield "All are whole numbers."


def say_lengths(lengths: Floats) -> Iterator[str]:
    """Yield how long words or texts are, in characters."""
    low, middle, high = int(lengths.min()), int(np.median(lengths)), int(lengths.max())
    if low == high:
        yield f"All have {low:,} character{'s' if low != 1 else ''}."
    else:
        yield f"They have {low:,} to {high:,} characters; half have at most {middle:,}."


def say_times(
    lowest: Sequence[Extreme], highest: Sequence[Extreme], gaps: Sequence[Gap], usual: float, n_same: int
) -> Iterator[str]:
    """Yield from when to when moments reach, their usual step in seconds, the longest gap, and shared moments."""
    if not lowest:
        return
    if lowest[0].value == highest[0].value:
        yield f"It is the same everywhere: {lowest[0].value}."
        return
    yield f"From {lowest[0].value} to {highest[0].value}."
    yield f"One moment usually follows another after {say_duration(usual)}."
    if gaps:
        longest = gaps[0]
        yield f"The longest time without a row is {say_duration(longest.seconds)}: {longest.start} to {longest.end}."
    if n_same:
        yield f"{n_same:,} row{'s share' if n_same != 1 else ' shares'} the moment of an earlier one."


def say_duration(seconds: float) -> str:
    """Return a stretch of time in its largest fitting unit: "1 day", "2.5 hours"."""
    for unit, length in UNITS:
        if seconds >= length:
            return _amount(seconds / length, unit)
    return _amount(seconds, "second")


def _amount(amount: float, unit: str) -> str:
    return f"{amount:,.3g} {unit}{'' if amount == 1 else 's'}" if amount < 1000 else f"{amount:,.0f} {unit}s"


def _who(part: int, whole: int, noun: str, one: str, several: str) -> str:
    """Return a share of rows or values at the beginning of a sentence, with the verb that goes with it."""
    words = say_share(part, whole, noun)
    verb = one if words.startswith(("one ", "1 of ", "every ")) else several
    return f"{words[:1].upper()}{words[1:]} {verb}"
