"""Kept-back rows as a request has them: only the model's columns, plain JSON values, never the answer."""

from datetime import datetime
from typing import Any

import pandas as pd

from core.collect import load_frame
from core.records import Json, Label, Prototype
from core.store import Store


def read_rows(store: Store, stream_id: str, prototype: Prototype, span: tuple[int, int]) -> list[Json]:
    """Return the rows of a stream from `span[0]` up to, not including, `span[1]`, without the target."""
    names = [column.name for column in prototype.columns]
    frame = load_frame(store, stream_id, columns=names, start=span[0], limit=span[1] - span[0])
    return [{str(name): plain_value(value) for name, value in row.items()} for row in frame.to_dict("records")]


def read_labels(store: Store, stream_id: str, target: str, span: tuple[int, int]) -> list[Label | None]:
    """Return the answers to the same rows; None where the stream does not know it."""
    frame = load_frame(store, stream_id, columns=[target], start=span[0], limit=span[1] - span[0])
    return [plain_value(value) for value in frame[target].tolist()]


def plain_value(value: Any) -> Any:
    """Return a value of a frame as JSON has it: missing as None, moments as ISO text, numbers as Python's own."""
    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
