"""Answers to requests with an idempotency key, each kept once, in the same transaction as what it brought about."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from core import records
from core.store.database import take_turn
from core.store.tables import TABLES, to_record, to_row

ANSWER = TABLES[records.KeptAnswer]
KEPT_FOR = timedelta(hours=24)
REMOVED_AT_A_TIME = 100


class KeptAnswers:
    """Finds and keeps answers; several processes may keep the same one at the same time, and one of them does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def find(self, answer_id: str, now: datetime) -> records.KeptAnswer | None:
        """Return the answer that was kept under an id during the last 24 hours; None when there is none."""
        query = select(ANSWER).where(ANSWER.c.id == answer_id, ANSWER.c.created_at > now - KEPT_FOR)
        with self.engine.connect().execution_options(read_only=True) as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else to_record(records.KeptAnswer, row)

    def keep(self, answer: records.KeptAnswer, new: Sequence[Any] = ()) -> bool:
        """Keep an answer and write the records it tells of; False, and nothing is written, when another is kept."""
        with self.engine.begin() as connection:
            if not keep_answer(connection, answer):
                return False
            for record in new:
                connection.execute(insert(TABLES[type(record)]).values(**to_row(record)))
        return True

    def remove_old(self, now: datetime, *, limit: int) -> int:
        """Delete at most `limit` of the answers older than 24 hours; return how many."""
        with self.engine.begin() as connection:
            return _remove_old(connection, now, limit)


def keep_answer(connection: Connection, answer: records.KeptAnswer) -> bool:
    """Keep an answer within the transaction that the connection is in; False when another is kept under its id.

    Some that are too old are deleted on the way, so that there are never many more of those than new ones.
    """
    take_turn(connection, answer.id)
    young = ANSWER.c.created_at > answer.created_at - KEPT_FOR
    if connection.execute(select(ANSWER.c.id).where(ANSWER.c.id == answer.id, young)).first() is not None:
        return False
    _remove_old(connection, answer.created_at, REMOVED_AT_A_TIME)
    connection.execute(delete(ANSWER).where(ANSWER.c.id == answer.id))
    connection.execute(insert(ANSWER).values(**to_row(answer)))
    return True


def _remove_old(connection: Connection, now: datetime, limit: int) -> int:
    old = select(ANSWER.c.id).where(ANSWER.c.created_at <= now - KEPT_FOR).limit(limit)
    ids = list(connection.scalars(old))
    if ids:
        connection.execute(delete(ANSWER).where(ANSWER.c.id.in_(ids)))
    return len(ids)
