"""When did the questions begin to change? The verdict on the columns, stretch by stretch."""

from collections.abc import Sequence
from datetime import timedelta

from core import deploy
from core.monitor.current_window import CurrentWindow
from core.monitor.drift import compare_counts, live_version_id
from core.monitor.estimate import divide
from core.records import DriftPoint, Reference, Window
from core.store import Store

MOST_WINDOWS = 1_440
FEWEST_ROWS = 200
"""Rows of a stretch that is judged at least."""
MINUTE = timedelta(minutes=1)


def drift_history(store: Store, project_id: str, *, n_points: int = 20) -> tuple[DriftPoint, ...]:
    """Return how many columns of the live version's questions had changed, over the newest 1,440 windows.

    Each stretch is judged as if it were looked at for the first time; what is told to be drifted now (`drift`) is
    corrected for repeated looks, too.

    Raises
    ------
    NotReadyError
        When no model is live.
    """
    version_id = live_version_id(store, project_id)
    reference = deploy.load_reference(store, version_id)
    windows = store.log.windows(project_id, model_version_id=version_id, newest=MOST_WINDOWS, only=())
    n_rows = sum(window.n_rows for window in windows)
    stretches = divide(windows, max(1, min(n_points, n_rows // FEWEST_ROWS)))
    return tuple(_point(store, reference, stretch) for stretch in stretches)


def _point(store: Store, reference: Reference, stretch: Sequence[Window]) -> DriftPoint:
    first, last = stretch[0], stretch[-1]
    end = last.started_at + last.n_minutes * MINUTE
    total = store.log.total(first.project_id, first.model_version_id, since=first.started_at, until=end)
    if total is None or total.n_rows < FEWEST_ROWS:
        return DriftPoint(first.started_at, end, total.n_rows if total else 0, None)
    columns = compare_counts(reference, CurrentWindow(total, 1, first.started_at, end)).columns
    names = tuple(column.name for column in columns if column.outcome == "drifted")
    return DriftPoint(first.started_at, end, total.n_rows, len(names), names)
