"""From labelled live rows to a challenger, measured on rows neither model learned from, to lap 2."""

import json
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster

from core import collect, deploy, evaluate, plan, prepare, retrain
from core.errors import ConflictError, NotReadyError
from core.records import (
    Candidate,
    Challenge,
    DatasetVersion,
    Evaluation,
    Job,
    Json,
    LabelRecord,
    Lap,
    ModelVersion,
    Prediction,
    Recipe,
    Release,
    TrainingRun,
    utc_now,
)
from core.retrain.settings import count_compared
from core.store import JobHandle, Store
from tests.model_worlds import (
    World,
    add_candidate,
    approve,
    count_out_of_fold,
    evaluate_candidate,
    make_frame,
    make_world,
    promote,
)


def log_live_rows(
    store: Store, world: World, model: ModelVersion, frame: pd.DataFrame, *, labelled: int | None = None
) -> None:
    """Log rows as if the model had answered them, one a millisecond, and label the first so many."""
    rows = json.loads(frame.drop(columns="late").to_json(orient="records", date_format="iso"))
    predictions = [
        Prediction(
            world.project.id,
            model.id,
            "request",
            row,
            "yes",
            {"yes": 0.5, "no": 0.5},
            simulated=True,
            predicted_at=model.created_at + timedelta(milliseconds=1 + number),
        )
        for number, row in enumerate(rows)
    ]
    store.log.append(predictions, [])
    pairs = list(zip(predictions, frame["late"].tolist(), strict=True))[:labelled]
    store.log.add_labels([LabelRecord(prediction.id, world.project.id, str(label)) for prediction, label in pairs])


def make_turned_frame(n_rows: int, seed: int) -> pd.DataFrame:
    """Return rows of a world in which everything is the other way round."""
    frame = make_frame(n_rows=n_rows, seed=seed)
    return frame.assign(late=np.where(frame["late"] == "yes", "no", "yes"))


def run(store: Store, job: Job, cluster: LocalCluster, handle: type[JobHandle] = JobHandle) -> Json:
    result = retrain.run_retraining(handle(store, job, cluster.scheduler_address))
    store.update(job, status="done", result=result, ended_at=utc_now())
    return result


class DyingHandle(JobHandle):
    """A handle whose work is killed when it is about to register the challenger."""

    def report(self, progress: float, message: str) -> None:
        if message.startswith("Registering"):
            raise KeyboardInterrupt
        super().report(progress, message)


@pytest.mark.slow
def test_when_the_world_turned_the_challenger_wins_and_its_promotion_is_lap_two(
    store: Store, cluster: LocalCluster
) -> None:
    world = make_world(store, "Late flights")
    store.update(world.run, n_splits=2)
    champion = promote(store, approve(store, world))
    live_rows = make_turned_frame(900, seed=3)
    log_live_rows(store, world, champion, live_rows, labelled=800)
    job = retrain.start_retraining(store, world.project.id, reason="The questions have changed", by="Ada")
    with pytest.raises(ConflictError, match="being trained already"):
        retrain.start_retraining(store, world.project.id, reason="", by="Ada")

    with pytest.raises(KeyboardInterrupt):
        run(store, job, cluster, DyingHandle)
    result = run(store, job, cluster)

    assert store.count(DatasetVersion, source="retrain") == 1
    assert store.count(Recipe, dataset_id=result["dataset_id"]) == 1
    assert store.count(TrainingRun, dataset_id=result["dataset_id"]) == 1
    assert store.count(Challenge) == 1

    dataset = store.get(DatasetVersion, result["dataset_id"])
    assert (dataset.n_rows, dataset.parent_id) == (400 + 800, champion.dataset_id)
    assert "400 rows of version 1 and 800 live rows" in dataset.note
    assert dataset.columns == store.get(DatasetVersion, champion.dataset_id).columns

    challenge = retrain.current_challenge(store, world.project.id)
    assert challenge is not None
    assert (challenge.champion_id, challenge.challenger_id) == (champion.id, result["model_version_id"])
    assert (challenge.n_rows, challenge.reason) == (240, "The questions have changed")
    assert challenge.better
    assert 0 < challenge.low <= challenge.difference <= challenge.high
    assert challenge.challenger_value > challenge.champion_value + 0.2
    assert challenge.recommendation.startswith("The new model is better: Ranking (ROC AUC) ")
    assert challenge.recommendation.endswith("It should go live.")

    recipe = store.get(Recipe, store.get(ModelVersion, challenge.challenger_id).recipe_id)
    rows = prepare.split_rows(store, recipe)
    newest = live_rows[560:800]
    assert rows.test["distance"].tolist() == newest["distance"].tolist()
    assert rows.test["late"].tolist() == newest["late"].tolist()
    assert len(rows.train) == 400 + 560

    with pytest.raises(ConflictError, match="cannot approve it"):
        deploy.approve_model(store, challenge.challenger_id, by="Ada")
    deploy.approve_model(store, challenge.challenger_id, by="Grace")
    deploy.promote_model(store, challenge.challenger_id, by="Grace", seen_generation=1, reason=challenge.reason)
    assert plan.current_lap(store, world.project.id) == 2
    assert [lap.reason for lap in store.find(Lap)] == ["First model", "The questions have changed"]

    # The new champion has learned from these very labels: only rows that came after it may judge it.
    with pytest.raises(NotReadyError, match="version 2 was made"):
        retrain.start_retraining(store, world.project.id, reason="", by="Ada")


