"""From the journals of all worker processes to the store, in batches, each entry exactly once.

The journals are the queue: what answers only appends to them. What lies here runs in a process of its own (where one
process serves alone, on a thread), so that the log takes nothing from answering but a share of X
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from core.deploy import load_reference
from core.errors import LifecycleError
from core.serve.journal import SUFFIX, Segment, Turn, open_segment
from core.serve.log_entry import LogEntry, count_entries, entry_from_line
from core.store import JournalPlace, Store

ROWS_PER_BATCH = 2_000
BATCH_INTERVAL_S = 0.25
RETRY_INTERVAL_S = 1.0
LAST_ATTEMPT_S = 5.0
MODELS_KEPT = 64
LOCK_NAME = "log-writer.lock"
logger = logging.getLogger(__name__)


@dataclass
class Reading:
    """A segment that is being read, and up to where the store has it, in bytes."""

    segment: Segment
    stored: int
    is_ended: bool = False


class LogWriter:
    """Moves entries from the journals to the store; belongs to one thread.

    Parameters
    ----------
    store : Store
        The open store, whose folder has the journals.
    say : callable
        Told in words what is wrong; an empty text when nothing is any more.
    """

    def __init__(self, store: Store, say: Callable[[str], None] = lambda _trouble: None) -> None:
        self._store = store
        self._say = say
        self._trouble = ""
        self._readings: dict[Path, Reading] = {}
        self._turn = Turn(store.home / LOCK_NAME)
        # A project that was deleted has no models any more; for them it is looked up each time.
        self._find_reference = lru_cache(MODELS_KEPT)(lambda model_id: load_reference(store, model_id))

    def run(self, stopping: threading.Event) -> None:
        """Move what comes until told to stop, then what is left, for some seconds at most."""
        while not stopping.is_set():
            if not self._try_to_move():
                # Others will come: waiting a moment turns many small transactions into one.
                stopping.wait(RETRY_INTERVAL_S if self._trouble else BATCH_INTERVAL_S)
        deadline = time.monotonic() + LAST_ATTEMPT_S
        while self._segments() and time.monotonic() < deadline:
            if not self._try_to_move():
                time.sleep(BATCH_INTERVAL_S / 5)
        self.close()

    def close(self) -> None:
        """Let go of everything that is open."""
        while self._readings:
            self._readings.popitem()[1].segment.let_go()
        self._turn.give_back()

    def move(self) -> bool:
        """Move a batch of each segment; return whether there is more to be moved at once.

        Raises
        ------
        SQLAlchemyError
            When the store does not answer. What was not stored is tried again the next time.
        """
        if not self._turn.take():
            return False
        there = self._segments()
        for path in self._readings.keys() - there:
            self._readings.pop(path).segment.let_go()
        # A list, as each segment gets its turn even where an earlier one has more.
        more = [self._move_some(path) for path in sorted(there)]
        return any(more)

    def _segments(self) -> set[Path]:
        return set(self._store.files.journals.glob(f"*{SUFFIX}"))

    def _try_to_move(self) -> bool:
        try:
            more = self.move()
        except (SQLAlchemyError, OSError) as error:
            self._tell(f"The prediction log cannot be written at the moment ({type(error).__name__}).")
            logger.warning("%s %s", self._trouble, error)
            return False
        self._tell("")
        return more

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._say(trouble)

    def _move_some(self, path: Path) -> bool:
        """Move a batch of one segment; one that ended and is stored wholly is removed."""
        reading = self._reading(path)
        if reading is None:
            return False
        # Asked before reading: what is read afterwards is all there will ever be.
        reading.is_ended = reading.is_ended or reading.segment.is_ended()
        lines = reading.segment.read_lines(reading.stored)
        if lines:
            return self._store_lines(reading, lines) or reading.is_ended
        if reading.is_ended:
            del self._readings[path]
            reading.segment.remove()
            # Should the process die between the two, the store keeps a line that nobody needs: that does no harm.
            self._store.log.forget_journal(reading.segment.id)
        return False

    def _reading(self, path: Path) -> Reading | None:
        if path not in self._readings:
            segment = open_segment(path)
            if segment is None:
                return None
            self._readings[path] = Reading(segment, self._store.log.journalled(segment.id))
        return self._readings[path]

    def _store_lines(self, reading: Reading, lines: list[bytes]) -> bool:
        """Store the first of the lines, about a batch of rows; return whether that was a full batch.

        An entry whose model was deleted, with its project, has no place to go any more; it is skipped and said in the
        service's log.
        """
        segment = reading.segment.id
        entries: list[LogEntry] = []
        n_rows, end = 0, reading.stored
        for line in lines:
            end += len(line)
            try:
                entries.append(entry_from_line(line, self._find_reference))
                n_rows += len(entries[-1].rows)
            except (ValueError, TypeError, OSError, LifecycleError) as error:
                logger.warning("An entry of journal %s is skipped: %s", segment, error)
            if n_rows >= ROWS_PER_BATCH:
                break
        predictions = [prediction for entry in entries for prediction in entry.to_predictions()]
        referrals = [referral for entry in entries if entry.abstained for referral in entry.to_referrals()]
        place = JournalPlace(segment, reading.stored, end)
        if self._store.log.append(predictions, count_entries(entries), place, referrals=referrals):
            reading.stored = end
        else:  # It was there already: a confirmation was lost.
            reading.stored = self._store.log.journalled(segment)
        return n_rows >= ROWS_PER_BATCH
