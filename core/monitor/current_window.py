"""Which live rows a verdict is about: the newest ones by default, so that a change shows after long healthy traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.records import ReferenceColumn, Window, utc_now
from core.store import Store

CURRENT_ROWS = 2_000
"""The current window holds the newest minutes of traffic that have at least so many rows together."""
MOST_WINDOWS = 1_440
"""Minutes of traffic looked back on at most: one busy day. It bounds the cost and the number of looks."""
MINUTE = timedelta(minutes=1)


CLOCKS_DIFFER = timedelta(minutes=2)
"""So far ahead a service's clock may be; windows further ahead are of the future."""


@dataclass(frozen=True)
class CurrentWindow:
    """The sum of some minutes of traffic of one model version. `n_looks` such windows went by, this one included.

    `earlier` is the sum of the traffic before, as far as it is looked back on; `n_rows_future` rows bear a moment that
    has not come yet, and are in neither.
    """

    total: Window | None
    n_looks: int
    started_at: datetime | None
    ended_at: datetime | None
    earlier: Window | None = None
    n_rows_future: int = 0


def read_current_window(
    store: Store, project_id: str, model_version_id: str, since: datetime | None, now: datetime | None = None
) -> CurrentWindow:
    """Return the traffic since a moment, or without one the newest minutes that hold at least 2,000 rows.

    A prediction's moment is that of the service that made it. One made while the service's clock was behind is counted
    in that earlier minute; one from ahead is left out until its moment comes, so that a clock once set wrong does not
    stand for the newest traffic for ever.
    """
    end = (now or utc_now()) + CLOCKS_DIFFER
    newest = None if since is not None else MOST_WINDOWS
    light = store.log.windows(
        project_id, since=since, until=end, model_version_id=model_version_id, newest=newest, only=()
    )
    ahead = store.log.windows(project_id, since=end, model_version_id=model_version_id, only=())
    n_future = sum(window.n_rows for window in ahead)
    if not light:
        return CurrentWindow(None, 1, None, None, n_rows_future=n_future)
    began_at = light[0 if since is not None else -_how_many_back(light)].started_at
    total = store.log.total(project_id, model_version_id, since=began_at, until=end)
    n_rows = sum(window.n_rows for window in light)
    n_looks = max(round(n_rows / max(total.n_rows if total else 0, 1)), 1)
    earlier = store.log.total(project_id, model_version_id, since=light[0].started_at, until=began_at, only=("ages",))
    ended_at = light[-1].started_at + MINUTE * light[-1].n_minutes
    return CurrentWindow(total, n_looks, began_at, ended_at, earlier, n_future)


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
