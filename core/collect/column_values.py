"""The stored values of columns as arrays, a few columns in memory at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.records import Column

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
COLUMNS_A_READ = 32


def read_columns(
    path: Path, columns: Sequence[Column], rows: Codes | None = None
) -> Iterator[tuple[Column, pa.ChunkedArray]]:
    """Yield each column with its values, in all rows or in those named (from 0, ascending)."""
    with pq.ParquetFile(path) as file:
        for start in range(0, len(columns), COLUMNS_A_READ):
            batch = columns[start : start + COLUMNS_A_READ]
            table = file.read(columns=[column.name for column in batch])
            if rows is not None and len(rows) < table.num_rows:
                table = table.take(rows)
            yield from ((column, table.column(column.name)) for column in batch)


def to_numbers(column: Column, values: pa.ChunkedArray) -> Floats:
    """Return a column of numbers, or of dates in seconds since 1970, as floats, shape (n_rows,).

    What is missing or not finite is NaN.
    """
    if column.kind == "date":
        return to_floats(pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64())) / 1e6
    return to_floats(values)


def to_floats(values: pa.ChunkedArray) -> Floats:
    """Return numbers as floats, shape (n_rows,); what is missing or not finite is NaN."""
    numbers: Floats = pc.cast(values, pa.float64(), safe=False).to_numpy().astype(np.float64, copy=True)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def to_codes(values: pa.ChunkedArray) -> tuple[Codes, list[object]]:
    """Return words or truth values as numbers of their levels, shape (n_rows,), and the levels; missing is -1.

    Levels stand in the order in which they first occur.
    """
    encoded = values.combine_chunks().dictionary_encode()
    codes = pc.fill_null(pc.cast(encoded.indices, pa.int64()), -1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64), encoded.dictionary.to_pylist()
