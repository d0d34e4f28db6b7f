"""Servers on the web as they can be: slow, endless, packed, broken off, busy, going round in circles."""

import contextlib
import gzip
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from core import collect
from core.collect import sources
from core.collect.sources import api, guard
from core.collect.sources.watch import Watch
from core.errors import BadInputError
from core.records import Source
from core.store import StoppedError, Store

Speak = Callable[[socket.socket, threading.Event], None]


@pytest.fixture
def say() -> Iterator[Callable[[Speak], str]]:
    """Start a server that says something, byte by byte as it likes, to everyone; return its address."""
    done, servers, threads = threading.Event(), [], []

    def start(speak: Speak) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(5)
                        connection.recv(65_536)
                        speak(connection, done)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/x.csv"

    yield start
    done.set()
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
    for thread in threads:
        thread.join(10)


def head(**headers: object) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode()


def save(store: Store, project_id: str, kind: str, **settings: object) -> Source:
    return sources.save_source(store, project_id, kind=kind, name="Feed", settings=settings, secret="t0ken", by="ann")  # noqa: S106


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content_Length": 1_000}, b"a,b\n1,2\n"),
        ({"Transfer_Encoding": "chunked"}, b"8\r\na,b\n1,2\n\r\n"),
        ({"Content_Encoding": "gzip", "Content_Length": 20}, b"\x1f\x8b no gzip at all..."),
    ],
)
def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(
    tmp_path: Path, private_allowed: None, say: Callable[[Speak], str], headers: dict[str, object], body: bytes
) -> None:
    url = say(lambda connection, _done: connection.sendall(head(**headers) + body))
    with pytest.raises(BadInputError, match="breaks off"):
        guard.fetch(url, tmp_path / "x")


def test_no_answer_at_all_is_told(tmp_path: Path, private_allowed: None, say: Callable[[Speak], str]) -> None:
    for nonsense in (b"", b"SSH-2.0-x\r\n", b"\x00" * 100):
        with pytest.raises(BadInputError, match=r"breaks off|does not answer"):
            guard.fetch(say(lambda connection, _done, sent=nonsense: connection.sendall(sent)), tmp_path / "x")


def test_a_body_without_end_is_given_up_when_it_is_too_large(
    tmp_path: Path, private_allowed: None, say: Callable[[Speak], str]
) -> None:
    def endless(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(head())
        while not done.is_set():
            connection.sendall(b"1,2,3\n" * 10_000)

    with pytest.raises(BadInputError, match="larger than 2 MB"):
        guard.fetch(say(endless), tmp_path / "x", max_bytes=2 << 20)
    assert (tmp_path / "x").stat().st_size <= 2 << 20


def test_an_answer_that_unpacks_to_too_much_is_given_up(tmp_path: Path, private_allowed: None, web) -> None:
    packed = gzip.compress(bytes(50_000_000))
    web.answers["/bomb"] = lambda _path, _headers: (200, {"Content-Encoding": "gzip"}, packed)
    with pytest.raises(BadInputError, match="larger than"):
        guard.fetch(web.address + "/bomb", tmp_path / "x", max_bytes=1_000_000)
    assert (tmp_path / "x").stat().st_size <= 1_000_000
    assert web.asked[0][1]["accept-encoding"] == "identity"


@pytest.mark.parametrize("when", ["before the head", "within the body"])
def test_a_stop_ends_waiting_for_a_server_that_is_slow(
    tmp_path: Path, private_allowed: None, say: Callable[[Speak], str], when: str
) -> None:
    def drip(connection: socket.socket, done: threading.Event) -> None:
        if when == "within the body":
            connection.sendall(head(Content_Length=10_000))
        while not done.wait(0.05):
            if when == "within the body":
                connection.sendall(b"x")

    watch = Watch()
    threading.Timer(0.3, watch.stop).start()
    started = time.monotonic()
    with pytest.raises(StoppedError):
        guard.fetch(say(drip), tmp_path / "x", watch=watch)
    assert time.monotonic() - started < 10


def test_what_has_come_so_far_is_said(tmp_path: Path, private_allowed: None, web) -> None:
    watch = Watch()
    guard.fetch(web.offer("/x.csv", bytes(2_500_000)), tmp_path / "x", watch=watch)
    assert (watch.words, watch.share) == ("2.5 MB so far", 1.0)


def test_a_server_that_is_busy_is_asked_again_when_it_says(
    store: Store, project_id: str, private_allowed: None, web
) -> None:
    asked: list[float] = []

    def busy_twice(_path: str, _headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        asked.append(time.monotonic())
        return (429, {"Retry-After": "1"}, b"") if len(asked) < 3 else (200, {}, b'[{"a": 1}]')

    web.answers["/api"] = busy_twice
    sources.refresh_source(store, save(store, project_id, "api", url=web.address + "/api").id, by="ann")
    assert [round(later - earlier) for earlier, later in itertools.pairwise(asked)] == [1, 1]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Retry-After": "3600"}, "asked again in 3,600 seconds"),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, "asked again later"),
        ({}, "asked again later"),
        ({"Retry-After": "9" * 400}, "asked again later"),
    ],
)
def test_a_server_that_is_busy_for_longer_is_given_up_in_words(
    store: Store, project_id: str, private_allowed: None, web, headers: dict[str, str], words: str
) -> None:
    web.answers["/api"] = lambda _path, _headers: (429, headers, b"")
    with pytest.raises(BadInputError, match=words):
        sources.refresh_source(store, save(store, project_id, "api", url=web.address + "/api").id, by="ann")


