"""From text with a known layout to typed Parquet, through DuckDB, with bounded memory and the rows in their order.

Every value is first taken as text. Types are found on a sample and proved on all rows; what does not fit either is one
of a few stray words, which become missing and are reported, or changes the type.
"""

import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect.column_types import CODES, WORDS, ColumnType, find_type, stray_words_allowed
from core.collect.words import BLANKS, MISSING_WORDS, sql_list, sql_name, sql_text
from core.records import Column, Decision

MEMORY_LIMIT = "1GB"
SAMPLE_ROWS = 2_000
MAX_COUNTEREXAMPLES = 1_000
MAX_ROUNDS = 5
ROW_GROUP_SIZE = 122_880
CELLS_A_BATCH = 200_000
COLUMNS_A_QUERY = 8
"""The time to plan a query grows with the square of its length ..."""
NARROW = 24
"""... but up to so many columns are asked about at once, because each query reads the file anew."""


@contextmanager
def open_staging(workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database of its own in the workspace, with bounded memory."""
    config = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(workspace / "spill")}
    with duckdb.connect(workspace / "staging.duckdb", config=config) as connection:
        connection.execute("SET enable_progress_bar = false")  # It would print on our standard output.
        # It turns TRY_CAST over a CSV file into a CAST, which ends at the first value that does not fit (DuckDB 2.0).
        connection.execute("SET disabled_optimizers = 'type_pushdown'")
        yield connection


def load_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, n_columns: int, *, delimiter: str, quote: str, skip: int
) -> None:
    """Make a clean delimited file readable as `raw`: text columns c0, c1, ...

    The file is read anew at each query, which is faster than a copy; reading a row with another number of values
    than `n_columns`, or a quote that never closes, raises a `duckdb.Error` then. Wide files, which take many
    queries, are copied.
    """
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(n_columns))
    source = (
        f"read_csv({sql_text(str(path))}, auto_detect=false, header=false, skip={skip}, "
        f"delim={sql_text(delimiter)}, quote={sql_text(quote)}, escape={sql_text(quote)}, columns={{{columns}}})"
    )
    _define_raw(connection, source, copied=n_columns > NARROW)


def load_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make a file of text columns c0, c1, ... in Parquet readable as `raw`."""
    _define_raw(connection, f"read_parquet({sql_text(str(path))})", copied=False)


def _define_raw(connection: duckdb.DuckDBPyConnection, source: str, *, copied: bool) -> None:
    kinds = connection.execute("SELECT table_type FROM information_schema.tables WHERE table_name = 'raw'").fetchall()
    for (kind,) in kinds:
        connection.execute("DROP VIEW raw" if kind == "VIEW" else "DROP TABLE raw")
    connection.execute(f"CREATE {'TABLE' if copied else 'VIEW'} raw AS SELECT * FROM {source}")  # noqa: S608


@dataclass(frozen=True)
class Rectangle:
    """What came of making rows equally long: how many there were, were filled up, and (from 1) were left out."""

    n_rows: int
    n_short: int
    too_long: tuple[int, ...]


def write_rectangular(rows: Iterable[Sequence[str | None]], width: int, target: Path) -> Rectangle:
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
                if len(row) > width and any(cell and cell.strip() for cell in row[width:]):
                    too_long.append(n_rows)
                    continue
                n_short += len(row) < width
                even.append([*row[:width], *[None] * (width - len(row))])
            columns = [pa.array(column, pa.string()) for column in zip(*even, strict=True)]
            if columns:
                writer.write_table(pa.table(columns, schema=schema))
    return Rectangle(n_rows, n_short, tuple(too_long))


def _batches(rows: Iterable[Sequence[str | None]], size: int) -> Iterator[list[Sequence[str | None]]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


@dataclass(frozen=True)
class Proved:
    """The type of a column that all its rows bear out, and how they did.

    `trimmed`: blanks are taken off the ends of its values. `strays` are the few words that do not fit.
    """

    column_type: ColumnType
    trimmed: bool
    n_fitting: int = 0
    n_missing_words: int = 0
    n_failed: int = 0
    n_trimmed: int = 0
    strays: tuple[str, ...] = ()


def find_types(connection: duckdb.DuckDBPyConnection, *, european: bool, texts: Container[int] = ()) -> list[Proved]:
    """Return the type of each column of `raw`, found on its first rows and proved on all.

    Parameters
    ----------
    european : bool
        Whether a comma in a number more likely begins its decimals.
    texts : container of int
        Columns that are known to be text: they stay text unless they hold dates.

    Raises
    ------
    duckdb.Error
        When the file behind `raw` turns out not to be clean.
    """
    samples = _sample(connection)
    guesses = {index: _guess(connection, values, european) for index, values in enumerate(samples)}
    proofs: dict[int, Proved] = {}
    size = NARROW if len(guesses) <= NARROW else COLUMNS_A_QUERY
    for start in range(0, len(guesses), size):
        proofs |= _prove(connection, {index: guesses[index] for index in list(guesses)[start : start + size]})
    found = [_settle(connection, index, proofs[index], samples[index], european) for index in guesses]
    return [
        _prove(connection, {index: Proved(WORDS, trimmed=True)})[index]
        if index in texts and proof.column_type.kind in ("number", "boolean")
        else proof
        for index, proof in enumerate(found)
    ]


def _sample(connection: duckdb.DuckDBPyConnection) -> list[Counter[str]]:
    """Return the values of the first rows, column by column."""
    rows = connection.sql(f"SELECT * FROM raw LIMIT {SAMPLE_ROWS}").to_arrow_table()  # noqa: S608
    return [Counter(value for value in column.to_pylist() if value is not None) for column in rows.columns]


def _guess(connection: duckdb.DuckDBPyConnection, sample: Counter[str], european: bool) -> Proved:
    stripped: Counter[str] = Counter()
    for value, count in sample.items():
        stripped[value.strip(BLANKS)] += count
    column_type = find_type(stripped, connection, european=european)
    return Proved(column_type, trimmed=any(value != value.strip(BLANKS) for value in sample))


def _settle(
    connection: duckdb.DuckDBPyConnection, index: int, proof: Proved, sample: Counter[str], european: bool
) -> Proved:
    """Return the type that all rows of a column bear out, going on from what failed."""
    for _ in range(MAX_ROUNDS):
        if not proof.n_failed:
            return _judge_codes(connection, index, proof, sample, european) if proof.column_type == CODES else proof
        failing = _failing(connection, index, proof)
        n_present = proof.n_fitting + proof.n_failed
        few = failing.total() == proof.n_failed and stray_words_allowed(n_present, failing)
        if few and all(value == value.strip(BLANKS) for value in failing):
            return replace(proof, strays=tuple(failing))
        sample = sample + failing
        proof = _prove(connection, {index: _guess(connection, sample, european)})[index]
    return _prove(connection, {index: Proved(WORDS, trimmed=True)})[index]


def _judge_codes(
    connection: duckdb.DuckDBPyConnection, index: int, proof: Proved, sample: Counter[str], european: bool
) -> Proved:
    """Judge leading zeros by all rows: in a sorted file the first ones do not show that they fill up amounts."""
    text = _text(index, proof)
    rows = connection.execute(
        f"SELECT min({text}) FROM raw WHERE {_state(index, proof)} = 1 "  # noqa: S608
        f"GROUP BY length({text}), length(ltrim({text}, '0'))"
    ).fetchall()
    guess = _guess(connection, sample + Counter(value for (value,) in rows), european)
    if guess.column_type.kind != "number":
        return proof
    again = _prove(connection, {index: guess})[index]
    return proof if again.n_failed else again


def _text(index: int, proof: Proved) -> str:
    return f"trim(c{index}, {sql_text(BLANKS)})" if proof.trimmed else f"c{index}"


def _value(index: int, proof: Proved) -> str:
    return proof.column_type.expression.replace("{x}", _text(index, proof))


def _state(index: int, proof: Proved) -> str:
    """Return SQL for how a cell fares: 0 blank, 1 fits, 2 a word for nothing, 3 does not fit."""
    text = _text(index, proof)
    fits = f"{_value(index, proof)} IS NOT NULL"
    if not proof.trimmed and proof.column_type.dtype == "string":
        # Blanks at the ends that the sample did not show.
        fits += f" AND NOT regexp_matches({text}, {sql_text(f'^[{BLANKS}]|[{BLANKS}]$')})"
    return (
        f"CASE WHEN c{index} IS NULL OR {text} = '' THEN 0 WHEN {fits} THEN 1 "
        f"WHEN lower({text}) IN {sql_list(MISSING_WORDS)} THEN 2 ELSE 3 END"
    )


def _prove(connection: duckdb.DuckDBPyConnection, guesses: dict[int, Proved]) -> dict[int, Proved]:
    """Count over all rows what fits the types and what does not."""
    states, counts = [], []
    for index, guess in guesses.items():
        changed = f"{_text(index, guess)} <> c{index}" if guess.trimmed else "false"
        states += [f"{_state(index, guess)} AS s{index}", f"{changed} AS t{index}"]
        counts += [f"count(*) FILTER (s{index} = {state})" for state in (1, 2, 3)]
        counts.append(f"count(*) FILTER (t{index})" if guess.column_type.dtype == "string" else "0")
    query = f"SELECT {', '.join(counts)} FROM (SELECT {', '.join(states)} FROM raw)"  # noqa: S608
    found = connection.execute(query).fetchall()[0]
    return {
        index: replace(guess, n_fitting=fit, n_missing_words=missing, n_failed=failed, n_trimmed=trimmed)
        for (index, guess), (fit, missing, failed, trimmed) in zip(guesses.items(), _fours(found), strict=True)
    }


def _fours(values: Sequence[int]) -> list[tuple[int, int, int, int]]:
    return [(values[at], values[at + 1], values[at + 2], values[at + 3]) for at in range(0, len(values), 4)]


def _failing(connection: duckdb.DuckDBPyConnection, index: int, proof: Proved) -> Counter[str]:
    """Return the values of a column that do not fit its type, the frequent ones first."""
    rows = connection.execute(
        f"SELECT c{index} AS x, count(*) AS n FROM raw WHERE {_state(index, proof)} = 3 "  # noqa: S608
        f"GROUP BY x ORDER BY n DESC, x LIMIT {MAX_COUNTEREXAMPLES}"
    ).fetchall()
    return Counter(dict(rows))


def report_types(names: Sequence[str], proofs: Sequence[Proved]) -> list[Decision]:
    """Say what was done to the values of each column, where anything was."""
    decisions: list[Decision] = []
    for name, proof in zip(names, proofs, strict=True):
        column_type = proof.column_type
        told = [
            (column_type.code, column_type.sentence, proof.n_fitting if column_type.code else 0, ()),
            ("missing_words", "words that stand for nothing became missing values.", proof.n_missing_words, ()),
            ("stray_words", f"words among {column_type.kind}s became missing.", proof.n_failed, proof.strays),
            ("blanks", "blanks around values were taken off.", proof.n_trimmed, ()),
        ]
        decisions += [
            Decision(code, f"Column '{name}': {words}", count, shown) for code, words, count, shown in told if count
        ]
    return decisions


def write_parquet(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], proofs: Sequence[Proved], target: Path
) -> tuple[Column, ...]:
    """Write `raw`, with its columns named and typed, as Parquet; return the columns."""
    selected = ", ".join(
        f"{_value(index, proof)} AS {sql_name(name)}"
        for index, (name, proof) in enumerate(zip(names, proofs, strict=True))
    )
    connection.execute(
        f"COPY (SELECT {selected} FROM raw) TO {sql_text(str(target))} "  # noqa: S608
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    )
    return tuple(
        Column(name, proof.column_type.kind, proof.column_type.dtype) for name, proof in zip(names, proofs, strict=True)
    )
