"""Rows that wait for a person: taken by one at a time, answered once, however many look at the same moment."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, or_, select, update

from core import records
from core.errors import ConflictError, NotFoundError
from core.store.database import take_turn
from core.store.label_rows import LABEL, PREDICTION, store_labels
from core.store.tables import TABLES, to_record, to_row

REFERRAL = TABLES[records.Referral]
WAITING = REFERRAL.c.state == "waiting"
HELD_FOR = timedelta(minutes=10)
"""How long a row that somebody took is offered to nobody else."""
HINT = "Take the next row."


class HumanQueue:
    """The queue of one database; every change is made in one transaction that looks first."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def count(self, project_id: str) -> int:
        """Return how many rows of a project wait."""
        query = select(func.count()).select_from(REFERRAL).where(REFERRAL.c.project_id == project_id, WAITING)
        with self.engine.connect().execution_options(read_only=True) as connection:
            return int(connection.scalar(query) or 0)

    def take(
        self, project_id: str, *, by: str, now: datetime, skipped: Collection[str] = ()
    ) -> records.Referral | None:
        """Give the oldest row that nobody works on to a person, and return it with a new ticket; None: there is none.

        What the same person took before, and did not answer, comes first: their page may have been reloaded.

        Parameters
        ----------
        by : str
            Name of the person.
        skipped : collection of str
            Ids that this person does not want now.
        """
        free = or_(REFERRAL.c.ticket.is_(None), REFERRAL.c.taken_at < now - HELD_FOR, REFERRAL.c.taken_by == by)
        query = select(REFERRAL).where(REFERRAL.c.project_id == project_id, WAITING, free)
        query = query.where(REFERRAL.c.id.not_in(list(skipped)))
        is_mine = func.coalesce(REFERRAL.c.taken_by, "") == by
        query = query.order_by(is_mine.desc(), REFERRAL.c.referred_at, REFERRAL.c.id).limit(1)
        with self.engine.begin() as connection:
            take_turn(connection, project_id)
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            taken = replace(to_record(records.Referral, row), ticket=secrets.token_hex(8), taken_by=by, taken_at=now)
            _change(connection, taken, "ticket", "taken_by", "taken_at")
            return taken

    def find_taken(self, referral_id: str, ticket: str) -> records.Referral:
        """Return a row that somebody took with a ticket, as long as that counts.

        Raises
        ------
        ConflictError
            When somebody else took, answered or closed it since.
        NotFoundError
            When it was deleted.
        """
        with self.engine.connect().execution_options(read_only=True) as connection:
            return _find_taken(connection, referral_id, ticket)

    def put_back(self, taken: records.Referral) -> None:
        """Let others have a row that was taken; nothing happens when they have it already."""
        with self.engine.begin() as connection:
            take_turn(connection, taken.project_id)
            mine = (REFERRAL.c.id == taken.id, REFERRAL.c.ticket == taken.ticket, WAITING)
            connection.execute(update(REFERRAL).where(*mine).values(ticket=None, taken_by=None, taken_at=None))

    def answer(self, taken: records.Referral, value: records.Label, *, by: str, now: datetime) -> records.Referral:
        """Answer a row that was taken; the answer becomes its label unless the caller has sent the truth already.

        Raises
        ------
        ConflictError
            When somebody else took, answered or closed it since.
        """
        with self.engine.begin() as connection:
            closed = _close(connection, taken, state="answered", answer=value, closed_by=by, closed_at=now)
            if connection.scalar(select(LABEL.c.id).where(LABEL.c.id == taken.id)) is None:
                simulated = connection.scalar(select(PREDICTION.c.simulated).where(PREDICTION.c.id == taken.id))
                label = records.LabelRecord(
                    taken.id, taken.project_id, value, bool(simulated), source="person", given_by=by, received_at=now
                )
                store_labels(connection, [label])
        return closed

    def hand_back(self, taken: records.Referral, *, by: str, now: datetime) -> records.Referral:
        """Close a row that was taken without an answer: nobody here can say.

        Raises
        ------
        ConflictError
            When somebody else took, answered or closed it since.
        """
        with self.engine.begin() as connection:
            return _close(connection, taken, state="handed_back", answer=None, closed_by=by, closed_at=now)

    def expire(self, project_id: str, before: datetime, now: datetime) -> int:
        """Close rows that have waited since before a moment and that nobody works on; return how many."""
        idle = or_(REFERRAL.c.taken_at.is_(None), REFERRAL.c.taken_at < now - HELD_FOR)
        old = (REFERRAL.c.project_id == project_id, WAITING, REFERRAL.c.referred_at < before, idle)
        with self.engine.begin() as connection:
            take_turn(connection, project_id)
            result = connection.execute(update(REFERRAL).where(*old).values(state="expired", closed_at=now))
            return int(result.rowcount)


def _close(connection: Connection, taken: records.Referral, **changes: object) -> records.Referral:
    take_turn(connection, taken.project_id)
    present = _find_taken(connection, taken.id, taken.ticket)
    closed = replace(present, **changes)  # type: ignore[arg-type]
    _change(connection, closed, *changes)
    return closed


def _find_taken(connection: Connection, referral_id: str, ticket: str | None) -> records.Referral:
    row = connection.execute(select(REFERRAL).where(REFERRAL.c.id == referral_id)).mappings().first()
    if row is None:
        raise NotFoundError("This row is not in the queue any more: it was deleted.", HINT)
    present = to_record(records.Referral, row)
    if present.state != "waiting" or present.ticket != ticket:
        raise ConflictError(_say_why(present), HINT)
    return present


def _say_why(present: records.Referral) -> str:
    """Return in words why somebody who took a row may no longer close it."""
    words = {
        "answered": f"{present.closed_by} answered this row meanwhile. Your answer was not written.",
        "handed_back": f"{present.closed_by} handed this row back meanwhile. Your answer was not written.",
        "expired": "This row has waited too long and was closed meanwhile. Your answer was not written.",
    }
    return words.get(
        present.state,
        f"{present.taken_by or 'Somebody else'} took this row, because it lay for more than ten minutes or was put "
        "back. Your answer was not written.",
    )


def _change(connection: Connection, referral: records.Referral, *names: str) -> None:
    row = to_row(referral)
    values = {name: row[name] for name in names}
    connection.execute(update(REFERRAL).where(REFERRAL.c.id == referral.id).values(**values))
