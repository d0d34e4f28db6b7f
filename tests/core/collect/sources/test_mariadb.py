"""A table from a real MariaDB or MySQL server: its types, its caps, and that it is only read."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import collect
from core.collect import sources
from core.collect.sources import database, rows
from core.collect.sources.refreshing import run_refresh, start_refresh
from core.errors import BadInputError
from core.records import DatasetVersion, Job, utc_now
from core.store import JobHandle, StoppedError, Store
from tests.core.collect.sources.mariadb import connect_as_admin, find_server, mariadb_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_server() is None, reason="No mariadbd or mysqld is installed here: MySQL and MariaDB are untested."
    ),
]
TABLE = """
CREATE TABLE readings (
    id INT PRIMARY KEY, day DATE, at DATETIME(6), stamp INT, price DECIMAL(20, 4), big BIGINT UNSIGNED, ratio DOUBLE,
    ok BIT(1), flags BIT(10), level ENUM('low', 'high'), note VARCHAR(40), code CHAR(3), photo BLOB, more JSON,
    duration TIME, born YEAR, gone DATE
)
"""
VALUES = """
INSERT INTO readings VALUES
(1, '2026-01-31', '2026-01-31 10:20:30.5', 20260131, 12345678.1250, 18446744073709551615, 0.5, b'1', b'101', 'low',
 'größe, 100 %', '007', x'00ff', '{"a": 1}', '26:01:05', 1999, '0000-00-00'),
