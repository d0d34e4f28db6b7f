"""Writing predictions by the hundred, fast enough to keep up with the service and without getting in its way."""

from collections.abc import Sequence
from datetime import UTC
from itertools import chain
from typing import Any

from sqlalchemy import Connection, ScalarSelect, func, insert, select

from core import records
from core.store.database import to_json
from core.store.tables import TABLES, to_row

PREDICTION = TABLES[records.Prediction]
FIELDS = tuple(column.name for column in PREDICTION.columns)
ROWS_A_STATEMENT = 100
"""SQLite's driver lets go of Python's lock once a statement, and then has to wait for it: so, many rows in each."""


def insert_predictions(connection: Connection, predictions: Sequence[records.Prediction]) -> None:
    """Insert predictions within the transaction that the connection is in."""
    if connection.dialect.name != "sqlite":
        if predictions:
            connection.execute(insert(PREDICTION), [to_row(prediction) for prediction in predictions])
        return
    for start in range(0, len(predictions), ROWS_A_STATEMENT):
        part = predictions[start : start + ROWS_A_STATEMENT]
        values = tuple(chain.from_iterable(map(to_values, part)))
        connection.exec_driver_sql(insert_statement(len(part)), values)


def first_kept(project_id: str) -> "ScalarSelect[Any]":
    """Return, within a query, the moment of the oldest prediction that is kept.

    A search along labels begins there, so that it does not go through those whose predictions are deleted, all older.
    """
    oldest = select(func.min(PREDICTION.c.predicted_at)).where(PREDICTION.c.project_id == project_id)
    return oldest.scalar_subquery()


def insert_statement(n_rows: int) -> str:
    """Return the statement that inserts so many rows."""
    places = f"({', '.join('?' * len(FIELDS))})"
    # Names and places only: no value is ever part of the text.
    return f"INSERT INTO {PREDICTION.name} ({', '.join(FIELDS)}) VALUES {', '.join([places] * n_rows)}"  # noqa: S608


def to_values(prediction: records.Prediction) -> tuple[Any, ...]:
    """Return what SQLAlchemy would hand to SQLite, by `FIELDS`: nested values as JSON, the moment without a zone."""
    at = prediction.predicted_at.astimezone(UTC).replace(tzinfo=None)
    found: dict[str, Any] = {
        **prediction.__dict__,
        "inputs": to_json(prediction.inputs),
        "prediction": to_json(prediction.prediction),
        "probabilities": to_json(prediction.probabilities),
        "predicted_at": at.isoformat(" ", timespec="microseconds"),
    }
    return tuple([found[name] for name in FIELDS])
