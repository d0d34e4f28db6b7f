"""Rows of text on disk, whatever file they came from, as `raw` in a DuckDB of bounded memory: columns c0, c1, ...

The first of them are `first_rows`.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect.words import sql_text

MEMORY_LIMIT = "1GB"
ROW_GROUP_SIZE = 122_880
CELLS_A_BATCH = 200_000
MAX_SHOWN, MAX_CELLS_SHOWN, MAX_CHARACTERS_SHOWN = 5, 50, 100
COMPRESSION_LEVEL = -1
"""Of zstd: written and read a quarter quicker than at level 1, and a sixth larger."""
MAX_DICTIONARY = 8_192
"""A column with more different values in a row group is written without a dictionary: to try one costs time. DuckDB
makes room for so many in each column, so this is for tables of few columns."""
COLUMNS_A_QUERY = 8
"""The time to plan a query grows with the square of its length ..."""
NARROW = 24
"""... but up to so many columns are asked about at once, because each query reads the file anew."""
N_FIRST_ROWS = 2_000
SMALL_BUFFER = 4 << 20
"""The first rows are there sooner when DuckDB does not fill its usual 32 MB; it holds two of the longest lines."""


@contextmanager
def open_staging(workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database of its own in the workspace, with bounded memory."""
    config = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(workspace / "spill")}
    with duckdb.connect(workspace / "staging.duckdb", config=config) as connection:
        connection.execute("SET enable_progress_bar = false")  # It would print on our standard output.
        # The first turns TRY_CAST over a CSV file into a CAST, which ends at the first value that does not fit. The
        # second turns each list of words into a join that carries all columns: slow, and too much memory at 300
        # (DuckDB 2.0).
        connection.execute("SET disabled_optimizers = 'type_pushdown, in_clause'")
        yield connection


@contextmanager
def open_for_stored(workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database as `open_staging` does, for stored tables: as they never change, each is made out only once."""
    with open_staging(workspace) as connection:
        connection.execute("SET parquet_metadata_cache = true")
        yield connection


@contextmanager
def open_beside(workspace: Path) -> Iterator[Future[duckdb.DuckDBPyConnection]]:
    """Open a database as `open_staging` does, while the caller looks at the file: both take as long."""
    with ExitStack() as stack, ThreadPoolExecutor(1) as beside:
        yield beside.submit(lambda: stack.enter_context(open_staging(workspace)))


def load_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, n_columns: int, *, delimiter: str, quote: str, skip: int
) -> None:
    """Make a clean delimited file readable as `raw`: text columns c0, c1, ...

    The file is read anew at each query, which is faster than a copy; reading a row with another number of values
    than `n_columns`, or a quote that never closes, raises a `duckdb.Error` then. Wide files, which take many
    queries, are copied.
    """
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(n_columns))
    options = (
        f"{sql_text(str(path))}, auto_detect=false, header=false, skip={skip}, "
        f"delim={sql_text(delimiter)}, quote={sql_text(quote)}, escape={sql_text(quote)}, columns={{{columns}}}"
    )
    if n_columns > NARROW:
        connection.execute(f"CREATE OR REPLACE TABLE raw_rows AS SELECT * FROM read_csv({options})")  # noqa: S608
        define_raw(connection, "raw_rows")
    else:
        define_raw(connection, f"read_csv({options})", start=f"read_csv({options}, buffer_size={SMALL_BUFFER})")


def load_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make a file of text columns c0, c1, ... in Parquet readable as `raw`."""
    define_raw(connection, f"read_parquet({sql_text(str(path))})")


def define_raw(connection: duckdb.DuckDBPyConnection, source: str, *, start: str = "") -> None:
    """Make a relation with the columns c0, c1, ... readable as `raw`, and its first rows as `first_rows`.

    Parameters
    ----------
    start : str, optional
        The same relation, where there is a way of reading it that is quicker for the first rows.
    """
    # What is not kept need not wait for the disk, which the copy of the original may keep busy.
    connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS SELECT * FROM {source}")  # noqa: S608
    first = f"SELECT * FROM {start or source} LIMIT {N_FIRST_ROWS}"  # noqa: S608
    connection.execute(f"CREATE OR REPLACE TEMP TABLE first_rows AS {first}")


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, target: Path, *, is_narrow: bool) -> None:
    """Write what a query gives as Parquet: packed quickly, numbers by their differences (version 2)."""
    dictionary = f", DICTIONARY_SIZE_LIMIT {MAX_DICTIONARY}" if is_narrow else ""
    connection.execute(
        f"COPY ({query}) TO {sql_text(str(target))} "
        f"(FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, COMPRESSION_LEVEL {COMPRESSION_LEVEL}, "
        f"ROW_GROUP_SIZE {ROW_GROUP_SIZE}{dictionary})"
    )


@dataclass(frozen=True)
class Rectangle:
    """What came of making rows equally long: how many there were, were filled up, and were left out.

    The first of those that did not fit are shown.
    """

    n_rows: int
    n_short: int = 0
    n_long: int = 0
    short: tuple[str, ...] = ()
    long: tuple[str, ...] = ()


def write_rectangular(rows: Iterable[Sequence[str | None]], width: int, target: Path) -> Rectangle:
    """Write rows of any length as text in Parquet, `width` columns named c0, c1, ...

    Short rows are filled up with missing values. Values beyond the width are dropped where they are blank; a row that
    has more real values than there are columns is left out, since nobody knows which belongs where.
    """
    schema = pa.schema([(f"c{index}", pa.string()) for index in range(width)])
    n_rows = n_short = n_long = 0
    short: list[str] = []
    long: list[str] = []
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in _batches(rows, max(1, CELLS_A_BATCH // width)):
            even = []
            for row in batch:
                n_rows += 1
                if len(row) > width and any(cell and cell.strip() for cell in row[width:]):
                    n_long += 1
                    _show(long, n_rows, row)
                    continue
                if len(row) < width:
                    n_short += 1
                    _show(short, n_rows, row)
                even.append([*row[:width], *[None] * (width - len(row))])
            columns = [pa.array(column, pa.string()) for column in zip(*even, strict=True)]
            if columns:
                writer.write_table(pa.table(columns, schema=schema))
    return Rectangle(n_rows, n_short, n_long, tuple(short), tuple(long))


def _show(shown: list[str], number: int, row: Sequence[str | None]) -> None:
    if len(shown) < MAX_SHOWN:
        text = " | ".join(cell or "" for cell in row[:MAX_CELLS_SHOWN])
        shown.append(f"row {number:,}: {text[:MAX_CHARACTERS_SHOWN]}")


def _batches(rows: Iterable[Sequence[str | None]], size: int) -> Iterator[list[Sequence[str | None]]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
