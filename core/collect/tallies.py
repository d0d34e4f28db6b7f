"""A table is written and counted in one pass over its text.

A query that writes Parquet returns no counts. So each cell out of the common calls a function of ours that counts it.
Only those cells pay for it, because a CASE works out the branch it takes and no other. All cells that do not fit become
gaps, and Parquet keeps how many gaps a column has. Blanks at the ends of texts, where the guess is that there are none,
are looked for in what was written: there a text that occurs often is looked at once. Texts that are seldom the same are
looked at as they are written: to unpack them again would take longer.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from core.collect.cell_sql import RESPELLED, Proved, blanks_matter, has_blanks, may_have_blanks, text_sql
from core.collect.staging import write_parquet
from core.collect.words import sql_list, sql_name, sql_text

COUNTED = "counted"
MISSING, FAILED, CHANGED, BLANK_END = range(4)
N_FATES = 4


def write_and_tally(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    guesses: Sequence[Proved],
    target: Path,
    varied: Collection[int] = (),
) -> list[Proved]:
    """Write `raw`, with its columns named and typed, as Parquet; return the guesses with the counts over all rows.

    The file is what it is to be where nothing failed.

    Parameters
    ----------
    varied : collection of int, optional
        Columns whose values are seldom the same.
    """
    # What is written in another spelling is a word of ours, without blanks.
    bare = {n for n, guess in enumerate(guesses) if blanks_matter(guess) and guess.column_type.code != RESPELLED}
    watched = {n for n in bare if n in varied}
    # The steps are subqueries, so that each is worked out once for a cell.
    texts = ", ".join(f"c{n}, {_text(n, guess)} AS t{n}" for n, guess in enumerate(guesses))
    values = ", ".join(
        f"c{n}, t{n}, {guess.column_type.expression.replace('{x}', f't{n}')} AS v{n}" for n, guess in enumerate(guesses)
    )
    cells = ", ".join(
        f"{_cell(n, guess, watched=n in watched)} AS {sql_name(name)}"
        for n, (guess, name) in enumerate(zip(guesses, names, strict=True))
    )
    query = f"SELECT {cells} FROM (SELECT {values} FROM (SELECT {texts} FROM raw))"  # noqa: S608
    with _counting(connection, N_FATES * len(guesses)) as counted:
        write_parquet(connection, query, target, is_narrow=True)
    with pq.ParquetFile(target) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        n_rows = file.metadata.num_rows
    blank = {n: counted[_key(n, BLANK_END)] for n in watched}
    blank |= _count_blank_ends(connection, {n: names[n] for n in sorted(bare - watched)}, target)
    return [
        replace(
            guess,
            n_fitting=n_rows - sum(group.column(n).statistics.null_count for group in groups) - blank.get(n, 0),
            n_missing_words=counted[_key(n, MISSING)],
            n_failed=counted[_key(n, FAILED)] + blank.get(n, 0),
            n_trimmed=counted[_key(n, CHANGED)],
        )
        for n, guess in enumerate(guesses)
    ]


def _count_blank_ends(connection: duckdb.DuckDBPyConnection, names: Mapping[int, str], path: Path) -> dict[int, int]:
    """Return how many texts of each column begin or end with a blank."""
    if not names:
        return {}
    texts = map(sql_name, names.values())
    counts = ", ".join(
        f"count(*) FILTER (CASE WHEN {may_have_blanks(text)} THEN {has_blanks(text)} END)" for text in texts
    )
    found = connection.execute(f"SELECT {counts} FROM read_parquet({sql_text(str(path))})").fetchall()[0]  # noqa: S608
    return dict(zip(names, found, strict=True))


@contextmanager
def _counting(connection: duckdb.DuckDBPyConnection, n_keys: int) -> Iterator[list[int]]:
    """Let SQL call COUNTED(key), which gives the key back; hand out a list that is filled, at the end, with the calls.

    Parameters
    ----------
    n_keys : int
        Keys are below it.
    """
    counters = [itertools.count() for _ in range(n_keys)]
    counted: list[int] = []

    def count(key: int) -> int:
        next(counters[key])  # DuckDB calls from several threads: a step of this counter is never lost.
        return key

    # A call a cell is quicker than one a batch of cells, unless nearly half of them are counted: it is the cells out of
    # the common. A number drawn from a sequence would count as well, but DuckDB (2.0) runs such a query on one core.
    connection.create_function(COUNTED, count, ["INTEGER"], "INTEGER", side_effects=True)
    try:
        yield counted
        counted += map(next, counters)
    finally:
        connection.remove_function(COUNTED)


def _text(n: int, guess: Proved) -> str:
    text = text_sql(n, guess)
    if guess.trimmed and guess.column_type.dtype == "string" and guess.column_type.code != RESPELLED:
        return f"CASE WHEN {text} <> c{n} THEN {_counted(n, CHANGED, text)} ELSE c{n} END"
    return text


def _cell(n: int, guess: Proved, *, watched: bool) -> str:
    """Return SQL for a cell: its value, or a gap; the branches are those of `state_sql`.

    The first branch is the usual one: where all cells take it, DuckDB copies nothing. Blanks at the ends of texts are
    counted where that is `watched`.
    """
    value, words = f"v{n}", sql_list(guess.column_type.missing_words)
    usual, branches = f"{value} IS NOT NULL", []
    if guess.column_type.code == RESPELLED:
        usual = f"{value} = c{n}"
        branches = [f"WHEN {value} <> c{n} THEN {_counted(n, CHANGED, value)}"]
    elif watched:
        usual = f"NOT {may_have_blanks(value)}"
        counted = _counted(n, BLANK_END, value)
        branches = [f"WHEN {has_blanks(value)} THEN {counted} WHEN {value} IS NOT NULL THEN {value}"]
    branches += [
        f"WHEN t{n} <> '' AND lower(t{n}) IN {words} THEN {_gap(n, MISSING)}",
        f"WHEN t{n} <> '' THEN {_gap(n, FAILED)}",
    ]
    return f"CASE WHEN {usual} THEN {value} {' '.join(branches)} END"


def _gap(n: int, fate: int) -> str:
    """Return SQL that counts a cell and leaves a gap of the type of its column: no key is below zero."""
    return f"CASE WHEN {COUNTED}({_key(n, fate)}) < 0 THEN v{n} END"


def _counted(n: int, fate: int, value: str) -> str:
    """Return SQL that counts a cell and gives a value."""
    return f"CASE WHEN {COUNTED}({_key(n, fate)}) >= 0 THEN {value} END"


def _key(n: int, fate: int) -> int:
    return N_FATES * n + fate
