"""Starting and stopping the prediction service as a process that outlives whoever started it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

import core
from core.errors import NotReadyError
from core.records import ProcessInfo
from core.serve.client import find_service, service_address
from core.store import Store

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
PROJECT_FOLDER = Path(core.__file__).resolve().parents[1]


def start_service(store: Store) -> str:
    """Start the service unless it runs, and return its address once it answers.

    Raises
    ------
    NotReadyError
        When it does not answer within a minute; its log says why.
    """
    running = service_address(store)
    if running:
        return running
    process = _spawn(store)
    # Waits for the end of the process, whenever that is, so that no dead entry of it stays behind.
    threading.Thread(target=process.wait, name="service-reaper", daemon=True).start()
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        address = service_address(store)
        if address:
            return address
        time.sleep(0.2)
    raise NotReadyError("The prediction service did not start.", f"Its log says why: {store.files.log('serve')}")


def stop_service(store: Store) -> bool:
    """End the service after it has written its log; return whether one was running.

    Raises
    ------
    NotReadyError
        When it has not ended after fifteen seconds.
    """
    info = find_service(store)
    if info is None:
        return False
    os.kill(info.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while time.monotonic() < deadline:
        # That it answers no more is not enough: the log is written last, and the record taken back after that.
        if not (store.find(ProcessInfo, id=info.id) and psutil.pid_exists(info.pid)):
            return True
        time.sleep(0.2)
    raise NotReadyError("The prediction service does not stop.", "Try again in a moment.")


def _spawn(store: Store) -> "subprocess.Popen[bytes]":
    """Start the process detached: it goes on when the dashboard ends, and takes no signal meant for that."""
    environment = {
        **os.environ,
        "FULL_CIRCLE_HOME": str(store.home),
        "FULL_CIRCLE_DATABASE": store.engine.url.render_as_string(hide_password=False),
    }
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    command = [sys.executable, "-m", "core.serve", "--port", "0", "--started-by", "page"]
    with store.files.log("serve").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module, in this very interpreter
            command, cwd=PROJECT_FOLDER, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **detached
        )
