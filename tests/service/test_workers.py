"""Several worker processes at one port: one service to everybody who asks."""

import sys
import threading
import time
from collections.abc import Callable

import httpx
import psutil
import pytest

from core import deploy, serve
from core.records import ProcessInfo
from core.serve.client import PROCESS_NAME, find_service
from core.store import Store
from tests.model_worlds import copy_version, promote
from tests.service.conftest import Live

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers share a port on Linux only")
PATIENCE_S = 100
N_CONNECTIONS = 24


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def workers(store: Store) -> list[psutil.Process]:
    """The processes that answer: children of the recorded one that run its own command."""
    info = store.newest(ProcessInfo, name=PROCESS_NAME)
    assert info is not None
    main = psutil.Process(info.pid)
    return [child for child in main.children() if command_of(child) == main.cmdline()]


def command_of(process: psutil.Process) -> list[str]:
    """The command of a process; nothing when it has just died."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def alive(process: psutil.Process) -> bool:
    """Whether a process runs: one that waits for its parent to notice its end does not."""
    return bool(command_of(process))


def ask_over_many_connections(live: Live, n_each: int = 1) -> list[int]:
    """Ask over new connections, which the system spreads over the workers; return the versions that answered."""
    versions = []
    for _ in range(N_CONNECTIONS):
        with serve.ServiceClient(live.address) as client:
            versions += [client.predict(live.slug, [live.row()])["model_version"] for _ in range(n_each)]
    return versions


def metric(live: Live, name: str) -> float:
    text = httpx.get(f"{live.address}/metrics", trust_env=False).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def logged(live: Live) -> int:
    return sum(window.n_requests for window in live.store.log.windows(live.world.project.id))


@pytest.fixture(autouse=True)
def several(live: Live) -> None:
    if len(workers(live.store)) < 2:
        pytest.skip("this machine has one core, so one worker")


def test_counts_of_all_workers_add_up_exactly(live: Live) -> None:
    before, counted = logged(live), metric(live, "full_circle_requests_total")
    threads = [threading.Thread(target=ask_over_many_connections, args=(live, 5)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = 4 * 5 * N_CONNECTIONS
    wait_for(lambda: logged(live) == before + asked)
    assert metric(live, "full_circle_requests_total") == counted + asked
    assert live.store.log.count(live.world.project.id)[0] >= asked


def test_a_promotion_reaches_all_workers(live: Live) -> None:
    second = copy_version(live.store, live.first, number=2)
    promote(live.store, second)
    wait_for(lambda: set(ask_over_many_connections(live)) == {2})
    current = live.store.releases.current(live.world.project.id)
    deploy.roll_back(live.store, live.world.project.id, by="Cleo", seen_generation=current.generation if current else 0)
    wait_for(lambda: set(ask_over_many_connections(live)) == {1})


def test_a_killed_worker_is_replaced_and_the_others_go_on_answering(live: Live) -> None:
    before = {process.pid for process in workers(live.store)}
    victim = workers(live.store)[0]
    victim.kill()
    wait_for(lambda: victim.pid not in {process.pid for process in workers(live.store)})
    assert serve.service_address(live.store) == live.address
    wait_for(lambda: len(workers(live.store)) == len(before))
    wait_for(lambda: httpx.get(f"{live.address}/ready", trust_env=False).status_code == 200)
    assert set(ask_over_many_connections(live)) == {1}


def test_no_worker_outlives_a_killed_service(live: Live) -> None:
    processes = workers(live.store)
    info = find_service(live.store)
    assert info is not None
    psutil.Process(info.pid).kill()
    wait_for(lambda: serve.service_address(live.store) is None)
    wait_for(lambda: not any(alive(process) for process in processes))
    serve.start_service(live.store)
