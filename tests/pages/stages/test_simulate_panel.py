"""What a person sees of the live world on Monitor model: choosing, playing, a drill and how it went."""

from datetime import timedelta

import pytest

from core import records
from core.records import Fault, utc_now


def test_without_the_service_nothing_can_be_played(world, open_page, text_of):
    world.go_live()
    world.keep_back()
    assert "The prediction service is not running" in text_of(open_page("monitor_model"))


def test_kept_back_rows_are_played_as_asked(world, service, open_page):
    world.go_live()
    world.keep_back(n_rows=900)
    page = open_page("monitor_model")
    assert page.number_input(key="monitor_n_rows").value == 900
    page.number_input(key="monitor_n_rows").set_value(100)
    page.select_slider(key="monitor_speed").set_value(20)
    page.slider(key="monitor_label_share").set_value(50)
    page.button(key="monitor_start").click().run()
    job = world.store.newest(records.Job, project_id=world.id, kind="replay")
    assert (job.params["last_row"], job.params["rows_per_second"], job.params["label_share"]) == (100, 20.0, 0.5)
    assert page.button(key="monitor_start").disabled
    assert page.button(key="job_stop_replay")


def test_a_replay_goes_on_where_the_last_one_ended_and_ends_with_the_rows(world, service, open_page, text_of):
    world.go_live()
    world.keep_back(n_rows=900)
    stream = world.store.newest(records.DatasetVersion, role="stream")
    played = {"params": {"stream_id": stream.id}, "status": "done"}
    world.store.add(records.Job(world.id, "replay", result={"next_row": 700}, **played))
    page = open_page("monitor_model")
    assert "700 of 900 rows have been played." in text_of(page)
    assert page.number_input(key="monitor_n_rows").max == 200
    world.store.add(records.Job(world.id, "replay", result={"next_row": 900}, **played))
    assert "All 900 kept-back rows have been played." in text_of(open_page("monitor_model"))


def test_without_kept_back_rows_new_ones_can_be_made(world, service, open_page, text_of):
    world.go_live()
    page = open_page("monitor_model")
    assert page.get_by_key("monitor_origin").value == "made"
    assert "New rows like those that were set aside" in text_of(page)
    page.get_by_key("monitor_origin").set_value("kept_back").run()
    told = text_of(page)
    assert "no rows kept back" in told
    assert "Collect data" in [link.value for link in page.page_link]


def test_what_will_be_played_is_said_with_the_simulated_clock(world, service, open_page, text_of):
    world.go_live()
    page = open_page("monitor_model")
    page.number_input(key="monitor_n_rows").set_value(6000).run()
    assert "6,000 rows in about 2 minutes, from Monday 08:00 of week 1 to Monday 09:59 of week 1." in text_of(page)
    page.selectbox(key="monitor_clock").set_value("a minute a minute")
    page.selectbox(key="monitor_shape").set_value("weekly")
    page.selectbox(key="monitor_timing").set_value("spread")
    page.number_input(key="monitor_seed").set_value(7).run()
    page.button(key="monitor_start").click().run()
    job = world.store.newest(records.Job, project_id=world.id, kind="replay")
    chosen = [job.params[name] for name in ("origin", "shape", "speed_up", "label_timing", "random_state", "faults")]
    assert chosen == ["made", "weekly", 1.0, "spread", 7, []]


def test_a_fault_is_said_in_a_sentence_and_becomes_rows(world, service, open_page, text_of):
    world.go_live()
    world.keep_back(n_rows=900)
    page = open_page("monitor_model")
    page.select_slider(key="monitor_speed").set_value(1)
    page.get_by_key("monitor_n_faults").set_value(1).run()
    page.selectbox(key="monitor_fault0_kind").set_value("unit_change").run()
    page.slider(key="monitor_fault0_span").set_value((5.0, 10.0)).run()
    words = "From minute 5 until minute 10 (300 rows), 'distance' reports Fahrenheit instead of Celsius."
    assert words in text_of(page)
    assert page.button(key="monitor_start").label == "Start the drill"
    page.toggle(key="monitor_hidden").set_value(True).run()
    page.button(key="monitor_start").click().run()
    job = world.store.newest(records.Job, project_id=world.id, kind="replay")
    (fault,) = job.params["faults"]
    assert (fault["kind"], fault["columns"], fault["value"]) == ("unit_change", ["distance"], "fahrenheit")
    assert (fault["first_row"], fault["last_row"], fault["severity"]) == (300, 600, 1.0)
    assert job.params["hidden"]


