import os
import signal
import threading
import time
from collections.abc import Callable

import pandas as pd
import psutil
import pytest
from distributed import LocalCluster

from core import prepare, train
from core.errors import NotReadyError
from core.records import Candidate, Job, Recipe, TrainingRun, utc_now
from core.store import JobHandle, StoppedError, Store
from tests.visits import MakeRecipe, visits
from tests.waiting import wait_for

FAST = ("dummy", "linear", "naive_bayes", "decision_tree")


def start(
    store: Store, recipe: Recipe, families: tuple[str, ...] = FAST, budget_s: float = 120, n_splits: int = 3
) -> Job:
    metric = {"binary": "roc_auc", "multiclass": "balanced_accuracy", "regression": "neg_mean_absolute_error"}[
        recipe.task
    ]
    return train.start_training(
        store, recipe.project_id, families=families, metric=metric, budget_s=budget_s, n_splits=n_splits, by="Ada"
    )


def board(store: Store, recipe: Recipe) -> dict[str, Candidate]:
    run = train.current_run(store, recipe.project_id)
    return {} if run is None else {candidate.family: candidate for candidate in train.leaderboard(store, run.id)}


def status(store: Store, recipe: Recipe, family: str) -> str | None:
    candidate = board(store, recipe).get(family)
    return candidate.status if candidate else None


class Background:
    """A training job at work in a thread, and what became of it."""

    def __init__(self, handle: JobHandle) -> None:
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, args=(handle,))
        self.thread.start()

    def _run(self, handle: JobHandle) -> None:
        try:
            train.run_training(handle)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            self.error = error

    def join(self, timeout: float = 120) -> None:
        self.thread.join(timeout)
        assert not self.thread.is_alive()


def fits_at_work(cluster: LocalCluster) -> list[psutil.Process]:
    """The processes that fit something now: grandchildren of the workers, begun by each worker's fork server."""
    workers = [psutil.Process(worker.pid) for worker in cluster.workers.values()]
    return [fit for worker in workers for server in worker.children() for fit in server.children()]


def test_workers_import_what_fits_need_before_they_take_tasks(cluster: LocalCluster) -> None:
    with train.connect(cluster.scheduler_address) as client:
        for preloaded in client.run(lambda dask_worker: [one.name for one in dask_worker.preloads]).values():
            assert preloaded == ["core.train"]


def test_every_family_is_scored_on_every_fold_and_guessing_comes_last(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe
) -> None:
    recipe = make_recipe(visits(300), "comes")
    job = start(store, recipe)
    result = train.run_training(JobHandle(store, job, cluster.scheduler_address))
    run = store.get(TrainingRun, result["run_id"])
    best_first = train.leaderboard(store, run.id)
    assert run.status == "done"
    assert run.n_rows_train == 240
    assert [candidate.status for candidate in best_first] == ["done"] * 4
    assert [len(candidate.fold_scores) for candidate in best_first] == [3] * 4
    n_rows = store.get(TrainingRun, best_first[0].run_id).n_rows_train
    for candidate in best_first:
        counted = candidate.out_of_fold
        assert counted is not None
        assert sum(counted.positives) + sum(counted.negatives) == n_rows
    assert best_first[-1].family == "dummy"
    assert best_first[-1].score_mean == pytest.approx(0.5)
    assert best_first[0].score_mean > 0.75
    assert all(candidate.progress == 1.0 and candidate.fit_seconds > 0 for candidate in best_first)


def test_each_candidate_is_an_mlflow_run_with_its_folds(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe
) -> None:
    recipe = make_recipe(visits(200), "spends")
    train.run_training(JobHandle(store, start(store, recipe, ("linear",)), cluster.scheduler_address))
    linear = board(store, recipe)["linear"]
    client = train.tracking_client(store)
    logged = client.get_run(linear.mlflow_run_id)
    assert logged.data.metrics["neg_mean_absolute_error"] == pytest.approx(linear.score_mean)
    assert logged.data.tags["recipe"] == recipe.id
    assert logged.data.params["family"] == "linear"
    folds = client.get_metric_history(linear.mlflow_run_id, "neg_mean_absolute_error_fold")
    assert tuple(point.value for point in folds) == linear.fold_scores


