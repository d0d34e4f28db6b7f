"""Healthy, to be looked at, or broken: asked of a real service, with the reason and what to do next."""

import time
from datetime import timedelta

from core import deploy, monitor, serve
from core.records import Alert, LiveState, Project, Window, utc_now
from core.store import Store
from tests.model_worlds import copy_version, promote_damaged
from tests.service.conftest import Live
from tests.waiting import wait_for


def state(live: Live, **later: float) -> LiveState:
    found = monitor.check_state(live.store, live.world.project.id, now=utc_now() + timedelta(**later))
    assert found is not None
    return found


def count(live: Live, **counts: int) -> None:
    minute = utc_now().replace(second=0, microsecond=0)
    live.store.log.append([], [Window(live.world.project.id, live.first.id, minute, **counts)])


def test_while_nothing_is_live_there_is_no_state(store: Store) -> None:
    project = store.add(Project("P", "p"))
    assert monitor.check_state(store, project.id, now=utc_now()) is None


def test_from_ready_to_asked_to_wrong(live: Live) -> None:
    """One story, because counts stay: nobody asks, all is answered, some refused, rows dropped, requests failed."""
    wait_for(lambda: state(live).state == "healthy")
    assert "Nobody has asked anything" in state(live).reason
    alert = live.store.add(Alert(live.world.project.id, live.first.id, "drift", "The questions have changed", ""))
    assert (state(live).state, state(live).next_step) == ("look", "monitor")
    assert state(live).reason == "It answers. An alert waits for somebody: The questions have changed."
    monitor.acknowledge_alert(live.store, alert.id, by="Anna")
    assert state(live).state == "healthy"
    live.client.predict(live.slug, [live.row()])
    wait_for(lambda: "It answered 1 question in the last 15 minutes" in state(live).reason)
    deploy.create_key(live.store, live.world.project.id, name="Till", scopes=["predict"], per_minute=9, by="Anna")
    time.sleep(0.6)
    assert state(live).state == "healthy", "with a key, too"
    count(live, n_requests=100, n_rows=80, n_refused=20)
    assert (state(live).state, state(live).next_step) == ("look", "monitor")
    assert "20 of 101 requests in the last 15 minutes were refused" in state(live).reason
    count(live, n_dropped=7)
    assert "7 questions of the last 15 minutes were answered, but not logged" in state(live).reason
    count(live, n_requests=100, n_errors=60)
    assert state(live).state == "broken"
    assert "The model failed on 60 of 201 requests" in state(live).reason
    assert state(live, minutes=20).state == "healthy"


def test_a_version_that_cannot_be_loaded_is_told_with_the_one_that_answers(live: Live) -> None:
    damaged = copy_version(live.store, live.first, number=3)
    promote_damaged(live.store, damaged)
    found: list[LiveState] = []

    def all_workers_tell() -> bool:
        """Whether each of many new connections, which the system spreads over the workers, is told why."""
        found[:] = [state(live, minutes=30) for _ in range(12)]
        return all("Version 3 is not served" in one.reason for one in found)

    wait_for(all_workers_tell)
    assert {(one.state, one.next_step) for one in found} == {("look", "roll_back")}
    assert all("Version 1 answers instead." in one.reason for one in found)


def test_when_the_service_is_gone_it_is_broken_and_can_be_started(live: Live) -> None:
    serve.stop_service(live.store)
    found = state(live)
    assert (found.state, found.next_step) == ("broken", "start_service")
    serve.start_service(live.store)
