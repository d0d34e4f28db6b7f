"""Converters for models: skl2onnx has none for some of ours, and one that fails.

Its converter of histogram gradient boosting hands ONNX an array as `base_values` where scikit-learn 1.9 keeps an array,
and stores the borders of the trees in single precision. Ours writes them in double precision, as the model compares.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper
from skl2onnx.algebra.onnx_operator import OnnxSubEstimator
from skl2onnx.algebra.onnx_ops import OnnxAdd, OnnxExp, OnnxMatMul, OnnxMul, OnnxReduceSumSquare, OnnxReshape
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

STRAIGHT_LOSSES = ("squared_error", "absolute_error", "quantile")
"""Losses of gradient boosting whose sum of trees is the prediction itself."""


def shape_of_classifier(operator: Any) -> None:
    """Say that labels and probabilities come out."""
    classes = operator.raw_operator.classes_
    n_rows = operator.inputs[0].type.shape[0]
    label = Int64TensorType if classes.dtype.kind in "biu" else StringTensorType
    operator.outputs[0].type = label([n_rows])
    operator.outputs[1].type = DoubleTensorType([n_rows, len(classes)])


def shape_of_regressor(operator: Any) -> None:
    """Say that one number a row comes out, in the precision of the inputs."""
    given = operator.inputs[0].type
    number = FloatTensorType if isinstance(given, FloatTensorType) else DoubleTensorType
    operator.outputs[0].type = number([given.shape[0], 1])


def shape_of_numbers(operator: Any) -> None:
    """Say that one number a row comes out, in double precision."""
    operator.outputs[0].type = DoubleTensorType([operator.inputs[0].type.shape[0], 1])


def convert_boosted_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Write the trees, then the probabilities their sums stand for, then the likeliest class."""
    sums = _add_trees(scope, operator, container)
    names = ("yes", "no", "both", "one")
    yes, no, both, one = (scope.get_unique_variable_name(name) for name in names)
    if operator.raw_operator.n_trees_per_iteration_ > 1:
        container.add_node("Softmax", sums, both, axis=1)
    else:
        container.add_initializer(one, TensorProto.DOUBLE, [1], [1.0])
        container.add_node("Sigmoid", sums, yes)
        container.add_node("Sub", [one, yes], no)
        container.add_node("Concat", [no, yes], both, axis=1)
    _name_likeliest(scope, operator, container, both)


def convert_boosted_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Write the trees; their sum is the prediction."""
    loss = operator.raw_operator.loss
    if loss not in STRAIGHT_LOSSES:
        raise NotImplementedError(f"The loss {loss} is not converted.")
    container.add_node("Identity", _add_trees(scope, operator, container), operator.outputs[0].full_name)


def _add_trees(scope: Any, operator: Any, container: Any) -> str:
    """Write all trees as one operator; return the name of their sums, in double precision, baseline included."""
    model, given = operator.raw_operator, operator.inputs[0]
    n_sums = model.n_trees_per_iteration_
    trees = [(tree.nodes, position) for stage in model._predictors for position, tree in enumerate(stage)]
    if any(nodes["is_categorical"].any() for nodes, _ in trees):
        raise NotImplementedError("Splits by category are not converted.")
    values, single, double, baseline, total = (
        scope.get_unique_variable_name(name) for name in ("values", "single", "double", "baseline", "sums")
    )
    container.add_node("Cast", given.full_name, values, to=TensorProto.DOUBLE)
    container.add_node(
        "TreeEnsembleRegressor", values, single, op_domain="ai.onnx.ml", op_version=3, **_tree_attributes(trees, n_sums)
    )
    container.add_node("Cast", single, double, to=TensorProto.DOUBLE)
    container.add_initializer(
        baseline, TensorProto.DOUBLE, [1, n_sums], np.ravel(model._baseline_prediction).astype(float).tolist()
    )
    container.add_node("Add", [double, baseline], total)
    return str(total)


def _tree_attributes(trees: list[tuple[NDArray[Any], int]], n_sums: int) -> dict[str, Any]:
    """Return the operator's attributes: one entry a node of each tree, one a leaf.

    Parameters
    ----------
    trees : list of (nodes, int)
        The nodes as scikit-learn stores them, and which sum (one a class) the tree adds to.
    n_sums : int
        How many sums there are.
    """
    nodes = np.concatenate([part for part, _ in trees])
    tree_ids = np.repeat(np.arange(len(trees)), [len(part) for part, _ in trees])
    node_ids = np.concatenate([np.arange(len(part)) for part, _ in trees])
    targets = np.repeat([position for _, position in trees], [len(part) for part, _ in trees])
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "n_targets": n_sums,
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, nodes["left"]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, nodes["right"]).tolist(),
        "nodes_missing_value_tracks_true": np.where(leaf, 0, nodes["missing_go_to_left"]).tolist(),
        "nodes_values_as_tensor": _tensor("nodes_values", np.where(leaf, 0.0, nodes["num_threshold"])),
        "target_treeids": tree_ids[leaf].tolist(),
        "target_nodeids": node_ids[leaf].tolist(),
        "target_ids": targets[leaf].tolist(),
        "target_weights_as_tensor": _tensor("target_weights", nodes["value"][leaf]),
    }


def _tensor(name: str, values: NDArray[Any]) -> Any:
    return helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], values.astype(float).tolist())


def convert_guessing_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Write the same probabilities for every row."""
    model = operator.raw_operator
    if model.strategy not in ("prior", "most_frequent"):
        raise NotImplementedError(f"The strategy {model.strategy} is not converted.")
    answer = model.predict_proba(np.zeros((1, 1)))[0]
    _name_likeliest(scope, operator, container, _repeat(scope, operator, container, answer))


