"""The job runner as a real process: ended politely, and killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from core import train
from core.records import Job, ProcessInfo, Recipe, TrainingRun
from core.store import Store
from tests.visits import MakeRecipe, visits
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
LONG_S = 150


class RunnerProcess:
    """`python -m core.jobs` on a store, with all it starts; on a cluster of its own unless an address is given."""

    def __init__(self, store: Store, scheduler_address: str = "") -> None:
        environment = os.environ | {"FULL_CIRCLE_HOME": str(store.home), "FULL_CIRCLE_SCHEDULER": scheduler_address}
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
        self.process.wait(90)
        self.log.close()
        wait_for(lambda: not any(at_work(process) for process in family), timeout_s=60)


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


def start(store: Store, recipe: Recipe) -> Job:
    families = ("linear", "naive_bayes", "decision_tree", "extra_trees")
    return train.start_training(
        store, recipe.project_id, families=families, metric="roc_auc", budget_s=300, n_splits=3, by="Ada"
    )


def candidate_ids(store: Store, recipe: Recipe) -> set[str]:
    return {one.id for one in train.leaderboard(store, train.current_run(store, recipe.project_id).id)}


def assert_one_whole_run(store: Store, recipe: Recipe, candidates: set[str]) -> None:
    """One run, all its candidates done, and each tracked once."""
    run = train.current_run(store, recipe.project_id)
    assert store.count(TrainingRun) == 1
    assert candidate_ids(store, recipe) == candidates
    assert [one.status for one in train.leaderboard(store, run.id)] == ["done"] * 5
    found = train.tracking_client(store).search_runs([run.mlflow_experiment])
    assert sorted(one.data.tags["candidate"] for one in found) == sorted(candidates)


@pytest.mark.slow
def test_a_training_run_outlives_its_killed_runner(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe, runners: list[RunnerProcess]
) -> None:
    recipe = make_recipe(visits(1_000), "comes")
    job = start(store, recipe)
    runners.append(RunnerProcess(store, cluster.scheduler_address))
    wait_for(lambda: n_done(store, recipe.project_id) >= 1, timeout_s=LONG_S)
    runners[-1].end(signal.SIGKILL)
    assert job_is(store, job, "running")
    candidates = candidate_ids(store, recipe)

    runners.append(RunnerProcess(store, cluster.scheduler_address))
    wait_for(lambda: job_is(store, job, "done"), timeout_s=LONG_S)
    runners[-1].end(signal.SIGTERM)
    assert runners[-1].process.returncode == 0
    assert store.newest(ProcessInfo, name="jobs") is None  # the killed one is forgotten, too
    assert_one_whole_run(store, recipe, candidates)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_runner_takes_its_own_cluster_with_it_whether_ended_politely_or_killed(
    store: Store, make_recipe: MakeRecipe, runners: list[RunnerProcess]
) -> None:
    recipe = make_recipe(visits(1_000), "comes")
    job = start(store, recipe)
    runners.append(RunnerProcess(store))
    wait_for(lambda: n_done(store, recipe.project_id) >= 1, timeout_s=LONG_S)
    candidates = candidate_ids(store, recipe)
    runners[-1].end(signal.SIGTERM)
    assert runners[-1].process.returncode == 0
    assert job_is(store, job, "queued")

    runners.append(RunnerProcess(store))
    wait_for(lambda: job_is(store, job, "running") and n_done(store, recipe.project_id) >= 3, timeout_s=LONG_S)
    runners[-1].end(signal.SIGKILL)

    runners.append(RunnerProcess(store))
    wait_for(lambda: job_is(store, job, "done"), timeout_s=LONG_S)
    runners[-1].end(signal.SIGINT)
    assert_one_whole_run(store, recipe, candidates)
