"""Whatever process dies, nothing is lost and the others go on. Real processes, really killed."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from core import collect, plan, prepare, train
from core.records import Job, ProcessInfo
from core.store import Store, open_store
from tests.running import Running, launch, read_lines, running, wait_for_address


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def full_circle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="module")
def opened(full_circle: Running) -> Iterator[Store]:
    store = open_store(full_circle.home)
    yield store
    store.engine.dispose()


def service(store: Store) -> str:
    info = store.newest(ProcessInfo, name="serve")
    assert info is not None
    return info.address


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def test_the_service_answers_while_the_dashboard_is_dead_and_the_dashboard_comes_back(
    full_circle: Running, opened: Store
) -> None:
    wait_for(lambda: opened.newest(ProcessInfo, name="serve"))
    address = service(opened)
    wait_for(lambda: answers(f"{address}/ping"))
    dashboard = full_circle.child("streamlit")
    assert dashboard is not None
    dashboard.kill()
    assert answers(f"{address}/ping")
    wait_for(lambda: answers(f"{full_circle.address}/_stcore/health"))
    assert any("dashboard ended" in line for line in full_circle.said)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no niceness")
def test_jobs_stand_back_behind_pages_and_answers(full_circle: Running, opened: Store) -> None:
    wait_for(lambda: opened.newest(ProcessInfo, name="jobs"))

    def niceness(word: str) -> int:
        process = full_circle.child(word)
        assert process is not None
        return process.nice()

    assert niceness("core.jobs") > max(niceness("streamlit"), niceness("core.serve"))


def test_a_killed_service_is_back_at_a_known_address(full_circle: Running, opened: Store) -> None:
    wait_for(lambda: (found := opened.newest(ProcessInfo, name="serve")) and answers(f"{found.address}/ping"))
    process = full_circle.child("core.serve")
    assert process is not None
    process.kill()
    wait_for(lambda: service(opened) and answers(f"{service(opened)}/ping"))


@pytest.mark.slow
def test_training_goes_on_after_the_job_runner_was_killed(full_circle: Running, opened: Store) -> None:
    project = collect.create_sample_project(opened, "wine", by="Ada")
    prepare.save_recipe(opened, prepare.propose_recipe(opened, project.id, by="Ada"))
    families = tuple(family.key for family in train.FAMILIES)
    metric = plan.current_objective(opened, project.id).metric
    job = train.start_training(opened, project.id, families=families, metric=metric, budget_s=60, n_splits=5, by="Ada")
    wait_for(lambda: opened.get(Job, job.id).progress > 0.1)
    process = full_circle.child("core.jobs")
    assert process is not None
    for victim in [*process.children(recursive=True), process]:
        victim.kill()
    wait_for(lambda: not opened.get(Job, job.id).active, 120)
    finished = opened.get(Job, job.id)
    assert (finished.status, finished.n_attempts) == ("done", 2)
    board = train.leaderboard(opened, finished.result["run_id"])
    assert len(board) == len({candidate.family for candidate in board})
    assert sum(candidate.status == "done" for candidate in board) >= 8


def test_taken_ports_are_said_and_stepped_over_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    with socket.socket() as dashboard_port, socket.socket() as service_port:
        taken = []
        for probe in (dashboard_port, service_port):
            probe.bind(("127.0.0.1", 0))
            probe.listen()
            taken.append(probe.getsockname()[1])
        process = launch(tmp_path, "--port", str(taken[0]), "--service-port", str(taken[1]))
        said: list[str] = []
        reader = threading.Thread(target=read_lines, args=(process, said), daemon=True)
        reader.start()
        wait_for_address(process, said)
        family = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        assert process.wait(40) == 0
        reader.join(5)
        process.stdout.close()
    assert sum("is taken" in line for line in said) == 2
    assert "Stopped. Your data is kept." in said
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
