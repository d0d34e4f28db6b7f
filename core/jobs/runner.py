"""Taking jobs from the queue and doing them, several at a time, until told to stop."""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from core import collect, deploy, monitor, serve
from core.errors import LifecycleError, NotFoundError
from core.jobs.handlers import HANDLERS, Handler
from core.jobs.shadow_process import ShadowProcess
from core.records import Job, JobKind, ProcessInfo, new_id, utc_now
from core.store import JobHandle, StoppedError, Store

LOG = logging.getLogger(__name__)
MAX_JOBS_AT_ONCE = 8
"""Jobs mostly wait for the cluster; this bounds how many wait at once."""
CLAIM_INTERVAL_S = 0.3
BEAT_INTERVAL_S = 2.0
SILENT_FOR = timedelta(seconds=15)
ALERT_INTERVAL_S = 10.0
DELIVERY_INTERVAL_S = 1.0
RETENTION_INTERVAL_S = 60.0
RELEASE_INTERVAL_S = 5.0
OLD_ANSWERS_AT_A_TIME = 10_000


class RunnerClosing(BaseException):
    """The job runner shuts down: work ends where it is, to be taken up again. No error, like KeyboardInterrupt."""


class RunnerHandle(JobHandle):
    """A job's handle that also ends the work when the runner shuts down."""

    def __init__(self, store: Store, job: Job, scheduler_address: str, closing: threading.Event) -> None:
        super().__init__(store, job, scheduler_address)
        self._closing = closing

    @property
    def stop_requested(self) -> bool:
        """Whether the person asked the work to stop; raises RunnerClosing when the runner shuts down."""
        if self._closing.is_set():
            raise RunnerClosing
        return super().stop_requested


