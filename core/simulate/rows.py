"""The rows of a play as questions: kept-back ones as they are, or new ones made from rows set aside for the test."""

from dataclasses import replace
from typing import Protocol

import pandas as pd

from core.collect import load_frame, profile_dataset
from core.deploy import request_rows
from core.errors import NoDataError
from core.prepare import earlier_values, looked_back_columns, split_rows
from core.records import Json, Label, ModelVersion, Profile, Prototype, Recipe
from core.simulate.made import RowMaker
from core.simulate.question import Facts, Question
from core.store import Store


class RowSource(Protocol):
    """Where the questions of a play come from; the same rows each time they are read."""

    def read(self, first_row: int, last_row: int) -> list[Question]:
        """Return the questions `[first_row, last_row)`."""
        ...


class KeptBackRows:
    """The rows of a stream, which no model has learnt from, in their order."""

    def __init__(self, store: Store, stream_id: str, model: ModelVersion, prototype: Prototype, target: str) -> None:
        self.store = store
        self.stream_id = stream_id
        self.prototype = prototype
        self.target = target
        recipe = store.get(Recipe, model.recipe_id)
        # Where a model looks back, a caller knows the earlier values. Table and stream together are the history.
        looks_back = bool(looked_back_columns(recipe))
        self.earlier = earlier_values(store, recipe, stream_id=stream_id) if looks_back else pd.DataFrame()

    def read(self, first_row: int, last_row: int) -> list[Question]:
        """Return the questions `[first_row, last_row)` of the stream."""
        names = [column.name for column in self.prototype.columns if column.name not in self.earlier]
        frame = load_frame(
            self.store, self.stream_id, columns=[*names, self.target], start=first_row, limit=last_row - first_row
        )
        labels = frame.pop(self.target)
        now = self.earlier.iloc[first_row:last_row].set_axis(frame.index) if len(self.earlier) else frame[[]]
        return _to_questions(self.prototype, pd.concat([frame, now], axis=1), labels)


class MadeRows:
    """Rows made from those that were set aside for the test (see `made.py`): the model has not seen them."""

    def __init__(self, store: Store, model: ModelVersion, prototype: Prototype, random_state: int) -> None:
        recipe = store.get(Recipe, model.recipe_id)
        test = split_rows(store, recipe).test
        if test.empty:
            raise NoDataError("No rows were set aside to make new ones from.", "Keep some back on Collect data.")
        self.maker = RowMaker(test, recipe.target, random_state)
        self.prototype = prototype
        self.target = recipe.target

    def read(self, first_row: int, last_row: int) -> list[Question]:
        """Return the questions `[first_row, last_row)` of an endless row of them."""
        made = self.maker.make(range(first_row, last_row))
        labels = made.pop(self.target)
        return _to_questions(self.prototype, made, labels)


def _to_questions(prototype: Prototype, frame: pd.DataFrame, labels: "pd.Series[Label]") -> list[Question]:
    rows: list[Json] = request_rows(prototype, frame)
    known = [None if pd.isna(value) else value for value in labels.tolist()]
    return [Question(row, label) for row, label in zip(rows, known, strict=True)]


def find_facts(store: Store, model: ModelVersion, prototype: Prototype) -> Facts:
    """Return what faults have to know of the model's rows, from the table that it learnt from."""
    profile = profile_dataset(store, model.dataset_id)
    spread = {
        column.name: _spread(profile, column.name, (column.maximum or 0.0) - (column.minimum or 0.0))
        for column in prototype.columns
        if column.kind == "number"
    }
    return replace(
        Facts(spread, classes=tuple(str(name) for name in prototype.classes)),
        target_spread=_spread(profile, prototype.target, 1.0),
    )


def _spread(profile: Profile, name: str, span: float) -> float:
    """Return a column's standard deviation; a quarter of its span for earlier values, which no table has."""
    known = {column.name: column.sd for column in profile.columns}
    return float(known.get(name) or span / 4 or 1.0)
