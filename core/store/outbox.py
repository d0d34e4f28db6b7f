"""Notices that wait to be sent: who takes which, and how it ended. A claim that nobody ends runs out by itself."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update

from core import records
from core.store.tables import TABLES, to_record, to_row

DELIVERY = TABLES[records.Delivery]


class Outbox:
    """Deliveries in the database. They are written with what they tell of, see `AlertDesk`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def add(self, delivery: records.Delivery) -> records.Delivery:
        """Put a notice into the outbox that tells of no change, as a test does."""
        with self.engine.begin() as connection:
            connection.execute(insert(DELIVERY).values(**to_row(delivery)))
        return delivery

    def due(self, now: datetime, *, limit: int) -> list[records.Delivery]:
        """Return the notices to send now, at most one a channel: the oldest, so that they arrive in order."""
        query = select(DELIVERY).where(DELIVERY.c.status == "waiting", DELIVERY.c.next_at <= now)
        query = query.order_by(DELIVERY.c.id).limit(limit)
        with self.engine.connect().execution_options(read_only=True) as connection:
            found = [to_record(records.Delivery, row) for row in connection.execute(query).mappings()]
        return list({delivery.channel_id: delivery for delivery in reversed(found)}.values())

    def claim(self, delivery: records.Delivery, now: datetime, lease: timedelta) -> records.Delivery | None:
        """Take a notice for a while; None when another process has it. Who dies with it loses it after the while."""
        mine = (DELIVERY.c.id == delivery.id) & (DELIVERY.c.status == "waiting")
        unclaimed = (DELIVERY.c.next_at <= now) & (DELIVERY.c.n_attempts == delivery.n_attempts)
        claimed = replace(delivery, n_attempts=delivery.n_attempts + 1, next_at=now + lease)
        changes = {"n_attempts": claimed.n_attempts, "next_at": claimed.next_at}
        with self.engine.begin() as connection:
            result = connection.execute(update(DELIVERY).where(mine, unclaimed).values(**changes))
        return claimed if result.rowcount else None

    def end(self, delivery: records.Delivery, status: records.DeliveryStatus, now: datetime, problem: str = "") -> None:
        """Write down that a notice was delivered, or will never be."""
        changes = {"status": status, "problem": problem, "ended_at": now}
        with self.engine.begin() as connection:
            connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery.id).values(**changes))

    def put_off(self, delivery: records.Delivery, problem: str, until: datetime) -> None:
        """Write down why a try failed, and when the next one is due."""
        mine = (DELIVERY.c.id == delivery.id) & (DELIVERY.c.status == "waiting")
        with self.engine.begin() as connection:
            connection.execute(update(DELIVERY).where(mine).values(problem=problem, next_at=until))

    def remove_ended(self, before: datetime, *, limit: int) -> int:
        """Delete at most `limit` of the oldest notices that ended before a moment; return how many.

        What still waits to be sent stays, however old.
        """
        ended = (DELIVERY.c.status != "waiting") & (DELIVERY.c.ended_at < before)
        oldest = select(DELIVERY.c.id).where(ended).order_by(DELIVERY.c.id).limit(limit)
        with self.engine.begin() as connection:
            return int(connection.execute(delete(DELIVERY).where(DELIVERY.c.id.in_(oldest))).rowcount)
