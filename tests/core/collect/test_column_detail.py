"""A column looked at closely: what is said of it is what pandas counts."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan
from core.collect.column_words import say_duration, say_share
from core.errors import BadInputError
from core.records import ColumnDetail, DatasetVersion
from core.store import Store

Look = Callable[..., ColumnDetail]


@pytest.fixture
def look(store: Store) -> Look:
    """A function from a column's values to its description."""

    def describe(values: object, name: str = "age") -> ColumnDetail:
        project = plan.create_project(store, "Closer", by="ann")
        table = pa.Table.from_pandas(pd.DataFrame({name: values}), preserve_index=False)
        version = collect.add_table(store, project.id, table, filename="t.csv", by="ann", source="upload")
        return collect.look_closer(store, version.id, name)

    return describe


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_described_as_pandas_counts_them(look: Look, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = pd.Series(np.where(rng.random(3_000) < 0.1, np.nan, rng.normal(0, 10, 3_000).round(rng.integers(0, 4))))
    detail = look(values)
    for share, value in detail.quantiles:
        assert value == pytest.approx(values.quantile(share))
    assert (detail.n_rows, detail.n_missing) == (3_000, values.isna().sum())
    lowest = values.sort_values(kind="stable").head(5)
    assert [extreme.row for extreme in detail.lowest] == (lowest.index + 1).tolist()
    highest = (-values).sort_values(kind="stable").head(5)
    assert [extreme.row for extreme in detail.highest] == (highest.index + 1).tolist()
    said = " ".join(detail.sentences)
    assert f"{values.nunique():,} different values" in said
    below = (values < 0).sum() / values.notna().sum()
    assert "below 0" in said
    assert 0.3 < below < 0.7


def test_what_is_missing_is_said_as_people_say_it(look: Look) -> None:
    assert "One in five rows has no age." in look([None, 1.0, 2.0, 3.0, 4.0] * 20).sentences
    assert "Half of the rows have no age." in look([None, 1.0] * 20).sentences
    assert "1 of 40 rows has no age." in look([None, *range(39)]).sentences
    assert "Every row has a value." in look(range(9)).sentences
    assert look(pd.Series([None, None], dtype="str")).sentences == ("No row has a value here.",)


def test_infinite_numbers_count_as_missing(look: Look) -> None:
    detail = look([1.0, 2.0, np.inf, -np.inf])
    assert (detail.n_missing, detail.highest[0].value) == (2, "2")


def test_what_lies_far_off_zeros_and_negatives_are_said(look: Look) -> None:
    values = pd.Series([*range(1, 100), 0, 0, 0, -5, 90_000])
    sentences = look(values).sentences
    assert "1 of 104 rows" not in " ".join(sentences)
    assert "1 of 104 values lies very far from the others." in sentences
    assert "3 of 100 values are exactly 0." in sentences
    assert "1 of 104 values is below 0." in sentences
    assert "All are whole numbers." in sentences


def test_constants_and_names_of_rows_are_said(look: Look) -> None:
    assert "It is the same everywhere: 7." in look([7, 7, 7]).sentences
    names = look([f"row {n}" for n in range(300)]).sentences
    assert "No value occurs twice: it names the row more than it describes it." in names
    assert "No value occurs twice." in look(np.random.default_rng(0).random(300)).sentences


def test_texts_have_lengths_and_their_longest_ones_are_shown(look: Look) -> None:
    texts = ["é" * n for n in range(1, 101)]
    detail = look(texts)
    assert detail.lengths is not None
    assert sum(detail.lengths.counts) == 100
    assert detail.lengths.counts == tuple(np.histogram(range(1, 101), detail.lengths.edges)[0])
    assert (detail.highest[0].row, detail.highest[0].value) == (100, "é" * 100)
    assert detail.lowest[0].row == 1
    assert "They have 1 to 100 characters; half have at most 50." in detail.sentences


def test_the_most_frequent_word_and_words_seen_once_are_said(look: Look) -> None:
    sentences = look(["a"] * 50 + ["b"] * 48 + ["c", "d"]).sentences
    assert "4 different values; the most frequent, a, is half of the values." in sentences
    assert "2 of the different values occur only once." in sentences


def test_truth_values_have_no_length(look: Look) -> None:
    detail = look(pd.Series([True, True, False, None], dtype=object))
    assert detail.lengths is None
    assert "2 different values; the most frequent, true, is 2 of 3 values." in detail.sentences


def test_gaps_in_time_and_shared_moments_are_found(look: Look) -> None:
    days = [*pd.date_range("2026-01-01", periods=30), *pd.date_range("2026-03-01", periods=30), "2026-03-01"]
    detail = look(pd.to_datetime(pd.Series(days)))
    assert [(gap.start, gap.end) for gap in detail.gaps] == [("2026-01-30", "2026-03-01")]
    assert detail.gaps[0].seconds == 30 * 86_400
    assert "From 2026-01-01 to 2026-03-30." in detail.sentences
    assert "One moment usually follows another after 1 day." in detail.sentences
    assert "The longest time without a row is 30 days: 2026-01-30 to 2026-03-01." in detail.sentences
    assert "1 row shares the moment of an earlier one." in detail.sentences


def test_every_kind_of_empty_column_is_described(store: Store) -> None:
    project = plan.create_project(store, "Empty", by="ann")
    kinds = {"x": pa.float64(), "t": pa.string(), "d": pa.timestamp("us"), "b": pa.bool_(), "n": pa.int64()}
    for n_rows, sentence in ((0, "The table has no rows."), (3, "No row has a value here.")):
        table = pa.table({name: pa.array([None] * n_rows, kind) for name, kind in kinds.items()})
        version = collect.add_table(store, project.id, table, filename="t", by="ann", source="upload")
        for name in kinds:
            assert collect.look_closer(store, version.id, name).sentences == (sentence,)


def test_a_column_that_is_not_there_is_refused(store: Store, look: Look) -> None:
    look([1, 2])
    version = store.find(DatasetVersion)[0]
    with pytest.raises(BadInputError, match="no column 'size'"):
        collect.look_closer(store, version.id, "size")


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (3, 3, "every row"),
        (200, 1_000, "one in five rows"),
        (333, 1_000, "one in three rows"),
        (230, 1_000, "23 of 100 rows"),
        (7, 12_000, "7 of 12,000 rows"),
        (11_999, 12_000, "11,999 of 12,000 rows"),
    ],
)
def test_shares_are_said_in_words(part: int, whole: int, words: str) -> None:
    assert say_share(part, whole) == words


def test_durations_are_said_in_their_unit() -> None:
    assert [say_duration(s) for s in (1, 90, 7_200, 86_400 * 2.5)] == ["1 second", "1.5 minutes", "2 hours", "2.5 days"]
