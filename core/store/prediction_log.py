"""The log of live traffic: predictions, the labels that arrive later, and windows of counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select, update

from core import records
from core.store.database import take_turn
from core.store.kept_answers import keep_answer
from core.store.prediction_rows import insert_predictions
from core.store.tables import JOURNAL, TABLES, WINDOW, to_record, to_row

PREDICTION = TABLES[records.Prediction]
LABEL = TABLES[records.LabelRecord]


@dataclass(frozen=True)
class LabelledPrediction:
    """A prediction with its label, None while the label has not arrived."""

    prediction: records.Prediction
    label: records.LabelRecord | None


@dataclass(frozen=True)
class LabelledAnswer:
    """A prediction whose label is known, without the row it was for: cheap to read by the thousand."""

    model_version_id: str
    predicted_at: datetime
    prediction: records.Label
    probabilities: dict[str, float] | None
    label: records.Label


@dataclass(frozen=True)
class JournalPlace:
    """A place in a service's journal: the segment, and how many of its bytes lie before."""

    segment: str
    end: int


class PredictionLog:
    """Written in batches by the service, read by monitoring and retraining."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def append(
        self,
        predictions: Sequence[records.Prediction],
        windows: Sequence[records.Window],
        place: JournalPlace | None = None,
        answer: records.KeptAnswer | None = None,
    ) -> bool:
        """Write a batch of predictions and add its counts to the windows, all or nothing; return whether it was new.

        With the place in a journal up to which the batch goes, a batch that is there already is not counted again. Nor
        is the request whose answer is to be kept, when another answer to it is kept already.
        """
        with self.engine.begin() as connection:
            if place is not None and not _move_on(connection, place):
                return False
            if answer is not None and not keep_answer(connection, answer):
                return False
            insert_predictions(connection, predictions)
            # Sorted, so that two writers take their turns in the same order and cannot wait for each other for ever.
            for window in sorted(windows, key=lambda window: window.project_id):
                take_turn(connection, window.project_id)
                _add_window(connection, window)
        return True

    def journalled(self, segment: str) -> int:
        """Return how many bytes of a segment of a journal have been written here."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            return int(connection.scalar(select(JOURNAL.c.n_bytes).where(JOURNAL.c.segment == segment)) or 0)

    def forget_journal(self, segment: str) -> None:
        """Forget a segment whose file is gone."""
        with self.engine.begin() as connection:
            connection.execute(delete(JOURNAL).where(JOURNAL.c.segment == segment))

    def remove_before(self, project_id: str, before: datetime, *, limit: int) -> int:
        """Delete at most `limit` of the oldest predictions made before a moment; return how many.

        Their labels and the windows they are counted in stay.
        """
        oldest = select(PREDICTION.c.id).where(
            PREDICTION.c.project_id == project_id, PREDICTION.c.predicted_at < before
        )
        oldest = oldest.order_by(PREDICTION.c.predicted_at).limit(limit)
        with self.engine.begin() as connection:
            ids = list(connection.scalars(oldest))
            for chunk in _chunks(ids):
                connection.execute(delete(PREDICTION).where(PREDICTION.c.id.in_(chunk)))
        return len(ids)

    def windows(
        self,
        project_id: str,
        *,
        since: datetime | None = None,
        model_version_id: str | None = None,
        newest: int | None = None,
        with_bins: bool = True,
    ) -> list[records.Window]:
        """Return the windows of a project that began at or after `since`, oldest first; `newest` keeps the last.

        Without bins `columns` and `predictions` stay empty: traffic alone is read many times faster.
        """
        wanted = [column for column in WINDOW.columns if with_bins or column.name not in ("columns", "predictions")]
        query = select(*wanted).where(WINDOW.c.project_id == project_id).order_by(WINDOW.c.started_at.desc())
        if since is not None:
            query = query.where(WINDOW.c.started_at >= since)
        if model_version_id is not None:
            query = query.where(WINDOW.c.model_version_id == model_version_id)
        if newest is not None:
            query = query.limit(newest)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return [to_record(records.Window, row) for row in reversed(connection.execute(query).mappings().all())]

    def add_labels(self, labels: Sequence[records.LabelRecord]) -> tuple[int, tuple[str, ...]]:
        """Store labels of predictions; a later label of the same prediction replaces the earlier one.

        Returns
        -------
        tuple of int and tuple of str
            How many labels were stored, and the prediction ids that are unknown in that project.
        """
        by_id = {label.id: label for label in labels}
        with self.engine.begin() as connection:
            for project_id in sorted({label.project_id for label in labels}):
                take_turn(connection, project_id)
            known: set[str] = set()
            for chunk in _chunks(list(by_id)):
                query = select(PREDICTION.c.id, PREDICTION.c.project_id).where(PREDICTION.c.id.in_(chunk))
                known |= {row.id for row in connection.execute(query) if row.project_id == by_id[row.id].project_id}
                present = set(connection.scalars(select(LABEL.c.id).where(LABEL.c.id.in_(chunk))))
                for label_id in present & known:
                    connection.execute(update(LABEL).where(LABEL.c.id == label_id).values(**to_row(by_id[label_id])))
                fresh = [to_row(by_id[label_id]) for label_id in chunk if label_id in known - present]
                if fresh:
                    connection.execute(insert(LABEL), fresh)
        return len(known), tuple(label_id for label_id in by_id if label_id not in known)

    def count(self, project_id: str, *, model_version_id: str | None = None) -> tuple[int, int]:
        """Return how many predictions a project, or one model version of it, has logged; how many have a label."""
        predictions = select(func.count()).select_from(PREDICTION).where(PREDICTION.c.project_id == project_id)
        labels = select(func.count()).select_from(LABEL).where(LABEL.c.project_id == project_id)
        if model_version_id is not None:
            of_version = PREDICTION.c.model_version_id == model_version_id
            predictions = predictions.where(of_version)
            labels = labels.join(PREDICTION, PREDICTION.c.id == LABEL.c.id).where(of_version)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return int(connection.scalar(predictions) or 0), int(connection.scalar(labels) or 0)

    def count_between(self, project_id: str, first: datetime, end: datetime) -> int:
        """Return how many predictions were made at or after `first` and before `end`."""
        query = select(func.count()).select_from(PREDICTION).where(PREDICTION.c.project_id == project_id)
        query = query.where(PREDICTION.c.predicted_at >= first, PREDICTION.c.predicted_at < end)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return int(connection.scalar(query) or 0)

    def labelled_answers(
        self, project_id: str, *, newest: int, model_version_id: str | None = None
    ) -> list[LabelledAnswer]:
        """Return the last so many predictions whose label is known, oldest first, without their inputs."""
        names = ("model_version_id", "predicted_at", "prediction", "probabilities")
        query = select(*(PREDICTION.c[name] for name in names), LABEL.c.value)
        query = query.join(LABEL, PREDICTION.c.id == LABEL.c.id).where(PREDICTION.c.project_id == project_id)
        if model_version_id is not None:
            query = query.where(PREDICTION.c.model_version_id == model_version_id)
        query = query.order_by(PREDICTION.c.predicted_at.desc(), PREDICTION.c.id.desc()).limit(newest)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return [LabelledAnswer(*row) for row in reversed(connection.execute(query).all())]

    def read(
        self,
        project_id: str,
        *,
        since: datetime | None = None,
        labelled_only: bool = False,
        newest: int | None = None,
    ) -> list[LabelledPrediction]:
        """Return logged predictions with their labels, oldest first; `newest` keeps only the last so many."""
        joined = PREDICTION.join(LABEL, PREDICTION.c.id == LABEL.c.id, isouter=not labelled_only)
        labels = [column.label(f"label_{column.name}") for column in LABEL.columns]
        conditions = [PREDICTION.c.project_id == project_id]
        if since is not None:
            conditions.append(PREDICTION.c.predicted_at >= since)
        query = select(PREDICTION, *labels).select_from(joined).where(and_(*conditions))
        query = query.order_by(PREDICTION.c.predicted_at.desc(), PREDICTION.c.id.desc())
        if newest is not None:
            query = query.limit(newest)
        with self.engine.connect().execution_options(read_only=True) as connection:
            rows = list(connection.execute(query).mappings())
        return [
            LabelledPrediction(
                to_record(records.Prediction, {column.name: row[column.name] for column in PREDICTION.columns}),
                to_record(
                    records.LabelRecord,
                    {column.name: row[f"label_{column.name}"] for column in LABEL.columns},
                )
                if row["label_id"] is not None
                else None,
            )
            for row in reversed(rows)
        ]


