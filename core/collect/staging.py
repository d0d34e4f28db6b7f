"""From text with a known layout to typed Parquet, through a DuckDB table on disk.

Every value is first taken in as text. Types are found on a sample and proved on all rows; what does not fit either
is one of a few stray words, which become missing and are reported, or changes the type. Memory is bounded; the rows
keep their order.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect.column_types import WORDS, ColumnType, find_type, stray_words_allowed
from core.collect.words import BLANKS, MISSING_WORDS, sql_list, sql_name, sql_text
from core.records import Column, Decision

MEMORY_LIMIT = "1GB"
SAMPLE_ROWS = 10_000
MAX_COUNTEREXAMPLES = 1_000
MAX_ROUNDS = 5
ROW_GROUP_SIZE = 122_880
CELLS_A_BATCH = 200_000
COLUMNS_A_QUERY = 16


@dataclass(frozen=True)
class _Proof:
    """How a type fared on all rows of its column."""

    n_present: int
    n_failed: int
    n_missing_words: int
    n_trimmed: int


@contextmanager
def open_staging(workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database of its own in the workspace, with bounded memory."""
    config = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(workspace / "spill")}
    with duckdb.connect(workspace / "staging.duckdb", config=config) as connection:
        yield connection


def load_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, n_columns: int, *, delimiter: str, quote: str, skip: int
) -> int:
    """Take a clean delimited file in as text, as table `raw` with the columns c0, c1, ...; return the number of rows.

    Raises
    ------
    duckdb.Error
        When a row has another number of values than `n_columns`, or quotes are not closed.
    """
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(n_columns))
    connection.execute("DROP TABLE IF EXISTS raw")
    connection.execute(
        f"CREATE TABLE raw AS SELECT * FROM read_csv(?, auto_detect=false, header=false, skip={skip}, "  # noqa: S608
        f"delim={sql_text(delimiter)}, quote={sql_text(quote)}, escape={sql_text(quote)}, columns={{{columns}}})",
        [str(path)],
    )
    return count_rows(connection)


def count_rows(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of rows taken in."""
    return int(connection.execute("SELECT count(*) FROM raw").fetchall()[0][0])


@dataclass(frozen=True)
class Rectangle:
    """What came of making rows equally long: how many there were, were filled up, and (from 1) were left out."""

    n_rows: int
    n_short: int
    too_long: tuple[int, ...]


def write_rectangular(rows: Iterable[Sequence[str]], width: int, target: Path) -> Rectangle:
    """Write rows of any length as text in Parquet, `width` columns named c0, c1, ...

    Short rows are filled up with missing values. Values beyond the width are dropped where they are blank; a row that
    has more real values than there are columns is left out, since nobody knows which belongs where.
    """
    schema = pa.schema([(f"c{index}", pa.string()) for index in range(width)])
    n_rows = n_short = 0
    too_long: list[int] = []
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in _batches(rows, max(1, CELLS_A_BATCH // width)):
            even = []
            for row in batch:
                n_rows += 1
                if len(row) > width and any(cell.strip() for cell in row[width:]):
                    too_long.append(n_rows)
                    continue
                n_short += len(row) < width
                even.append([*row[:width], *[None] * (width - len(row))])
            columns = [pa.array(column, pa.string()) for column in zip(*even, strict=True)]
            if columns:
                writer.write_table(pa.table(columns, schema=schema))
    return Rectangle(n_rows, n_short, tuple(too_long))


def _batches(rows: Iterable[Sequence[str]], size: int) -> Iterator[list[Sequence[str]]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def load_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Take rows in that are text in Parquet already, as table `raw`."""
    connection.execute("DROP TABLE IF EXISTS raw")
    connection.execute("CREATE TABLE raw AS SELECT * FROM read_parquet(?)", [str(path)])


def find_types(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], *, european: bool
) -> tuple[list[ColumnType], list[Decision]]:
    """Return the type of each column of `raw`, proved on all its rows, and what was decided on the way."""
    samples = _sample(connection)
    guesses = {i: find_type(values, connection, european=european) for i, values in enumerate(samples)}
    proofs = _prove(connection, guesses)
    types: list[ColumnType] = []
    decisions: list[Decision] = []
    for index, name in enumerate(names):
        settled = _settle(connection, index, guesses[index], proofs[index], samples[index], european)
        types.append(settled.column_type)
        decisions += _report(name, settled)
    return types, decisions


@dataclass(frozen=True)
class _Settled:
    column_type: ColumnType
    proof: _Proof
    strays: Counter[str]


