import threading
from typing import get_args

import pytest

from core import plan
from core.errors import BadInputError
from core.jobs import HANDLERS, JobRunner
from core.records import Job, JobKind, Json, ProcessInfo, Project
from core.store import JobHandle, Store
from tests.waiting import wait_for


@pytest.fixture
def project(store: Store) -> Project:
    return plan.create_project(store, "Jobs", by="Ada")


def queue(store: Store, project: Project, kind: JobKind = "train") -> Job:
    return store.add(Job(project.id, kind, created_by="Ada"))


def after(store: Store, job: Job) -> Job:
    return store.get(Job, job.id)


def runner_of(store: Store, work: object) -> JobRunner:
    return JobRunner(store, handlers={"train": work})


def test_an_empty_queue_is_said_so(store: Store) -> None:
    assert JobRunner(store).run_one() is False


def test_a_job_that_ends_well_keeps_its_result(store: Store, project: Project) -> None:
    job = queue(store, project)
    assert runner_of(store, lambda handle: {"made": handle.job.id}).run_one() is True
    done = after(store, job)
    assert (done.status, done.progress, done.result) == ("done", 1.0, {"made": job.id})
    assert done.ended_at is not None


def test_a_problem_a_person_can_mend_is_shown_with_its_hint(store: Store, project: Project) -> None:
    def work(_handle: JobHandle) -> Json:
        raise BadInputError("The table is empty.", "Upload another one.")

    job = queue(store, project)
    runner_of(store, work).run_one()
    failed = after(store, job)
    assert (failed.status, failed.error, failed.hint) == ("failed", "The table is empty.", "Upload another one.")


def test_a_bug_is_shown_as_a_number_and_logged_in_full(
    store: Store, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    def work(_handle: JobHandle) -> Json:
        raise ZeroDivisionError("secret detail")

    job = queue(store, project)
    runner_of(store, work).run_one()
    failed = after(store, job)
    assert failed.status == "failed"
    assert failed.error.startswith("An unexpected error (id ")
    assert "secret" not in failed.error + failed.hint
    error_id = failed.error.removeprefix("An unexpected error (id ").removesuffix(").")
    assert error_id in caplog.text
    assert "secret detail" in caplog.text


def test_a_job_asked_to_stop_is_stopped(store: Store, project: Project) -> None:
    def work(handle: JobHandle) -> Json:
        store.jobs.request_stop(handle.job.id, handle.job.created_at)
        while True:
            handle.raise_if_stopped()

    job = queue(store, project)
    runner_of(store, work).run_one()
    assert after(store, job).status == "stopped"


def test_a_project_deleted_while_its_job_runs_does_not_end_the_runner(store: Store, project: Project) -> None:
    def work(handle: JobHandle) -> Json:
        store.remove(Job, id=handle.job.id)
        return {}

    queue(store, project)
    assert runner_of(store, work).run_one() is True


def test_what_runs_when_the_runner_closes_goes_back_into_the_queue(store: Store, project: Project) -> None:
    started = threading.Event()

    def work(handle: JobHandle) -> Json:
        started.set()
        while True:
            handle.raise_if_stopped()

    job = queue(store, project)
    runner = runner_of(store, work)
    thread = threading.Thread(target=runner.run_forever)
    thread.start()
    assert started.wait(10)
    assert store.newest(ProcessInfo, name="jobs") is not None
    runner.close()
    thread.join(10)
    assert not thread.is_alive()
    waiting = after(store, job)
    assert (waiting.status, waiting.n_attempts, waiting.ended_at) == ("queued", 0, None)
    assert store.newest(ProcessInfo, name="jobs") is None


def test_jobs_run_side_by_side(store: Store, project: Project) -> None:
    meeting = threading.Barrier(3)

    def work(_handle: JobHandle) -> Json:
        meeting.wait(10)
        return {}

    jobs = [queue(store, project) for _ in range(3)]
    runner = runner_of(store, work)
    thread = threading.Thread(target=runner.run_forever)
    thread.start()
    try:
        wait_for(lambda: [after(store, job).status for job in jobs] == ["done"] * 3, timeout_s=20)
    finally:
        runner.close()
        thread.join(10)


def test_every_kind_of_job_that_can_be_queued_has_a_handler() -> None:
    assert set(HANDLERS) == set(get_args(JobKind))