def test_errors_are_told_in_their_natural_sign_and_the_smallest_comes_first(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe
) -> None:
    recipe = make_recipe(visits(300), "spends")
    train.run_training(JobHandle(store, start(store, recipe), cluster.scheduler_address))
    run = train.current_run(store, recipe.project_id)
    means = [candidate.score_mean for candidate in train.leaderboard(store, run.id) if candidate.status == "done"]
    assert means == sorted(means)
    assert means[0] > 0
    assert board(store, recipe)["naive_bayes"].status == "left_out"


def test_a_stop_ends_a_long_fit_in_its_midst(store: Store, cluster: LocalCluster, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(20_000), "comes")
    job = start(store, recipe, ("random_forest",), budget_s=3_000)
    work = Background(JobHandle(store, job, cluster.scheduler_address))
    wait_for(lambda: status(store, recipe, "random_forest") == "running" and fits_at_work(cluster))
    asked_at = time.monotonic()
    train.stop_job(store, job.id)
    work.join()
    wait_for(lambda: not fits_at_work(cluster))
    seconds = time.monotonic() - asked_at
    stopped = board(store, recipe)["random_forest"]
    assert isinstance(work.error, StoppedError)
    assert (stopped.status, stopped.note) == ("stopped", "Stopped, as asked.")
    assert train.current_run(store, recipe.project_id).status == "stopped"
    assert seconds < 15, "idle: under two; the fit itself would take minutes"


