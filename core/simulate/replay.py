"""Playing kept-back rows against the real service over HTTP, as a job that can be stopped and taken up again."""

import random
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from core.deploy import internal_key, live_model, load_prototype
from core.errors import LifecycleError, NotReadyError
from core.plan import current_objective
from core.records import Json, Label, ModelVersion, Project, Prototype
from core.serve import ServiceClient, service_address
from core.simulate.rows import read_earlier_values, read_labels, read_rows
from core.simulate.settings import ReplaySettings
from core.store import JobHandle

BATCHES_PER_SECOND = 5
MAX_BATCH = 200
SAVE_INTERVAL_S = 1.0
POLL_S = 0.05
RETRY_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


@dataclass
class Progress:
    """How far a replay is; written to the job, so that it can be taken up again.

    `waiting` are labels on their way: prediction id, label, seconds since 1970 when it is due.
    """

    next_row: int
    n_sent: int = 0
    n_failed: int = 0
    n_labels: int = 0
    waiting: list[tuple[str, Label, float]] = field(default_factory=list)


def run_replay(handle: JobHandle) -> Json:
    """Do the replay held by `handle`; return how many rows were sent, failed and labelled.

    Raises
    ------
    StoppedError
        When the person stopped it.
    NotReadyError
        When the service stays away for half a minute.
    """
    return Replay(handle).run()


class Replay:
    """One replay at work."""

    def __init__(self, handle: JobHandle) -> None:
        self.handle = handle
        self.store = handle.store
        self.project = self.store.get(Project, handle.job.project_id)
        self.settings = ReplaySettings(**handle.job.params)
        saved = handle.job.result
        self.progress = Progress(**saved) if saved else Progress(self.settings.first_row)
        self.waiting = deque((str(i), label, float(due)) for i, label, due in self.progress.waiting)
        self.client: ServiceClient | None = None
        self.saved_at = 0.0

    def run(self) -> Json:
        """Play row after row at the chosen speed, then wait for the last labels."""
        model = self._live_model()
        prototype = load_prototype(self.store, model.id)
        self.earlier = read_earlier_values(self.store, self.settings.stream_id, model)
        target = current_objective(self.store, self.project.id).target or prototype.target
        try:
            self._play(prototype, target)
            while self.waiting:
                self._wait(self.waiting[0][2])
                self._send_due_labels()
        finally:
            self._save(force=True)
            if self.client is not None:
                self.client.close()
        return asdict(self.progress)

    def _live_model(self) -> ModelVersion:
        model = live_model(self.store, self.project.id)
        if model is None:
            raise NotReadyError("No model is live any more.", "Make one live on Deploy model.")
        return model

    def _play(self, prototype: Prototype, target: str) -> None:
        settings, progress = self.settings, self.progress
        size = min(max(round(settings.rows_per_second / BATCHES_PER_SECOND), 1), MAX_BATCH)
        started_at, started_row = time.time(), progress.next_row
        while progress.next_row < settings.last_row:
            self._wait(started_at + (progress.next_row - started_row) / settings.rows_per_second)
            span = progress.next_row, min(progress.next_row + size, settings.last_row)
            rows = read_rows(self.store, settings.stream_id, prototype, span, self.earlier)
            labels = read_labels(self.store, settings.stream_id, target, span)
            self._send_batch(rows, labels, span[0])
            progress.next_row = span[1]
            self._send_due_labels()
            self._save()

    def _send_batch(self, rows: list[Json], labels: list[Label | None], first_row: int) -> None:
        try:
            answer = self._call("predict", rows)
        except NotReadyError:
            raise
        except LifecycleError:
            # The service refuses what it cannot read, as it would refuse anybody's; that is part of the picture. But
            # one row must not take its neighbours with it: they are asked about one by one.
            if len(rows) == 1:
                self.progress.n_failed += 1
                return
            for offset, (row, label) in enumerate(zip(rows, labels, strict=True)):
                self.handle.raise_if_stopped()
                self._send_batch([row], [label], first_row + offset)
            return
        self.progress.n_sent += len(rows)
        due_at = time.time() + self.settings.label_delay_s
        for offset, (prediction, label) in enumerate(zip(answer["predictions"], labels, strict=True)):
            # Drawn by the row's position, so that a replay taken up again makes the same choices.
            drawn = random.Random(f"{self.settings.random_state}-{first_row + offset}").random()
            if label is not None and drawn < self.settings.label_share:
                self.waiting.append((prediction["id"], label, due_at))

    def _send_due_labels(self) -> None:
        now = time.time()
        due = [(prediction_id, label) for prediction_id, label, at in islice(self.waiting, MAX_BATCH) if at <= now]
        if due:
            self.progress.n_labels += int(self._call("send_labels", due)["stored"])
            # Only now: labels must not be lost when the work is stopped while the service is away.
            for _ in due:
                self.waiting.popleft()

    def _call(self, method: str, content: Any) -> Json:
        """Call the service; when it is away, look for it again for half a minute before giving up."""
        for pause in (*RETRY_PAUSES_S, None):
            try:
                answer: Json = getattr(self._service(), method)(self.project.slug, content, simulated=True)
                return answer
            except NotReadyError:
                self._forget_service()
                if pause is None:
                    raise
                self._save(force=True, note="The service does not answer; trying again.")
                self._wait(time.time() + pause)
        raise AssertionError("not reached")

    def _service(self) -> ServiceClient:
        if self.client is None:
            address = service_address(self.store)
            if address is None:
                raise NotReadyError("The prediction service is not running.", "Start it on Deploy model.")
            self.client = ServiceClient(address, key=internal_key(self.store))
        return self.client

    def _forget_service(self) -> None:
        if self.client is not None:
            self.client.close()
        self.client = None

    def _wait(self, until: float) -> None:
        """Sleep until a moment, but notice within a fraction of a second when the person stops the work."""
        self.handle.raise_if_stopped()
        while (left := until - time.time()) > 0:
            time.sleep(min(left, POLL_S))
            self.handle.raise_if_stopped()

    def _save(self, *, force: bool = False, note: str = "") -> None:
        if not force and time.monotonic() - self.saved_at < SAVE_INTERVAL_S:
            return
        self.saved_at = time.monotonic()
        self.progress.waiting = list(self.waiting)
        first, last = self.settings.first_row, self.settings.last_row
        self.handle.job = self.store.update(self.handle.job, result=asdict(self.progress))
        self.handle.report((self.progress.next_row - first) / (last - first), f"{self._words()} {note}".strip())

    def _words(self) -> str:
        progress = self.progress
        total = self.settings.last_row - self.settings.first_row
        words = f"{progress.n_sent:,} of {total:,} rows sent, {progress.n_labels:,} labels delivered"
        return f"{words}, {progress.n_failed:,} refused." if progress.n_failed else f"{words}."
