"""Fits of several recipes on the same folds, on the cluster: each result as it comes, until the time is up."""

import time
from collections.abc import Generator, Mapping

from distributed import Client, Event, Future, KilledWorker

from core.errors import LifecycleError, NotReadyError
from core.records import new_id
from core.store import JobHandle
from core.train.cluster import DIED, FEWER_ROWS, POLL_S
from core.train.crossvalidation import SCATTER_TIMEOUT_S
from core.train.fitting import FitSpec, FoldScore
from core.train.folds import TrainingData
from core.train.worker import score_fold_on_worker

FoldResult = tuple[str, int, FoldScore | LifecycleError]


def scatter_rows(client: Client, data: TrainingData) -> Future:
    """Hand rows and folds to every worker, waiting for workers that are being started."""
    return client.scatter(data, broadcast=True, hash=False, timeout=SCATTER_TIMEOUT_S)


def fold_results(
    handle: JobHandle,
    client: Client,
    scattered: Future,
    places: Mapping[tuple[str, int], FitSpec],
    *,
    n_rows: int,
    ends_at: float,
) -> Generator[FoldResult]:
    """Yield (key, fold, what came of it) as fits end; the first places begin first.

    When the person stops the job, the time is up or the caller closes the iterator, fits at work are killed.

    Parameters
    ----------
    handle : JobHandle
        Knows whether the person stopped the work.
    scattered : Future
        Rows and folds, the same for all, as `scatter_rows` gives them.
    places : mapping
        What to fit, by key and fold.
    n_rows : int
        Learn from at most so many rows of a fold, drawn alike for all.
    ends_at : float
        Moment (of `time.monotonic`) after which no more results come.

    Raises
    ------
    StoppedError
        When the person stopped the job.
    """
    name = f"stop-{new_id()}"
    # Each further fit has a lower priority, so that several jobs on the cluster take turns.
    waiting: dict[Future, tuple[str, int]] = {
        client.submit(
            score_fold_on_worker,
            scattered,
            spec,
            n_rows,
            (name, key, fold),
            name,
            pure=False,
            priority=-order,
        ): (key, fold)
        for order, ((key, fold), spec) in enumerate(places.items())
    }
    try:
        while waiting and time.monotonic() < ends_at:
            handle.raise_if_stopped()
            ended = [future for future in waiting if future.done()]
            for future in ended:
                yield *waiting.pop(future), _result(future)
            if not ended:
                time.sleep(POLL_S)
    finally:
        if waiting:
            Event(name, client=client).set()
            client.cancel(list(waiting))


def _result(future: Future) -> FoldScore | LifecycleError:
    if future.status == "cancelled":  # The rows were lost with the workers that held them.
        return NotReadyError(DIED, FEWER_ROWS)
    try:
        result: FoldScore | LifecycleError = future.result()
    except KilledWorker:
        return NotReadyError(DIED, FEWER_ROWS)
    return result
