"""How pages say moments, counts and durations."""

import math
import re
from datetime import datetime

from core.records import utc_now


def say_moment(moment: datetime) -> str:
    """Return a moment as "23 November 2026, 14:05 UTC"."""
    return f"{moment:%d %B %Y, %H:%M} UTC".lstrip("0")


def say_ago(moment: datetime) -> str:
    """Return how long ago a moment was: "12 seconds ago", "3 hours ago"."""
    seconds = max((utc_now() - moment).total_seconds(), 0)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{count(int(seconds // length), unit)} ago"
    return f"{count(int(seconds), 'second')} ago"


def say_until(moment: datetime) -> str:
    """Return how soon a moment comes: "in 3 hours", "in 40 minutes", "within a minute"."""
    minutes = math.ceil((moment - utc_now()).total_seconds() / 60)
    for unit, length in (("day", 1_440), ("hour", 60), ("minute", 1)):
        if minutes >= 2 * length:
            return f"in {count(round(minutes / length), unit)}"
    return "within a minute"


def say_minutes(minutes: int) -> str:
    """Return a stretch of time as "5 minutes", "hour", "2 days", to follow "every"."""
    for unit, length in (("day", 1_440), ("hour", 60), ("minute", 1)):
        if minutes % length == 0:
            n = minutes // length
            return unit if n == 1 else count(n, unit)
    raise AssertionError("not reached")


def count(n: int, noun: str) -> str:
    """Return "1 row", "2 rows", "1,200 rows"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def say_ms(milliseconds: float) -> str:
    """Return a time to answer as "0.42 ms", "48.5 ms", "2,000 ms"."""
    return f"{milliseconds:,.0f} ms" if milliseconds >= 100 else f"{milliseconds:.3g} ms"


def say_size(n_bytes: int) -> str:
    """Return a file's size as "3 KB", "1.2 MB"."""
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 100_000 else f"{max(n_bytes / 1e3, 1):,.0f} KB"


def plain(text: str) -> str:
    """Return text from people or tables so that Markdown shows it as it is: `a*b`, `$5`, `:tada:`."""
    return re.sub(r"([\\`*_\[\]$:~<>#])", r"\\\1", text)
