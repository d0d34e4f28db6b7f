"""What a dataset version holds, column by column: exact counts and a small distribution, computed once and kept."""

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb

from core.collect.findings import recall
from core.collect.staging import NARROW, open_for_stored
from core.collect.typed_source import parquet_relation
from core.records import Column, ColumnProfile, DatasetVersion, Distribution, Profile
from core.store import Store

REVISION = 1
"""To be raised whenever a column would be described differently: profiles kept by older code are computed anew."""
COLUMNS_A_COPY = 8
"""Of a wide file, so many columns are copied out at once."""
N_BINS = 20
N_CATEGORIES = 20
N_EXAMPLES = 5
EXAMPLE_ROWS = 200


def profile_dataset(store: Store, dataset_id: str) -> Profile:
    """Return the profile of a dataset version; the first call computes it, exactly and over all rows.

    Raises
    ------
    NotFoundError
        When there is no such version.
    """
    return recall(store, store.files.profile(dataset_id), Profile, REVISION, lambda: _profile(store, dataset_id))


def _profile(store: Store, dataset_id: str) -> Profile:
    dataset = store.get(DatasetVersion, dataset_id)
    with (
        tempfile.TemporaryDirectory(dir=store.home / "uploads") as folder,
        open_for_stored(Path(folder)) as connection,
    ):
        relation, _ = parquet_relation(store.files.dataset(dataset_id))
        columns = tuple(_profile_columns(connection, relation, dataset))
    return Profile(dataset_id, dataset.n_rows, columns, revision=REVISION)


def _profile_columns(
    connection: duckdb.DuckDBPyConnection, relation: str, dataset: DatasetVersion
) -> Iterator[ColumnProfile]:
    examples = _examples(connection, relation, dataset.n_columns)
    for start in range(0, dataset.n_columns, COLUMNS_A_COPY):
        indices = range(start, min(start + COLUMNS_A_COPY, dataset.n_columns))
        narrow = relation if dataset.n_columns <= NARROW else _few_columns(connection, relation, indices)
        for index in indices:
            # One column at a time: a query about several takes longer than their own together.
            yield _profile_column(connection, (narrow, index), dataset.columns[index], dataset.n_rows, examples[index])


def _few_columns(connection: duckdb.DuckDBPyConnection, relation: str, indices: Sequence[int]) -> str:
    """Return these columns as a table of their own: each query of a wide file has to get past all other columns."""
    names = ", ".join(f"c{index}" for index in indices)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE few_columns AS SELECT {names} FROM {relation}")  # noqa: S608
    return "few_columns"


def _figures(connection: duckdb.DuckDBPyConnection, source: tuple[str, int], column: Column) -> tuple[Any, ...]:
    """Return values present, distinct values, minimum, maximum, mean, median, standard deviation of a column."""
    relation, index = source
    value = _measure(index, column)
    wanted = [f"count(c{index})", f"count(DISTINCT c{index})"]
    wanted += [f"min({value})", f"max({value})"] if value else ["NULL", "NULL"]
    numbers = [f"avg({value})", f"median({value})", f"stddev_samp({value})"]
    wanted += numbers if column.kind == "number" else ["NULL"] * 3
    found: tuple[Any, ...] = connection.execute(f"SELECT {', '.join(wanted)} FROM {relation}").fetchall()[0]  # noqa: S608
    return found


def _measure(index: int, column: Column) -> str | None:
    """Return a column as a number in SQL (dates as seconds since 1970); None for words and truth values."""
    if column.kind == "number":
        return f"CAST(c{index} AS DOUBLE)"
    return f"epoch(c{index})" if column.kind == "date" else None


def _examples(connection: duckdb.DuckDBPyConnection, relation: str, n_columns: int) -> list[tuple[str, ...]]:
    """Return the first different values of each column."""
    rows = connection.execute(f"SELECT * FROM {relation} LIMIT {EXAMPLE_ROWS}").fetchall()  # noqa: S608
    return [
        tuple(dict.fromkeys(str(row[index])[:80] for row in rows if row[index] is not None))[:N_EXAMPLES]
        for index in range(n_columns)
    ]


