"""Rows kept back: none lost, none twice; with a time column the newest, in order."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan, records
from core.errors import BadInputError
from core.store import Store

N_ROWS = 100


@pytest.fixture
def version(store: Store) -> records.DatasetVersion:
    rng = np.random.default_rng(0)
    days = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(N_ROWS), unit="D"))
    frame = pd.DataFrame({"n": range(N_ROWS), "day": days.mask(rng.random(N_ROWS) < 0.1), "word": ["a", "b"] * 50})
    project = plan.create_project(store, "Rows", by="ann")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return collect.add_table(store, project.id, table, filename="t.csv", by="ann", source="upload")


def test_random_rows_are_kept_back_and_the_rest_stays_in_order(store: Store, version: records.DatasetVersion) -> None:
    table, stream = collect.keep_back_stream(store, version.id, share=0.3, by="ann")
    learned = collect.load_frame(store, table.id)["n"].tolist()
    played = collect.load_frame(store, stream.id)["n"].tolist()
    assert (len(learned), len(played)) == (70, 30)
    assert sorted(learned + played) == list(range(N_ROWS))
    assert learned == sorted(learned)
    assert played != sorted(played)  # a sorted table would play as drift


def test_the_same_state_keeps_the_same_rows_back(store: Store, version: records.DatasetVersion) -> None:
    streams = [
        collect.keep_back_stream(store, version.id, share=0.2, by="ann", random_state=state)[1] for state in (1, 1, 2)
    ]
    first, again, other = (collect.load_frame(store, stream.id)["n"].tolist() for stream in streams)
    assert first == again != other


def test_by_time_the_newest_rows_are_kept_back_in_order(store: Store, version: records.DatasetVersion) -> None:
    table, stream = collect.keep_back_stream(store, version.id, share=0.3, time_column="day", by="ann")
    learned = collect.load_frame(store, table.id)["day"]
    played = collect.load_frame(store, stream.id)["day"]
    assert played.is_monotonic_increasing
    assert learned.max() < played.min()
    assert played.notna().all()


def test_both_parts_know_where_they_come_from(store: Store, version: records.DatasetVersion) -> None:
    table, stream = collect.keep_back_stream(store, version.id, share=0.3, time_column="day", by="ann")
    assert table.parent_id == stream.parent_id == version.id
    assert (table.role, table.number, stream.role, stream.number) == ("table", 2, "stream", 1)
    assert table.columns == stream.columns == version.columns
    assert "newest 30% of the rows by 'day'" in stream.note
    assert collect.current_dataset(store, version.project_id) == table
    assert collect.current_stream(store, version.project_id) == stream


@pytest.mark.parametrize(
    ("share", "time_column", "words"),
    [
        (0.0, None, "leaves nothing"),
        (1.0, None, "leaves nothing"),
        (0.001, None, "leaves nothing"),
        (0.3, "word", "holds no dates or numbers"),
        (0.3, "month", "no column 'month'"),
    ],
)
def test_what_cannot_be_kept_back_is_refused(
    store: Store, version: records.DatasetVersion, share: float, time_column: str | None, words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        collect.keep_back_stream(store, version.id, share=share, time_column=time_column, by="ann")
    assert len(collect.list_datasets(store, version.project_id)) == 1
