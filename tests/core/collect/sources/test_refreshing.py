"""Reading a source as a job: it says how far it is, ends when it is stopped, and is started by a schedule."""

import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from core import collect
from core.collect import sources
from core.collect.sources import database, saved
from core.collect.sources.refreshing import (
    SCHEDULE,
    next_try_at,
    refresh_job,
    run_refresh,
    start_due_refreshes,
    start_refresh,
)
from core.errors import BadInputError
from core.jobs import JobRunner
from core.records import DatasetVersion, Job, ProcessInfo, Source, utc_now
from core.store import JobHandle, StoppedError, Store
from tests.waiting import wait_for

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def shop(store: Store) -> Path:
    path = store.home / "databases" / "shop.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, price REAL)")
        connection.executemany("INSERT INTO sales VALUES (?, ?)", [(n, n / 2) for n in range(12_000)])
    connection.close()
    return path


def save(store: Store, project_id: str, url: str, **what: str) -> Source:
    settings = {"url": url, **what}
    return sources.save_source(store, project_id, kind="database", name="Shop", settings=settings, by="ann")


@pytest.fixture
def sales(store: Store, project_id: str, shop: Path) -> Source:
    return save(store, project_id, f"sqlite:///{shop}", table="sales")


class Noting(JobHandle):
    """Notes what is reported."""

    def __init__(self, store: Store, job: Job) -> None:
        super().__init__(store, job)
        self.said: list[str] = []

    def report(self, progress: float, message: str) -> None:
        super().report(progress, message)
        self.said.append(message)


def test_a_job_reads_a_source_and_says_what_changed(store: Store, sales: Source) -> None:
    job = start_refresh(store, sales.id, by="bob")
    assert (job.kind, job.status, job.message) == ("refresh", "queued", "Reading Shop")
    handle = Noting(store, job)
    result = run_refresh(handle)
    version = store.get(DatasetVersion, result["dataset_id"])
    assert (version.n_rows, version.created_by, result["is_new"]) == (12_000, "bob", True)
    assert result["sentence"] == store.get(Source, sales.id).last_change
    assert store.files.profile(version.id).exists()
    assert handle.said[-2:] == ["Looking at 12,000 rows", "Looking at every column"]
    assert not run_refresh(JobHandle(store, start_refresh(store, sales.id, by="bob")))["is_new"]


def test_a_source_that_is_being_read_is_not_read_twice(store: Store, sales: Source) -> None:
    assert start_refresh(store, sales.id, by="ann").id == start_refresh(store, sales.id, by="bob").id


def test_what_went_wrong_is_kept_with_the_source_until_it_works(store: Store, project_id: str, sales: Source) -> None:
    sources.change_source(store, sales.id, settings={**sales.settings, "table": "nobody"})
    start_refresh(store, sales.id, by="ann")
    assert JobRunner(store).run_one()
    failed = store.get(Source, sales.id)
    assert failed.problem == "There is no table 'nobody' in the database (any more). Choose another one."
    assert failed.last_tried_at is not None
    assert failed.last_read_at is None
    assert store.newest(Job, kind="refresh").status == "failed"
    sources.change_source(store, sales.id, settings=sales.settings)
    start_refresh(store, sales.id, by="ann")
    assert JobRunner(store).run_one()
    assert store.get(Source, sales.id).problem == ""


def stop_soon(store: Store, job: Job, seconds: float = 0.5) -> JobHandle:
    threading.Timer(seconds, store.jobs.request_stop, (job.id, utc_now())).start()
    return JobHandle(store, store.update(job, status="running", started_at=utc_now()))


def check_stopped(store: Store, job: Job) -> float:
    """Run a job that is stopped half a second later; return how long it lasted after that."""
    handle = stop_soon(store, job)
    started = time.monotonic()
    with pytest.raises(StoppedError):
        run_refresh(handle)
    assert collect.list_datasets(store, job.project_id) == []
    assert list((store.home / "datasets").iterdir()) == []
    return time.monotonic() - started - 0.5


def test_a_stop_ends_a_statement_without_end(store: Store, project_id: str, shop: Path) -> None:
    source = save(store, project_id, f"sqlite:///{shop}", query=ENDLESS)
    assert check_stopped(store, start_refresh(store, source.id, by="ann")) < 2
    assert store.get(Source, source.id).problem == ""


def test_a_stop_ends_a_statement_on_a_postgresql_server(
    store: Store, project_id: str, postgres_url: str, private_allowed: None
) -> None:
    source = save(store, project_id, postgres_url, query="SELECT pg_sleep(60) AS x")
    assert check_stopped(store, start_refresh(store, source.id, by="ann")) < 2
    engine, running = (
        create_engine(postgres_url),
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'",
    )
    with engine.connect() as connection:
        wait_for(lambda: connection.scalar(text(running + " AND pid <> pg_backend_pid() AND state = 'active'")) == 0, 5)
    engine.dispose()


