"""Candidates times folds on the cluster: results as they come, a stop that stops, a budget that holds."""

import concurrent.futures
import functools
import itertools
import logging
import queue
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from distributed import Client, Event, Future, KilledWorker

from core.errors import LifecycleError
from core.plan import score_to_value
from core.records import Candidate, TrainingRun, new_id, utc_now
from core.store import JobHandle, StoppedError
from core.train.child import WorkStoppedError
from core.train.cluster import DIED
from core.train.families import find_family
from core.train.fitting import FitSpec, FoldScore
from core.train.folds import TrainingData
from core.train.out_of_fold import add_folds
from core.train.planning import say_seconds
from core.train.tracking import log_candidate, tracking_client
from core.train.worker import score_fold_on_worker

LOG = logging.getLogger(__name__)
POLL_S = 0.25
SHARE_FACTOR = 2.0
"""A candidate may use so many times its equal share of the computing time that is left when it begins."""
MIN_ALLOWANCE_S = 10.0
SCATTER_TIMEOUT_S = 120
MAX_SUBMISSIONS = 4
"""How often a fold is handed to the cluster again after the workers that held its rows died."""


@dataclass
class Entry:
    """What is known about one candidate while the cluster works on it. `stop_name`: the event that kills its fits."""

    candidate: Candidate
    futures: dict[int, Future] = field(default_factory=dict)
    scores: dict[int, FoldScore] = field(default_factory=dict)
    n_submissions: int = 0
    begun: dict[int, float] = field(default_factory=dict)
    spent_s: float = 0.0
    allowance_s: float = float("inf")
    stop_name: str = field(default_factory=lambda: f"stop-{new_id()}")

    def used_s(self, now: float) -> float:
        """Return the seconds of computing it has used, over all folds."""
        return self.spent_s + sum(now - begun for begun in self.begun.values())


