"""A drill against the real service: what is in the log is what the faults say, and alarms are told from each other."""

import threading
import time
from datetime import timedelta

import pytest

from core import simulate
from core.deploy import live_model, load_prototype
from core.errors import BadInputError, ConflictError, NotFoundError
from core.records import Alert, Fault, Job, utc_now
from core.simulate.rows import find_facts
from core.store import StoppedError
from tests.playing import DyingHandle, Live
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def without_alerts(live: Live) -> None:
    live.store.remove(Alert, project_id=live.project_id)


def open_alert(live: Live, *columns: str, title: str = "The questions have changed") -> Alert:
    model = live.store.releases.current(live.project_id).model_version_id
    evidence = {"columns": [{"name": name} for name in columns]}
    return live.store.add(Alert(live.project_id, model, "drift", title, "Look.", evidence))


def logged(live: Live, job: Job, n: int) -> list:
    wait_for(lambda: len(live.logged(job)) >= n)
    return live.logged(job)


def n_refused(live: Live) -> int:
    return sum(window.n_refused for window in live.store.log.windows(live.project_id))


def test_made_rows_are_played_without_a_stream_and_never_twice_the_same(live: Live) -> None:
    first = live.start_drill(60)
    assert live.play(first)["n_sent"] == 60
    second = live.start_drill(60)
    live.play(second)
    rows = [one.prediction.inputs["distance"] for one in logged(live, first, 120)]
    assert len(set(rows)) > 110
    assert {one.prediction.simulated for one in live.logged(first)} == {True}
    assert all(one.label is not None and one.label.simulated for one in live.logged(first))


def test_what_the_log_holds_is_what_the_faults_say_they_did(live: Live) -> None:
    broken = live.start_drill(
        200,
        Fault("unit_change", 50, 150, ("distance",), value="thousand"),
        Fault("new_category", 100, 200, ("carrier",), severity=0.5),
        Fault("duplicated", 0, 40, severity=0.5),
        Fault("outage", 180, 200),
    )
    result = live.play(broken)
    unit, new, twice, silent = result["traces"]
    n_logged = 200 - silent["n_rows"] + twice["n_rows"]
    rows = [one.prediction.inputs for one in logged(live, broken, n_logged)]
    assert len(rows) == n_logged
    assert (unit["n_rows"], unit["first_row"], unit["last_row"]) == (100, 50, 149)
    assert sum(row["distance"] > 10_000 for row in rows) == 100
    assert (silent["n_rows"], result["n_silent"], result["n_sent"]) == (20, 20, 180)
    assert result["n_copies"] == twice["n_rows"] > 10
    # What an outage swallowed was changed, too, but nobody was asked about it.
    assert 0 < sum(row["carrier"] == "something new" for row in rows) <= new["n_rows"]
    assert unit["began_at"] <= unit["ended_at"]


def test_malformed_and_missing_questions_are_refused_without_their_neighbours(live: Live) -> None:
    before = n_refused(live)
    job = live.start_drill(
        100,
        Fault("malformed", 20, 40, severity=0.5),
        Fault("missing", 60, 80, ("distance",)),
        random_state=3,
    )
    result = live.play(job)
    n_malformed = result["traces"][0]["n_rows"]
    assert result["n_failed"] == n_malformed + 20
    assert result["n_sent"] == 80 - n_malformed
    # Each was refused once: nothing else was in its request.
    wait_for(lambda: n_refused(live) == before + result["n_failed"], 10)