def test_broken_json_on_page_seven_names_the_page(store: Store, project_id: str, private_allowed: None, web) -> None:
    def pages(path: str, _headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        page = int(parse_qs(urlsplit(path).query)["page"][0])
        return 200, {}, b'{"data": [{"a": ' if page == 7 else json.dumps({"data": [{"a": page}]}).encode()

    web.answers["/api"] = pages
    source = save(store, project_id, "api", url=web.address + "/api", records="data", paging="page")
    with pytest.raises(BadInputError, match=r"Page 7: .* JSON") as caught:
        sources.refresh_source(store, source.id, by="ann")
    assert "The 6 records before it were not kept." in caught.value.hint
    assert collect.list_datasets(store, project_id) == []


def test_a_server_that_gives_its_first_page_always_is_found_out(
    store: Store, project_id: str, private_allowed: None, web
) -> None:
    web.offer("/api", json.dumps([{"a": 1}, {"a": 2}]))
    for paging in ("page", "offset"):
        source = save(store, project_id, "api", url=web.address + "/api", paging=paging)
        version = sources.refresh_source(store, source.id, by="ann").version
        assert version.n_rows == 2
        assert version.reading is not None
        assert "The same page came again" in version.reading.decisions[1].sentence
    assert len(web.asked) == 4


def test_pages_without_end_are_ended_by_number_and_by_time(
    store: Store, project_id: str, private_allowed: None, web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pages(path: str, _headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        n = int(parse_qs(urlsplit(path).query).get("n", ["0"])[0])
        return 200, {}, json.dumps({"data": [{"a": n}], "next": f"/api?n={n + 1}"}).encode()

    web.answers["/api"] = pages
    source = save(store, project_id, "api", url=web.address + "/api", records="data", paging="next")
    monkeypatch.setattr(api, "MAX_PAGES", 12)
    assert sources.refresh_source(store, source.id, by="ann").version.n_rows == 12
    monkeypatch.setattr(api, "MAX_PAGES", 10**6)
    monkeypatch.setattr(api, "MAX_SECONDS", 0.5)
    version = sources.refresh_source(store, source.id, by="ann").version
    assert version.n_rows > 1
    assert version.reading is not None
    assert version.reading.decisions[1].code == "cut"


def test_a_token_does_not_go_to_where_a_next_link_or_a_redirect_leads(
    store: Store, project_id: str, private_allowed: None, web, other_web
) -> None:
    other_web.offer("/more", json.dumps({"data": [{"a": 3}]}))
    web.offer("/api", json.dumps({"data": [{"a": 1}], "next": "/moved"}))
    web.redirect("/moved", other_web.address + "/more")
    source = save(store, project_id, "api", url=web.address + "/api", records="data", paging="next")
    sources.refresh_source(store, source.id, by="ann")
    assert [headers.get("authorization") for _, headers in web.asked] == ["t0ken", "t0ken"]
    assert all("t0ken" not in str(asked) for asked in other_web.asked)


def test_a_key_within_an_address_is_kept_apart_and_told_to_its_own_server_only(
    store: Store, project_id: str, private_allowed: None, web, other_web
) -> None:
    other_web.offer("/more", json.dumps({"data": [{"a": 2}]}))
    web.offer("/api", json.dumps({"data": [{"a": 1}], "next": other_web.address + "/more"}))
    source = sources.save_source(
        store,
        project_id,
        kind="api",
        name="x",
        settings={"url": f"{web.address}/api?size=5&api_key=k3y", "records": "data", "paging": "next"},
        by="ann",
    )
    assert source.settings["url"] == f"{web.address}/api?size=5"
    assert "k3y" not in repr(source)
    sources.refresh_source(store, source.id, by="ann")
    assert web.asked[0][0] == "/api?size=5&api_key=k3y"
    assert "authorization" not in web.asked[0][1]
    assert "k3y" not in str(other_web.asked)
