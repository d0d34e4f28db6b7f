"""Which engine serves which family, and that it gives the same answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from core import prepare
from core.deploy.answers import OnnxScorer, PipelineScorer
from core.deploy.engine import choose_engine
from core.deploy.golden import odd_rows
from core.deploy.prototype import build_prototype
from core.evaluate.model_folder import read_model, write_model
from core.store import Store
from core.train import FAMILIES
from core.train.fitting import FitSpec, fit_pipeline
from tests.model_worlds import METRICS, make_world

NOT_CONVERTED = {
    ("dummy", "binary"),
    ("dummy", "multiclass"),
    ("dummy", "regression"),
    ("hist_gradient_boosting", "binary"),
    ("hist_gradient_boosting", "multiclass"),
    ("hist_gradient_boosting", "regression"),
    ("svm", "regression"),
    ("neural_network", "regression"),
}
CASES = [
    pytest.param(family.key, task, marks=() if task == "binary" or family.key == "linear" else pytest.mark.slow)
    for family in FAMILIES
    for task in family.tasks
]


# A network on so few rows is not finished when its time is up, and need not be for this.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("family", "task"), CASES)
def test_every_family_is_stored_and_served_with_the_same_answers(
    store: Store, tmp_path: Path, family: str, task: str
) -> None:
    world = make_world(store, "A project", task=task)
    rows = prepare.split_rows(store, world.recipe)
    # As in training: one thread each, since threads of several fits would fight over the cores.
    with threadpool_limits(1):
        pipeline = fit_pipeline(FitSpec(world.recipe, family, METRICS[task], 0), rows.train)
    write_model(pipeline, tmp_path)
    prototype = build_prototype(world.recipe, rows.train, ())
    names = [column.name for column in prototype.columns]
    asked = pd.concat([rows.test[names], odd_rows(rows.test[names].head(20), prototype)], ignore_index=True)
    reread = read_model(tmp_path)
    engine, reason = choose_engine(reread, tmp_path, asked)
    assert engine == ("pipeline" if (family, task) in NOT_CONVERTED else "onnx"), reason
    scorer = OnnxScorer(reread, tmp_path / "model.onnx") if engine == "onnx" else PipelineScorer(reread)
    predictions, proba = scorer.score(asked)
    if task == "regression":
        expected = pipeline.predict(asked)
        assert np.allclose(predictions, expected, rtol=1e-4, atol=1e-4 * expected.std())
    else:
        assert predictions.tolist() == pipeline.predict(asked).tolist()
        assert np.allclose(proba, pipeline.predict_proba(asked), atol=1e-4)
    assert (tmp_path / "model.onnx").exists() == (engine == "onnx")
