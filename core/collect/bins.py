"""Two versions of a column, counted in the same bins."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.collect.cells import MISSING, OTHERS, moment_namer, say_number
from core.collect.column_values import Codes, Floats

Counts = NDArray[np.int64]
N_RANGES = 10
"""Deciles of the version before are what the index is commonly taken over."""
N_VALUES = 20
N_WORDS = 20


@dataclass(frozen=True, eq=False)
class Bins:
    """Names of the bins, the last one "missing", and the rows of both versions in each."""

    labels: tuple[str, ...]
    before: Counts
    after: Counts


def number_bins(before: Floats, after: Floats, *, is_date: bool = False) -> Bins:
    """Count numbers in a bin each where there are few different ones, in tenths of the version before otherwise."""
    say = moment_namer(np.concatenate([before, after])) if is_date else say_number
    old, new = before[~np.isnan(before)], after[~np.isnan(after)]
    values = np.unique(np.concatenate([np.unique(old), np.unique(new)]))
    if len(values) <= N_VALUES:
        edges, labels = values, [say(float(value)) for value in values]
    else:
        base = old if len(old) else new
        edges = np.unique(np.quantile(base, np.arange(N_RANGES) / N_RANGES, method="lower"))
        labels = _name_ranges([say(float(edge)) for edge in edges[1:]])
    counts = [
        np.append(
            np.bincount(np.maximum(np.searchsorted(edges, part, side="right") - 1, 0), minlength=len(edges)),
            whole - len(part),
        )
        for part, whole in ((old, len(before)), (new, len(after)))
    ]
    return Bins((*labels, MISSING), counts[0], counts[1])


def _name_ranges(inner: Sequence[str]) -> list[str]:
    """Name the ranges that borders make, the first and the last one open."""
    if not inner:
        return ["any"]
    return [f"below {inner[0]}", *(f"{low} to {high}" for low, high in pairwise(inner)), f"{inner[-1]} or more"]


def word_bins(before: tuple[Codes, Sequence[object]], after: tuple[Codes, Sequence[object]]) -> Bins:
    """Count words: the most frequent ones of both versions in a bin each, all others together."""
    counters = [_count(*side) for side in (before, after)]
    both = counters[0] + counters[1]
    named = [word for word, _ in both.most_common(N_WORDS)]
    labels, sides = [_word(word)[:80] for word in named], []
    others = len(both) > len(named)
    for counter, (codes, _) in zip(counters, (before, after), strict=True):
        counts = [counter[word] for word in named]
        if others:
            counts.append(counter.total() - sum(counts))
        sides.append(np.array([*counts, int((codes < 0).sum())], np.int64))
    return Bins((*labels, *([OTHERS] if others else []), MISSING), sides[0], sides[1])


def _count(codes: Codes, levels: Sequence[object]) -> Counter[object]:
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    return Counter(dict(zip(levels, counts.tolist(), strict=True)))


def _word(word: object) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)
