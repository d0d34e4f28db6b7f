"""The database's tables, and how a record becomes a row and a row a record.

A record's scalar fields are columns of the same name; everything nested is a JSON column. The tables are derived
from the records; `migrations/` holds the history of their shape.
"""

import json
import types
from collections.abc import Hashable
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from core import records
from core.store.counts import BY_NAME, ONE_BY_NAME, ROW, Shape

R = TypeVar("R")

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, naive in the database (SQLite knows no time zones)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn an aware moment into a naive one in UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn the stored naive moment into an aware one."""
        return None if value is None else value.replace(tzinfo=UTC)


class Counts(TypeDecorator[Any]):
    """Counts in bins, packed: see `core.store.counts`."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes:  # noqa: ARG002
        """Pack the counts."""
        return self.shape.pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Unpack them."""
        return self.shape.unpack_all([value])


SCALARS: dict[type, type[TypeEngine[Any]]] = {
    str: Text,
    int: Integer,
    float: Float,
    bool: Boolean,
    bytes: LargeBinary,
    datetime: UtcDateTime,
}


def _column_type(annotation: Any) -> tuple[type[TypeEngine[Any]], bool]:
    """Return the column type for a field's annotation, and whether it may be empty."""
    options = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    plain = [option for option in options if option is not type(None)]
    nullable = len(plain) < len(options)
    if len(plain) == 1:
        only = plain[0]
        if get_origin(only) is Literal:
            return Text, nullable
        if only in SCALARS:
            return SCALARS[only], nullable
    return JSON, nullable


def _table_for(record_type: type, name: str, indexes: tuple[tuple[str, ...], ...]) -> Table:
    """Build the table of a record type; the column `id` is the primary key where the record has one."""
    hints = get_type_hints(record_type)
    columns: list[Column[Any]] = []
    for record_field in fields(record_type):
        column_type, nullable = _column_type(hints[record_field.name])
        is_key = record_field.name == "id"
        columns.append(Column(record_field.name, column_type, primary_key=is_key, nullable=nullable))
    return Table(name, metadata, *columns, *(Index(None, *index) for index in indexes))


PROJECT = (("project_id",),)
TABLES: dict[type, Table] = {
    records.Project: _table_for(records.Project, "project", ()),
    records.Objective: _table_for(records.Objective, "objective", PROJECT),
    records.Lap: _table_for(records.Lap, "lap", PROJECT),
    records.Job: _table_for(records.Job, "job", (("project_id",), ("status",))),
    records.ProcessInfo: _table_for(records.ProcessInfo, "process_info", (("name",),)),
    records.DatasetVersion: _table_for(records.DatasetVersion, "dataset_version", PROJECT),
    records.Source: _table_for(records.Source, "source", PROJECT),
    records.Recipe: _table_for(records.Recipe, "recipe", PROJECT),
    records.PriceList: _table_for(records.PriceList, "price_list", PROJECT),
    records.AcceptedFinding: _table_for(records.AcceptedFinding, "accepted_finding", PROJECT),
    records.TrainingRun: _table_for(records.TrainingRun, "training_run", PROJECT),
    records.Candidate: _table_for(records.Candidate, "candidate", (("run_id",),)),
    records.Evaluation: _table_for(records.Evaluation, "evaluation", (("project_id",), ("candidate_id",))),
    records.ModelVersion: _table_for(records.ModelVersion, "model_version", PROJECT),
    records.ApiKey: _table_for(records.ApiKey, "api_key", PROJECT),
    records.Deployment: _table_for(records.Deployment, "deployment", ()),
    records.Release: _table_for(records.Release, "release", PROJECT),
    records.Challenge: _table_for(records.Challenge, "challenge", PROJECT),
    records.Prediction: _table_for(
        records.Prediction, "prediction", (("project_id", "predicted_at"), ("model_version_id",))
    ),
    records.EarlierLabel: _table_for(records.EarlierLabel, "earlier_label", (("project_id",), ("prediction_id",))),
    records.LabelRecord: _table_for(
        records.LabelRecord,
        "label",
        (("project_id", "received_at"), ("project_id", "predicted_at"), ("model_version_id", "predicted_at")),
    ),
    records.ShadowAnswer: _table_for(records.ShadowAnswer, "shadow_answer", (("project_id", "model_version_id"),)),
    records.Retention: _table_for(records.Retention, "retention", PROJECT),
    records.ServingRules: _table_for(records.ServingRules, "serving_rules", PROJECT),
    records.Referral: _table_for(records.Referral, "referral", (("project_id", "state"),)),
    records.Alert: _table_for(records.Alert, "alert", PROJECT),
    records.KeptAnswer: _table_for(records.KeptAnswer, "kept_answer", (*PROJECT, ("created_at",))),
    records.AlertChange: _table_for(records.AlertChange, "alert_change", (("project_id",), ("alert_id",))),
    records.AlertRule: _table_for(records.AlertRule, "alert_rule", PROJECT),
    records.Channel: _table_for(records.Channel, "channel", PROJECT),
    records.Delivery: _table_for(records.Delivery, "delivery", (("project_id",), ("status", "next_at"))),
}