@pytest.mark.parametrize("chosen", [None, 0.8], ids=["costs chose", "a person chose"])
def test_a_challenger_has_its_own_threshold_and_both_are_compared_by_theirs(
    store: Store, cluster: LocalCluster, chosen: float | None
) -> None:
    world = make_world(store, "Costly flights")
    store.update(world.run, n_splits=2, metric="recall")
    costs = {"cost_false_positive": 1.0, "cost_false_negative": 10.0}
    plan.change_objective(store, world.project.id, by="Anna", metric="recall", positive_label="yes", **costs)
    candidate = count_out_of_fold(store, world, add_candidate(store, world))
    first = evaluate_candidate(store, candidate, threshold=chosen)
    champion = promote(
        store, deploy.approve_model(store, deploy.register_model(store, first.id, by="Anna").id, by="Bert")
    )
    log_live_rows(store, world, champion, make_frame(n_rows=400, seed=3))

    job = retrain.start_retraining(store, world.project.id, reason="", by="Ada")
    result = run(store, job, cluster)

    second = store.get(Evaluation, result["evaluation_id"])
    assert first.threshold is not None
    assert second.threshold is not None
    if chosen is None:
        counted = store.get(Candidate, second.candidate_id).out_of_fold
        assert counted is not None
        assert sum(counted.positives) + sum(counted.negatives) == store.get(TrainingRun, second.run_id).n_rows_train
        objective = plan.current_objective(store, world.project.id)
        assert second.threshold == evaluate.choose_threshold(counted, objective)
        assert not second.threshold.is_likelier_class
    else:
        assert (second.threshold.value, second.threshold.chosen_by) == (chosen, "Anna")
    challenge = store.get(Challenge, result["challenge_id"])
    recipe = store.get(Recipe, store.get(ModelVersion, challenge.challenger_id).recipe_id)
    features, target = prepare.features_and_target(prepare.split_rows(store, recipe).test, recipe)
    for evaluation, value in ((first, challenge.champion_value), (second, challenge.challenger_value)):
        assert evaluation.threshold is not None
        proba = evaluate.load_fitted(store, evaluation.candidate_id).predict_proba(features)[:, 1]
        assert value == pytest.approx((proba >= evaluation.threshold.value)[(target == "yes").to_numpy()].mean())


@pytest.fixture
def live(store: Store, cheap_world: Callable[[], World]) -> tuple[World, ModelVersion]:
    world = cheap_world()
    return world, store.newest(ModelVersion, project_id=world.project.id)  # type: ignore[return-value]


@pytest.fixture
def cheap_world(store: Store) -> Callable[[], World]:
    """A function that makes a project with a live version whose files nobody reads."""

    def make() -> World:
        world = make_world(store, "Cheap")
        model = store.add(
            ModelVersion(
                world.project.id,
                1,
                "c",
                "e",
                world.recipe.dataset_id,
                world.recipe.id,
                "linear",
                "0",
                "onnx",
                "",
                "approved",
            )
        )
        release = Release(world.project.id, model.id, 1, "promote", "Bert")
        store.releases.swap(release, seen_generation=0, now=utc_now())
        return world

    return make


def test_too_few_labels_are_refused_with_how_many_more_are_needed(
    store: Store, live: tuple[World, ModelVersion]
) -> None:
    world, model = live
    log_live_rows(store, world, model, make_frame(n_rows=50, seed=4), labelled=25)
    with pytest.raises(NotReadyError, match=r"25 rows .* 15 more are needed"):
        retrain.start_retraining(store, world.project.id, reason="", by="Ada")
    assert store.count(Job, kind="retrain") == 0


def test_the_smallest_number_of_labels_leaves_thirty_to_compare_on(
    store: Store, live: tuple[World, ModelVersion]
) -> None:
    world, model = live
    log_live_rows(store, world, model, make_frame(n_rows=40, seed=4))
    labelled = store.log.read(world.project.id, labelled_only=True)
    assert count_compared(model, labelled) == 30
    assert retrain.start_retraining(store, world.project.id, reason=" ", by="Ada").params["reason"] == "Asked by Ada"


def test_without_a_live_model_there_is_nothing_to_challenge(store: Store) -> None:
    project = plan.create_project(store, "Empty", by="Ada")
    with pytest.raises(NotReadyError, match="No model is live"):
        retrain.start_retraining(store, project.id, reason="", by="Ada")
    assert retrain.current_challenge(store, project.id) is None


def test_a_champion_that_is_no_longer_live_is_not_challenged(store: Store, live: tuple[World, ModelVersion]) -> None:
    world, model = live
    log_live_rows(store, world, model, make_frame(n_rows=60, seed=4))
    job = retrain.start_retraining(store, world.project.id, reason="", by="Ada")
    release = Release(world.project.id, "another", 2, "promote", "Bert")
    store.releases.swap(release, seen_generation=1, now=utc_now())
    with pytest.raises(NotReadyError, match="Another model has gone live"):
        retrain.run_retraining(JobHandle(store, job))
    assert len(collect.list_datasets(store, world.project.id)) == 1
