"""Two converters skl2onnx lacks: an imputer that tells what was missing, an encoder with rare and unknown levels."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from skl2onnx.operator_converters.common import concatenate_variables
from skl2onnx.operator_converters.imputer_op import convert_sklearn_imputer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder


def _indicated(imputer: Any) -> list[int]:
    """Return the columns for which the imputer adds "was missing"."""
    return [] if imputer.indicator_ is None else [int(column) for column in imputer.indicator_.features_]


def shape_of_imputer(operator: Any) -> None:
    """Count the indicator columns, too: skl2onnx's own calculator forgets them."""
    given = operator.inputs[0].type
    n_columns = len(operator.raw_operator.statistics_) + len(_indicated(operator.raw_operator))
    operator.outputs[0].type = type(given)([given.shape[0], n_columns])


def convert_imputer(scope: Any, operator: Any, container: Any) -> None:
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


def shape_of_one_hot(operator: Any) -> None:
    """Count the columns as they come out: rare levels share one."""
    encoder = operator.raw_operator
    n_columns = sum(len(set(_positions(encoder, column).values())) for column in range(len(encoder.categories_)))
    operator.outputs[0].type = DoubleTensorType([operator.inputs[0].type.shape[0], n_columns])


def convert_one_hot(scope: Any, operator: Any, container: Any) -> None:
    """Write an encoder for text: the level's position, unknown ones that of rare levels or none, compared with all."""
    encoder = operator.raw_operator
    values = concatenate_variables(scope, operator.inputs, container)
    encoded = []
    for column in range(len(encoder.categories_)):
        positions = _positions(encoder, column)
        n_columns = len(set(positions.values()))
        has_rare = _rare(encoder, column).size > 0
        names = ("index", "texts", "position", "all", "equal", "encoded")
        index, texts, position, everything, equal, output = (scope.get_unique_variable_name(name) for name in names)
        container.add_initializer(index, TensorProto.INT64, [1], [column])
        container.add_initializer(everything, TensorProto.INT64, [1, n_columns], list(range(n_columns)))
        container.add_node("Gather", [values, index], texts, axis=1)
        container.add_node(
            "LabelEncoder",
            texts,
            position,
            op_domain="ai.onnx.ml",
            op_version=2,
            keys_strings=list(positions),
            values_int64s=list(positions.values()),
            default_int64=n_columns - 1 if has_rare else -1,
        )
        container.add_node("Equal", [position, everything], equal)
        container.add_node("Cast", equal, output, to=TensorProto.DOUBLE)
        encoded.append(output)
    container.add_node("Concat", encoded, operator.outputs[0].full_name, axis=1)


def _rare(encoder: Any, column: int) -> Any:
    found = getattr(encoder, "infrequent_categories_", None)
    return np.array([]) if found is None or found[column] is None else found[column]


def _positions(encoder: Any, column: int) -> dict[str, int]:
    """Return the output position of each level of a column; rare levels share the last one."""
    rare = set(_rare(encoder, column).tolist())
    frequent = [level for level in encoder.categories_[column] if level not in rare]
    positions = {str(level): position for position, level in enumerate(frequent)}
    return positions | {str(level): len(frequent) for level in rare}


CONVERTERS: Mapping[type, Callable[..., None]] = MappingProxyType(
    {SimpleImputer: convert_imputer, OneHotEncoder: convert_one_hot}
)
SHAPES: Mapping[type, Callable[..., None]] = MappingProxyType(
    {SimpleImputer: shape_of_imputer, OneHotEncoder: shape_of_one_hot}
)
