"""What a piece of long work holds while it runs: its job, the store, and a way to report and to be stopped."""

import time

from core import records
from core.errors import LifecycleError
from core.store.store import Store

STOP_CHECK_INTERVAL_S = 0.5


class StoppedError(LifecycleError):
    """The person asked the work to stop, and it did."""

    def __init__(self) -> None:
        super().__init__("Stopped, as asked.", "Start it again whenever you like.")

    def __reduce__(self) -> tuple[type["StoppedError"], tuple[()]]:  # type: ignore[override]
        return type(self), ()


class JobHandle:
    """Given by the job runner to the function that does the work.

    Parameters
    ----------
    store : Store
        The open store.
    job : Job
        The job being done; `job.params` says what is wanted.
    scheduler_address : str
        Address of the Dask scheduler that heavy work is handed to; empty when the work needs none.
    """

    def __init__(self, store: Store, job: records.Job, scheduler_address: str = "") -> None:
        self.store = store
        self.job = job
        self.scheduler_address = scheduler_address
        self._stop_seen = False
        self._checked_at = 0.0

    def report(self, progress: float, message: str) -> None:
        """Show how far the work is (0 to 1) and what it is doing, in words."""
        self.job = self.store.update(self.job, progress=min(max(progress, 0.0), 1.0), message=message)

    @property
    def stop_requested(self) -> bool:
        """Whether the person asked the work to stop; looked up at most twice a second."""
        now = time.monotonic()
        if not self._stop_seen and now - self._checked_at > STOP_CHECK_INTERVAL_S:
            self._checked_at = now
            self._stop_seen = self.store.get(records.Job, self.job.id).stop_requested
        return self._stop_seen

    def raise_if_stopped(self) -> None:
        """Raise StoppedError when the person asked the work to stop."""
        if self.stop_requested:
            raise StoppedError
