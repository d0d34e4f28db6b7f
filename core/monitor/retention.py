"""How long are questions and answers kept? As long as the project says; the counts in windows stay for ever."""

import time
from datetime import datetime, timedelta

from core.errors import BadInputError
from core.records import Job, Retention
from core.store import Store

LONGEST_DAYS = 3650
ROWS_AT_ONCE = 500
"""Rows deleted in one transaction, so that the prediction log hardly waits for its turn."""
MOST_BATCHES = 200
PAUSE_S = 0.05


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
    n_removed = 0
    for _ in range(MOST_BATCHES):
        n_gone = store.log.remove_before(project_id, before, limit=ROWS_AT_ONCE)
        n_removed += n_gone
        if n_gone < ROWS_AT_ONCE:
            break
        time.sleep(PAUSE_S)
    return n_removed
