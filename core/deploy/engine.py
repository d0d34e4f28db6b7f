"""Which engine serves a model? ONNX Runtime where the converted model gives the same answers, else scikit-learn.

Several graphs are tried, those that do most of the work first; one whose answers differ is thrown away.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from core.deploy.answers import GRAPH, OnnxScorer, PipelineScorer, Scorer, Scores
from core.deploy.golden import ENGINE_TOLERANCE
from core.deploy.onnx_graph import convert_model, convert_tables, inner_model
from core.records import Engine

ALL = "ONNX Runtime computes everything after the columns are read"
MODEL_ONLY = "ONNX Runtime computes the model, scikit-learn the steps before it"
Attempt = tuple[str, Callable[[], bytes]]


def choose_engine(pipeline: Pipeline, folder: Path, rows: pd.DataFrame) -> tuple[Engine, str]:
    """Write `model.onnx` if a graph gives the pipeline's answers on these rows.

    Returns
    -------
    tuple of Engine and str
        What will serve, and why, in words.
    """
    expected = PipelineScorer(pipeline)
    differed = False
    for description, attempt in _attempts(pipeline, rows):
        try:
            (folder / GRAPH).write_bytes(attempt())
            same = agree(expected, OnnxScorer(pipeline, folder / GRAPH), rows)
        # skl2onnx and ONNX Runtime raise all kinds of errors for what they cannot do, down to bare Exception.
        except Exception:  # noqa: BLE001
            same = False
        else:
            if same:
                return "onnx", f"{description}; on {len(rows):,} rows its answers equal scikit-learn's."
            differed = True
    (folder / GRAPH).unlink(missing_ok=True)
    if differed:
        return "pipeline", "scikit-learn computes: the converted model gave other answers on some rows."
    return "pipeline", f"scikit-learn computes: {type(inner_model(pipeline)).__name__} cannot be converted to ONNX."


def _attempts(pipeline: Pipeline, rows: pd.DataFrame) -> list[Attempt]:
    return [
        (ALL, lambda: convert_tables(pipeline, rows, double=True)),
        (ALL, lambda: convert_tables(pipeline, rows, double=False)),
        (MODEL_ONLY, lambda: convert_model(pipeline, double=True)),
        (MODEL_ONLY, lambda: convert_model(pipeline, double=False)),
    ]


def agree(first: Scorer, second: Scorer, rows: pd.DataFrame) -> bool:
    """Whether two engines answer alike: equal classes, probabilities and numbers within `ENGINE_TOLERANCE`.

    The rows are answered all at once and, some of them, one by one, as they will come.
    """
    singles = [rows.iloc[[position]] for position in range(min(len(rows), 5))]
    return all(_same_answers(first.score(part), second.score(part)) for part in [rows, *singles])


def _same_answers(first: Scores, second: Scores) -> bool:
    (predictions, proba), (other_predictions, other_proba) = first, second
    if proba is not None:
        close = other_proba is not None and np.allclose(proba, other_proba, rtol=0, atol=ENGINE_TOLERANCE)
        return close and bool((predictions == other_predictions).all())
    if predictions.dtype.kind not in "fiu":
        return bool((predictions == other_predictions).all())
    allowed = ENGINE_TOLERANCE * float(np.std(predictions)) if len(predictions) > 1 else 0.0
    return bool(np.allclose(predictions, other_predictions, rtol=ENGINE_TOLERANCE, atol=allowed))
