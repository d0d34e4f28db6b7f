"""The fitted pipeline as an ONNX graph, as far as skl2onnx converts it.

The step `features` and the model make one graph with two inputs, numbers and categories; what comes before works on
tables. Where that does not convert or does not agree, the model alone: one input, made by the pipeline before it.
"""

import copy
import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import skl2onnx
from onnx import ModelProto
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from skl2onnx.sklapi import CastTransformer
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from core.deploy import onnx_converters, onnx_models
from core.deploy.graph_inputs import FEATURES, NUMBERS, Blocks, columns_of, n_table_steps
from core.deploy.onnx_threshold import decide_by_threshold

TARGET_OPSET: Mapping[str, int] = MappingProxyType({"": 21, "ai.onnx.ml": 3})


def convert_tables(pipeline: Pipeline, sample: pd.DataFrame, *, double: bool) -> bytes:
    """Return the graph of everything after the table steps; raises whatever skl2onnx raises.

    Features are always made in double precision. With `double=False` the model gets them in single precision, as
    scikit-learn's trees do: a tree in double precision takes other branches where a value lies on a border.
    """
    at = n_table_steps(pipeline)
    columns = columns_of(pipeline[:at].transform(sample.head(1)))
    blocks = Blocks(pipeline[at], columns)
    fed = blocks.feed(columns)
    kinds = {name: DoubleTensorType if name == NUMBERS else StringTensorType for name in fed}
    types = [(name, kinds[name]([None, matrix.shape[1]])) for name, matrix in fed.items()]
    cast = [] if double else [("cast", CastTransformer(dtype=np.float32))]
    features = _by_position(pipeline[at], blocks, columns)
    model = inner_model(pipeline)
    part = Pipeline([(FEATURES, features), *pipeline.steps[at + 1 : -1], *cast, (pipeline.steps[-1][0], model)])
    return _as_bytes(_convert(part, model, types), pipeline)


def _by_position(features: Any, blocks: Blocks, columns: Any) -> Any:
    """Return the fitted step with its columns by number, as skl2onnx needs them when inputs hold several."""
    widths = {name: block(columns[column]).shape[1] for name, block, column in blocks.free_texts}
    counted = copy.copy(features)
    counted.transformers_ = blocks.positions(widths)
    return counted


def convert_model(pipeline: Pipeline, *, double: bool) -> bytes:
    """Return the graph of the model alone, in double or single precision; raises whatever skl2onnx raises."""
    number = DoubleTensorType if double else FloatTensorType
    model = inner_model(pipeline)
    graph = _convert(model, model, [(FEATURES, number([None, model.n_features_in_]))])
    return _as_bytes(graph, pipeline)


def _as_bytes(graph: ModelProto, pipeline: Pipeline) -> bytes:
    serialized: bytes = decide_by_threshold(graph, pipeline[-1]).SerializeToString()
    return serialized


def inner_model(pipeline: Pipeline) -> Any:
    """Return the fitted model itself, without the decision threshold around it if there is one."""
    model = pipeline[-1]
    return model.estimator_ if isinstance(model, FixedThresholdClassifier) else model


def _convert(part: Any, model: Any, types: list[tuple[str, Any]]) -> ModelProto:
    # Labels and probabilities are wanted as they are, not as a list of dictionaries.
    plain = is_classifier(model) and not isinstance(model, DummyClassifier)
    with warnings.catch_warnings():
        # It reads attributes that scikit-learn is going to drop: for its authors to mend.
        warnings.simplefilter("ignore")
        return skl2onnx.convert_sklearn(
            part,
            initial_types=types,
            options={id(model): {"zipmap": False}} if plain else None,
            target_opset=dict(TARGET_OPSET),
            custom_conversion_functions={**onnx_converters.CONVERTERS, **onnx_models.CONVERTERS},
            custom_shape_calculators={**onnx_converters.SHAPES, **onnx_models.SHAPES},
        )
