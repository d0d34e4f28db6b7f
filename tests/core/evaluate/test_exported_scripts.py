"""The exported programs of Train and Evaluate give the scores that were stored, without our package."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

from core import collect, evaluate, plan, prepare, train
from core.errors import NotReadyError
from core.evaluate.script import CODES
from core.records import Candidate, DatasetVersion, Evaluation, Recipe, Split, TrainingRun
from core.store import JobHandle, Store
from core.train.families import FAMILIES
from core.train.fitting import FitSpec, score_fold
from core.train.folds import draw_rows, make_folds
from tests.exported import PlainPython
from tests.visits import MakeRecipe, visits

FAST = ("linear", "decision_tree", "k_nearest_neighbors")


@pytest.fixture
def trained(store: Store, cluster: LocalCluster) -> Any:
    """A function that trains families on a recipe and returns the run."""

    def train_them(recipe: Recipe, families: tuple[str, ...], metric: str) -> TrainingRun:
        job = train.start_training(
            store, recipe.project_id, families=families, metric=metric, budget_s=300, n_splits=3, by="Ada"
        )
        return store.get(TrainingRun, train.run_training(JobHandle(store, job, cluster.scheduler_address))["run_id"])

    return train_them


def data_of(store: Store, recipe: Recipe) -> dict[str, Path]:
    dataset = store.get(DatasetVersion, recipe.dataset_id)
    return {collect.parquet_name(dataset): store.files.dataset(dataset.id)}


def done(store: Store, run: TrainingRun) -> list[Candidate]:
    return [candidate for candidate in train.leaderboard(store, run.id) if candidate.status == "done"]


def check_scores(store: Store, recipe: Recipe, run: TrainingRun, python: PlainPython, folder: Path) -> None:
    """Compare fold by fold; the program keeps scikit-learn's sign."""
    text = train.training_script(store, run.id)
    found = python.run(text, folder, "scores", data=data_of(store, recipe))["scores"]
    sign = 1 if plan.metric(run.metric).greater_is_better else -1
    candidates = done(store, run)
    assert len(found) == len(candidates) > 1
    for candidate in candidates:
        scores = np.asarray(found[train.find_family(candidate.family).title]) * sign
        np.testing.assert_allclose(
            scores[~np.isnan(scores)], candidate.fold_scores, rtol=1e-9, err_msg=candidate.family
        )


def check_test(
    store: Store, recipe: Recipe, candidate: Candidate, cluster: LocalCluster, python: PlainPython, folder: Path
) -> Evaluation:
    job = evaluate.start_evaluation(store, recipe.project_id, candidate_ids=[candidate.id], by="Ada")
    result = evaluate.run_evaluation(JobHandle(store, job, cluster.scheduler_address))
    stored = store.get(Evaluation, result["evaluation_ids"][0])
    text = evaluate.evaluation_script(store, candidate.id)
    found = python.run(text, folder, "results", "X_test", data=data_of(store, recipe))
    assert len(found["X_test"]) == stored.n_rows_test
    expected = {estimate.label: estimate.value for estimate in stored.metrics}
    assert expected
    assert {name: found["results"][name] for name in expected} == pytest.approx(expected, rel=1e-9)
    return stored


@pytest.mark.parametrize(
    ("target", "metric", "positive"),
    [
        ("comes", "f1", "no"),
        pytest.param("spends", "neg_mean_absolute_error", None, marks=pytest.mark.slow),
        pytest.param("colour", "roc_auc_ovr", None, marks=pytest.mark.slow),
    ],
)
def test_the_programs_give_the_stored_scores(
    store: Store,
    cluster: LocalCluster,
    make_recipe: MakeRecipe,
    trained: Any,
    plain_python: PlainPython,
    tmp_path: Path,
    target: str,
    metric: str,
    positive: str | None,
) -> None:
    recipe = make_recipe(visits(240), target)
    plan.change_objective(store, recipe.project_id, by="Ada", positive_label=positive)
    run = trained(recipe, FAST, metric)
    check_scores(store, recipe, run, plain_python, tmp_path / "train")
    check_test(store, recipe, done(store, run)[0], cluster, plain_python, tmp_path / "evaluate")


def test_the_program_decides_by_the_threshold_that_the_model_was_tested_with(
    store: Store,
    cluster: LocalCluster,
    make_recipe: MakeRecipe,
    trained: Any,
    plain_python: PlainPython,
    tmp_path: Path,
) -> None:
    recipe = make_recipe(visits(240), "comes")
    costs = {"cost_false_positive": 1.0, "cost_false_negative": 8.0}
    plan.change_objective(store, recipe.project_id, by="Ada", positive_label="yes", **costs)
    candidate = done(store, trained(recipe, ("linear",), "roc_auc"))[0]
    stored = check_test(store, recipe, candidate, cluster, plain_python, tmp_path / "evaluate")
    assert stored.threshold is not None
    assert not stored.threshold.is_likelier_class
    text = evaluate.evaluation_script(store, candidate.id)
    assert f"threshold={stored.threshold.value - 1e-5:.6g}" in text
    assert "It says 'yes' from a chance of " in text


