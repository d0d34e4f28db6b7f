"""An exported folder as replicas that share one PostgreSQL database: what the cluster is told, and that it adds up."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from core import deploy
from core.deploy.taken.client import PredictionClient, PredictionError
from core.records import Json, ModelVersion, Window, new_id
from core.store import Store, open_store, record_to_json
from tests.balancer import balanced
from tests.core.deploy.conftest import Registered
from tests.model_worlds import copy_version
from tests.taken_away import command_of, folder_serving_on_linked_packages, link_packages
from tests.waiting import wait_for

N_REPLICAS, N_CLIENTS, N_REQUESTS, N_ROWS, N_BAD = 3, 8, 240, 5, 24
REACHES_WITHIN_S = 60


@pytest.fixture(scope="module")
def model(registered: Registered) -> ModelVersion:
    return copy_version(registered.store, registered.model, number=20)


@pytest.fixture(scope="module")
def folder(registered: Registered, model: ModelVersion, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deploy.export_folder(registered.store, model.id, tmp_path_factory.mktemp("replicas"))


def test_the_manifest_describes_replicas_that_share_a_database(folder: Path) -> None:
    secret, deployment, service = yaml.safe_load_all((folder / "kubernetes.yaml").read_text())
    assert [part["kind"] for part in (secret, deployment, service)] == ["Secret", "Deployment", "Service"]
    assert [part["apiVersion"] for part in (secret, deployment, service)] == ["v1", "apps/v1", "v1"]
    for part in (secret, deployment, service):
        assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])", part["metadata"]["name"])
    spec, pod = deployment["spec"], deployment["spec"]["template"]
    assert spec["replicas"] == N_REPLICAS
    assert spec["selector"]["matchLabels"] == pod["metadata"]["labels"] == service["spec"]["selector"]
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "late-flights:20"
    references = {variable["name"]: variable["valueFrom"]["secretKeyRef"] for variable in container["env"]}
    assert {reference["name"] for reference in references.values()} == {secret["metadata"]["name"]}
    told = {name: secret["stringData"][reference["key"]] for name, reference in references.items()}
    assert told["FULL_CIRCLE_DATABASE"].startswith("postgresql+psycopg://")
    assert told["FULL_CIRCLE_KEY"]
    dockerfile = (folder / "Dockerfile").read_text()
    (port,) = container["ports"]
    assert f"EXPOSE {port['containerPort']}" in dockerfile
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert f"USER {pod['spec']['securityContext']['runAsUser']}" in dockerfile
    paths = {name: probe["httpGet"] for name, probe in container.items() if name.endswith("Probe")}
    assert {name: get["path"] for name, get in paths.items()} == {
        "startupProbe": "/ping",
        "readinessProbe": "/ready",
        "livenessProbe": "/ping",
    }
    assert {get["port"] for get in paths.values()} == {port["name"]}


@pytest.fixture
def shared(folder: Path, postgres_url: str) -> Iterator[Store]:
    opened = open_store(folder / "home", postgres_url)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def address(folder: Path, postgres_url: str, tmp_path: Path) -> Iterator[str]:
    """Three services, started at once on an empty database, behind one port."""
    packages = link_packages(folder / "requirements.txt", tmp_path / "site")
    words = [*command_of(folder), "--workers", "1"]
    with ExitStack() as stack, ThreadPoolExecutor(N_REPLICAS) as pool:

        def start(_: int) -> str:
            serving = folder_serving_on_linked_packages(folder, packages, *words, FULL_CIRCLE_DATABASE=postgres_url)
            return stack.enter_context(serving)

        each = list(pool.map(start, range(N_REPLICAS)))
        for one in each:
            wait_until_ready(one)
        yield stack.enter_context(balanced([urlsplit(one).port for one in each]))


def wait_until_ready(address: str) -> None:
    wait_for(lambda: is_ready(address), REACHES_WITHIN_S)


def is_ready(address: str) -> bool:
    """Whether a service says so; one that does not listen yet is not, as a cluster's probe takes it."""
    try:
        return httpx.get(f"{address}/ready", trust_env=False, timeout=30).status_code == httpx.codes.OK
    except httpx.ConnectError:
        return False


