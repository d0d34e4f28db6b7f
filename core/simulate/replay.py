"""Playing rows against the real service over HTTP, as a job that can be stopped and taken up again."""

import heapq
import random
import time
from collections import deque

import numpy as np
from numpy.typing import NDArray

from core.deploy import live_model, load_prototype
from core.errors import BadInputError, LifecycleError, NotReadyError
from core.records import Json, ModelVersion, Project
from core.simulate.faults import apply_faults
from core.simulate.lookout import look_out
from core.simulate.progress import forget_progress, load_progress, save_progress
from core.simulate.question import Question
from core.simulate.rows import find_facts
from core.simulate.sender import Sender
from core.simulate.settings import LONGEST_SPREAD, ReplaySettings, read_settings
from core.simulate.starting import open_rows
from core.simulate.traffic import say_clock, send_times
from core.store import JobHandle

BATCHES_PER_SECOND = 5
MAX_BATCH = 200
SAVE_INTERVAL_S = 1.0
SAVE_SHARE = 0.05
"""Saving may take at most this share of the time: many labels on their way make it dear."""
LOOK_INTERVAL_S = 1.0
POLL_S = 0.05
BATCHES_REMEMBERED = 1_000
"""Minutes of a play: as late as an alarm may be seen after it opened."""


def run_replay(handle: JobHandle) -> Json:
    """Do the play held by `handle`; return how many rows were sent, failed and labelled, and what the faults did.

    Raises
    ------
    StoppedError
        When the person stopped it.
    NotReadyError
        When the service stays away for two minutes.
    """
    play = Play(handle)
    try:
        result = play.run()
    except LifecycleError:
        # Ended for good. What ends a process (KeyboardInterrupt, a runner that closes) leaves the file to go on from.
        forget_progress(handle.store, handle.job.id)
        raise
    forget_progress(handle.store, handle.job.id)
    return result


