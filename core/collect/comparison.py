"""What is different between two versions of a table: rows, columns, and what the columns hold."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.collect.bins import Bins, number_bins, word_bins
from core.collect.column_values import Floats, read_columns, to_codes, to_floats, to_numbers
from core.collect.comparison_words import say_column, say_versions
from core.collect.findings import recall
from core.collect.shift import stability_index
from core.errors import BadInputError
from core.records import Column, ColumnDifference, DatasetVersion, VersionDifference
from core.store import Store

REVISION = 1
MAX_PAIRS = 400
"""At most so many pairs of a column that is gone and a new one are compared to see whether it was renamed."""
SAME_COLUMN = 0.02
N_VALUES_NAMED = 10

Hashes = NDArray[np.uint64]


def compare_versions(store: Store, dataset_id: str, with_id: str | None = None) -> VersionDifference:
    """Return what is different in a dataset version against another; computed once, over all rows, and kept.

    Parameters
    ----------
    with_id : str, optional
        The version before; default the parent, or without one the version of the same role before it.

    Raises
    ------
    NotFoundError
        When there is no such version.
    BadInputError
        When there is no version to compare with, or it is of another project.
    """
    dataset = store.get(DatasetVersion, dataset_id)
    before = store.get(DatasetVersion, with_id) if with_id else version_before(store, dataset)
    if before is None:
        raise BadInputError("There is no earlier version to compare with.", "Choose one to compare with.")
    if before.project_id != dataset.project_id:
        raise BadInputError("The two tables belong to different projects.", "Choose two versions of one table.")
    path = store.files.finding(dataset.id, f"with-{before.id}")
    return recall(store, path, VersionDifference, REVISION, lambda: _compare(store, before, dataset))


def version_before(store: Store, dataset: DatasetVersion) -> DatasetVersion | None:
    """Return the parent of a dataset version, or without one the version of the same role before it."""
    if dataset.parent_id is not None:
        return store.newest(DatasetVersion, id=dataset.parent_id)
    earlier = store.find(DatasetVersion, project_id=dataset.project_id, role=dataset.role)
    return next((one for one in reversed(earlier) if one.number < dataset.number), None)


def _compare(store: Store, before: DatasetVersion, after: DatasetVersion) -> VersionDifference:
    paths = store.files.dataset(before.id), store.files.dataset(after.id)
    known = {column.name: column for column in before.columns}
    common = [column for column in after.columns if column.name in known]
    alike = [column for column in common if _family(column) == _family(known[column.name])]
    differences = [
        _compare_column(column, old, new)
        for column, old, new in _pairs(paths, [known[column.name] for column in alike], alike)
    ]
    gone = [column for column in before.columns if column.name not in set(after.column_names)]
    new = [column for column in after.columns if column.name not in known]
    sides = zip(paths, (before, after), strict=True)
    rows = [_row_hashes(read_columns(path, alike), version.n_rows) for path, version in sides]
    difference = VersionDifference(
        after.id,
        before.id,
        after.n_rows,
        before.n_rows,
        _n_same(*rows) if alike else 0,
        (),
        tuple(sorted(differences, key=lambda one: -one.size)),
        columns_new=tuple(column.name for column in new),
        columns_gone=tuple(column.name for column in gone),
        renamed=_renamed(paths, gone, new),
        kind_changed=tuple((c.name, known[c.name].kind, c.kind) for c in common if c.kind != known[c.name].kind),
        revision=REVISION,
    )
    return say_versions(difference)


def _family(column: Column) -> str:
    """Return what columns must share to be compared: words are compared whether they are categories or texts."""
    return "words" if column.kind in ("category", "text") else column.kind


def _pairs(
    paths: tuple[Path, Path], before: Sequence[Column], after: Sequence[Column]
) -> Iterable[tuple[Column, pa.ChunkedArray, pa.ChunkedArray]]:
    both = zip(read_columns(paths[0], before), read_columns(paths[1], after), strict=True)
    return ((column, old, new) for (_, old), (column, new) in both)


def _bins(column: Column, old: pa.ChunkedArray, new: pa.ChunkedArray) -> Bins:
    if column.kind in ("number", "date"):
        return number_bins(to_numbers(column, old), to_numbers(column, new), is_date=column.kind == "date")
    if column.kind == "text":
        return number_bins(to_floats(pc.utf8_length(old)), to_floats(pc.utf8_length(new)))
    return word_bins(to_codes(old), to_codes(new))


def _compare_column(column: Column, old: pa.ChunkedArray, new: pa.ChunkedArray) -> ColumnDifference:
    bins = _bins(column, old, new)
    size = stability_index(bins.before, bins.after)
    numbers = (to_numbers(column, old), to_numbers(column, new)) if column.kind in ("number", "date") else None
    words = (pc.unique(old), pc.unique(new)) if column.kind == "category" else None
    values_new, values_gone = (_only(words[1], words[0]), _only(words[0], words[1])) if words else ([], [])
    difference = ColumnDifference(
        column.name,
        column.kind,
        size,
        "",
        bins.labels,
        _shares(bins.before),
        _shares(bins.after),
        tuple(values_new[:N_VALUES_NAMED]),
        tuple(values_gone[:N_VALUES_NAMED]),
        len(values_new),
        len(values_gone),
    )
    return say_column(difference, numbers)


def _only(first: pa.Array, second: pa.Array) -> list[str]:
    known = set(second.to_pylist())
    return sorted(str(value)[:80] for value in first.to_pylist() if value is not None and value not in known)


def _shares(counts: NDArray[np.int64]) -> tuple[float, ...]:
    return tuple((counts / max(int(counts.sum()), 1)).tolist())


def _row_hashes(columns: Iterable[tuple[Column, pa.ChunkedArray]], n_rows: int) -> Hashes:
    """Return a number for each row that equal rows share, and different ones all but never."""
    hashes = np.zeros(n_rows, np.uint64)
    for column, values in columns:
        if column.kind in ("number", "date"):
            own = pd.util.hash_array(to_numbers(column, values) + 0.0)  # There are two zeros.
        else:
            codes, levels = to_codes(values)
            known = pd.util.hash_array(np.array([f"{level}" for level in levels] + ["\0"], dtype=object))
            own = known[codes]  # Missing is -1, the last one.
        hashes = pd.util.hash_array(hashes * np.uint64(1_000_003) ^ own)
    return hashes


def _n_same(first: Hashes, second: Hashes) -> int:
    """Return how many rows both have, equal rows counted as often as both have them."""
    (values, n_first), (others, n_second) = (np.unique(rows, return_counts=True) for rows in (first, second))
    _, at_first, at_second = np.intersect1d(values, others, assume_unique=True, return_indices=True)
    return int(np.minimum(n_first[at_first], n_second[at_second]).sum())


def _renamed(paths: tuple[Path, Path], gone: Sequence[Column], new: Sequence[Column]) -> tuple[tuple[str, str], ...]:
    """Return pairs of a column that is gone and a new one that holds the same, each in one pair at most."""
    if not gone or len(gone) * len(new) > MAX_PAIRS:
        return ()
    found: list[tuple[str, str]] = []
    candidates = list(read_columns(paths[1], new))
    for column, old in read_columns(paths[0], gone):
        sizes = {
            other.name: _difference(column, old, values)
            for other, values in candidates
            if other.kind == column.kind and other.name not in {name for _, name in found}
        }
        name = min(sizes, key=lambda key: sizes[key], default="")
        if name and sizes[name] <= SAME_COLUMN:
            found.append((column.name, name))
    return tuple(found)


def _difference(column: Column, old: pa.ChunkedArray, new: pa.ChunkedArray) -> float:
    """Return how much two columns differ; infinity where being alike would say nothing."""
    bins = _bins(column, old, new)
    held: Floats = (bins.before + bins.after)[:-1].astype(float)
    return stability_index(bins.before, bins.after) if np.count_nonzero(held) > 2 else np.inf
