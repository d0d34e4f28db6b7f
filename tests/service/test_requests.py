"""What the service answers, what it refuses, and that it never repeats what was sent."""

import json
import subprocess
import sys

import numpy as np
import pytest

from core import deploy, evaluate, serve
from core.errors import BadInputError, NotFoundError, NotReadyError
from tests.service.conftest import Live

SENT = "SECRET-4711"


def test_the_service_answers_what_the_pipeline_says(live: Live) -> None:
    frame = live.world.frame.drop(columns="late").iloc[100:150]
    rows = deploy.request_rows(deploy.load_prototype(live.store, live.first.id), frame)
    answers = live.client.predict(live.slug, rows)["predictions"]
    pipeline = evaluate.load_fitted(live.store, live.first.candidate_id)
    assert [answer["prediction"] for answer in answers] == pipeline.predict(frame).tolist()
    proba = [[answer["probabilities"][name] for name in pipeline.classes_] for answer in answers]
    assert np.allclose(proba, pipeline.predict_proba(frame), atol=1e-4)


def test_each_answer_has_an_id_a_version_and_no_needless_warning(live: Live) -> None:
    answer = live.client.predict(live.slug, [live.row(), live.row()])
    ids = [one["id"] for one in answer["predictions"]]
    assert len(set(ids)) == 2
    assert answer["model_version"] == 1
    assert answer["request_id"]
    assert [one["warnings"] for one in answer["predictions"]] == [[], []]


def test_an_unknown_category_and_a_number_out_of_range_are_answered_with_a_warning(live: Live) -> None:
    answer = live.client.predict(live.slug, [live.row(carrier=SENT, distance=1e9, delay=-5)])
    (warnings,) = [one["warnings"] for one in answer["predictions"]]
    assert len(warnings) == 3
    assert any("'carrier': this category did not occur" in warning for warning in warnings)
    assert SENT not in json.dumps(warnings)


def test_a_column_that_had_gaps_in_training_may_be_missing(live: Live) -> None:
    without = live.row()
    del without["carrier"]
    answers = live.client.predict(live.slug, [without, live.row(carrier=None, delay=None)])["predictions"]
    assert all(answer["prediction"] in ("yes", "no") for answer in answers)


