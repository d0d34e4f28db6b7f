"""A drill whose alarms the monitor raises itself: who noticed what after how long, and which alarms were false."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pandas as pd
import pytest
from sqlalchemy import select, update

from core import monitor, serve, simulate
from core.deploy import live_model, load_prototype, request_rows
from core.jobs import JobRunner
from core.records import Alert, DrillReport, Fault, Job, ModelVersion, Window, utc_now
from core.store import Store
from core.store.tables import WINDOW
from tests.model_worlds import copy_version, make_frame, promote
from tests.playing import Live
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

N_ROWS, BAD_FROM = 500, 300
SLOW, QUICK = 60.0, 150.0
"""Rows a second. Slow: there are five seconds before anything is wrong."""
BATCH = 12
"""Rows asked together when it is slow: those of a fifth of a second."""


@pytest.fixture
def fresh(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelVersion]:
    """A version of its own for each test: what was asked of another one is none of its traffic."""
    monkeypatch.setattr("core.jobs.runner.ALERT_INTERVAL_S", 0.3)
    monkeypatch.setattr("core.monitor.alerts.watching.AGAIN_AFTER", timedelta(seconds=0.5))
    before = live_model(live.store, live.project_id)
    assert before is not None
    model = copy_version(live.store, before, number=before.number + 1)
    promote(live.store, model)
    wait_for(lambda: answering_version(live) == model.number)
    live.keep_back(like_the_training_rows())
    with job_runner(live.store):
        yield model
    live.store.remove(Alert, project_id=live.project_id)


@contextmanager
def job_runner(store: Store) -> Iterator[None]:
    """The job runner, which plays what is in the queue and looks for alerts."""
    runner = JobRunner(store)
    thread = threading.Thread(target=runner.run_forever)
    thread.start()
    try:
        yield
    finally:
        runner.close()
        thread.join(30)
        assert not thread.is_alive()


def answering_version(live: Live) -> int:
    address = serve.service_address(live.store)
    return int(httpx.get(f"{address}/v1/{live.world.project.slug}/metadata").json()["model_version"])


def like_the_training_rows() -> pd.DataFrame:
    return make_frame(n_rows=N_ROWS, seed=21).sample(frac=1.0, random_state=0).reset_index(drop=True)


def start(live: Live, fault: Fault, *, speed: float = QUICK, grace_s: float = 60.0) -> Job:
    return live.start_drill(N_ROWS, fault, origin="kept_back", rows_per_second=speed, label_share=0.0, grace_s=grace_s)


def score(live: Live, job: Job) -> DrillReport:
    return simulate.score_drill(live.store, job.id, now=utc_now())


def score_when_noticed(live: Live, job: Job) -> DrillReport:
    """Let all be asked and the fault be noticed; nothing more is waited for."""
    wait_for(lambda: live.store.get(Job, job.id).result.get("next_row") == N_ROWS and score(live, job).n_noticed, 60)
    live.store.jobs.request_stop(job.id, utc_now())
    wait_for(lambda: not live.store.get(Job, job.id).active)
    return score(live, job)


def test_a_stuck_sensor_is_noticed_and_what_came_before_it_was_a_false_alarm(live: Live, fresh: ModelVersion) -> None:
    job = start(live, Fault("stuck", BAD_FROM, N_ROWS, ("distance",)), speed=SLOW)
    # Meanwhile somebody else asks about carriers that nobody knew: the monitor rightly calls, but not for the drill.
    others = like_the_training_rows().drop(columns="late").assign(carrier="ZZ").head(60)
    with serve.ServiceClient(str(serve.service_address(live.store))) as client:
        client.predict(live.world.project.slug, request_rows(load_prototype(live.store, fresh.id), others))
    wait_for(lambda: live.store.count(Alert, model_version_id=fresh.id, kind="drift"))
    (alert,) = live.store.find(Alert, model_version_id=fresh.id, kind="drift")
    monitor.acknowledge_alert(live.store, alert.id, by="Grace", seen=alert.revision)
    report = score_when_noticed(live, job)
    (stuck,) = report.faults
    assert stuck.n_rows >= N_ROWS - BAD_FROM - 5
    assert (stuck.noticed_by, stuck.named_its_column, stuck.acknowledged_by) == (alert.title, True, "Grace")
    assert "distance" in alert.title
    assert stuck.began_at is not None
    assert stuck.noticed_at == alert.opened_at
    assert stuck.noticed_after_s == (alert.opened_at - stuck.began_at).total_seconds()
    asked = [one.prediction.predicted_at for one in live.logged(job) if one.prediction.simulated]
    n_until_then = sum(stuck.began_at <= at <= alert.opened_at for at in asked)
    assert stuck.noticed_after_rows == pytest.approx(n_until_then, abs=2 * BATCH)
    verdicts = {(alarm.title, alarm.verdict) for alarm in report.alarms if alarm.alert_id != alert.id}
    assert ("Values are missing or unknown: carrier", "false") in verdicts
    assert report.sentences[0] == "1 thing went wrong: it was noticed, and 1 alarm was false."


def test_a_new_category_is_noticed_by_the_rule_for_unknown_values(live: Live, fresh: ModelVersion) -> None:
    report = score_when_noticed(live, start(live, Fault("new_category", BAD_FROM, N_ROWS, ("carrier",), value="ZZ")))
    (new,) = report.faults
    assert new.n_rows == N_ROWS - BAD_FROM
    assert (new.noticed_by, new.named_its_column) == ("Values are missing or unknown: carrier", True)
    assert report.n_false == 0
    assert "'carrier' says 'ZZ', which nobody knew" in report.sentences[1]


def test_an_outage_is_noticed_by_silence_where_people_usually_ask(live: Live, fresh: ModelVersion) -> None:
    ask_every_day(live)
    job = start(live, Fault("outage", BAD_FROM, N_ROWS))
    wait_for(lambda: sum(trace["n_rows"] for trace in live.store.get(Job, job.id).result.get("traces", ())))
    let_time_pass(live, timedelta(minutes=40))
    report = score_when_noticed(live, job)
    (outage,) = report.faults
    assert outage.n_rows == N_ROWS - BAD_FROM
    assert (outage.noticed_by, outage.named_its_column) == ("Nobody asks any more", None)
    assert report.n_false == 0


def test_an_outage_that_is_too_short_for_silence_to_be_strange_is_said_to_be_unnoticed(
    live: Live, fresh: ModelVersion
) -> None:
    job = start(live, Fault("outage", BAD_FROM, N_ROWS), grace_s=1.5)
    wait_for(lambda: not live.store.get(Job, job.id).active)
    report = score(live, job)
    assert report.sentences[0] == "1 thing went wrong: nobody noticed it, and there was no alarm."
    assert "the rule 'Nobody asks any more' says so" in report.sentences[1]
    assert report.alarms == ()


def ask_every_day(live: Live) -> None:
    """Note that at this time of the last seven days people asked; of another version, as it would be."""
    minute = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    habit = Window(live.project_id, "an earlier one", minute, n_requests=40, n_rows=40)
    days = [replace(habit, started_at=minute - timedelta(days=n)) for n in range(8, 0, -1)]
    live.store.log.append([], days)


def let_time_pass(live: Live, span: timedelta) -> None:
    """Move all that was counted today into the past, as if nothing had been asked for so long since."""
    model = live_model(live.store, live.project_id)
    assert model is not None
    mine = {"model_version_id": model.id}
    wait_for(lambda: sum(one.n_rows for one in live.store.log.windows(live.project_id, **mine)) >= BAD_FROM)
    today = (WINDOW.c.project_id == live.project_id) & (WINDOW.c.started_at > utc_now() - timedelta(hours=12))
    with live.store.engine.begin() as connection:
        for version, minute in connection.execute(select(WINDOW.c.model_version_id, WINDOW.c.started_at).where(today)):
            one = (WINDOW.c.model_version_id == version) & (WINDOW.c.started_at == minute)
            connection.execute(update(WINDOW).where(one).values(started_at=minute - span))
