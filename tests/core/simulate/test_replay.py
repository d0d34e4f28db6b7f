"""Kept-back rows played against the real service: what is sent, what is not, and what survives."""

import threading
import time

import numpy as np
import pandas as pd
import pytest

from core import serve, simulate
from core.errors import BadInputError, NoDataError, NotReadyError
from core.records import Job, Json, utc_now
from core.store import StoppedError, Store
from tests.model_worlds import approve, make_frame, make_world, promote
from tests.playing import DyingHandle, Live
from tests.waiting import wait_for


def test_every_row_is_sent_once_without_its_answer_and_labels_follow_for_a_share(live: Live) -> None:
    frame = make_frame(n_rows=250, seed=5)
    live.keep_back(frame)
    job = live.start(250, share=0.6, delay_s=0.2)
    result = live.play(job)
    assert (result["n_sent"], result["n_failed"]) == (250, 0)
    wait_for(lambda: len(live.logged(job)) == 250)
    logged = live.logged(job)
    assert all(row.prediction.simulated for row in logged)
    assert all(set(row.prediction.inputs) == set(frame.columns) - {"late"} for row in logged)
    assert sorted(row.prediction.inputs["distance"] for row in logged) == sorted(frame["distance"].tolist())
    assert sum(row.prediction.inputs["delay"] is None for row in logged) == frame["delay"].isna().sum()
    labelled = [row for row in logged if row.label is not None]
    assert len(labelled) == result["n_labels"]
    assert 0.45 < len(labelled) / 250 < 0.75
    truth = frame.set_index(["distance", "scheduled"])["late"]
    for row in labelled:
        key = row.prediction.inputs["distance"], pd.Timestamp(row.prediction.inputs["scheduled"])
        assert row.label is not None
        assert row.label.value == truth[key]
        assert row.label.received_at >= row.prediction.predicted_at
    message = live.store.get(Job, job.id).message
    assert message == f"250 of 250 rows sent, {len(labelled)} labels delivered."


def test_a_replay_begins_where_the_one_before_it_ended_until_all_rows_are_played(live: Live) -> None:
    frame = make_frame(n_rows=60, seed=6)
    live.keep_back(frame)
    first = live.start(40)
    live.play(first)
    second = live.start(40)
    assert live.play(second)["n_sent"] == 20
    wait_for(lambda: len(live.logged(first)) == 60)
    sent = [row.prediction.inputs["distance"] for row in live.logged(first)]
    assert sorted(sent) == sorted(frame["distance"].tolist())
    with pytest.raises(NoDataError, match="All 60 kept-back rows have been played"):
        live.start(1)


def test_a_row_the_service_refuses_does_not_take_its_neighbours_with_it(live: Live) -> None:
    frame = make_frame(n_rows=50, seed=7)
    frame.loc[20, "distance"] = np.nan
    live.keep_back(frame)
    job = live.start(50)
    result = live.play(job)
    assert (result["n_sent"], result["n_failed"], result["n_labels"]) == (49, 1, 49)
    assert live.store.get(Job, job.id).message.endswith("1 refused.")


def test_it_stops_when_asked_long_before_its_end(live: Live) -> None:
    live.keep_back(make_frame(n_rows=2_000, seed=8))
    job = live.start(2_000, speed=20)
    ended: list[float] = []

    def play() -> None:
        with pytest.raises(StoppedError):
            live.play(job)
        ended.append(time.monotonic())

    thread = threading.Thread(target=play)
    thread.start()
    wait_for(lambda: live.store.get(Job, job.id).result.get("n_sent", 0) > 5)
    asked = time.monotonic()
    live.store.jobs.request_stop(job.id, utc_now())
    thread.join(30)
    assert ended[0] - asked < 10
    stopped = live.store.get(Job, job.id)
    assert live.start(1).params["first_row"] == stopped.result["next_row"] < 2_000
    live.store.update(live.store.find(Job, kind="replay")[-1], status="stopped")


def test_work_that_was_interrupted_goes_on_from_its_recorded_place(live: Live) -> None:
    frame = make_frame(n_rows=120, seed=9)
    live.keep_back(frame)
    job = live.start(120, speed=60, delay_s=0.3)
    with pytest.raises(KeyboardInterrupt):
        simulate.run_replay(DyingHandle(live.store, job))
    interrupted = live.store.get(Job, job.id)
    assert 0 < interrupted.result["next_row"] < 120
    result = live.play(interrupted)
    assert (result["n_sent"], result["n_labels"]) == (120, 120)
    wait_for(lambda: len(live.logged(job)) >= 120)
    sent = [row.prediction.inputs["distance"] for row in live.logged(job)]
    assert sorted(sent) == sorted(frame["distance"].tolist())


@pytest.mark.slow
def test_it_waits_for_a_service_that_is_started_again(live: Live) -> None:
    live.keep_back(make_frame(n_rows=120, seed=10))
    job = live.start(120, speed=60)
    thread = threading.Thread(target=live.play, args=(job,))
    thread.start()
    wait_for(lambda: live.store.get(Job, job.id).result.get("n_sent", 0) > 0)
    serve.stop_service(live.store)
    wait_for(lambda: "trying again" in live.store.get(Job, job.id).message)
    serve.start_service(live.store)
    thread.join(60)
    done = live.store.get(Job, job.id)
    assert (done.status, done.result["n_sent"], done.result["n_labels"]) == ("done", 120, 120)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"speed": 0.0}, "That speed is not possible"),
        ({"n_rows": 0}, "There is no row to play"),
        ({"delay_s": -1.0}, "That delay is not possible"),
        ({"share": 1.5}, "The share of labels"),
    ],
)
def test_impossible_settings_are_refused_in_words(live: Live, changes: Json, words: str) -> None:
    live.keep_back(make_frame(n_rows=20, seed=11))
    with pytest.raises(BadInputError, match=words):
        live.start(**{"n_rows": 5, **changes})


def test_without_a_live_model_a_stream_or_a_service_it_is_said_what_is_missing(store: Store) -> None:
    world = make_world(store, "Nothing yet")
    here = Live(store, world)
    with pytest.raises(NotReadyError, match="No model is live"):
        here.start(5)
    promote(store, approve(store, world))
    with pytest.raises(NotReadyError, match="service is not running"):
        here.start(5)
