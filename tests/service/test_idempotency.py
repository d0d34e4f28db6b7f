"""Requests that are sent again: one answer, logged once, whichever worker they meet and whatever happens in between."""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import psutil
import pytest
from sqlalchemy import text

from core import serve
from core.records import KeptAnswer, Prediction, new_id, utc_now
from core.store import Store
from core.store.kept_answers import KEPT_FOR
from tests.killing import check_log, wait_until_taken_in
from tests.service.conftest import Live
from tests.waiting import wait_for

SHAPE = {"code", "message", "hint", "row", "column"}


def send(live: Live, key: str, body: object | None = None, path: str = "predict", **headers: str) -> httpx.Response:
    """Send over a new connection, so to any of the workers."""
    body = {"rows": [live.row(), live.row()]} if body is None else body
    url = f"{live.address}/v1/{live.slug}/{path}"
    return httpx.post(url, json=body, headers={"Idempotency-Key": key, **headers}, trust_env=False, timeout=60)


def ids(answer: httpx.Response) -> list[str]:
    return [one["id"] for one in answer.json()["predictions"]]


def n_logged(live: Live, wanted: list[str]) -> int:
    return sum(live.store.count(Prediction, id=one) for one in wanted)


def test_a_repeated_request_has_the_same_answer_and_is_logged_once(live: Live) -> None:
    key = new_id()
    first = send(live, key)
    again = [send(live, key) for _ in range(10)]
    assert first.status_code == 200
    assert "idempotency-replayed" not in first.headers
    assert {one.content for one in again} == {first.content}
    assert {one.headers["idempotency-replayed"] for one in again} == {"true"}
    assert n_logged(live, ids(first)) == 2
    check_log(live.store, live.first, ids(first))


def test_repetitions_at_the_same_moment_have_one_answer(live: Live) -> None:
    before = live.store.log.count(live.world.project.id)[0]
    for _ in range(5):
        key, barrier = new_id(), threading.Barrier(8)

        def send_together(key: str = key, barrier: threading.Barrier = barrier) -> bytes:
            barrier.wait()
            answer = send(live, key)
            assert answer.status_code == 200
            return answer.content

        with ThreadPoolExecutor(8) as pool:
            answers = {future.result() for future in [pool.submit(send_together) for _ in range(8)]}
        assert len(answers) == 1
    assert live.store.log.count(live.world.project.id)[0] == before + 5 * 2


def test_the_same_key_with_another_body_is_refused(live: Live) -> None:
    key = new_id()
    assert send(live, key).status_code == 200
    other = send(live, key, {"rows": [live.row(distance=4711.5)]})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert set(other.json()["error"]) == SHAPE
    assert "4711" not in other.text
    assert key not in other.text


def test_other_keys_callers_and_addresses_have_answers_of_their_own(live: Live) -> None:
    key = new_id()
    one, two = send(live, key), send(live, new_id())
    caller = send(live, key, **{"X-API-Key": "somebody-else"})
    assert len({one.content, two.content, caller.content}) == 3
    labels = send(live, key, {"labels": [{"id": ids(one)[0], "label": "yes"}]}, "labels")
    assert labels.json() == {"stored": 1, "unknown": []}


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", b"\xe9", b"tab\there"])
def test_a_key_that_is_none_is_refused(live: Live, key: str | bytes) -> None:
    answer = live.http.post("/predict", json={"rows": [live.row()]}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_idempotency_key")


def test_what_was_refused_may_be_corrected_under_the_same_key(live: Live) -> None:
    key = new_id()
    assert send(live, key, {"rows": []}).status_code == 422
    assert send(live, key).status_code == 200


def test_a_repeated_label_does_not_undo_a_later_one(live: Live) -> None:
    (answer,) = live.client.predict(live.slug, [live.row()])["predictions"]
    key, first = new_id(), {"labels": [{"id": answer["id"], "label": "yes"}]}
    assert send(live, key, first, "labels").json() == {"stored": 1, "unknown": []}
    live.client.send_labels(live.slug, [(answer["id"], "no")])
    again = send(live, key, first, "labels")
    assert again.json() == {"stored": 1, "unknown": []}
    assert again.headers["idempotency-replayed"] == "true"
    labelled = live.store.log.read(live.world.project.id, labelled_only=True)
    assert [one.label.value for one in labelled if one.prediction.id == answer["id"]] == ["no"]


def kill_service(live: Live) -> None:
    """Kill all processes of the service outright."""
    info = serve.find_service(live.store)
    assert info is not None
    main = psutil.Process(info.pid)
    processes = [main, *main.children(recursive=True)]
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=10)


