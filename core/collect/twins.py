"""Which columns say the same thing? Copies, other units, the same order, other names for the same, the same gaps."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from core.collect.column_values import Floats, read_columns, to_codes, to_numbers
from core.collect.findings import recall, twins_path
from core.collect.twin_numbers import LEAST_RANK_CORRELATION, Line, correlate_ranks, fit_line, rank_correlation
from core.collect.twin_words import say_gaps, say_line, say_names, say_order, say_values
from core.records import Column, DatasetVersion, Twins
from core.store import Store

REVISION = 1
MAX_NUMBERS = 2_000
"""At most so many columns of numbers are compared by their order: the work grows with the square of it."""
SAMPLE_CELLS = 4_000_000
MIN_SAMPLE, MAX_SAMPLE = 1_000, 20_000
MAX_PROVED = 300
"""At most so many pairs of numbers are proved over all rows; further ones rest on the sample."""
MIN_REPEATS = 5
"""How often a value occurs on average, at least, for the pattern of repeats to mean anything."""
NUMBERS = ("number", "date")


@dataclass(frozen=True)
class TwinsFound:
    """What was found, as it is kept beside the dataset version."""

    dataset_id: str
    twins: tuple[Twins, ...]
    revision: int = 0


def find_twins(store: Store, dataset_id: str) -> tuple[Twins, ...]:
    """Return the groups of columns that say the same thing; the first call computes them, and they are kept.

    Each group is led by its first column; a follower is in no other group, but for those of missing values. Equal
    values, names that go one to one, and missing values are compared over all rows. The order of numbers and dates is
    compared on a random sample of 1,000 to 20,000 rows, over rows that have both (Spearman's rank correlation, at least
    0.98), and proved over all rows for up to 300 pairs; `Twins.n_rows` says what was looked at. Among more than 2,000
    columns of numbers, the first 2,000 are compared so.

    Raises
    ------
    NotFoundError
        When there is no such version.
    """
    return recall(store, twins_path(store, dataset_id), TwinsFound, REVISION, lambda: _find(store, dataset_id)).twins


def _find(store: Store, dataset_id: str) -> TwinsFound:
    dataset = store.get(DatasetVersion, dataset_id)
    signed = [_sign(*pair) for pair in read_columns(store.files.dataset(dataset_id), dataset.columns)]
    n = dataset.n_rows
    equal = _groups(signed, "values")
    twins = [Twins("values", _names(group), say_values(_names(group)), 1.0, n) for group in equal]
    left = _without_followers(signed, twins)
    numbers = [one.column for one in left if one.column.kind in NUMBERS and one.n_levels > 1]
    twins += _number_twins(store, dataset, numbers[:MAX_NUMBERS])
    left = _without_followers(signed, twins)
    renamed = _groups(left, "levels")
    twins += [Twins("names", _names(group), say_names(_names(group), group[0].n_levels), 1.0, n) for group in renamed]
    gaps = _groups(signed, "gaps")
    twins += [Twins("gaps", _names(group), say_gaps(_names(group), group[0].n_missing), 1.0, n) for group in gaps]
    return TwinsFound(dataset_id, tuple(twins), revision=REVISION)


@dataclass(frozen=True)
class _Signed:
    """A column with hashes that two columns share exactly when they hold the same values, the same levels by whatever
    name, or values in the same rows; empty where that would say nothing.
    """

    column: Column
    values: str
    levels: str
    gaps: str
    n_levels: int
    n_missing: int


def _sign(column: Column, values: pa.ChunkedArray) -> _Signed:
    if column.kind in NUMBERS:
        content = to_numbers(column, values) + 0.0  # There are two zeros.
        codes, found = pd.factorize(content)
        n_levels, content_hash = len(found), _hash(column.kind, content)
    else:
        codes, levels = to_codes(values)
        n_levels, content_hash = len(levels), _hash(column.kind == "boolean", codes, *map(str, levels))
    n_missing = int((codes < 0).sum())
    repeats = n_levels > 1 and (len(codes) - n_missing) >= MIN_REPEATS * n_levels
    return _Signed(
        column,
        content_hash if n_levels > 1 else "",
        # Numbered by their first row, levels are the same numbers whatever their names.
        _hash(codes) if repeats else "",
        _hash(codes < 0) if 0 < n_missing < len(codes) else "",
        n_levels,
        n_missing,
    )


def _hash(*parts: object) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = (
            part.tobytes() if isinstance(part, np.ndarray) else part if isinstance(part, bytes) else str(part).encode()
        )
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.hexdigest()


def _groups(signed: Sequence[_Signed], what: str) -> list[list[_Signed]]:
    found = defaultdict(list)
    for one in signed:
        if key := getattr(one, what):
            found[key].append(one)
    return [group for group in found.values() if len(group) > 1]


def _names(group: Sequence[_Signed]) -> tuple[str, ...]:
    return tuple(one.column.name for one in group)


def _without_followers(signed: Sequence[_Signed], twins: Sequence[Twins]) -> list[_Signed]:
    followers = {name for group in twins for name in group.columns[1:]}
    return [one for one in signed if one.column.name not in followers]


def _number_twins(store: Store, dataset: DatasetVersion, columns: Sequence[Column]) -> list[Twins]:
    if len(columns) < 2 or not dataset.n_rows:
        return []
    path = store.files.dataset(dataset.id)
    n_sample = min(max(MIN_SAMPLE, SAMPLE_CELLS // len(columns)), MAX_SAMPLE, dataset.n_rows)
    rows = np.sort(np.random.default_rng(0).choice(dataset.n_rows, n_sample, replace=False))
    sample = np.column_stack([to_numbers(*pair) for pair in read_columns(path, columns, rows)])
    near = np.abs(correlate_ranks(sample)) >= LEAST_RANK_CORRELATION
    taken: set[int] = set()
    twins: list[Twins] = []
    n_proved = 0
    for place in range(len(columns)):
        others = [int(other) for other in np.flatnonzero(near[place]) if other > place and other not in taken]
        if place in taken or not others:
            continue
        family = [place, *others]
        if n_proved + len(others) <= MAX_PROVED:
            n_proved += len(others)
            read = read_columns(path, [columns[index] for index in family])
            found = _compare({column.name: to_numbers(column, values) for column, values in read}, dataset.n_rows)
        else:
            found = _compare({columns[index].name: sample[:, index] for index in family}, n_sample)
        twins += found
        followers = {name for group in found for name in group.columns[1:]}
        taken |= {index for index in others if columns[index].name in followers}
    return twins


def _compare(values: dict[str, Floats], n_rows: int) -> list[Twins]:
    """Return how the other columns follow the first one: on a line, in the same order, in the opposite order."""
    first, *others = values
    lines: dict[str, Line] = {}
    orders: dict[str, float] = {}
    for name in others:
        if line := fit_line(values[first], values[name]):
            lines[name] = line
        else:
            orders[name] = rank_correlation(values[first], values[name])
    twins = []
    if lines:
        names = (first, *lines)
        twins.append(Twins("scale", names, say_line(names, list(lines.values())), 1.0, n_rows))
    for sign in (1, -1):
        near = {name: abs(r) for name, r in orders.items() if sign * r >= LEAST_RANK_CORRELATION}
        if near:
            names, least = (first, *near), min(near.values())
            twins.append(Twins("order", names, say_order(names, least, turned=sign < 0), least, n_rows))
    return twins
