"""The disk is full: a small one of its own, with the service's home on it. Needs the right to mount one."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.faults.load import load
from benchmarks.faults.worlds import ROWS, Made, Running, running
from benchmarks.goals import at_least, at_most
from core.records import Json
from tests.killing import wait_until_taken_in

DISK_MB = 40
WAIT_S = 30.0
PAUSE_S = 0.05


def measure(made: Made, folder: Path, *, quick: bool) -> Json:
    """Return the goals: predictions go on, a warning is shown, all is logged once there is room."""
    disk = folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        print("  left out: only root can make a small disk")
        return {}
    try:
        with running(made, disk / "home") as service:
            return _fill_and_free(service, disk / "filler", 3 if quick else 15)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S607 - wherever this system has it


def _fill_and_free(service: Running, filler: Path, seconds: int) -> Json:
    with load(service.predict, ROWS, 2, PAUSE_S) as seen:
        time.sleep(1)
        _fill(filler)
        time.sleep(seconds)
        is_warned = _within(lambda: "journal" in _troubles(service))
        filler.unlink()
        time.sleep(1)
    is_quiet = _within(lambda: not any(_troubles(service) for _ in range(6)))
    wait_until_taken_in(service.store)
    n_answered = sum(len(one.ids) for one in seen.asked)
    n_logged = service.store.log.count(service.made.world.project.id)[0]
    print(f"  {len(seen.asked):,} requests, {seen.n_failed} failed, {n_logged:,} of {n_answered:,} rows logged")
    return {
        "full_disk_failed_requests": at_most(seen.n_failed, 0),
        "full_disk_warning_shown": at_least(int(is_warned), 1),
        "full_disk_warning_gone_after_space_is_freed": at_least(int(is_quiet), 1),
        "full_disk_rows_missing_afterwards": at_most(n_answered - n_logged, 0),
    }


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def _troubles(service: Running) -> str:
    return " ".join(httpx.get(f"{service.address}/ping", trust_env=False, timeout=10).json()["troubles"])


def _within(condition: Callable[[], bool]) -> bool:
    ends_at = time.monotonic() + WAIT_S
    while time.monotonic() < ends_at:
        if condition():
            return True
        time.sleep(0.1)
    return False
