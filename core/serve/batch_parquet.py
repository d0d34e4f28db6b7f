"""Parquet files to answer: their columns stay as they are, the answers are columns beside them."""

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BadInputError
from core.records import Prototype
from core.serve.batch_rows import Answered, Chunk

MOST_ROWS = 20_000_000
MOST_BYTES = 20_000_000_000
MOST_BYTES_A_GROUP = 2_000_000_000
"""Unpacked; a small file can claim to hold more than any memory does."""
ROWS_A_GROUP = 100_000
PARQUET_HINT = "Write it again as plain Parquet, in row groups of about 100,000 rows."


class ParquetFile:
    """A Parquet file.

    Parameters
    ----------
    path : Path
        Where it is.
    prototype : Prototype
        What the model expects.

    Raises
    ------
    BadInputError
        When it is none, or would not fit into memory a group at a time.
    """

    def __init__(self, path: Path, prototype: Prototype) -> None:
        self._path = path
        try:
            with pq.ParquetFile(path) as file:
                metadata, schema = file.metadata, file.schema_arrow
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadInputError("The file is no Parquet file.", PARQUET_HINT) from error
        groups = [metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)]
        if metadata.num_rows > MOST_ROWS or sum(groups) > MOST_BYTES or max(groups, default=0) > MOST_BYTES_A_GROUP:
            raise BadInputError("Unpacked, the file is too large.", PARQUET_HINT)
        self._n_rows = int(metadata.num_rows)
        self.columns: Sequence[str] = list(schema.names)
        self._wanted = [column.name for column in prototype.columns if column.name in self.columns]
        self._classes_are_text = bool(prototype.classes)

    def count_rows(self) -> int:
        """Return how many rows there are."""
        return self._n_rows

    def chunks(self, start: int, size: int) -> Iterator[Chunk]:
        """Yield the rows after the first `start`, `size` at a time."""
        at = 0
        try:
            with pq.ParquetFile(self._path) as file:
                for batch in file.iter_batches(batch_size=size):
                    if at >= start:
                        yield self._chunk(at, batch)
                    at += batch.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadInputError(f"The file cannot be read after row {at:,}.", PARQUET_HINT) from error

    def _chunk(self, start: int, batch: pa.RecordBatch) -> Chunk:
        columns = [[_to_json(value) for value in batch.column(name).to_pylist()] for name in self._wanted]
        rows = [dict(zip(self._wanted, values, strict=True)) for values in zip(*columns, strict=True)]
        return Chunk(start, batch, rows, [""] * len(rows))

    def write_part(self, path: Path, chunk: Chunk, answered: Answered) -> None:
        """Write rows with their answers beside them."""
        kinds = [pa.string() if self._classes_are_text else pa.float64(), *[pa.float64()] * len(answered.classes)]
        kinds += [pa.int64(), pa.string(), pa.string(), pa.string()]
        table = pa.Table.from_batches([chunk.cells])
        for name, values, kind in zip(answered.names, answered.columns(), kinds, strict=True):
            table = table.append_column(name, pa.array(values, kind))
        pq.write_table(table, path)

    def join(self, parts: Sequence[Path], path: Path, names: Sequence[str]) -> None:  # noqa: ARG002 - a part names them
        """Write one file out of parts, in row groups of many of them."""
        with pq.ParquetWriter(path, pq.read_schema(parts[0])) as writer:
            waiting: list[pa.Table] = []
            for part in parts:
                waiting.append(pq.read_table(part))
                if sum(table.num_rows for table in waiting) >= ROWS_A_GROUP:
                    writer.write_table(pa.concat_tables(waiting))
                    waiting = []
            if waiting:
                writer.write_table(pa.concat_tables(waiting))


def _to_json(value: Any) -> Any:
    """Return a value as JSON would hold it; what JSON cannot hold stays, and the contract refuses it."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    return value
