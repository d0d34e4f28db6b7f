"""The counts of the writing pass are those of a pass of their own over the text."""

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.collect import staging
from core.collect.cell_sql import Proved
from core.collect.column_types import CODES, COUNTRIES, EMPTY, FREE_TEXT, WORDS, find_type
from core.collect.number_types import DECIMAL, DECIMAL_COMMA, INTEGER, PADDED
from core.collect.proving import prove_guesses
from core.collect.rules import ColumnType, Rules
from core.collect.tallies import write_and_tally
from core.collect.truth_types import ANY_TRUTH, PLAIN_TRUTH

CELLS = ["", " ", "NA", "na ", "NULL", "-", "7", "007", " 8", "1.5", "1,5", "1e400", "9" * 20, "true", "word", "tail\t",
         "\u00a0wide", "end\ufeff", "a\nb", "ä", "2024-03-01", "'"]  # fmt: skip
TYPES = [CODES, COUNTRIES, EMPTY, FREE_TEXT, WORDS, ANY_TRUTH, PLAIN_TRUTH,
         *(one.column_type for one in (INTEGER, PADDED, DECIMAL, DECIMAL_COMMA))]  # fmt: skip
RULES = [Rules(), Rules(missing_words=frozenset({"word"})), Rules(kept_words=frozenset({"na"}))]


def load(connection: duckdb.DuckDBPyConnection, columns: list[list[str]], folder: Path) -> None:
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(zip(*columns, strict=True))
    staging.load_csv(connection, folder / "table.csv", len(columns), delimiter=",", quote='"', skip=0)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    cells=st.lists(st.tuples(*[st.sampled_from(CELLS)] * 3), min_size=1, max_size=12),
    guessed=st.lists(st.tuples(st.sampled_from(TYPES), st.booleans()), min_size=3, max_size=3),
    rules=st.sampled_from(RULES),
)
def test_the_writing_pass_counts_what_a_second_pass_would(
    tmp_path_factory: pytest.TempPathFactory,
    cells: list[tuple[str, ...]],
    guessed: list[tuple[ColumnType, bool]],
    rules: Rules,
) -> None:
    folder = tmp_path_factory.mktemp("table")
    guesses = [Proved(rules.apply(column_type), trimmed) for column_type, trimmed in guessed]
    with staging.open_staging(folder) as connection:
        load(connection, [list(column) for column in zip(*cells, strict=True)], folder)
        expected = list(prove_guesses(connection, dict(enumerate(guesses))).values())
        for varied in ((), range(3)):
            assert write_and_tally(connection, ["a", "b", "c"], guesses, folder / "table.parquet", varied) == expected


def test_spellings_that_change_are_counted_over_many_rows_and_threads(tmp_path: Path) -> None:
    n_rows = 300_000
    answers = ["yes", "YES", "no", "NA", "oops", " yes"] * (n_rows // 6)
    with staging.open_staging(tmp_path) as connection:
        load(connection, [answers, [str(number) for number in range(n_rows)]], tmp_path)
        spelled = find_type(Counter({"yes": 2, "YES": 1, "no": 1}), connection, Rules())
        guesses = [Proved(spelled, trimmed=False), Proved(INTEGER.column_type, trimmed=False)]
        answer, number = write_and_tally(connection, ["answer", "number"], guesses, tmp_path / "table.parquet")
    sixth = n_rows // 6
    assert (answer.n_fitting, answer.n_trimmed, answer.n_missing_words, answer.n_failed) == (
        3 * sixth,
        sixth,
        sixth,
        2 * sixth,
    )
    assert (number.n_fitting, number.n_failed) == (n_rows, 0)
    table = pq.read_table(tmp_path / "table.parquet")
    assert table.column("number").to_pylist() == list(range(n_rows))
    assert table.column("answer").to_pylist() == ["yes", "yes", "no", None, None, None] * sixth


def test_a_second_table_in_the_same_database_is_counted_from_zero(tmp_path: Path) -> None:
    with staging.open_staging(tmp_path) as connection:
        for guess in (WORDS, INTEGER.column_type, WORDS):
            load(connection, [["NA ", "7"], ["x", "y"]], tmp_path)
            guesses = [Proved(guess, trimmed=True), Proved(WORDS, trimmed=True)]
            found = write_and_tally(connection, ["a", "b"], guesses, tmp_path / "table.parquet")
            assert (found[0].n_missing_words, found[0].n_trimmed) == (1, int(guess is WORDS))
