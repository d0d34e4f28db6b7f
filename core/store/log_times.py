"""When was something asked, and when did the truth come? Small looks into the log for those who watch all the time."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from core import records
from core.store.store import Store
from core.store.tables import TABLES, WINDOW

LABEL = TABLES[records.LabelRecord]
HOUR = 60


def requests_between(store: Store, project_id: str, first: datetime, end: datetime) -> float:
    """Return how many requests a project had at or after `first` and before `end`, over all its model versions.

    Of an hour's counts that lie in part within, that part is taken; where only counts of whole days are left, nothing
    is known of a time of day, and they are left out.
    """
    span = (WINDOW.c.project_id == project_id) & (WINDOW.c.started_at < end)
    minutes = select(func.sum(WINDOW.c.n_requests)).where(span, WINDOW.c.n_minutes == 1, WINDOW.c.started_at >= first)
    hours = select(WINDOW.c.started_at, WINDOW.c.n_minutes, WINDOW.c.n_requests).where(
        span, WINDOW.c.n_minutes > 1, WINDOW.c.n_minutes <= HOUR, WINDOW.c.started_at > first - timedelta(minutes=HOUR)
    )
    with store.engine.connect().execution_options(read_only=True) as connection:
        total = float(connection.scalar(minutes) or 0)
        for started_at, n_minutes, n_requests in connection.execute(hours):
            length = timedelta(minutes=n_minutes)
            within = min(end, started_at + length) - max(first, started_at)
            total += n_requests * max(within / length, 0.0)
    return total


def first_and_last_window(store: Store, project_id: str) -> tuple[datetime | None, datetime | None]:
    """Return when the first and the newest minute in which anything was asked began."""
    query = select(func.min(WINDOW.c.started_at), func.max(WINDOW.c.started_at)).where(
        WINDOW.c.project_id == project_id
    )
    with store.engine.connect().execution_options(read_only=True) as connection:
        first, last = connection.execute(query).one()
    return first, last


def newest_label_at(store: Store, project_id: str) -> datetime | None:
    """Return when the newest label of a project arrived."""
    query = select(func.max(LABEL.c.received_at)).where(LABEL.c.project_id == project_id)
    with store.engine.connect().execution_options(read_only=True) as connection:
        found: datetime | None = connection.scalar(query)
    return found


def label_times(store: Store, project_id: str, *, newest: int) -> list[tuple[datetime, datetime]]:
    """Return of the labels that arrived last when each was received and when its question was asked, oldest first."""
    query = select(LABEL.c.received_at, LABEL.c.predicted_at).where(LABEL.c.project_id == project_id)
    query = query.where(LABEL.c.predicted_at.is_not(None)).order_by(LABEL.c.received_at.desc()).limit(newest)
    with store.engine.connect().execution_options(read_only=True) as connection:
        return [(row[0], row[1]) for row in reversed(connection.execute(query).all())]
