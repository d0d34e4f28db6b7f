"""scikit-learn objects, and our own among them, as the code that makes them."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator
from sklearn.pipeline import Pipeline, make_pipeline

from core.collect.plain_source import OURS, PlainSource
from core.collect.program import WIDTH, bracketed, literal

ALWAYS_SAID = ("n_splits",)


class EstimatorCode:
    """Writes objects as code and collects the imports and the source of our own classes that it needs.

    Parameters
    ----------
    constants : mapping of tuple of str to str
        Lists of column names that the program has a name for.
    """

    def __init__(self, constants: Mapping[tuple[str, ...], str] | None = None) -> None:
        self.constants = dict(constants or {})
        self.imports: set[str] = set()
        self.own = PlainSource()

    def write(self, value: Any, width: int = WIDTH) -> str:
        """Return the code that makes an estimator, a splitter or a plain value; what is the default is not said.

        Raises
        ------
        TypeError
            When a value is of a kind that has no code.
        """
        if isinstance(value, BaseEstimator | BaseCrossValidator):
            return self._write_object(value, width)
        if isinstance(value, list) and tuple(map(str, value)) in self.constants:
            return self.constants[tuple(map(str, value))]
        if isinstance(value, list | tuple) and any(isinstance(one, BaseEstimator | list | tuple) for one in value):
            opening, closing = "[]" if isinstance(value, list) else "()"
            return bracketed(opening, [self.write(one, width - 4) for one in value], closing, width)
        if isinstance(value, np.generic):
            return literal(value.item(), width)
        return literal(value, width)

    def _write_object(self, value: Any, width: int) -> str:
        if type(value) is Pipeline and _named_by_itself(value):
            self.imports.add("from sklearn.pipeline import make_pipeline")
            return bracketed("make_pipeline(", [self.write(step, width - 4) for _, step in value.steps], ")", width)
        kind = type(value)
        if kind.__module__.split(".")[0] == OURS:
            self.own.add(kind)
        else:
            self.imports.add(f"from {_public_module(kind)} import {kind.__name__}")
        parts = [self._argument(name, given, width) for name, given in _arguments(value)]
        return bracketed(f"{kind.__name__}(", parts, ")", width)

    def _argument(self, name: str, value: Any, width: int) -> str:
        code = self.write(value, width - 4 - len(name))
        return code if name in ("steps", "transformers") else f"{name}={code}"

    def needs(self) -> tuple[str, ...]:
        """Return the import lines for all that was written."""
        return tuple(self.imports | self.own.imports)


def _named_by_itself(pipeline: Pipeline) -> bool:
    """Whether the steps have the names that make_pipeline would give them."""
    automatic = make_pipeline(*(step for _, step in pipeline.steps))
    return [name for name, _ in pipeline.steps] == [name for name, _ in automatic.steps]


def _arguments(value: Any) -> list[tuple[str, Any]]:
    """Return the arguments an object was made with, as far as they are not the default."""
    given = []
    for name, parameter in inspect.signature(type(value).__init__).parameters.items():
        if name == "self" or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        argument = getattr(value, name)
        if name in ALWAYS_SAID or not _same(argument, parameter.default):
            given.append((name, argument))
    return given


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, BaseEstimator | Sequence | Mapping) and not isinstance(one, str):
        return type(one) is type(other) and repr(one) == repr(other)
    return one is other or repr(one) == repr(other)


def _public_module(kind: type) -> str:
    """Return where people import a class from: `sklearn.preprocessing`, not `sklearn.preprocessing._encoders`."""
    parts = kind.__module__.split(".")
    private = [index for index, part in enumerate(parts) if part.startswith("_")]
    return ".".join(parts[: private[0]] if private else parts)