ROW = '"distance":1,"delay":1,"carrier":"UA","holiday":true,"scheduled":"2020-03-01"'
DEEP = "[" * 100_000 + "]" * 100_000
BAD_BODIES = {
    "empty": ("", 422, "bad_json"),
    "no json": ("hello", 422, "bad_json"),
    "latin-1": (b'{"rows":[{"carrier":"\xe9"}]}', 422, "bad_json"),
    "cut off": ('{"rows":[{', 422, "bad_json"),
    "a list": ("[]", 422, "bad_body"),
    "null": ("null", 422, "bad_body"),
    "no rows field": ("{}", 422, "bad_body"),
    "a field beside rows": ('{"rows":[{}],"SECRET-4711":1}', 422, "bad_body"),
    "rows is an object": ('{"rows":{}}', 422, "bad_body"),
    "rows is a text": ('{"rows":"x"}', 422, "bad_body"),
    "rows given twice": ('{"rows":[],"rows":[]}', 422, "duplicate_field"),
    "nothing to answer": ('{"rows":[]}', 422, "no_rows"),
    "too many rows": ('{"rows":[' + ",".join(["{}"] * 1_001) + "]}", 413, "too_many_rows"),
    "row is a number": ('{"rows":[1]}', 422, "bad_row"),
    "row is null": ('{"rows":[null]}', 422, "bad_row"),
    "unknown field": ('{"rows":[{' + ROW + ',"SECRET-4711":1}]}', 422, "unknown_field"),
    "missing field": ('{"rows":[{"delay":1}]}', 422, "missing_field"),
    "required field is null": (
        '{"rows":[{' + ROW.replace('"distance":1', '"distance":null') + "}]}",
        422,
        "missing_field",
    ),
    "field given twice": ('{"rows":[{' + ROW + ',"delay":2}]}', 422, "duplicate_field"),
    "text for a number": ('{"rows":[{' + ROW.replace(":1,", ':"SECRET-4711",', 1) + "}]}", 422, "bad_value"),
    "boolean for a number": ('{"rows":[{' + ROW.replace(":1,", ":true,", 1) + "}]}", 422, "bad_value"),
    "list for a number": ('{"rows":[{' + ROW.replace(":1,", ":[1],", 1) + "}]}", 422, "bad_value"),
    "NaN": ('{"rows":[{' + ROW.replace(":1,", ":NaN,", 1) + "}]}", 422, "not_finite"),
    "Infinity": ('{"rows":[{' + ROW.replace(":1,", ":-Infinity,", 1) + "}]}", 422, "not_finite"),
    "1e400": ('{"rows":[{' + ROW.replace(":1,", ":1e400,", 1) + "}]}", 422, "bad_value"),
    "a number of 400 digits": ('{"rows":[{' + ROW.replace(":1,", ":" + "9" * 400 + ",", 1) + "}]}", 422, "bad_value"),
    "a number of 5000 digits": ('{"rows":[{' + ROW.replace(":1,", ":" + "9" * 5_000 + ",", 1) + "}]}", 422, "bad_json"),
    "number for a category": ('{"rows":[{' + ROW.replace('"UA"', "4711") + "}]}", 422, "bad_value"),
    "half a character": ('{"rows":[{' + ROW.replace("UA", "\\ud800") + "}]}", 422, "bad_value"),
    "a NUL": ('{"rows":[{' + ROW.replace("UA", "\\u0000") + "}]}", 422, "bad_value"),
    "an endless text": ('{"rows":[{' + ROW.replace("UA", "x" * 20_001) + "}]}", 422, "bad_value"),
    "number for a boolean": ('{"rows":[{' + ROW.replace("true", "1") + "}]}", 422, "bad_value"),
    "text for a boolean": ('{"rows":[{' + ROW.replace("true", '"true"') + "}]}", 422, "bad_value"),
    "no date": ('{"rows":[{' + ROW.replace("2020-03-01", "SECRET-4711") + "}]}", 422, "bad_value"),
    "number for a date": ('{"rows":[{' + ROW.replace('"2020-03-01"', "20200301") + "}]}", 422, "bad_value"),
    "31st of February": ('{"rows":[{' + ROW.replace("2020-03-01", "2020-02-31") + "}]}", 422, "bad_value"),
    "100,000 nested lists": ('{"rows":' + DEEP + "}", 422, "bad_json"),
    "more than 5 MB": ('{"rows":["' + "x" * 5_000_001 + '"]}', 413, "too_large"),
}


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_body_is_refused_in_one_shape_and_never_repeated(
    live: Live, body: str | bytes, status: int, code: str
) -> None:
    response = live.post(body)
    assert response.status_code == status
    error = response.json()["error"]
    assert error["code"] == code
    assert set(error) == {"code", "message", "hint", "row", "column"}
    assert error["message"]
    assert SENT not in response.text


def test_a_bad_value_is_named_by_row_and_column(live: Live) -> None:
    response = live.post(json.dumps({"rows": [live.row(), live.row(distance=SENT)]}))
    error = response.json()["error"]
    assert (error["row"], error["column"]) == (1, "distance")


def test_only_json_is_taken_so_that_a_foreign_web_page_cannot_send(live: Live) -> None:
    response = live.post(json.dumps({"rows": [live.row()]}), **{"Content-Type": "text/plain"})
    assert response.status_code == 415


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("PUT", "/predict"), ("GET", "/v1/x/y/z")])
def test_unknown_addresses_and_methods_get_the_same_error_shape(live: Live, method: str, path: str) -> None:
    response = live.http.request(method, path)
    assert response.status_code in (404, 405)
    assert set(response.json()["error"]) == {"code", "message", "hint", "row", "column"}


def test_an_unknown_project_is_said_to_have_nothing_live(live: Live) -> None:
    with pytest.raises(NotFoundError, match="Nothing is live"):
        live.client.predict("nobody", [live.row()])


BAD_LABELS = [
    '{"labels":[]}',
    '{"labels":[{"id":"x"}]}',
    '{"labels":[{"id":1,"label":1}]}',
    '{"labels":[{"id":"x","label":null}]}',
]
BAD_LABELS += [
    '{"labels":[{"id":"x","label":[1]}]}',
    '{"labels":[{"id":"","label":1}]}',
    '{"labels":[{"id":"x","label":1e999}]}',
]


