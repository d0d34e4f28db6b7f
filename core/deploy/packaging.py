"""Writing the folder of a model version: everything needed to serve it, to prove it, and to take it away."""

import logging
import platform
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import joblib
import pandas as pd
from sklearn.pipeline import Pipeline

from core.deploy.answers import GRAPH, LoadedModel, PipelineScorer
from core.deploy.apart import run_apart
from core.deploy.convert import convert_folder, prove_model
from core.deploy.dry_run import choose_test_rows, run_dry, write_dry_run
from core.deploy.error_model import learn_errors
from core.deploy.golden import choose_rows, odd_rows, write_golden
from core.deploy.loading import ERRORS, PROTOTYPE, REFERENCE
from core.deploy.mlflow_flavour import write_mlmodel
from core.deploy.prototype import build_prototype
from core.deploy.reference import build_reference, choose_scores
from core.deploy.surprise import UNLIKE_SHARES, threshold
from core.errors import LifecycleError, NotReadyError
from core.evaluate import answer_rows, apply_threshold
from core.evaluate.model_folder import write_manifest, write_model
from core.prepare import SplitRows, features_and_target
from core.records import DecisionThreshold, Engine, Prototype, Recipe, Reference
from core.store import record_to_json

JOBLIB = "model.joblib"
LIBRARIES = ("scikit-learn", "numpy", "pandas", "scipy", "skops", "joblib", "skl2onnx", "onnxruntime")
PROVE_TIMEOUT_S = 120.0
CONVERT_TIMEOUT_S = 120.0
N_ROWS_COMPARED = 1_000
N_ODD_ROWS_COMPARED = 200
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Package:
    """What was written: the manifest's sha256, and the engine that will serve with the reason in words."""

    digest: str
    engine: Engine
    engine_reason: str


def write_package(
    folder: Path,
    pipeline: Pipeline,
    recipe: Recipe,
    rows: SplitRows,
    *,
    threshold: DecisionThreshold | None = None,
) -> Package:
    """Write all files of a model version into an empty folder.

    Parameters
    ----------
    folder : Path
        Where to; the caller renames it into place.
    pipeline : Pipeline
        Fitted on `rows.train`.
    recipe : Recipe
        What it was built from.
    rows : SplitRows
        Training part, for prototype and reference, and test part, for golden rows and comparisons.
    threshold : DecisionThreshold, optional
        What it answers by; built into every form of the model, and named in the prototype.

    Raises
    ------
    BadInputError
        When the pipeline contains a type that may not be stored, or answers differently in another process.
    """
    classes = () if recipe.task == "regression" else tuple(str(label) for label in pipeline.classes_)
    pipeline = apply_threshold(pipeline, threshold)
    # Whoever asks the service reads the prototype: what mistakes cost is not theirs to know.
    told = replace(threshold, reason="") if threshold else None
    prototype = replace(build_prototype(recipe, rows.train, classes), threshold=told)
    names = [column.name for column in prototype.columns]
    scorer = PipelineScorer(pipeline)
    predictions, proba = scorer.score(rows.test[names])
    reference = build_reference(recipe, rows.train, predictions.tolist(), choose_scores(proba, classes))
    reference = _run_dry(folder, LoadedModel(scorer, "pipeline", prototype, reference), rows.test)
    write_model(pipeline, folder)
    joblib.dump(pipeline, folder / JOBLIB, compress=3)
    (folder / PROTOTYPE).write_text(record_to_json(prototype), encoding="utf-8")
    (folder / REFERENCE).write_text(record_to_json(reference), encoding="utf-8")
    _write_errors(folder, pipeline, recipe, rows.test, reference)
    write_golden(folder, scorer, choose_rows(rows.test, prototype))
    engine, reason = _convert(folder, _rows_to_compare(rows.test, prototype))
    write_mlmodel(folder)
    facts = {
        "target": recipe.target,
        "task": recipe.task,
        "engine": engine,
        "engine_reason": reason,
        "libraries": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    }
    return Package(write_manifest(folder, facts), engine, reason)


def _run_dry(folder: Path, model: LoadedModel, test: pd.DataFrame) -> Reference:
    """Write what the model did on test rows; return its reference with how unlike training rows are allowed to be."""
    chosen = choose_test_rows(test)
    names = [column.name for column in model.prototype.columns]
    dry_run = run_dry(model.prototype, model.reference, chosen, model.predict(chosen[names]))
    write_dry_run(folder, dry_run)
    return replace(model.reference, surprise=tuple(threshold(dry_run.surprise, share) for share in UNLIKE_SHARES))


def _write_errors(folder: Path, pipeline: Pipeline, recipe: Recipe, test: pd.DataFrame, reference: Reference) -> None:
    features, target = features_and_target(test, recipe)
    errors = learn_errors(recipe.task, reference, features, answer_rows(pipeline, features, target))
    if errors is not None:
        (folder / ERRORS).write_text(record_to_json(errors), encoding="utf-8")


def _rows_to_compare(frame: pd.DataFrame, prototype: Prototype) -> pd.DataFrame:
    names = [column.name for column in prototype.columns]
    rows = frame[names].sample(min(len(frame), N_ROWS_COMPARED), random_state=1)
    return pd.concat([rows, odd_rows(rows.head(N_ODD_ROWS_COMPARED), prototype)], ignore_index=True)


def _convert(folder: Path, rows: pd.DataFrame) -> tuple[Engine, str]:
    """Prove and convert in processes of their own; where only the conversion fails, scikit-learn stays in charge."""
    run_apart(prove_model, folder, timeout_s=PROVE_TIMEOUT_S)
    try:
        outcome: tuple[Engine, str] = run_apart(convert_folder, folder, rows, timeout_s=CONVERT_TIMEOUT_S)
    except NotReadyError:
        return _without_graph(folder, f"took longer than {CONVERT_TIMEOUT_S:g} seconds")
    except LifecycleError as error:
        logger.warning("Converting %s failed: %s", folder.name, error)
        return _without_graph(folder, "failed")
    return outcome


def _without_graph(folder: Path, what_happened: str) -> tuple[Engine, str]:
    (folder / GRAPH).unlink(missing_ok=True)
    return "pipeline", f"scikit-learn computes: converting to ONNX {what_happened}."
