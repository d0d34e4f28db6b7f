"""What shadows said to questions of the log: written by the process that asks them, read to compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, insert, select

from core import records
from core.store.database import take_turn
from core.store.tables import TABLES, to_record, to_row

PREDICTION = TABLES[records.Prediction]
SHADOW = TABLES[records.ShadowAnswer]
LABEL = TABLES[records.LabelRecord]


@dataclass(frozen=True)
class AnswerPair:
    """The answers of two versions to the same question, and the truth about it; None while that is not known."""

    prediction: records.Label
    probabilities: dict[str, float] | None
    shadow_prediction: records.Label
    shadow_probabilities: dict[str, float] | None
    label: records.Label | None


class ShadowLog:
    """Answers that nobody got, each beside the prediction it belongs to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def unanswered(
        self, project_id: str, model_version_id: str, *, since: datetime, limit: int
    ) -> list[records.Prediction]:
        """Return the newest answers of a version since a moment that no shadow was asked about, newest first."""
        joined = PREDICTION.join(SHADOW, PREDICTION.c.id == SHADOW.c.id, isouter=True)
        query = select(PREDICTION).select_from(joined).where(SHADOW.c.id.is_(None))
        query = query.where(PREDICTION.c.project_id == project_id, PREDICTION.c.predicted_at >= since)
        query = query.where(PREDICTION.c.model_version_id == model_version_id, PREDICTION.c.abstained.is_(False))
        query = query.order_by(PREDICTION.c.predicted_at.desc()).limit(limit)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return [to_record(records.Prediction, row) for row in connection.execute(query).mappings()]

    def add(self, answers: Sequence[records.ShadowAnswer]) -> int:
        """Write the answers of one project that are not there yet; return how many were written."""
        if not answers:
            return 0
        ids = [answer.id for answer in answers]
        with self.engine.begin() as connection:
            take_turn(connection, answers[0].project_id)
            present = set(connection.scalars(select(SHADOW.c.id).where(SHADOW.c.id.in_(ids))))
            fresh = [to_row(answer) for answer in answers if answer.id not in present]
            if fresh:
                connection.execute(insert(SHADOW), fresh)
        return len(fresh)

    def pairs(self, project_id: str, live_id: str, shadow_id: str, *, newest: int) -> list[AnswerPair]:
        """Return the newest answers of two versions to the same questions, oldest first, with the truth if known."""
        columns = (
            PREDICTION.c.prediction,
            PREDICTION.c.probabilities,
            SHADOW.c.prediction.label("shadow_prediction"),
            SHADOW.c.probabilities.label("shadow_probabilities"),
            LABEL.c.value,
        )
        joined = SHADOW.join(PREDICTION, PREDICTION.c.id == SHADOW.c.id).join(
            LABEL, LABEL.c.id == SHADOW.c.id, isouter=True
        )
        query = select(*columns).select_from(joined).where(SHADOW.c.project_id == project_id, SHADOW.c.failure == "")
        query = query.where(SHADOW.c.model_version_id == shadow_id, PREDICTION.c.model_version_id == live_id)
        query = query.order_by(SHADOW.c.id.desc()).limit(newest)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return [AnswerPair(*row) for row in reversed(connection.execute(query).all())]

    def count(self, project_id: str, shadow_id: str) -> int:
        """Return how many questions a shadow was asked, those it could not answer included."""
        query = select(func.count()).select_from(SHADOW)
        query = query.where(SHADOW.c.project_id == project_id, SHADOW.c.model_version_id == shadow_id)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return int(connection.scalar(query) or 0)

    def failures(self, project_id: str, shadow_id: str) -> dict[str, int]:
        """Return how often a shadow could not answer, by the reason, the most frequent one first."""
        query = select(SHADOW.c.failure, func.count()).group_by(SHADOW.c.failure).where(SHADOW.c.failure != "")
        query = query.where(SHADOW.c.project_id == project_id, SHADOW.c.model_version_id == shadow_id)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return {row[0]: row[1] for row in connection.execute(query.order_by(func.count().desc()))}