(2, NULL, NULL, 20260201, 0.5, 0, NULL, b'0', b'0', 'high', '', '042', NULL, NULL, '-01:00:00', 2026, '2026-05-01'),
(3, '0000-00-00', '0000-00-00 00:00:00', 20260202, 1, 1, 1e300, NULL, NULL, NULL, NULL, '100', NULL, NULL, NULL, NULL,
 NULL)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    folder = Path(tempfile.mkdtemp(prefix="fcm", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with mariadb_server(folder) as port:
            _fill(port)
            yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(port: int) -> None:
    with connect_as_admin(port) as connection, connection.cursor() as cursor:
        for statement in (
            "SET SESSION sql_mode = ''",
            "CREATE DATABASE shop CHARACTER SET utf8mb4",
            "USE shop",
            TABLE,
            VALUES,
            "CREATE TABLE `odd ``name` (n INT)",
            "INSERT INTO `odd ``name` VALUES (1)",
            "CREATE VIEW dear AS SELECT id, price FROM readings WHERE price > 0.7",
            "CREATE TABLE many (n INT PRIMARY KEY)",
            "INSERT INTO many SELECT seq FROM (WITH RECURSIVE s(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s "
            "WHERE seq < 1000) SELECT seq FROM s) t",
            "CREATE USER ann@'%' IDENTIFIED BY 'pa@ss:w/rd'",
            "GRANT ALL ON shop.* TO ann@'%'",
        ):
            cursor.execute(statement)
        connection.commit()


@pytest.fixture
def url(server: int, private_allowed: None) -> str:
    return f"mariadb://ann:pa%40ss%3Aw%2Frd@127.0.0.1:{server}/shop"


def save(store: Store, project_id: str, url: str, **what: str) -> str:
    settings = {"url": url, **what}
    return sources.save_source(store, project_id, kind="database", name="Shop", settings=settings, by="ann").id


def read(store: Store, project_id: str, url: str, **what: str) -> DatasetVersion:
    return sources.refresh_source(store, save(store, project_id, url, **what), by="ann").version


def test_a_table_comes_in_with_the_types_it_has(store: Store, project_id: str, url: str) -> None:
    assert sources.database_tables(store, url) == ("dear", "many", "odd `name", "readings")
    version = read(store, project_id, url, table="readings")
    dtypes = {column.name: column.dtype for column in version.columns}
    assert dtypes == {
        **dict.fromkeys(("id", "stamp", "ok", "flags", "born"), "int64"),
        **dict.fromkeys(("price", "big", "ratio"), "double"),
        **dict.fromkeys(("day", "at", "gone"), "timestamp[us]"),
        **dict.fromkeys(("level", "note", "code", "photo", "more", "duration"), "string"),
    }
    frame = collect.load_frame(store, version.id)
    assert frame["stamp"].tolist() == [20260131, 20260201, 20260202]
    assert frame["price"].tolist() == [12345678.125, 0.5, 1]
    assert frame["flags"].tolist()[:2] == [5, 0]
    assert frame["code"].tolist() == ["007", "042", "100"]
    assert frame["note"][0] == "größe, 100 %"
    assert str(frame["at"][0]) == "2026-01-31 10:20:30.500000"
    assert frame["duration"].tolist()[:2] == ["26:01:05", "-01:00:00"]
    assert frame["gone"].isna().tolist() == [True, False, True]
    assert version.reading is not None
    counts = {decision.code: decision.count for decision in version.reading.decisions}
    assert counts["zero_dates"] == 3
    assert counts["binary"] == 1


def test_a_table_with_an_odd_name_a_view_and_a_select_are_read(store: Store, project_id: str, url: str) -> None:
    assert read(store, project_id, url, table="odd `name").n_rows == 1
    assert read(store, project_id, url, table="dear").n_rows == 2
    query = "SELECT id, '50 %:x' AS `a b` FROM readings WHERE note LIKE '%gr%'"
    version = read(store, project_id, url, query=query)
    assert collect.load_frame(store, version.id).to_dict("list") == {"id": [1], "a b": ["50 %:x"]}


@pytest.mark.parametrize(
    "statement",
    [
        "WITH x AS (SELECT 1) SELECT * FROM x PROCEDURE ANALYSE()",
        "SELECT LOAD_FILE('/etc/passwd') AS x FROM nobody",
        "SELECT /*! 1 INTO @x */",
        "SELECT GET_LOCK('a', 1) FROM nobody",
        "SELECT NEXTVAL(nobody)",
    ],
)
def test_nothing_but_reading_is_done(store: Store, project_id: str, url: str, server: int, statement: str) -> None:
    with pytest.raises(BadInputError):
        read(store, project_id, url, query=statement)
    with connect_as_admin(server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shop.many")
        assert cursor.fetchone() == (1000,)


def test_the_session_itself_can_only_read(store: Store, url: str) -> None:
    with (
        pytest.raises(BadInputError, match="READ ONLY"),
        database._open({"url": url}, "pa@ss:w/rd", store.home) as connection,
    ):
        connection.exec_driver_sql("DELETE FROM many")


def test_a_file_of_the_server_is_not_read(store: Store, project_id: str, url: str) -> None:
    version = read(store, project_id, url, query="SELECT 1 AS n, LOAD_FILE('/etc/passwd') AS x")
    assert collect.load_frame(store, version.id)["x"].isna().all()


def test_rows_and_seconds_are_capped(store: Store, project_id: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 10)
    assert read(store, project_id, url, table="many").n_rows == 10
    monkeypatch.setattr(database, "MAX_SECONDS", 1)
    started = time.monotonic()
    with pytest.raises(BadInputError, match="database says"):
        read(store, project_id, url, query="SELECT count(*) FROM many a, many b, many c WHERE a.n + b.n * c.n = 0.5")
    assert time.monotonic() - started < 10


def test_a_stop_ends_a_statement_on_the_server_too(
    store: Store, project_id: str, url: str, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "SELECT count(*) FROM many a, many b, many c WHERE a.n + b.n * c.n = 0.5"
    job = start_refresh(store, save(store, project_id, url, query=query), by="ann")
    threading.Timer(1.0, store.jobs.request_stop, (job.id, utc_now())).start()
    running = store.update(job, status="running", started_at=utc_now())
    started = time.monotonic()
    with pytest.raises(StoppedError):
        run_refresh(JobHandle(store, running))
    assert time.monotonic() - started < 30
    time.sleep(0.5)
    with connect_as_admin(server) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT count(*) FROM many a%'"
        )
        assert cursor.fetchone() == (0,)
    assert store.get(Job, job.id).status == "running"  # How it ended is written down by the runner.
    assert collect.list_datasets(store, project_id) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("pa%40ss%3Aw%2Frd", "hunter2"), r"Access denied for user 'ann'@'[^']*' \(using password: YES\)"),
        (("/shop", "/nothing"), "Access denied"),
        (("ann:", "bob:"), "Access denied for user 'bob'"),
    ],
)
def test_whoever_is_not_let_in_is_told_in_words(
    store: Store, project_id: str, url: str, change: tuple[str, str], words: str
) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        read(store, project_id, url.replace(*change), table="many")
    assert "hunter2" not in str(caught.value)
    assert not caught.value.message.startswith("The database says: (")


def test_a_table_that_is_gone_and_one_without_rows_are_told(store: Store, project_id: str, url: str) -> None:
    with pytest.raises(BadInputError, match="no table 'nobody'"):
        read(store, project_id, url, table="nobody")
    with pytest.raises(BadInputError, match="no rows"):
        read(store, project_id, url, query="SELECT * FROM many WHERE n < 0")
    with pytest.raises(BadInputError, match="doesn't exist"):
        read(store, project_id, url, query="SELECT * FROM nobody")
