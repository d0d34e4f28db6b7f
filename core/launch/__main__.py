"""`python -m core.launch`: dashboard, job runner and prediction service, until Ctrl-C."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import psutil

from core.errors import LifecycleError, NotReadyError
from core.launch.ports import choose_port
from core.launch.supervisor import Child, Supervisor
from core.records import ProcessInfo, utc_now
from core.store import Store, open_store

FOLDER = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 120.0
HEARTBEAT_MAX_AGE = timedelta(seconds=20)


def say(sentence: str) -> None:
    """Print a line to the person at the terminal at once."""
    print(sentence, flush=True)


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="core.launch", description="Start Full Circle.")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address the dashboard listens on (default: only this machine)"
    )
    parser.add_argument("--port", type=int, default=8501, help="port of the dashboard")
    parser.add_argument("--service-port", type=int, default=8601, help="port of the prediction service")
    parser.add_argument("--home", type=Path, default=None, help="folder of all data (default: .full_circle)")
    return parser.parse_args(arguments)


def find_running(store: Store, name: str) -> ProcessInfo | None:
    """Return the recorded process of that name if it still lives: someone else started it, we leave it alone."""
    info = store.newest(ProcessInfo, name=name)
    if info is None or utc_now() - info.heartbeat_at > HEARTBEAT_MAX_AGE or not psutil.pid_exists(info.pid):
        return None
    return info


def pick_port(host: str, wanted: int, name: str, *, spoken_for: Sequence[int] = ()) -> int:
    """Choose a port, and say so when it is not the wanted one."""
    port = choose_port(host, wanted, spoken_for=spoken_for)
    if port != wanted:
        say(f"Port {wanted} is taken by another program; the {name} uses {port}.")
    return port


def start_background(supervisor: Supervisor, store: Store, service_port: int, *, dashboard_port: int) -> None:
    """Start the job runner and the prediction service unless they run already.

    The dashboard may not listen yet: its port is not to be taken for a free one.
    """
    running = find_running(store, "jobs")
    if running:
        say(f"The job runner already runs (process {running.pid}); using it.")
    else:
        supervisor.start(Child("job runner", [sys.executable, "-m", "core.jobs"], store.files.log("jobs")))
    running = find_running(store, "serve")
    if running:
        say(f"The prediction service already runs at {running.address}; using it.")
    else:
        port = pick_port("127.0.0.1", service_port, "prediction service", spoken_for=[dashboard_port])
        command = [sys.executable, "-m", "core.serve", "--port", str(port)]
        supervisor.start(Child("prediction service", command, store.files.log("serve")))
        say(f"Prediction service: http://127.0.0.1:{port}")


def dashboard(store: Store, host: str, port: int) -> Child:
    """Return the dashboard as a child to start."""
    command = [sys.executable, "-m", "streamlit", "run", str(FOLDER / "app.py"), "--server.headless=true"]
    # Watching source files for changes is for developers and costs time on every machine.
    command += [f"--server.address={host}", f"--server.port={port}", "--server.fileWatcherType=none"]
    return Child("dashboard", command, store.files.log("dashboard"))


def wait_until_healthy(child: Child, address: str, stopped: threading.Event) -> None:
    """Wait until the dashboard's own script runs without an error.

    Raises
    ------
    NotReadyError
        When it does not within two minutes, or ends.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    answer = "nothing"
    while time.monotonic() < deadline and child.alive and not stopped.is_set():
        try:
            response = httpx.get(f"{address}/_stcore/script-health-check", timeout=30.0)
        except httpx.TransportError as error:
            answer = type(error).__name__
        else:
            answer = f"{response.status_code} {response.text[:200]}"
            if response.status_code == httpx.codes.OK:
                return
        stopped.wait(0.2)
    if not stopped.is_set():
        raise NotReadyError(
            f"The dashboard did not start (its last answer: {answer}).", f"Its log says why: {child.log}"
        )


def run(options: argparse.Namespace, stopped: threading.Event) -> None:
    """Start everything, say where it is, and keep it alive until `stopped` is set."""
    store = open_store(options.home)
    environment = {**os.environ, "FULL_CIRCLE_HOME": str(store.home), "PYTHONUNBUFFERED": "1"}
    supervisor = Supervisor(environment, FOLDER, say)
    try:
        port = pick_port(options.host, options.port, "dashboard")
        reachable = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host  # noqa: S104 - a comparison
        child = dashboard(store, options.host, port)
        supervisor.start(child)
        start_background(supervisor, store, options.service_port, dashboard_port=port)
        wait_until_healthy(child, f"http://{reachable}:{port}", stopped)
        say(f"\nFull Circle is ready: http://{reachable}:{port}\nYour data: {store.home}\nCtrl-C stops everything.\n")
        supervisor.watch(stopped.is_set)
    finally:
        say("Stopping ...")
        supervisor.stop()
        store.engine.dispose()
        say("Stopped. Your data is kept.")


def main() -> int:
    """Run the command; return its exit code."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        run(read_options(sys.argv[1:]), stopped)
    except LifecycleError as error:
        say(f"{error.message}\n{error.hint}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
