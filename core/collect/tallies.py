"""A table is written and counted in one pass over its text.

A query that writes Parquet returns no counts. So each cell out of the common draws a number from a sequence: the last
number drawn says how many such cells there were. Only those cells pay for it, because a CASE works out the branch it
takes and no other. All cells that do not fit become gaps, and Parquet keeps how many gaps a column has.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from core.collect.cell_sql import RESPELLED, Proved, blanks_matter, has_blanks, may_have_blanks, text_sql
from core.collect.staging import write_parquet
from core.collect.words import sql_list, sql_name

MISSING, FAILED, CHANGED = "missing", "failed", "changed"


def write_and_tally(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], guesses: Sequence[Proved], target: Path
) -> list[Proved]:
    """Write `raw`, with its columns named and typed, as Parquet; return the guesses with the counts over all rows.

    The file is what it is to be where nothing failed.
    """
    # The steps are subqueries, so that each is worked out once for a cell.
    texts = ", ".join(f"c{n}, {_text(n, guess)} AS t{n}" for n, guess in enumerate(guesses))
    values = ", ".join(
        f"c{n}, t{n}, {guess.column_type.expression.replace('{x}', f't{n}')} AS v{n}" for n, guess in enumerate(guesses)
    )
    cells = ", ".join(
        f"{_cell(n, guess)} AS {sql_name(name)}" for n, (guess, name) in enumerate(zip(guesses, names, strict=True))
    )
    query = f"SELECT {cells} FROM (SELECT {values} FROM (SELECT {texts} FROM raw))"  # noqa: S608
    sequences = [_sequence(n, what) for n, guess in enumerate(guesses) for what in _tallied(guess)]
    connection.execute("; ".join(f"CREATE OR REPLACE TEMP SEQUENCE {name}" for name in sequences))
    write_parquet(connection, query, target)
    drawn = _drawn(connection, sequences)
    with pq.ParquetFile(target) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        n_rows = file.metadata.num_rows
    return [
        replace(
            guess,
            n_fitting=n_rows - sum(group.column(n).statistics.null_count for group in groups),
            n_missing_words=drawn[_sequence(n, MISSING)],
            n_failed=drawn[_sequence(n, FAILED)],
            n_trimmed=drawn.get(_sequence(n, CHANGED), 0),
        )
        for n, guess in enumerate(guesses)
    ]


def _tallied(guess: Proved) -> tuple[str, ...]:
    return (MISSING, FAILED, CHANGED) if guess.column_type.dtype == "string" else (MISSING, FAILED)


def _drawn(connection: duckdb.DuckDBPyConnection, sequences: Sequence[str]) -> dict[str, int]:
    """Return how many numbers were drawn from sequences; others may be left from another table."""
    rows = connection.execute("SELECT sequence_name, last_value FROM duckdb_sequences()").fetchall()
    return {name: last or 0 for name, last in rows if name in sequences}


def _text(n: int, guess: Proved) -> str:
    text = text_sql(n, guess)
    if guess.trimmed and guess.column_type.dtype == "string" and guess.column_type.code != RESPELLED:
        return f"CASE WHEN {text} <> c{n} THEN {_drawing(n, CHANGED, text)} ELSE c{n} END"
    return text


def _cell(n: int, guess: Proved) -> str:
    """Return SQL for a cell: its value, or a gap; the branches are those of `state_sql`.

    The first branch is the usual one: where all cells take it, DuckDB copies nothing.
    """
    words = sql_list(guess.column_type.missing_words)
    usual, branches = f"v{n} IS NOT NULL", []
    if blanks_matter(guess):
        usual += f" AND NOT {may_have_blanks(f't{n}')}"
        branches = [f"WHEN {has_blanks(f't{n}')} THEN {_gap(n, FAILED)}", f"WHEN v{n} IS NOT NULL THEN v{n}"]
    if guess.column_type.code == RESPELLED:
        usual = f"v{n} = c{n}"
        branches.insert(-1 if branches else 0, f"WHEN v{n} <> c{n} THEN {_drawing(n, CHANGED, f'v{n}')}")
    branches += [
        f"WHEN t{n} <> '' AND lower(t{n}) IN {words} THEN {_gap(n, MISSING)}",
        f"WHEN t{n} <> '' THEN {_gap(n, FAILED)}",
    ]
    return f"CASE WHEN {usual} THEN v{n} {' '.join(branches)} END"


def _gap(n: int, what: str) -> str:
    """Return SQL that counts a cell and leaves a gap of the type of its column: no number drawn is below zero."""
    return f"CASE WHEN nextval('{_sequence(n, what)}') < 0 THEN v{n} END"


def _drawing(n: int, what: str, value: str) -> str:
    return f"CASE WHEN nextval('{_sequence(n, what)}') > 0 THEN {value} END"


def _sequence(n: int, what: str) -> str:
    return f"{what}_{n}"
