"""A model's files as people take them: sealed, openable where it is said, and the graph fed as described."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from core import deploy, evaluate
from core.errors import BadInputError, NotFoundError
from core.evaluate.model_folder import write_manifest
from tests.core.deploy.conftest import Registered
from tests.model_worlds import copy_version, damage
from tests.taken_away import link_packages

OPEN_BOTH = """
import json, sys
import joblib, pandas, skops.io
rows = pandas.read_parquet("rows.parquet")
trusted = skops.io.get_untrusted_types(file="model.skops")
opened = joblib.load("model.joblib"), skops.io.load("model.skops", trusted=trusted)
print(json.dumps([pipeline.predict_proba(rows).tolist() for pipeline in opened]))
"""


def test_joblib_and_skops_open_inside_the_folder_and_give_the_same_numbers(
    registered: Registered, tmp_path: Path
) -> None:
    model = copy_version(registered.store, registered.model, number=50)
    folder = deploy.export_folder(registered.store, model.id, tmp_path)
    for name in ("model.joblib", "model.skops"):
        (folder / name).write_bytes(deploy.read_model_file(registered.store, model.id, name))
    frame = registered.world.frame.drop(columns="late")
    frame.to_parquet(folder / "rows.parquet")
    packages = link_packages(folder / "requirements.txt", tmp_path / "site")
    said = subprocess.run(
        [sys.executable, "-S", "-c", OPEN_BOTH],
        cwd=folder,
        env={"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    expected = evaluate.load_fitted(registered.store, registered.model.candidate_id)
    for answers in json.loads(said):
        assert np.array_equal(answers, expected.predict_proba(frame))


def test_the_graph_fed_as_described_gives_the_pipelines_numbers(registered: Registered) -> None:
    described = deploy.describe_graph(registered.store, registered.model.id)
    assert described.steps_before[0] == "coerce"
    pipeline = evaluate.load_fitted(registered.store, registered.model.candidate_id)
    frame = registered.world.frame.drop(columns="late")
    table = frame
    for name in described.steps_before:
        table = pipeline.named_steps[name].transform(table)
    kinds = {"tensor(string)": object, "tensor(float)": np.float32, "tensor(double)": np.float64}
    fed = {one.name: table[list(one.columns)].to_numpy().astype(kinds[one.type]) for one in described.inputs}
    assert [one.n_columns for one in described.inputs] == [matrix.shape[1] for matrix in fed.values()]
    graph = deploy.read_model_file(registered.store, registered.model.id, "model.onnx")
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    answers = dict(zip(described.outputs, session.run(list(described.outputs), fed), strict=True))
    proba = next(matrix for matrix in answers.values() if matrix.ndim == 2)
    assert proba == pytest.approx(pipeline.predict_proba(frame), abs=1e-4)


def test_a_file_that_was_changed_is_not_handed_out(registered: Registered) -> None:
    model = copy_version(registered.store, registered.model, number=51)
    damage(registered.store.files.model(model.id) / "model.onnx")
    with pytest.raises(BadInputError, match=r"model\.onnx"):
        deploy.read_model_file(registered.store, model.id, "model.joblib")


def test_of_a_model_without_a_graph_there_is_none_to_take(registered: Registered) -> None:
    model = copy_version(registered.store, registered.model, number=52)
    folder = registered.store.files.model(model.id)
    (folder / "model.onnx").unlink()
    registered.store.update(model, digest=write_manifest(folder, {"engine": "pipeline"}))
    assert deploy.model_size(registered.store, model.id, "model.onnx") is None
    assert deploy.model_size(registered.store, model.id, "model.skops") == (folder / "model.skops").stat().st_size
    with pytest.raises(NotFoundError, match="has no file"):
        deploy.describe_graph(registered.store, model.id)
