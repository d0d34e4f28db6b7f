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
from onnx import TensorProto
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from skl2onnx.operator_converters.common import concatenate_variables
from skl2onnx.operator_converters.imputer_op import convert_sklearn_imputer
from skl2onnx.sklapi import CastTransformer
from sklearn.base import is_classifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

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
        custom_conversion_functions={SimpleImputer: _convert_imputer},
        custom_shape_calculators={SimpleImputer: _shape_of_imputer},
    )
    serialized: bytes = graph.SerializeToString()
    return serialized


def _indicated(imputer: Any) -> list[int]:
    """Return the columns for which the imputer adds "was missing"."""
    return [] if imputer.indicator_ is None else [int(column) for column in imputer.indicator_.features_]


def _shape_of_imputer(operator: Any) -> None:
    """Count the indicator columns, too: skl2onnx's own calculator forgets them."""
    given = operator.inputs[0].type
    n_columns = len(operator.raw_operator.statistics_) + len(_indicated(operator.raw_operator))
    operator.outputs[0].type = type(given)([given.shape[0], n_columns])


def _convert_imputer(scope: Any, operator: Any, container: Any) -> None:
    """Write a numeric imputer with its indicator, which skl2onnx's own converter leaves out, in plain operators."""
    imputer, given = operator.raw_operator, operator.inputs[0].type
    if isinstance(given, StringTensorType):
        convert_sklearn_imputer(scope, operator, container)
        return
    number = TensorProto.DOUBLE if isinstance(given, DoubleTensorType) else TensorProto.FLOAT
    values = concatenate_variables(scope, operator.inputs, container)
    fill, gaps, filled = (scope.get_unique_variable_name(name) for name in ("fill", "gaps", "filled"))
    container.add_initializer(fill, number, [1, len(imputer.statistics_)], imputer.statistics_.tolist())
    container.add_node("IsNaN", values, gaps)
    columns, output = _indicated(imputer), operator.outputs[0].full_name
    container.add_node("Where", [gaps, fill, values], filled if columns else output)
    if columns:
        index, some, flags = (scope.get_unique_variable_name(name) for name in ("index", "some", "flags"))
        container.add_initializer(index, TensorProto.INT64, [len(columns)], columns)
        container.add_node("Gather", [gaps, index], some, axis=1)
        container.add_node("Cast", some, flags, to=number)
        container.add_node("Concat", [filled, flags], output, axis=1)
