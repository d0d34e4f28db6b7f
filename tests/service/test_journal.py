"""The journal: what was answered survives the process that answered, and is counted exactly once."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from core.errors import NotFoundError
from core.records import Reference
from core.serve import journal, log_writer
from core.serve.log_entry import LogEntry, count_entries, entry_from_line, entry_to_line
from core.serve.log_writer import LogWriter
from core.serve.recorder import Recorder
from core.store import JournalPlace, Store
from core.store.tables import JOURNAL
from tests.service.test_prediction_log import REFERENCE, entry
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def known_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_store: Store, model_version_id: str) -> Reference:
        if model_version_id == "deleted":
            raise NotFoundError("There is no such model.", "")
        return REFERENCE

    monkeypatch.setattr(log_writer, "load_reference", load)


def let_die(writer: Recorder) -> None:
    """Do what the system does with a process that is killed: its locks end, its files stay as they are."""
    writer._journal.finish()


def take_over(store: Store) -> None:
    ended = threading.Event()
    ended.set()
    LogWriter(store).run(ended)


def n_counted(store: Store) -> tuple[int, int]:
    """Predictions in the log, and rows counted in windows."""
    return store.log.count("p")[0], sum(window.n_rows for window in store.log.windows("p"))


def left_behind(store: Store) -> tuple[int, int]:
    """Journal files, and lines about them in the store."""
    with store.engine.connect() as connection:
        n_lines = connection.scalar(select(func.count()).select_from(JOURNAL))
    return len(list(store.files.journals.iterdir())), int(n_lines or 0)


def test_an_entry_comes_back_from_its_line_as_it_was() -> None:
    odd = LogEntry(
        "p",
        "m1",
        REFERENCE,
        "answered",
        1.25,
        "r",
        ("a", "b"),
        ({"size": 1.5, "naïve\n": "\u2028"}, {"size": None, "naïve\n": ""}),
        (1.0, 2.5),
        simulated=True,
    )
    for one in (odd, entry(1), entry(2, 0.5, None), LogEntry("p", "m1", REFERENCE, "refused", 1.0)):
        line = entry_to_line(one)
        assert line.count(b"\n") == 1
        assert entry_from_line(line, lambda _: REFERENCE) == one


def test_what_was_handed_over_survives_the_process(store: Store) -> None:
    dying = Recorder(store)
    for number in range(50):
        dying.add(entry(number, 0.5, 1.5))
    let_die(dying)
    assert n_counted(store) == (0, 0)
    take_over(store)
    assert n_counted(store) == (100, 100)
    assert store.log.windows("p")[0].columns == {"size": (50, 50, 0, 0)}
    assert left_behind(store) == (0, 0)


def test_what_was_stored_before_the_process_died_is_not_counted_again(store: Store) -> None:
    dying, killed = Recorder(store), LogWriter(store)
    for number in range(5):
        dying.add(entry(number, 0.5))
    killed.move()
    assert n_counted(store) == (5, 5)
    dying.add(entry(5, 0.5))
    let_die(dying)
    killed.close()
    take_over(store)
    take_over(store)
    assert n_counted(store) == (6, 6)


def test_two_that_write_the_same_piece_count_it_once(store: Store) -> None:
    place = JournalPlace("segment", 0, 100)
    (window,) = count_entries([entry(1, 0.5)])
    assert store.log.append(entry(1, 0.5).to_predictions(), [window], place)
    assert not store.log.append(entry(2, 0.5).to_predictions(), [window], place)
    assert not store.log.append(entry(3, 0.5).to_predictions(), [window], JournalPlace("segment", 200, 300))
    assert n_counted(store) == (1, 1)


def test_a_batch_whose_confirmation_was_lost_is_not_counted_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "RETRY_INTERVAL_S", 0.01)
    append, failures = store.log.append, [OperationalError("COMMIT", {}, Exception("connection lost"))]

    def append_and_lose_the_answer(*arguments: object, **named: object) -> bool:
        appended = append(*arguments, **named)  # type: ignore[arg-type]
        if failures:
            raise failures.pop()
        return appended

    monkeypatch.setattr(store.log, "append", append_and_lose_the_answer)
    writer = Recorder(store)
    writer.add(entry(1, 0.5, 1.5))
    writer.start()
    assert writer.flush(10)
    writer.stop()
    assert not failures
    assert n_counted(store) == (2, 2)


def test_many_that_look_at_once_take_a_journal_in_once(store: Store) -> None:
    for process in range(6):
        dying = Recorder(store)
        for number in range(20):
            dying.add(entry(100 * process + number, 0.5))
        let_die(dying)
    threads = [threading.Thread(target=take_over, args=(store,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert n_counted(store) == (120, 120)
    assert left_behind(store) == (0, 0)


def test_the_journal_of_a_process_that_lives_is_read_but_not_removed(store: Store) -> None:
    living, writer = Recorder(store), LogWriter(store)
    for number in range(3):
        living.add(entry(number, 0.5))
        writer.move()
        assert n_counted(store) == (number + 1, number + 1)
    assert not writer.move()
    assert len(list(store.files.journals.iterdir())) == 1
    let_die(living)
    writer.move()
    writer.close()
    assert left_behind(store) == (0, 0)


def test_while_one_writes_the_log_others_wait_for_their_turn(store: Store) -> None:
    living, first, second = Recorder(store), LogWriter(store), LogWriter(store)
    living.add(entry(1, 0.5))
    first.move()
    living.add(entry(2, 0.5))
    assert not second.move()
    assert n_counted(store) == (1, 1)
    first.close()
    second.move()
    assert n_counted(store) == (2, 2)
    second.close()
    let_die(living)


def test_half_a_line_and_lines_of_others_are_no_entries(store: Store) -> None:
    dying = Recorder(store)
    dying.add(entry(1, 0.5))
    dying.add(entry(2, 0.5, model="deleted"))
    let_die(dying)
    (path,) = store.files.journals.iterdir()
    path.write_bytes(path.read_bytes() + b"null\n[1, 2]\n" + entry_to_line(entry(3, 0.5)) + b'["p", "m1", "answ')
    take_over(store)
    assert n_counted(store) == (2, 2)
    assert left_behind(store) == (0, 0)


def test_segments_are_removed_as_soon_as_they_are_full_and_stored(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 2_000)
    writer = Recorder(store)
    writer.start()
    for number in range(200):
        writer.add(entry(number, 0.5))
        if number % 40 == 39:
            assert writer.flush(10)
            wait_for(lambda: len(list(store.files.journals.iterdir())) <= 2)
    writer.stop()
    assert n_counted(store) == (200, 200)
    assert left_behind(store) == (0, 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, where this machine lets us have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root can make a small disk")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_stops_no_answer_is_said_and_forgotten_when_there_is_room(store: Store, small_disk: Path) -> None:
    writer = Recorder(store)
    writer._journal.folder = small_disk
    big = entry(0, *range(100))
    for _ in range(25):
        writer.add(big)
    assert "No space" in writer.troubles[0] or "no space" in writer.troubles[0]
    (path,) = small_disk.iterdir()
    assert path.read_bytes().endswith(b"\n")
    path.unlink()
    let_die(writer)
    writer.add(entry(1, 0.5))
    assert writer.troubles == []
    assert not writer._waiting
    let_die(writer)
