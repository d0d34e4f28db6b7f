"""The service as a process: started apart, found by its record, ended with its log written, back after being killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core import serve
from core.errors import LifecycleError
from core.records import ProcessInfo
from core.serve.client import PROCESS_NAME, find_service
from core.store import Store
from tests.running import ROOT, free_port
from tests.service.conftest import Live
from tests.waiting import wait_for


def run_service(home: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "core.serve", "--home", str(home), *options]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_a_killed_service_loses_nothing_that_was_written_and_comes_back(live: Live) -> None:
    project_id = live.world.project.id
    answered: list[str] = []
    for _ in range(30):
        answered += [one["id"] for one in live.client.predict(live.slug, [live.row()] * 3)["predictions"]]
    # The log is written in batches after the answer: what is older than a moment is safe, and only that.
    wait_for(lambda: live.store.log.count(project_id)[0] >= len(answered))
    running = find_service(live.store)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: serve.service_address(live.store) is None)
    address = serve.start_service(live.store)
    with serve.ServiceClient(address) as client:
        answer = client.predict(live.slug, [live.row()])
    assert answer["model_version"] == 1
    kept = [entry.prediction.id for entry in live.store.log.read(project_id)]
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))


def test_stopping_writes_the_log_and_takes_the_record_back(live: Live) -> None:
    address = serve.start_service(live.store)
    with serve.ServiceClient(address) as client:
        ids = [client.predict(live.slug, [live.row()])["predictions"][0]["id"] for _ in range(20)]
        assert serve.stop_service(live.store)
        with pytest.raises(LifecycleError, match="does not answer"):
            client.ping()
    kept = {entry.prediction.id for entry in live.store.log.read(live.world.project.id)}
    assert set(ids) <= kept
    assert serve.service_address(live.store) is None


def test_a_program_that_took_over_the_port_is_not_taken_for_the_service(live: Live, store: Store) -> None:
    address = serve.start_service(live.store)
    store.add(ProcessInfo(PROCESS_NAME, os.getpid(), address))
    assert serve.service_address(store) is None


def test_a_taken_port_is_said_in_words(live: Live, tmp_path: Path) -> None:
    address = serve.start_service(live.store)
    ended = run_service(tmp_path / "home", "--port", address.rsplit(":", 1)[1])
    assert ended.returncode == 1
    assert "cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_of_another_machine_is_said_in_words(tmp_path: Path) -> None:
    ended = run_service(tmp_path / "home", "--host", "203.0.113.1", "--port", str(free_port()))
    assert ended.returncode == 1
    assert "cannot be used" in ended.stderr
