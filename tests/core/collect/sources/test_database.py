"""A table from a database: a SQLite file, and a real PostgreSQL server."""

import sqlite3

import pytest
from sqlalchemy import create_engine, text

from core import collect
from core.collect import sources
from core.collect.sources import database, rows
from core.errors import BadInputError
from core.records import DatasetVersion
from core.store import Store

REFUSED = [
    *(
        "",
        "nonsense",
        "oracle://scott@db.example/x",
        "mssql+pyodbc://db.example/x",
        "snowflake://a/b",
        "duckdb:///x.db",
    ),
    *("postgresql+psycopg2://db.example/x", "mysql+mysqldb://db.example/x", "sqlite+pysqlcipher:///x", "file:///x.db"),
    *("postgresql://ann@127.0.0.1/x", "postgresql://ann@localhost:5432/x", "postgresql://ann@10.0.0.5/x"),
    *(
        "postgresql://ann@169.254.169.254/x",
        "mysql://ann@127.1/x",
        "mariadb://ann@192.168.1.1/x",
        "mysql://ann@[::1]/x",
    ),
    *("postgresql:///x", "postgresql:///x?host=/tmp", "postgresql://db.example/x?hostaddr=127.0.0.1"),
    *("postgresql://db.example/x?service=a", "postgresql://db.example/x?passfile=/etc/passwd", "mysql:///x"),
    *("mysql://db.example/x?read_default_file=/etc/my.cnf", "mysql://db.example/x?unix_socket=/tmp/s"),
    *("mysql://db.example/x?local_infile=1", "postgresql://db.example/x?options=-c", "postgresql://2130706433/x"),
    *("sqlite:///etc/passwd", "sqlite://", "sqlite:///:memory:", "sqlite:////dev/zero", "sqlite:///x.db?mode=rwc"),
    *("postgresql://127.0.0.1,db.example/x", "postgresql://ann@0.0.0.0/x"),
]
WRITING = [
    *("DELETE FROM t", "SELECT 1; DROP TABLE t", "UPDATE t SET n = 1", "INSERT INTO t VALUES (1)", "ATTACH 'x' AS y"),
    *("SELECT * INTO u FROM t", "SELECT 1 INTO OUTFILE '/tmp/x'", "SELECT '\\'' INTO OUTFILE '/tmp/x'", "PRAGMA x", ""),
    *(
        "/*! SELECT */ DELETE FROM t",
        "SELECT 1 /*! INTO OUTFILE '/tmp/x' */",
        "COPY t TO PROGRAM 'ls'",
        "EXPLAIN SELECT 1",
    ),
]


@pytest.fixture
def shop(store: Store) -> str:
    """The address of a SQLite file with a shop in it, in the folder that may be read."""
    folder = store.home / "databases"
    folder.mkdir()
    with sqlite3.connect(folder / "shop.db") as connection:
        connection.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, day TEXT, price REAL, code TEXT, photo BLOB)")
        rows = [(n, f"2026-01-{n:02}", n / 2, str(n), b"x") for n in range(30, 0, -1)]
        connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("CREATE VIEW dear AS SELECT * FROM sales WHERE price > 10")
        connection.execute("CREATE TABLE empty (n INTEGER)")
    connection.close()
    return f"sqlite:///{folder / 'shop.db'}"


def read(store: Store, project_id: str, settings: dict[str, str], secret: str = "") -> DatasetVersion:
    source = sources.save_source(
        store, project_id, kind="database", name="Shop", settings=settings, secret=secret, by="ann"
    )
    return sources.refresh_source(store, source.id, by="ann").version


def test_a_table_comes_in_with_its_kinds_in_the_order_of_its_key(store: Store, project_id: str, shop: str) -> None:
    assert sources.database_tables(store, shop) == ("dear", "empty", "sales")
    version = read(store, project_id, {"url": shop, "table": "sales"})
    frame = collect.load_frame(store, version.id)
    assert frame["id"].tolist() == list(range(1, 31))
    assert frame["code"].tolist()[:2] == ["1", "2"]
    assert [column.dtype for column in version.columns] == ["int64", "timestamp[us]", "double", "string", "string"]
    assert version.reading is not None
    assert {"binary": 30}.items() <= {decision.code: decision.count for decision in version.reading.decisions}.items()
    assert (version.source, version.n_rows, version.reading.format) == ("database", 30, "SQLite")


