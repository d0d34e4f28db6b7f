"""The prediction log: counted right, bounded, and never in the way of an answer."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from core.records import LATENCY_EDGES_MS, Reference, ReferenceColumn
from core.serve import log_writer, recorder
from core.serve.log_entry import LogEntry, count_entries
from core.serve.recorder import Recorder
from core.store import Store

REFERENCE = Reference(
    (ReferenceColumn("size", "number", edges=(1.0, 2.0), counts=(1, 1, 1, 0)),),
    ReferenceColumn("late", "category", categories=("no", "yes"), counts=(2, 1, 0, 0)),
    3,
)
NOON = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


def entry(number: int = 0, *sizes: float | None, at: datetime = NOON, model: str = "m1", ms: float = 3.0) -> LogEntry:
    rows = tuple({"size": size} for size in sizes)
    ids = tuple(f"{model}-{number}-{position}" for position in range(len(rows)))
    answers = ("yes",) * len(rows)
    return LogEntry("p", model, REFERENCE, "answered", ms, f"r{number}", ids, rows, answers, at=at)


@pytest.fixture(autouse=True)
def known_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "load_reference", lambda _store, _model_version_id: REFERENCE)


@pytest.fixture
def writer(store: Store) -> Iterator[Recorder]:
    started = Recorder(store)
    started.start()
    yield started
    started.stop()


def test_each_minute_and_version_has_its_own_window() -> None:
    later = NOON + timedelta(minutes=1)
    windows = count_entries([entry(1, 0.5), entry(2, 1.5), entry(3, 1.5, at=later), entry(4, 9.0, model="m2")])
    assert [(w.model_version_id, w.started_at.minute, w.n_rows) for w in windows] == [
        ("m1", 0, 2),
        ("m1", 1, 1),
        ("m2", 0, 1),
    ]
    assert windows[0].started_at == NOON.replace(second=0)


def test_rows_predictions_and_latencies_are_counted_in_their_bins() -> None:
    (window,) = count_entries([entry(1, 0.5, 1.0, 5.0, None, ms=1.0), entry(2, 1.5, ms=7_000)])
    assert window.columns == {"size": (2, 1, 1, 1)}
    assert window.predictions == (0, 5, 0, 0)
    assert len(window.latency) == len(LATENCY_EDGES_MS) + 1
    assert (window.latency[0], window.latency[-1]) == (1, 1)
    assert (window.n_requests, window.n_rows) == (2, 5)


def test_refused_and_failed_requests_are_counted_apart() -> None:
    refused = LogEntry("p", "m1", REFERENCE, "refused", 1.0, at=NOON)
    failed = LogEntry("p", "m1", REFERENCE, "failed", 1.0, at=NOON)
    (window,) = count_entries([refused, failed, failed, entry(1, 0.5)])
    assert (window.n_requests, window.n_refused, window.n_errors, window.n_rows) == (4, 1, 2, 1)


def test_what_is_handed_over_is_written_once(store: Store, writer: Recorder) -> None:
    threads = [
        threading.Thread(target=lambda part=part: [writer.add(entry(part * 100 + i, 0.5)) for i in range(100)])
        for part in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.flush(20)
    assert store.log.count("p") == (800, 0)
    assert sum(window.n_rows for window in store.log.windows("p")) == 800


def test_stopping_writes_what_waits(store: Store) -> None:
    writer = Recorder(store)
    writer.start()
    for number in range(50):
        writer.add(entry(number, 0.5, 1.5))
    writer.stop()
    assert store.log.count("p") == (100, 0)


def test_a_locked_store_delays_nobody_and_loses_nothing(store: Store, writer: Recorder) -> None:
    blocker = sqlite3.connect(store.home / "store.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    slowest = 0.0
    for number in range(200):
        started = time.perf_counter()
        writer.add(entry(number, 0.5))
        slowest = max(slowest, time.perf_counter() - started)
        time.sleep(0.005)
    assert slowest < 1, "idle: a few milliseconds; to wait for the lock would take far longer"
    assert store.log.count("p") == (0, 0)
    blocker.execute("COMMIT")
    blocker.close()
    assert writer.flush(20)
    assert store.log.count("p") == (200, 0)
    assert writer.n_dropped == 0


@pytest.mark.slow
@pytest.mark.parametrize("locked_s", [12, 60])
def test_a_store_locked_for_long_delays_nobody_and_what_is_dropped_is_counted(
    store: Store, writer: Recorder, locked_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_BYTES_BEHIND", 2_000_000 if locked_s > 30 else 1_000_000_000)
    blocker = sqlite3.connect(store.home / "store.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    slowest, n_rows, ends_at = 0.0, 0, time.monotonic() + locked_s
    while time.monotonic() < ends_at:
        started = time.perf_counter()
        writer.add(entry(n_rows, *[0.5] * 40))
        slowest = max(slowest, time.perf_counter() - started)
        n_rows += 40
        time.sleep(0.01)
    assert slowest < 1, "idle: a few milliseconds; to wait for the lock would take far longer"
    blocker.execute("COMMIT")
    blocker.close()
    assert writer.flush(60)
    writer.stop()
    windows = store.log.windows("p")
    assert (writer.n_dropped > 0) == (locked_s > 30)
    assert sum(window.n_rows for window in windows) == store.log.count("p")[0] == n_rows - writer.n_dropped
    assert sum(window.n_dropped for window in windows) == writer.n_dropped


def test_more_than_can_wait_is_dropped_and_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_BYTES_BEHIND", 1_000)
    waiting = Recorder(store)
    waiting._look()
    for number in range(100):
        waiting.add(entry(number, 0.5))
    assert 80 < waiting.n_dropped < 100
    assert sum(path.stat().st_size for path in store.files.journals.iterdir()) <= 1_000
    waiting.start()
    waiting.stop()
    windows = store.log.windows("p")
    assert sum(window.n_rows for window in windows) == 100 - waiting.n_dropped
    assert sum(window.n_dropped for window in windows) == waiting.n_dropped
    assert sum(window.n_requests for window in windows) == 100 - waiting.n_dropped


def test_what_cannot_be_journalled_waits_in_memory_up_to_a_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_ROWS_WAITING", 10)
    waiting = Recorder(store)
    folder = waiting._journal.folder
    waiting._journal.folder = folder / "gone"
    for number in range(7):
        waiting.add(entry(number, 0.5, 1.5))
    assert waiting.n_dropped == 4
    assert "cannot be written" in " ".join(waiting.troubles)
    waiting._journal.folder = folder
    waiting.start()
    waiting.stop()
    windows = store.log.windows("p")
    assert [sum(window.n_rows for window in windows), sum(window.n_dropped for window in windows)] == [10, 4]
    assert waiting.troubles == []


def test_a_store_that_cannot_be_written_is_tried_again_and_the_trouble_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "RETRY_INTERVAL_S", 0.05)
    writer = Recorder(store)
    append, failing = store.log.append, threading.Event()
    failing.set()

    def append_unless_full(*arguments: object, **named: object) -> bool:
        if failing.is_set():
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return append(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(store.log, "append", append_unless_full)
    writer.start()
    writer.add(entry(1, 0.5))
    assert not writer.flush(0.8)
    assert "cannot be written" in " ".join(writer.troubles)
    failing.clear()
    assert writer.flush(10)
    assert writer.troubles == []
    assert store.log.count("p") == (1, 0)
    writer.stop()
