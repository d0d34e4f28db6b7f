"""Every sample is a complete project in one click, and the flights' leaks are left in on purpose."""

import pytest

from core import collect, plan
from core.collect import SAMPLES, Sample
from core.errors import NotFoundError
from core.store import Store


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.key)
def test_a_sample_has_a_plan_a_table_and_rows_kept_back(store: Store, sample: Sample) -> None:
    project = collect.create_sample_project(store, sample.key, by="Ada")
    table, stream = collect.current_dataset(store, project.id), collect.current_stream(store, project.id)
    objective = plan.current_objective(store, project.id)
    assert stream is not None
    assert set(sample.known_leaks) <= set(table.column_names)
    assert objective.target in table.column_names
    assert objective.owner
    assert objective.minimum is not None
    target = collect.load_frame(store, table.id, columns=[objective.target])[objective.target]
    assert plan.recognise_task(target).task == sample.task == objective.task
    if objective.positive_label:
        assert objective.positive_label in set(target)


def test_the_stream_of_flights_begins_where_the_table_ends(store: Store) -> None:
    project = collect.create_sample_project(store, "late_flights", by="Ada")
    table, stream = collect.current_dataset(store, project.id), collect.current_stream(store, project.id)
    assert stream is not None
    assert table.n_rows + stream.n_rows == 327_346  # all flights that were not cancelled or diverted
    last = collect.load_frame(store, table.id, columns=["scheduled_at"])["scheduled_at"]
    first = collect.load_frame(store, stream.id, columns=["scheduled_at"], limit=1)["scheduled_at"]
    assert last.is_monotonic_increasing
    assert last.iloc[-1] < first.iloc[0]


def test_the_answer_itself_is_no_column_of_the_flights(store: Store) -> None:
    project = collect.create_sample_project(store, "late_flights", by="Ada")
    assert "arr_delay" not in collect.current_dataset(store, project.id).column_names


def test_an_unknown_sample_is_refused_and_leaves_no_project(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no sample"):
        collect.create_sample_project(store, "nothing", by="Ada")
    assert plan.list_projects(store) == []
