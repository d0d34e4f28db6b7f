"""What a model says about rows: by ONNX Runtime where the converted model agrees, by scikit-learn otherwise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from core.deploy.graph_inputs import GraphFeed
from core.records import Engine, Json, Label, Prototype, Reference

GRAPH = "model.onnx"
NO_FOLDER = "/nonexistent"
"""Where ONNX Runtime is to look for numbers that a graph keeps in other files: ours never do."""
Scores = tuple[NDArray[Any], NDArray[np.float64] | None]


@dataclass(frozen=True)
class Answers:
    """Predictions for n rows, and for classes the probability of each where the model gives one."""

    predictions: list[Label]
    probabilities: list[dict[str, float]] | None

    def part(self, start: int, end: int) -> "Answers":
        """Return the answers to the rows from `start` up to, but not including, `end`."""
        return Answers(self.predictions[start:end], self.probabilities and self.probabilities[start:end])


class PipelineScorer:
    """Scores rows with the scikit-learn pipeline; features are made once for classes and probabilities."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.features, self.model = pipeline[:-1], pipeline[-1]

    def score(self, frame: pd.DataFrame) -> Scores:
        """Return predictions of shape (n,) and probabilities of shape (n, n_classes) or None."""
        features = self.features.transform(frame)
        proba = self.model.predict_proba(features) if hasattr(self.model, "predict_proba") else None
        return self.model.predict(features), proba

    def score_rows(self, rows: Sequence[Json]) -> Scores:
        """Return the same for rows of a request that the service has checked."""
        return self.score(pd.DataFrame(rows))


class OnnxScorer:
    """Scores rows with the converted model; what could not be converted is done by the pipeline before it."""

    def __init__(self, pipeline: Pipeline, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        # Requests are scored side by side on a thread pool; threads inside each would fight over the cores.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", NO_FOLDER)
        self.session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        self.feed = GraphFeed(pipeline, self.session.get_inputs())

    def score(self, frame: pd.DataFrame) -> Scores:
        """Return predictions of shape (n,) and probabilities of shape (n, n_classes) or None."""
        return self._run(self.feed.from_table(frame))

    def score_rows(self, rows: Sequence[Json]) -> Scores:
        """Return the same for rows of a request that the service has checked, where possible without making a table."""
        return self._run(self.feed.from_rows(rows))

    def _run(self, inputs: dict[str, Any]) -> Scores:
        outputs = self.session.run(None, inputs)
        predictions = np.asarray(outputs[0])
        if len(outputs) == 1:
            return predictions.reshape(-1).astype(np.float64), None
        return predictions.reshape(-1), np.asarray(outputs[1], dtype=np.float64)


Scorer = PipelineScorer | OnnxScorer


class LoadedModel:
    """A verified model version, ready to answer.

    Parameters
    ----------
    scorer : PipelineScorer or OnnxScorer
        What computes.
    engine : Engine
        Which of the two it is.
    prototype, reference : Prototype, Reference
        What it expects, and what live rows are compared with.
    note : str
        In words, that it was saved under another version of scikit-learn and proved itself; else empty.
    """

    def __init__(
        self, scorer: Scorer, engine: Engine, prototype: Prototype, reference: Reference, note: str = ""
    ) -> None:
        self.scorer = scorer
        self.engine = engine
        self.prototype = prototype
        self.reference = reference
        self.note = note

    def predict(self, frame: pd.DataFrame) -> Answers:
        """Return the answers for rows that have the prototype's columns; a column that is not there counts as missing.

        Parameters
        ----------
        frame : DataFrame of shape (n, n_columns)
            Rows as `collect.load_frame` gives them or as a request holds them.
        """
        return self._name_classes(self.scorer.score(frame))

    def predict_rows(self, rows: Sequence[Json]) -> Answers:
        """Return the answers for rows of a request that the service has checked: all columns there, None if missing.

        Raises
        ------
        ArithmeticError
            When a predicted number is none, or endless.
        """
        answers = self._name_classes(self.scorer.score_rows(rows))
        if not self.prototype.classes and not math.isfinite(sum(map(abs, cast("list[float]", answers.predictions)))):
            raise ArithmeticError("The model predicted something that is no finite number.")
        return answers

    def _name_classes(self, scores: Scores) -> Answers:
        predictions, proba = scores
        if not self.prototype.classes:
            return Answers([float(value) for value in predictions], None)
        names = [str(label) for label in self.prototype.classes]
        return Answers(
            [str(value) for value in predictions],
            None if proba is None else [dict(zip(names, row, strict=True)) for row in proba.tolist()],
        )