def convert_guessing_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Write the same number for every row."""
    answer = np.ravel(operator.raw_operator.constant_)
    repeated = _repeat(scope, operator, container, answer)
    container.add_node("Identity", repeated, operator.outputs[0].full_name)


def _repeat(scope: Any, operator: Any, container: Any, answer: NDArray[np.float64]) -> str:
    """Return the name of a matrix with one equal row for each row that comes in."""
    names = ("shape", "first", "n_rows", "width", "wanted", "answer", "repeated")
    shape, first, n_rows, width, wanted, row, repeated = (scope.get_unique_variable_name(name) for name in names)
    container.add_initializer(first, TensorProto.INT64, [1], [0])
    container.add_initializer(width, TensorProto.INT64, [1], [len(answer)])
    container.add_initializer(row, TensorProto.DOUBLE, [1, len(answer)], answer.astype(float).tolist())
    container.add_node("Shape", operator.inputs[0].full_name, shape)
    container.add_node("Gather", [shape, first], n_rows)
    container.add_node("Concat", [n_rows, width], wanted, axis=0)
    container.add_node("Expand", [row, wanted], repeated)
    return str(repeated)


def _name_likeliest(scope: Any, operator: Any, container: Any, proba: str) -> None:
    """Hand out the probabilities and, for each row, the class with the greatest; the first one of equals."""
    classes = operator.raw_operator.classes_
    labels, position = (scope.get_unique_variable_name(name) for name in ("labels", "position"))
    texts = classes.dtype.kind not in "biu"
    values = [str(label).encode() for label in classes] if texts else [int(label) for label in classes]
    container.add_initializer(labels, TensorProto.STRING if texts else TensorProto.INT64, [len(classes)], values)
    container.add_node("ArgMax", proba, position, axis=1, keepdims=0)
    container.add_node("Gather", [labels, position], operator.outputs[0].full_name)
    container.add_node("Identity", proba, operator.outputs[1].full_name)


def convert_scaled_target(scope: Any, operator: Any, container: Any) -> None:
    """Write the regressor inside, then bring its answers back to the target's own scale."""
    model, scaler = operator.raw_operator, operator.raw_operator.transformer_
    if not isinstance(scaler, StandardScaler):
        raise NotImplementedError(f"A target changed by {type(scaler).__name__} is not converted.")
    opset = container.target_opset
    number = np.float32 if isinstance(operator.inputs[0].type, FloatTensorType) else np.float64
    inner = OnnxSubEstimator(model.regressor_, operator.inputs[0], op_version=opset)
    answers = OnnxReshape(inner, np.array([-1, 1], dtype=np.int64), op_version=opset)
    stretched = OnnxMul(answers, scaler.scale_.astype(number), op_version=opset)
    moved = OnnxAdd(stretched, scaler.mean_.astype(number), op_version=opset, output_names=operator.outputs)
    moved.add_to(scope=scope, container=container)


def convert_support_vectors(scope: Any, operator: Any, container: Any) -> None:
    """Write a regressor with the radial kernel in double precision; ONNX Runtime's own operator has single only."""
    model, given = operator.raw_operator, operator.inputs[0]
    if model.kernel != "rbf" or not isinstance(given.type, DoubleTensorType):
        raise NotImplementedError("Only the radial kernel in double precision is converted.")
    opset, vectors = container.target_opset, np.asarray(model.support_vectors_)
    length = OnnxReduceSumSquare(given, np.array([1], dtype=np.int64), op_version=opset, keepdims=1)
    product = OnnxMatMul(given, -2.0 * vectors.T, op_version=opset)
    distance = OnnxAdd(OnnxAdd(product, length, op_version=opset), (vectors**2).sum(axis=1), op_version=opset)
    kernel = OnnxExp(OnnxMul(distance, np.array([-model._gamma]), op_version=opset), op_version=opset)
    weighed = OnnxMatMul(kernel, model.dual_coef_.T.astype(np.float64), op_version=opset)
    moved = OnnxAdd(weighed, model.intercept_.astype(np.float64), op_version=opset, output_names=operator.outputs)
    moved.add_to(scope=scope, container=container)


CONVERTERS: Mapping[type, Callable[..., None]] = MappingProxyType(
    {
        HistGradientBoostingClassifier: convert_boosted_classifier,
        HistGradientBoostingRegressor: convert_boosted_regressor,
        DummyClassifier: convert_guessing_classifier,
        DummyRegressor: convert_guessing_regressor,
        TransformedTargetRegressor: convert_scaled_target,
        SVR: convert_support_vectors,
    }
)
SHAPES: Mapping[type, Callable[..., None]] = MappingProxyType(
    {
        HistGradientBoostingClassifier: shape_of_classifier,
        HistGradientBoostingRegressor: shape_of_numbers,
        DummyClassifier: shape_of_classifier,
        DummyRegressor: shape_of_numbers,
        TransformedTargetRegressor: shape_of_regressor,
        SVR: shape_of_regressor,
    }
)
