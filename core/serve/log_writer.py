"""The prediction log: requests hand over what happened and go on; one thread writes it to the store in batches.

Before an answer is sent its entry is in the journal, so that it survives the process. What waits is bounded: when the
store cannot be written for long, further entries are dropped, counted, and the count is shown and written as soon as
the store works again. What processes that died left in their journals is taken in exactly once.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from core.records import Window
from core.serve.journal import Journal, Segment, find_left_over
from core.serve.left_over import read_batches
from core.serve.log_entry import LogEntry, count_dropped, count_entries, entry_to_line, sum_windows
from core.store import JournalPlace, Store

MOST_ROWS_WAITING = 20_000
MOST_BYTES_WAITING = 128_000_000
ROWS_PER_BATCH = 1_000
BATCH_INTERVAL_S = 0.25
RETRY_INTERVAL_S = 1.0
LOOK_INTERVAL_S = 5.0
LAST_ATTEMPT_S = 5.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """An entry on its way to the store, how much it is, and where it ends in the journal; None if it is not there."""

    entry: LogEntry
    n_rows: int
    n_bytes: int
    place: JournalPlace | None


class LogWriter:
    """Takes entries from many threads and writes them from its own.

    Parameters
    ----------
    store : Store
        Where to.
    on_drop : callable
        Told how many rows were dropped, each time.
    """

    def __init__(self, store: Store, on_drop: Callable[[int], None] = lambda _n_rows: None) -> None:
        self.store = store
        self.on_drop = on_drop
        self.n_dropped = 0
        self.trouble = ""
        self._journal = Journal(store.files.journals)
        self._waiting: deque[Waiting] = deque()
        self._dropped: list[Window] = []
        self._n_rows_waiting = 0
        self._n_bytes_waiting = 0
        self._n_taken = 0
        self._n_written = 0
        self._looked_at = 0.0
        self._stopping = False
        self._hurried = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)

    @property
    def troubles(self) -> list[str]:
        """What is wrong at the moment, in words."""
        return [trouble for trouble in (self.trouble, self._journal.trouble) if trouble]

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def add(self, entry: LogEntry) -> None:
        """Hand over an entry; when this returns, it is in the journal. Never waits for the store."""
        n_rows = max(1, len(entry.rows))
        line = entry_to_line(entry)
        with self._changed:
            if self._is_too_much(n_rows, len(line)):
                self.n_dropped += n_rows
                self.on_drop(n_rows)
                self._dropped = sum_windows([*self._dropped, count_dropped(entry)])
                return
            self._waiting.append(Waiting(entry, n_rows, len(line), self._journal.append(line)))
            was_full = self._n_rows_waiting >= ROWS_PER_BATCH
            self._n_rows_waiting += n_rows
            self._n_bytes_waiting += len(line)
            self._n_taken += 1
            # Waking the writer for every entry would cost more than the entry itself.
            if len(self._waiting) == 1 or (not was_full and self._n_rows_waiting >= ROWS_PER_BATCH):
                self._changed.notify_all()

    def _is_too_much(self, n_rows: int, n_bytes: int) -> bool:
        too_many = self._n_rows_waiting + n_rows > MOST_ROWS_WAITING
        return too_many or self._n_bytes_waiting + n_bytes > MOST_BYTES_WAITING

    def hurry(self) -> None:
        """Have what waits written at once."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was handed over before is written; return whether it was in time."""
        with self._changed:
            wanted = self._n_taken
            self._hurried = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._n_written >= wanted, timeout_s)

    def stop(self) -> None:
        """Write what waits, for five seconds at most, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(LAST_ATTEMPT_S)

    def _run(self) -> None:
        while True:
            self._take_over()
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._dropped or self._stopping, LOOK_INTERVAL_S)
                if self._stopping and not self._waiting and not self._dropped:
                    break
                if not self._waiting and not self._dropped:
                    continue
                # Others will come: waiting a moment turns many small transactions into one.
                self._changed.wait_for(self._is_time, BATCH_INTERVAL_S)
                self._hurried = False
                batch, dropped = self._take()
            self._write(batch, dropped)
        with self._changed:
            done = self._journal.finish()
        self._remove(done)

    def _is_time(self) -> bool:
        return self._stopping or self._hurried or self._n_rows_waiting >= ROWS_PER_BATCH

    def _take(self) -> tuple[list[Waiting], list[Window]]:
        """Take the next entries; all that are in the journal are in the same segment of it."""
        batch: list[Waiting] = []
        n_rows = 0
        segments: set[str] = set()
        while self._waiting and n_rows < ROWS_PER_BATCH:
            place = self._waiting[0].place
            if place and segments and place.segment not in segments:
                break
            segments |= {place.segment} if place else set()
            batch.append(self._waiting.popleft())
            n_rows += batch[-1].n_rows
        dropped, self._dropped = self._dropped, []
        return batch, dropped

    def _write(self, batch: list[Waiting], dropped: list[Window]) -> None:
        """Write a batch, however long it takes; what is being written still counts as waiting."""
        places = [waiting.place for waiting in batch if waiting.place]
        self._store([waiting.entry for waiting in batch], dropped, places[-1] if places else None)
        with self._changed:
            self._n_written += len(batch)
            self._n_rows_waiting -= sum(waiting.n_rows for waiting in batch)
            self._n_bytes_waiting -= sum(waiting.n_bytes for waiting in batch)
            done = self._journal.mark_stored(places[-1]) if places else []
            self._changed.notify_all()
        self._remove(done)

    def _store(self, entries: list[LogEntry], dropped: list[Window], place: JournalPlace | None) -> None:
        predictions = [prediction for entry in entries for prediction in entry.to_predictions()]
        windows = sum_windows([*count_entries(entries), *dropped])
        while not self._succeeds(lambda: self.store.log.append(predictions, windows, place)):
            time.sleep(RETRY_INTERVAL_S)

    def _succeeds(self, use_store: Callable[[], object]) -> bool:
        try:
            use_store()
        except SQLAlchemyError as error:
            self.trouble = f"The prediction log cannot be written at the moment ({type(error).__name__})."
            logger.warning("%s %s", self.trouble, error)
            return False
        self.trouble = ""
        return True

    def _take_over(self) -> None:
        """Write what processes that died left over; every few seconds, as another one can die at any time."""
        if time.monotonic() - self._looked_at < LOOK_INTERVAL_S and self._looked_at:
            return
        self._looked_at = time.monotonic()
        for segment in find_left_over(self.store.files.journals):
            for entries, place in read_batches(self.store, segment, ROWS_PER_BATCH):
                self._store(entries, [], place)
            self._remove([segment])

    def _remove(self, segments: list[Segment]) -> None:
        for segment in segments:
            segment.remove()
            # Should the process die between the two, the store keeps a line that nobody needs: that does no harm.
            self._succeeds(lambda segment=segment: self.store.log.forget_journal(segment.id))  # type: ignore[misc]
