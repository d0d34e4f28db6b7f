"""Reading a source as a job: it goes on without the page, says how far it is, and ends when somebody stops it."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from core.collect.profile import profile_dataset
from core.collect.sources.saved import refresh_source
from core.collect.sources.watch import Throttle, Watch
from core.records import Arrival, Job, Json, Source
from core.store import JobHandle, StoppedError, Store, record_from_json

T = TypeVar("T")

POLL_S = 0.2
REPORT_INTERVAL_S = 1.0
GRACE_S = 1.0
"""How long a reading that was stopped is waited for; then it is left to itself, and what it brings is thrown away."""
N_JOBS_LOOKED_AT = 200
SCHEDULE = "the schedule"
LONGEST_PAUSE_MINUTES = 24 * 60
"""A source that fails again and again is tried at least once a day, unless it is not to be read as often as that."""


def start_refresh(store: Store, source_id: str, *, by: str, n_failed: int = 0) -> Job:
    """Queue the reading of a source; one that is being read already goes on.

    Parameters
    ----------
    n_failed : int
        How many tries of the schedule just before this one failed, one after another.

    Raises
    ------
    NotFoundError
        When the source is gone.
    """
    source = store.get(Source, source_id)
    current = refresh_job(store, source)
    if current is not None and current.active:
        return current
    params = {"source_id": source.id, "n_failed": n_failed}
    return store.add(Job(source.project_id, "refresh", params, message=f"Reading {source.name}", created_by=by))


def refresh_job(store: Store, source: Source) -> Job | None:
    """Return the newest job that reads a source; None when there is none."""
    jobs = store.find(Job, project_id=source.project_id, kind="refresh", newest=N_JOBS_LOOKED_AT)
    return next((job for job in reversed(jobs) if job.params.get("source_id") == source.id), None)


def arrival_of(job: Job) -> Arrival | None:
    """Return what has arrived from a sensor feed by a job that collects it; None for other jobs."""
    live = job.result.get("live")
    return record_from_json(Arrival, json.dumps(live)) if live else None


def run_refresh(handle: JobHandle) -> Json:
    """Read the source of a job; result: dataset_id, is_new, sentence, and `live` as the source's reader tells it.

    A sensor feed that is stopped keeps what has arrived; any other source that is stopped leaves nothing behind.
    """
    source = handle.store.get(Source, handle.job.params["source_id"])
    run = partial(_run_apart, handle, keeps=source.kind == "sensor")
    refreshed = refresh_source(handle.store, source.id, by=handle.job.created_by, run=run)
    handle.report(0.95, "Looking at every column")
    profile_dataset(handle.store, refreshed.version.id)
    result = {"dataset_id": refreshed.version.id, "is_new": refreshed.is_new, "sentence": refreshed.sentence}
    return handle.job.result | result


def start_due_refreshes(store: Store, now: datetime) -> list[Job]:
    """Queue the sources whose schedule says so, those that keep failing with growing pauses.

    Only the newest job a schedule made for a source is kept, so that they do not pile up.
    """
    started = []
    for source in store.find(Source):
        if source.every_minutes is None or now - _last_try(source) < timedelta(minutes=source.every_minutes):
            continue
        job = refresh_job(store, source)
        at = next_try_at(source, job)
        if at is None or now < at:
            continue
        if job is not None and job.created_by == SCHEDULE and job.status in ("done", "failed"):
            store.remove(Job, id=job.id)
        started.append(start_refresh(store, source.id, by=SCHEDULE, n_failed=_n_failed(source, job)))
    return started


def next_try_at(source: Source, job: Job | None) -> datetime | None:
    """Return when the schedule reads a source again; None when it has none, or is being read.

    From the second failure of the schedule on, each doubles the pause. A change to the source, or a person who reads
    it, brings it back to its usual one.

    Parameters
    ----------
    job : Job or None
        The newest job that reads the source.
    """
    every = source.every_minutes
    if every is None or (job is not None and job.active):
        return None
    n_doublings = max(_n_failed(source, job) - 1, 0)
    pause = min(every * 2**n_doublings, max(every, LONGEST_PAUSE_MINUTES))
    return _last_try(source) + timedelta(minutes=pause)


def _last_try(source: Source) -> datetime:
    return source.last_tried_at or source.created_at


def _n_failed(source: Source, job: Job | None) -> int:
    """Return how many tries of the schedule have failed one after another, by the newest job."""
    failed = source.problem and job is not None and job.status == "failed" and job.created_by == SCHEDULE
    return int(job.params.get("n_failed", 0)) + 1 if job is not None and failed else 0


def _run_apart(handle: JobHandle, read: Callable[[Watch], T], *, keeps: bool) -> T:
    """Run a reading in a thread of its own, so that a stop need not wait for a server that is slow."""
    watch = Watch(handle.job.id, handle.job.started_at)
    future: Future[T] = Future()
    threading.Thread(target=_fill, args=(future, read, watch), name="reading", daemon=True).start()
    try:
        _follow(handle, watch, future, keeps)
    except BaseException:  # Also when the runner shuts down: its next one goes on.
        watch.leave()
        raise
    _report(handle, watch)
    if watch.stopped and not (keeps and _has_something(watch)):
        raise StoppedError
    return future.result()


def _follow(handle: JobHandle, watch: Watch, future: Future[T], keeps: bool) -> None:
    """Report how far a reading is until it ends, or does not end soon after a stop."""
    throttle = Throttle(REPORT_INTERVAL_S)
    while not wait([future], timeout=POLL_S).done:
        if throttle.ready():
            _report(handle, watch)
        if not handle.stop_requested:
            continue
        watch.stop()
        if not wait([future], timeout=GRACE_S).done and not (keeps and _has_something(watch)):
            return


def _has_something(watch: Watch) -> bool:
    return bool(watch.live.get("n_messages"))


def _fill(future: Future[T], read: Callable[[Watch], T], watch: Watch) -> None:
    try:
        future.set_result(read(watch))
    except BaseException as error:  # noqa: BLE001 - a thread border: it is raised where the result is asked for
        future.set_exception(error)


def _report(handle: JobHandle, watch: Watch) -> None:
    if watch.live:
        handle.job = handle.store.update(handle.job, result={"live": watch.live})
    handle.report(min(watch.share, 0.9), watch.words)