@pytest.mark.parametrize("body", BAD_LABELS)
def test_bad_labels_are_refused(live: Live, body: str) -> None:
    assert live.post(body, "labels").status_code == 422


def test_labels_find_their_predictions_even_at_once(live: Live) -> None:
    answers = live.client.predict(live.slug, [live.row(), live.row()])["predictions"]
    labels = [(answers[0]["id"], "yes"), (answers[1]["id"], "no"), ("0" * 24, "yes")]
    assert live.client.send_labels(live.slug, labels) == {"stored": 2, "unknown": ["0" * 24]}
    read = {entry.prediction.id: entry for entry in live.store.log.read(live.world.project.id, labelled_only=True)}
    assert read[answers[0]["id"]].label.value == "yes"


def test_a_changed_label_replaces_the_earlier_one(live: Live) -> None:
    (answer,) = live.client.predict(live.slug, [live.row()])["predictions"]
    live.client.send_labels(live.slug, [(answer["id"], "yes")])
    live.client.send_labels(live.slug, [(answer["id"], "no")])
    (entry,) = [
        e for e in live.store.log.read(live.world.project.id, labelled_only=True) if e.prediction.id == answer["id"]
    ]
    assert entry.label.value == "no"


def test_simulated_traffic_is_marked_in_the_log(live: Live) -> None:
    (made_up,) = live.client.predict(live.slug, [live.row()], simulated=True)["predictions"]
    (real,) = live.client.predict(live.slug, [live.row()])["predictions"]
    live.client.send_labels(live.slug, [(made_up["id"], "yes")], simulated=True)
    live.client.send_labels(live.slug, [(real["id"], "yes")])
    read = {entry.prediction.id: entry for entry in live.store.log.read(live.world.project.id, labelled_only=True)}
    assert read[made_up["id"]].prediction.simulated
    assert read[made_up["id"]].label.simulated
    assert not read[real["id"]].prediction.simulated
    assert not read[real["id"]].label.simulated


def test_while_one_project_is_live_its_name_may_be_left_out(live: Live) -> None:
    response = live.http.post("/predict", json={"rows": [live.row()]})
    assert response.json()["predictions"][0]["prediction"] in ("yes", "no")
    assert live.http.get("/metadata").json()["deployment"] == live.slug
    assert live.http.get("/prototype").json()["target"] == "late"


def test_metadata_tell_which_model_answers_and_who_is_responsible(live: Live) -> None:
    metadata = live.client.metadata(live.slug)
    assert metadata["model_version"] == 1
    assert metadata["digest"] == live.first.digest
    assert (metadata["requested_by"], metadata["approved_by"], metadata["promoted_by"]) == ("Anna", "Bert", "Bert")
    assert metadata["engine"] == live.first.engine == "onnx"
    assert metadata["trouble"] == ""


def test_the_docs_page_needs_nothing_from_elsewhere(live: Live) -> None:
    page = live.http.get("/docs").text
    assert live.slug in page
    assert "scheduled" in page
    assert "src=" not in page
    assert "href=" not in page
    schema = live.http.get("/openapi.json").json()
    assert f"/v1/{live.slug}/predict" in schema["paths"]


def test_the_copied_curl_and_python_examples_work(live: Live) -> None:
    row = serve.example_row(deploy.load_prototype(live.store, live.first.id))
    curl = subprocess.run(
        ["sh", "-c", serve.curl_snippet(live.address, live.slug, row)], capture_output=True, text=True, check=True
    )
    assert json.loads(curl.stdout)["predictions"][0]["prediction"] in ("yes", "no")
    program = serve.python_snippet(live.address, live.slug, row)
    python = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert python.stdout.split()[0] in ("yes", "no")


def test_the_client_tells_refusals_and_absence_apart(live: Live) -> None:
    with pytest.raises(BadInputError, match="'distance' in row 0"):
        live.client.predict(live.slug, [live.row(distance="far")])
    with serve.ServiceClient("http://127.0.0.1:9") as nobody, pytest.raises(NotReadyError, match="does not answer"):
        nobody.ping()


def test_the_address_of_the_service_is_the_one_that_answers(live: Live) -> None:
    assert serve.service_address(live.store) == live.address
    assert serve.start_service(live.store) == live.address