def _move_on(connection: Connection, place: JournalPlace) -> bool:
    """Note that a segment is here up to a place; return whether it was not before. One process writes each segment."""
    present = connection.scalar(select(JOURNAL.c.n_bytes).where(JOURNAL.c.segment == place.segment))
    if present is None:
        connection.execute(insert(JOURNAL).values(segment=place.segment, n_bytes=place.end))
    elif present < place.end:
        connection.execute(update(JOURNAL).where(JOURNAL.c.segment == place.segment).values(n_bytes=place.end))
    return present is None or present < place.end


def add_windows(first: records.Window, second: records.Window) -> records.Window:
    """Return the sum of two windows of one model version: counts add up, the earlier beginning stays."""
    names = {**first.columns, **second.columns}
    return replace(
        first,
        started_at=min(first.started_at, second.started_at),
        n_requests=first.n_requests + second.n_requests,
        n_rows=first.n_rows + second.n_rows,
        n_refused=first.n_refused + second.n_refused,
        n_errors=first.n_errors + second.n_errors,
        n_dropped=first.n_dropped + second.n_dropped,
        latency=_add(first.latency, second.latency),
        columns={name: _add(first.columns.get(name, ()), second.columns.get(name, ())) for name in names},
        predictions=_add(first.predictions, second.predictions),
    )


def _add(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    if not first or not second:
        return first or second
    return tuple(a + b for a, b in zip(first, second, strict=True))


def _add_window(connection: Connection, window: records.Window) -> None:
    key = and_(
        WINDOW.c.project_id == window.project_id,
        WINDOW.c.model_version_id == window.model_version_id,
        WINDOW.c.started_at == window.started_at,
    )
    present = connection.execute(select(WINDOW).where(key)).mappings().first()
    if present is None:
        connection.execute(insert(WINDOW).values(**to_row(window)))
    else:
        total = add_windows(to_record(records.Window, present), window)
        connection.execute(update(WINDOW).where(key).values(**to_row(total)))


def _chunks(values: list[str], size: int = 500) -> list[list[str]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
