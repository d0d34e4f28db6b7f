"""A web server on this machine that answers as the tests want it to, and counts who asked for what."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core import plan
from core.store import Store

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class WebServer:
    """`answers` by path, each a function of the request's path and headers; `asked` is what was asked for."""

    address: str = ""
    answers: dict[str, Callable[[str, dict[str, str]], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def offer(self, path: str, content: bytes | str, media_type: str = "text/plain") -> str:
        """Answer a path with this content from now on; return its address."""
        body = content.encode() if isinstance(content, str) else content
        self.answers[path] = lambda _path, _headers: (200, {"Content-Type": media_type}, body)
        return self.address + path

    def redirect(self, path: str, to: str) -> str:
        """Send whoever asks for a path to another address; return its address."""
        self.answers[path] = lambda _path, _headers: (302, {"Location": to}, b"")
        return self.address + path


def start_server() -> tuple[WebServer, ThreadingHTTPServer]:
    web = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            web.asked.append((self.path, headers))
            answer = web.answers.get(self.path.split("?")[0])
            status, sent, body = answer(self.path, headers) if answer else (404, {}, b"")
            self.send_response(status)
            for name, value in {**sent, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    web.address = f"http://127.0.0.1:{server.server_port}"
    return web, server


@pytest.fixture
def web() -> Iterator[WebServer]:
    started, server = start_server()
    yield started
    server.shutdown()
    server.server_close()


@pytest.fixture
def other_web() -> Iterator[WebServer]:
    """A second server: another port, so another origin."""
    started, server = start_server()
    yield started
    server.shutdown()
    server.server_close()


@pytest.fixture
def private_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FULL_CIRCLE_ALLOW_PRIVATE", "1")


@pytest.fixture
def project_id(store: Store) -> str:
    return plan.create_project(store, "People", by="ann").id
