"""What a rule looks at: one model at one moment, with the traffic up to then, from the log or replayed."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core import deploy, plan
from core.monitor.current_window import CURRENT_ROWS, MINUTE, CurrentWindow, read_current_window
from core.records import Evaluation, ModelVersion, Objective, Reference, Window
from core.store import TRAFFIC_COUNTS, Store, add_windows, first_and_last_window, requests_between


class Traffic(Protocol):
    """The counts of a model's traffic, as far as they were known at a moment."""

    def recent(self, now: datetime, span: timedelta) -> Window:
        """Return the sum of the last minutes, without the bins of the inputs."""

    def current(self, now: datetime) -> CurrentWindow:
        """Return the newest minutes with at least 2,000 rows, with bins."""

    def bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return when the first and the newest minute in which anything was asked began, over all versions."""

    def n_requests(self, first: datetime, end: datetime) -> float:
        """Return how many requests there were between two moments, over all versions."""


class LoggedTraffic:
    """Traffic as it is in the log now, each part read once for all looks of a moment."""

    def __init__(self, store: Store, model: ModelVersion) -> None:
        self._store, self._model = store, model
        self._recent: dict[timedelta, Window] = {}
        self._current: CurrentWindow | None = None

    def recent(self, now: datetime, span: timedelta) -> Window:
        """Return the sum of the last minutes, without the bins of the inputs."""
        if span not in self._recent:
            found = self._store.log.windows(
                self._model.project_id, since=now - span, model_version_id=self._model.id, only=TRAFFIC_COUNTS
            )
            self._recent[span] = _sum(found, now)
        return self._recent[span]

    def current(self, now: datetime) -> CurrentWindow:  # noqa: ARG002 - the newest there is
        """Return the newest minutes with at least 2,000 rows, with bins."""
        self._current = self._current or read_current_window(self._store, self._model.project_id, self._model.id, None)
        return self._current

    def bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:  # noqa: ARG002 - the newest there is
        """Return when the first and the newest minute in which anything was asked began, over all versions."""
        return first_and_last_window(self._store, self._model.project_id)

    def n_requests(self, first: datetime, end: datetime) -> float:
        """Return how many requests there were between two moments, over all versions."""
        return requests_between(self._store, self._model.project_id, first, end)


class PastTraffic:
    """Traffic of one model version that went by, as it was known at any moment of it.

    Parameters
    ----------
    windows : sequence of Window
        Oldest first.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = windows
        self._times = [window.started_at for window in windows]
        self._n_rows, self._n_requests = [0], [0]
        for window in windows:
            self._n_rows.append(self._n_rows[-1] + window.n_rows)
            self._n_requests.append(self._n_requests[-1] + window.n_requests)

    def recent(self, now: datetime, span: timedelta) -> Window:
        """Return the sum of the last minutes; what lies after `now` is not known yet."""
        return _sum(self._windows[bisect_left(self._times, now - span) : bisect_left(self._times, now)], now)

    def current(self, now: datetime) -> CurrentWindow:
        """Return the newest minutes before `now` with at least 2,000 rows."""
        end = bisect_left(self._times, now)
        if end == 0:
            return CurrentWindow(None, 1, None, None)
        start = max(bisect_left(self._n_rows, self._n_rows[end] - CURRENT_ROWS + 1) - 1, 0)
        total = add_windows(*self._windows[start:end])
        n_looks = max(round(self._n_rows[end] / max(total.n_rows, 1)), 1)
        return CurrentWindow(total, n_looks, self._times[start], self._times[end - 1] + MINUTE)

    def bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return when the first and the newest minute before `now` began in which anything was asked."""
        end = bisect_left(self._times, now)
        return (self._times[0], self._times[end - 1]) if end else (None, None)

    def n_requests(self, first: datetime, end: datetime) -> float:
        """Return how many requests there were between two moments."""
        return self._n_requests[bisect_left(self._times, end)] - self._n_requests[bisect_left(self._times, first)]


@dataclass(frozen=True)
class Scene:
    """One model at one moment. `importance` in [0, 1] by column: which part of what the model knows it has from it.

    `told` are columns of which another finding of this moment tells already: one cause, one alert.
    """

    store: Store
    model: ModelVersion
    objective: Objective
    reference: Reference
    importance: Mapping[str, float]
    traffic: Traffic
    now: datetime
    told: frozenset[str] = frozenset()


def set_scene(store: Store, model: ModelVersion, now: datetime, traffic: Traffic | None = None) -> Scene:
    """Return a live model as the rules look at it."""
    return Scene(
        store,
        model,
        plan.current_objective(store, model.project_id),
        deploy.load_reference(store, model.id),
        importance_shares(store.get(Evaluation, model.evaluation_id)),
        traffic or LoggedTraffic(store, model),
        now,
    )


def importance_shares(evaluation: Evaluation) -> dict[str, float]:
    """Return for each column which share of the model's measured importance it has; empty when none was measured."""
    worth = {each.column: max(each.mean, 0.0) for each in evaluation.importance}
    total = sum(worth.values())
    return {name: value / total for name, value in worth.items()} if total else {}


def _sum(windows: Sequence[Window], now: datetime) -> Window:
    return add_windows(Window("", "", now), *windows)
