"""Which columns changed and matter, one of them in detail, and whether the questions are in order, on Monitor."""

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import deploy, records
from core.store import record_to_json


def traces(page: AppTest, key: str) -> list[dict]:
    """What a chart draws."""
    return json.loads(page.get_by_key(key).proto.spec)["data"]


def test_columns_lie_by_how_much_they_changed_and_how_much_the_model_leans_on_them(world, open_page, text_of):
    world.get_traffic()
    page = open_page("monitor_model")
    assert "Upward: how much the model leans on a column. To the right: how much its values changed." in text_of(page)
    marks = {
        name: (trace["name"], x, y)
        for trace in traces(page, "monitor_drift")
        for (name, _), x, y in zip(trace["customdata"], trace["x"], trace["y"], strict=True)
    }
    assert set(marks) == {"distance", "carrier"}
    changed, steady = marks["distance"], marks["carrier"]
    assert changed[0] != steady[0]
    assert changed[1] > 0.5 > 0.02 > steady[1]
    assert (changed[2], steady[2]) == (100, 0)
    assert ":gray[(100% of the importance)]" in text_of(page)


def test_one_column_is_shown_as_it_was_and_is_with_rows_sentence_and_figures(world, open_page, text_of):
    world.get_traffic(rows=400)
    page = open_page("monitor_model")
    assert page.selectbox(key="monitor_column").value == "distance"
    told = text_of(page)
    assert "distance: " in told
    assert "2,000 live rows." in told
    before, now = traces(page, "monitor_column_detail")
    assert before["name"] != now["name"]
    assert before["x"] == pytest.approx([0.3, 0.4, 0.3, 0])
    assert now["x"] == pytest.approx([0, 0, 1, 0])
    signals, measures = (table.value for table in page.dataframe[:2])
    values = signals[signals["What"] == "how the values are spread"].iloc[0]
    assert bool(values["Changed"])
    assert values["By chance alone"] < 0.001
    assert measures.set_index("Measure")["Value"]["PSI"] > 0.5
    page.selectbox(key="monitor_column").set_value("carrier").run()
    assert "carrier: as it was when the model learnt." in text_of(page)
    before, now = traces(page, "monitor_column_detail")
    assert before["x"] == pytest.approx(now["x"])


def test_the_newest_questions_are_shown_with_the_chosen_column_first(world, open_page, text_of):
    world.get_traffic(rows=400)
    page = open_page("monitor_model")
    page.session_state["monitor_rows"] = True
    page.run()
    page.selectbox(key="monitor_column").set_value("carrier").run()
    table = page.dataframe[2]
    assert list(table.proto.column_order) == ["carrier", "Asked at", "Answer", "distance"]
    assert len(table.value) == 50
    newest = world.store.log.read(world.id, newest=1)[0].prediction
    assert (table.value["Asked at"].iloc[0], table.value["Answer"].iloc[0]) == (newest.predicted_at, newest.prediction)
    assert set(table.value["distance"]) == {2000.0}


def test_questions_that_are_no_longer_kept_are_said_to_be_gone(world, open_page, text_of):
    world.get_traffic(rows=400)
    while world.store.log.remove_before(world.id, records.utc_now(), limit=1_000):
        pass
    page = open_page("monitor_model")
    page.session_state["monitor_rows"] = True
    page.run()
    assert "None of them is kept" in text_of(page)


def test_what_is_wrong_with_the_questions_is_told_with_the_codes_of_the_data_checks(world, open_page, text_of):
    world.get_traffic(rows=400)
    learnt = deploy.load_reference(world.store, world.model.id)
    distance, carrier = learnt.columns
    reference = replace(learnt, columns=(distance, replace(carrier, n_unknown=0)))
    (world.store.files.model(world.model.id) / "reference.json").write_text(record_to_json(reference))
    at = world.store.log.windows(world.id)[-1].started_at
    refused = {records.refusal_key("bad_value", "distance"): 40}
    columns = {"distance": (0, 0, 1000, 0), "carrier": (0, 0, 400, 600)}
    counted = records.Window(
        world.id, world.model.id, at, 140, 1000, 40, columns=columns, unknown={"carrier": 400}, refusals=refused
    )
    world.store.log.append([], [counted])
    page = open_page("monitor_model")
    told = text_of(page)
    problem = ":red[:material/error:]"
    assert f"{problem} carrier: 27 % of rows have no value; when it learnt, 0 % did. :gray-badge[FC204]" in told
    assert f"{problem} carrier: 18 % of rows have a category that the model has never seen;" in told
    for code in ("FC204", "FC301", "FC302", "FC306"):
        assert f":gray-badge[{code}]" in told
    assert "distance: in 40 of 260 requests the value was of the wrong type; they were refused." in told
    assert any(box.label == "Refused: 40 requests" for box in page.expander)


def test_questions_in_order_are_said_to_be(world, open_page, text_of):
    world.get_traffic(rows=400, changed=False)
    told = text_of(open_page("monitor_model"))
    assert "The newest 2,000 rows are in order." in told
    assert ":green[:material/check_circle:] No column has clearly changed." in told
