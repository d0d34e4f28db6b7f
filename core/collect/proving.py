"""From rows of text to typed Parquet: types are found on the first rows and proved on all of them.

The table is written by the types that the first rows suggest. What became a value fits; only what did not is looked at
in the text again: a blank, a word for nothing, one of a few stray words, which become missing and are reported, or
something that changes the type. In the last case the table is written a second time.
"""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from core.collect.column_types import CODES, DECIMAL, INTEGER, WORDS, ColumnType, find_type, stray_words_allowed
from core.collect.staging import COLUMNS_A_QUERY, NARROW, ROW_GROUP_SIZE
from core.collect.words import BLANKS, MISSING_WORDS, sql_list, sql_name, sql_text
from core.records import Column, Decision

SAMPLE_ROWS = 2_000
MAX_COUNTEREXAMPLES = 1_000
MAX_ROUNDS = 5


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


@dataclass(frozen=True)
class _Draft:
    """The table as the first guesses wrote it, beside the text it came from."""

    connection: duckdb.DuckDBPyConnection
    names: Sequence[str]
    path: Path
    samples: Sequence[Counter[str]]
    european: bool

    def guess(self, index: int, more: Counter[str]) -> Proved:
        """Guess the type of a column by its first values, and more if there are."""
        return _guess(self.connection, self.samples[index] + more, self.european)

    def written(self, index: int) -> str:
        """Return the column as it was written, as a FROM clause with the column x."""
        return f"(SELECT {sql_name(self.names[index])} AS x FROM read_parquet({sql_text(str(self.path))}))"  # noqa: S608


def write_typed_rows(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    target: Path,
    *,
    european: bool,
    texts: Container[int] = (),
    numbers: Container[int] = (),
) -> list[Proved]:
    """Write `raw`, with its columns named and typed, as Parquet; return the type of each column and its proof.

    Parameters
    ----------
    european : bool
        Whether a comma in a number more likely begins its decimals.
    texts : container of int
        Columns that are known to be text: they stay text unless they hold dates.
    numbers : container of int
        Columns that are known to be numbers: 20260131 is no date there.

    Raises
    ------
    duckdb.Error
        When the file behind `raw` turns out not to be clean.
    """
    draft = _Draft(connection, names, target, _sample(connection), european)
    guesses = [draft.guess(index, Counter()) for index in range(len(names))]
    _write(connection, names, guesses, target)
    found = [_settle(draft, index, proof) for index, proof in enumerate(_prove_written(draft, guesses))]
    for index, proof in enumerate(found):
        if index in texts and proof.column_type.kind in ("number", "boolean"):
            found[index] = _prove(connection, {index: Proved(WORDS, trimmed=True)})[index]
        elif index in numbers and proof.column_type.kind != "number" and proof.n_fitting:
            found[index] = _prove_number(connection, index)
    if _values(found) != _values(guesses):
        _write(connection, names, found, target)
    return found


def _prove_number(connection: duckdb.DuckDBPyConnection, index: int) -> Proved:
    whole = _prove(connection, {index: Proved(INTEGER.column_type, trimmed=False)})[index]
    return _prove(connection, {index: Proved(DECIMAL.column_type, trimmed=False)})[index] if whole.n_failed else whole


def columns_of(names: Sequence[str], proofs: Sequence[Proved]) -> tuple[Column, ...]:
    """Return the columns of a table that was written."""
    return tuple(
        Column(name, proof.column_type.kind, proof.column_type.dtype) for name, proof in zip(names, proofs, strict=True)
    )


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


def _write(connection: duckdb.DuckDBPyConnection, names: Sequence[str], proofs: Sequence[Proved], target: Path) -> None:
    selected = ", ".join(f"{value} AS {sql_name(name)}" for value, name in zip(_values(proofs), names, strict=True))
    connection.execute(
        f"COPY (SELECT {selected} FROM raw) TO {sql_text(str(target))} "  # noqa: S608
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    )


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


