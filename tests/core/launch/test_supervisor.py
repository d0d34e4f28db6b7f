"""The supervisor restarts what dies and leaves nothing behind; ports that are taken are stepped over."""

import os
import socket
import sys
import threading
import time
from pathlib import Path

import psutil

from core.launch import Child, Supervisor, choose_port


def wait_for(condition: object, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def sleeper(tmp_path: Path) -> Child:
    return Child(
        "sleeper", [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"], tmp_path / "log"
    )


def test_a_taken_port_is_stepped_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        above = choose_port("127.0.0.1", port)
        assert above > port
        assert choose_port("127.0.0.1", port, spoken_for=[above]) > above


def test_a_killed_child_is_started_again_and_said_so(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(os.environ, tmp_path, said.append)
    child = sleeper(tmp_path)
    supervisor.start(child)
    first = child.process.pid
    stopped = threading.Event()
    watcher = threading.Thread(target=supervisor.watch, args=(stopped.is_set,))
    watcher.start()
    try:
        psutil.Process(first).kill()
        assert wait_for(lambda: child.alive and child.process.pid != first)
    finally:
        stopped.set()
        watcher.join()
        supervisor.stop()
    assert "sleeper ended" in said[0]


def test_stopping_leaves_no_child_behind(tmp_path: Path) -> None:
    supervisor = Supervisor(os.environ, tmp_path, lambda _: None)
    supervisor.start(sleeper(tmp_path))
    pid = supervisor.children[0].process.pid
    supervisor.stop()
    assert not psutil.pid_exists(pid)