class CrossValidation:
    """One training run at work.

    Parameters
    ----------
    handle : JobHandle
        The job: progress is told to it, and it knows whether to stop.
    client : Client
        The cluster.
    run : TrainingRun
        The run, with metric and budget.
    spec : FitSpec
        What all fits have in common; the family is filled in for each.
    data : TrainingData
        Rows and folds.
    """

    def __init__(self, handle: JobHandle, client: Client, run: TrainingRun, spec: FitSpec, data: TrainingData) -> None:
        self.handle, self.client, self.run, self.spec, self.data = handle, client, run, spec, data
        self.store = handle.store
        self.messages: queue.SimpleQueue[tuple[str, int, Future | None]] = queue.SimpleQueue()
        self.open: dict[str, Entry] = {}
        self.n_candidates = 0
        self.ends_at = 0.0
        self.order = itertools.count()

    def work(self, candidates: Sequence[Candidate]) -> None:
        """Cross-validate the candidates that are not done yet.

        Raises
        ------
        StoppedError
            When the person stopped the job.
        """
        waiting = [candidate for candidate in candidates if candidate.status in ("waiting", "running")]
        untracked = [one for one in candidates if one.status == "done" and one.mlflow_run_id is None]
        self.n_candidates = len(waiting)
        self.ends_at = time.monotonic() + self.run.budget_s
        topic = f"training-{self.run.id}"
        self.client.subscribe_topic(topic, self._on_begin)
        # Tracking has a thread of its own: a slow tracking server must not delay a stop or the budget's end.
        self.tracker = concurrent.futures.ThreadPoolExecutor(1)
        try:
            self.scattered = self._scatter()
            for candidate in waiting:
                self._enter(candidate)
            for candidate in untracked:
                self._track_later(candidate)
            while self.open:
                self._take_message()
                self._check_time()
        except StoppedError:
            self._stop_all("Stopped, as asked.")
            raise
        finally:
            for entry in self.open.values():
                Event(entry.stop_name, client=self.client).set()
            self.client.unsubscribe_topic(topic)
            self.tracker.shutdown()
        self.handle.report(1.0, "Training is done.")

    def _on_begin(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        self.messages.put((message["candidate_id"], message["fold"], None))

    def _enter(self, candidate: Candidate) -> None:
        candidate = self.store.update(candidate, status="waiting", progress=0.0, fold_scores=(), started_at=None)
        entry = self.open[candidate.id] = Entry(candidate)
        for fold in range(len(self.data.folds)):
            self._submit(entry, fold)

    def _submit(self, entry: Entry, fold: int) -> None:
        """Hand a fold to the cluster. Each further one has a lower priority, so that runs take turns."""
        candidate = entry.candidate
        future = self.client.submit(
            score_fold_on_worker,
            self.scattered,
            replace(self.spec, family=candidate.family),
            candidate.n_rows_used,
            (f"training-{self.run.id}", candidate.id, fold),
            entry.stop_name,
            pure=False,
            priority=-next(self.order),
        )
        entry.futures[fold] = future
        future.add_done_callback(functools.partial(self._on_end, candidate.id, fold))

    def _on_end(self, candidate_id: str, fold: int, future: Future) -> None:
        self.messages.put((candidate_id, fold, future))

    def _take_message(self) -> None:
        self.handle.raise_if_stopped()
        try:
            candidate_id, fold, future = self.messages.get(timeout=POLL_S)
        except queue.Empty:
            return
        entry = self.open.get(candidate_id)
        if entry is None:
            return
        if future is None:
            self._begin(entry, fold)
        elif future is entry.futures[fold]:
            self._end(entry, fold, future)

    def _begin(self, entry: Entry, fold: int) -> None:
        """Note the start of a fold; with a candidate's first, how much of the time that is left it may use."""
        entry.begun[fold] = time.monotonic()
        if entry.candidate.status == "running":
            return
        n_threads = sum(self.client.nthreads().values()) or 1
        share_s = (self.ends_at - time.monotonic()) * n_threads / len(self.open)
        entry.allowance_s = max(SHARE_FACTOR * share_s, MIN_ALLOWANCE_S)
        entry.candidate = self.store.update(entry.candidate, status="running", started_at=utc_now())
        self._report()

    def _end(self, entry: Entry, fold: int, future: Future) -> None:
        """Take in what came of one fold."""
        entry.spent_s += time.monotonic() - entry.begun.pop(fold, time.monotonic())
        if future.status == "cancelled":
            self._submit_again(entry, fold)
            return
        try:
            answer = future.result()
        except KilledWorker:
            self._close(entry, "failed", DIED)
            return
        if isinstance(answer, WorkStoppedError):
            self._close(entry, "stopped", answer.message)
        elif isinstance(answer, LifecycleError):
            self._close(entry, "failed", f"It could not learn from these rows: {answer}")
        else:
            entry.scores[fold] = answer
            self._take_score(entry)

    def _scatter(self) -> Future:
        """Hand the rows to every worker, waiting for workers that are being started."""
        return self.client.scatter(self.data, broadcast=True, hash=False, timeout=SCATTER_TIMEOUT_S)

    def _submit_again(self, entry: Entry, fold: int) -> None:
        """The rows were lost with the workers that held them: hand out both anew."""
        entry.n_submissions += 1
        if entry.n_submissions > MAX_SUBMISSIONS * len(self.data.folds):
            self._close(entry, "failed", DIED)
            return
        if self.scattered.status in ("cancelled", "lost", "error"):
            self.scattered = self._scatter()
        self._submit(entry, fold)

    def _take_score(self, entry: Entry) -> None:
        n_folds = len(self.data.folds)
        values = self._values(entry)
        seconds = statistics.fmean(score.fit_seconds for score in entry.scores.values())
        entry.candidate = self.store.update(
            entry.candidate,
            status="running",
            progress=len(entry.scores) / n_folds,
            fold_scores=values,
            fit_seconds=seconds,
        )
        if len(entry.scores) == n_folds:
            self._finish(entry, values)
        self._report()

    def _values(self, entry: Entry) -> tuple[float, ...]:
        """Return the folds' scores in the metric's natural sign, without those a fold did not allow (NaN)."""
        scores = [entry.scores[fold].score for fold in sorted(entry.scores)]
        return tuple(score_to_value(self.run.metric, score) for score in scores if score == score)

    def _finish(self, entry: Entry, values: tuple[float, ...]) -> None:
        if not values:
            self._close(entry, "failed", "No fold held rows enough of each class to be scored.")
            return
        if len(values) < len(entry.scores):
            missing = len(entry.scores) - len(values)
            note = f"{missing} of {len(entry.scores)} folds lacked a class and could not be scored."
            entry.candidate = self.store.update(entry.candidate, note=f"{entry.candidate.note} {note}".strip())
        entry.candidate = self.store.update(
            entry.candidate,
            score_mean=statistics.fmean(values),
            score_sd=statistics.stdev(values) if len(values) > 1 else 0.0,
            out_of_fold=add_folds([score.out_of_fold for score in entry.scores.values()]),
        )
        self._close(entry, "done", "")
        self._track_later(entry.candidate)

    def _track_later(self, candidate: Candidate) -> None:
        self.tracker.submit(self._track, candidate).add_done_callback(_log_failure)

    def _track(self, candidate: Candidate) -> None:
        logged = log_candidate(self.store, tracking_client(self.store), self.run, self.spec.recipe, candidate)
        if logged is None:
            return
        experiment, run_id = logged
        self.store.update(candidate, mlflow_run_id=run_id)
        if self.run.mlflow_experiment is None:
            self.run = self.store.update(self.run, mlflow_experiment=experiment)

    def _check_time(self) -> None:
        now = time.monotonic()
        if now > self.ends_at:
            self._stop_all(f"The time budget of {say_seconds(self.run.budget_s)} was used up.")
        for entry in [entry for entry in self.open.values() if entry.used_s(now) > entry.allowance_s]:
            self._stop(entry, "It took more than twice its share of the time budget.")
            self._report()

    def _stop_all(self, note: str) -> None:
        for entry in list(self.open.values()):
            self._stop(entry, note)

    def _stop(self, entry: Entry, note: str) -> None:
        Event(entry.stop_name, client=self.client).set()
        self._close(entry, "stopped", note)

    def _close(self, entry: Entry, status: str, note: str) -> None:
        """Write the end of a candidate and take its remaining folds off the cluster."""
        del self.open[entry.candidate.id]
        unfinished = [future for future in entry.futures.values() if not future.done()]
        if unfinished:
            Event(entry.stop_name, client=self.client).set()
            self.client.cancel(unfinished)
        note = f"{entry.candidate.note} {note}".strip()
        progress = 1.0 if status == "done" else entry.candidate.progress
        changes: dict[str, Any] = {"status": status, "note": note, "progress": progress, "ended_at": utc_now()}
        entry.candidate = self.store.update(entry.candidate, **changes)

    def _report(self) -> None:
        """Tell how far the run is, in words."""
        n_closed = self.n_candidates - len(self.open)
        done = n_closed + sum(entry.candidate.progress for entry in self.open.values())
        running = [entry.candidate for entry in self.open.values() if entry.candidate.status == "running"]
        names = ", ".join(find_family(candidate.family).title for candidate in running)
        message = f"{n_closed} of {self.n_candidates} families done" + (f"; now: {names}." if names else ".")
        self.handle.report(done / max(self.n_candidates, 1), message)


def _log_failure(tracked: "concurrent.futures.Future[None]") -> None:
    """Training goes on without tracking, but not in silence."""
    if error := tracked.exception():
        LOG.error("A candidate could not be tracked", exc_info=error)
