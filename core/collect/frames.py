"""Dataset versions as pandas frames, with few and steady dtypes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BadInputError
from core.records import Column, DatasetVersion
from core.store import Store


def load_frame(
    store: Store, dataset_id: str, *, columns: Sequence[str] | None = None, start: int = 0, limit: int | None = None
) -> pd.DataFrame:
    """Return rows of a dataset version as a frame, in their order.

    Whole numbers are int64 where the whole column has no missing value and float64 otherwise, other numbers float64,
    text and categories `str` (missing: NaN), dates datetime64[us] without zone, truth values objects True, False or
    None. The dtype of a column is the same whichever rows are asked for.

    Parameters
    ----------
    columns : sequence of str, optional
        Names of the columns wanted, in the order wanted; default all.
    start : int
        Rows to skip.
    limit : int, optional
        Rows to return at most; default all.

    Raises
    ------
    NotFoundError
        When there is no such version.
    BadInputError
        When a column is not in the table.
    """
    dataset = store.get(DatasetVersion, dataset_id)
    wanted = {column.name: column for column in dataset.columns}
    names = list(columns) if columns is not None else list(wanted)
    unknown = [name for name in names if name not in wanted]
    if unknown:
        raise BadInputError(f"The table has no column '{unknown[0]}'.", "Choose among its columns.")
    chosen = tuple(wanted[name] for name in names)
    return read_frame(store.files.dataset(dataset_id), chosen, start=start, limit=limit)


def read_frame(path: Path, columns: Sequence[Column], *, start: int = 0, limit: int | None = None) -> pd.DataFrame:
    """Return rows of a Parquet file in our few types as a frame; dtypes as in `load_frame`."""
    names, wanted = [column.name for column in columns], {column.name: column for column in columns}
    with pq.ParquetFile(path) as file:
        with_missing = {name for name in names if wanted[name].dtype == "int64" and _has_missing(file, name)}
        table = _read(file, names, start, limit)
    data = {name: _to_series(table.column(name), wanted[name], name in with_missing) for name in names}
    frame = pd.DataFrame(data, columns=names)
    frame.index = pd.RangeIndex(start, start + table.num_rows)
    return frame


def load_rows(store: Store, dataset_id: str, rows: Sequence[int]) -> pd.DataFrame:
    """Return single rows of a dataset version, numbered from 0, in the order asked for; dtypes as in `load_frame`.

    Raises
    ------
    NotFoundError
        When there is no such version.
    BadInputError
        When it has no such row.
    """
    n_rows = store.get(DatasetVersion, dataset_id).n_rows
    if beyond := [row for row in rows if not 0 <= row < n_rows]:
        raise BadInputError(f"The table has no row {beyond[0] + 1:,}.", f"It has {n_rows:,}.")
    if not rows:
        return load_frame(store, dataset_id, limit=0)
    return pd.concat([load_frame(store, dataset_id, start=row, limit=1) for row in rows])


def _read(file: pq.ParquetFile, names: list[str], start: int, limit: int | None) -> pa.Table:
    """Read only the row groups that hold the rows asked for."""
    metadata = file.metadata
    end = metadata.num_rows if limit is None else min(start + limit, metadata.num_rows)
    groups, first, begin = [], None, 0
    for group in range(metadata.num_row_groups):
        n_rows = metadata.row_group(group).num_rows
        if begin < end and begin + n_rows > start:
            groups.append(group)
            first = begin if first is None else first
        begin += n_rows
    return file.read_row_groups(groups, columns=names).slice(start - (first or 0), max(end - start, 0))


def _has_missing(file: pq.ParquetFile, name: str) -> bool:
    index = file.schema_arrow.get_field_index(name)
    groups = (file.metadata.row_group(group).column(index) for group in range(file.metadata.num_row_groups))
    return any(group.statistics is None or group.statistics.null_count > 0 for group in groups)


def _to_series(values: pa.ChunkedArray, column: Column, with_missing: bool) -> pd.Series:
    if column.dtype == "int64" and with_missing:
        values = values.cast(pa.float64())
    if column.dtype == "string":
        return pd.Series(values.to_pandas(), dtype="str")
    if column.dtype == "bool":
        return pd.Series(values.to_pylist(), dtype=object)
    return pd.Series(values.to_pandas())
