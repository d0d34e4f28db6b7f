"""What the running service counts: scores, ages, unknown categories, refusals by key; the same however many answer."""

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path

import httpx

from core import deploy
from core.records import ModelVersion, Window
from core.store import Store, add_windows, open_store
from tests.model_worlds import World
from tests.running import ROOT, free_port
from tests.service.conftest import Live

N_SERVICES = 3


def total_of(store: Store, project_id: str) -> Window:
    return reduce(add_windows, store.log.windows(project_id))


def wait_until(store: Store, project_id: str, is_there: Callable[[Window], bool]) -> Window:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        windows = store.log.windows(project_id)
        if windows and is_there(total := reduce(add_windows, windows)):
            return total
        time.sleep(0.1)
    raise AssertionError("The counts did not come in.")


def test_scores_ages_and_unknown_categories_are_counted(live: Live) -> None:
    reference = deploy.load_reference(live.store, live.first.id)
    rows = [live.row(), live.row(carrier="never seen"), live.row(delay=None, scheduled="2120-01-01T00:00:00")]
    assert live.client.predict(live.slug, rows)
    total = wait_until(live.store, live.world.project.id, lambda window: window.n_rows == 3)
    assert reference.score is not None
    assert sum(total.scores) == 3
    assert len(total.scores) == len(reference.score.counts)
    assert total.unknown == {"carrier": 1}
    (ages,) = total.ages.values()
    assert (ages[0], ages[-1]) == (1, 2)  # One date lies in the future, two more than five years back.
    assert set(total.moments) >= {"distance", "delay"}


def test_a_request_sent_again_under_its_key_is_counted_once(live: Live) -> None:
    before = total_of(live.store, live.world.project.id)
    for _ in range(3):
        assert live.post(json.dumps({"rows": [live.row()]}), **{"Idempotency-Key": "order-17"}).status_code == 200
    live.client.predict(live.slug, [live.row()])
    after = wait_until(live.store, live.world.project.id, lambda one: one.n_rows >= before.n_rows + 2)
    assert after.n_rows == before.n_rows + 2
    assert sum(after.columns["distance"]) == after.n_rows


def test_refusals_are_counted_by_reason_column_and_key(live: Live) -> None:
    key = deploy.create_key(
        live.store, live.world.project.id, name="Shop", scopes=("predict",), per_minute=100_000, by="Anna"
    )
    try:
        headers = {"Authorization": f"Bearer {key.secret}"}
        deadline = time.monotonic() + 30
        while live.http.post(f"/v1/{live.slug}/predict", json={"rows": [live.row()]}).status_code != 401:
            assert time.monotonic() < deadline
        bodies = ['{"rows": [{"distance": "far"}]}', '{"rows": [{"surprise": 1}]}', "no json"]
        sent = Counter(live.post(body, **headers).json()["error"]["code"] for body in (*bodies, bodies[0]))
        assert sent == {"bad_value": 2, "unknown_field": 1, "bad_json": 1}
        wanted = {f"{key.key.id}/bad_value/distance": 2, f"{key.key.id}/unknown_field/": 1}
        wanted[f"{key.key.id}/bad_json/"] = 1
        total = wait_until(live.store, live.world.project.id, lambda window: window.n_refused >= 4)
        assert total.refusals == wanted
        assert live.http.post(f"/v1/{live.slug}/predict", content=b"{}", headers=headers).status_code == 415
        wait_until(live.store, live.world.project.id, lambda one: one.refusals.get(f"{key.key.id}/not_json/") == 1)
    finally:
        deploy.revoke_key(live.store, key.key.id, by="Anna")


def test_three_services_count_as_one_does(promoted: tuple[Path, World, ModelVersion], tmp_path: Path) -> None:
    home, world, first = promoted
    shutil.copytree(home, tmp_path / "home")
    addresses = [f"http://127.0.0.1:{free_port()}" for _ in range(N_SERVICES)]
    command = [sys.executable, "-m", "core.serve", "--home", str(tmp_path / "home"), "--workers", "1", "--port"]
    services = [subprocess.Popen([*command, one.rsplit(":", 1)[1]], cwd=ROOT) for one in addresses]
    store = open_store(tmp_path / "home")
    try:
        rows = rows_to_ask(store, first)
        for address in addresses:
            wait_ready(address)

        def ask(number: int) -> int:
            body = {"rows": rows[number * 10 : number * 10 + 10]}
            address = addresses[number % N_SERVICES]
            path = f"/v1/{world.project.slug}/predict"
            return httpx.post(f"{address}{path}", json=body, trust_env=False, timeout=60).status_code

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(ask, range(len(rows) // 10))) == {200}
        total = wait_until(store, world.project.id, lambda window: window.n_rows == len(rows))
        logged = [one.prediction for one in store.log.read(world.project.id)]
        reference = deploy.load_reference(store, first.id)
        counts = deploy.count_live_rows(
            reference,
            [one.inputs for one in logged],
            [one.predicted_at.timestamp() for one in logged],
        )
        assert {name: getattr(total, name) for name in counts.__dict__} == counts.__dict__
        assert total.predictions == deploy.count_predictions(reference, [one.prediction for one in logged])
        assert total.scores == deploy.count_scores(reference, [one.probabilities or {} for one in logged])
        assert total == store.log.total(world.project.id, first.id)
    finally:
        for service in services:
            service.terminate()
        for service in services:
            service.wait(30)
        store.engine.dispose()


def rows_to_ask(store: Store, model: ModelVersion) -> list[dict[str, object]]:
    """Rows of every sort: usual ones, gaps, new categories, dates of all ages."""
    prototype = deploy.load_prototype(store, model.id)
    example = {column.name: column.example for column in prototype.columns}
    towns = ("UA", "AA", "B6", "new one", None)
    return [
        {
            **example,
            "distance": float(number * 17 % 4_000),
            "delay": None if number % 7 == 0 else number / 3,
            "carrier": towns[number % 5],
            "scheduled": f"{2015 + number % 14}-03-01T08:00:00",
        }
        for number in range(240)
    ]


def wait_ready(address: str) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/ready", trust_env=False, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{address} is not ready.")
