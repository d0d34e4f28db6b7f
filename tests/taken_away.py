"""Runs an exported folder as somebody else would: another Python environment, none of our own code but the folder's."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from tests.running import free_port, read_lines

READY = re.compile(r"Predictions at (http://\S+)")
START_TIMEOUT_S = 120


def command_of(folder: Path) -> list[str]:
    """Return the words after the Python program in the README's second command."""
    line = re.search(r"^ +venv/bin/python (-m core\.serve .*)$", (folder / "README.md").read_text(), re.M)
    assert line
    return line.group(1).split()


def link_packages(requirements: Path, target: Path) -> Path:
    """Fill a folder with links to the installed files of the packages named, and of no other."""
    target.mkdir()
    for line in requirements.read_text().splitlines():
        name, version = re.match(r"([\w.-]+)==([^;]+)", line).groups()
        found = distribution(name)
        assert found.version == version
        for top in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
            if not (target / top).exists():
                (target / top).symlink_to(found.locate_file(top))
    return target


@contextmanager
def folder_serving(folder: Path, python: list[str], arguments: list[str], **variables: str) -> Iterator[str]:
    """Start what serves in an exported folder, hand out its address, and stop it at the end."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    process = subprocess.Popen(
        [*python, *arguments],
        cwd=folder,
        env={**kept, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    reader = threading.Thread(target=read_lines, args=(process, said), daemon=True)
    reader.start()
    try:
        yield _wait_for_address(process, said)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        if process.stdout is not None:
            process.stdout.close()


def _wait_for_address(process: "subprocess.Popen[str]", said: list[str]) -> str:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        for line in list(said):
            if found := READY.search(line):
                return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"The folder did not serve: {said}")


@contextmanager
def folder_serving_on_linked_packages(folder: Path, packages: Path, *arguments: str, **variables: str) -> Iterator[str]:
    """Serve with a Python that sees the standard library, the linked packages and the folder, and nothing else."""
    words = [*(arguments or command_of(folder)), "--port", str(free_port())]
    with folder_serving(folder, [sys.executable, "-S"], words, PYTHONPATH=str(packages), **variables) as address:
        yield address
