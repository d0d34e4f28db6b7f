"""The job runner is killed outright while alerts open and end: none is lost, none reaches a receiver twice."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from core import monitor
from core.monitor.notices.delivering import LEASE
from core.records import Alert, AlertChange, Delivery, ModelVersion, ProcessInfo, Window, utc_now
from core.store import Store
from tests.core.monitor.conftest import make_reference
from tests.receivers import SECRET, HookReceiver, MailReceiver
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
START_S = 90
SHORT_S = 1.5
"""A runner looks and sends within this time after its start."""


@contextmanager
def runner(store: Store) -> Iterator["subprocess.Popen[bytes]"]:
    """Start `python -m core.jobs`, which needs no cluster as long as there is no job; kill it at the end."""
    environment = os.environ | {
        "FULL_CIRCLE_HOME": str(store.home),
        "FULL_CIRCLE_SCHEDULER": "tcp://127.0.0.1:9",
        "FULL_CIRCLE_ALLOW_PRIVATE": "1",
    }
    with (store.home / "jobs.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.jobs"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            wait_for(lambda: store.count(ProcessInfo, name="jobs", pid=process.pid), START_S, interval_s=0.01)
            yield process
        finally:
            process.kill()
            process.wait()


def fail_requests(store: Store, model: ModelVersion) -> None:
    now = utc_now().replace(second=0, microsecond=0)
    store.log.append([], [Window("p", model.id, now, n_requests=100, n_errors=50, n_rows=100, n_dropped=10)])


def make_trouble(store: Store, make_live: Callable[..., ModelVersion], n_kills: int, seed: int) -> None:
    """Kill the runner again and again; when it has opened the alerts, another version goes live, which ends them."""
    draw = random.Random(seed)
    reference = make_reference(pd.DataFrame({"heat": [1.0, 2.0, 3.0] * 50}), ["no", "yes"] * 50)
    model = make_live(reference, number=1)
    fail_requests(store, model)
    for _ in range(n_kills):
        with runner(store):
            time.sleep(draw.uniform(0.0, SHORT_S))
        if store.count(Alert, model_version_id=model.id):
            model = make_live(reference, number=model.number + 1)
            fail_requests(store, model)


def check_nothing_is_lost(store: Store, hook: HookReceiver, post_box: MailReceiver) -> None:
    alerts, changes, deliveries = store.find(Alert), store.find(AlertChange), store.find(Delivery)
    assert {delivery.status for delivery in deliveries} == {"delivered"}
    assert Counter((alert.model_version_id, alert.kind) for alert in alerts).most_common(1)[0][1] == 1
    wanted = Counter((change.alert_id, "opened" if change.before is None else "resolved") for change in changes)
    assert max(wanted.values()) == 1
    assert {alert_id for alert_id, _ in wanted} == {alert.id for alert in alerts}
    heard = Counter((told["id"], told["change"]) for notice in hook.notices.values() for told in notice["alerts"])
    assert heard == wanted
    assert hook.bad_signatures == []
    mailed = {mail.strip("<>").partition("@")[0] for mail in post_box.mails}
    assert mailed | set(hook.notices) == {delivery.id for delivery in deliveries}
    assert len(mailed) == len(hook.notices)


@pytest.mark.parametrize("n_kills", [1, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])])
def test_no_alert_is_lost_and_none_comes_twice_by_its_id_however_often_the_runner_is_killed(
    store: Store, make_live: Callable[..., ModelVersion], monkeypatch: pytest.MonkeyPatch, n_kills: int
) -> None:
    monkeypatch.setenv("FULL_CIRCLE_ALLOW_PRIVATE", "1")
    make_live(make_reference(pd.DataFrame({"heat": [1.0, 2.0]}), ["no", "yes"]), number=0)
    with HookReceiver(slow_s=0.4).running() as hook, MailReceiver().running() as post_box:
        settings = {"host": "127.0.0.1", "port": post_box.port, "security": "none", "sender": "a@example.org"}
        both = {"webhook": {"url": hook.url}, "mail": {**settings, "recipients": ["b@example.org"]}}
        for kind, chosen in both.items():
            secret = SECRET if kind == "webhook" else ""
            monitor.save_channel(store, "p", kind=kind, name=kind, settings=chosen, secret=secret, by="Anna")
        make_trouble(store, make_live, n_kills, seed=n_kills)
        monitor.check_alerts(store, "p", now=utc_now())
        monitor.deliver_due(store, utc_now() + 2 * LEASE)
        check_nothing_is_lost(store, hook, post_box)
        repeated = sum(n > 1 for n in (*hook.came.values(), *post_box.came.values()))
        print(f"{n_kills} kills, {store.count(Alert)} alerts, {store.count(Delivery)} notices, {repeated} came again")