class Clock:
    """The time, and a way to let an hour pass: how long a slow machine takes to begin must not decide a test."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s


def test_the_time_budget_ends_what_is_too_slow_and_keeps_what_is_done(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make_recipe(visits(120_000), "comes")
    # The plan would foresee this and take a sample; here the forest turns out slower than foreseen.
    monkeypatch.setattr("core.train.planning.rows_within", lambda *_: 1_000_000)
    clock = Clock()
    monkeypatch.setattr("core.train.crossvalidation.time", clock)
    work = Background(
        JobHandle(store, start(store, recipe, ("random_forest",), budget_s=3600), cluster.scheduler_address)
    )
    wait_for(lambda: status(store, recipe, "dummy") == "done" and status(store, recipe, "random_forest") == "running")
    clock.ahead_s = 3600
    budget_used_up = utc_now()
    work.join()
    assert work.error is None
    candidates = board(store, recipe)
    assert candidates["random_forest"].status == "stopped"
    assert "time budget" in candidates["random_forest"].note
    assert (candidates["random_forest"].ended_at - budget_used_up).total_seconds() < 10
    assert candidates["dummy"].status == "done"
    assert train.current_run(store, recipe.project_id).status == "done"


@pytest.mark.slow
def test_a_run_survives_the_death_of_a_worker(store: Store, cluster: LocalCluster, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(1_000), "comes")
    work = Background(JobHandle(store, start(store, recipe, (*FAST, "extra_trees")), cluster.scheduler_address))
    wait_for(lambda: any(candidate.status == "done" for candidate in board(store, recipe).values()))
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    work.join()
    assert work.error is None
    assert {candidate.status for candidate in board(store, recipe).values()} == {"done"}


@pytest.mark.slow
def test_a_run_survives_the_death_of_all_workers_at_once(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe
) -> None:
    recipe = make_recipe(visits(1_000), "comes")
    work = Background(JobHandle(store, start(store, recipe, (*FAST, "extra_trees")), cluster.scheduler_address))
    wait_for(lambda: any(candidate.status == "done" for candidate in board(store, recipe).values()))
    for worker in cluster.workers.values():
        os.kill(worker.pid, signal.SIGKILL)
    work.join()
    assert work.error is None
    assert {candidate.status for candidate in board(store, recipe).values()} == {"done"}


@pytest.mark.slow
def test_a_small_run_is_not_starved_by_a_big_one(store: Store, cluster: LocalCluster, make_recipe: MakeRecipe) -> None:
    big, small = make_recipe(visits(1_000), "comes", "Big"), make_recipe(visits(100), "comes", "Small")
    families = [family.key for family in train.FAMILIES]
    job = train.start_training(store, big.project_id, families=families, metric="roc_auc", budget_s=600, n_splits=10)
    work = Background(JobHandle(store, job, cluster.scheduler_address))
    wait_for(lambda: any(candidate.status == "done" for candidate in board(store, big).values()))
    train.run_training(JobHandle(store, start(store, small, ("linear",)), cluster.scheduler_address))
    assert store.get(Job, job.id).progress < 0.8
    train.stop_job(store, job.id)
    work.join()


class Interrupted(JobHandle):
    """A handle whose process ends once a candidate is done."""

    @property
    def stop_requested(self) -> bool:
        if any(candidate.status == "done" for candidate in self.store.find(Candidate)):
            raise KeyboardInterrupt
        return False


def test_an_interrupted_run_is_taken_up_where_it_was(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe
) -> None:
    recipe = make_recipe(visits(300), "comes")
    job = start(store, recipe)
    with pytest.raises(KeyboardInterrupt):
        train.run_training(Interrupted(store, job, cluster.scheduler_address))
    before = {family: one for family, one in board(store, recipe).items() if one.status == "done"}
    train.run_training(JobHandle(store, job, cluster.scheduler_address))
    after = board(store, recipe)
    assert store.count(TrainingRun) == 1
    assert len(before) >= 1
    assert {candidate.status for candidate in after.values()} == {"done"}
    assert all(after[family] == one for family, one in before.items())


def test_a_cluster_that_is_not_there_is_said_so(
    store: Store, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.train.cluster.CONNECT_TIMEOUT_S", 0.5)
    recipe = make_recipe(visits(100), "comes")
    with pytest.raises(NotReadyError, match="does not answer"):
        train.run_training(JobHandle(store, start(store, recipe), "tcp://127.0.0.1:9"))
    assert train.current_run(store, recipe.project_id).status == "failed"


def test_a_refit_learns_from_the_whole_training_part(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe
) -> None:
    recipe = make_recipe(visits(300), "comes")
    train.run_training(JobHandle(store, start(store, recipe, ("linear",)), cluster.scheduler_address))
    candidate = board(store, recipe)["linear"]
    here = train.fit_candidate(store, candidate.id)
    there = train.fit_candidate(store, candidate.id, scheduler_address=cluster.scheduler_address)
    features, target = prepare.features_and_target(prepare.split_rows(store, recipe).test, recipe)
    assert here.predict(features).tolist() == there.predict(features).tolist()
    assert (here.predict(features) == target.to_numpy()).mean() > 0.7


def test_a_refit_can_be_stopped(store: Store, cluster: LocalCluster, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(300), "comes")
    train.run_training(JobHandle(store, start(store, recipe, ("linear",)), cluster.scheduler_address))
    candidate = board(store, recipe)["linear"]
    with pytest.raises(StoppedError):
        train.fit_candidate(store, candidate.id, stop_requested=lambda: True)
    with pytest.raises(StoppedError):
        train.fit_candidate(
            store, candidate.id, scheduler_address=cluster.scheduler_address, stop_requested=lambda: True
        )


@pytest.mark.slow
@pytest.mark.parametrize("damage", [lambda frame: frame.head(12), lambda frame: frame.assign(age=float("nan"))])
def test_small_and_empty_columns_do_not_fail_a_run(
    store: Store, cluster: LocalCluster, make_recipe: MakeRecipe, damage: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    recipe = make_recipe(damage(visits(200)), "comes")
    train.run_training(JobHandle(store, start(store, recipe), cluster.scheduler_address))
    assert board(store, recipe)["linear"].status == "done"
