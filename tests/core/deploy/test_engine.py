"""Which engine serves which family, and that it gives the same answers: from tables, and from rows of a request."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from core import prepare
from core.deploy.answers import OnnxScorer, PipelineScorer, Scorer
from core.deploy.engine import ALL, MODEL_ONLY, choose_engine
from core.deploy.golden import odd_rows
from core.deploy.graph_inputs import NUMBERS, TEXTS, GraphFeed
from core.deploy.prototype import build_prototype, request_rows
from core.evaluate.model_folder import read_model, write_model
from core.prepare import SplitRows
from core.records import Prototype, Recipe
from core.store import open_store
from core.train import FAMILIES
from core.train.fitting import FitSpec, fit_pipeline
from tests.mixed_worlds import make_mixed_world
from tests.model_worlds import METRICS

N_ROWS = 400
CASES = [
    pytest.param(family.key, task, marks=() if task == "binary" or family.key == "linear" else pytest.mark.slow)
    for family in FAMILIES
    for task in family.tasks
]
# A network on so few rows is not finished when its time is up, and need not be for this.
UNFINISHED = "ignore::sklearn.exceptions.ConvergenceWarning"


class Prepared:
    """A recipe over all kinds of columns, its rows, and rows to ask: test rows, unseen categories, gaps everywhere."""

    def __init__(self, recipe: Recipe, rows: SplitRows) -> None:
        self.recipe, self.rows = recipe, rows
        self.prototype: Prototype = build_prototype(recipe, rows.train, ())
        test = rows.test[[column.name for column in self.prototype.columns]]
        self.asked = pd.concat([test, odd_rows(test.head(20), self.prototype)], ignore_index=True)

    def fit(self, family: str) -> Any:
        # As in training: one thread each, since threads of several fits would fight over the cores.
        with threadpool_limits(1):
            return fit_pipeline(FitSpec(self.recipe, family, METRICS[self.recipe.task], 0), self.rows.train)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Prepared]]:
    store = open_store(tmp_path_factory.mktemp("engine") / "home")

    @cache
    def make(task: str) -> Prepared:
        recipe = make_mixed_world(store, task, N_ROWS).recipe
        return Prepared(recipe, prepare.split_rows(store, recipe))

    yield make
    store.engine.dispose()


def assert_same(scorer: Scorer, pipeline: Any, part: Prepared) -> None:
    """The answers are scikit-learn's, whether the rows come as a table or as a request holds them, many or one."""
    expected, expected_proba = PipelineScorer(pipeline).score(part.asked)
    rows = request_rows(part.prototype, part.asked)
    for predictions, proba in (scorer.score(part.asked), scorer.score_rows(rows)):
        if part.recipe.task == "regression":
            assert np.allclose(predictions, expected, rtol=1e-4, atol=1e-4 * expected.std())
        else:
            assert predictions.tolist() == expected.tolist()
            assert np.allclose(proba, expected_proba, atol=1e-4)
    alone = scorer.score_rows(rows[:1])[0]
    assert alone[0] == pytest.approx(expected[0], rel=1e-4) if part.recipe.task == "regression" else expected[0]


@pytest.mark.filterwarnings(UNFINISHED)
@pytest.mark.parametrize(("family", "task"), CASES)
def test_every_family_is_served_by_onnx_runtime_on_all_kinds_of_columns(
    prepared: Callable[[str], Prepared], tmp_path: Path, family: str, task: str
) -> None:
    part = prepared(task)
    pipeline = part.fit(family)
    write_model(pipeline, tmp_path)
    reread = read_model(tmp_path)
    engine, reason = choose_engine(reread, tmp_path, part.asked)
    assert engine == "onnx", reason
    assert reason.startswith(ALL)
    scorer = OnnxScorer(reread, tmp_path / "model.onnx")
    assert scorer.feed.is_direct
    assert_same(scorer, pipeline, part)


def test_where_the_features_do_not_convert_the_model_alone_does(
    prepared: Callable[[str], Prepared], tmp_path: Path
) -> None:
    part = prepared("binary")
    pipeline = part.fit("linear")
    pipeline.steps.insert(3, ("own", FunctionTransformer(np.abs)))
    engine, reason = choose_engine(pipeline, tmp_path, part.asked)
    assert engine == "onnx"
    assert reason.startswith(MODEL_ONLY)
    assert_same(OnnxScorer(pipeline, tmp_path / "model.onnx"), pipeline, part)


def test_plain_columns_of_a_request_are_fed_as_those_of_a_table_are() -> None:
    frame = pd.DataFrame({"size": [1.5, None, -3.0], "town": ["Ulm", None, "Bonn"], "new": [True, False, None]})
    pipeline = Pipeline(
        [
            ("coerce", prepare.CoerceColumns(["size", "town", "new"], ["number", "category", "boolean"])),
            ("features", ColumnTransformer([("all", FunctionTransformer(), ["new", "town", "size"])])),
            ("model", None),
        ]
    )
    pipeline[:-1].fit(frame)
    inputs = [SimpleNamespace(name=NUMBERS, type="tensor(double)"), SimpleNamespace(name=TEXTS, type="tensor(string)")]
    feed = GraphFeed(pipeline, inputs)
    expected = feed.from_table(frame)
    rows = [
        {"size": 1.5, "town": "Ulm", "new": True},
        {"size": None, "town": None, "new": False},
        {"size": -3, "town": "Bonn", "new": None},
    ]
    assert feed.is_plain
    fed = feed.from_rows(rows)
    np.testing.assert_array_equal(fed[NUMBERS], expected[NUMBERS])
    assert fed[TEXTS].tolist() == expected[TEXTS].tolist()
    assert (fed[NUMBERS].dtype, fed[TEXTS].dtype) == (expected[NUMBERS].dtype, expected[TEXTS].dtype)


def test_a_table_step_without_a_way_for_rows_is_given_a_table(
    prepared: Callable[[str], Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = prepared("binary")
    pipeline = part.fit("linear")
    choose_engine(pipeline, tmp_path, part.asked)
    monkeypatch.delattr(type(pipeline[1]), "transform_columns")
    scorer = OnnxScorer(pipeline, tmp_path / "model.onnx")
    assert not scorer.feed.is_direct
    assert_same(scorer, pipeline, part)


def test_a_graph_that_answers_otherwise_is_thrown_away(
    prepared: Callable[[str], Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = prepared("binary")
    pipeline = part.fit("linear")
    score = OnnxScorer.score
    monkeypatch.setattr(OnnxScorer, "score", lambda self, frame: (score(self, frame)[0], score(self, frame)[1] + 0.01))
    engine, reason = choose_engine(pipeline, tmp_path, part.asked)
    assert engine == "pipeline"
    assert "other answers" in reason
    assert not (tmp_path / "model.onnx").exists()
