"""From rows of text to typed Parquet: types are found on the first rows and proved on all of them.

The table is written by the types that the first rows suggest, and in the same pass it is counted what did not become a
value: a blank, a word for nothing, one of a few stray words, which become missing and are reported, or something that
changes the type. In the last case the table is written a second time. Wide tables are counted in passes of their own.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from core.collect.cell_sql import RESPELLED, Proved, may_have_blanks, state_sql, text_sql, value_sql
from core.collect.column_types import CODES, WORDS, find_type, force_type, stray_words_allowed
from core.collect.number_types import DECIMAL, may_be_filled_up, may_be_thousands
from core.collect.rules import Rules
from core.collect.staging import COLUMNS_A_QUERY, NARROW, write_parquet
from core.collect.tallies import write_and_tally
from core.collect.words import BLANKS, sql_name, sql_text
from core.records import Column, ColumnKind

MAX_COUNTEREXAMPLES = 1_000
MAX_ROUNDS = 5
MAX_SHOWN = 5
MOSTLY_DIFFERENT = 0.9


@dataclass(frozen=True)
class _Draft:
    """The table as the first guesses wrote it, beside the text it came from."""

    connection: duckdb.DuckDBPyConnection
    names: Sequence[str]
    path: Path
    samples: Sequence[Counter[str]]
    rules: Rules
    kinds: Mapping[int, ColumnKind]

    def guess(self, index: int, more: Counter[str] | None = None, rules: Rules | None = None) -> Proved:
        """Guess the type of a column by its first values, and more if there are; or find the best of a chosen kind."""
        sample, rules = self.samples[index] + more if more else self.samples[index], rules or self.rules
        trimmed = [value.strip(BLANKS) for value in sample] != list(sample)
        stripped = _strip(sample) if trimmed else sample
        if index in self.kinds:
            return Proved(force_type(stripped, self.kinds[index], self.connection, rules), trimmed=True, chosen=True)
        return Proved(find_type(stripped, self.connection, rules), trimmed=trimmed)

    def as_words(self) -> Proved:
        """Return the type of a column that holds anything at all."""
        return Proved(self.rules.apply(WORDS), trimmed=True)

    def varied(self) -> set[int]:
        """Return the columns whose first values are nearly all different: too many for a dictionary in Parquet."""
        return {n for n, sample in enumerate(self.samples) if len(sample) > MOSTLY_DIFFERENT * sample.total()}

    def written(self, index: int) -> str:
        """Return the column as it was written, as a FROM clause with the column x."""
        return f"(SELECT {sql_name(self.names[index])} AS x FROM read_parquet({sql_text(str(self.path))}))"  # noqa: S608


def write_typed_rows(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    target: Path,
    rules: Rules,
    *,
    texts: Container[int] = (),
    kinds: Mapping[int, ColumnKind] | None = None,
) -> list[Proved]:
    """Write `raw`, with its columns named and typed, as Parquet; return the type of each column and its proof.

    Parameters
    ----------
    rules : Rules
        Settle what the values leave open.
    texts : container of int
        Columns that are known to be text: they stay text unless they hold dates.
    kinds : mapping of int to ColumnKind, optional
        Columns whose kind a person chose: values that do not fit become missing.

    Raises
    ------
    duckdb.Error
        When the file behind `raw` turns out not to be clean.
    """
    draft = _Draft(connection, names, target, _sample(connection), rules, kinds or {})
    guesses = _share_decimal_sign(draft, [draft.guess(index) for index in range(len(names))])
    found = [_settle(draft, index, proof) for index, proof in enumerate(_write_and_prove(draft, guesses))]
    for index, proof in enumerate(found):
        if index in texts and index not in draft.kinds and proof.column_type.kind in ("number", "boolean"):
            found[index] = prove_guesses(connection, {index: draft.as_words()})[index]
    if _values(found) != _values(guesses):
        _write(connection, names, found, target)
    return found


def columns_of(names: Sequence[str], proofs: Sequence[Proved]) -> tuple[Column, ...]:
    """Return the columns of a table that was written."""
    return tuple(
        Column(name, proof.column_type.kind, proof.column_type.dtype) for name, proof in zip(names, proofs, strict=True)
    )


def _write(connection: duckdb.DuckDBPyConnection, names: Sequence[str], proofs: Sequence[Proved], target: Path) -> None:
    selected = ", ".join(f"{value} AS {sql_name(name)}" for value, name in zip(_values(proofs), names, strict=True))
    write_parquet(connection, f"SELECT {selected} FROM raw", target, is_narrow=False)  # noqa: S608


def _sample(connection: duckdb.DuckDBPyConnection) -> list[Counter[str]]:
    """Return the values of the first rows, column by column."""
    rows = connection.sql("SELECT * FROM first_rows").to_arrow_table()
    # Arrow's own way to leave out what is missing takes a tenth of a second when it is first called.
    return [Counter(value for value in column.to_pylist() if value is not None) for column in rows.columns]


def _strip(values: Counter[str]) -> Counter[str]:
    stripped: Counter[str] = Counter()
    for value, count in values.items():
        stripped[value.strip(BLANKS)] += count
    return stripped


def _share_decimal_sign(draft: _Draft, guesses: list[Proved]) -> list[Proved]:
    """Take 1.234 and 12.500 for whole thousands where another column shows that decimals begin with a comma."""
    shown = any(guess.column_type.code == "decimal_comma" for guess in guesses)
    if not shown or not draft.rules.european or draft.rules.decimal_comma is not None:
        return guesses
    rules = replace(draft.rules, decimal_comma=True)
    return [
        draft.guess(index, rules=rules)
        if may_be_thousands(guess.column_type, [value.strip(BLANKS) for value in draft.samples[index]])
        else guess
        for index, guess in enumerate(guesses)
    ]


def _write_and_prove(draft: _Draft, guesses: Sequence[Proved]) -> list[Proved]:
    """Write the table and prove its types, in one pass where the query for that is not too long."""
    if len(guesses) <= NARROW and "" not in draft.rules.kept_words:
        return write_and_tally(draft.connection, draft.names, guesses, draft.path, draft.varied())
    _write(draft.connection, draft.names, guesses, draft.path)
    return _prove_written(draft, guesses)


def _prove_written(draft: _Draft, guesses: Sequence[Proved]) -> list[Proved]:
    """Prove types by what they made of the text: of a column without a gap, no text has to be read again."""
    with pq.ParquetFile(draft.path) as file:
        n_rows, gaps = file.metadata.num_rows, _columns_with_gaps(file)
    unclear = {
        index
        for index, guess in enumerate(guesses)
        if guess.column_type.dtype == "string" and (guess.trimmed or guess.column_type.code == RESPELLED)
    }
    texts = [index for index, guess in enumerate(guesses) if guess.column_type.dtype == "string"]
    unclear |= gaps | _columns_with_blanks(draft, [index for index in texts if index not in gaps | unclear])
    proofs = {index: replace(guess, n_fitting=n_rows) for index, guess in enumerate(guesses)}
    for batch in _batches(sorted(unclear), len(guesses)):
        proofs |= prove_guesses(draft.connection, {index: guesses[index] for index in batch})
    return list(proofs.values())


def _columns_with_gaps(file: pq.ParquetFile) -> set[int]:
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    return {n for n in range(len(file.schema_arrow)) if any(_has_gap(group.column(n)) for group in groups)}


def _has_gap(chunk: pq.ColumnChunkMetaData) -> bool:
    statistics = chunk.statistics
    return statistics is None or not statistics.has_null_count or statistics.null_count > 0


def _columns_with_blanks(draft: _Draft, indices: Sequence[int]) -> set[int]:
    """Return those text columns where values may have blanks at their ends that the sample did not show."""
    found: set[int] = set()
    for batch in _batches(indices, len(draft.names)):
        checks = ", ".join(f"bool_or({may_have_blanks(sql_name(draft.names[index]))})" for index in batch)
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
            is_code = proof.column_type.code == CODES.code and not proof.chosen
            return _judge_codes(draft, index, proof, more) if is_code else proof
        failing = _failing(draft.connection, index, proof)
        n_present = proof.n_fitting + proof.n_failed
        few = failing.total() == proof.n_failed and stray_words_allowed(n_present, failing)
        # A number is no stray word, even where it is no whole one as all the others are.
        words = all(value == value.strip(BLANKS) and not DECIMAL.pattern.fullmatch(value) for value in failing)
        if few and words and not proof.chosen:
            return replace(proof, strays=tuple(failing))
        more += failing
        guess = draft.guess(index, more)
        if guess.chosen and guess.column_type == proof.column_type:
            return replace(proof, strays=tuple(failing)[:MAX_SHOWN])
        proof = prove_guesses(draft.connection, {index: guess})[index]
    return proof if proof.chosen else prove_guesses(draft.connection, {index: draft.as_words()})[index]


def _judge_codes(draft: _Draft, index: int, proof: Proved, more: Counter[str]) -> Proved:
    """Judge leading zeros by all rows: in a sorted file the first ones do not show that they fill up amounts."""
    values = f"(SELECT {value_sql(index, proof)} AS x FROM raw)" if more else draft.written(index)  # noqa: S608
    numbers = [value for value in map(str.strip, draft.samples[index]) if value.isdecimal()]
    groups = "length(x), length(ltrim(x, '0'))" if may_be_filled_up(numbers) else "length(x)"
    rows = draft.connection.execute(
        f"SELECT min(x) FROM {values} WHERE x IS NOT NULL GROUP BY {groups}"  # noqa: S608
    ).fetchall()
    guess = draft.guess(index, more + Counter(value for (value,) in rows))
    if guess.column_type.kind != "number":
        return proof
    again = prove_guesses(draft.connection, {index: guess})[index]
    return proof if again.n_failed else again


def _values(proofs: Sequence[Proved]) -> list[str]:
    return [value_sql(index, proof) for index, proof in enumerate(proofs)]


def prove_guesses(connection: duckdb.DuckDBPyConnection, guesses: dict[int, Proved]) -> dict[int, Proved]:
    """Count over all rows what fits the types and what does not."""
    states, counts = [], []
    for index, guess in guesses.items():
        changed = f"{text_sql(index, guess)} <> c{index}" if guess.trimmed else "false"
        if guess.column_type.code == RESPELLED:
            changed = f"{value_sql(index, guess)} <> c{index}"
        states += [f"{state_sql(index, guess)} AS s{index}", f"{changed} AS t{index}"]
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
        f"SELECT c{index} AS x, count(*) AS n FROM raw WHERE {state_sql(index, proof)} = 3 "  # noqa: S608
        f"GROUP BY x ORDER BY n DESC, x LIMIT {MAX_COUNTEREXAMPLES}"
    ).fetchall()
    return Counter(dict(rows))