def test_rows_left_out_while_learning_are_left_out_in_the_program(
    store: Store, make_recipe: MakeRecipe, trained: Any, plain_python: PlainPython, tmp_path: Path
) -> None:
    recipe = make_recipe(visits(240), "spends")
    recipe = prepare.put_step(recipe, prepare.make_step(recipe, "remove_rows", ["income"], factor=1.5))
    recipe = prepare.save_recipe(store, recipe)
    run = trained(recipe, ("linear",), "r2")
    check_scores(store, recipe, run, plain_python, tmp_path / "train")


@pytest.mark.slow
@pytest.mark.parametrize(
    "split",
    [
        pytest.param(Split("time", 0.2, time_column="seen_at"), marks=pytest.mark.slow),
        Split("group", 0.3, group_column="town"),
    ],
    ids=["by time", "by group"],
)
def test_folds_by_time_and_by_group_are_the_same(
    store: Store, make_recipe: MakeRecipe, trained: Any, plain_python: PlainPython, tmp_path: Path, split: Split
) -> None:
    recipe = make_recipe(visits(300), "comes")
    recipe = prepare.save_recipe(store, prepare.change_split(recipe, split))
    run = trained(recipe, ("linear", "k_nearest_neighbors"), "average_precision")
    check_scores(store, recipe, run, plain_python, tmp_path / "train")


@pytest.mark.slow
def test_samples_of_a_large_table_and_settings_that_follow_its_size_are_the_same(
    store: Store,
    cluster: LocalCluster,
    make_recipe: MakeRecipe,
    trained: Any,
    plain_python: PlainPython,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With less to a leaf and a smaller sample, a small table is treated as a large one is."""
    monkeypatch.setattr("core.train.families.MAX_LEAVES", 40)
    monkeypatch.setattr("core.train.folds.MAX_SCORE_ROWS", 50)
    monkeypatch.setattr("core.train.script.MAX_SCORE_ROWS", 50)
    recipe = make_recipe(visits(900), "comes")
    recipe = prepare.save_recipe(store, prepare.change_split(recipe, Split("time", 0.2, time_column="seen_at")))
    scores = [store.add(one) for one in sampled_run(store, recipe)]
    run = store.get(TrainingRun, scores[0].run_id)
    check_scores(store, recipe, run, plain_python, tmp_path / "train")
    text = train.training_script(store, run.id)
    assert "model__min_samples_leaf" in text
    assert "draw_rows(learn, 300" in text
    check_test(store, recipe, done(store, run)[0], cluster, plain_python, tmp_path / "evaluate")


def sampled_run(store: Store, recipe: Recipe) -> list[Candidate]:
    """Candidates scored here as a worker would score them, one on all rows, one on 300 at most."""
    run = TrainingRun(recipe.project_id, recipe.dataset_id, recipe.id, "roc_auc", (), n_splits=4, status="done")
    store.add(run)
    data = make_folds(prepare.split_rows(store, recipe).train, recipe, 4)
    candidates = []
    for family, n_rows in (("decision_tree", 720), ("linear", 300)):
        spec = FitSpec(recipe, family, "roc_auc", 0)
        scores = [
            score_fold(spec, data.frame.iloc[draw_rows(learn, n_rows, 0)], data.frame.iloc[check]).score
            for learn, check in data.folds
        ]
        known = {"fold_scores": tuple(scores), "score_mean": float(np.mean(scores)), "n_rows_used": n_rows}
        candidates.append(Candidate(run.id, run.project_id, family, status="done", **known))
    return candidates


@pytest.mark.slow
@pytest.mark.parametrize("target", ["comes", "spends", "colour"])
def test_every_family_gives_the_stored_scores(
    store: Store,
    cluster: LocalCluster,
    make_recipe: MakeRecipe,
    trained: Any,
    plain_python: PlainPython,
    tmp_path: Path,
    target: str,
) -> None:
    recipe = make_recipe(visits(200), target)
    families = tuple(family.key for family in FAMILIES if recipe.task in family.tasks)
    run = trained(recipe, families, plan.default_metric(recipe.task).name)
    assert len(done(store, run)) == len(families)
    check_scores(store, recipe, run, plain_python, tmp_path / "train")
    for candidate in done(store, run):
        check_test(store, recipe, candidate, cluster, plain_python, tmp_path / candidate.family)


def test_there_is_no_program_before_there_is_a_result(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(60), "comes")
    run = store.add(TrainingRun(recipe.project_id, recipe.dataset_id, recipe.id, "roc_auc", ()))
    waiting = store.add(Candidate(run.id, run.project_id, "linear"))
    with pytest.raises(NotReadyError, match="No model"):
        train.training_script(store, run.id)
    with pytest.raises(NotReadyError, match="not finished"):
        evaluate.evaluation_script(store, waiting.id)


def test_every_metric_has_code() -> None:
    assert set(CODES) == {metric.name for metric in plan.METRICS}
