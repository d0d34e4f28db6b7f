"""The store keeps what it is given, tells two writers apart, and its shape follows the records."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from core import records
from core.errors import BadInputError, ConflictError, NotFoundError
from core.store import JobHandle, StoppedError, Store, add_windows, open_store
from core.store.database import newest_revision, open_engine
from core.store.tables import TABLES, metadata

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def make_project(store: Store, slug: str = "one") -> records.Project:
    return store.add(records.Project(name=slug, slug=slug))


def make_prediction(project_id: str, **changes: object) -> records.Prediction:
    values = {"model_version_id": "m", "request_id": "r", "inputs": {"age": 3.5, "town": None}, "prediction": "yes"}
    return records.Prediction(project_id=project_id, **{**values, **changes})


def make_window(project_id: str, **changes: object) -> records.Window:
    values = {"started_at": NOW, "n_rows": 2, "latency": (1, 1), "columns": {"age": (1, 1)}, "predictions": (2, 0)}
    return records.Window(project_id, "m", **{**values, **changes})


def test_a_record_comes_back_as_it_was_written(store: Store) -> None:
    project = make_project(store)
    step = records.RecipeStep("drop", "drop", "Leave out", "It never changes.", ("id",), options={"n": 1})
    recipe = records.Recipe(project.id, "d", "target", "binary", (step,), records.Split("time", time_column="day"))
    store.add(recipe)
    assert store.get(records.Recipe, recipe.id) == recipe


def test_labels_keep_their_type(store: Store) -> None:
    project = make_project(store)
    for value in ("yes", True, 3, 2.5):
        prediction = make_prediction(project.id, prediction=value)
        store.log.append([prediction], [])
        stored = store.get(records.Prediction, prediction.id).prediction
        assert (stored, type(stored)) == (value, type(value))


def test_a_number_that_is_not_finite_becomes_missing_inside_nested_values(store: Store) -> None:
    job = store.add(records.Job(project_id="p", kind="train", result={"score": float("nan")}))
    assert store.get(records.Job, job.id).result == {"score": None}


def test_finding_gives_the_oldest_first_and_can_be_cut_to_the_newest(store: Store) -> None:
    added = [store.add(records.Objective(project_id="p", question=str(i))) for i in range(5)]
    store.add(records.Objective(project_id="other"))
    assert store.find(records.Objective, project_id="p") == added
    assert store.find(records.Objective, project_id="p", newest=2) == added[-2:]
    assert store.newest(records.Objective, project_id="p") == added[-1]


def test_an_update_changes_only_the_named_fields(store: Store) -> None:
    job = store.add(records.Job(project_id="p", kind="train"))
    store.jobs.request_stop(job.id, NOW)
    store.update(job, progress=0.5)
    assert store.get(records.Job, job.id).stop_requested
    assert store.get(records.Job, job.id).progress == 0.5


def test_a_missing_record_is_said_in_words(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no such model version"):
        store.get(records.ModelVersion, "nothing")
    with pytest.raises(NotFoundError, match="no such job"):
        store.update(records.Job(project_id="p", kind="train"), progress=1.0)


def test_the_same_record_cannot_be_added_twice(store: Store) -> None:
    project = make_project(store)
    with pytest.raises(ConflictError):
        store.add(project)


def test_everything_is_there_after_the_store_is_opened_again(tmp_path: Path, database_url: str | None) -> None:
    first = open_store(tmp_path, database_url)
    project = make_project(first)
    first.engine.dispose()
    second = open_store(tmp_path, database_url)
    assert second.get(records.Project, project.id) == project
    second.engine.dispose()


def test_a_database_of_the_newest_shape_is_opened_without_a_look_at_the_migrations(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(tmp_path / "again", database_url).engine.dispose()
    monkeypatch.setattr("alembic.command.upgrade", lambda *_: pytest.fail("migrated again"))
    opened = open_store(tmp_path / "again", database_url)
    with opened.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == newest_revision()
    opened.engine.dispose()


def test_migrations_and_tables_agree(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("record_type", TABLES, ids=lambda record_type: record_type.__name__)
def test_every_field_of_a_record_has_a_column(record_type: type) -> None:
    assert {c.name for c in TABLES[record_type].columns} == {f.name for f in fields(record_type)}


def test_another_kind_of_database_is_refused_in_words() -> None:
    with pytest.raises(BadInputError, match="mysql"):
        open_engine("mysql://localhost/x")


def test_a_path_cannot_leave_the_home_folder(store: Store) -> None:
    with pytest.raises(BadInputError):
        store.files.dataset("../../etc/passwd")


def test_a_file_appears_whole_or_not_at_all(store: Store) -> None:
    target = store.files.dataset("d")
    with pytest.raises(TypeError), store.files.write_file(target) as temporary:
        temporary.write_bytes("half")
    assert list(target.parent.iterdir()) == []
    with store.files.write_file(target) as temporary:
        temporary.write_text("whole")
    assert target.read_text() == "whole"


def test_of_two_promotions_at_once_one_wins_and_the_other_is_told(store: Store) -> None:
    def promote(name: str) -> str:
        release = records.Release("p", name, 1, "promote", name)
        try:
            store.releases.swap(release, seen_generation=0, now=NOW)
        except ConflictError:
            return "told"
        return name

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(promote, [f"model{i}" for i in range(8)]))
    winner = store.releases.current("p")
    assert outcomes.count("told") == 7
    assert winner is not None
    assert winner.model_version_id in outcomes
    assert store.count(records.Release, project_id="p") == 1


def claim_all(home: Path, database_url: str | None, taken: "multiprocessing.Queue[str]") -> None:
    store = open_store(home, database_url)
    while job := store.jobs.claim(records.utc_now()):
        taken.put(job.id)


def test_a_release_and_the_lap_it_completes_are_written_together_or_not_at_all(store: Store) -> None:
    project = make_project(store)
    lap = records.Lap(project.id, 1, "First model", "d", "m")
    store.add(lap)  # The same one again cannot be written: as if the process had died there.
    release = records.Release(project.id, "m", 1, "promote", "ann")
    with pytest.raises(IntegrityError):
        store.releases.swap(release, seen_generation=0, now=NOW, lap=lap)
    assert store.releases.current(project.id) is None
    assert store.count(records.Release, project_id=project.id) == 0


def test_two_job_runners_never_take_the_same_job(store: Store, database_url: str | None) -> None:
    jobs = {store.add(records.Job(project_id=f"p{i % 3}", kind="train")).id for i in range(30)}
    context = multiprocessing.get_context("spawn")
    taken: multiprocessing.Queue[str] = context.Queue()
    runners = [context.Process(target=claim_all, args=(store.home, database_url, taken)) for _ in range(2)]
    for runner in runners:
        runner.start()
    # On a very busy machine two new Pythons take about a minute until they have imported everything.
    ids = [taken.get(timeout=300) for _ in jobs]
    for runner in runners:
        runner.join(30)
    assert sorted(ids) == sorted(jobs)


def test_jobs_are_taken_in_turn_over_the_projects(store: Store) -> None:
    for project in ("busy", "busy", "busy", "quiet"):
        store.add(records.Job(project_id=project, kind="train"))
    taken = [job.project_id for _ in range(2) if (job := store.jobs.claim(NOW))]
    assert taken == ["busy", "quiet"]


def test_a_job_whose_runner_died_goes_back_into_the_queue_three_times(store: Store) -> None:
    store.add(records.Job(project_id="p", kind="train"))
    for attempt in range(1, 4):
        job = store.jobs.claim(NOW)
        assert job is not None
        assert job.n_attempts == attempt
        assert store.jobs.revive(NOW + timedelta(seconds=5), timedelta(seconds=10)) == 0
        assert store.jobs.revive(NOW + timedelta(seconds=60), timedelta(seconds=10)) == 1
    final = store.find(records.Job)[0]
    assert (final.status, final.error is not None) == ("failed", True)


def test_a_waiting_job_can_be_stopped_before_it_begins(store: Store) -> None:
    job = store.add(records.Job(project_id="p", kind="train"))
    store.jobs.request_stop(job.id, NOW)
    assert store.get(records.Job, job.id).status == "stopped"
    assert store.jobs.claim(NOW) is None


def test_a_running_job_learns_that_it_should_stop(store: Store) -> None:
    job = store.add(records.Job(project_id="p", kind="train", status="running"))
    handle = JobHandle(store, job)
    handle.report(2.0, "nearly there")
    assert store.get(records.Job, job.id).progress == 1.0
    store.jobs.request_stop(job.id, NOW)
    with pytest.raises(StoppedError):
        handle.raise_if_stopped()


def test_windows_of_the_same_minute_add_up(store: Store) -> None:
    store.log.append([], [make_window("p")])
    store.log.append([], [make_window("p", columns={"age": (0, 3)}, n_errors=1)])
    (window,) = store.log.windows("p")
    assert (window.n_rows, window.n_errors, window.columns) == (4, 1, {"age": (1, 4)})
    assert add_windows(make_window("p"), make_window("p")).predictions == (4, 0)


def test_two_writers_to_the_same_window_lose_no_count(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.log.append([], [make_window("p", n_rows=1)]), range(40)))
    assert store.log.windows("p")[0].n_rows == 40


def test_a_later_label_replaces_the_earlier_one_and_unknown_ids_are_named(store: Store) -> None:
    prediction = make_prediction("p")
    store.log.append([prediction], [])
    labels = [records.LabelRecord(prediction.id, "p", "no"), records.LabelRecord("nobody", "p", "no")]
    assert store.log.add_labels(labels) == (1, ("nobody",))
    store.log.add_labels([records.LabelRecord(prediction.id, "p", "yes")])
    (row,) = store.log.read("p", labelled_only=True)
    assert row.label is not None
    assert row.label.value == "yes"
    assert store.log.count("p") == (1, 1)


def test_a_label_cannot_reach_into_another_project(store: Store) -> None:
    prediction = make_prediction("theirs")
    store.log.append([prediction], [])
    assert store.log.add_labels([records.LabelRecord(prediction.id, "mine", "yes")]) == (0, (prediction.id,))


def test_reading_the_log_keeps_the_newest_rows_in_order(store: Store) -> None:
    predictions = [make_prediction("p", predicted_at=NOW + timedelta(seconds=i)) for i in range(5)]
    store.log.append(predictions, [])
    assert [row.prediction.id for row in store.log.read("p", newest=2)] == [p.id for p in predictions[-2:]]
    assert store.log.read("p", labelled_only=True) == []
