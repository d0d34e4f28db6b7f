"""Who may ask the running service: keys, what they open, how often, and for how long."""

import asyncio
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from anyio.to_thread import run_sync

from core import deploy, serve
from core.errors import LifecycleError, NotReadyError
from core.records import ApiKey, Scope
from core.serve.__main__ import bind, is_public, read_options
from core.serve.__main__ import serve as run_service
from core.serve.request_ids import HEADER, LOG_FORMAT, RequestIds, add_request_id
from core.store import Store, open_store
from tests.running import ROOT, free_port
from tests.service.conftest import Live

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused, or wants keys
SHAPE = {"code", "message", "hint", "row", "column"}


def make(live: Live, *scopes: Scope, per_minute: int = 100_000, everywhere: bool = False) -> deploy.NewKey:
    project_id = None if everywhere else live.world.project.id
    return deploy.create_key(
        live.store, project_id, name="Test", scopes=scopes or ("predict",), per_minute=per_minute, by="Anna"
    )


def ask(live: Live, secret: str = "", path: str = "predict", **headers: str) -> httpx.Response:
    """Ask over a new connection, so over any of the workers."""
    body = {"labels": [{"id": "0" * 24, "label": "yes"}]} if path == "labels" else {"rows": [live.row()]}
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    method = "POST" if path in ("predict", "labels") else "GET"
    url = f"{live.address}{path}" if path.startswith("/") else f"{live.address}/v1/{live.slug}/{path}"
    return httpx.request(
        method, url, json=body if method == "POST" else None, headers=headers, trust_env=False, timeout=60
    )


def becomes(live: Live, secret: str, status: int, n_times: int = 8) -> float:
    """Return after how many seconds all of several new connections in a row are answered so."""
    started_at = time.monotonic()
    while not all(ask(live, secret).status_code == status for _ in range(n_times)):
        assert time.monotonic() - started_at < 30
    return time.monotonic() - started_at


@pytest.fixture
def closed(live: Live) -> Iterator[str]:
    """The secret of a key that opens everything in a project that is closed to all others."""
    made = make(live, "admin")
    becomes(live, made.secret, 200)
    becomes(live, "", 401)
    yield made.secret
    deploy.revoke_key(live.store, made.key.id, by="Anna")


def test_a_project_is_open_until_its_first_key_is_made(live: Live) -> None:
    assert not deploy.needs_key(live.store, live.world.project.id)
    assert ask(live).status_code == 200
    assert ask(live, path="/metrics").status_code == 200
    assert live.slug in ask(live, path="/ping").json()["loaded"]
    made = make(live)
    becomes(live, "", 401)
    assert ask(live, made.secret).status_code == 200


def test_without_the_right_key_nothing_is_told(live: Live, closed: str) -> None:
    wrong = closed[:-1] + ("A" if closed[-1] != "A" else "B")
    for secret in ("", "x", wrong, closed.upper()):
        for path in ("predict", "labels", "metadata", "prototype", "/metrics"):
            refused = ask(live, secret, path)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert set(refused.json()["error"]) == SHAPE
            assert secret in ("", "x") or secret not in refused.text
    assert live.slug not in ask(live, path="/ping").text
    assert "distance" not in ask(live, path="/docs").text
    assert ask(live, path="/ready").status_code == 200


def test_a_key_may_be_sent_in_either_header(live: Live, closed: str) -> None:
    assert ask(live, closed).status_code == 200
    assert ask(live, **{"X-API-Key": closed}).status_code == 200
    assert ask(live, Authorization=f"Basic {closed}").status_code == 401
    assert ask(live, Authorization="Bearer \xe9".encode("latin-1")).status_code == 401


def test_a_key_opens_what_it_is_for_and_nothing_else(live: Live, closed: str) -> None:
    predict, label = make(live, "predict").secret, make(live, "label").secret
    admin_of_all = make(live, "admin", everywhere=True).secret
    becomes(live, predict, 200)
    becomes(live, label, 403)
    becomes(live, admin_of_all, 200)
    paths = ("predict", "labels", "metadata", "prototype", "/metrics")
    opened = {
        name: [ask(live, secret, path).status_code for path in paths]
        for name, secret in {"predict": predict, "label": label, "project": closed, "all": admin_of_all}.items()
    }
    assert opened == {
        "predict": [200, 403, 200, 200, 403],
        "label": [403, 200, 403, 403, 403],
        "project": [200, 200, 200, 200, 403],
        "all": [200] * 5,
    }


def test_a_revoked_key_is_refused_by_every_worker_soon(live: Live, closed: str) -> None:
    made = make(live)
    becomes(live, made.secret, 200)
    deploy.revoke_key(live.store, made.key.id, by="Bert")
    becomes(live, made.secret, 401, n_times=20)


def test_a_key_that_asks_too_often_is_told_when_to_come_back_whichever_worker_it_meets(live: Live, closed: str) -> None:
    made = make(live, per_minute=30)
    # Waits with an address that the key does not open: what is refused so takes nothing out of its bucket.
    deadline = time.monotonic() + 30
    while {ask(live, made.secret, "labels").status_code for _ in range(8)} != {403}:
        assert time.monotonic() < deadline
    started_at = time.monotonic()
    answers = [ask(live, made.secret) for _ in range(50)]
    taken_s = time.monotonic() - started_at
    n_answered = sum(answer.status_code == 200 for answer in answers)
    assert 30 <= n_answered <= 31 + taken_s / 2
    refused = answers[-1]
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 2
    assert refused.json()["error"]["code"] == "too_often"
    assert ask(live, closed).status_code == 200


