"""The prediction log: requests hand over what happened and go on; one thread writes it to the store in batches.

What waits is bounded. When the store cannot be written for long, further entries are dropped, counted, and the count is
shown and written as soon as the store works again. An answer is given before it is logged: what waits (usually less
than half a second's worth) is lost when the process is killed outright.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from core.records import Prediction, Window
from core.serve.log_entry import LogEntry, count_dropped, count_entries, sum_windows
from core.store import Store

MOST_ROWS_WAITING = 20_000
ROWS_PER_BATCH = 1_000
BATCH_INTERVAL_S = 0.25
RETRY_INTERVAL_S = 1.0
LAST_ATTEMPT_S = 5.0
logger = logging.getLogger(__name__)


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
        self._waiting: deque[LogEntry] = deque()
        self._dropped: list[Window] = []
        self._n_rows_waiting = 0
        self._n_taken = 0
        self._n_written = 0
        self._stopping = False
        self._hurried = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def add(self, entry: LogEntry) -> None:
        """Hand over an entry; never waits for the store."""
        n_rows = max(1, len(entry.rows))
        with self._changed:
            if self._n_rows_waiting + n_rows > MOST_ROWS_WAITING:
                self.n_dropped += n_rows
                self.on_drop(n_rows)
                self._dropped = sum_windows([*self._dropped, count_dropped(entry)])
                return
            self._waiting.append(entry)
            was_full = self._n_rows_waiting >= ROWS_PER_BATCH
            self._n_rows_waiting += n_rows
            self._n_taken += 1
            # Waking the writer for every entry would cost more than the entry itself.
            if len(self._waiting) == 1 or (not was_full and self._n_rows_waiting >= ROWS_PER_BATCH):
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
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._dropped or self._stopping)
                if self._stopping and not self._waiting and not self._dropped:
                    return
                # Others will come: waiting a moment turns many small transactions into one.
                self._changed.wait_for(self._is_time, BATCH_INTERVAL_S)
                self._hurried = False
                batch, dropped = self._take()
            self._write(batch, dropped)

    def _is_time(self) -> bool:
        return self._stopping or self._hurried or self._n_rows_waiting >= ROWS_PER_BATCH

    def _take(self) -> tuple[list[LogEntry], list[Window]]:
        batch: list[LogEntry] = []
        n_rows = 0
        while self._waiting and n_rows < ROWS_PER_BATCH:
            batch.append(self._waiting.popleft())
            n_rows += len(batch[-1].rows)
        dropped, self._dropped = self._dropped, []
        return batch, dropped

    def _write(self, batch: list[LogEntry], dropped: list[Window]) -> None:
        """Write a batch, however long it takes; what is being written still counts as waiting."""
        predictions = [prediction for entry in batch for prediction in entry.to_predictions()]
        windows = sum_windows([*count_entries(batch), *dropped])
        while not self._stored(predictions, windows):
            time.sleep(RETRY_INTERVAL_S)
        with self._changed:
            self._n_written += len(batch)
            self._n_rows_waiting -= sum(max(1, len(entry.rows)) for entry in batch)
            self._changed.notify_all()

    def _stored(self, predictions: list[Prediction], windows: list[Window]) -> bool:
        try:
            self.store.log.append(predictions, windows)
        except SQLAlchemyError as error:
            self.trouble = f"The prediction log cannot be written at the moment ({type(error).__name__})."
            logger.warning("%s %s", self.trouble, error)
            return False
        self.trouble = ""
        return True
