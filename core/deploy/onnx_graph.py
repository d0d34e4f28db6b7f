"""The fitted pipeline as an ONNX graph, as far as skl2onnx converts it.

Everything after the table steps (coercing columns, expanding dates) makes one graph with an input a column. Where that
that does not convert or does not agree, the model alone: one input `features`, made by the pipeline before it.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import skl2onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from skl2onnx.sklapi import CastTransformer
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from core.deploy.onnx_converters import CONVERTERS, SHAPES

FEATURES = "features"
N_TABLE_STEPS = 2
"""The pipeline's first steps, `coerce` and `dates`, work on tables and have no counterpart in ONNX."""
TARGET_OPSET: Mapping[str, int] = MappingProxyType({"": 21, "ai.onnx.ml": 3})
NUMPY_TYPES: Mapping[str, Any] = MappingProxyType(
    {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": np.object_}
)


def split_for_graph(pipeline: Pipeline, input_names: Sequence[str]) -> tuple[Pipeline, Any]:
    """Divide a pipeline into what stays in Python and what a graph with these inputs does."""
    if list(input_names) == [FEATURES]:
        return pipeline[:-1], pipeline[-1]
    return pipeline[:N_TABLE_STEPS], pipeline[N_TABLE_STEPS:]


def feed_of(table: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    """Return the arrays a graph is fed with: one of shape (n, 1) a column, or the matrix of features."""
    if [one.name for one in inputs] == [FEATURES]:
        matrix = table.toarray() if hasattr(table, "toarray") else np.asarray(table)
        return {FEATURES: matrix.astype(NUMPY_TYPES[inputs[0].type])}
    # skl2onnx changes names that are no identifiers, but keeps their order.
    columns = zip(inputs, table.columns, strict=True)
    return {one.name: table[name].to_numpy(dtype=NUMPY_TYPES[one.type]).reshape(-1, 1) for one, name in columns}


def convert_tables(pipeline: Pipeline, sample: pd.DataFrame, *, double: bool) -> bytes:
    """Return the graph of everything after the table steps; raises whatever skl2onnx raises.

    Features are always made in double precision. With `double=False` the model gets them in single precision, as
    scikit-learn's trees do: a tree in double precision takes other branches where a value lies on a border.
    """
    table = pipeline[:N_TABLE_STEPS].transform(sample)
    types = [
        (str(name), (StringTensorType if table[name].dtype == object else DoubleTensorType)([None, 1]))
        for name in table.columns
    ]
    cast = [] if double else [("cast", CastTransformer(dtype=np.float32))]
    part = Pipeline([*pipeline.steps[N_TABLE_STEPS:-1], *cast, pipeline.steps[-1]])
    return _convert(part, pipeline[-1], types)


def convert_model(pipeline: Pipeline, *, double: bool) -> bytes:
    """Return the graph of the model alone, in double or single precision; raises whatever skl2onnx raises."""
    number = DoubleTensorType if double else FloatTensorType
    return _convert(pipeline[-1], pipeline[-1], [(FEATURES, number([None, pipeline[-1].n_features_in_]))])


def _convert(part: Any, model: Any, types: list[tuple[str, Any]]) -> bytes:
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
