"""Which live rows a verdict is about: the newest ones by default, so that a change shows after long healthy traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from core.records import ReferenceColumn, Window
from core.store import Store, add_windows

CURRENT_ROWS = 2_000
"""The current window holds the newest minutes of traffic that have at least so many rows together."""
MOST_WINDOWS = 1_440
"""Minutes of traffic looked back on at most: one busy day. It bounds the cost and the number of looks."""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class CurrentWindow:
    """The sum of some minutes of traffic of one model version. `n_looks` such windows went by, this one included."""

    total: Window | None
    n_looks: int
    started_at: datetime | None
    ended_at: datetime | None


def read_current_window(store: Store, project_id: str, model_version_id: str, since: datetime | None) -> CurrentWindow:
    """Return the traffic since a moment, or without one the newest minutes that hold at least 2,000 rows."""
    newest = None if since is not None else MOST_WINDOWS
    light = store.log.windows(
        project_id, since=since, model_version_id=model_version_id, newest=newest, with_bins=False
    )
    if not light:
        return CurrentWindow(None, 1, None, None)
    began_at = light[0 if since is not None else -_how_many_back(light)].started_at
    total = reduce(add_windows, store.log.windows(project_id, since=began_at, model_version_id=model_version_id))
    n_looks = max(round(sum(window.n_rows for window in light) / max(total.n_rows, 1)), 1)
    return CurrentWindow(total, n_looks, began_at, light[-1].started_at + MINUTE)


def _how_many_back(windows: Sequence[Window]) -> int:
    n_rows = 0
    for n_windows, window in enumerate(reversed(windows), start=1):
        n_rows += window.n_rows
        if n_rows >= CURRENT_ROWS:
            return n_windows
    return len(windows)


def live_counts(total: Window | None, column: ReferenceColumn, *, prediction: bool = False) -> tuple[int, ...]:
    """Return the live counts in a reference column's bins; zeros where nothing was counted."""
    counts: tuple[int, ...] = ()
    if total is not None:
        counts = total.predictions if prediction else total.columns.get(column.name, ())
    return counts or (0,) * len(column.counts)
