"""Reading a large file as a job: the table comes in, what cannot be read is said, a stop leaves nothing behind."""

from pathlib import Path

import pytest

from core import collect, plan
from core.collect import run_reading, start_reading
from core.errors import BadInputError
from core.records import DatasetVersion, Job, new_id, utc_now
from core.store import JobHandle, StoppedError, Store


@pytest.fixture
def project_id(store: Store) -> str:
    return plan.create_project(store, "Shop", by="ann").id


def queue(store: Store, project_id: str, content: str) -> tuple[Job, Path]:
    upload_id = new_id()
    path = store.files.upload(upload_id)
    path.write_text(content, encoding="utf-8")
    return start_reading(store, project_id, upload_id, filename="shop.csv", by="ann"), path


def test_a_queued_file_becomes_the_table_with_its_profile_ready(store: Store, project_id: str) -> None:
    job, path = queue(store, project_id, "age,town\n31,Bonn\n44,Ulm\n")
    assert (job.kind, job.status, job.message) == ("collect", "queued", "Reading shop.csv")
    result = run_reading(JobHandle(store, job))
    table = collect.current_dataset(store, project_id)
    assert (table.id, table.filename, table.created_by, table.n_rows) == (result["dataset_id"], "shop.csv", "ann", 2)
    assert store.files.profile(table.id).exists()
    assert not path.exists()


def test_a_file_that_is_no_table_is_refused_in_words_and_goes(store: Store, project_id: str) -> None:
    job, path = queue(store, project_id, "<html><body>no</body></html>")
    with pytest.raises(BadInputError, match=r"shop\.csv"):
        run_reading(JobHandle(store, job))
    assert store.count(DatasetVersion, project_id=project_id) == 0
    assert not path.exists()


def test_a_stop_while_it_reads_stores_nothing(store: Store, project_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job, path = queue(store, project_id, "age,town\n31,Bonn\n44,Ulm\n")
    monkeypatch.setattr("core.store.job_handle.STOP_CHECK_INTERVAL_S", 0.0)
    handle = JobHandle(store, job)
    report = handle.report

    def stop_after(progress: float, message: str) -> None:
        report(progress, message)
        store.jobs.request_stop(job.id, utc_now())

    monkeypatch.setattr(handle, "report", stop_after)
    with pytest.raises(StoppedError):
        run_reading(handle)
    assert store.count(DatasetVersion, project_id=project_id) == 0
    assert list(store.files.dataset("x").parent.iterdir()) == []
    assert not path.exists()


def test_a_job_that_a_dying_runner_left_finds_its_file_again(store: Store, project_id: str) -> None:
    class Dying(BaseException): ...

    class DyingHandle(JobHandle):
        def report(self, *_: object) -> None:
            raise Dying

    job, path = queue(store, project_id, "age,town\n31,Bonn\n44,Ulm\n")
    with pytest.raises(Dying):
        run_reading(DyingHandle(store, job))
    assert path.exists()
    run_reading(JobHandle(store, job))
    assert collect.current_dataset(store, project_id).n_rows == 2
