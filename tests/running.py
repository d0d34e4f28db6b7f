"""Starts the whole of Full Circle for a test, the way a person does, and stops it again."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
READY = re.compile(r"ready: (http://\S+)")
START_TIMEOUT_S = 120


@dataclass(frozen=True)
class Running:
    """A running Full Circle: the dashboard's address, the folder of its data, the launcher's process and its words."""

    address: str
    home: Path
    process: "subprocess.Popen[str]"
    said: list[str]

    def child(self, word: str) -> psutil.Process | None:
        """Return the launcher's child whose command line holds a word, if it lives."""
        for child in psutil.Process(self.process.pid).children():
            try:
                if word in " ".join(child.cmdline()):
                    return child
            except psutil.Error:
                continue
        return None


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(home: Path, *options: str) -> "subprocess.Popen[str]":
    """Start the launcher on a data folder."""
    command = [sys.executable, "-m", "core.launch", "--home", str(home), *options]
    environment = {**os.environ, "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def read_lines(process: "subprocess.Popen[str]", said: list[str]) -> None:
    """Collect what the launcher says until it ends."""
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.rstrip())  # noqa: PERF401 - read by another thread while it grows


@contextmanager
def running(home: Path) -> Iterator[Running]:
    """Start Full Circle on free ports, hand it out when it is ready, stop it at the end."""
    process = launch(home, "--port", str(free_port()), "--service-port", str(free_port()))
    said: list[str] = []
    reader = threading.Thread(target=read_lines, args=(process, said), daemon=True)
    reader.start()
    try:
        yield Running(wait_for_address(process, said), home, process, said)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        if process.stdout is not None:
            process.stdout.close()


def wait_for_address(process: "subprocess.Popen[str]", said: list[str]) -> str:
    """Wait for the line that says where the dashboard is."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        for line in list(said):
            if found := READY.search(line):
                return found.group(1)
        time.sleep(0.1)
    raise AssertionError(f"Full Circle did not start: {said}")
