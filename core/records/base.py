"""What every record shares: identifiers, the clock, and the words used across the life cycle."""

import secrets
import time
from datetime import UTC, datetime
from typing import Any, Literal

Json = dict[str, Any]
Task = Literal["binary", "multiclass", "regression"]
ColumnKind = Literal["number", "category", "text", "date", "boolean"]
Label = str | int | float | bool
"""A value of the target: a class (text, number or truth value) or a measured number."""


def new_id() -> str:
    """Return a new identifier: 24 hex digits, the first 16 of them the time in ns, so that ids sort by age."""
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


def new_ids(n: int) -> tuple[str, ...]:
    """Return n new identifiers, in ascending order; several times faster than one by one."""
    now, random = time.time_ns(), secrets.token_hex(4 * n)
    return tuple([f"{now + place:016x}{random[8 * place : 8 * place + 8]}" for place in range(n)])


def utc_now() -> datetime:
    """Return the present moment in UTC, aware of its time zone."""
    return datetime.now(UTC)