@pytest.mark.parametrize(
    "kind", ["shift", "missing", "stuck", "new_category", "duplicated", "concept_change", "outage"]
)
def test_every_fault_that_the_model_has_columns_for_can_be_chosen(world, service, open_page, text_of, kind):
    world.go_live()
    world.keep_back(n_rows=900)
    page = open_page("monitor_model")
    page.get_by_key("monitor_n_faults").set_value(1).run()
    page.selectbox(key="monitor_fault0_kind").set_value(kind).run()
    assert "until the end" in text_of(page)
    assert "This needs" not in text_of(page)


def test_a_fault_for_which_the_model_has_no_columns_says_so_and_is_left_out(world, service, open_page, text_of):
    world.go_live()
    world.keep_back(n_rows=900)
    page = open_page("monitor_model")
    page.get_by_key("monitor_n_faults").set_value(1).run()
    page.selectbox(key="monitor_fault0_kind").set_value("swapped").run()
    assert "This needs two columns of one kind" in text_of(page)
    assert page.button(key="monitor_start").label == "Start playing"


def add_drill(world, *, hidden=False, status="done", by="Anna"):
    """A drill in which the distance moved; an alarm came after 20 seconds, another one before anything was wrong."""
    start = utc_now() - timedelta(minutes=4)
    began = start.timestamp() + 60
    fault = Fault("shift", 600, 1200, ("distance",), 2.0)
    params = {
        "stream_id": "none",
        "first_row": 0,
        "last_row": 1800,
        "rows_per_second": 10.0,
        "label_delay_s": 0.0,
        "label_share": 1.0,
        "faults": [vars(fault)],
        "hidden": hidden,
    }
    sightings = [
        {"alert_id": "early", "title": "Nothing really", "row": 100, "at": start.timestamp() + 10, "columns": []},
        {"alert_id": "late", "title": "Distance*", "row": 800, "at": began + 20, "columns": ["distance"]},
    ]
    trace = {"n_rows": 600, "first_row": 600, "last_row": 1199, "began_at": began, "ended_at": began + 60}
    result = {"next_row": 1800, "traces": [trace], "sightings": sightings, "known": {}}
    ended = utc_now() if status == "done" else None
    return world.store.add(
        records.Job(world.id, "replay", params, status, result=result, created_by=by, started_at=start, ended_at=ended)
    )


def test_a_drill_is_told_in_sentences_and_drawn(world, open_page, text_of):
    world.go_live()
    add_drill(world)
    page = open_page("monitor_model")
    told = text_of(page)
    assert "**1 thing went wrong: it was noticed, and 1 alarm was false.**" in told
    assert "'distance' moves up by 2 standard deviations (600 rows): noticed after 20 seconds (200 rows)" in told
    assert "by the alarm 'Distance*'; the right column was named." in told
    assert "False alarm at row 100" in told
    assert len(page.get("plotly_chart")) == 1


def test_a_drill_under_way_is_told_as_far_as_it_is(world, open_page, text_of):
    world.go_live()
    add_drill(world, status="running")
    page = open_page("monitor_model")
    assert "1 thing went wrong so far" in text_of(page)
    assert page.button(key="job_stop_replay")


def test_a_hidden_drill_stays_a_secret_until_who_started_it_reveals_it(world, open_page, text_of):
    world.go_live()
    add_drill(world, hidden=True)
    page = open_page("monitor_model")
    told = text_of(page)
    assert "a secret until Anna reveals it" in told
    assert "distance" not in told
    page.button(key="monitor_reveal").click().run()
    assert "'distance' moves up" in text_of(page)


def test_a_class_cannot_reveal_the_drill_of_its_teacher(world, open_page, text_of):
    world.go_live()
    add_drill(world, hidden=True, by="Grace")
    page = open_page("monitor_model")
    assert "a secret until Grace reveals it" in text_of(page)
    assert "monitor_reveal" not in [button.key for button in page.button]


def test_charts_of_live_traffic_shade_what_was_simulated(world, open_page):
    world.get_traffic()
    add_drill(world)
    page = open_page("monitor_model")
    assert not page.exception
    specs = [chart.proto.spec for chart in page.get("plotly_chart")]
    assert sum("simulated" in spec and "rect" in spec for spec in specs) == 2
