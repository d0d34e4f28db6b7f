"""A log of many predictions over six weeks, put into a home as the service and its log writer would have.

Rows are drawn from a pool, answered by the live model and counted by the service's own code, in blocks; each span of
time gets one of the blocks. They are written by the log writer's statement, many at once.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from core import deploy
from core.records import Json, LabelRecord, ModelVersion, Prediction, Window
from core.serve.log_entry import LogEntry, count_entries
from core.store import Store
from core.store.prediction_rows import insert_statement, to_values
from core.store.tables import TABLES, WINDOW, to_row
from tests.model_worlds import make_frame

WEEKS = 6
MINUTES_KEPT = timedelta(days=2)
"""What is older is in windows of an hour, as the job runner folds it."""
ROWS_A_REQUEST = 5
N_DRAWN, N_BLOCKS = 20_000, 40
LABEL_SHARE = 0.1
FEWEST_LABELS = 20_000
"""Of a small log a larger share has labels, so that as many can be looked at."""
LABEL_DELAY = np.timedelta64(20, "m")
SPANS_AT_ONCE = 50
LABEL = TABLES[LabelRecord]


@dataclass(frozen=True)
class Block:
    """Answered rows for one span: values for the log without id and moment, their truth, those with a label, counts."""

    values: list[tuple[Any, ...]]
    truth: list[str]
    labelled: list[int]
    window: Window


class Blocks:
    """Makes blocks of rows for one model version."""

    def __init__(self, store: Store, model: ModelVersion) -> None:
        loaded = deploy.load_model(store, model.id)
        frame = make_frame(n_rows=N_DRAWN, seed=1)
        self._model, self._reference = model, loaded.reference
        self._rows: list[Json] = deploy.request_rows(loaded.prototype, frame)
        self._truth: list[str] = frame["late"].tolist()
        answers = [loaded.predict_rows(self._rows[start : start + 1_000]) for start in range(0, N_DRAWN, 1_000)]
        self._said = [one for part in answers for one in part.predictions]
        self._chances = [one for part in answers for one in part.probabilities or ()]
        self._rng = np.random.default_rng(0)

    def make(self, n_rows: int, label_share: float) -> Block:
        """Return a block of rows drawn from the pool."""
        places = self._rng.integers(0, N_DRAWN, n_rows).tolist()
        labelled = np.flatnonzero(self._rng.random(n_rows) < label_share).tolist()
        return Block(
            [to_values(self._predict(place))[:-2] for place in places],
            [self._truth[place] for place in places],
            labelled,
            replace(self._count(places), n_labelled=len(labelled)),
        )

    def _predict(self, place: int) -> Prediction:
        version, row = self._model, self._rows[place]
        return Prediction(
            version.project_id, version.id, secrets.token_hex(8), row, self._said[place], self._chances[place], 4.2
        )

    def _count(self, places: list[int]) -> Window:
        """Return the window of rows, by what the service counts with."""
        entries = [
            LogEntry(
                self._model.project_id,
                self._model.id,
                self._reference,
                "answered",
                4.2,
                rows=tuple(self._rows[place] for place in places[start : start + ROWS_A_REQUEST]),
                predictions=tuple(self._said[place] for place in places[start : start + ROWS_A_REQUEST]),
                probabilities=tuple(self._chances[place] for place in places[start : start + ROWS_A_REQUEST]),
                at=self._model.created_at,
            )
            for start in range(0, len(places), ROWS_A_REQUEST)
        ]
        (window,) = count_entries(entries)
        return window


def spans(until: datetime) -> Iterator[tuple[datetime, int]]:
    """Return beginning and minutes of each window up to a moment: hours first, the last two days in minutes."""
    until = until.replace(second=0, microsecond=0)
    began_at = (until - timedelta(weeks=WEEKS)).replace(minute=0)
    while began_at < until:
        n_minutes = 60 if until - began_at > MINUTES_KEPT + timedelta(hours=1) else 1
        yield began_at, n_minutes
        began_at += timedelta(minutes=n_minutes)


def fill(store: Store, model: ModelVersion, n_rows: int, until: datetime) -> int:
    """Log about so many predictions, evenly over six weeks; return how many."""
    share = max(LABEL_SHARE, min(FEWEST_LABELS / n_rows, 1.0))
    a_minute = n_rows / (WEEKS * 7 * 24 * 60)
    make = Blocks(store, model).make
    blocks = {length: [make(max(round(a_minute * length), 1), share) for _ in range(N_BLOCKS)] for length in (1, 60)}
    all_spans = list(spans(until))
    n_logged = 0
    for start in range(0, len(all_spans), SPANS_AT_ONCE):
        part = all_spans[start : start + SPANS_AT_ONCE]
        chosen = [blocks[length][(start + place) % N_BLOCKS] for place, (_, length) in enumerate(part)]
        with store.engine.begin() as connection:
            for (began_at, length), block in zip(part, chosen, strict=True):
                moments = _moments(began_at, length, len(block.values))
                ids = _ids(moments)
                connection.exec_driver_sql(insert_statement(1), _rows(block, ids, moments))
                if block.labelled:
                    connection.execute(insert(LABEL), list(_labels(model, block, ids, moments)))
            connection.execute(insert(WINDOW), [_counts(*one) for one in zip(part, chosen, strict=True)])
        n_logged += sum(len(block.values) for block in chosen)
    return n_logged


def _counts(span: tuple[datetime, int], block: Block) -> dict[str, Any]:
    began_at, n_minutes = span
    return {**vars(block.window), "started_at": began_at, "n_minutes": n_minutes}


def _moments(began_at: datetime, n_minutes: int, n_rows: int) -> NDArray[np.datetime64]:
    """Return as many moments, in microseconds, evenly over a span."""
    offsets = np.arange(n_rows) * n_minutes * 60_000_000 // n_rows
    return np.datetime64(began_at.replace(tzinfo=None), "us") + offsets.astype("timedelta64[us]")


def _ids(moments: NDArray[np.datetime64]) -> list[str]:
    """Return ids as `new_id` gives them, of those moments."""
    random = secrets.token_hex(4 * len(moments))
    nanoseconds = (moments.astype(np.int64) * 1_000).tolist()
    return [f"{one:016x}{random[8 * place : 8 * place + 8]}" for place, one in enumerate(nanoseconds)]


def _rows(block: Block, ids: list[str], moments: NDArray[np.datetime64]) -> list[tuple[Any, ...]]:
    texts = np.datetime_as_string(moments).tolist()
    return [
        (*values, one_id, text.replace("T", " ")) for values, one_id, text in zip(block.values, ids, texts, strict=True)
    ]


def _labels(
    model: ModelVersion, block: Block, ids: list[str], moments: NDArray[np.datetime64]
) -> Iterator[dict[str, Any]]:
    same = to_row(LabelRecord("", model.project_id, "", model_version_id=model.id))
    for place in block.labelled:
        asked_at, told_at = (one.item().replace(tzinfo=UTC) for one in (moments[place], moments[place] + LABEL_DELAY))
        yield {
            **same,
            "id": ids[place],
            "value": block.truth[place],
            "predicted_at": asked_at,
            "received_at": told_at,
        }