def test_a_stuck_sensor_stays_at_the_value_it_had_and_labels_of_a_changed_concept_turn(live: Live) -> None:
    job = live.start_drill(80, Fault("stuck", 30, 80, ("distance",)), Fault("concept_change", 40, 80))
    params = live.store.get(Job, job.id).params
    model = live.store.releases.current(live.project_id)
    assert model is not None
    live.play(job)
    rows = logged(live, job, 80)
    values = [one.prediction.inputs["distance"] for one in rows]
    stuck_at = params["faults"][0]["value"]
    assert values.count(stuck_at) >= 50
    again = live.start_drill(80)
    live.store.update(again, params={**again.params, "first_row": params["first_row"], "last_row": params["last_row"]})
    live.play(live.store.get(Job, again.id))
    healthy = logged(live, again, 80)
    turned = sum(one.label.value != other.label.value for one, other in zip(rows, healthy, strict=True))
    assert turned == 40
    spread = find_facts(live.store, *_model_and_prototype(live)).spread
    assert spread["distance"] == pytest.approx(300, rel=0.2)


def _model_and_prototype(live: Live) -> tuple:
    model = live_model(live.store, live.project_id)
    assert model is not None
    return model, load_prototype(live.store, model.id)


def test_two_drills_of_one_seed_do_the_same(live: Live) -> None:
    faults = (Fault("label_noise", 0, 60, severity=0.3), Fault("missing", 10, 60, ("delay",), severity=0.4))
    results = []
    for _ in range(2):
        job = live.start_drill(60, *faults, random_state=11)
        params = {**job.params, "first_row": 0, "last_row": 60}
        live.play(live.store.update(job, params=params))
        rows = sorted((one.prediction.inputs["distance"], one.label.value) for one in logged(live, job, 60))
        results.append((rows, [trace["n_rows"] for trace in live.store.get(Job, job.id).result["traces"]]))
    assert results[0] == results[1]


def test_alarms_are_told_right_ones_from_false_ones_and_what_nobody_noticed_is_said(live: Live) -> None:
    # Alarms come up while it plays: one before anything is wrong, one about the column that is, and never about noise.
    job = live.start_drill(
        660,
        Fault("shift", 100, 400, ("distance",), severity=3.0),
        Fault("label_noise", 640, 660, severity=0.5),
        rows_per_second=100.0,
        grace_s=0.5,
    )
    before = open_alert(live, "delay", title="Old news")
    thread = threading.Thread(target=live.play, args=(job,))
    thread.start()

    def played() -> int:
        return live.store.get(Job, job.id).result.get("next_row", 0) - job.params["first_row"]

    wait_for(lambda: played() > 0)
    open_alert(live, "carrier", title="Nothing really")
    wait_for(lambda: played() > 110)
    right = open_alert(live, "distance", title="Distance has changed")
    live.store.update(before, evidence={"columns": [{"name": "delay"}, {"name": "distance"}]})
    thread.join(60)
    live.store.update(right, state="acknowledged", handled_by="Grace")
    report = simulate.score_drill(live.store, job.id, now=utc_now())
    shift, noise = report.faults
    assert (shift.noticed_by, shift.named_its_column, shift.acknowledged_by) == ("Distance has changed", True, "Grace")
    assert 0 < (shift.noticed_after_s or 0) < 3
    assert 0 < (shift.noticed_after_rows or 0) < 300
    assert noise.noticed_at is None
    assert noise.n_rows > 0
    verdicts = {(alarm.title, alarm.was_open): (alarm.verdict, alarm.columns) for alarm in report.alarms}
    assert verdicts == {
        ("Nothing really", False): ("false", ("carrier",)),
        ("Distance has changed", False): ("right", ("distance",)),
        ("Old news", True): ("right", ("distance",)),
    }
    told = " ".join(report.sentences)
    assert report.sentences[0] == "2 things went wrong: 1 was noticed, and 1 alarm was false."
    assert "'distance' moves up by 3 standard deviations" in told
    assert "the right column was named" in told
    assert "Grace acknowledged it" in told
    assert "nobody noticed" in told
    assert "False alarm at row" in told
    assert "1 alarm was open already" in told


