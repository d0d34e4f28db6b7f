"""How long are questions and answers kept? As long as the project says; the counts in windows stay for ever.

What was told of alerts, and alerts that are long over, go by themselves: nobody would find anything among them.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from core.errors import BadInputError
from core.records import Job, Retention
from core.store import Store

LONGEST_DAYS = 3650
ROWS_AT_ONCE = 500
"""Rows deleted in one transaction, so that the prediction log hardly waits for its turn."""
MOST_BATCHES = 200
PAUSE_S = 0.05
NOTICES_KEPT = timedelta(days=30)
"""After a notice was taken, or given up."""
ALERTS_KEPT = timedelta(days=365)
"""After an alert was over: long enough to compare with the same season a year ago."""


def set_retention(store: Store, project_id: str, days: int | None, *, by: str) -> Retention:
    """Set for how many days logged predictions are kept, None for ever, and return the setting.

    Raises
    ------
    BadInputError
        When `days` is not between 1 and 3,650.
    """
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise BadInputError(
            f"Questions can be kept for 1 to {LONGEST_DAYS:,} days.", "Choose a number in between, or keep them all."
        )
    return store.add(Retention(project_id, days, created_by=by))


def retention_days(store: Store, project_id: str) -> int | None:
    """Return for how many days a project's logged predictions are kept; None: for ever."""
    newest = store.newest(Retention, project_id=project_id)
    return newest.days if newest else None


def remove_expired(store: Store, now: datetime) -> int:
    """Delete logged predictions that are older than their project keeps them; return how many.

    While a project's log is being read to train a model anew, it is left alone. What remains to be done after many
    batches is done the next time.
    """
    n_removed = 0
    for project_id in sorted({setting.project_id for setting in store.find(Retention)}):
        days = retention_days(store, project_id)
        if days is None or store.count(Job, project_id=project_id, kind="retrain", status="running"):
            continue
        n_removed += _remove_batches(store, project_id, now - timedelta(days=days))
    return n_removed


def _remove_batches(store: Store, project_id: str, before: datetime) -> int:
    return _in_batches(lambda limit: store.log.remove_before(project_id, before, limit=limit))


def remove_old_alerts(store: Store, now: datetime) -> tuple[int, int]:
    """Delete what is long over; return how many alerts and how many notices.

    Alerts go a year after they were over, with their history and evidence; notices 30 days after they were taken or
    given up. An alert that is not over is never deleted, nor is a notice that waits.
    """
    return (
        _in_batches(lambda limit: store.alerts.remove_resolved(now - ALERTS_KEPT, limit=limit)),
        _in_batches(lambda limit: store.outbox.remove_ended(now - NOTICES_KEPT, limit=limit)),
    )


def _in_batches(remove: Callable[[int], int]) -> int:
    """Delete batch by batch, with pauses, until nothing is left or there were many; return how much went."""
    n_removed = 0
    for _ in range(MOST_BATCHES):
        n_gone = remove(ROWS_AT_ONCE)
        n_removed += n_gone
        if n_gone < ROWS_AT_ONCE:
            break
        time.sleep(PAUSE_S)
    return n_removed