class JobRunner:
    """Does the queue's jobs.

    Parameters
    ----------
    store : Store
        The open store.
    scheduler_address : str
        The cluster that heavy work is handed to; empty when there is none.
    handlers : mapping of JobKind to function, optional
        Who does which kind of job.
    """

    def __init__(
        self, store: Store, scheduler_address: str = "", handlers: Mapping[JobKind, Handler] = HANDLERS
    ) -> None:
        self.store = store
        self.scheduler_address = scheduler_address
        self.handlers = handlers
        self.closing = threading.Event()
        self._watcher = monitor.Watcher(store)
        self._active: dict[str, Job] = {}
        self._lock = threading.Lock()

    def run_one(self) -> bool:
        """Do the next job in the queue, if there is one; return whether there was."""
        job = self.store.jobs.claim(utc_now())
        if job is None:
            return False
        with Repeating(BEAT_INTERVAL_S, self._beat):
            self._do(job)
        return True

    def run_forever(self) -> None:
        """Do jobs until `close` is called; what is running then goes back into the queue."""
        info = self.store.add(ProcessInfo("jobs", os.getpid(), self.scheduler_address))
        shadows = ShadowProcess(self.store)
        pool = ThreadPoolExecutor(MAX_JOBS_AT_ONCE, thread_name_prefix="job")
        try:
            with (
                Repeating(
                    BEAT_INTERVAL_S, self._beat, self._revive, lambda: self._show_life(info), self._forget_the_dead
                ),
                Repeating(ALERT_INTERVAL_S, self._check_alerts, self._refresh_what_is_due),
                Repeating(DELIVERY_INTERVAL_S, lambda: monitor.deliver_due(self.store, utc_now())),
                Repeating(RELEASE_INTERVAL_S, self._promote_what_is_due, self._keep_watch, shadows.look),
                Repeating(RETENTION_INTERVAL_S, lambda: deploy.expire_rows(self.store, utc_now())),
                Repeating(RETENTION_INTERVAL_S, self._remove_expired, self._remove_old),
                Repeating(RETENTION_INTERVAL_S, lambda: monitor.fold_windows(self.store, utc_now())),
                pool,
            ):
                while not self.closing.wait(CLAIM_INTERVAL_S):
                    self._take_jobs(pool)
        finally:
            shadows.close()
            self.store.remove(ProcessInfo, id=info.id)

    def close(self) -> None:
        """Ask the runner to end; safe to call from a signal handler."""
        self.closing.set()

    def _take_jobs(self, pool: ThreadPoolExecutor) -> None:
        while len(self._active) < MAX_JOBS_AT_ONCE and not self.closing.is_set():
            job = self.store.jobs.claim(utc_now()) if self.store.count(Job, status="queued") else None
            if job is None:
                return
            with self._lock:
                self._active[job.id] = job
            pool.submit(self._do, job)

    def _do(self, job: Job) -> None:
        """Do one job and write down how it ended. Nothing a job does may end the runner."""
        with self._lock:
            self._active[job.id] = job
        try:
            result = self.handlers[job.kind](RunnerHandle(self.store, job, self.scheduler_address, self.closing))
            self._finish(job, status="done", progress=1.0, result=result, message="Done.")
        except StoppedError:
            self._finish(job, status="stopped", message="Stopped, as asked.")
        except LifecycleError as error:
            self._finish(job, status="failed", error=error.message, hint=error.hint)
        except RunnerClosing:
            message = "Interrupted; it will go on in a moment."
            self._finish(job, status="queued", n_attempts=job.n_attempts - 1, message=message)
        except Exception:
            error_id = new_id()[-8:]
            LOG.exception("Unexpected error %s in job %s (%s)", error_id, job.id, job.kind)
            hint = f"It is in the log under this id: {self.store.files.log('jobs').name}. Try again, or report it."
            self._finish(job, status="failed", error=f"An unexpected error (id {error_id}).", hint=hint)
        finally:
            with self._lock:
                self._active.pop(job.id, None)

    def _finish(self, job: Job, **changes: object) -> None:
        ended_at = None if changes["status"] == "queued" else utc_now()
        try:
            self.store.update(job, **changes, ended_at=ended_at)
        except NotFoundError:
            LOG.info("Job %s was deleted while it ran", job.id)

    def _beat(self) -> None:
        with self._lock:
            ids = list(self._active)
        for job_id in ids:
            self.store.jobs.beat(job_id, utc_now())

    def _revive(self) -> None:
        # After `_beat` in the same thread: after a laptop's sleep our own jobs must not look dead.
        n_dead = self.store.jobs.revive(utc_now(), SILENT_FOR)
        if n_dead:
            LOG.info("%d interrupted jobs found", n_dead)

    def _forget_the_dead(self) -> None:
        """Remove what runners that were killed left behind."""
        for info in self.store.find(ProcessInfo, name="jobs"):
            if utc_now() - info.heartbeat_at > SILENT_FOR:
                self.store.remove(ProcessInfo, id=info.id)

    def _show_life(self, info: ProcessInfo) -> None:
        self.store.update(info, heartbeat_at=utc_now())

    def _check_alerts(self) -> None:
        self._watcher.look(utc_now())

    def _promote_what_is_due(self) -> None:
        deploy.promote_due(self.store, utc_now())

    def _keep_watch(self) -> None:
        monitor.keep_watch(self.store, utc_now())

    def _remove_expired(self) -> None:
        monitor.remove_expired(self.store, utc_now())
        monitor.remove_old_alerts(self.store, utc_now())

    def _remove_old(self) -> None:
        serve.remove_old_batches(self.store, utc_now())
        self.store.answers.remove_old(utc_now(), limit=OLD_ANSWERS_AT_A_TIME)

    def _refresh_what_is_due(self) -> None:
        collect.start_due_refreshes(self.store, utc_now())


class Repeating:
    """A thread that calls functions every so many seconds while the `with` block lasts; errors are logged."""

    def __init__(self, interval_s: float, *functions: Callable[[], object]) -> None:
        self._interval_s = interval_s
        self._functions = functions
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Repeating":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            for function in self._functions:
                self._call(function)
            if self._ended.wait(self._interval_s):
                return

    @staticmethod
    def _call(function: Callable[[], object]) -> None:
        try:
            function()
        except Exception:
            # A thread border: a database that is busy once must not end the heartbeat for good.
            LOG.exception("Regular work failed; it will be tried again")