def total(windows: list[Window], name: str) -> int:
    return sum(getattr(window, name) for window in windows)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_three_replicas_behind_one_port_answer_log_and_count_exactly(
    address: str, shared: Store, folder: Path, registered: Registered, model: ModelVersion, tmp_path: Path
) -> None:
    project_id = registered.world.project.id
    client = PredictionClient(address, "late-flights")
    pings = [httpx.get(f"{address}/ping", trust_env=False).json()["process_id"] for _ in range(2 * N_REPLICAS)]
    assert len(set(pings)) == N_REPLICAS
    loaded = deploy.load_model(registered.store, model.id)
    rows = json.loads(json.dumps(deploy.request_rows(loaded.prototype, registered.world.frame.drop(columns="late"))))
    expected = loaded.predict_rows(rows).predictions

    def ask(number: int) -> list[str]:
        start = number * N_ROWS % 300
        answers = client.predict(rows[start : start + N_ROWS])
        assert [answer.prediction for answer in answers] == expected[start : start + N_ROWS]
        assert {answer.model_version for answer in answers} == {20}
        return [answer.id for answer in answers]

    def ask_badly(_: int) -> int:
        with pytest.raises(PredictionError) as refused:
            client.predict([{**rows[0], "distance": "far"}])
        return refused.value.status

    with ThreadPoolExecutor(N_CLIENTS) as pool:
        answered = pool.map(ask, range(N_REQUESTS))
        assert set(pool.map(ask_badly, range(N_BAD))) == {422}
        ids = [prediction_id for part in answered for prediction_id in part]
    n_rows = N_REQUESTS * N_ROWS
    assert len(set(ids)) == len(ids) == n_rows

    # A label that comes before its row is written is named as unknown: sent again, as the client says.
    labels, deadline = dict.fromkeys(ids, "yes"), time.monotonic() + REACHES_WITHIN_S
    while (labels := dict.fromkeys(client.send_labels(labels), "yes")) and time.monotonic() < deadline:
        time.sleep(0.2)
    while total(shared.log.windows(project_id), "n_refused") < N_BAD and time.monotonic() < deadline:
        time.sleep(0.2)
    assert shared.log.count(project_id) == (n_rows, n_rows)
    assert {entry.prediction.id for entry in shared.log.read(project_id)} == set(ids)
    windows = shared.log.windows(project_id, model_version_id=model.id)
    assert total(windows, "n_rows") == n_rows
    assert total(windows, "n_requests") == N_REQUESTS + N_BAD
    assert total(windows, "n_refused") == N_BAD
    assert total(windows, "n_dropped") == total(windows, "n_errors") == 0
    for name in windows[0].columns:
        assert sum(sum(window.columns[name]) for window in windows) == n_rows
    assert sum(sum(window.predictions) for window in windows) == n_rows

    # A promotion reaches all, and one whose files are nowhere leaves what was live before answering.
    later = copy_version(registered.store, registered.model, number=21)
    shutil.copytree(registered.store.files.model(later.id), folder / "home" / "models" / later.id)
    enter(shared, later, folder, tmp_path)
    assert set(versions_until_settled(client, rows[0], 21)) <= {20, 21}
    enter(shared, replace(later, id=new_id(), number=22), folder, tmp_path)
    time.sleep(2)
    assert {client.predict(rows[:1])[0].model_version for _ in range(2 * N_REPLICAS)} == {21}
    said = [httpx.get(f"{address}/ping", trust_env=False).json()["status"] for _ in range(N_REPLICAS)]
    assert said == ["look"] * N_REPLICAS


def enter(store: Store, model: ModelVersion, folder: Path, tmp_path: Path) -> None:
    """Enter another version of the project, which makes it live."""
    content = json.loads((folder / "release.json").read_text())
    content["model"] = json.loads(record_to_json(model))
    path = tmp_path / f"{model.id}.json"
    path.write_text(json.dumps(content))
    assert deploy.enter_handover(store, path) == deploy.live_model(store, model.project_id) == model


def versions_until_settled(client: PredictionClient, row: Json, wanted: int) -> list[int]:
    """Ask until every replica has answered with the wanted version several times in a row; return all versions seen."""
    seen: list[int] = []
    deadline = time.monotonic() + REACHES_WITHIN_S
    while set(seen[-4 * N_REPLICAS :]) != {wanted}:
        assert time.monotonic() < deadline
        seen.append(client.predict([row])[0].model_version)
        time.sleep(0.02)
    return seen
