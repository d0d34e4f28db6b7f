"""Waiting for something to become true in another process."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], object], timeout_s: float = 60.0, interval_s: float = 0.05) -> None:
    """Return once `condition()` is true; fail the test when that takes longer than `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("Waited too long.")
        time.sleep(interval_s)