@pytest.fixture
def frozen_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("kind", ["postgresql", pytest.param("mysql", marks=pytest.mark.slow)])
def test_a_stop_does_not_wait_for_a_server_that_says_nothing(
    store: Store,
    project_id: str,
    private_allowed: None,
    frozen_port: int,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 4)
    source = save(store, project_id, f"{kind}://ann@127.0.0.1:{frozen_port}/x", table="t")
    assert check_stopped(store, start_refresh(store, source.id, by="ann")) < 2.5
    end_readings()
    # What comes of the reading that was left to itself goes nowhere.
    assert list((store.home / "uploads").iterdir()) == []


def end_readings() -> None:
    for thread in threading.enumerate():
        if thread.name == "reading":
            thread.join(20)


def test_a_source_that_is_forgotten_while_it_is_read_leaves_nothing(store: Store, project_id: str, shop: Path) -> None:
    source = save(store, project_id, f"sqlite:///{shop}", query=ENDLESS)
    job = start_refresh(store, source.id, by="ann")
    running = store.update(job, status="running", started_at=utc_now())
    threading.Timer(0.4, sources.remove_source, (store, source.id)).start()
    with pytest.raises(StoppedError):
        run_refresh(JobHandle(store, running))
    assert collect.list_datasets(store, project_id) == []


def test_a_runner_that_shuts_down_puts_the_reading_back_at_once(store: Store, project_id: str, shop: Path) -> None:
    source = save(store, project_id, f"sqlite:///{shop}", query=ENDLESS)
    job, runner = start_refresh(store, source.id, by="ann"), JobRunner(store)
    threading.Timer(0.5, runner.close).start()
    started = time.monotonic()
    assert runner.run_one()
    assert time.monotonic() - started < 30
    assert store.get(Job, job.id).status == "queued"
    end_readings()


def test_a_schedule_starts_a_reading_when_it_is_due_and_never_two(store: Store, sales: Source) -> None:
    now = utc_now()
    assert start_due_refreshes(store, now + timedelta(days=9)) == []
    collect.schedule_source(store, sales.id, 5)
    assert start_due_refreshes(store, now + timedelta(minutes=4)) == []
    (job,) = start_due_refreshes(store, now + timedelta(minutes=6))
    assert job.created_by == SCHEDULE
    assert start_due_refreshes(store, now + timedelta(minutes=12)) == []
    assert JobRunner(store).run_one()
    tried = store.get(Source, sales.id).last_tried_at
    assert start_due_refreshes(store, tried + timedelta(minutes=4)) == []
    (again,) = start_due_refreshes(store, tried + timedelta(minutes=5))
    assert [job.id for job in store.find(Job, kind="refresh")] == [again.id]
    collect.schedule_source(store, sales.id, None)
    assert JobRunner(store).run_one()
    assert start_due_refreshes(store, tried + timedelta(days=9)) == []


def pause_after(store: Store, source_id: str, n_failures: int) -> int:
    """Have the schedule try a source so many times; return how many minutes it then waits."""
    for _ in range(n_failures):
        assert len(start_due_refreshes(store, utc_now() + timedelta(days=90))) == 1
        assert JobRunner(store).run_one()
    return usual_pause(store, source_id)


def usual_pause(store: Store, source_id: str) -> int:
    """Return how many minutes after its last try the schedule tries a source, by starting it then."""
    source = store.get(Source, source_id)
    at = next_try_at(source, refresh_job(store, source))
    assert start_due_refreshes(store, at - timedelta(seconds=1)) == []
    return int((at - source.last_tried_at).total_seconds()) // 60


@pytest.fixture
def broken(store: Store, sales: Source) -> Source:
    """A source whose table is not there, to be read every 5 minutes."""
    sources.change_source(store, sales.id, settings={**sales.settings, "table": "nobody"})
    return collect.schedule_source(store, sales.id, 5)


def test_a_source_that_keeps_failing_is_tried_with_growing_pauses_up_to_a_day(store: Store, broken: Source) -> None:
    assert [pause_after(store, broken.id, 1) for _ in range(5)] == [5, 10, 20, 40, 80]
    assert pause_after(store, broken.id, 4) == 1_280
    assert pause_after(store, broken.id, 2) == 24 * 60
    assert store.count(Job, kind="refresh") == 1


