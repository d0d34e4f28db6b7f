"""How much is asked of the model, how fast does it answer, and how often does that fail?"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from core.monitor.current_window import MINUTE, MOST_WINDOWS
from core.monitor.wording import say_rows
from core.records import LATENCY_EDGES_MS, TrafficPoint, TrafficReport, Window
from core.store import TRAFFIC_COUNTS, Store, add_windows


def traffic(store: Store, project_id: str, *, since: datetime | None = None, n_points: int = 60) -> TrafficReport:
    """Return traffic, latency and errors over time, over all model versions of a project.

    Parameters
    ----------
    since : datetime, optional
        Default: the newest 1,440 minutes in which anything was asked.
    n_points : int
        Number of stretches of equal, whole minutes at most; quiet stretches count as zero.
    """
    newest = None if since is not None else MOST_WINDOWS
    windows = store.log.windows(project_id, since=since, newest=newest, only=TRAFFIC_COUNTS)
    if not windows:
        nothing = "Nothing was asked in that time." if since is not None else "Nothing has been asked yet."
        return TrafficReport(project_id, (), 0, 0, 0, 0, 0, None, None, nothing)
    points = tuple(_point(*stretch) for stretch in stretches(windows, n_points))
    # Bins of inputs belong to one model version each and were not read; all else adds up over versions.
    total = add_windows(*windows)
    p50, p95 = (latency_quantile(total.latency, share) for share in (0.5, 0.95))
    return TrafficReport(
        project_id=project_id,
        points=points,
        n_requests=total.n_requests,
        n_rows=total.n_rows,
        n_refused=total.n_refused,
        n_errors=total.n_errors,
        n_dropped=total.n_dropped,
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        sentence=_say_traffic(total, p50, p95),
        n_unanswered=total.n_unanswered,
    )


def latency_quantile(counts: Sequence[int], share: float) -> float | None:
    """Return a quantile of the latency histogram in milliseconds, interpolated within its bin; None without traffic.

    Parameters
    ----------
    counts : sequence of int, length len(LATENCY_EDGES_MS) + 1
        Requests by latency.
    share : float
        In [0, 1]; 0.95 for the 95th percentile. The last bin has no upper border: its lower one is returned.
    """
    n_requests = sum(counts)
    if n_requests == 0:
        return None
    borders = (0.0, *LATENCY_EDGES_MS, LATENCY_EDGES_MS[-1])
    cumulative = np.concatenate([[0], np.cumsum(counts)])
    wanted = share * n_requests
    place = int(np.searchsorted(cumulative[1:], wanted, side="left"))
    within = (wanted - cumulative[place]) / counts[place]
    return float(borders[place] + within * (borders[place + 1] - borders[place]))


def stretches(windows: Sequence[Window], n_points: int) -> list[tuple[datetime, datetime, list[Window]]]:
    """Return the windows in stretches of equal length, from when until when, quiet ones included, oldest first."""
    first = windows[0].started_at
    n_minutes = int((windows[-1].started_at - first) / MINUTE) + 1
    step = timedelta(minutes=max(-(-n_minutes // n_points), 1))
    starts = [first + step * number for number in range(-(-n_minutes // (step // MINUTE)))]
    groups: list[list[Window]] = [[] for _ in starts]
    for window in windows:
        groups[(window.started_at - first) // step].append(window)
    return [(start, start + step, group) for start, group in zip(starts, groups, strict=True)]


def _point(started_at: datetime, ended_at: datetime, windows: Sequence[Window]) -> TrafficPoint:
    total = add_windows(Window("", "", started_at), *windows)
    return TrafficPoint(
        started_at=started_at,
        ended_at=ended_at,
        n_requests=total.n_requests,
        n_rows=total.n_rows,
        n_refused=total.n_refused,
        n_errors=total.n_errors,
        n_dropped=total.n_dropped,
        latency_p50_ms=latency_quantile(total.latency, 0.5),
        latency_p95_ms=latency_quantile(total.latency, 0.95),
    )


def _say_traffic(total: Window, p50: float | None, p95: float | None) -> str:
    sentence = f"{say_rows(total.n_rows)} in {total.n_requests:,} request{'' if total.n_requests == 1 else 's'}"
    if p50 is not None and p95 is not None:
        sentence += f"; half were answered within {say_ms(p50)}, 95 of 100 within {say_ms(p95)}"
    sentence += f"; {total.n_refused:,} refused, {total.n_errors:,} failed."
    if total.n_abstained:
        sentence += f" {say_rows(total.n_abstained)} went to a person, as the owner's rules say."
    if total.n_dropped:
        sentence += f" {say_rows(total.n_dropped)} were answered but not logged: the log could not keep up."
    return sentence


def say_ms(latency_ms: float) -> str:
    """Return a latency in words: "12 ms", "5 s or more"."""
    if latency_ms >= LATENCY_EDGES_MS[-1]:
        return f"{LATENCY_EDGES_MS[-1] / 1000:g} s or more"
    return f"{latency_ms:.2g} ms" if latency_ms < 100 else f"{latency_ms:.0f} ms"
