"""A table with every kind of column and a recipe with every kind of step, from training to a served prediction,
drift, a replay, and a retrained challenger.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from distributed import LocalCluster

from core import collect, deploy, evaluate, monitor, plan, prepare, retrain, serve, simulate, train
from core.errors import LifecycleError
from core.evaluate import load_fitted
from core.records import Candidate, Evaluation, Job, ModelVersion, Recipe, utc_now
from core.store import JobHandle, Store, open_store
from tests.all_steps import with_all_steps, with_order
from tests.model_worlds import promote
from tests.visits import visits

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
N_TABLE, N_STREAM = 300, 120


@dataclass
class World:
    """A project with every step on, whose model is live on a running service."""

    store: Store
    project_id: str
    recipe: Recipe
    candidate: Candidate
    evaluation: Evaluation
    model: ModelVersion
    stream_id: str


def add(store: Store, project_id: str, frame: pd.DataFrame, role: str) -> str:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    source = "upload" if role == "table" else "keep_back"
    return collect.add_table(store, project_id, table, filename="visits.csv", by="Anna", source=source, role=role).id


def do(store: Store, job: Job, function: object, address: str = "") -> dict[str, object]:
    """Do a job as the job runner would."""
    try:
        result = function(JobHandle(store, job, address))  # type: ignore[operator]
    except LifecycleError:
        store.update(job, status="failed", ended_at=utc_now())
        raise
    store.update(job, status="done", result=result, ended_at=utc_now())
    return result  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, cluster: LocalCluster) -> Iterator[World]:
    store = open_store(tmp_path_factory.mktemp("steps") / "home")
    frame = with_order(visits(N_TABLE + N_STREAM))
    project = plan.create_project(store, "Visits", by="Anna")
    add(store, project.id, frame.iloc[:N_TABLE], "table")
    stream_id = add(store, project.id, frame.iloc[N_TABLE:], "stream")
    plan.change_objective(store, project.id, by="Anna", target="comes", task="binary", metric="roc_auc", minimum=0.5)
    recipe = with_all_steps(prepare.propose_recipe(store, project.id, by="Anna"))
    recipe = prepare.save_recipe(store, recipe)
    job = train.start_training(
        store, project.id, families=["naive_bayes"], metric="roc_auc", budget_s=120, n_splits=2, by="Anna"
    )
    run_id = do(store, job, train.run_training, cluster.scheduler_address)["run_id"]
    candidate = next(one for one in train.leaderboard(store, str(run_id)) if one.family == "naive_bayes")
    assert candidate.status == "done", candidate.note
    job = evaluate.start_evaluation(store, project.id, candidate_ids=[candidate.id], by="Anna")
    evaluation_id = do(store, job, evaluate.run_evaluation)["evaluation_ids"][0]  # type: ignore[index]
    model = deploy.register_model(store, evaluation_id, by="Anna")
    promote(store, deploy.approve_model(store, model.id, by="Bert"))
    serve.start_service(store)
    evaluation = store.get(Evaluation, evaluation_id)
    yield World(store, project.id, recipe, candidate, evaluation, model, stream_id)
    serve.stop_service(store)
    store.engine.dispose()


def test_importance_is_told_for_each_input_and_says_what_was_looked_back_at(world: World) -> None:
    names = {column.name for column in prepare.feature_columns(world.recipe)}
    assert {one.column for one in world.evaluation.importance} == names
    assert {"age (1 before)", "age (mean of 3 before)", "comes (1 before)"} <= names


def test_the_service_is_given_what_a_row_has_to_bring_and_answers_as_the_pipeline(world: World) -> None:
    store = world.store
    prototype = deploy.load_prototype(store, world.model.id)
    assert {column.name for column in prototype.columns} == {
        column.name for column in prepare.feature_columns(world.recipe)
    }
    features = prepare.features_and_target(prepare.split_rows(store, world.recipe).test, world.recipe)[0]
    rows = deploy.request_rows(prototype, features.head(10))
    address = serve.service_address(store)
    assert address is not None
    with serve.ServiceClient(address) as client:
        answers = client.predict("visits", rows)["predictions"]
        one = client.predict("visits", rows[3:4])["predictions"][0]
    expected = load_fitted(store, world.candidate.id).predict_proba(features.head(10))
    served = [[answer["probabilities"][label] for label in ("no", "yes")] for answer in answers]
    np.testing.assert_allclose(served, expected, atol=1e-4)
    assert one["probabilities"] == pytest.approx(answers[3]["probabilities"], abs=1e-6)


def test_the_fitted_pipeline_says_how_many_rows_it_did_not_learn_from(world: World) -> None:
    assert 1 <= load_fitted(world.store, world.candidate.id).n_removed_ <= 0.02 * N_TABLE


def test_kept_back_rows_bring_their_past_and_a_challenger_learns_from_it(world: World, cluster: LocalCluster) -> None:
    store = world.store
    job = simulate.start_replay(
        store, world.project_id, rows_per_second=1_000, n_rows=N_STREAM, label_delay_s=0, label_share=1, by="Anna"
    )
    result = do(store, job, simulate.run_replay)
    assert (result["n_sent"], result["n_failed"], result["n_labels"]) == (N_STREAM, 0, N_STREAM)
    sent = [row.prediction.inputs for row in store.log.read(world.project_id, since=job.created_at)]
    earlier = prepare.earlier_values(store, world.recipe, stream_id=world.stream_id)
    found = sorted(row["age (mean of 3 before)"] for row in sent if row["age (mean of 3 before)"] is not None)
    np.testing.assert_allclose(found, np.sort(earlier["age (mean of 3 before)"].dropna()))
    assert monitor.drift(store, world.project_id).columns

    job = retrain.start_retraining(store, world.project_id, reason="A try", by="Anna")
    result = do(store, job, retrain.run_retraining, cluster.scheduler_address)
    challenger = store.get(ModelVersion, str(result["model_version_id"]))
    recipe = store.get(Recipe, challenger.recipe_id)
    test = prepare.split_rows(store, recipe).test
    logged = {row["income"]: row["age (1 before)"] for row in sent}
    for income, before in zip(test["income"], test["age (1 before)"], strict=True):
        assert logged[income] == pytest.approx(before, nan_ok=True) or (logged[income] is None and np.isnan(before))
