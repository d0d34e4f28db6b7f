"""The fitted pipeline as an ONNX graph, as far as skl2onnx converts it.

Everything from the step `features` on (what comes before works on tables) makes one graph with an input a column. Where
that does not convert or does not agree, the model alone: one input `features`, made by the pipeline before it.
"""

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import skl2onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from skl2onnx.sklapi import CastTransformer
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from core.deploy.graph_inputs import FEATURES, n_table_steps
from core.deploy.onnx_converters import CONVERTERS, SHAPES

TARGET_OPSET: Mapping[str, int] = MappingProxyType({"": 21, "ai.onnx.ml": 3})


def convert_tables(pipeline: Pipeline, sample: pd.DataFrame, *, double: bool) -> bytes:
    """Return the graph of everything after the table steps; raises whatever skl2onnx raises.

    Features are always made in double precision. With `double=False` the model gets them in single precision, as
    scikit-learn's trees do: a tree in double precision takes other branches where a value lies on a border.
    """
    at = n_table_steps(pipeline)
    table = pipeline[:at].transform(sample)
    types = [
        (str(name), (StringTensorType if table[name].dtype == object else DoubleTensorType)([None, 1]))
        for name in table.columns
    ]
    cast = [] if double else [("cast", CastTransformer(dtype=np.float32))]
    part = Pipeline([*pipeline.steps[at:-1], *cast, pipeline.steps[-1]])
    return _convert(part, pipeline[-1], types)


def convert_model(pipeline: Pipeline, *, double: bool) -> bytes:
    """Return the graph of the model alone, in double or single precision; raises whatever skl2onnx raises."""
    number = DoubleTensorType if double else FloatTensorType
    return _convert(pipeline[-1], pipeline[-1], [(FEATURES, number([None, pipeline[-1].n_features_in_]))])


def _convert(part: Any, model: Any, types: list[tuple[str, Any]]) -> bytes:
    with warnings.catch_warnings():
        # It reads attributes that scikit-learn is going to drop: for its authors to mend.
        warnings.simplefilter("ignore")
        graph = skl2onnx.convert_sklearn(
            part,
            initial_types=types,
            options={id(model): {"zipmap": False}} if is_classifier(model) else None,
            target_opset=dict(TARGET_OPSET),
            custom_conversion_functions=dict(CONVERTERS),
            custom_shape_calculators=dict(SHAPES),
        )
    serialized: bytes = graph.SerializeToString()
    return serialized
