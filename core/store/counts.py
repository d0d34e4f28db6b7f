"""Counts in bins, packed for the database: few bytes, and a thousand of them are added up in milliseconds.

A packed value is the length of its head (4 bytes), the bytes a count takes (1, 2, 4 or 8), the head (JSON: names and
how many bins each has), and all
counts one behind the other, signed and little-endian. Nothing counted is no bytes at all.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Layout = tuple[tuple[str, int], ...]
PREFIX = 5


def pack_counts(counts: Mapping[str, Sequence[int]]) -> bytes:
    """Return counts by name as bytes."""
    if not counts:
        return b""
    head = _head(tuple((name, len(each)) for name, each in counts.items()))
    flat = np.array([count for each in counts.values() for count in each], dtype=np.int64)
    size = _bytes_a_count(int(np.abs(flat).max(initial=0)))
    return b"".join((len(head).to_bytes(4, "little"), bytes((size,)), head, flat.astype(f"<i{size}").tobytes()))


def sum_packed(packed: Iterable[bytes]) -> dict[str, tuple[int, ...]]:
    """Return the sum of packed counts, name by name, without unpacking each."""
    totals: dict[bytes, NDArray[np.int64]] = {}
    for one in packed:
        if not one:
            continue
        start = PREFIX + int.from_bytes(one[:4], "little")
        counts = np.frombuffer(one, f"<i{one[4]}", offset=start)
        head = one[PREFIX:start]
        if head in totals:
            totals[head] += counts
        else:
            totals[head] = counts.astype(np.int64)
    return _merge(totals)


def _merge(totals: Mapping[bytes, NDArray[np.int64]]) -> dict[str, tuple[int, ...]]:
    """Split flat totals by name; the same name in several heads is added up."""
    found: dict[str, tuple[int, ...]] = {}
    for head, flat in totals.items():
        start, values = 0, flat.tolist()
        for name, n_bins in _layout(head):
            found[name] = add_counts(found.get(name, ()), tuple(values[start : start + n_bins]))
            start += n_bins
    return found


def add_counts(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sum of two rows of counts; one that is empty adds nothing."""
    if not first or not second:
        return first or second
    return tuple(a + b for a, b in zip(first, second, strict=True))


def _bytes_a_count(largest: int) -> int:
    return next(size for size in (1, 2, 4, 8) if largest < 256**size // 2)


@dataclass(frozen=True)
class Shape:
    """How a field of counts is packed, and how many packed ones are added up and unpacked."""

    pack: Callable[[Any], bytes]
    unpack_all: Callable[[Iterable[bytes]], Any]


BY_NAME = Shape(pack_counts, sum_packed)
"""Rows of counts by name."""
ONE_BY_NAME = Shape(
    lambda counts: pack_counts({name: (count,) for name, count in counts.items()}),
    lambda packed: {name: count for name, (count,) in sum_packed(packed).items()},
)
"""Single counts by name."""
ROW = Shape(lambda counts: pack_counts({"": counts}) if counts else b"", lambda packed: sum_packed(packed).get("", ()))
"""One row of counts."""


@lru_cache(maxsize=1024)
def _head(layout: Layout) -> bytes:
    return json.dumps(layout, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=1024)
def _layout(head: bytes) -> Layout:
    return tuple((name, n_bins) for name, n_bins in json.loads(head))
