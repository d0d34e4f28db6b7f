"""The service follows what is live: no request is lost in a swap, and a damaged model is never served."""

import threading
import time
from collections.abc import Callable

import pytest

from core import deploy, serve
from core.errors import ConflictError, NotReadyError
from core.records import ModelVersion, Prediction
from core.serve.live_models import LiveModels
from core.store import Store
from tests.model_worlds import approve, copy_version, damage, make_world, promote, promote_damaged
from tests.service.conftest import Live

PATIENCE_S = 100


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def generation(live: Live) -> int:
    current = live.store.releases.current(live.world.project.id)
    return current.generation if current else 0


def test_a_promotion_under_load_loses_no_request(live: Live) -> None:
    live.client.predict(live.slug, [live.row()])
    stop = threading.Event()
    versions: list[set[int]] = [set(), set(), set()]
    failures: list[Exception] = []

    def ask(seen: set[int]) -> None:
        with serve.ServiceClient(live.address) as client:
            while not stop.is_set():
                try:
                    seen.add(client.predict(live.slug, [live.row()])["model_version"])
                    time.sleep(0.02)
                except Exception as error:  # noqa: BLE001 - whatever goes wrong fails the test
                    failures.append(error)

    threads = [threading.Thread(target=ask, args=(seen,)) for seen in versions]
    for thread in threads:
        thread.start()
    second = copy_version(live.store, live.first, number=2)
    try:
        promote(live.store, second)
        wait_for(lambda: live.client.metadata(live.slug)["model_version"] == 2)
        deploy.roll_back(live.store, live.world.project.id, by="Cleo", seen_generation=generation(live))
        wait_for(lambda: live.client.metadata(live.slug)["model_version"] == 1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert set.union(*versions) == {1, 2}


def test_a_version_damaged_after_its_promotion_is_not_served(live: Live) -> None:
    damaged = copy_version(live.store, live.first, number=3)
    before = live.client.predict(live.slug, [live.row()])["model_version"]
    promote_damaged(live.store, damaged)
    wait_for(lambda: live.client.metadata(live.slug)["generation"] == generation(live))
    metadata = live.client.metadata(live.slug)
    assert metadata["model_version"] == before
    assert "Version 3 is not served" in metadata["trouble"]
    assert live.client.ping()["status"] == "look"
    assert live.client.predict(live.slug, [live.row()])["model_version"] == before
    deploy.roll_back(live.store, live.world.project.id, by="Cleo", seen_generation=generation(live))
    wait_for(lambda: live.client.ping()["status"] == "ok")


def test_a_service_that_starts_on_a_damaged_version_serves_the_one_before(live: Live) -> None:
    damaged = copy_version(live.store, live.first, number=4)
    before = deploy.live_model(live.store, live.world.project.id)
    assert before is not None
    promote(live.store, damaged)
    damage(live.store.files.model(damaged.id) / "model.onnx")
    served = LiveModels(live.store).get(live.slug)
    assert served.model.id == before.id
    assert "Version 4 is not served" in served.trouble
    deploy.roll_back(live.store, live.world.project.id, by="Cleo", seen_generation=generation(live))


def test_two_projects_do_not_mix(live: Live) -> None:
    other = make_world(live.store, "Minutes late", task="regression", seed=9)
    promote(live.store, approve(live.store, other, "dummy"))
    row = live.row()
    ours = live.client.predict(live.slug, [row])["predictions"][0]
    theirs = live.client.predict(other.project.slug, [row])["predictions"][0]
    assert ours["prediction"] in ("yes", "no")
    assert isinstance(theirs["prediction"], float)
    assert theirs["probabilities"] is None
    stolen = live.client.send_labels(other.project.slug, [(ours["id"], 1.0)])
    assert stolen == {"stored": 0, "unknown": [ours["id"]]}
    assert live.client.send_labels(live.slug, [(ours["id"], "yes")])["stored"] == 1
    assert live.client.send_labels(other.project.slug, [(theirs["id"], 3)])["stored"] == 1
    wait_for(lambda: live.store.log.count(other.project.id) == (1, 1))
    with pytest.raises(ConflictError, match="Several projects are live") as told:
        live.client._call("POST", "/predict", {"rows": [row]})
    assert f"/v1/{other.project.slug}/predict" in told.value.hint
    refused = live.http.post(f"/v1/{other.project.slug}/labels", json={"labels": [{"id": theirs["id"], "label": "x"}]})
    assert refused.status_code == 422


def test_a_model_that_never_loads_is_refused_in_words(store: Store, live: Live) -> None:
    project = store.add(live.world.project)
    model: ModelVersion = store.add(live.first)
    from core.records import Release, utc_now

    release = Release(project.id, model.id, 1, "promote", "Bert")
    store.releases.swap(release, seen_generation=0, now=utc_now())
    with pytest.raises(Exception, match="Version 1 is not served") as told:
        LiveModels(store).get(project.slug)
    assert told.value.status == 503


def read_log(live: Live) -> list[Prediction]:
    return [entry.prediction for entry in live.store.log.read(live.world.project.id)]


def test_the_windows_equal_the_log_recounted(live: Live) -> None:
    wait_for(lambda: live.client.ping()["n_dropped"] == 0)
    project_id = live.world.project.id
    answers = live.client.predict(live.slug, [live.row(carrier=name) for name in ("UA", "AA", "nobody")])
    live.post('{"rows":[]}')
    wait_for(lambda: all(live.store.find(Prediction, id=one["id"]) for one in answers["predictions"]))
    wait_for(lambda: sum(window.n_refused for window in live.store.log.windows(project_id)) >= 1)
    # Answers of earlier tests may still be on their way to both.
    wait_for(lambda: sum(one.n_rows for one in live.store.log.windows(project_id)) == len(read_log(live)))
    windows, logged = live.store.log.windows(project_id), read_log(live)
    reference = deploy.load_reference(live.store, live.first.id)
    position = next(i for i, column in enumerate(reference.columns) if column.name == "carrier")
    names = reference.columns[position].categories
    counted = [
        sum(window.columns["carrier"][bin_] for window in windows if window.columns) for bin_ in range(len(names) + 2)
    ]
    expected = [sum(one.inputs["carrier"] == name for one in logged) for name in names]
    others = sum(one.inputs["carrier"] not in (*names, None) for one in logged)
    assert counted == [*expected, others, sum(one.inputs["carrier"] is None for one in logged)]


def test_without_a_service_the_client_says_so(store: Store) -> None:
    assert serve.service_address(store) is None
    assert not serve.stop_service(store)
    with pytest.raises(NotReadyError):
        serve.ServiceClient("http://127.0.0.1:9").ping()