def test_one_select_is_run_as_it_is_written(store: Store, project_id: str, shop: str) -> None:
    query = "WITH x AS (SELECT * FROM dear) SELECT id, 'a:b;50%' AS \"odd name\" FROM x WHERE code LIKE '3%' -- yes;"
    version = read(store, project_id, {"url": shop, "query": query})
    assert collect.load_frame(store, version.id).to_dict("list") == {"id": [30], "odd name": ["a:b;50%"]}


def test_only_so_many_rows_are_read_and_it_is_told(
    store: Store, project_id: str, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 10)
    version = read(store, project_id, {"url": shop, "table": "sales"})
    assert version.n_rows == 10
    assert version.reading is not None
    assert "row_cap" in [decision.code for decision in version.reading.decisions]


def test_a_statement_without_end_is_given_up(
    store: Store, project_id: str, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MAX_SECONDS", 0.2)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(BadInputError, match="interrupted"):
        read(store, project_id, {"url": shop, "query": endless})


@pytest.mark.parametrize("statement", WRITING)
def test_only_one_select_is_taken(statement: str) -> None:
    with pytest.raises(BadInputError, match="Only one SELECT"):
        database.check_select(statement)


@pytest.mark.parametrize("url", REFUSED)
def test_a_database_that_must_not_be_asked_is_refused_in_words(store: Store, url: str) -> None:
    with pytest.raises(BadInputError) as caught:
        sources.database_tables(store, url)
    assert caught.value.hint


def test_the_stores_own_database_is_never_read(store: Store, private_allowed: None) -> None:
    for path in (store.home / "store.db", store.home / "databases" / ".." / "store.db"):
        with pytest.raises(BadInputError, match="may not be read"):
            sources.database_tables(store, f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"table": "nobody"}, "no table 'nobody'"),
        ({"table": "empty"}, "no rows"),
        ({"query": "SELECT * FROM nobody"}, "no such table"),
        ({"query": "SELECT load_extension('x')"}, "database says"),
    ],
)
def test_what_cannot_be_read_is_told(
    store: Store, project_id: str, shop: str, settings: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        read(store, project_id, {"url": shop, **settings})
    assert collect.list_datasets(store, project_id) == []


@pytest.fixture
def postgres(postgres_url: str, private_allowed: None) -> str:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE visits (id int PRIMARY KEY, at timestamptz, ok boolean, price numeric, note text, j json)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO visits SELECT n, timestamptz '2026-01-01 10:00+00' + n * interval '1 hour', n % 2 = 0, "
                "n / 4.0, CASE WHEN n = 1 THEN NULL ELSE 'note ' || n END, '{}' FROM generate_series(1, 12000) n"
            )
        )
    engine.dispose()
    return postgres_url


def test_postgresql_is_read_in_chunks_with_its_kinds(store: Store, project_id: str, postgres: str) -> None:
    assert sources.database_tables(store, postgres) == ("visits",)
    version = read(store, project_id, {"url": postgres, "table": "visits"})
    frame = collect.load_frame(store, version.id, limit=2)
    assert version.n_rows == 12_000
    assert [column.kind for column in version.columns][:4] == ["number", "date", "boolean", "number"]
    assert frame["id"].tolist() == [1, 2]
    assert str(frame["at"][0]) == "2026-01-01 11:00:00"
    assert frame["price"].tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    "statement",
    [
        "WITH x AS (DELETE FROM visits RETURNING id) SELECT * FROM x",
        "SELECT pg_sleep(30)",
        "SELECT nextval('visits_seq')",
        "SELECT lo_create(0)",
    ],
)
def test_postgresql_is_asked_in_a_session_that_can_only_read(
    store: Store, project_id: str, postgres: str, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MAX_SECONDS", 1)
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE visits_seq"))
    with pytest.raises(BadInputError, match="database says"):
        read(store, project_id, {"url": postgres, "query": statement})
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM visits")) == 12_000
    engine.dispose()
