"""What is planned for a moment happens once, whatever happens to those who see to it: `kill -9`, and two at a time."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from core import deploy
from core.records import Release, Rules, Window, utc_now
from core.store import Store
from tests.model_worlds import approve, copy_version, make_world, promote
from tests.waiting import wait_for

RUNNER = "from core.jobs import JobRunner; from core.store import open_store; JobRunner(open_store()).run_forever()"


@contextmanager
def runners(store: Store, n: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Start job runners without a cluster, each in a process of its own."""
    environment = {**os.environ, "FULL_CIRCLE_HOME": str(store.home)}
    environment.pop("FULL_CIRCLE_DATABASE", None)
    processes = [subprocess.Popen([sys.executable, "-c", RUNNER], env=environment) for _ in range(n)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_a_planned_promotion_and_its_way_back_happen_once_in_spite_of_kill_9_and_two_runners(store: Store) -> None:
    world = make_world(store, "Late flights")
    first = promote(store, approve(store, world))
    second = copy_version(store, first, number=2)
    project_id = world.project.id
    at = utc_now() + timedelta(seconds=1)
    deploy.schedule_promotion(store, second.id, at=at, by="Cleo", seen_generation=1, rules=Rules(keep_objective=False))
    with runners(store, 3) as processes:
        wait_for(lambda: store.releases.current(project_id).model_version_id == second.id, 90)
        # In the middle of their work, as the next look begins.
        processes[0].send_signal(signal.SIGKILL)
        minute = utc_now().replace(second=0, microsecond=0)
        store.log.append([], [Window(project_id, second.id, minute, n_requests=100, n_errors=60)])
        processes[1].send_signal(signal.SIGKILL)
        wait_for(lambda: store.releases.current(project_id).model_version_id == first.id, 60)
    releases = [(one.generation, one.action, one.promoted_by) for one in store.find(Release, project_id=project_id)]
    assert releases == [
        (1, "promote", "Bert"),
        (2, "schedule", "Cleo"),
        (3, "promote", "Cleo"),
        (4, "roll_back", deploy.AUTOMATIC),
    ]
