"""Bodies and rows as most clients send them, read several times faster; whatever is not so plain is left to `contract`.

Nothing is refused here: None means that the careful way has to look, which also finds the words.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType, NoneType
from typing import Any

import pydantic_core

from core.records import ColumnKind, Json, PrototypeColumn

Values = Sequence[Any]


def read_plain(body: bytes) -> Json | None:
    """Return the object of a body that is one list of flat objects, without escapes, each field given once; else None.

    The parser keeps the last of fields of the same name. So colons are counted: each field has one, and those in texts
    are known. A field that was given twice leaves one too many.
    """
    if b"\\" in body:
        return None
    try:
        content = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError:
        return None
    items = next(iter(content.values())) if isinstance(content, dict) and len(content) == 1 else None
    if not isinstance(items, list) or any(type(item) is not dict for item in items):
        return None
    n_more = body.count(b":") - 1 - sum(map(len, items))
    if n_more:
        n_more -= sum(map(_colons, content)) + sum(map(_colons_in, items))
    return None if n_more else content


def _colons(value: Any) -> int:
    return value.count(":") if type(value) is str else 0


def _colons_in(item: Json) -> int:
    return sum(map(_colons, item)) + sum(map(_colons, item.values()))


class PlainRows:
    """Looks at many rows column by column.

    Parameters
    ----------
    columns : sequence of PrototypeColumn
        What the model expects.
    is_right : mapping of column kind to callable
        Whether a single text or date is right.
    """

    def __init__(
        self, columns: Sequence[PrototypeColumn], is_right: Mapping[ColumnKind, Callable[[Any], bool]]
    ) -> None:
        names = [column.name for column in columns]
        self._blank = dict.fromkeys(names)
        self._values = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
        self._checks = [(column, *TYPES[column.kind], is_right[column.kind]) for column in columns]

    def read(self, rows: list[Any]) -> list[Json] | None:
        """Return the rows with every column there, None for a missing value; None if any of them may be wrong."""
        if any(type(row) is not dict for row in rows):
            return None
        if any(len(row) < len(self._blank) for row in rows):
            rows = [self._blank | row for row in rows]
        if any(len(row) != len(self._blank) for row in rows):
            return None
        try:
            by_column = self.columns(rows)
        except KeyError:
            return None
        return rows if all(map(_are_right, self._checks, by_column)) else None

    def columns(self, rows: Sequence[Json]) -> list[Values]:
        """Return the values of each column of the prototype."""
        return list(zip(*map(self._values, rows), strict=True))


def _are_right(check: tuple[PrototypeColumn, frozenset[type], bool, Callable[[Any], bool]], values: Values) -> bool:
    column, allowed, are_numbers, is_right = check
    found = set(map(type, values))
    if NoneType in found:
        if column.required:
            return False
        values = [value for value in values if value is not None]
        found.discard(NoneType)
    if not found <= allowed:
        return False
    return _are_finite(values) if are_numbers else all(map(is_right, set(values)))


def _are_finite(values: Values) -> bool:
    """Whether surely all are: what is not finite stays so in a sum."""
    try:
        return math.isfinite(sum(values))
    except OverflowError:
        return False


TYPES: Mapping[ColumnKind, tuple[frozenset[type], bool]] = MappingProxyType(
    {
        "number": (frozenset({int, float}), True),
        "boolean": (frozenset({bool}), False),
        "date": (frozenset({str}), False),
        "category": (frozenset({str}), False),
        "text": (frozenset({str}), False),
    }
)


def is_usual_for(column: PrototypeColumn, *, most_listed: int) -> Callable[[Values], bool]:
    """Return whether values are all surely as in the training rows, as a function.

    Parameters
    ----------
    most_listed : int
        A prototype with so many categories may not list all of them.
    """
    if column.kind == "category" and len(column.categories) < most_listed:
        known = frozenset((*column.categories, None))
        return known.issuperset
    low, high = column.minimum, column.maximum
    if low is None or high is None:
        return lambda _values: True

    def lie_between(values: Values) -> bool:
        present = [value for value in values if value is not None]
        return not present or bool(low <= min(present) and max(present) <= high)

    return lie_between
