"""What deleting the older half of a log costs: how long it takes, how long a writer waits, what the disk gets back."""

import sqlite3
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.monitor_pages.filling import WEEKS
from core import monitor
from core.records import Prediction, Window, utc_now
from core.store import Store, open_store

ROWS_A_BATCH = 20
PAUSE_S = 0.02
ALONE_S = 5.0
"""A writer is watched for so long while nothing is deleted, to compare with."""


def measure(store: Store, home: Path, project_id: str, model_version_id: str) -> dict[str, float]:
    """Return seconds, rows, the waits of a writer (ms) and sizes (MB) before, after, and after a vacuum."""
    with _writer(home, project_id, model_version_id) as alone:
        time.sleep(ALONE_S)
    before_mb = size_mb(home)
    monitor.set_retention(store, project_id, WEEKS * 7 // 2, by="Ada")
    n_removed, started_at = 0, time.perf_counter()
    with _writer(home, project_id, model_version_id) as waits:
        while n_gone := monitor.remove_expired(store, utc_now()):
            n_removed += n_gone
    took_s = time.perf_counter() - started_at
    after_mb = size_mb(home)
    vacuum_s = _run(home, "VACUUM")
    return {
        "removed_rows": n_removed,
        "removing_s": took_s,
        "writer_alone_longest_ms": 1_000 * max(alone),
        "writer_longest_ms": 1_000 * max(waits),
        "writer_p99_ms": 1_000 * statistics.quantiles(waits, n=100, method="inclusive")[-1],
        "before_mb": before_mb,
        "after_removing_mb": after_mb,
        "after_vacuum_mb": size_mb(home),
        "vacuum_s": vacuum_s,
    }


def size_mb(home: Path) -> float:
    """Return the size of the database on the disk, in MB, with nothing left in its write-ahead log."""
    _run(home, "PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(path.stat().st_size for path in home.glob("store.db*")) / 1e6


def _run(home: Path, statement: str) -> float:
    """Run a statement outside of any transaction; return the seconds it took."""
    started_at = time.perf_counter()
    with closing(sqlite3.connect(home / "store.db", isolation_level=None, timeout=600)) as connection:
        connection.execute(statement)
    return time.perf_counter() - started_at


@contextmanager
def _writer(home: Path, project_id: str, model_version_id: str) -> Iterator[list[float]]:
    """Write as the log writer does until the block ends; hand out how long each batch took, in seconds."""
    store, took, ending = open_store(home), list[float](), threading.Event()

    def write() -> None:
        while not ending.wait(PAUSE_S):
            at = utc_now()
            batch = [Prediction(project_id, model_version_id, "r", {}, "no", None, 4.2) for _ in range(ROWS_A_BATCH)]
            minute = at.replace(second=0, microsecond=0)
            started_at = time.perf_counter()
            store.log.append(batch, [Window(project_id, model_version_id, minute, n_rows=ROWS_A_BATCH)])
            took.append(time.perf_counter() - started_at)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield took
    finally:
        ending.set()
        thread.join()
        store.engine.dispose()