class Play:
    """One play at work. Rows are asked in batches of a fixed size, so that a batch asked again is the same one."""

    def __init__(self, handle: JobHandle) -> None:
        self.handle = handle
        self.store = handle.store
        self.project = self.store.get(Project, handle.job.project_id)
        self.settings = read_settings(handle.job)
        self.progress = load_progress(handle, self.settings.first_row, len(self.settings.faults))
        heapq.heapify(self.progress.waiting)
        self.sender = Sender(self.store, self.project.slug, self._wait_for_service)
        self.saved_at = self.looked_at = 0.0
        self.save_interval_s = SAVE_INTERVAL_S
        self.is_asking = False
        # When how many rows had been asked: a play falls behind its times, and stands still while nobody plays it.
        self.asked: deque[tuple[float, int]] = deque([(0.0, self.position)], maxlen=BATCHES_REMEMBERED)

    def run(self) -> Json:
        """Play row after row, wait for the last labels, and after a drill for the last alarms."""
        model = self._live_model()
        prototype = load_prototype(self.store, model.id)
        self.facts = find_facts(self.store, model, prototype)
        self.rows = open_rows(self.store, self.settings, model, prototype)
        # While nobody plays, the world stands still: it goes on with the row that was next.
        self.times = _times(self.settings)
        self.started_at = time.time() - float(self.times[min(self.position, self.settings.n_rows - 1)])
        try:
            self._look_out()
            self._play()
            while self.progress.waiting:
                self._wait(self.progress.waiting[0][0])
                self._send_due_labels()
            self._wait_for_alarms()
        finally:
            self._save(force=True)
            self.sender.close()
        return self.progress.summary()

    @property
    def position(self) -> int:
        """How many rows of the play have been asked."""
        return self.progress.next_row - self.settings.first_row

    def _live_model(self) -> ModelVersion:
        model = live_model(self.store, self.project.id)
        if model is None:
            raise NotReadyError("No model is live any more.", "Make one live on Deploy model.")
        return model

    def _play(self) -> None:
        settings, progress = self.settings, self.progress
        size = min(max(round(settings.rows_per_second / BATCHES_PER_SECOND), 1), MAX_BATCH)
        while progress.next_row < settings.last_row:
            self._wait(self.started_at + float(self.times[self.position]))
            progress.elapsed_s = time.time() - self.started_at
            last = min(progress.next_row + size, settings.last_row)
            self._ask_batch(self.rows.read(progress.next_row, last))
            progress.next_row = last
            self.asked.append((time.time(), self.position))
            self.is_asking = False
            self._tick()

    def _ask_batch(self, questions: list[Question]) -> None:
        """Ask the questions from the next row on, each as the faults have left it."""
        settings = self.settings
        self.is_asking = True
        now, asked = time.time(), []
        for position, question in enumerate(questions, start=self.position):
            changed, touched = apply_faults(question, position, settings.faults, self.facts, settings.random_state)
            for number in touched:
                self.progress.traces[number].add(position, now)
            asked.append((position, changed))
        self.progress.n_silent += sum(not question.sent for _, question in asked)
        together = [(position, one) for position, one in asked if one.sent and not one.alone]
        self._ask(together, "")
        for pair in asked:
            if pair[1].sent and pair[1].alone:
                self._ask([pair], "alone")
        for copy in range(1, 1 + max((one.n_copies for _, one in asked), default=0)):
            repeated = [(position, one) for position, one in together if one.n_copies >= copy]
            self.progress.n_copies += self._ask(repeated, f"copy{copy}", labelled=False)

    def _ask(self, asked: list[tuple[int, Question]], name: str, *, labelled: bool = True) -> int:
        """Ask questions in one request and return how many were answered; one by one if that one is refused."""
        if not asked:
            return 0
        key = "-".join(filter(None, (self.handle.job.id, str(asked[0][0]), name)))
        try:
            ids = self.sender.ask([question.row for _, question in asked], key)
        except NotReadyError:
            raise
        except LifecycleError:
            # The service refuses what it cannot read, as it would refuse anybody's; that is part of the picture. But
            # one row must not take its neighbours with it: they are asked about one by one.
            if len(asked) > 1:
                self.handle.raise_if_stopped()
                return sum(self._ask([pair], f"{name}single", labelled=labelled) for pair in asked)
            self.progress.n_failed += labelled
            return 0
        if labelled:
            self.progress.n_sent += len(ids)
            for (position, question), prediction_id in zip(asked, ids, strict=True):
                self._expect_label(position, question, prediction_id)
        return len(ids)

    def _expect_label(self, position: int, question: Question, prediction_id: str) -> None:
        settings = self.settings
        # Drawn by the row, so that a play taken up again makes the same choices.
        rng = random.Random(f"{settings.random_state}-{settings.first_row + position}")
        if question.label is not None and rng.random() < settings.label_share:
            delay_s = settings.label_delay_s
            if settings.label_timing == "spread" and delay_s:
                delay_s = min(rng.expovariate(1 / delay_s), LONGEST_SPREAD * delay_s)
            heapq.heappush(self.progress.waiting, (time.time() + delay_s, prediction_id, question.label))

    def _send_due_labels(self) -> None:
        now, waiting = time.time(), self.progress.waiting
        due = [heapq.heappop(waiting) for _ in range(min(len(waiting), MAX_BATCH)) if waiting[0][0] <= now]
        if not due:
            return
        try:
            self.progress.n_labels += self.sender.tell([(prediction_id, label) for _, prediction_id, label in due])
        except BadInputError:
            self.progress.n_failed += len(due)
        except BaseException:
            # Labels must not be lost when the work is stopped while the service is away.
            for label in due:
                heapq.heappush(waiting, label)
            raise

    def _wait_for_alarms(self) -> None:
        ends = [trace.ended_at for trace in self.progress.traces if trace.ended_at is not None]
        if ends:
            self.handle.report(1.0, f"{self._words()} Waiting for late alarms.")
            self._wait(max(ends) + self.settings.alarm_grace_s)

    def _wait_for_service(self, seconds: float) -> None:
        self.handle.report(self._share(), f"{self._words()} The service does not answer; trying again.")
        until = time.time() + seconds
        while (left := until - time.time()) > 0:
            self.handle.raise_if_stopped()
            time.sleep(min(left, POLL_S))

    def _wait(self, until: float) -> None:
        """Wait until a moment, and do what is due meanwhile; a person who stops the work is heard at once."""
        self.handle.raise_if_stopped()
        while (left := until - time.time()) > 0:
            time.sleep(min(left, POLL_S))
            self.handle.raise_if_stopped()
            self._tick()

    def _tick(self) -> None:
        """Do what is due between two batches."""
        self._send_due_labels()
        self._look_out()
        self._save()

    def _look_out(self) -> None:
        if self.settings.faults and time.monotonic() - self.looked_at > LOOK_INTERVAL_S:
            self.looked_at = time.monotonic()
            look_out(self.store, self.project.id, self.progress, self._row_at, time.time())

    def _row_at(self, moment: float) -> int:
        """Return how many rows of the play had been asked at a moment."""
        return next((position for at, position in reversed(self.asked) if at <= moment), self.asked[0][1])

    def _save(self, *, force: bool = False) -> None:
        # A batch counts wholly or not at all: one that is interrupted is asked again, under the same keys.
        if self.is_asking or (not force and time.monotonic() - self.saved_at < self.save_interval_s):
            return
        began_at = time.monotonic()
        save_progress(self.store, self.handle.job.id, self.progress)
        self.handle.job = self.store.update(self.handle.job, result=self.progress.summary())
        self.handle.report(self._share(), self._words())
        self.saved_at = time.monotonic()
        self.save_interval_s = max(SAVE_INTERVAL_S, (self.saved_at - began_at) / SAVE_SHARE)

    def _share(self) -> float:
        return self.position / self.settings.n_rows

    def _words(self) -> str:
        progress = self.progress
        words = f"{progress.n_sent:,} of {self.settings.n_rows:,} rows sent, {progress.n_labels:,} labels delivered"
        # What was refused or repeated would tell a fault that is still a secret.
        is_secret = self.settings.hidden and bool(self.settings.faults)
        refused = f", {progress.n_failed:,} refused" if progress.n_failed and not is_secret else ""
        clock = ""
        if self.settings.speed_up > 1:
            clock = f" Simulated clock: {say_clock(progress.elapsed_s, self.settings.speed_up)}."
        return f"{words}{refused}.{clock}"


def _times(settings: ReplaySettings) -> NDArray[np.float64]:
    return send_times(
        settings.shape,
        settings.n_rows,
        rows_per_second=settings.rows_per_second,
        speed_up=settings.speed_up,
        random_state=settings.random_state,
    )
