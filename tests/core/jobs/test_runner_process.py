"""The job runner as a real process: ended politely, and killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core import train
from core.records import Job, ProcessInfo, TrainingRun
from core.store import Store
from tests.visits import MakeRecipe, visits
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]


class RunnerProcess:
    """`python -m core.jobs` on a store, with everything it starts."""

    def __init__(self, store: Store) -> None:
        environment = os.environ | {"FULL_CIRCLE_HOME": str(store.home)}
        self.log = (store.home / "jobs.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.jobs"], cwd=ROOT, env=environment, stdout=self.log, stderr=self.log
        )

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, by: signal.Signals) -> None:
        """Send a signal and wait until the process and all it started are gone."""
        family = self.descendants()
        self.process.send_signal(by)
        self.process.wait(30)
        self.log.close()
        wait_for(lambda: not any(at_work(process) for process in family), timeout_s=20)


def at_work(process: psutil.Process) -> bool:
    """Whether a process lives; one that has ended but that nobody has asked about does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def runners(store: Store) -> Iterator[list[RunnerProcess]]:
    started: list[RunnerProcess] = []
    yield started
    for runner in started:
        if runner.process.poll() is None:
            runner.end(signal.SIGKILL)


def job_is(store: Store, job: Job, status: str) -> bool:
    return store.get(Job, job.id).status == status


def n_done(store: Store, project_id: str) -> int:
    run = train.current_run(store, project_id)
    return 0 if run is None else sum(one.status == "done" for one in train.leaderboard(store, run.id))


def test_a_training_run_outlives_the_runner_ended_politely_and_killed(
    store: Store, make_recipe: MakeRecipe, runners: list[RunnerProcess]
) -> None:
    recipe = make_recipe(visits(2_000), "comes")
    families = ("linear", "naive_bayes", "decision_tree", "extra_trees", "random_forest")
    job = train.start_training(
        store, recipe.project_id, families=families, metric="roc_auc", budget_s=300, n_splits=3, by="Ada"
    )

    runners.append(RunnerProcess(store))
    wait_for(lambda: n_done(store, recipe.project_id) >= 1, timeout_s=150)
    runners[-1].end(signal.SIGTERM)
    assert runners[-1].process.returncode == 0
    assert job_is(store, job, "queued")
    assert store.newest(ProcessInfo, name="jobs") is None
    first = {one.id for one in train.leaderboard(store, train.current_run(store, recipe.project_id).id)}

    runners.append(RunnerProcess(store))
    wait_for(lambda: job_is(store, job, "running") and n_done(store, recipe.project_id) >= 3, timeout_s=150)
    runners[-1].end(signal.SIGKILL)
    assert job_is(store, job, "running")

    runners.append(RunnerProcess(store))
    wait_for(lambda: job_is(store, job, "done"), timeout_s=150)
    runners[-1].end(signal.SIGINT)
    assert runners[-1].process.returncode == 0

    run = train.current_run(store, recipe.project_id)
    board = train.leaderboard(store, run.id)
    assert store.count(TrainingRun) == 1
    assert {one.id for one in board} == first
    assert [one.status for one in board] == ["done"] * 6
    found = train.tracking_client(store).search_runs([run.mlflow_experiment])
    assert sorted(one.data.tags["candidate"] for one in found) == sorted(first)
