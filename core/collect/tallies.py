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
    sequences = [f"CREATE OR REPLACE SEQUENCE {_sequence(n, what)}" for n in range(len(guesses)) for what in
                 (MISSING, FAILED, CHANGED)]  # fmt: skip
    connection.execute("; ".join(sequences))
    # The steps are subqueries, so that each is worked out once for a cell.
    texts = ", ".join(f"c{n}, {_text(n, guess)} AS t{n}" for n, guess in enumerate(guesses))
    values = ", ".join(
        f"c{n}, t{n}, {guess.column_type.expression.replace('{x}', f't{n}')} AS v{n}" for n, guess in enumerate(guesses)
    )
    cells = ", ".join(
        f"{_cell(n, guess)} AS {sql_name(name)}" for n, (guess, name) in enumerate(zip(guesses, names, strict=True))
    )
    write_parquet(connection, f"SELECT {cells} FROM (SELECT {values} FROM (SELECT {texts} FROM raw))", target)  # noqa: S608
    drawn = _drawn(connection)
    with pq.ParquetFile(target) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        n_rows = file.metadata.num_rows
    return [
        replace(
            guess,
            n_fitting=n_rows - sum(group.column(n).statistics.null_count for group in groups),
            n_missing_words=drawn[_sequence(n, MISSING)],
            n_failed=drawn[_sequence(n, FAILED)],
            n_trimmed=drawn[_sequence(n, CHANGED)],
        )
        for n, guess in enumerate(guesses)
    ]


def _drawn(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(
        connection.execute(
            "SELECT sequence_name, coalesce(last_value, 0) FROM duckdb_sequences() "
            "WHERE database_name = current_database()"
        ).fetchall()
    )


def _text(n: int, guess: Proved) -> str:
    text = text_sql(n, guess)
    if guess.trimmed and guess.column_type.dtype == "string" and guess.column_type.code != RESPELLED:
        return f"CASE WHEN {text} <> c{n} THEN {_drawing(n, CHANGED, text)} ELSE c{n} END"
    return text


def _cell(n: int, guess: Proved) -> str:
    """Return SQL for a cell: its value, or a gap; the branches are those of `state_sql`."""
    branches = []
    if blanks_matter(guess):
        branches.append(f"WHEN {may_have_blanks(f't{n}')} AND {has_blanks(f't{n}')} THEN {_gap(n, FAILED)}")
    if guess.column_type.code == RESPELLED:
        branches.append(f"WHEN v{n} <> c{n} THEN {_drawing(n, CHANGED, f'v{n}')}")
    words = sql_list(guess.column_type.missing_words)
    branches += [
        f"WHEN v{n} IS NOT NULL THEN v{n}",
        f"WHEN t{n} <> '' AND lower(t{n}) IN {words} THEN {_gap(n, MISSING)}",
        f"WHEN t{n} <> '' THEN {_gap(n, FAILED)}",
    ]
    return f"CASE {' '.join(branches)} END"


def _gap(n: int, what: str) -> str:
    """Return SQL that counts a cell and leaves a gap of the type of its column: no number drawn is below zero."""
    return f"CASE WHEN nextval('{_sequence(n, what)}') < 0 THEN v{n} END"


def _drawing(n: int, what: str, value: str) -> str:
    return f"CASE WHEN nextval('{_sequence(n, what)}') > 0 THEN {value} END"


def _sequence(n: int, what: str) -> str:
    return f"{what}_{n}"