def _prove_written(draft: _Draft, guesses: Sequence[Proved]) -> list[Proved]:
    """Prove types by what they made of the text: of a column without a gap, no text has to be read again."""
    with pq.ParquetFile(draft.path) as file:
        n_rows, gaps = file.metadata.num_rows, _columns_with_gaps(file)
    unclear = {index for index, guess in enumerate(guesses) if guess.column_type.dtype == "string" and guess.trimmed}
    texts = [index for index, guess in enumerate(guesses) if guess.column_type.dtype == "string"]
    unclear |= gaps | _columns_with_blanks(draft, [index for index in texts if index not in gaps | unclear])
    proofs = {index: replace(guess, n_fitting=n_rows) for index, guess in enumerate(guesses)}
    for batch in _batches(sorted(unclear), len(guesses)):
        proofs |= _prove(draft.connection, {index: guesses[index] for index in batch})
    return list(proofs.values())


def _columns_with_gaps(file: pq.ParquetFile) -> set[int]:
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    return {n for n in range(len(file.schema_arrow)) if any(_has_gap(group.column(n)) for group in groups)}


def _has_gap(chunk: pq.ColumnChunkMetaData) -> bool:
    statistics = chunk.statistics
    return statistics is None or not statistics.has_null_count or statistics.null_count > 0


def _columns_with_blanks(draft: _Draft, indices: Sequence[int]) -> set[int]:
    """Return those text columns where values have blanks at their ends that the sample did not show."""
    found: set[int] = set()
    for batch in _batches(indices, len(draft.names)):
        checks = ", ".join(f"bool_or({_has_blanks(sql_name(draft.names[index]))})" for index in batch)
        query = f"SELECT {checks} FROM read_parquet({sql_text(str(draft.path))})"  # noqa: S608
        answers = draft.connection.execute(query).fetchall()[0]
        found |= {index for index, blanks in zip(batch, answers, strict=True) if blanks}
    return found


def _batches(indices: Sequence[int], n_columns: int) -> Iterator[Sequence[int]]:
    size = NARROW if n_columns <= NARROW else COLUMNS_A_QUERY
    for start in range(0, len(indices), size):
        yield indices[start : start + size]


def _settle(draft: _Draft, index: int, proof: Proved) -> Proved:
    """Return the type that all rows of a column bear out, going on from what failed."""
    more: Counter[str] = Counter()
    for _ in range(MAX_ROUNDS):
        if not proof.n_failed:
            return _judge_codes(draft, index, proof, more) if proof.column_type == CODES else proof
        failing = _failing(draft.connection, index, proof)
        n_present = proof.n_fitting + proof.n_failed
        few = failing.total() == proof.n_failed and stray_words_allowed(n_present, failing)
        if few and all(value == value.strip(BLANKS) for value in failing):
            return replace(proof, strays=tuple(failing))
        more += failing
        proof = _prove(draft.connection, {index: draft.guess(index, more)})[index]
    return _prove(draft.connection, {index: Proved(WORDS, trimmed=True)})[index]


def _judge_codes(draft: _Draft, index: int, proof: Proved, more: Counter[str]) -> Proved:
    """Judge leading zeros by all rows: in a sorted file the first ones do not show that they fill up amounts."""
    values = f"(SELECT {_value(index, proof)} AS x FROM raw)" if more else draft.written(index)  # noqa: S608
    rows = draft.connection.execute(
        f"SELECT min(x) FROM {values} WHERE x IS NOT NULL GROUP BY length(x), length(ltrim(x, '0'))"  # noqa: S608
    ).fetchall()
    guess = draft.guess(index, more + Counter(value for (value,) in rows))
    if guess.column_type.kind != "number":
        return proof
    again = _prove(draft.connection, {index: guess})[index]
    return proof if again.n_failed else again


def _text(index: int, proof: Proved) -> str:
    return f"trim(c{index}, {sql_text(BLANKS)})" if proof.trimmed else f"c{index}"


def _value(index: int, proof: Proved) -> str:
    return proof.column_type.expression.replace("{x}", _text(index, proof))


def _values(proofs: Sequence[Proved]) -> list[str]:
    return [_value(index, proof) for index, proof in enumerate(proofs)]


def _has_blanks(text: str) -> str:
    blanks = sql_list(frozenset(BLANKS))
    return f"(left({text}, 1) IN {blanks} OR right({text}, 1) IN {blanks})"


def _state(index: int, proof: Proved) -> str:
    """Return SQL for how a cell fares: 0 blank, 1 fits, 2 a word for nothing, 3 does not fit."""
    text = _text(index, proof)
    fits = f"{_value(index, proof)} IS NOT NULL"
    if not proof.trimmed and proof.column_type.dtype == "string":
        fits += f" AND NOT {_has_blanks(text)}"  # At the ends, where the sample did not show any.
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
