"""Labels in the database: stored with who answered and when, and counted in the windows of their predictions."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, insert, select, update

from core import records
from core.store.database import take_turn
from core.store.tables import TABLES, to_record, to_row
from core.store.window_rows import add_window

PREDICTION = TABLES[records.Prediction]
LABEL = TABLES[records.LabelRecord]
EARLIER = TABLES[records.EarlierLabel]


def store_labels(connection: Connection, labels: Sequence[records.LabelRecord]) -> set[str]:
    """Store labels whose predictions are known; the newest of each counts, the ones before it are kept apart.

    The same label sent again changes nothing. Return the ids that are known.
    """
    for project_id in sorted({label.project_id for label in labels}):
        take_turn(connection, project_id)
    by_id: defaultdict[str, list[records.LabelRecord]] = defaultdict(list)
    for label in labels:
        by_id[label.id].append(label)
    known: set[str] = set()
    for chunk in chunks(list(by_id)):
        given = _of_known(connection, chunk, by_id)
        present = _present(connection, chunk)
        _write(connection, given, present)
        known |= given.keys()
    return known


def _of_known(
    connection: Connection, ids: list[str], by_id: Mapping[str, list[records.LabelRecord]]
) -> dict[str, list[records.LabelRecord]]:
    """Return the labels whose predictions are in the log of their project, with who answered and when."""
    columns = (PREDICTION.c[name] for name in ("id", "project_id", "model_version_id", "predicted_at"))
    answered = {row.id: row for row in connection.execute(select(*columns).where(PREDICTION.c.id.in_(ids)))}
    return {
        label_id: [
            replace(label, model_version_id=row.model_version_id, predicted_at=row.predicted_at)
            for label in by_id[label_id]
            if label.project_id == row.project_id
        ]
        for label_id in ids
        if (row := answered.get(label_id)) and any(label.project_id == row.project_id for label in by_id[label_id])
    }


def _present(connection: Connection, ids: list[str]) -> dict[str, records.LabelRecord]:
    rows = connection.execute(select(LABEL).where(LABEL.c.id.in_(ids))).mappings()
    return {row["id"]: to_record(records.LabelRecord, row) for row in rows}


def _write(
    connection: Connection,
    given: Mapping[str, list[records.LabelRecord]],
    present: Mapping[str, records.LabelRecord],
) -> None:
    fresh: list[records.LabelRecord] = []
    earlier: list[records.EarlierLabel] = []
    for label_id, new in given.items():
        history = [present[label_id]] if label_id in present else []
        for label in new:
            if not history or not is_same(history[-1], label):
                history.append(label)
        earlier += [_keep(before, after) for before, after in pairwise(history)]
        if label_id not in present:
            fresh.append(history[-1])
        elif len(history) > 1:
            connection.execute(update(LABEL).where(LABEL.c.id == label_id).values(**to_row(history[-1])))
    for table, rows in ((LABEL, fresh), (EARLIER, earlier)):
        if rows:
            connection.execute(insert(table), [to_row(row) for row in rows])
    if fresh:
        _count(connection, fresh)


def is_same(first: records.LabelRecord, second: records.LabelRecord) -> bool:
    """Whether two labels say the same and come from the same source: one was sent twice."""
    names = ("value", "source", "given_by", "simulated")
    same_type = type(first.value) is type(second.value)
    return same_type and all(getattr(first, name) == getattr(second, name) for name in names)


def _keep(before: records.LabelRecord, after: records.LabelRecord) -> records.EarlierLabel:
    return records.EarlierLabel(
        prediction_id=before.id,
        project_id=before.project_id,
        value=before.value,
        simulated=before.simulated,
        source=before.source,
        given_by=before.given_by,
        received_at=before.received_at,
        replaced_at=after.received_at,
    )


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
