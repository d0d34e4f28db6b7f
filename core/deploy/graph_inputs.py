"""What an ONNX graph of ours is fed with: made from a table, or straight from the rows of a request."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from core.deploy.free_text import compile_text_block
from core.prepare import MISSING_LEVEL
from core.records import ColumnKind, Json

FEATURES = "features"
"""The pipeline's step that turns a table into numbers. Those before it work on tables and have no counterpart in ONNX;
a graph does this step and the model, or the model alone, whose one input then has this name.
"""
NUMBERS, TEXTS = "full_circle_numbers", "full_circle_texts"
"""Inputs of a graph that does both: all numbers of a row, and all its categories, a matrix each."""
NUMPY_TYPES: Mapping[str, Any] = MappingProxyType(
    {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": np.object_}
)
PLAIN_KINDS: frozenset[ColumnKind] = frozenset({"number", "boolean", "category"})
"""Kinds of columns whose values are, as a request gives them, what a graph takes."""
Columns = dict[str, np.ndarray[Any, Any]]


def n_table_steps(pipeline: Pipeline) -> int:
    """Return how many steps of a pipeline work on tables: those before `features`."""
    return [name for name, _ in pipeline.steps].index(FEATURES)


class Blocks:
    """The blocks of a fitted `features` step, and where in the two matrices their columns are.

    A block over a single column of free text counts words, for which ONNX has no counterpart: scikit-learn does it, and
    the numbers that come out are numbers as all others.

    Parameters
    ----------
    features : ColumnTransformer
        Fitted.
    columns : dict of str to array of shape (n,)
        A table after the table steps; its arrays of objects are texts, all others numbers.
    """

    def __init__(self, features: Any, columns: Columns) -> None:
        fitted = [block for block in features.transformers_ if block[1] != "drop" and len(block[2])]
        self.given = [(name, step, list(names)) for name, step, names in fitted if not isinstance(names, str)]
        texts = [(name, step, column) for name, step, column in fitted if isinstance(column, str)]
        self.free_texts = [(name, compile_text_block(step), column) for name, step, column in texts]
        used = dict.fromkeys(column for _, _, names in self.given for column in names)
        self.numbers = [name for name in used if columns[name].dtype != object]
        self.texts = [name for name in used if columns[name].dtype == object]

    def feed(self, columns: Columns) -> dict[str, np.ndarray[Any, Any]]:
        """Return the inputs of the graph; one without any column is left out."""
        counted = [block(columns[column]) for _, block, column in self.free_texts]
        n_rows = len(next(iter(columns.values())))
        numbers = _side_by_side([columns[name] for name in self.numbers], n_rows, np.float64)
        fed = {NUMBERS: np.hstack([numbers, *counted]) if counted else numbers}
        fed[TEXTS] = _side_by_side([columns[name] for name in self.texts], n_rows, object)
        return {name: matrix for name, matrix in fed.items() if matrix.shape[1]}

    def feed_rows(self, rows: Sequence[Json]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the same for rows whose values are what `columns` would hold, None where one is missing."""
        fed = {NUMBERS: np.array([[row[name] for name in self.numbers] for row in rows], dtype=np.float64)}
        fed[TEXTS] = np.array(
            [[MISSING_LEVEL if row[name] is None else row[name] for name in self.texts] for row in rows], dtype=object
        )
        return {name: matrix for name, matrix in fed.items() if matrix.shape[1]}

    def positions(self, widths: Mapping[str, int]) -> list[tuple[str, Any, list[int]]]:
        """Return the blocks with the columns they take, counted through both matrices; counted words just pass.

        Parameters
        ----------
        widths : dict of str to int
            How many numbers each block of free text gives.
        """
        n_numbers = len(self.numbers)
        places = {}
        for name, _, _ in self.free_texts:
            places[name] = list(range(n_numbers, n_numbers + widths[name]))
            n_numbers += widths[name]
        at = {name: position for position, name in enumerate(self.numbers)}
        at |= {name: n_numbers + position for position, name in enumerate(self.texts)}
        return [
            *((name, step, [at[column] for column in names]) for name, step, names in self.given),
            *((name, "passthrough", places[name]) for name, _, _ in self.free_texts),
        ]


class GraphFeed:
    """Makes the inputs of one graph.

    Parameters
    ----------
    pipeline : Pipeline
        The fitted pipeline the graph was made from.
    inputs : sequence
        The graph's inputs as ONNX Runtime tells them.
    """

    def __init__(self, pipeline: Pipeline, inputs: Sequence[Any]) -> None:
        self.types = {one.name: NUMPY_TYPES[one.type] for one in inputs}
        self.takes_features = list(self.types) == [FEATURES]
        self.takes_matrices = self.types.keys() <= {NUMBERS, TEXTS}
        at = n_table_steps(pipeline)
        self.before = pipeline[:-1] if self.takes_features else pipeline[:at]
        self.steps = [step for _, step in pipeline.steps[:at]]
        self.names: list[str] = list(self.steps[0].names)
        # A step that has no such method needs a table; then all do.
        self.is_direct = self.takes_matrices and all(hasattr(step, "transform_columns") for step in self.steps)
        # Values go straight into the matrices then, which for one row is several times faster than an array a column.
        coerce = self.steps[0]
        self.is_plain = self.is_direct and at == 1 and not coerce.empty_ and PLAIN_KINDS.issuperset(coerce.kinds)
        self.features = pipeline[at]
        self.blocks: Blocks | None = None

    def from_table(self, table: pd.DataFrame) -> dict[str, Any]:
        """Return the inputs for a table of shape (n, n_columns), as `collect.load_frame` gives it."""
        made = self.before.transform(table)
        if self.takes_features:
            matrix = made.toarray() if hasattr(made, "toarray") else np.asarray(made)
            return {FEATURES: matrix.astype(self.types[FEATURES])}
        columns = columns_of(made)
        if self.takes_matrices:
            return self._blocks(columns).feed(columns)
        # Graphs of earlier versions have an input a column. skl2onnx changes names that are no identifiers, but keeps
        # their order.
        given = zip(self.types.items(), columns.values(), strict=True)
        return {name: values.astype(kind).reshape(-1, 1) for (name, kind), values in given}

    def from_rows(self, rows: Sequence[Json]) -> dict[str, Any]:
        """Return the inputs for rows of a request that the service has checked: all columns there, None if missing."""
        if not self.is_direct:
            return self.from_table(pd.DataFrame(rows))
        if self.is_plain and self.blocks is not None:
            return self.blocks.feed_rows(rows)
        columns: Any = {name: [row[name] for row in rows] for name in self.names}
        for step in self.steps:
            columns = step.transform_columns(columns)
        return self._blocks(columns).feed(columns)

    def _blocks(self, columns: Columns) -> Blocks:
        if self.blocks is None:
            self.blocks = Blocks(self.features, columns)
        return self.blocks


def _side_by_side(columns: list[np.ndarray[Any, Any]], n_rows: int, dtype: Any) -> np.ndarray[Any, Any]:
    """Return columns of equal length as a matrix; for one row several times faster than numpy's own functions."""
    matrix = np.empty((n_rows, len(columns)), dtype)
    for position, values in enumerate(columns):
        matrix[:, position] = values
    return matrix


def columns_of(table: pd.DataFrame) -> Columns:
    """Return the columns of a table as arrays."""
    return {str(name): table[name].to_numpy() for name in table.columns}