def test_when_a_key_was_last_used_is_noted(live: Live, closed: str) -> None:
    made = make(live)
    becomes(live, made.secret, 200)
    deadline = time.monotonic() + 30
    while live.store.get(ApiKey, made.key.id).last_used_at is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_dashboards_own_questions_go_on_without_a_key_of_a_person(live: Live, closed: str) -> None:
    with serve.ServiceClient(live.address, key=deploy.internal_key(live.store)) as client:
        assert client.predict(live.slug, [live.row()])["predictions"]
        assert client.ping()["loaded"]
    with serve.ServiceClient(live.address) as client, pytest.raises(LifecycleError, match="needs a key"):
        client.predict(live.slug, [live.row()])
    assert serve.service_address(live.store) == live.address


def test_the_copied_examples_work_with_a_key_from_the_environment(live: Live, closed: str) -> None:
    row = serve.example_row(deploy.load_prototype(live.store, live.first.id))
    environment = {"FULL_CIRCLE_KEY": closed, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    curl = serve.curl_snippet(live.address, live.slug, row, with_key=True)
    program = serve.python_snippet(live.address, live.slug, row, with_key=True)
    for command in (["sh", "-c", curl], [sys.executable, "-c", program]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert re.search(r"\b(yes|no)\b", done.stdout)
        assert closed not in curl + program


def test_every_answer_carries_the_name_of_its_request(live: Live, closed: str) -> None:
    answered = ask(live, closed, **{HEADER: "order-4711_a.b"})
    assert answered.headers[HEADER] == answered.json()["request_id"] == "order-4711_a.b"
    for strange in ("", "a b", "x" * 65, "<script>", 'a"b'):
        named = ask(live, closed, **{HEADER: strange})
        assert re.fullmatch(r"[0-9a-f]{24}", named.headers[HEADER])
    for other in (ask(live), ask(live, closed, "/nothing"), ask(live, path="/ping")):
        assert re.fullmatch(r"[0-9a-f]{24}", other.headers[HEADER])


def test_other_machines_are_not_let_in_before_there_is_a_key(tmp_path: Path) -> None:
    options = read_options(["--host", EVERYWHERE, "--port", "0", "--home", str(tmp_path)])
    with pytest.raises(NotReadyError, match="everybody who reaches this machine") as told:
        run_service(options)
    assert "Make a key on Deploy model" in told.value.hint
    store = open_store(tmp_path)
    made = deploy.create_key(store, None, name="Old", scopes=["predict"], per_minute=60, by="Anna")
    deploy.revoke_key(store, made.key.id, by="Anna")
    store.engine.dispose()
    with pytest.raises(NotReadyError, match="everybody who reaches this machine"):
        run_service(options)


@pytest.mark.parametrize(
    ("host", "public"), [("127.0.0.1", False), ("127.0.0.9", False), ("localhost", False), (EVERYWHERE, True)]
)
def test_only_addresses_of_this_machine_alone_are_taken_for_such(host: str, public: bool) -> None:
    with bind(host, 0) as bound:
        assert is_public(bound) == public


@pytest.mark.slow
def test_where_other_machines_are_let_in_every_project_wants_a_key(
    promoted: tuple[Path, object, object], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(promoted[0], home)
    store: Store = open_store(home)
    secret = deploy.create_key(
        store, "another-project", name="Other", scopes=["predict"], per_minute=60, by="Anna"
    ).secret
    port = free_port()
    command = [sys.executable, "-m", "core.serve", "--home", str(home), "--host", EVERYWHERE, "--port", str(port)]
    given = "k" * 43
    environment = {**os.environ, "FULL_CIRCLE_KEY": given}
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        assert "Predictions at" in process.stdout.readline()
        url = f"http://127.0.0.1:{port}/v1/late-flights/metadata"
        deadline = time.monotonic() + 60
        answers = []
        while not answers and time.monotonic() < deadline:
            try:
                for key in ("", secret, deploy.internal_key(store), given):
                    headers = {"X-API-Key": key}
                    answers.append(httpx.get(url, headers=headers, trust_env=False, timeout=60).status_code)
            except httpx.TransportError:
                time.sleep(0.2)
        assert answers == [401, 403, 200, 200]
    finally:
        process.terminate()
        process.communicate(timeout=60)
        store.engine.dispose()


def test_every_line_of_the_log_names_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.Logger("service")
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(add_request_id)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    log.addHandler(handler)

    async def answer(scope: object, receive: object, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
        await run_sync(log.warning, "on another thread")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask_both() -> None:
        transport = httpx.ASGITransport(RequestIds(answer))
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            await asyncio.gather(*(client.get("/", headers={HEADER: name}) for name in ("first", "second")))

    log.warning("outside")
    asyncio.run(ask_both())
    lines = capsys.readouterr().err.splitlines()
    assert "[-]: outside" in lines[0]
    assert sorted(line.split("service ")[1] for line in lines[1:]) == [
        "[first]: on another thread",
        "[second]: on another thread",
    ]
