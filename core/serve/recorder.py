"""What the service remembers of each request: in the journal before the answer is sent, without waiting for anything.

What waits to be stored is bounded. When the store cannot be written for long, further entries are dropped, counted, and
the count is shown and stored as soon as the store works again.
"""

import shutil
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from core.serve.journal import Journal, sizes
from core.serve.log_entry import LogEntry, drop_entry, entry_to_line
from core.serve.log_writer import LAST_ATTEMPT_S, LogWriter
from core.store import Store

MOST_BYTES_BEHIND = 1_000_000_000
"""In the journals of all processes together; less where the disk has less room than that left."""
LEAST_BYTES_BEHIND = 64_000_000
MOST_ROWS_WAITING = 20_000
MOST_BYTES_WAITING = 128_000_000
"""In memory, while the journal cannot be written."""
LOOK_INTERVAL_S = 0.25
FLUSH_INTERVAL_S = 0.02
TROUBLE_NAME = "log-trouble.txt"


class Recorder:
    """Takes entries from many threads.

    Parameters
    ----------
    store : Store
        Its folder has the journals.
    on_drop : callable
        Told how many rows were dropped, each time.
    shared : Path, optional
        Folder where the process that writes the log says what is wrong; None when this process writes it, too.
    """

    def __init__(
        self, store: Store, on_drop: Callable[[int], None] = lambda _n_rows: None, *, shared: Path | None = None
    ) -> None:
        self.store = store
        self.on_drop = on_drop
        self.n_dropped = 0
        self._shared = shared
        self._log_trouble = ""
        self._journal = Journal(store.files.journals)
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._n_rows_waiting = 0
        self._n_bytes_waiting = 0
        self._n_bytes_behind = 0
        self._most_bytes_behind = MOST_BYTES_BEHIND
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._look_after, name="journal", daemon=True)]
        if shared is None:
            writer = LogWriter(store, self._hear)
            write = threading.Thread(target=writer.run, args=(self._stopping,), name="prediction-log", daemon=True)
            self._threads.append(write)

    @property
    def troubles(self) -> list[str]:
        """What is wrong at the moment, in words."""
        return [trouble for trouble in (self._log_trouble, self._journal.trouble) if trouble]

    def start(self) -> None:
        """Begin to look after the journal."""
        self._look()
        for thread in self._threads:
            thread.start()

    def add(self, entry: LogEntry) -> None:
        """Hand over an entry; when this returns, it is in the journal. Never waits for the store."""
        n_rows = max(1, len(entry.rows))
        line = entry_to_line(entry)
        with self._lock:
            if self._is_too_much(n_rows, len(line)):
                self.n_dropped += n_rows
                self.on_drop(n_rows)
                self._dropped[entry.project_id, entry.model_version_id] += n_rows
                return
            self._put(line, n_rows)

    def _is_too_much(self, n_rows: int, n_bytes: int) -> bool:
        too_many = self._n_rows_waiting + n_rows > MOST_ROWS_WAITING
        too_long = self._n_bytes_waiting + n_bytes > MOST_BYTES_WAITING
        return too_many or too_long or self._n_bytes_behind + n_bytes > self._most_bytes_behind

    def _put(self, line: bytes, n_rows: int) -> None:
        """Write a line behind those that wait for room on the disk; where there is none it waits, too."""
        self._waiting.append((line, n_rows))
        self._n_rows_waiting += n_rows
        self._n_bytes_waiting += len(line)
        self._write_waiting()

    def _write_waiting(self) -> None:
        while self._waiting and self._journal.append(self._waiting[0][0]):
            line, n_rows = self._waiting.popleft()
            self._n_rows_waiting -= n_rows
            self._n_bytes_waiting -= len(line)
            self._n_bytes_behind += len(line)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that any process has handed over before is stored; return whether it was in time."""
        deadline = time.monotonic() + timeout_s
        self._look()
        wanted = sizes(self.store.files.journals)
        while time.monotonic() < deadline:
            there = sizes(self.store.files.journals)
            with suppress(SQLAlchemyError):
                wanted = {
                    segment: size
                    for segment, size in wanted.items()
                    if segment in there and self.store.log.journalled(segment) < size
                }
                if not wanted and not self._waiting and not self._dropped:
                    return True
            time.sleep(FLUSH_INTERVAL_S)
        return False

    def stop(self) -> None:
        """Let go of the journal. Where this process writes the log, it writes what waits, for five seconds at most."""
        self._look()
        with self._lock:
            self._journal.finish()
        self._stopping.set()
        for thread in self._threads:
            thread.join(LAST_ATTEMPT_S)

    def _look_after(self) -> None:
        while not self._stopping.wait(LOOK_INTERVAL_S):
            self._look()

    def _look(self) -> None:
        """Write what waits, say what was dropped, and see how much is behind."""
        folder = self.store.files.journals
        most = min(MOST_BYTES_BEHIND, max(LEAST_BYTES_BEHIND, shutil.disk_usage(folder).free))
        with self._lock:
            self._journal.turn_over()
            self._write_waiting()
            for (project_id, model_version_id), n_rows in self._dropped.items():
                self._put(entry_to_line(drop_entry(project_id, model_version_id, n_rows)), 0)
            self._dropped.clear()
            self._n_bytes_behind, self._most_bytes_behind = sum(sizes(folder).values()), most
        if self._shared is not None:
            self._log_trouble = read_trouble(self._shared)

    def _hear(self, trouble: str) -> None:
        self._log_trouble = trouble


def write_trouble(shared: Path, trouble: str) -> None:
    """Let the processes that answer know what is wrong with the log."""
    made = shared / f".{TROUBLE_NAME}"
    made.write_text(trouble, encoding="utf-8")
    made.replace(shared / TROUBLE_NAME)


def read_trouble(shared: Path) -> str:
    """Return what is wrong with the log; empty when nothing is."""
    try:
        return (shared / TROUBLE_NAME).read_text(encoding="utf-8")
    except OSError:
        return ""
