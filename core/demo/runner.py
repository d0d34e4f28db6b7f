"""The job runner as a process of its own, for as long as somebody needs it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from core import records
from core.errors import NotReadyError
from core.store import Store

POLL_S = 0.1
START_TIMEOUT_S = 180.0
"""It takes a few seconds where nothing else is done."""
STOP_TIMEOUT_S = 20.0


@contextmanager
def job_runner(store: Store) -> Iterator[None]:
    """Run the job runner, a process with a cluster of its own, for as long as the block lasts.

    Raises
    ------
    NotReadyError
        When it does not start within three minutes.
    """
    environment = {
        **os.environ,
        "FULL_CIRCLE_HOME": str(store.home),
        "FULL_CIRCLE_DATABASE": store.engine.url.render_as_string(hide_password=False),
    }
    with store.files.log("jobs").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "core.jobs"], env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while store.newest(records.ProcessInfo, name="jobs") is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise NotReadyError("The job runner did not start.", store.files.log("jobs").read_text()[-2000:])
            time.sleep(POLL_S)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
