"""The service answers by the decision threshold of whichever version answers: single, in a file, canary, shadow."""

import os
from collections.abc import Iterator

import httpx
import pytest

from core import deploy, monitor, plan, serve
from core.jobs import JobRunner
from core.records import Job, Json, ModelVersion, Prediction, ProcessInfo, ServingRules, ShadowAnswer, utc_now
from core.serve.shadows import ShadowAsker
from core.store import open_store
from tests.model_worlds import add_candidate, count_out_of_fold, evaluate_candidate, make_world, promote
from tests.service.conftest import Live, connect
from tests.waiting import wait_for

PERSONS = 0.9
"""The threshold that Anna chose for the second version."""
N_ROWS = 120


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Version 1 is live with the threshold that costs chose, version 2, the same model, has one that Anna chose."""
    store = open_store(tmp_path_factory.mktemp("threshold") / "home")
    world = make_world(store, "Late flights")
    plan.change_objective(store, world.project.id, by="Anna", cost_false_positive=1.0, cost_false_negative=10.0)
    candidate = count_out_of_fold(store, world, add_candidate(store, world))
    versions = []
    for threshold in (None, PERSONS):
        evaluation = evaluate_candidate(store, candidate, threshold=threshold)
        versions.append(
            deploy.approve_model(store, deploy.register_model(store, evaluation.id, by="Anna").id, by="Bert")
        )
    promote(store, versions[0])
    address = serve.start_service(store)
    try:
        one = Live(store, world, versions[0], address, connect(address), serve.ServiceClient(address))
        yield one
        one.http.close()
        one.client.close()
    finally:
        serve.stop_service(store)
        store.engine.dispose()


@pytest.fixture(scope="module")
def second(live: Live) -> ModelVersion:
    return next(model for model in deploy.list_models(live.store, live.world.project.id) if model.number == 2)


def threshold_of(live: Live, model: ModelVersion) -> float:
    threshold = deploy.load_prototype(live.store, model.id).threshold
    assert threshold is not None
    return threshold.value


def rows_of(live: Live) -> list[Json]:
    frame = live.world.frame.drop(columns="late").head(N_ROWS)
    return deploy.request_rows(deploy.load_prototype(live.store, live.first.id), frame)


def ask(live: Live) -> list[Json]:
    answers: list[Json] = live.client.predict(live.slug, rows_of(live))["predictions"]
    return answers


def check_by(answers: list[Json], threshold: float) -> None:
    """Check that all answers are by a threshold, some of them otherwise than by the likelier class."""
    chances = [answer["probabilities"]["yes"] for answer in answers]
    assert [answer["prediction"] for answer in answers] == ["yes" if one >= threshold else "no" for one in chances]
    assert any((one >= threshold) != (one >= 0.5) for one in chances)


def test_a_request_of_many_rows_and_of_one_are_answered_by_it(live: Live) -> None:
    threshold = threshold_of(live, live.first)
    assert threshold < 0.3
    answers = ask(live)
    check_by(answers, threshold)
    for row, expected in zip(rows_of(live)[:20], answers, strict=False):
        (alone,) = live.client.predict(live.slug, [row])["predictions"]
        assert alone["prediction"] == expected["prediction"]


def test_the_service_says_by_which_threshold_it_answers_and_not_what_mistakes_cost(live: Live) -> None:
    told = live.client.metadata(live.slug)
    assert told["threshold"] == {"class": "yes", "chance": threshold_of(live, live.first), "chosen_by": None}
    prototype = live.http.get(f"/v1/{live.slug}/prototype")
    assert prototype.json()["threshold"]["value"] == threshold_of(live, live.first)
    assert "cost" not in prototype.text


def test_the_receipt_names_it_and_the_answer_comes_out_equal_again(live: Live) -> None:
    unlikely = next(one for one in ask(live) if one["prediction"] == "yes" and one["probabilities"]["yes"] < 0.5)
    wait_for(lambda: live.store.find(Prediction, id=unlikely["id"]))
    receipt = serve.find_receipt(live.store, unlikely["id"], project_id=live.world.project.id)
    assert receipt.threshold is not None
    assert receipt.threshold.value == threshold_of(live, live.first)
    again = serve.recompute(live.store, receipt)
    assert again.equal
    assert again.prediction == "yes"
    assert all("the chance of 'yes'" in effect.sentence for effect in again.effects)


def test_a_file_is_answered_by_it(live: Live) -> None:
    for job in live.store.find(Job, status="queued"):
        live.store.update(job, status="stopped", ended_at=utc_now())
    info = live.store.add(ProcessInfo("jobs", os.getpid(), ""))
    content = live.world.frame.drop(columns="late").head(N_ROWS).to_csv(index=False).encode()
    sent = live.http.post(f"/v1/{live.slug}/batches", content=content, headers={"Content-Type": "text/csv"})
    assert sent.status_code == 202, sent.text
    claimed = live.store.jobs.claim(utc_now())
    assert claimed is not None
    JobRunner(live.store)._do(claimed)
    live.store.remove(ProcessInfo, id=info.id)
    told = live.http.get(sent.json()["address"]).json()
    header, *lines = live.http.get(told["result"]).text.splitlines()
    columns = header.split(",")
    rows = [dict(zip(columns, line.split(","), strict=True)) for line in lines]
    as_answers = [
        {"prediction": row["prediction"], "probabilities": {"yes": float(row["probability_yes"])}} for row in rows
    ]
    assert len(rows) == N_ROWS
    check_by(as_answers, threshold_of(live, live.first))


def test_a_canary_and_a_shadow_answer_by_their_own(live: Live, second: ModelVersion) -> None:
    project_id = live.world.project.id
    deploy.start_shadow(live.store, second.id, by="Cleo", seen_generation=1)
    answers = ask(live)
    check_by(answers, threshold_of(live, live.first))
    ids = {answer["id"]: answer for answer in answers}
    wait_for(lambda: live.store.count(Prediction, id=answers[-1]["id"]))
    asker = ShadowAsker(live.store)
    wait_for(lambda: asker.look() == 0 and live.store.count(ShadowAnswer, project_id=project_id) >= N_ROWS)
    shadows = [one for one in live.store.find(ShadowAnswer, model_version_id=second.id) if one.id in ids]
    assert len(shadows) == N_ROWS
    check_by([{"prediction": one.prediction, "probabilities": one.probabilities} for one in shadows], PERSONS)
    (report,) = monitor.compare_challengers(live.store, project_id)
    assert report.agreement is not None
    assert report.agreement.value < 1.0
    deploy.stop_shadow(live.store, project_id, by="Cleo", seen_generation=2)

    deploy.start_canary(live.store, second.id, share=0.999, by="Cleo", seen_generation=3)

    def by_second() -> list[Json]:
        with serve.ServiceClient(live.address) as client:
            said = client.predict(live.slug, rows_of(live))
        return said["predictions"] if said["model_version"] == 2 else []

    wait_for(by_second)
    check_by(by_second(), PERSONS)
    deploy.stop_canary(live.store, project_id, by="Cleo", seen_generation=4)


def test_the_rule_for_unsure_answers_goes_by_the_chance_of_what_was_answered(live: Live) -> None:
    live.store.add(ServingRules(live.world.project.id, created_by="Olga", least_confidence=0.45))

    def held_back() -> list[Json]:
        with httpx.Client(base_url=live.address, trust_env=False) as http:
            answers = http.post(f"/v1/{live.slug}/predict", json={"rows": rows_of(live)}).json()["predictions"]
        return [answer for answer in answers if answer.get("status") == "abstained"]

    wait_for(lambda: all(held_back() for _ in range(8)))
    ids = {answer["id"] for answer in held_back()}
    wait_for(lambda: sum(live.store.count(Prediction, id=one) for one in ids) == len(ids))
    logged = [live.store.get(Prediction, one) for one in ids]
    threshold = threshold_of(live, live.first)
    # Of the likelier class it would be at least half sure, always.
    assert {one.prediction for one in logged} == {"yes"}
    assert all(threshold <= (one.probabilities or {})["yes"] < 0.45 for one in logged)
    live.store.add(ServingRules(live.world.project.id, created_by="Olga"))
