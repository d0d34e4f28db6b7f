"""Windows hold more counts, packed; labels say whose they are."""

from collections import Counter
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from core.store.counts import BY_NAME, ROW

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBERS = ("n_requests", "n_rows", "n_refused", "n_errors", "n_dropped")
KEY = ("project_id", "model_version_id", "started_at")
PACKED = ("latency", "refusals", "predictions", "scores", "unknown", "ages", "moments", "columns")
OLD_KEY: tuple[sa.ColumnClause[object], ...] = (sa.column("project_id"), sa.column("model_version_id"), sa.column("started_at", sa.DateTime()))


def upgrade() -> None:
    """Pack the counts that are there, note on each label who answered and when, and count labels in their windows."""
    op.add_column("label", sa.Column("model_version_id", sa.Text(), nullable=False, server_default=""))
    op.add_column("label", sa.Column("predicted_at", sa.DateTime(), nullable=True))
    for name in ("model_version_id", "predicted_at"):
        op.execute(
            f"UPDATE label SET {name} = (SELECT prediction.{name} FROM prediction WHERE prediction.id = label.id) "
            "WHERE EXISTS (SELECT 1 FROM prediction WHERE prediction.id = label.id)"
        )
    op.create_index(op.f("ix_label_project_id_predicted_at"), "label", ["project_id", "predicted_at"])
    op.create_index(op.f("ix_label_model_version_id_predicted_at"), "label", ["model_version_id", "predicted_at"])
    connection = op.get_bind()
    old = sa.table("window", *OLD_KEY, *(sa.column(name) for name in NUMBERS), *_jsons())
    rows = connection.execute(sa.select(old)).mappings().all()
    op.drop_table("window")
    new = _create_window()
    n_labelled = _count_labels(connection)
    packed = [_pack(row, n_labelled.get(tuple(row[name] for name in KEY), 0)) for row in rows]
    if packed:
        connection.execute(sa.insert(new), packed)


def _create_window() -> sa.Table:
    table = op.create_table(
        "window",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("model_version_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("n_minutes", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in (*NUMBERS, "n_labelled")),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in PACKED),
        sa.PrimaryKeyConstraint("project_id", "model_version_id", "started_at", "n_minutes", name=op.f("pk_window")),
    )
    op.create_index(op.f("ix_window_project_id_started_at"), "window", ["project_id", "started_at"])
    return table


def _jsons() -> list[sa.ColumnClause[object]]:
    return [sa.column(name, sa.JSON()) for name in ("latency", "columns", "predictions")]


def _pack(row: sa.RowMapping, n_labelled: int) -> dict[str, object]:
    kept = {name: row[name] for name in (*KEY, *NUMBERS)}
    empty = dict.fromkeys(PACKED, b"")
    counts = {"latency": ROW.pack(row["latency"]), "predictions": ROW.pack(row["predictions"])}
    return {**kept, "n_minutes": 1, "n_labelled": n_labelled, **empty, **counts, "columns": BY_NAME.pack(row["columns"])}


def _count_labels(connection: sa.Connection) -> Counter[tuple[str, str, datetime]]:
    label = sa.table("label", sa.column("project_id"), sa.column("model_version_id"), sa.column("predicted_at", sa.DateTime()))
    counts: Counter[tuple[str, str, datetime]] = Counter()
    for project_id, version_id, at in connection.execute(sa.select(label).where(label.c.predicted_at.is_not(None))):
        counts[project_id, version_id, at.replace(second=0, microsecond=0)] += 1
    return counts


def downgrade() -> None:
    """Keep what fits into the former shape; counts of hours and days stay at their beginning."""
    connection = op.get_bind()
    op.drop_index(op.f("ix_label_model_version_id_predicted_at"), table_name="label")
    op.drop_index(op.f("ix_label_project_id_predicted_at"), table_name="label")
    op.drop_column("label", "predicted_at")
    op.drop_column("label", "model_version_id")
    packed = [sa.column(name, sa.LargeBinary()) for name in ("latency", "predictions", "columns")]
    rows = connection.execute(
        sa.select(sa.table("window", *OLD_KEY, *(sa.column(name) for name in NUMBERS), *packed))
    ).mappings().all()
    op.drop_table("window")
    table = op.create_table(
        "window",
        *(sa.Column(column.name, sa.DateTime() if column.name == "started_at" else sa.Text(), nullable=False) for column in OLD_KEY),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in NUMBERS),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("latency", "columns", "predictions")),
        sa.PrimaryKeyConstraint("project_id", "model_version_id", "started_at", name=op.f("pk_window")),
    )
    together: dict[tuple[object, ...], list[sa.RowMapping]] = {}
    for row in rows:
        together.setdefault(tuple(row[name] for name in KEY), []).append(row)
    shapes = {"latency": ROW, "predictions": ROW, "columns": BY_NAME}
    unpacked = [
        dict(zip(KEY, key, strict=True))
        | {name: sum(row[name] for row in group) for name in NUMBERS}
        | {name: shape.unpack_all([row[name] for row in group]) for name, shape in shapes.items()}
        for key, group in together.items()
    ]
    if unpacked:
        connection.execute(sa.insert(table), unpacked)