def _sample(connection: duckdb.DuckDBPyConnection) -> list[Counter[str]]:
    """Return the values of rows evenly spread over the table, column by column."""
    step = max(1, count_rows(connection) // SAMPLE_ROWS)
    rows = connection.sql(f"SELECT * FROM raw WHERE rowid % {step} = 0").to_arrow_table()  # noqa: S608
    return [
        Counter(value.strip(BLANKS) for value in column.to_pylist() if value is not None) for column in rows.columns
    ]


def _settle(
    connection: duckdb.DuckDBPyConnection,
    index: int,
    column_type: ColumnType,
    proof: _Proof,
    sample: Counter[str],
    european: bool,
) -> _Settled:
    """Return the type that all rows of a column bear out, starting from a guess."""
    strays: Counter[str] = Counter()
    for _ in range(MAX_ROUNDS):
        if not proof.n_failed:
            return _Settled(column_type, proof, Counter())
        strays = _failing(connection, index, column_type)
        if strays.total() == proof.n_failed and stray_words_allowed(proof.n_present, strays):
            return _Settled(column_type, proof, strays)
        sample = sample + strays
        column_type = find_type(sample, connection, european=european)
        proof = _prove(connection, {index: column_type})[index]
    return _Settled(WORDS, _prove(connection, {index: WORDS})[index], Counter())


def _text(index: int) -> str:
    return f"trim(c{index}, {sql_text(BLANKS)})"


def _value(index: int, column_type: ColumnType) -> str:
    return column_type.expression.replace("{x}", _text(index))


def _is_failure(index: int, column_type: ColumnType) -> str:
    missing = f"lower({_text(index)}) IN {sql_list(MISSING_WORDS)}"
    return f"c{index} IS NOT NULL AND {_value(index, column_type)} IS NULL AND NOT {missing}"


def _prove(connection: duckdb.DuckDBPyConnection, types: dict[int, ColumnType]) -> dict[int, _Proof]:
    """Count over all rows what fits the types and what does not."""
    proofs: dict[int, _Proof] = {}
    indexes = list(types)
    # The time to plan a query grows with the square of its length.
    for start in range(0, len(indexes), COLUMNS_A_QUERY):
        proofs |= _prove_some(connection, {index: types[index] for index in indexes[start : start + COLUMNS_A_QUERY]})
    return proofs


def _prove_some(connection: duckdb.DuckDBPyConnection, types: dict[int, ColumnType]) -> dict[int, _Proof]:
    counts = []
    for index, column_type in types.items():
        text, value = _text(index), _value(index, column_type)
        counts += [
            f"count(nullif({text}, ''))",
            f"count(*) FILTER ({_is_failure(index, column_type)})",
            f"count(*) FILTER ({text} <> '' AND {value} IS NULL)",
            f"count(*) FILTER ({text} <> c{index})" if column_type.dtype == "string" else "0",
        ]
    found = connection.execute(f"SELECT {', '.join(counts)} FROM raw").fetchall()[0]  # noqa: S608
    return {
        index: _Proof(found[at], found[at + 1], found[at + 2] - found[at + 1], found[at + 3])
        for at, index in zip(range(0, len(found), 4), types, strict=True)
    }


def _failing(connection: duckdb.DuckDBPyConnection, index: int, column_type: ColumnType) -> Counter[str]:
    """Return the values of a column that do not fit its type, the frequent ones first."""
    rows = connection.execute(
        f"SELECT {_text(index)} AS x, count(*) AS n FROM raw WHERE {_is_failure(index, column_type)} "  # noqa: S608
        f"GROUP BY x ORDER BY n DESC, x LIMIT {MAX_COUNTEREXAMPLES}"
    ).fetchall()
    return Counter(dict(rows))


def _report(name: str, settled: _Settled) -> list[Decision]:
    """Say what was done to a column's values, where anything was."""
    proof, column_type = settled.proof, settled.column_type
    decisions = []
    if column_type.code:
        sentence = f"Column '{name}': {column_type.sentence}"
        decisions.append(Decision(column_type.code, sentence, proof.n_present - proof.n_missing_words))
    if proof.n_missing_words:
        sentence = f"Column '{name}': words that stand for nothing became missing values."
        decisions.append(Decision("missing_words", sentence, proof.n_missing_words))
    if settled.strays:
        sentence = f"Column '{name}': words among {column_type.kind}s became missing values."
        decisions.append(Decision("stray_words", sentence, settled.strays.total(), tuple(settled.strays)))
    if proof.n_trimmed:
        sentence = f"Column '{name}': blanks around values were taken off."
        decisions.append(Decision("blanks", sentence, proof.n_trimmed))
    return decisions


def write_parquet(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], types: Sequence[ColumnType], target: Path
) -> tuple[Column, ...]:
    """Write table `raw`, with its columns named and typed, as Parquet; return the columns."""
    selected = ", ".join(
        f"{_value(index, column_type)} AS {sql_name(name)}"
        for index, (name, column_type) in enumerate(zip(names, types, strict=True))
    )
    connection.execute(
        f"COPY (SELECT {selected} FROM raw) TO {sql_text(str(target))} "  # noqa: S608
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    )
    return tuple(Column(name, t.kind, t.dtype) for name, t in zip(names, types, strict=True))
