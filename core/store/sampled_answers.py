"""Answers with the rows they are for and their labels: some from a stretch of time, or the newest with a label.

What the model was not allowed to answer is not among them. Each search goes along an index, so it takes as long for ten
million logged predictions as for ten thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, bindparam, select

from core import records
from core.store.prediction_rows import first_kept
from core.store.store import Store
from core.store.tables import TABLES

PREDICTION = TABLES[records.Prediction]
LABEL = TABLES[records.LabelRecord]


@dataclass(frozen=True)
class SampledAnswer:
    """One answer with the row it is for; `label` is None while it has not arrived."""

    predicted_at: datetime
    inputs: records.Json
    prediction: records.Label
    probabilities: dict[str, float] | None
    label: records.Label | None


def answers_between(
    store: Store, project_id: str, model_version_id: str, borders: Sequence[datetime], *, limit: int
) -> list[SampledAnswer]:
    """Return the first so many answers of a version at or after each border and before the next, oldest first."""
    named = {"project_id": project_id, "model_version_id": model_version_id, "limit": limit}
    with store.engine.connect().execution_options(read_only=True) as connection:
        return [
            SampledAnswer(*row)
            for first, end in pairwise(borders)
            for row in connection.execute(BETWEEN, {**named, "first": first, "end": end}).all()
        ]


def newest_labelled(store: Store, project_id: str, model_version_id: str, *, newest: int) -> list[SampledAnswer]:
    """Return the last so many answers of a version whose label is known, oldest first."""
    query = _answers(isouter=False)
    query = query.where(LABEL.c.project_id == project_id, LABEL.c.predicted_at >= first_kept(project_id))
    query = query.where(LABEL.c.model_version_id == model_version_id)
    query = query.order_by(LABEL.c.predicted_at.desc(), LABEL.c.id.desc()).limit(newest)
    with store.engine.connect().execution_options(read_only=True) as connection:
        return [SampledAnswer(*row) for row in connection.execute(query).all()][::-1]


def _answers(*, isouter: bool) -> "Select[Any]":
    names = ("predicted_at", "inputs", "prediction", "probabilities")
    query: Select[Any] = select(*(PREDICTION.c[name] for name in names), LABEL.c.value)
    joined = PREDICTION.join(LABEL, PREDICTION.c.id == LABEL.c.id, isouter=isouter)
    return query.select_from(joined).where(PREDICTION.c.abstained.is_(False))


def _between() -> "Select[Any]":
    """Return the search for answers in a span, made once: it is asked for a hundred spans at a time."""
    same = [PREDICTION.c[name] == bindparam(name) for name in ("project_id", "model_version_id")]
    at = PREDICTION.c.predicted_at
    query = _answers(isouter=True).where(*same, at >= bindparam("first"), at < bindparam("end"))
    return query.order_by(at, PREDICTION.c.id).limit(bindparam("limit"))


BETWEEN = _between()
