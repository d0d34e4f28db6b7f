"""A model folder proves itself, and one that cannot is never loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from core import deploy, evaluate, plan
from core.deploy.loading import open_model, verify_folder
from core.deploy.registry import register_version
from core.errors import BadInputError, NotFoundError, NotReadyError
from core.evaluate.model_folder import check_folder, read_model, write_manifest, write_model
from core.records import ModelVersion
from core.train import tracking_uri
from tests.core.deploy.conftest import Registered
from tests.model_worlds import copy_version, damage, promote

FILES = {
    "MLmodel",
    "errors.json",
    "golden.parquet",
    "manifest.json",
    "model.joblib",
    "model.onnx",
    "model.skops",
    "prototype.json",
    "reference.json",
    "dry_run.json",
}


@pytest.fixture
def copied(registered: Registered) -> tuple[ModelVersion, Path]:
    """A version of its own, to be damaged."""
    model = copy_version(registered.store, registered.model, number=99)
    return model, registered.store.files.model(model.id)


def test_a_registered_folder_holds_everything_to_serve_and_to_take_away(registered: Registered) -> None:
    folder = registered.store.files.model(registered.model.id)
    assert {path.name for path in folder.iterdir()} == FILES
    manifest = check_folder(folder, registered.model.digest)
    assert set(manifest["files"]) == FILES - {"manifest.json"}
    assert manifest["libraries"]["scikit-learn"]
    assert manifest["engine"] == registered.model.engine == "onnx"
    assert "answers equal scikit-learn's" in registered.model.engine_reason


def test_the_loaded_model_answers_as_the_pipeline_did(registered: Registered) -> None:
    loaded = deploy.load_model(registered.store, registered.model.id)
    frame = registered.world.frame.iloc[50:150].drop(columns="late")
    answers = loaded.predict(frame)
    pipeline = evaluate.load_fitted(registered.store, registered.model.candidate_id)
    assert answers.predictions == pipeline.predict(frame).tolist()
    assert answers.probabilities is not None
    assert [row["yes"] for row in answers.probabilities] == pytest.approx(pipeline.predict_proba(frame)[:, 1], abs=1e-4)
    assert loaded.engine == "onnx"
    assert [column.name for column in loaded.prototype.columns] == [column.name for column in loaded.reference.columns]


def test_json_rows_are_answered_like_the_rows_of_the_table(registered: Registered) -> None:
    loaded = open_model(registered.store.files.model(registered.model.id), registered.model.digest)
    frame = registered.world.frame.drop(columns="late")
    rows = json.loads(json.dumps(deploy.request_rows(loaded.prototype, frame)))
    assert loaded.predict(pd.DataFrame(rows)) == loaded.predict(frame)


def test_the_champion_loaded_with_mlflow_gives_the_same_answers_and_is_left_servable(
    registered: Registered, tmp_path: Path
) -> None:
    store, copied = registered.store, copy_version(registered.store, registered.model, number=98)
    folder = store.files.model(copied.id)
    # A project of its own: other tests need nothing to be live in the shared one.
    project = plan.create_project(store, "Champion of MLflow", by="Anna")
    entered = register_version(store, project.slug, copied.id, None, digest=copied.digest)
    model = promote(
        store, store.update(copied, project_id=project.id, mlflow_name=project.slug, mlflow_version=entered)
    )
    frame = registered.world.frame.drop(columns="late")
    frame.to_parquet(tmp_path / "rows.parquet")
    program = (
        "import json, mlflow, mlflow.pyfunc, pandas\n"
        f"mlflow.set_tracking_uri({tracking_uri(store)!r})\n"
        f"model = mlflow.pyfunc.load_model('models:/{model.mlflow_name}@champion')\n"
        f"print(json.dumps(model.predict(pandas.read_parquet({str(tmp_path / 'rows.parquet')!r}))))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == deploy.load_model(store, model.id).predict(frame).predictions
    # MLflow writes a file of its own into the folder; that must not take the model out of service.
    assert {path.name for path in folder.iterdir()} > FILES


def test_the_download_is_the_same_model(registered: Registered) -> None:
    pipeline = joblib.load(registered.store.files.model(registered.model.id) / "model.joblib")
    frame = registered.world.frame.drop(columns="late")
    expected = evaluate.load_fitted(registered.store, registered.model.candidate_id).predict_proba(frame)
    assert np.array_equal(pipeline.predict_proba(frame), expected)


@pytest.mark.parametrize("name", sorted(FILES))
def test_one_flipped_bit_in_any_file_is_noticed(copied: tuple[ModelVersion, Path], name: str) -> None:
    model, folder = copied
    damage(folder / name)
    with pytest.raises(BadInputError):
        open_model(folder, model.digest)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_cut_short_is_noticed(copied: tuple[ModelVersion, Path], name: str) -> None:
    model, folder = copied
    os.truncate(folder / name, 10)
    with pytest.raises(BadInputError):
        open_model(folder, model.digest)


def test_a_file_that_is_gone_is_noticed(copied: tuple[ModelVersion, Path]) -> None:
    model, folder = copied
    (folder / "golden.parquet").unlink()
    with pytest.raises(BadInputError, match=r"golden\.parquet"):
        check_folder(folder, model.digest)


def test_a_manifest_made_to_fit_changed_files_is_not_the_registered_one(copied: tuple[ModelVersion, Path]) -> None:
    model, folder = copied
    damage(folder / "model.skops")
    write_manifest(folder)
    with pytest.raises(BadInputError, match="not the one that was registered"):
        open_model(folder, model.digest)


def test_a_model_that_answers_differently_is_not_loaded(copied: tuple[ModelVersion, Path]) -> None:
    _, folder = copied
    pipeline = read_model(folder)
    pipeline[-1].coef_ = pipeline[-1].coef_ * 1.001
    write_model(pipeline, folder)
    digest = write_manifest(folder, {"engine": "pipeline"})
    with pytest.raises(BadInputError, match="does not give the answers"):
        open_model(folder, digest)


def test_another_onnx_graph_than_the_proved_one_is_not_loaded(
    copied: tuple[ModelVersion, Path], registered: Registered
) -> None:
    _, folder = copied
    golden = pd.read_parquet(folder / "golden.parquet")
    pipeline = read_model(folder)
    pipeline[-1].intercept_ = pipeline[-1].intercept_ + 0.5
    from core.deploy.onnx_graph import convert_tables

    frame = registered.world.frame.drop(columns="late")
    (folder / "model.onnx").write_bytes(convert_tables(pipeline, frame.head(), double=True))
    digest = write_manifest(folder, {"engine": "onnx"})
    with pytest.raises(BadInputError, match="does not give the answers"):
        open_model(folder, digest)
    assert len(golden) == 50


def test_a_model_file_with_a_foreign_type_is_neither_written_nor_read(tmp_path: Path) -> None:
    hostile = Pipeline([("run", FunctionTransformer(os.system))])
    with pytest.raises(BadInputError, match="cannot be stored safely"):
        write_model(hostile, tmp_path)
    skops.io.dump(hostile, tmp_path / "model.skops")
    with pytest.raises(BadInputError, match="no model of ours"):
        read_model(tmp_path)


def test_the_list_of_trusted_types_names_nothing_that_runs_commands() -> None:
    from core.evaluate.model_folder import TRUSTED_TYPES

    assert not [name for name in TRUSTED_TYPES if name.split(".")[0] not in ("core", "sklearn", "numpy")]


def test_verifying_runs_in_another_process_and_says_what_is_wrong(copied: tuple[ModelVersion, Path]) -> None:
    model, folder = copied
    verify_folder(folder, model.digest)
    damage(folder / "model.skops")
    with pytest.raises(BadInputError, match=r"model\.skops"):
        verify_folder(folder, model.digest)


def test_a_candidate_that_was_not_evaluated_has_no_files(registered: Registered) -> None:
    with pytest.raises(NotReadyError, match="not been evaluated"):
        evaluate.load_fitted(registered.store, "0" * 24)


def test_a_version_that_does_not_exist_cannot_be_loaded(registered: Registered) -> None:
    with pytest.raises(NotFoundError):
        deploy.load_model(registered.store, "0" * 24)