def test_an_alarm_that_came_up_while_nobody_played_belongs_to_the_row_at_which_the_play_stood(live: Live) -> None:
    job = live.start_drill(120, Fault("stuck", 0, 120, ("distance",)), rows_per_second=60.0, grace_s=2.0)
    with pytest.raises(KeyboardInterrupt):
        simulate.run_replay(DyingHandle(live.store, job))
    interrupted = live.store.get(Job, job.id)
    open_alert(live, "distance")
    time.sleep(1.0)
    live.play(interrupted)
    (alarm,) = simulate.score_drill(live.store, job.id, now=utc_now()).alarms
    assert alarm.row == interrupted.result["next_row"] - job.params["first_row"] < 120
    assert alarm.verdict == "right"


def test_a_hidden_drill_is_revealed_by_who_started_it_only(live: Live) -> None:
    job = live.start_drill(40, Fault("missing", 0, 40, ("distance",)), hidden=True)
    live.play(job)
    assert "refused" not in live.store.get(Job, job.id).message
    with pytest.raises(ConflictError, match="Only Ada"):
        simulate.reveal_drill(live.store, job.id, by="Bert")
    assert not simulate.read_settings(live.store.get(Job, job.id)).revealed
    simulate.reveal_drill(live.store, job.id, by="Ada")
    assert simulate.read_settings(live.store.get(Job, job.id)).revealed


def test_a_drill_that_is_stopped_is_scored_as_far_as_it_came(live: Live) -> None:
    job = live.start_drill(
        400, Fault("outage", 20, 400), Fault("malformed", 390, 400), rows_per_second=40.0, grace_s=100.0
    )

    def play() -> None:
        with pytest.raises(StoppedError):
            live.play(job)

    thread = threading.Thread(target=play)
    thread.start()
    wait_for(lambda: any(trace["n_rows"] for trace in live.store.get(Job, job.id).result.get("traces", ())))
    running = simulate.score_drill(live.store, job.id, now=utc_now())
    assert running.ended_at is None
    assert "so far" in running.sentences[0]
    live.store.jobs.request_stop(job.id, utc_now())
    thread.join(30)
    report = simulate.score_drill(live.store, job.id, now=utc_now())
    assert [score.n_rows > 0 for score in report.faults] == [True, False]
    assert "it met no row" in " ".join(report.sentences)
    assert not live.store.files.play(job.id).exists()
    assert simulate.list_plays(live.store, live.project_id)[-1].ended_at is not None


def test_a_play_without_faults_is_no_drill_and_bad_choices_are_refused(live: Live) -> None:
    job = live.start_drill(20)
    live.play(job)
    with pytest.raises(NotFoundError, match="was no drill"):
        simulate.score_drill(live.store, job.id, now=utc_now() + timedelta(hours=1))
    for choice in ({"speed_up": 0.5}, {"shape": "wild"}, {"grace_s": -1.0}, {"rows_per_second": 0.0}):
        with pytest.raises(BadInputError):
            live.start_drill(20, **choice)
    with pytest.raises(BadInputError, match="no column 'rain'"):
        live.start_drill(20, Fault("stuck", 0, 20, ("rain",)))


def test_minutes_become_the_rows_that_come_then(live: Live) -> None:
    choices = simulate.Choices(600, 10.0)
    assert simulate.rows_between(choices, 20.0, 40.0) == (200, 400)
    assert simulate.rows_between(choices, 30.0, None) == (300, 600)
    weekly = simulate.Choices(600, 10.0, shape="weekly", speed_up=3_600.0)
    first, last = simulate.rows_between(weekly, 4.0, 8.0)
    # The afternoon of the first day has more than its share.
    assert last - first > 40


def test_labels_that_are_spread_come_one_after_the_other(live: Live) -> None:
    job = live.start_drill(80, rows_per_second=400.0, label_delay_s=0.5, label_timing="spread")
    assert live.play(job)["n_labels"] == 80
    delays = sorted(
        (one.label.received_at - one.prediction.predicted_at).total_seconds() for one in logged(live, job, 80)
    )
    assert delays[8] < 0.4 < delays[-8]
    assert delays[-1] < 5 * 0.5 + 1
