"""Families, folds, scores and the child process, without a cluster."""

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from core import plan, prepare, train
from core.errors import BadInputError, LifecycleError, NotReadyError
from core.records import Candidate, OutOfFold, Recipe, RecipeStep, Split, Task, TrainingRun, new_id
from core.store import Store
from core.train.child import WorkDiedError, WorkStoppedError, run_killable
from core.train.fitting import FitSpec, fit_pipeline, score_fold
from core.train.folds import MAX_SCORE_ROWS, make_folds
from core.train.out_of_fold import add_folds
from core.train.scoring import score_model
from tests.visits import MakeRecipe, visits

RecipeFor = Callable[[Task], Recipe]


def with_three_classes(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(comes=np.where(frame["spends"] > 240, "often", frame["comes"]))


@pytest.fixture
def recipe_for(make_recipe: MakeRecipe) -> RecipeFor:
    """A function that gives a recipe for a task on a small table."""

    def make(task: Task) -> Recipe:
        frame = visits(150).drop(columns="remark")
        frame = with_three_classes(frame) if task == "multiclass" else frame
        return make_recipe(frame, "spends" if task == "regression" else "comes", task)

    return make


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in the child process."""
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize("family", train.FAMILIES, ids=lambda family: family.key)
def test_every_family_learns_every_task_it_claims_and_beats_guessing(
    store: Store, recipe_for: RecipeFor, family: train.ModelFamily
) -> None:
    for task in family.tasks:
        recipe = recipe_for(task)
        rows = prepare.split_rows(store, recipe)
        spec = FitSpec(recipe, family.key, plan.default_metric(task).name, 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in the child process: a network may stop before it converged
            found = score_fold(spec, rows.train, rows.test)
            guessed = score_fold(replace(spec, family="dummy"), rows.train, rows.test)
        assert found.score > guessed.score or family.key == "dummy"
        assert found.fit_seconds > 0


def test_every_family_says_what_it_is_good_for() -> None:
    assert len(train.FAMILIES) >= 10
    assert len({family.title for family in train.FAMILIES}) == len(train.FAMILIES)
    assert all(family.sentence.endswith(".") for family in train.FAMILIES)


def test_folds_learn_and_score_on_different_rows_and_score_each_row_once(store: Store, recipe_for: RecipeFor) -> None:
    recipe = recipe_for("binary")
    rows = prepare.split_rows(store, recipe)
    folds = make_folds(rows.train, recipe, 5).folds
    scored = np.concatenate([test for _, test in folds])
    assert sorted(scored) == list(range(len(rows.train)))
    assert all(set(learn).isdisjoint(test) for learn, test in folds)


def test_folds_of_a_split_by_time_never_learn_from_the_future(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = prepare.change_split(make_recipe(visits(200), "comes"), Split("time", time_column="seen_at"))
    data = make_folds(prepare.split_rows(store, recipe).train, recipe, 4)
    assert len(data.folds) == 4
    for learn, test in data.folds:
        assert data.frame["seen_at"].iloc[learn].max() <= data.frame["seen_at"].iloc[test].min()


def test_folds_by_time_that_would_hold_one_class_are_drawn_at_random_and_that_is_said(
    store: Store, make_recipe: MakeRecipe
) -> None:
    frame = visits(200).sort_values("seen_at").assign(comes=["no"] * 120 + ["yes", "no"] * 40)
    recipe = prepare.change_split(make_recipe(frame, "comes"), Split("time", time_column="seen_at"))
    data = make_folds(prepare.split_rows(store, recipe).train, recipe, 5)
    assert "drawn at random" in data.note


@pytest.mark.parametrize("target", ["comes", "age"])
def test_folds_of_a_split_by_group_tear_no_group_apart(store: Store, make_recipe: MakeRecipe, target: str) -> None:
    frame = visits(200).assign(owner=[f"customer {number % 40}" for number in range(200)])
    recipe = prepare.change_split(make_recipe(frame, target), Split("group", group_column="owner"))
    rows = prepare.split_rows(store, recipe)
    assert rows.groups is not None
    folds = make_folds(rows.train, recipe, 5, groups=rows.groups).folds
    assert len(folds) == 5
    assert all(set(rows.groups[learn]).isdisjoint(rows.groups[test]) for learn, test in folds)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(rows.train)))


def test_a_tiny_table_has_fewer_folds(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(10).assign(comes=["yes", "no"] * 5), "comes")
    data = make_folds(prepare.split_rows(store, recipe).train, recipe, 10)
    assert len(data.folds) == 4


def test_slow_predictors_are_scored_on_a_part_of_a_huge_fold() -> None:
    recipe = Recipe("p", "d", "y", "regression", (), Split("random"))
    folds = make_folds(pd.DataFrame({"y": np.arange(60_000.0)}), recipe, 2).folds
    assert [len(test) for _, test in folds] == [MAX_SCORE_ROWS] * 2


@pytest.mark.parametrize("metric", [metric.name for metric in plan.metrics_for("binary")])
def test_every_metric_of_two_classes_can_be_scored_with_text_classes(
    store: Store, recipe_for: RecipeFor, metric: str
) -> None:
    recipe = recipe_for("binary")
    rows = prepare.split_rows(store, recipe)
    for positive in ("yes", "no", None):
        spec = FitSpec(recipe, "linear", metric, 0, positive)
        assert 0 <= score_fold(spec, rows.train, rows.test).score <= 1


def test_the_positive_class_is_the_one_the_person_chose() -> None:
    features = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0] * 5})
    target = pd.Series(["rare" if x == 3 else "usual" for x in features["x"]], dtype=object)
    model = DummyClassifier(strategy="constant", constant="rare").fit(features, target)
    assert score_model(model, features, target, "precision", "rare") == pytest.approx(0.25)
    assert score_model(model, features, target, "precision", "usual") == 0


@pytest.mark.parametrize("metric", [metric.name for metric in plan.metrics_for("multiclass")])
def test_every_metric_of_several_classes_can_be_scored(store: Store, recipe_for: RecipeFor, metric: str) -> None:
    recipe = recipe_for("multiclass")
    rows = prepare.split_rows(store, recipe)
    assert score_fold(FitSpec(recipe, "linear", metric, 0), rows.train, rows.test).score > 0.3


def test_ranking_over_several_classes_is_scikit_learns(store: Store, recipe_for: RecipeFor) -> None:
    recipe = recipe_for("multiclass")
    rows = prepare.split_rows(store, recipe)
    spec = FitSpec(recipe, "linear", "roc_auc_ovr", 0)
    features, target = prepare.features_and_target(rows.test, recipe)
    probabilities = fit_pipeline(spec, rows.train).predict_proba(features)
    expected = roc_auc_score(target, probabilities, multi_class="ovr")
    assert score_fold(spec, rows.train, rows.test).score == pytest.approx(expected)


def test_a_fold_without_one_of_the_classes_has_no_score(store: Store, recipe_for: RecipeFor) -> None:
    recipe = recipe_for("binary")
    rows = prepare.split_rows(store, recipe)
    spec = FitSpec(recipe, "linear", "roc_auc", 0)
    with pytest.warns(UserWarning, match="Only one class"):
        assert np.isnan(score_fold(spec, rows.train, rows.test[rows.test["comes"] == "yes"]).score)


def test_a_child_process_is_killed_when_its_time_is_up() -> None:
    started_at = time.monotonic()
    with pytest.raises(WorkStoppedError):
        run_killable(time.sleep, (60,), should_stop=lambda: False, time_limit_s=0.5)
    assert time.monotonic() - started_at < 30


def test_a_child_process_that_dies_is_tried_again_and_then_said_so() -> None:
    with pytest.raises(WorkDiedError, match="died"):
        run_killable(os._exit, (9,), should_stop=lambda: False)


def test_a_child_process_does_not_run_the_page_that_asks_for_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.py"
    page.write_text(f"open({str(tmp_path / 'drawn')!r}, 'w')\nraise SystemExit\n", encoding="utf-8")
    main = ModuleType("__main__")
    main.__file__ = str(page)
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert run_killable(float, ("2",), should_stop=lambda: False) == 2
    assert sys.modules["__main__"] is main
    assert not (tmp_path / "drawn").exists()


def test_what_goes_wrong_in_a_child_process_is_told_in_one_line() -> None:
    with pytest.raises(LifecycleError, match="could not convert string to float"):
        run_killable(float, ("much",), should_stop=lambda: False)


def test_training_needs_a_recipe(store: Store) -> None:
    project = plan.create_project(store, "Empty", by="Ada")
    with pytest.raises(NotReadyError, match="no recipe"):
        train.start_training(store, project.id, families=["linear"], metric="roc_auc", budget_s=60, by="Ada")


def test_a_recipe_that_leaves_no_column_is_refused_before_anything_is_queued(
    store: Store, recipe_for: RecipeFor
) -> None:
    recipe = recipe_for("binary")
    names = tuple(column.name for column in recipe.columns)
    nothing = replace(recipe, id=new_id(), steps=(RecipeStep("all", "drop", "Leave out", "", names),))
    prepare.save_recipe(store, nothing)
    with pytest.raises(BadInputError, match="no column to learn from"):
        train.start_training(store, recipe.project_id, families=["linear"], metric="roc_auc", budget_s=60, by="Ada")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"families": []}, "No model family"),
        ({"families": ["crystal_ball"]}, "crystal_ball"),
        ({"metric": "r2"}, "does not measure"),
        ({"budget_s": 1}, "too short"),
        ({"budget_s": float("nan")}, "too short"),
        ({"n_splits": 1}, "folds"),
    ],
)
def test_impossible_settings_are_refused_before_anything_is_queued(
    store: Store, recipe_for: RecipeFor, changes: dict[str, object], words: str
) -> None:
    recipe = recipe_for("binary")
    settings = {"families": ["linear"], "metric": "roc_auc", "budget_s": 60, "n_splits": 3} | changes
    with pytest.raises(BadInputError, match=words):
        train.start_training(store, recipe.project_id, by="Ada", **settings)


def test_the_leaderboard_puts_the_best_first_and_what_has_no_score_last(store: Store) -> None:
    run = store.add(TrainingRun("p", "d", "r", "neg_mean_absolute_error", ("linear",)))
    for status, mean in (("left_out", None), ("done", 3.0), ("failed", None), ("done", 2.0), ("running", None)):
        store.add(Candidate(run.id, "p", "linear", status=status, score_mean=mean))
    board = train.leaderboard(store, run.id)
    assert [(one.status, one.score_mean) for one in board] == [
        ("done", 2.0),
        ("done", 3.0),
        ("running", None),
        ("failed", None),
        ("left_out", None),
    ]


def test_a_fold_counts_its_rows_by_the_chance_it_gave_them(store: Store, recipe_for: RecipeFor) -> None:
    recipe = recipe_for("binary")
    rows = prepare.split_rows(store, recipe)
    spec = FitSpec(recipe, "linear", "roc_auc", 0, "no")
    counted = score_fold(spec, rows.train, rows.test).out_of_fold
    assert counted is not None
    features, target = prepare.features_and_target(rows.test, recipe)
    pipeline = fit_pipeline(spec, rows.train)
    chances = pipeline.predict_proba(features)[:, pipeline.classes_.tolist().index("no")]
    assert counted.positive_label == "no"
    for value in (0.1, 0.25, 0.5):
        place = round(value * 1_000)
        assert sum(counted.positives[place:]) == ((chances >= value) & (target == "no")).sum()
        assert sum(counted.negatives[place:]) == ((chances >= value) & (target != "no")).sum()


def test_only_two_classes_with_chances_are_counted_and_only_if_every_fold_counts_the_same(
    store: Store, recipe_for: RecipeFor
) -> None:
    for task in ("multiclass", "regression"):
        recipe = recipe_for(task)
        rows = prepare.split_rows(store, recipe)
        spec = FitSpec(recipe, "dummy", plan.default_metric(task).name, 0)
        assert score_fold(spec, rows.train, rows.test).out_of_fold is None
    one = OutOfFold("yes", (1, 0, 2), (0, 3, 1))
    assert add_folds([one, one]) == OutOfFold("yes", (2, 0, 4), (0, 6, 2))
    assert add_folds([one, None]) is None
    assert add_folds([one, replace(one, positive_label="no")]) is None
    assert add_folds([]) is None
