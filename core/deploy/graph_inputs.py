"""What an ONNX graph of ours is fed with, and which steps of the pipeline make it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

FEATURES = "features"
"""The pipeline's step that turns a table into numbers. Those before it work on tables and have no counterpart in ONNX;
a graph does this step and the model, or the model alone, whose one input then has this name.
"""
NUMPY_TYPES: Mapping[str, Any] = MappingProxyType(
    {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": np.object_}
)


def split_for_graph(pipeline: Pipeline, input_names: Sequence[str]) -> tuple[Pipeline, Any]:
    """Divide a pipeline into what stays in Python and what a graph with these inputs does."""
    if list(input_names) == [FEATURES]:
        return pipeline[:-1], pipeline[-1]
    at = n_table_steps(pipeline)
    return pipeline[:at], pipeline[at:]


def n_table_steps(pipeline: Pipeline) -> int:
    """Return how many steps of a pipeline work on tables: those before `features`."""
    return [name for name, _ in pipeline.steps].index(FEATURES)


def feed_of(table: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    """Return the arrays a graph is fed with: one of shape (n, 1) a column, or the matrix of features."""
    if [one.name for one in inputs] == [FEATURES]:
        matrix = table.toarray() if hasattr(table, "toarray") else np.asarray(table)
        return {FEATURES: matrix.astype(NUMPY_TYPES[inputs[0].type])}
    # skl2onnx changes names that are no identifiers, but keeps their order.
    columns = zip(inputs, table.columns, strict=True)
    return {one.name: table[name].to_numpy(dtype=NUMPY_TYPES[one.type]).reshape(-1, 1) for one, name in columns}
