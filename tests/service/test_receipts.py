"""The receipt of an answer: complete, computed again by the very model, and honest about what the inputs did."""

from dataclasses import replace

import pytest

from core import deploy, serve
from core.errors import BadInputError, NotFoundError
from core.records import DatasetVersion, Prediction, Receipt
from tests.model_worlds import damage
from tests.service.conftest import Live
from tests.waiting import wait_for

UNUSUAL = {"distance": 99_999.0, "carrier": "ZZ"}


@pytest.fixture(scope="module")
def answer(live: Live) -> dict[str, object]:
    (given,) = live.client.predict(live.slug, [live.row(**UNUSUAL)], simulated=True)["predictions"]
    wait_for(lambda: live.store.find(Prediction, id=given["id"]))
    return given


@pytest.fixture(scope="module")
def receipt(live: Live, answer: dict[str, object]) -> Receipt:
    return serve.find_receipt(live.store, f" {answer['id']} ", project_id=live.world.project.id)


def test_a_receipt_says_what_led_to_the_answer(live: Live, answer: dict[str, object], receipt: Receipt) -> None:
    assert receipt.prediction.inputs == live.row(**UNUSUAL)
    assert (receipt.prediction.prediction, receipt.prediction.probabilities) == (
        answer["prediction"],
        answer["probabilities"],
    )
    assert receipt.prediction.simulated
    assert receipt.prediction.latency_ms > 0
    assert list(receipt.warnings) == answer["warnings"]
    assert len(receipt.warnings) == 2
    assert (receipt.model.digest, receipt.model.requested_by, receipt.model.approved_by) == (
        live.first.digest,
        "Anna",
        "Bert",
    )
    assert receipt.release is not None
    assert (receipt.release.promoted_by, receipt.release.generation) == ("Bert", 1)
    table = live.store.get(DatasetVersion, live.first.dataset_id)
    assert (receipt.table, receipt.table_sha256) == ("version 1 (flights.csv)", table.sha256)
    assert len(receipt.recipe_steps) == sum(step.enabled for step in live.world.recipe.steps) > 0
    assert receipt.label is None


def test_the_label_that_comes_later_is_on_it(live: Live, answer: dict[str, object]) -> None:
    live.client.send_labels(live.slug, [(str(answer["id"]), "no")])
    later = serve.find_receipt(live.store, str(answer["id"]), project_id=live.world.project.id)
    assert later.label is not None
    assert later.label.value == "no"


def test_the_same_version_gives_the_same_answer_again(live: Live, receipt: Receipt) -> None:
    again = serve.recompute(live.store, receipt)
    assert again.equal
    assert again.prediction == receipt.prediction.prediction
    assert again.probabilities == pytest.approx(receipt.prediction.probabilities, abs=1e-6)


def test_an_answer_that_was_changed_in_the_log_is_found(live: Live, receipt: Receipt) -> None:
    logged = receipt.prediction
    assert logged.probabilities is not None
    for changed in (
        replace(logged, probabilities={name: value + 2e-6 for name, value in logged.probabilities.items()}),
        replace(logged, prediction="no" if logged.prediction == "yes" else "yes"),
        replace(logged, inputs={**logged.inputs, "distance": 500.0}),
    ):
        again = serve.recompute(live.store, replace(receipt, prediction=changed))
        assert not again.equal
        assert "another one" in again.sentence


def test_an_effect_is_the_answer_less_that_with_the_typical_value(live: Live, receipt: Receipt) -> None:
    again = serve.recompute(live.store, receipt)
    loaded = deploy.load_model(live.store, live.first.id)
    typical = {column.name: column.example for column in loaded.prototype.columns}
    inputs, answered = receipt.prediction.inputs, str(receipt.prediction.prediction)
    assert again.effects[0].column == "distance"
    for effect in again.effects:
        there, without = loaded.predict_rows(
            [inputs, {**inputs, effect.column: typical[effect.column]}]
        ).probabilities or ({}, {})
        assert effect.change == pytest.approx(there[answered] - without[answered])
        verb = "raised" if effect.change > 0 else "lowered"
        assert effect.sentence.startswith(f"'{effect.column}' {verb} the chance of '{answered}' by ")
    strengths = [abs(effect.change) for effect in again.effects]
    assert strengths == sorted(strengths, reverse=True)


def test_ids_that_are_unknown_or_of_another_project_are_refused(live: Live, answer: dict[str, object]) -> None:
    for prediction_id, project_id in (("nothing", live.world.project.id), (str(answer["id"]), "another")):
        with pytest.raises(NotFoundError, match="no prediction with this id"):
            serve.find_receipt(live.store, prediction_id, project_id=project_id)


def test_a_model_whose_files_were_changed_says_so_instead_of_answering(live: Live, receipt: Receipt) -> None:
    damage(live.store.files.model(live.first.id) / "model.skops")
    with pytest.raises(BadInputError):
        serve.recompute(live.store, receipt)