def _profile_column(
    connection: duckdb.DuckDBPyConnection,
    source: tuple[str, int],
    column: Column,
    n_rows: int,
    examples: tuple[str, ...],
) -> ColumnProfile:
    relation, index = source
    n_present, n_distinct, minimum, maximum, mean, median, sd = _figures(connection, source, column)
    is_date = column.kind == "date"
    value = _measure(index, column)
    if not n_present:
        distribution = Distribution((), ())
    elif value:
        edges = _edges(minimum, maximum, whole=column.dtype == "int64")
        counts = _count_bins(connection, relation, value, edges)
        distribution = Distribution(_bin_labels(edges, column), counts, () if is_date else edges)
    else:
        distribution = _top_values(connection, relation, index, n_present)
    return ColumnProfile(
        name=column.name,
        kind=column.kind,
        n_rows=n_rows,
        n_missing=n_rows - n_present,
        n_distinct=n_distinct,
        distribution=distribution,
        minimum=None if is_date else minimum,
        maximum=None if is_date else maximum,
        mean=mean,
        median=median,
        sd=sd,
        first=_iso(minimum) if is_date and n_present else None,
        last=_iso(maximum) if is_date and n_present else None,
        examples=examples,
    )


def _edges(minimum: float, maximum: float, *, whole: bool) -> tuple[float, ...]:
    """Return the borders of up to `N_BINS` bins of equal width; few whole numbers get a bin each."""
    if whole and maximum - minimum < N_BINS:
        edges = [minimum - 0.5 + step for step in range(int(maximum - minimum) + 2)]
    else:
        width = maximum / N_BINS - minimum / N_BINS  # The difference itself may be beyond the largest number.
        edges = [*(minimum + width * step for step in range(N_BINS)), maximum]
    if all(low < high for low, high in itertools.pairwise(edges)):
        return tuple(edges)
    # One value, or values too large for numbers between them: a single bin around all.
    margin = max(0.5, abs(minimum) * 1e-6)
    return (minimum - margin, maximum + margin)


def _count_bins(
    connection: duckdb.DuckDBPyConnection, relation: str, value: str, edges: tuple[float, ...]
) -> tuple[int, ...]:
    n_bins, width = len(edges) - 1, edges[-1] / (len(edges) - 1) - edges[0] / (len(edges) - 1)
    # Halved, which is exact, because the difference itself may be beyond the largest number.
    number = f"least({n_bins - 1}, greatest(0, CAST(floor(({value} / 2 - ?) / ?) AS INTEGER)))"
    rows = connection.execute(
        f"SELECT {number} AS bin, count(*) FROM {relation} WHERE {value} IS NOT NULL GROUP BY bin",  # noqa: S608
        [edges[0] / 2, width / 2],
    ).fetchall()
    counts = dict(rows)
    return tuple(counts.get(bin_number, 0) for bin_number in range(n_bins))


def _bin_labels(edges: tuple[float, ...], column: Column) -> tuple[str, ...]:
    if column.kind == "date":
        return tuple(_iso(edge) for edge in edges[:-1])
    if edges[1] - edges[0] == 1 and edges[0] % 1 == 0.5:
        return tuple(f"{edge + 0.5:.0f}" for edge in edges[:-1])
    return tuple(f"{low:.4g} to {high:.4g}" for low, high in itertools.pairwise(edges))


def _top_values(connection: duckdb.DuckDBPyConnection, relation: str, index: int, n_present: int) -> Distribution:
    """Return the most frequent values, and all others together."""
    rows = connection.execute(
        f"SELECT c{index} AS x, count(*) AS n FROM {relation} WHERE c{index} IS NOT NULL "  # noqa: S608
        f"GROUP BY x ORDER BY n DESC, x LIMIT {N_CATEGORIES}"
    ).fetchall()
    labels = [str(value).lower() if isinstance(value, bool) else str(value)[:80] for value, _ in rows]
    counts = [count for _, count in rows]
    if sum(counts) < n_present:
        labels.append("all others")
        counts.append(n_present - sum(counts))
    return Distribution(tuple(labels), tuple(counts))


def _iso(seconds: float) -> str:
    """Return seconds since 1970 as an ISO date, with the time of day where there is one."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=round(seconds))
    return moment.strftime("%Y-%m-%d" if moment.time() == time() else "%Y-%m-%d %H:%M:%S")
