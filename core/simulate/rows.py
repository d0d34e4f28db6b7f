"""Kept-back rows as a request has them: only the model's columns, plain JSON values, never the answer."""

import pandas as pd

from core.collect import load_frame
from core.deploy import request_rows
from core.records import Json, Label, Prototype
from core.store import Store


def read_rows(store: Store, stream_id: str, prototype: Prototype, span: tuple[int, int]) -> list[Json]:
    """Return the rows of a stream from `span[0]` up to, not including, `span[1]`, without the target."""
    names = [column.name for column in prototype.columns]
    return request_rows(prototype, load_frame(store, stream_id, columns=names, start=span[0], limit=span[1] - span[0]))


def read_labels(store: Store, stream_id: str, target: str, span: tuple[int, int]) -> list[Label | None]:
    """Return the answers to the same rows; None where the stream does not know it."""
    values = load_frame(store, stream_id, columns=[target], start=span[0], limit=span[1] - span[0])[target]
    known: list[Label | None] = [None if pd.isna(value) else value for value in values.tolist()]
    return known
