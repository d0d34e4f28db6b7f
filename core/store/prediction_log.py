"""The log of live traffic: predictions, the labels that arrive later, and windows of counts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select, update

from core import records
from core.store.database import take_turn
from core.store.human_queue import REFERRAL, WAITING
from core.store.kept_answers import keep_answer
from core.store.label_rows import LABEL, PREDICTION, chunks, store_labels
from core.store.prediction_rows import first_kept, insert_predictions
from core.store.tables import JOURNAL, TABLES, WINDOW, to_record, to_row
from core.store.window_rows import SHAPES, add_window, fold_windows, in_span, sum_span

SHADOW = TABLES[records.ShadowAnswer]
MOST_COUNTED = 50_000
"""Predictions that are counted one by one between two moments; more are read off the windows, to the minute."""


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
    """A piece of a service's journal: the segment, and where the piece begins and ends, in bytes."""

    segment: str
    start: int
    end: int


class PredictionLog:
    """Written in batches by the service, read by monitoring and retraining."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def _reading(self) -> Connection:
        return self.engine.connect().execution_options(read_only=True)

    def append(
        self,
        predictions: Sequence[records.Prediction],
        windows: Sequence[records.Window],
        place: JournalPlace | None = None,
        *,
        answer: records.KeptAnswer | None = None,
        referrals: Sequence[records.Referral] = (),
    ) -> bool:
        """Write a batch of predictions and add its counts to the windows, all or nothing; return whether it was.

        Those that a person shall answer go into the queue, too.

        With the place in a journal that the batch comes from, it is written only if the log ends just before it: one
        that is there already is not counted again. Nor is the request whose answer is to be kept, when another answer
        to it is kept already.
        """
        with self.engine.begin() as connection:
            if place is not None and not _move_on(connection, place):
                return False
            if answer is not None and not keep_answer(connection, answer):
                return False
            insert_predictions(connection, predictions)
            if referrals:
                connection.execute(insert(REFERRAL), [to_row(referral) for referral in referrals])
            # Sorted, so that two writers take their turns in the same order and cannot wait for each other for ever.
            for window in sorted(windows, key=lambda window: window.project_id):
                take_turn(connection, window.project_id)
                add_window(connection, window)
        return True

    def journalled(self, segment: str) -> int:
        """Return how many bytes of a segment of a journal have been written here."""
        with self._reading() as connection:
            return int(connection.scalar(select(JOURNAL.c.n_bytes).where(JOURNAL.c.segment == segment)) or 0)

    def forget_journal(self, segment: str) -> None:
        """Forget a segment whose file is gone."""
        with self.engine.begin() as connection:
            connection.execute(delete(JOURNAL).where(JOURNAL.c.segment == segment))

    def remove_before(self, project_id: str, before: datetime, *, limit: int) -> int:
        """Delete at most `limit` of the oldest predictions made before a moment; return how many.

        What shadows said to them goes, too. Their labels and the windows they are counted in stay; so do predictions
        that wait for a person.
        """
        waiting = select(REFERRAL.c.id).where(REFERRAL.c.project_id == project_id, WAITING)
        oldest = select(PREDICTION.c.id).where(
            PREDICTION.c.project_id == project_id, PREDICTION.c.predicted_at < before, PREDICTION.c.id.not_in(waiting)
        )
        oldest = oldest.order_by(PREDICTION.c.predicted_at).limit(limit)
        with self.engine.begin() as connection:
            ids = list(connection.scalars(oldest))
            for chunk in chunks(ids):
                connection.execute(delete(PREDICTION).where(PREDICTION.c.id.in_(chunk)))
                connection.execute(delete(REFERRAL).where(REFERRAL.c.id.in_(chunk)))
                connection.execute(delete(SHADOW).where(SHADOW.c.id.in_(chunk)))
        return len(ids)

    def windows(
        self,
        project_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        model_version_id: str | None = None,
        newest: int | None = None,
        only: Collection[str] | None = None,
    ) -> list[records.Window]:
        """Return the windows that began at or after `since` and before `until`, oldest first; `newest` keeps the last.

        `only` names the counts that are read (none: numbers alone, fifty times faster); the others stay empty.
        """
        left_out = set() if only is None else SHAPES.keys() - set(only)
        query = select(*(column for column in WINDOW.columns if column.name not in left_out))
        query = query.where(in_span(project_id, since, until, model_version_id)).order_by(WINDOW.c.started_at.desc())
        if newest is not None:
            query = query.limit(newest)
        with self._reading() as connection:
            return [to_record(records.Window, row) for row in reversed(connection.execute(query).mappings().all())]

    def total(
        self,
        project_id: str,
        model_version_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        only: Sequence[str] | None = None,
    ) -> records.Window | None:
        """Return the sum of a model version's windows that began at or after `since` and before `until`.

        Exactly the sum of `windows`, in any order and however they were folded; None when there are none. `only` names
        the counts that are read; the others stay empty.
        """
        with self._reading() as connection:
            return sum_span(connection, in_span(project_id, since, until, model_version_id), only)

    def fold(self, project_id: str, *, n_minutes: int, before: datetime, limit: int) -> int:
        """Replace at most `limit` windows shorter than `n_minutes` by their sums; return how many went.

        Only whole spans that lie before a moment are touched. What windows add up to stays the same.
        """
        with self.engine.begin() as connection:
            return fold_windows(connection, project_id, n_minutes=n_minutes, before=before, limit=limit)

    def coverage(self, project_id: str, *, model_version_id: str | None = None) -> tuple[int, int]:
        """Return how many rows were answered and logged, and how many of them have a label, from the windows.

        As quick for ten million rows as for ten; rows that the log has deleted are still counted.
        """
        sums = select(func.sum(WINDOW.c.n_rows), func.sum(WINDOW.c.n_labelled))
        with self._reading() as connection:
            n_rows, n_labelled = connection.execute(sums.where(in_span(project_id, None, None, model_version_id))).one()
        return int(n_rows or 0), int(n_labelled or 0)

    def has_answers(self, project_id: str) -> bool:
        """Return whether any row was ever answered and logged, from the windows."""
        answered = select(WINDOW.c.n_rows).where(in_span(project_id, None, None, None), WINDOW.c.n_rows > 0).limit(1)
        with self._reading() as connection:
            return connection.scalar(answered) is not None

    def add_labels(self, labels: Sequence[records.LabelRecord]) -> tuple[int, tuple[str, ...]]:
        """Store labels of predictions; a later label of the same prediction counts, the earlier one is kept apart.

        Returns
        -------
        tuple of int and tuple of str
            How many labels were stored, and the prediction ids that are unknown in that project.
        """
        with self.engine.begin() as connection:
            known = store_labels(connection, labels)
        asked = dict.fromkeys(label.id for label in labels)
        return len(known), tuple(label_id for label_id in asked if label_id not in known)

    def count(self, project_id: str, *, model_version_id: str | None = None) -> tuple[int, int]:
        """Return how many predictions a project, or one model version of it, has logged; how many have a label."""
        predictions = select(func.count()).select_from(PREDICTION).where(PREDICTION.c.project_id == project_id)
        labels = select(func.count()).select_from(LABEL).where(LABEL.c.project_id == project_id)
        if model_version_id is not None:
            of_version = PREDICTION.c.model_version_id == model_version_id
            predictions = predictions.where(of_version)
            labels = labels.join(PREDICTION, PREDICTION.c.id == LABEL.c.id).where(of_version)
        with self._reading() as connection:
            return int(connection.scalar(predictions) or 0), int(connection.scalar(labels) or 0)

    def count_between(self, project_id: str, first: datetime, end: datetime) -> int:
        """Return how many predictions were made at or after `first` and before `end`; to the minute if very many."""
        about = select(func.sum(WINDOW.c.n_rows)).where(in_span(project_id, first, end, None))
        exact = select(func.count()).select_from(PREDICTION).where(PREDICTION.c.project_id == project_id)
        exact = exact.where(PREDICTION.c.predicted_at >= first, PREDICTION.c.predicted_at < end)
        with self._reading() as connection:
            n_rows = int(connection.scalar(about) or 0)
            return n_rows if n_rows > MOST_COUNTED else int(connection.scalar(exact) or 0)

    def labelled_answers(
        self, project_id: str, *, newest: int, model_version_id: str | None = None, since: datetime | None = None
    ) -> list[LabelledAnswer]:
        """Return the last so many answers (given since a moment) whose label is known, oldest first, no inputs.

        What the model was not allowed to answer is not among them.
        """
        # The search goes along an index of the labels, so it takes as long for ten million predictions as for ten
        # thousand.
        names = ("model_version_id", "predicted_at", "prediction", "probabilities")
        query = select(*(PREDICTION.c[name] for name in names), LABEL.c.value)
        query = query.select_from(LABEL).join(PREDICTION, PREDICTION.c.id == LABEL.c.id)
        query = query.where(LABEL.c.project_id == project_id, LABEL.c.predicted_at >= first_kept(project_id))
        query = query.where(PREDICTION.c.abstained.is_(False))
        if model_version_id is not None:
            query = query.where(LABEL.c.model_version_id == model_version_id)
        if since is not None:
            query = query.where(LABEL.c.predicted_at >= since)
        query = query.order_by(LABEL.c.predicted_at.desc(), LABEL.c.id.desc()).limit(newest)
        with self._reading() as connection:
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
        # Labels know when their question was asked: where few have come, going through all questions would take long.
        along = LABEL if labelled_only else PREDICTION
        conditions = [along.c.project_id == project_id]
        if labelled_only:
            conditions.append(along.c.predicted_at >= first_kept(project_id))
        if since is not None:
            conditions.append(along.c.predicted_at >= since)
        query = select(PREDICTION, *labels).select_from(joined).where(and_(*conditions))
        query = query.order_by(along.c.predicted_at.desc(), along.c.id.desc())
        if newest is not None:
            query = query.limit(newest)
        with self._reading() as connection:
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
    """Note that a segment is here up to the end of a piece; return whether it was up to its start before."""
    present = connection.scalar(select(JOURNAL.c.n_bytes).where(JOURNAL.c.segment == place.segment))
    if (present or 0) != place.start:
        return False
    if present is None:
        connection.execute(insert(JOURNAL).values(segment=place.segment, n_bytes=place.end))
    else:
        connection.execute(update(JOURNAL).where(JOURNAL.c.segment == place.segment).values(n_bytes=place.end))
    return True
