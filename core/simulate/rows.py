"""Kept-back rows as a request has them: only the model's columns, plain JSON values, never the answer."""

import pandas as pd

from core.collect import load_frame
from core.deploy import request_rows
from core.prepare import earlier_values, looked_back_columns
from core.records import Json, Label, ModelVersion, Prototype, Recipe
from core.store import Store


def read_earlier_values(store: Store, stream_id: str, model: ModelVersion) -> pd.DataFrame:
    """Return the earlier values that each row of a stream brings where its model looks back: a caller knows them.

    Table and stream together are the history.
    """
    recipe = store.get(Recipe, model.recipe_id)
    if not looked_back_columns(recipe):
        return pd.DataFrame()
    return earlier_values(store, recipe, stream_id=stream_id)


def read_rows(
    store: Store, stream_id: str, prototype: Prototype, span: tuple[int, int], earlier: pd.DataFrame
) -> list[Json]:
    """Return the rows of a stream from `span[0]` up to, not including, `span[1]`, without the target."""
    names = [column.name for column in prototype.columns if column.name not in earlier]
    frame = load_frame(store, stream_id, columns=names, start=span[0], limit=span[1] - span[0])
    now = earlier.iloc[span[0] : span[1]].set_axis(frame.index) if len(earlier) else frame[[]]
    return request_rows(prototype, pd.concat([frame, now], axis=1))


def read_labels(store: Store, stream_id: str, target: str, span: tuple[int, int]) -> list[Label | None]:
    """Return the answers to the same rows; None where the stream does not know it."""
    values = load_frame(store, stream_id, columns=[target], start=span[0], limit=span[1] - span[0])[target]
    known: list[Label | None] = [None if pd.isna(value) else value for value in values.tolist()]
    return known