def test_an_unexpected_error_counts_as_a_failure(store: Store, sales: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(saved, "_version_before", break_down)
    collect.schedule_source(store, sales.id, 5)
    assert [pause_after(store, sales.id, 1) for _ in range(3)] == [5, 10, 20]
    assert "unexpected" in store.get(Source, sales.id).problem


def test_a_failing_source_that_is_read_less_than_daily_keeps_its_pace(store: Store, broken: Source) -> None:
    collect.schedule_source(store, broken.id, 3 * 24 * 60)
    assert pause_after(store, broken.id, 3) == 3 * 24 * 60


def test_a_source_that_works_again_is_back_to_its_usual_pace(
    store: Store, broken: Source, sales: Source, shop: Path
) -> None:
    assert pause_after(store, broken.id, 3) == 20
    with sqlite3.connect(shop) as connection:
        connection.execute("ALTER TABLE sales RENAME TO nobody")
    connection.close()
    assert pause_after(store, broken.id, 1) == 5
    with sqlite3.connect(shop) as connection:
        connection.execute("ALTER TABLE nobody RENAME TO sales")
    connection.close()
    assert pause_after(store, broken.id, 1) == 5


def read_by_hand(store: Store, source: Source) -> None:
    start_refresh(store, source.id, by="ann")
    assert JobRunner(store).run_one()


def change_schedule(store: Store, source: Source) -> None:
    collect.schedule_source(store, source.id, 5)


def change_settings(store: Store, source: Source) -> None:
    sources.change_source(store, source.id, settings={**source.settings, "table": "anybody"})


@pytest.mark.parametrize("change", [read_by_hand, change_schedule, change_settings])
def test_a_person_who_does_something_about_a_failing_source_brings_it_back_to_its_usual_pace(
    store: Store, broken: Source, change: Callable[[Store, Source], None]
) -> None:
    assert pause_after(store, broken.id, 3) == 20
    change(store, broken)
    assert usual_pause(store, broken.id) == 5
    assert [pause_after(store, broken.id, 1) for _ in range(2)] == [5, 10]


@pytest.mark.parametrize("minutes", [0, -1, 44_641])
def test_a_schedule_that_is_too_often_or_too_rare_is_refused(store: Store, sales: Source, minutes: int) -> None:
    with pytest.raises(BadInputError, match="every 1 minute to every 31 days"):
        collect.schedule_source(store, sales.id, minutes)


def test_the_job_runner_looks_at_the_schedules(store: Store, sales: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    collect.schedule_source(store, sales.id, 1)
    store.update(store.get(Source, sales.id), last_tried_at=utc_now() - timedelta(minutes=2))
    runner = JobRunner(store)
    thread = threading.Thread(target=runner.run_forever)
    thread.start()
    try:
        wait_for(lambda: store.get(Source, sales.id).last_read_at is not None, 20)
    finally:
        runner.close()
        thread.join(20)
    assert collect.current_dataset(store, sales.project_id).created_by == SCHEDULE
    assert store.find(ProcessInfo, name="jobs") == []


@pytest.mark.parametrize("url", ["postgresql://ann@other.example/shop", "postgresql://bob@db.example/shop"])
def test_a_secret_does_not_go_along_to_another_server(store: Store, project_id: str, url: str) -> None:
    source = save(store, project_id, "postgresql://ann:pa55@db.example/shop", table="t")
    with pytest.raises(BadInputError, match="another server"):
        sources.change_source(store, source.id, settings={"url": url, "table": "t"})
    assert store.get(Source, source.id) == source
    sources.change_source(store, source.id, settings={"url": "postgresql://ann@db.example/other", "table": "t"})
    assert store.files.secret(source.id) == "pa55"
    sources.change_source(store, source.id, settings={"url": url, "table": "t"}, secret="new")  # noqa: S106
    assert store.files.secret(source.id) == "new"


def test_types_of_a_database_stay(store: Store, project_id: str, postgres_url: str, private_allowed: None) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE t AS SELECT n AS id, 20260100 + n AS stamp, (n / 8.0)::numeric(20, 3) AS price, "
                "n % 2 = 0 AS ok, "
                "date '2026-01-31' + n AS day, timestamptz '2026-01-31 10:00+02' AS at, time '10:30' AS clock, "
                "lpad(n::text, 3, '0') AS code, n::text AS digits, '{\"a\": [1]}'::jsonb AS more, "
                "ARRAY[n, 2] AS list, interval '26 hours' AS lasted, '\\x00'::bytea AS raw, 'NaN'::float8 AS nan, "
                "gen_random_uuid() AS uuid FROM generate_series(1, 9) n"
            )
        )
    engine.dispose()
    version = sources.refresh_source(store, save(store, project_id, postgres_url, table="t").id, by="ann").version
    kinds = {column.name: column.dtype for column in version.columns}
    assert kinds == {
        **dict.fromkeys(("id", "stamp"), "int64"),
        "price": "double",
        "ok": "bool",
        **dict.fromkeys(("day", "at"), "timestamp[us]"),
        **dict.fromkeys(("clock", "code", "digits", "more", "list", "lasted", "raw", "nan", "uuid"), "string"),
    } | {"nan": kinds["nan"]}
    frame = collect.load_frame(store, version.id)
    assert frame["stamp"].tolist()[0] == 20260101
    assert frame["code"].tolist()[0] == "001"
    assert frame["more"].tolist()[0] == '{"a": [1]}'
    assert frame["lasted"].tolist()[0] == "26:00:00"
    assert str(frame["at"][0]) == "2026-01-31 08:00:00"
    assert frame["nan"].isna().all()


def test_a_reading_that_cannot_be_interrupted_is_left_to_itself(
    store: Store, sales: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def deaf(*_: object) -> None:
        gate.wait(20)
        raise BadInputError("Too late.", "Nobody waits.")

    monkeypatch.setattr(saved, "READERS", {"database": deaf})
    assert check_stopped(store, start_refresh(store, sales.id, by="ann")) < 2.5
    gate.set()
    end_readings()
    assert store.get(Source, sales.id).problem == ""
