"""A share of the traffic goes to another version: the right share, always the same callers, and never at their cost."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core import deploy, serve
from core.deploy import load_prototype
from core.evaluate.model_folder import write_manifest
from core.records import ModelVersion, Prediction
from core.serve.live_models import LiveModels
from core.serve.routing import is_in_share, key_of_body
from core.store import record_to_json
from tests.model_worlds import copy_version, damage
from tests.service.conftest import Live
from tests.waiting import wait_for

N_KEYS = 600


def generation(live: Live) -> int:
    current = live.store.releases.current(live.world.project.id)
    return current.generation if current else 0


def version_for(live: Live, key: str | None = None, **changes: object) -> int:
    headers = {} if key is None else {"X-Routing-Key": key}
    answer = live.post(json.dumps({"rows": [live.row(**changes)]}), **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["model_version"]


def start_canary(live: Live, model: ModelVersion, share: float) -> None:
    """Start, or change, a canary, and wait until all workers know."""
    deploy.start_canary(live.store, model.id, share=share, by="Cleo", seen_generation=generation(live))
    wait_until_followed(live)


def wait_until_followed(live: Live) -> None:
    """Wait until all workers know what is planned: the system spreads new connections over them."""

    def known() -> int:
        with serve.ServiceClient(live.address) as client:
            return client.metadata(live.slug)["generation"]

    wait_for(lambda: {known() for _ in range(12)} == {generation(live)})


@pytest.fixture
def challenger(live: Live) -> Iterator[ModelVersion]:
    yield copy_version(live.store, live.first, number=2)
    current = live.store.releases.current(live.world.project.id)
    if current and current.plan.canary:
        deploy.stop_canary(live.store, live.world.project.id, by="Cleo", seen_generation=current.generation)
        wait_until_followed(live)


def is_likely(n_hits: int, n_tries: int, share: float) -> bool:
    """Whether a count lies within 4.5 standard deviations: chance alone leaves that 7 times in a million."""
    return abs(n_hits - share * n_tries) <= 4.5 * math.sqrt(n_tries * share * (1 - share))


def test_a_share_of_the_callers_meets_the_canary_and_always_the_same_ones(live: Live, challenger: ModelVersion) -> None:
    start_canary(live, challenger, 0.2)
    keys = [f"caller {number}" for number in range(N_KEYS)]
    first = {key: version_for(live, key) for key in keys}
    assert set(first.values()) == {1, 2}
    assert is_likely(Counter(first.values())[2], N_KEYS, 0.2)
    # Another row, another moment: the same version.
    assert {key: version_for(live, key, distance=5.0) for key in keys} == first


def test_a_larger_share_keeps_those_who_were_in_the_smaller_one(live: Live, challenger: ModelVersion) -> None:
    start_canary(live, challenger, 0.2)
    keys = [f"caller {number}" for number in range(200)]
    small = {key for key in keys if version_for(live, key) == 2}
    start_canary(live, challenger, 0.5)
    large = {key for key in keys if version_for(live, key) == 2}
    assert small < large
    assert is_likely(len(large), 200, 0.5)


def test_without_a_key_the_same_row_meets_the_same_version(live: Live, challenger: ModelVersion) -> None:
    start_canary(live, challenger, 0.5)
    rows = [{"distance": float(number), "carrier": None} for number in range(200)]
    first = [version_for(live, **row) for row in rows]
    assert is_likely(Counter(first)[2], 200, 0.5)
    assert [version_for(live, **row) for row in rows] == first
    # Written in another order, with blanks, without the field that is null: the same row.
    for row, version in zip(rows[:50], first, strict=False):
        full = {name: value for name, value in live.row(**row).items() if value is not None}
        turned = dict(reversed(list(full.items())))
        assert live.post(json.dumps({"rows": [turned]}, indent=3)).json()["model_version"] == version


def test_one_request_of_many_rows_has_one_version_and_the_log_names_it(live: Live, challenger: ModelVersion) -> None:
    start_canary(live, challenger, 0.5)
    answers = [
        live.post(
            json.dumps({"rows": [live.row(), live.row(distance=3.0)]}), **{"X-Routing-Key": f"batch {number}"}
        ).json()
        for number in range(40)
    ]
    assert {answer["model_version"] for answer in answers} == {1, 2}
    ids = {row["id"]: answer["model_version"] for answer in answers for row in answer["predictions"]}
    wait_for(lambda: all(live.store.count(Prediction, id=one) for one in ids))
    numbers = {live.first.id: 1, challenger.id: 2}
    assert {one: numbers[live.store.get(Prediction, one).model_version_id] for one in ids} == ids
    windows = live.store.log.windows(live.world.project.id, model_version_id=challenger.id, only=())
    assert sum(window.n_rows for window in windows) >= sum(number == 2 for number in ids.values())


def test_the_receipt_of_a_canarys_answer_names_the_release_that_gave_it_a_share(
    live: Live, challenger: ModelVersion
) -> None:
    start_canary(live, challenger, 0.5)
    seen = generation(live)
    answers = [live.post(json.dumps({"rows": [live.row()]}), **{"X-Routing-Key": str(n)}).json() for n in range(20)]
    given = {answer["model_version"]: answer["predictions"][0]["id"] for answer in answers}
    wait_for(lambda: all(live.store.count(Prediction, id=one) for one in given.values()))
    receipts = {
        number: serve.find_receipt(live.store, one, project_id=live.world.project.id) for number, one in given.items()
    }
    assert (receipts[2].model.id, receipts[2].release.generation) == (challenger.id, seen)
    assert (receipts[2].release.action, receipts[2].release.promoted_by) == ("start_canary", "Cleo")
    assert (receipts[1].release.action, receipts[1].release.promoted_by) == ("promote", "Bert")


def test_metadata_says_who_answers_how_much(live: Live, challenger: ModelVersion) -> None:
    assert live.client.metadata(live.slug)["canary"] is None
    start_canary(live, challenger, 0.25)
    told = live.client.metadata(live.slug)
    assert told["model_version"] == 1
    assert (told["canary"]["model_version"], told["canary"]["share"]) == (2, 0.25)
    assert (told["canary"]["digest"], told["canary"]["approved_by"]) == (challenger.digest, "Bert")
    deploy.stop_canary(live.store, live.world.project.id, by="Cleo", seen_generation=generation(live))
    wait_until_followed(live)
    assert live.client.metadata(live.slug)["canary"] is None
    assert {version_for(live, f"caller {number}") for number in range(60)} == {1}


def test_a_damaged_canary_gets_no_request_and_that_is_said(live: Live, challenger: ModelVersion) -> None:
    damaged = copy_version(live.store, live.first, number=3)
    deploy.start_canary(live.store, damaged.id, share=0.9, by="Cleo", seen_generation=generation(live))
    damage(live.store.files.model(damaged.id) / "model.onnx")
    served = LiveModels(live.store).get(live.slug)
    assert served.canary is None
    assert "Version 3 is not served" in served.trouble
    start_canary(live, challenger, 0.5)


def test_a_version_that_nobody_approved_answers_nothing(live: Live, challenger: ModelVersion) -> None:
    start_canary(live, challenger, 0.5)
    live.store.update(challenger, status="registered")
    served = LiveModels(live.store).get(live.slug)
    assert served.canary is None
    assert "Nobody has approved it" in served.trouble


def make_fussy(live: Live, number: int) -> ModelVersion:
    """Return an approved version that wants a field which the live one does without."""
    model = copy_version(live.store, live.first, number=number)
    folder = live.store.files.model(model.id)
    manifest = json.loads((folder / "manifest.json").read_text())
    prototype = load_prototype(live.store, model.id)
    columns = tuple(replace(column, required=True) for column in prototype.columns)
    (folder / "prototype.json").write_text(record_to_json(replace(prototype, columns=columns)), encoding="utf-8")
    facts = {name: value for name, value in manifest.items() if name != "files"}
    return live.store.update(model, digest=write_manifest(folder, facts))


def test_what_a_canary_cannot_answer_the_live_version_does(live: Live) -> None:
    """Callers notice nothing, and the canary's failures are counted as its own."""
    fussy = make_fussy(live, 4)
    start_canary(live, fussy, 0.9)
    assert live.client.metadata(live.slug)["canary"]["model_version"] == 4
    assert 4 in {version_for(live, str(number)) for number in range(40)}
    assert {version_for(live, str(number), delay=None) for number in range(40)} == {1}

    def n_refused() -> int:
        windows = live.store.log.windows(live.world.project.id, model_version_id=fussy.id, only=())
        return sum(window.n_refused for window in windows)

    wait_for(lambda: n_refused() >= 30)
    deploy.stop_canary(live.store, live.world.project.id, by="Cleo", seen_generation=generation(live))
    wait_until_followed(live)


def test_keys_spread_evenly_and_differently_for_each_version() -> None:
    keys = [f"k{number}" for number in range(20_000)]
    one, other = ({key for key in keys if is_in_share(key, 0.1, salt)} for salt in ("one", "other"))
    assert is_likely(len(one), len(keys), 0.1)
    assert is_likely(len(one & other), len(keys), 0.01)
    assert not any(is_in_share(key, 0.0, "one") for key in keys)
    assert all(is_in_share(key, 1.0, "one") for key in keys)


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000, b"[" * 3_000 + b"]" * 3_000, b"3", b'{"rows": 1e400}'])
def test_a_body_that_is_no_request_has_a_key_all_the_same(body: bytes) -> None:
    assert key_of_body(body) == key_of_body(body)


def test_approve_is_needed_for_a_canary(live: Live) -> None:
    waiting = copy_version(live.store, live.first, number=9, status="registered")
    with pytest.raises(Exception, match="has not been approved"):
        deploy.start_canary(live.store, waiting.id, share=0.5, by="Cleo", seen_generation=generation(live))