def test_killed_in_the_midst_of_requests_each_key_is_answered_once(live: Live) -> None:
    """Clients send until the service is killed and send the same again: no row is there twice, none is missing."""
    acknowledged: dict[str, bytes] = {}
    keys: list[str] = []

    def send_many() -> None:
        for _ in range(1000):
            key = new_id()
            keys.append(key)
            try:
                acknowledged[key] = send(live, key).content
            except httpx.HTTPError:
                return

    before = live.store.log.count(live.world.project.id)[0]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(send_many)
        wait_for(lambda: len(acknowledged) > 30)
        kill_service(live)
    live.address = serve.start_service(live.store)
    again = {key: send(live, key) for key in keys}
    assert {one.status_code for one in again.values()} == {200}
    assert {key: again[key].content for key in acknowledged} == acknowledged
    wait_until_taken_in(live.store)
    assert live.store.log.count(live.world.project.id)[0] == before + 2 * len(keys)
    windows = live.store.log.windows(live.world.project.id)
    assert sum(window.n_rows for window in windows) == live.store.log.count(live.world.project.id)[0]
    told = [one for answer in again.values() for one in ids(answer)]
    assert n_logged(live, told) == len(set(told)) == 2 * len(keys)


def test_answers_are_forgotten_after_a_day(store: Store) -> None:
    now = utc_now()
    old = KeptAnswer("a" * 64, "p", "x", 200, b"old", now - KEPT_FOR - timedelta(seconds=1))
    assert store.answers.keep(old)
    assert store.answers.find(old.id, now) is None
    new = KeptAnswer(old.id, "p", "y", 200, b"new", now)
    assert store.answers.keep(new)
    assert store.answers.find(old.id, now) == new
    assert not store.answers.keep(new)
    assert store.answers.remove_old(now + KEPT_FOR, limit=10) == 1
    assert store.count(KeptAnswer) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="several workers answer on Linux only")
def test_labels_find_predictions_that_another_worker_has_not_logged_yet(live: Live) -> None:
    """Each prediction and each label comes over its own connection, so mostly to different workers."""
    for _ in range(20):
        predicted = send_plain(live, "predict", {"rows": [live.row()]}).json()["predictions"]
        labels = {"labels": [{"id": predicted[0]["id"], "label": "yes"}]}
        assert send_plain(live, "labels", labels).json() == {"stored": 1, "unknown": []}


def send_plain(live: Live, path: str, body: object) -> httpx.Response:
    return httpx.post(f"{live.address}/v1/{live.slug}/{path}", json=body, trust_env=False, timeout=60)


def test_labels_whose_predictions_stay_on_their_way_are_to_be_sent_again(live: Live) -> None:
    """While another process keeps the store, labels wait with it; nothing is called unknown that is none."""
    answer = send_plain(live, "predict", {"rows": [live.row()]}).json()["predictions"][0]
    labels = {"labels": [{"id": answer["id"], "label": "yes"}]}
    with live.store.engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        late = ThreadPoolExecutor(1).submit(send_plain, live, "labels", labels)
        time.sleep(1)
        assert not late.done()
    assert late.result().json() == {"stored": 1, "unknown": []}


def test_an_unknown_prediction_is_said_to_be_unknown_soon(live: Live) -> None:
    unknown = [new_id(), "f" * 24, "0" * 24, "anything"]
    started_at = time.monotonic()
    answer = send_plain(live, "labels", {"labels": [{"id": one, "label": "yes"} for one in unknown]})
    assert json.loads(answer.content) == {"stored": 0, "unknown": unknown}
    assert time.monotonic() - started_at < 10
