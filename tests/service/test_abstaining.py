"""Rows that the model does not answer: held back by the owner's rules, asked for at the poll address, and labels."""

from collections.abc import Iterator

import httpx
import pytest

from core import deploy, serve
from core.deploy.taken.client import PredictionClient
from core.errors import BadInputError
from core.records import Json, LabelRecord, Prediction, Referral, ServingRules, utc_now
from tests.service.conftest import Live, connect
from tests.waiting import wait_for

N_CONNECTIONS = 8
"""Over so many connections the system reaches every worker."""


def ask(live: Live, **changes: object) -> Json:
    (answer,) = live.client.predict(live.slug, [live.row(**changes)])["predictions"]
    return answer


def ask_over_many_connections(live: Live, **changes: object) -> list[Json]:
    answers = []
    for _ in range(N_CONNECTIONS):
        with serve.ServiceClient(live.address) as client:
            answers += client.predict(live.slug, [live.row(**changes)])["predictions"]
    return answers


def is_answered(live: Live, **changes: object) -> bool:
    """Whether no worker holds a row back or refuses it any more."""
    try:
        return all(answer["prediction"] for answer in ask_over_many_connections(live, **changes))
    except BadInputError:
        return False


def set_rules(live: Live, **rules: object) -> ServingRules:
    return live.store.add(ServingRules(live.world.project.id, created_by="Olga", **rules))


@pytest.fixture(autouse=True)
def without_rules(live: Live) -> Iterator[None]:
    yield
    set_rules(live)
    wait_for(lambda: is_answered(live, delay=None) and is_answered(live, carrier="ZZ"))


def held_back(live: Live, **changes: object) -> Json:
    """Ask until the rules have reached all workers, and return one answer more."""
    wait_for(lambda: all("status" in answer for answer in ask_over_many_connections(live, **changes)))
    return ask(live, **changes)


def take(live: Live, answer: Json) -> Referral:
    """Take this row of all that wait: those asked for over other connections may come to the queue later."""
    skipped: list[str] = []
    wait_for(lambda: live.store.find(Referral, id=answer["id"]))
    while taken := live.store.people.take(live.world.project.id, by="Eva", now=utc_now(), skipped=skipped):
        if taken.id == answer["id"]:
            return taken
        skipped.append(taken.id)
    raise AssertionError("The row is not in the queue.")


def poll(live: Live, answer: Json) -> httpx.Response:
    return live.http.get(answer["poll"])


def test_without_rules_an_answer_is_as_it_was(live: Live) -> None:
    assert ask(live).keys() == {"id", "prediction", "probabilities", "warnings"}


def test_a_row_without_a_needed_field_waits_for_a_person(live: Live) -> None:
    rules = set_rules(live, needed_columns=("delay",))
    answer = held_back(live, delay=None)
    assert (answer["prediction"], answer["probabilities"], answer["status"]) == (None, None, "abstained")
    assert answer["reasons"] == ["'delay' is missing."]
    assert ask(live)["prediction"] in ("yes", "no")
    response = poll(live, answer)
    assert (response.status_code, response.headers["Retry-After"]) == (202, "5")
    assert response.json()["answer"] is None
    logged = live.store.get(Prediction, answer["id"])
    assert logged.abstained
    assert logged.prediction in ("yes", "no")
    assert sum((logged.probabilities or {}).values()) == pytest.approx(1.0)
    referral = live.store.get(Referral, answer["id"])
    assert (referral.state, referral.rules_id, referral.reasons) == ("waiting", rules.id, ("'delay' is missing.",))


def test_the_answer_of_a_person_reaches_the_caller_and_becomes_a_label(live: Live) -> None:
    set_rules(live, needed_columns=("delay",))
    answer = held_back(live, delay=None)
    taken = take(live, answer)
    live.store.people.answer(taken, "yes", by="Eva", now=utc_now())
    response = poll(live, answer)
    assert response.status_code == 200
    assert response.json()["answer"] == "yes"
    assert response.json()["answered_by"] == "person"
    assert "Eva" not in response.text
    label = live.store.get(LabelRecord, answer["id"])
    assert (label.value, label.source, label.given_by) == ("yes", "person", "Eva")


def test_rows_of_one_request_are_held_back_one_by_one_and_counted(live: Live) -> None:
    set_rules(live, needed_columns=("delay",))
    held_back(live, delay=None)

    def counted() -> int:
        return sum(window.n_abstained for window in live.store.log.windows(live.world.project.id))

    def logged() -> int:
        return live.store.count(Prediction, abstained=True)

    answers = live.client.predict(live.slug, [live.row(), live.row(delay=None), live.row()])["predictions"]
    assert ["status" in answer for answer in answers] == [False, True, False]
    wait_for(lambda: all(live.store.find(Prediction, id=answer["id"]) for answer in answers))
    assert [live.store.get(Prediction, answer["id"]).abstained for answer in answers] == [False, True, False]
    wait_for(lambda: counted() == logged() == live.store.count(Referral))
    assert f'full_circle_abstained_rows_total{{deployment="{live.slug}"' in live.http.get("/metrics").text


