"""Labels in the database: stored with who answered and when, and counted in the windows of their predictions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from core import records
from core.store.database import take_turn
from core.store.tables import TABLES, to_row
from core.store.window_rows import add_window

PREDICTION = TABLES[records.Prediction]
LABEL = TABLES[records.LabelRecord]


def store_labels(connection: Connection, labels: Sequence[records.LabelRecord]) -> set[str]:
    """Store labels whose predictions are known; a later label replaces the earlier one. Return the ids stored."""
    for project_id in sorted({label.project_id for label in labels}):
        take_turn(connection, project_id)
    by_id = {label.id: label for label in labels}
    known: dict[str, records.LabelRecord] = {}
    fresh: list[records.LabelRecord] = []
    for chunk in chunks(list(by_id)):
        columns = (PREDICTION.c[name] for name in ("id", "project_id", "model_version_id", "predicted_at"))
        answered = {row.id: row for row in connection.execute(select(*columns).where(PREDICTION.c.id.in_(chunk)))}
        present = set(connection.scalars(select(LABEL.c.id).where(LABEL.c.id.in_(chunk))))
        for label_id, row in answered.items():
            if row.project_id == by_id[label_id].project_id:
                known[label_id] = replace(
                    by_id[label_id], model_version_id=row.model_version_id, predicted_at=row.predicted_at
                )
        fresh += [known[label_id] for label_id in chunk if label_id in known and label_id not in present]
        for label_id in present & known.keys():
            connection.execute(update(LABEL).where(LABEL.c.id == label_id).values(**to_row(known[label_id])))
    if fresh:
        connection.execute(insert(LABEL), [to_row(label) for label in fresh])
        _count(connection, fresh)
    return set(known)


def _count(connection: Connection, labels: Sequence[records.LabelRecord]) -> None:
    """Add labels that are new to the minutes in which their predictions were made."""
    minutes = Counter((label.project_id, label.model_version_id, _minute(label.predicted_at)) for label in labels)
    for (project_id, version_id, minute), n_labelled in sorted(minutes.items()):
        add_window(connection, records.Window(project_id, version_id, minute, n_labelled=n_labelled))


def _minute(moment: datetime | None) -> datetime:
    if moment is None:  # Cannot be: `store_labels` has just noted it.
        raise ValueError("a label without the moment of its prediction")
    return moment.replace(second=0, microsecond=0)


def chunks(values: list[str], size: int = 500) -> list[list[str]]:
    """Return the values in parts, none too long for one statement."""
    return [values[start : start + size] for start in range(0, len(values), size)]
