"""Minutes of traffic become hours, and hours days, once they are old: a year is read as quickly as a day."""

import time
from datetime import datetime, timedelta

from core.records import Project
from core.store import Store

MINUTES_KEPT = timedelta(days=2)
HOURS_KEPT = timedelta(days=60)
WINDOWS_AT_ONCE = 120
"""Windows folded in one transaction, so that the prediction log hardly waits for its turn."""
MOST_BATCHES = 100
PAUSE_S = 0.02


def fold_windows(store: Store, now: datetime) -> int:
    """Fold minutes older than two days into hours, hours older than 60 days into days; return how many went.

    What windows of any span of whole hours (or days) add up to stays exactly the same. What remains to be done after
    many batches is done the next time.
    """
    n_folded = 0
    for project in store.find(Project):
        for n_minutes, kept in ((60, MINUTES_KEPT), (1_440, HOURS_KEPT)):
            for _ in range(MOST_BATCHES):
                n_gone = store.log.fold(project.id, n_minutes=n_minutes, before=now - kept, limit=WINDOWS_AT_ONCE)
                n_folded += n_gone
                if n_gone < WINDOWS_AT_ONCE:
                    break
                time.sleep(PAUSE_S)
    return n_folded