def test_a_model_that_is_not_sure_enough_abstains(live: Live) -> None:
    set_rules(live, least_confidence=1.0)
    answer = held_back(live)
    assert answer["reasons"] == ["The model is less sure than 100 of 100."]


def test_a_row_unlike_the_training_rows_is_held_back_and_the_column_named(live: Live) -> None:
    set_rules(live, unlike_share=0.05)
    answer = held_back(live, distance=99_999.0)
    assert len(answer["reasons"]) == 1
    assert "most of all in 'distance'" in answer["reasons"][0]
    assert ask(live)["prediction"] in ("yes", "no")


@pytest.mark.parametrize(
    ("rules", "changes", "code", "column"),
    [
        ({"unknown_category": "refuse"}, {"carrier": "SECRET"}, "unknown_category", "carrier"),
        ({"out_of_range": "refuse"}, {"distance": 99_999.0}, "out_of_range", "distance"),
    ],
)
def test_what_the_owner_wants_refused_is_refused_with_row_and_column(
    live: Live, rules: Json, changes: Json, code: str, column: str
) -> None:
    assert len(ask(live, **changes)["warnings"]) == 1
    set_rules(live, **rules)
    rows = {"rows": [live.row(), live.row(**changes)]}

    def refused() -> bool:
        responses = []
        for _ in range(N_CONNECTIONS):
            with httpx.Client(base_url=live.address, trust_env=False) as http:
                responses.append(http.post(f"/v1/{live.slug}/predict", json=rows))
        return all(response.status_code == 422 for response in responses)

    wait_for(refused)
    response = live.http.post(f"/v1/{live.slug}/predict", json=rows)
    error = response.json()["error"]
    assert (error["code"], error["row"], error["column"]) == (code, 1, column)
    assert not any(str(value) in response.text for value in changes.values())
    assert ask(live)["prediction"] in ("yes", "no")


def test_polling_for_what_is_not_there_says_why(live: Live) -> None:
    answered = ask(live)
    wait_for(lambda: live.store.find(Prediction, id=answered["id"]))
    for prediction_id, status in ((answered["id"], 409), ("nothing", 404)):
        response = live.http.get(f"/v1/{live.slug}/answers/{prediction_id}")
        assert response.status_code == status
        assert response.json()["error"]["message"]


def test_the_queue_survives_a_restart_of_the_service(live: Live) -> None:
    set_rules(live, needed_columns=("delay",))
    answer = held_back(live, delay=None)
    assert serve.stop_service(live.store)
    address = serve.start_service(live.store)
    response = httpx.get(f"{address}{answer['poll']}", trust_env=False, timeout=60)
    assert response.status_code == 202
    live.http.close()
    live.client.close()
    live.address, live.http, live.client = address, connect(address), serve.ServiceClient(address)


def test_handing_in_writes_what_the_model_did_on_test_rows(live: Live) -> None:
    dry_run = deploy.load_dry_run(live.store, live.first.id)
    assert dry_run is not None
    assert dry_run.n_rows == len(dry_run.right) == len(dry_run.surprise) == 80


def test_the_client_that_is_taken_away_knows_of_people(live: Live) -> None:
    set_rules(live, needed_columns=("delay",))
    held_back(live, delay=None)
    client = PredictionClient(live.address, live.slug)
    (answer,) = client.predict([live.row(delay=None)])
    assert (answer.prediction, answer.reasons) == (None, ["'delay' is missing."])
    assert client.person_answer(answer.id)["status"] == "waiting"


def test_a_receipt_tells_the_rules_the_person_and_the_history_of_labels(live: Live) -> None:
    rules = set_rules(live, needed_columns=("delay",))
    answer = held_back(live, delay=None)
    taken = take(live, answer)
    live.store.people.answer(taken, "yes", by="Eva", now=utc_now())
    live.client.send_labels(live.slug, [(answer["id"], "no")])
    receipt = serve.find_receipt(live.store, answer["id"], project_id=live.world.project.id)
    assert receipt.prediction.abstained
    assert receipt.rules == live.store.get(ServingRules, rules.id)
    assert receipt.referral is not None
    assert (receipt.referral.answer, receipt.referral.closed_by) == ("yes", "Eva")
    assert receipt.label is not None
    assert (receipt.label.value, receipt.label.source) == ("no", "caller")
    assert [(one.value, one.source, one.given_by) for one in receipt.earlier_labels] == [("yes", "person", "Eva")]
