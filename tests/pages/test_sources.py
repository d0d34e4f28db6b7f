"""Collect: a table is read from a database, the web or an API, read again, and what changed is said."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan
from core.records import Project, Source
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]


@pytest.fixture
def shop(store: Store) -> Project:
    return plan.create_project(store, "Shop", by="Anna")


@pytest.fixture
def database(store: Store) -> Path:
    path = store.home / "databases" / "shop.db"
    path.parent.mkdir()
    change(path, "CREATE TABLE sales (id INTEGER PRIMARY KEY, price REAL)", "INSERT INTO sales VALUES (1, 2.5), (2, 3)")
    return path


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """A web server of a folder: its address and the folder."""
    monkeypatch.setenv("FULL_CIRCLE_ALLOW_PRIVATE", "1")
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


def fill(app: AppTest, kind: str, **values: str) -> AppTest:
    if kind != "database":
        app.segmented_control(key="collect_source_kind").set_value(kind).run()
    for field, value in values.items():
        app.text_input(key=f"collect_source_{kind}_0_{field}").set_value(value)
    return app


def test_a_database_is_looked_into_and_a_table_read_refreshed_and_forgotten(
    visit: Visit, read: Read, store: Store, shop: Project, database: Path
) -> None:
    app = fill(visit("collect_data", project="shop", you="Anna"), "database", url=f"sqlite:///{database}")
    app.button(key="collect_source_database_0_look").click().run()
    table = app.selectbox(key="collect_source_database_0_table")
    assert table.options == ["sales"]
    table.set_value("sales")
    app.button(key="collect_source_database_0_read").click().run()
    assert not app.error
    assert "2 rows, 2 columns." in read(app)
    assert collect.current_dataset(store, shop.id).created_by == "Anna"
    (source,) = store.find(Source)
    app.button(key=f"collect_refresh_{source.id}").click().run()
    assert "Nothing has changed since the last time" in read(app)
    change(database, "INSERT INTO sales VALUES (3, 4)")
    app.button(key=f"collect_refresh_{source.id}").click().run()
    assert "1 row more (3 rows now)." in read(app)
    app.button(key=f"collect_forget_{source.id}").click().run()
    assert store.find(Source) == []
    assert collect.current_dataset(store, shop.id).number == 2


def test_one_select_is_read(visit: Visit, read: Read, store: Store, shop: Project, database: Path) -> None:
    app = fill(visit("collect_data", project="shop"), "database", url=f"sqlite:///{database}")
    app.text_area(key="collect_source_database_0_query").set_value("SELECT price * 2 AS twice FROM sales, sales")
    app.button(key="collect_source_database_0_read").click().run()
    assert "database says" in read(app)
    app.text_area(key="collect_source_database_0_query").set_value("SELECT id, price * 2 AS twice FROM sales")
    app.button(key="collect_source_database_0_read").click().run()
    assert collect.current_dataset(store, shop.id).column_names == ("id", "twice")


@pytest.mark.parametrize(
    ("kind", "url", "words"),
    [
        ("database", "postgresql://ann:hunter2@127.0.0.1/x", "own network"),
        ("database", "oracle://ann:hunter2@db.example/x", "cannot be read"),
        ("web", "http://169.254.169.254/hunter2", "never asked"),
        ("api", "file:///etc/passwd", "not a web address"),
    ],
)
def test_what_is_refused_is_told_and_leaves_nothing_behind(
    visit: Visit, read: Read, store: Store, shop: Project, kind: str, url: str, words: str
) -> None:
    app = fill(visit("collect_data", project="shop"), kind, url=url)
    app.button(key=f"collect_source_{kind}_0_read").click().run()
    text = read(app)
    assert words in text
    assert "hunter2" not in text
    assert store.find(Source) == []
    assert list((store.home / "secrets").iterdir()) == []


def test_a_table_of_a_web_page_is_chosen(
    visit: Visit, read: Read, store: Store, shop: Project, site: tuple[str, Path]
) -> None:
    address, folder = site
    rows = "".join(f"<tr><td>{n}</td><td>{n * 2}</td></tr>" for n in range(5))
    (folder / "towns.html").write_text(f"<html><table><tr><th>a</th><th>b</th></tr>{rows}</table></html>")
    app = fill(visit("collect_data", project="shop"), "web", url=f"{address}/towns.html")
    app.button(key="collect_source_web_0_look").click().run()
    assert app.selectbox(key="collect_source_web_0_table").options == ["a, b (6 rows)"]
    app.button(key="collect_source_web_0_read").click().run()
    assert "towns.html" in read(app)
    assert collect.current_dataset(store, shop.id).n_rows == 5


def test_an_api_is_read_and_its_token_never_shown(
    visit: Visit, read: Read, store: Store, shop: Project, site: tuple[str, Path]
) -> None:
    address, folder = site
    (folder / "records").write_text(json.dumps({"data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}))
    app = fill(visit("collect_data", project="shop"), "api", url=f"{address}/records", records="data", secret="hunter2")  # noqa: S106
    app.button(key="collect_source_api_0_read").click().run()
    assert "2 rows, 2 columns." in read(app)
    assert "hunter2" not in read(app)
    assert all("hunter2" not in str(box.value) for box in app.text_input)
    (source,) = store.find(Source)
    assert store.files.secret(source.id) == "hunter2"
