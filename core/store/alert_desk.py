"""Changes of alerts, by compare-and-swap, in one transaction with the notices that tell of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from core import records
from core.store.database import take_turn
from core.store.tables import TABLES, to_row

ALERT = TABLES[records.Alert]
CHANGE = TABLES[records.AlertChange]
DELIVERY = TABLES[records.Delivery]


@dataclass(frozen=True)
class AlertStep:
    """An alert as it shall be. `seen` is the revision it had when that was decided; None: it is new.

    Without a `change` its state stays, and only what was found of it is brought up to date.
    """

    alert: records.Alert
    seen: int | None
    change: records.AlertChange | None = None


Notify = Callable[[Sequence[AlertStep]], Sequence[records.Delivery]]


class AlertDesk:
    """The one place where alerts change."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def take(self, project_id: str, steps: Sequence[AlertStep], notify: Notify) -> list[AlertStep]:
        """Take the steps that nobody else was ahead of, with their history and notices, all in one transaction.

        Parameters
        ----------
        notify : function
            Given the steps that were taken, returns the notices to send.

        Returns
        -------
        list of AlertStep
            Those taken: a new alert is left out when its matter has one, a known one when it was changed meanwhile.
        """
        with self.engine.begin() as connection:
            take_turn(connection, project_id)
            taken = [step for step in steps if _take(connection, step)]
            rows = [to_row(delivery) for delivery in notify(taken)]
            if rows:
                connection.execute(insert(DELIVERY), rows)
        return taken

    def remove_resolved(self, before: datetime, *, limit: int) -> int:
        """Delete at most `limit` of the oldest alerts that have been over since before a moment, with their history.

        What is not over, or was opened again meanwhile, stays with all its evidence. Return how many went.
        """
        over = (ALERT.c.state == "resolved") & (ALERT.c.changed_at < before)
        oldest = select(ALERT.c.id).where(over).order_by(ALERT.c.id).limit(limit)
        with self.engine.begin() as connection:
            gone = delete(ALERT).where(ALERT.c.id.in_(oldest), over).returning(ALERT.c.id)
            ids = list(connection.scalars(gone))
            connection.execute(delete(CHANGE).where(CHANGE.c.alert_id.in_(ids)))
        return len(ids)


def _take(connection: Connection, step: AlertStep) -> bool:
    row = to_row(step.alert)
    begins = step.seen is None or (step.change is not None and step.change.before == "resolved")
    if begins and _has_one(connection, step.alert):
        return False
    if step.seen is None:
        connection.execute(insert(ALERT).values(**row))
    else:
        mine = (ALERT.c.id == step.alert.id) & (ALERT.c.revision == step.seen)
        if connection.execute(update(ALERT).where(mine).values(**row)).rowcount == 0:
            return False
    if step.change is not None:
        connection.execute(insert(CHANGE).values(**to_row(step.change)))
    return True


def _has_one(connection: Connection, alert: records.Alert) -> bool:
    """Whether another alert about the same matter is not over yet."""
    same = (ALERT.c.model_version_id == alert.model_version_id) & (ALERT.c.kind == alert.kind)
    others = select(ALERT.c.id).where(same, ALERT.c.id != alert.id, ALERT.c.state != "resolved")
    return connection.scalar(others.limit(1)) is not None
