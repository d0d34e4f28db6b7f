"""Collect: a table is read from a database, the web or an API, read again, and what changed is said."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan
from core.jobs import JobRunner
from core.records import DatasetVersion, Job, Project, Source, utc_now
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


def read_now(app: AppTest, store: Store) -> AppTest:
    """Do the reading that was asked for, as the job runner does, and look again."""
    assert JobRunner(store).run_one()
    return app.run()


def fill(app: AppTest, kind: str, **values: str) -> AppTest:
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
    assert "waiting: the job runner is not running" in str([bar.text for bar in app.get("progress")])
    read_now(app, store)
    assert not app.error
    assert "2 rows, 2 columns." in read(app)
    assert collect.current_dataset(store, shop.id).created_by == "Anna"
    (source,) = store.find(Source)
    read_now(app.button(key=f"collect_refresh_{source.id}").click().run(), store)
    assert "Nothing has changed since the last time" in read(app)
    change(database, "INSERT INTO sales VALUES (3, 4)")
    read_now(app.button(key=f"collect_refresh_{source.id}").click().run(), store)
    assert "1 row more (3 rows now)." in read(app)
    app.button(key=f"collect_forget_{source.id}").click().run()
    assert store.find(Source) == []
    assert collect.current_dataset(store, shop.id).number == 2


def test_one_select_is_read(visit: Visit, read: Read, store: Store, shop: Project, database: Path) -> None:
    app = fill(visit("collect_data", project="shop"), "database", url=f"sqlite:///{database}")
    app.text_area(key="collect_source_database_0_query").set_value("SELECT price * 2 AS twice FROM sales, sales")
    read_now(app.button(key="collect_source_database_0_read").click().run(), store)
    assert "database says" in read(app)
    (source,) = store.find(Source)
    query = app.text_area(key=f"collect_change_{source.id}_query")
    assert query.value == "SELECT price * 2 AS twice FROM sales, sales"
    query.set_value("SELECT id, price * 2 AS twice FROM sales")
    read_now(app.button(key=f"collect_change_{source.id}_save").click().run(), store)
    assert "database says" not in read(app)
    assert collect.current_dataset(store, shop.id).column_names == ("id", "twice")


@pytest.mark.parametrize(
    ("kind", "url", "words"),
    [
        ("database", "oracle://ann:hunter2@db.example/x", "cannot be read"),
        ("api", "file:///etc/passwd", "not a web address"),
        ("sensor", "http://ann:hunter2@broker.example", "not the address of a broker"),
    ],
)
def test_what_is_no_source_at_all_is_told_and_the_form_stays_filled(
    visit: Visit, read: Read, store: Store, shop: Project, kind: str, url: str, words: str
) -> None:
    app = fill(visit("collect_data", project="shop"), kind, url=url)
    app.button(key=f"collect_source_{kind}_0_read").click().run()
    text = read(app)
    assert words in text
    assert "hunter2" not in text
    assert app.text_input(key=f"collect_source_{kind}_0_url").value == url
    assert store.find(Source) == []
    assert list((store.home / "secrets").iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "url", "words"),
    [
        ("database", "postgresql://ann:hunter2@127.0.0.1/x", "own network"),
        ("web", "http://169.254.169.254/latest", "never asked"),
        ("api", "http://localhost/x?api_key=hunter2", "own network"),
        ("sensor", "mqtt://ann:hunter2@127.0.0.1", "own network"),
    ],
)
def test_what_is_refused_is_told_with_its_form_filled_to_be_mended(
    visit: Visit, read: Read, store: Store, shop: Project, kind: str, url: str, words: str
) -> None:
    more = {"topic": "hall/#"} if kind == "sensor" else {}
    app = fill(visit("collect_data", project="shop"), kind, url=url, **more)
    if kind == "database":
        app.selectbox(key="collect_source_database_0_table").set_value("sales")
    read_now(app.button(key=f"collect_source_{kind}_0_read").click().run(), store)
    text = read(app)
    assert words in text
    assert "It could not be read" in text
    assert "hunter2" not in text + repr(app.session_state)
    (source,) = store.find(Source)
    assert app.text_input(key=f"collect_change_{source.id}_url").value == source.settings["url"]
    assert all("hunter2" not in str(box.value) for box in app.text_input)
    app.button(key=f"collect_forget_{source.id}").click().run()
    assert store.find(Source) == []
    assert list((store.home / "secrets").iterdir()) == []


def test_all_ways_to_bring_in_a_table_stand_side_by_side_with_what_they_are_good_for(
    visit: Visit, store: Store, shop: Project, database: Path
) -> None:
    app = visit("collect_data", project="shop")
    labels = [panel.label for panel in app.expander]
    assert [label.split("**")[1] for label in labels] == ["File", "Database", "Web", "API", "Sensor feed"]
    assert all(" · " in label and "read" not in label.split(" · ")[-1].split()[:1] for label in labels)
    source = collect.save_source(
        store,
        shop.id,
        kind="database",
        name="sales",
        settings={"url": f"sqlite:///{database}", "table": "sales"},
        by="Anna",
    )
    collect.refresh_source(store, source.id, by="Anna")
    labels = [panel.label for panel in visit("collect_data", project="shop").expander]
    assert next(label for label in labels if label.startswith("**Database**")).endswith("ago")


def test_a_source_can_be_read_by_itself(visit: Visit, read: Read, store: Store, shop: Project, database: Path) -> None:
    settings = {"url": f"sqlite:///{database}", "table": "sales"}
    source = collect.save_source(store, shop.id, kind="database", name="sales", settings=settings, by="Anna")
    app = visit("collect_data", project="shop")
    app.number_input(key=f"collect_change_{source.id}_every").set_value(2)
    read_now(app.button(key=f"collect_change_{source.id}_save").click().run(), store)
    assert store.get(Source, source.id).every_minutes == 120
    assert "every 2 hours" in read(app)
    assert store.count(DatasetVersion) == 1


def test_a_scheduled_source_that_fails_says_when_it_is_tried_again(
    visit: Visit, read: Read, store: Store, shop: Project, database: Path
) -> None:
    settings = {"url": f"sqlite:///{database}", "table": "sales"}
    source = collect.save_source(store, shop.id, kind="database", name="sales", settings=settings, by="Anna")
    collect.schedule_source(store, source.id, 60)
    change(database, "ALTER TABLE sales RENAME TO sold")
    for _ in range(3):
        collect.start_due_refreshes(store, utc_now() + timedelta(days=1))
        assert JobRunner(store).run_one()
    app = visit("collect_data", project="shop")
    assert "It is tried again by itself in 4 hours." in read(app)
    app.button(key=f"collect_refresh_{source.id}").click().run()
    text = read(read_now(app, store))
    assert "There is no table 'sales'" in text
    assert "It is tried again by itself in 60 minutes." in text
    change(database, "ALTER TABLE sold RENAME TO sales")
    app.button(key=f"collect_refresh_{source.id}").click().run()
    assert "tried again" not in read(read_now(app, store))


def test_a_sensor_feed_shows_what_arrives_while_it_arrives(
    visit: Visit, read: Read, store: Store, shop: Project
) -> None:
    app = fill(visit("collect_data", project="shop"), "sensor", url="broker.example", topic="hall/+")
    app.number_input(key="collect_source_sensor_0_seconds").set_value(90)
    app.button(key="collect_source_sensor_0_read").click().run()
    (source,) = store.find(Source)
    assert source.settings == {"url": "mqtt://broker.example:1883", "topic": "hall/+", "seconds": 90}
    (job,) = store.find(Job, kind="refresh")
    at = utc_now().isoformat()
    live = {"started_at": at, "n_messages": 3, "n_rows": 4, "n_malformed": 1, "per_slot": [1, 2], "connected": False}
    live["last"] = [{"arrived_at": at, "topic": "hall/1", "content": '{"celsius": 20.5}'}]
    store.update(job, status="running", started_at=utc_now(), heartbeat_at=utc_now(), result={"live": live})
    app.run()
    text = read(app)
    assert "**3 messages**, 4 rows, about 1 a second lately." in text
    assert "1 message could not be read as JSON" in text
    assert "The broker does not answer at present" in text
    assert app.button(key=f"job_stop_refresh_{source.id}")
    assert app.button(key=f"collect_refresh_{source.id}").disabled


def test_a_table_of_a_web_page_is_chosen(
    visit: Visit, read: Read, store: Store, shop: Project, site: tuple[str, Path]
) -> None:
    address, folder = site
    rows = "".join(f"<tr><td>{n}</td><td>{n * 2}</td></tr>" for n in range(5))
    (folder / "towns.html").write_text(f"<html><table><tr><th>a</th><th>b</th></tr>{rows}</table></html>")
    app = fill(visit("collect_data", project="shop"), "web", url=f"{address}/towns.html")
    app.button(key="collect_source_web_0_look").click().run()
    assert app.selectbox(key="collect_source_web_0_choice").options == ["a, b (6 rows)"]
    read_now(app.button(key="collect_source_web_0_read").click().run(), store)
    assert "towns.html" in read(app)
    assert collect.current_dataset(store, shop.id).n_rows == 5


def test_an_api_is_read_and_its_token_never_shown(
    visit: Visit, read: Read, store: Store, shop: Project, site: tuple[str, Path]
) -> None:
    address, folder = site
    (folder / "records").write_text(json.dumps({"data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}))
    app = fill(visit("collect_data", project="shop"), "api", url=f"{address}/records", records="data", secret="hunter2")  # noqa: S106
    read_now(app.button(key="collect_source_api_0_read").click().run(), store)
    assert "2 rows, 2 columns." in read(app)
    assert "hunter2" not in read(app)
    assert all("hunter2" not in str(box.value) for box in app.text_input)
    (source,) = store.find(Source)
    assert store.files.secret(source.id) == "hunter2"