WINDOW = Table(
    "window",
    metadata,
    Column("project_id", Text, primary_key=True),
    Column("model_version_id", Text, primary_key=True),
    Column("started_at", UtcDateTime, primary_key=True),
    Column("n_minutes", Integer, primary_key=True),
    *(Column(name, Integer, nullable=False) for name in ("n_requests", "n_rows", "n_refused", "n_errors", "n_dropped")),
    Column("n_labelled", Integer, nullable=False),
    Column("n_abstained", Integer, nullable=False),
    # The small ones first: where traffic alone is read, the database does not touch the rest.
    Column("latency", Counts(ROW), nullable=False),
    Column("refusals", Counts(ONE_BY_NAME), nullable=False),
    Column("keys", Counts(BY_NAME), nullable=False),
    Column("predictions", Counts(ROW), nullable=False),
    Column("scores", Counts(ROW), nullable=False),
    Column("unknown", Counts(ONE_BY_NAME), nullable=False),
    *(Column(name, Counts(BY_NAME), nullable=False) for name in ("ages", "moments", "columns")),
    Index(None, "project_id", "started_at"),
)
TABLES[records.Window] = WINDOW

JOURNAL = Table(
    "journal", metadata, Column("segment", Text, primary_key=True), Column("n_bytes", Integer, nullable=False)
)
"""Up to where each segment of the services' journals is in the log: what makes a restart count nothing twice."""


@cache
def _cached_adapter(record_type: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("type[Any]", record_type))


def _adapter(record_type: type[Any]) -> TypeAdapter[Any]:
    # Building an adapter takes milliseconds; using it, microseconds.
    return _cached_adapter(cast("Hashable", record_type))


def to_row(record: Any) -> dict[str, Any]:
    """Return the row of a record: scalars as they are, nested values ready for JSON (NaN and infinity become null)."""
    table = TABLES[type(record)]
    nested = [column.name for column in table.columns if isinstance(column.type, JSON)]
    row = {column.name: getattr(record, column.name) for column in table.columns}
    if nested:
        dumped = json.loads(_adapter(type(record)).dump_json(record))
        row.update({name: dumped[name] for name in nested})
    return row


def to_record(record_type: type[R], row: RowMapping | dict[str, Any]) -> R:
    """Return the record of a row."""
    record: R = _adapter(record_type).validate_python(dict(row))
    return record


def record_to_json(record: Any) -> str:
    """Return any of our records as JSON text, for files that live beside a model or a table."""
    return _adapter(type(record)).dump_json(record, indent=1).decode()


def record_from_json(record_type: type[R], text: str) -> R:
    """Read a record back from the JSON text of `record_to_json`.

    Raises
    ------
    pydantic.ValidationError
        When the text is not JSON of that record.
    """
    record: R = _adapter(record_type).validate_json(text)
    return record
