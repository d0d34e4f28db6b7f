"""The secret of a source is told to its server, and found nowhere else: no table, file, log, page, repr or error."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core import collect, plan
from core.errors import LifecycleError
from core.jobs import JobRunner
from core.records import Job, Project, Source
from core.store import JobHandle, Store
from core.store.tables import metadata

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
SECRET = "hunter2-s3cret"  # noqa: S105


@pytest.fixture
def shop(store: Store, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("FULL_CIRCLE_ALLOW_PRIVATE", "1")
    return plan.create_project(store, "Shop", by="Anna")


@pytest.fixture
def echo() -> Iterator[tuple[int, list[str]]]:
    """A server that gives back what it was told, as a failure; its port, and whether it heard the secret."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = f"{self.path} {self.headers}"
            heard.append(said)
            body = json.dumps({"you said": said}).encode()
            self.send_response(200 if "records" in self.path else 403, said.split()[-1])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server.server_port, heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def everything_stored(store: Store) -> str:
    """All rows of all tables, and all bytes of all files but the secret's own."""
    with store.engine.connect() as connection:
        rows = [repr(connection.execute(select(table)).all()) for table in metadata.sorted_tables]
    files = [path.read_bytes() for path in store.home.rglob("*") if path.is_file() and path.parent.name != "secrets"]
    return "\n".join([*rows, b"\n".join(files).decode("utf-8", errors="replace")])


def everything_said(error: BaseException | None) -> str:
    """An error with all that led to it."""
    said = ""
    while error is not None:
        said += f"{error!r} {error} {getattr(error, 'hint', '')}\n"
        error = error.__cause__
    return said


@pytest.mark.parametrize(
    ("kind", "settings", "within"),
    [
        ("api", {"url": "http://127.0.0.1:{echo}/refused"}, False),
        ("api", {"url": "http://127.0.0.1:{echo}/records", "header": "X-Key"}, False),
        ("api", {"url": f"http://127.0.0.1:{{echo}}/refused?api_key={SECRET}"}, True),
        ("web", {"url": f"http://127.0.0.1:{{echo}}/refused?token={SECRET}"}, True),
        ("api", {"url": "http://127.0.0.1:{closed}/x"}, False),
        ("database", {"url": f"postgresql://ann:{SECRET}@127.0.0.1:{{closed}}/x", "table": "t"}, True),
        ("database", {"url": "mysql://ann@127.0.0.1:{closed}/x", "table": "t"}, False),
        ("sensor", {"url": f"mqtt://ann:{SECRET}@127.0.0.1:{{closed}}", "topic": "t"}, True),
    ],
)
def test_a_secret_is_found_nowhere_but_in_its_own_file(
    visit: Visit,
    read: Read,
    store: Store,
    shop: Project,
    echo: tuple[int, list[str]],
    closed_port: int,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    settings: dict[str, str],
    within: bool,
) -> None:
    port, heard = echo
    filled = {name: value.format(echo=port, closed=closed_port) for name, value in settings.items()}
    with caplog.at_level(logging.DEBUG):
        source = collect.save_source(
            store, shop.id, kind=kind, name="Feed", settings=filled, secret="" if within else SECRET, by="Anna"
        )
        collect.start_refresh(store, source.id, by="Anna")
        assert JobRunner(store).run_one()
        again = collect.start_refresh(store, source.id, by="Anna")
        with pytest.raises(LifecycleError) as caught:
            collect.run_refresh(JobHandle(store, again))
        store.update(again, status="failed")
        app = visit("collect_data", project="shop")
    assert store.files.secret(source.id) == SECRET
    assert any(SECRET in each for each in heard) or str(port) not in filled["url"]
    page = read(app) + repr([element.proto for element in app.main])
    for place, said in {
        "stored": everything_stored(store),
        "logged": caplog.text,
        "shown": page + repr(app.session_state),
        "records": repr(store.find(Source)) + repr(store.find(Job)),
        "error": everything_said(caught.value),
    }.items():
        assert SECRET not in said, place
    assert "It could not be read" in page
