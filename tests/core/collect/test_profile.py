"""The profile says exactly what is in each column."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan, records
from core.records import Profile
from core.store import Store

N_ROWS = 5_000


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "weight": np.where(rng.random(N_ROWS) < 0.1, np.nan, rng.normal(70, 10, N_ROWS)),
            "grade": rng.integers(1, 6, N_ROWS),
            "city": rng.choice([f"city {n}" for n in range(50)], N_ROWS),
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 86_400 * 20, N_ROWS), unit="s"),
            "ok": rng.choice([True, False], N_ROWS),
            "constant": 7.5,
            "nothing": pd.Series([None] * N_ROWS, dtype="str"),
        }
    )


@pytest.fixture
def version(store: Store, frame: pd.DataFrame) -> records.DatasetVersion:
    project = plan.create_project(store, "People", by="ann")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return collect.add_table(store, project.id, table, filename="t.csv", by="ann", source="upload")


@pytest.fixture
def profile(store: Store, version: records.DatasetVersion) -> Profile:
    return collect.profile_dataset(store, version.id)


def test_counts_are_those_of_pandas(profile: Profile, frame: pd.DataFrame) -> None:
    for column in profile.columns:
        values = frame[column.name]
        assert (column.n_rows, column.n_missing, column.n_distinct) == (N_ROWS, values.isna().sum(), values.nunique())


def test_figures_of_numbers_are_those_of_pandas(profile: Profile, frame: pd.DataFrame) -> None:
    for name in ("weight", "grade", "constant"):
        column, values = profile.column(name), frame[name]
        figures = [column.minimum, column.maximum, column.mean, column.median, column.sd]
        assert figures == pytest.approx([values.min(), values.max(), values.mean(), values.median(), values.std()])


def test_histograms_count_every_value_once(profile: Profile, frame: pd.DataFrame) -> None:
    weight = profile.column("weight").distribution
    assert weight.counts == tuple(np.histogram(frame["weight"].dropna(), bins=weight.edges)[0])
    assert len(weight.edges) == len(weight.counts) + 1 == len(weight.labels) + 1


def test_few_whole_numbers_have_a_bar_each(profile: Profile, frame: pd.DataFrame) -> None:
    grade = profile.column("grade").distribution
    assert grade.labels == ("1", "2", "3", "4", "5")
    assert grade.counts == tuple(frame["grade"].value_counts().sort_index())


def test_a_constant_has_one_bar(profile: Profile) -> None:
    assert profile.column("constant").distribution.counts == (N_ROWS,)


def test_the_most_frequent_words_lead_and_the_others_are_counted_together(profile: Profile) -> None:
    city = profile.column("city").distribution
    assert len(city.labels) == 21
    assert city.labels[-1] == "all others"
    assert sum(city.counts) == N_ROWS
    assert list(city.counts[:-1]) == sorted(city.counts[:-1], reverse=True)


def test_dates_have_a_first_and_a_last_moment_and_a_timeline(profile: Profile, frame: pd.DataFrame) -> None:
    seen = profile.column("seen")
    assert pd.Timestamp(str(seen.first)) == frame["seen"].min()
    assert pd.Timestamp(str(seen.last)) == frame["seen"].max()
    assert sum(seen.distribution.counts) == N_ROWS
    assert seen.minimum is None


def test_truth_values_and_empty_columns_are_shown_too(profile: Profile, frame: pd.DataFrame) -> None:
    ok = profile.column("ok").distribution
    assert dict(zip(ok.labels, ok.counts, strict=True)) == {
        "true": frame["ok"].sum(),
        "false": N_ROWS - frame["ok"].sum(),
    }
    assert profile.column("nothing").distribution.counts == ()


def test_a_profile_is_computed_once(store: Store, version: records.DatasetVersion, profile: Profile) -> None:
    store.files.dataset(version.id).unlink()
    assert collect.profile_dataset(store, version.id) == profile


@pytest.mark.parametrize("kept", ['{"dataset_id": "x", "n_rows": 3, "columns": []}', '{"dataset_id": "x", "n_r'])
def test_a_profile_kept_by_older_code_or_half_written_is_computed_anew(
    store: Store, version: records.DatasetVersion, profile: Profile, kept: str
) -> None:
    store.files.profile(version.id).write_text(kept)
    anew = collect.profile_dataset(store, version.id)
    assert (anew.n_rows, anew.revision) == (N_ROWS, profile.revision)
    assert [column.distribution for column in anew.columns] == [column.distribution for column in profile.columns]


def test_wide_tables_have_a_profile_of_every_column(store: Store) -> None:
    project = plan.create_project(store, "Wide", by="ann")
    table = pa.table({f"column {n}": [n, n + 1, None] for n in range(60)})
    version = collect.add_table(store, project.id, table, filename="t.csv", by="ann", source="upload")
    profile = collect.profile_dataset(store, version.id)
    assert [(column.minimum, column.maximum) for column in profile.columns] == [(n, n + 1) for n in range(60)]


def test_huge_and_constant_numbers_have_a_histogram_all_the_same(store: Store) -> None:
    project = plan.create_project(store, "Huge", by="ann")
    values = {"id": [2**60, 2**60, 2**60], "near": [2**60, 2**60 + 1, 2**60 + 300], "far": [-1.7e308, 0.0, 1.7e308]}
    table = pa.table({**values, "zero": [0, 0, 0]})
    version = collect.add_table(store, project.id, table, filename="t.csv", by="ann", source="upload")
    for column in collect.profile_dataset(store, version.id).columns:
        assert sum(column.distribution.counts) == 3
        assert list(column.distribution.edges) == sorted(set(column.distribution.edges))
