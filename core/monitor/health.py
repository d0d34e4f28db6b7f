"""Does the service do its work, and whose requests does it refuse? Counts by model version and by key."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce

from core import deploy
from core.monitor.current_window import MOST_WINDOWS
from core.monitor.traffic import latency_quantile, say_ms, stretches
from core.monitor.wording import say_share
from core.records import HealthPart, HealthPoint, HealthReport, KeyRefusals, ModelVersion, Window
from core.store import Store, add_windows

ALL = "all versions"
WITHOUT_KEY = "without a key"
MOST_REASONS = 3


def health(store: Store, project_id: str, *, since: datetime | None = None, n_points: int = 60) -> HealthReport:
    """Return traffic, latency, failures, refusals, abstentions and drops, told apart by model version and by key.

    Refusals are counted by key, answers are not: which key asked is no part of an answered row.

    Parameters
    ----------
    since : datetime, optional
        Default: the newest 1,440 minutes in which anything was asked.
    n_points : int
        Stretches of time at most.
    """
    newest = None if since is not None else MOST_WINDOWS
    windows = store.log.windows(project_id, since=since, newest=newest, with_bins=False)
    numbers = {model.id: f"Version {model.number}" for model in store.find(ModelVersion, project_id=project_id)}
    by_version: dict[str, list[Window]] = {}
    for window in windows:
        by_version.setdefault(window.model_version_id, []).append(window)
    ids = sorted(by_version, reverse=True)
    total = _part(ALL, windows)
    return HealthReport(
        project_id,
        total,
        tuple(_part(numbers.get(version_id, "A version that is gone"), by_version[version_id]) for version_id in ids),
        _by_key(store, project_id, windows),
        _points(windows, numbers, n_points),
        _say_health(total),
    )


def _part(name: str, windows: Sequence[Window]) -> HealthPart:
    total = reduce(add_windows, windows) if windows else Window("", "", datetime.min)  # noqa: DTZ901 - never shown
    p50, p95, p99 = (latency_quantile(total.latency, share) for share in (0.5, 0.95, 0.99))
    return HealthPart(
        name,
        total.n_requests,
        total.n_rows,
        total.n_refused,
        total.n_errors,
        total.n_abstained,
        total.n_dropped,
        p50,
        p95,
        p99,
    )


def _by_key(store: Store, project_id: str, windows: Sequence[Window]) -> tuple[KeyRefusals, ...]:
    names = {key.id: key.name for key in deploy.list_keys(store, project_id)}
    by_key: dict[str, Counter[str]] = {}
    for window in windows:
        for counted, n_refused in window.refusals.items():
            key_id, reason, column = counted.split("/", 2)
            told = f"{reason.replace('_', ' ')} ({column})" if column else reason.replace("_", " ")
            by_key.setdefault(key_id, Counter())[told] += n_refused
    found = [
        KeyRefusals(
            names.get(key_id, "a key that is gone") if key_id else WITHOUT_KEY, reasons.total(), _first(reasons)
        )
        for key_id, reasons in by_key.items()
    ]
    return tuple(sorted(found, key=lambda part: -part.n_refused))


def _first(reasons: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(reasons.most_common(MOST_REASONS))


def _points(windows: Sequence[Window], numbers: Mapping[str, str], n_points: int) -> tuple[HealthPoint, ...]:
    found = []
    for started_at, group in stretches(windows, n_points) if windows else ():
        for version_id in sorted({window.model_version_id for window in group}):
            mine = reduce(add_windows, (window for window in group if window.model_version_id == version_id))
            name = numbers.get(version_id, "A version that is gone")
            found.append(HealthPoint(started_at, name, latency_quantile(mine.latency, 0.95)))
    return tuple(found)


def _say_health(total: HealthPart) -> str:
    if total.n_requests == 0:
        return "Nothing was asked in that time."
    n_answered = total.n_requests - total.n_errors - total.n_refused
    share = say_share(n_answered / total.n_requests)
    told = f"Of {total.n_requests:,} requests {n_answered:,} were answered ({share})"
    told += f": {total.n_refused:,} were refused because of what was asked, {total.n_errors:,} failed in the service."
    if total.latency_p99_ms is not None:
        told += f" 99 of 100 took less than {say_ms(total.latency_p99_ms)}."
    if total.n_abstained:
        told += f" {total.n_abstained:,} rows were left to a person."
    return told
