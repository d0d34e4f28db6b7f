"""Does the service do its work, and for whom? Counts by model version and by key."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from core import deploy
from core.monitor.current_window import MOST_WINDOWS
from core.monitor.traffic import latency_quantile, say_ms, stretches
from core.monitor.wording import say_share
from core.records import (
    KEY_COUNTS,
    LATENCY_EDGES_MS,
    HealthPart,
    HealthPoint,
    HealthReport,
    KeyHealth,
    ModelVersion,
    Window,
)
from core.store import TRAFFIC_COUNTS, Store, add_windows

ALL = "all versions"
WITHOUT_KEY = "without a key"
MOST_REASONS = 3
NO_LATENCY = (0,) * (len(LATENCY_EDGES_MS) + 1)
NOTHING = (0,) * (len(KEY_COUNTS) + len(NO_LATENCY))


def health(store: Store, project_id: str, *, since: datetime | None = None, n_points: int = 60) -> HealthReport:
    """Return traffic, latency, failures, refusals, abstentions and drops, told apart by model version and by key.

    Drops are not told apart by key: when they are counted, nobody knows any more who asked. The dashboard's own
    questions are among those without a key.

    Parameters
    ----------
    since : datetime, optional
        Default: the newest 1,440 minutes in which anything was asked.
    n_points : int
        Stretches of time at most.
    """
    newest = None if since is not None else MOST_WINDOWS
    windows = store.log.windows(project_id, since=since, newest=newest, only=TRAFFIC_COUNTS)
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
    total = add_windows(*windows) if windows else Window("", "", datetime.min)  # noqa: DTZ901 - never shown
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


def _by_key(store: Store, project_id: str, windows: Sequence[Window]) -> tuple[KeyHealth, ...]:
    """Return who asked how much, the most first; what came without a key is the rest of all."""
    if not windows:
        return ()
    total, names = add_windows(*windows), {key.id: key.name for key in deploy.list_keys(store, project_id)}
    reasons: dict[str, Counter[str]] = {}
    for counted, n_refused in total.refusals.items():
        key_id, reason, column = counted.split("/", 2)
        told = f"{reason.replace('_', ' ')} ({column})" if column else reason.replace("_", " ")
        reasons.setdefault(key_id, Counter())[told] += n_refused
    counts = {
        key_id: _add_early(total.keys.get(key_id, NOTHING), reasons.get(key_id, Counter()).total())
        for key_id in {*total.keys, *reasons} - {""}
    }
    everything = (*(getattr(total, name) for name in KEY_COUNTS), *(total.latency or NO_LATENCY))
    counts[""] = tuple(n - sum(each) for n, *each in zip(everything, *counts.values(), strict=True))
    found = [
        KeyHealth(_part(_name_key(key_id, names), [_window_of(total, each)]), _first(reasons.get(key_id, Counter())))
        for key_id, each in counts.items()
        if any(each) or key_id in reasons
    ]
    return tuple(sorted(found, key=lambda one: -one.part.n_requests))


def _add_early(counts: tuple[int, ...], n_refused: int) -> tuple[int, ...]:
    """Return counts of a key with refusals from before there were such counts: those were counted by key already."""
    n_requests, n_rows, n_counted, *more = counts
    n_early = max(n_refused - n_counted, 0)
    return n_requests + n_early, n_rows, n_counted + n_early, *more


def _name_key(key_id: str, names: Mapping[str, str]) -> str:
    return names.get(key_id, "a key that is gone") if key_id else WITHOUT_KEY


def _window_of(total: Window, counts: Sequence[int]) -> Window:
    """Return what was counted of one key as a window."""
    n_requests, n_rows, n_refused, n_errors, n_abstained = counts[: len(KEY_COUNTS)]
    return Window(
        total.project_id,
        total.model_version_id,
        total.started_at,
        n_requests=n_requests,
        n_rows=n_rows,
        n_refused=n_refused,
        n_errors=n_errors,
        n_abstained=n_abstained,
        latency=tuple(counts[len(KEY_COUNTS) :]),
    )


def _first(reasons: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(reasons.most_common(MOST_REASONS))


def _points(windows: Sequence[Window], numbers: Mapping[str, str], n_points: int) -> tuple[HealthPoint, ...]:
    found = []
    for started_at, _, group in stretches(windows, n_points) if windows else ():
        for version_id in sorted({window.model_version_id for window in group}):
            mine = add_windows(*(window for window in group if window.model_version_id == version_id))
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
