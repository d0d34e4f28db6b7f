"""Work on the Dask cluster: connecting, and tasks that a person can stop in the middle."""

import logging
import os
import time
import uuid
from collections.abc import Callable
from typing import Any

import dask
from distributed import Client, Event, Future, KilledWorker, LocalCluster

from core.errors import LifecycleError, NotReadyError
from core.store import StoppedError
from core.train.child import WorkStoppedError, run_killable
from core.train.worker import run_stoppable

CONNECT_TIMEOUT_S = 10
POLL_S = 0.2
INTERACTIVE_PRIORITY = 10
"""Someone waits for a single fit; it goes before the many fits of a training run."""
MAX_TRIES = 3
DIED = "The processes computing it died again and again; perhaps there is too little memory."
FEWER_ROWS = "Try with fewer rows."
LOCAL_SETTINGS = {
    # Fits run in child processes of the workers, so that they can be killed.
    "distributed.worker.daemon": False,
    "distributed.worker.profile.enabled": False,
    # Before its threads take tasks: two that import the same modules at once can wait for each other for ever.
    "distributed.worker.preload": ["core.train"],
    # Dask looks at itself fifty times a second: a third of that work is left, on a machine that idles most of the day.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}


def open_cluster(n_workers: int | None = None) -> LocalCluster:
    """Return a cluster on this machine, which the caller closes: a worker with one thread for each core.

    Parameters
    ----------
    n_workers : int, optional
        Number of worker processes; default: one for each core.
    """
    # For good, not for a `with` block: a worker that is started again later has to see them, too.
    dask.config.set(LOCAL_SETTINGS)
    return LocalCluster(
        n_workers=n_workers or os.cpu_count() or 1,
        threads_per_worker=1,
        host="127.0.0.1",
        # The scheduler opens a web server in any case: on a free port, not on a fixed one that may be taken.
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        silence_logs=logging.ERROR,
    )


def connect(scheduler_address: str) -> Client:
    """Return a client of the cluster, which the caller closes.

    Raises
    ------
    NotReadyError
        When no scheduler answers at the address.
    """
    try:
        return Client(scheduler_address, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NotReadyError(
            "The part that computes does not answer.", "Wait a moment; if it stays so, start Full Circle again."
        ) from error


def compute(
    scheduler_address: str,
    function: Callable[..., Any],
    *arguments: Any,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Any:
    """Call a function in a killable child process, on the cluster when an address is given, and return its result.

    Parameters
    ----------
    scheduler_address : str
        Where the cluster is; empty for this machine without a cluster.
    function : callable
        Importable by name.
    *arguments
        What it is called with; picklable.
    stop_requested : callable
        Asked several times a second; True stops the work.

    Raises
    ------
    StoppedError
        When it was stopped.
    LifecycleError
        When the function could not do its work.
    """
    if not scheduler_address:
        return _compute_here(function, arguments, stop_requested)
    with connect(scheduler_address) as client:
        return _compute_there(client, function, arguments, stop_requested)


def warm_up(scheduler_address: str) -> None:
    """Let each worker import what fits need and start its server of child processes, so that nobody waits for that.

    Raises
    ------
    NotReadyError
        When no scheduler answers at the address.
    """
    with connect(scheduler_address) as client:
        workers = list(client.scheduler_info(n_workers=-1)["workers"])
        futures = [client.submit(run_stoppable, time.time, [], "", workers=[w], pure=False) for w in workers]
        client.gather(futures)


def _compute_here(function: Callable[..., Any], arguments: tuple[Any, ...], should_stop: Callable[[], bool]) -> Any:
    try:
        return run_killable(function, arguments, should_stop=should_stop)
    except WorkStoppedError as error:
        raise StoppedError from error


def _compute_there(
    client: Client, function: Callable[..., Any], arguments: tuple[Any, ...], stop_requested: Callable[[], bool]
) -> Any:
    stop_name = f"stop-{uuid.uuid4().hex}"
    for _ in range(MAX_TRIES):
        # Scattered, since large arguments must not travel through the scheduler.
        scattered = client.scatter(list(arguments), hash=False)
        future = client.submit(
            run_stoppable, function, scattered, stop_name, pure=False, priority=INTERACTIVE_PRIORITY, retries=1
        )
        try:
            _wait(future, stop_requested)
        except BaseException:
            # Stopped, or interrupted in whatever way: the fit must not go on alone.
            Event(stop_name, client=client).set()
            future.cancel()
            raise
        if future.status != "cancelled":
            return _result(future)
    raise NotReadyError(DIED, FEWER_ROWS)


def _result(future: Future) -> Any:
    """Return a finished task's result, or raise what it ended with."""
    try:
        answer = future.result()
    except KilledWorker as error:
        raise NotReadyError(DIED, FEWER_ROWS) from error
    if isinstance(answer, LifecycleError):
        raise answer
    return answer


def _wait(future: Future, stop_requested: Callable[[], bool]) -> None:
    while not future.done():
        if stop_requested():
            raise StoppedError
        time.sleep(POLL_S)
