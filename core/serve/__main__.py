"""`python -m core.serve`: the prediction service, until it is told to end."""

import argparse
import gc
import ipaddress
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from core.deploy import enter_handover, enter_key
from core.errors import LifecycleError, NotReadyError
from core.records import ApiKey, ProcessInfo, utc_now
from core.serve.app import create_app
from core.serve.client import HEARTBEAT_MAX_AGE, PROCESS_NAME
from core.serve.connections import LimitedProtocol
from core.serve.log_writer import LogWriter
from core.serve.metrics import SHARED_FOLDER
from core.serve.recorder import write_trouble
from core.serve.request_ids import LOG_FORMAT, add_request_id
from core.serve.snippets import KEY_VARIABLE
from core.serve.workers import Parent, Workers, can_share_port, default_workers
from core.store import Store, open_store

HEARTBEAT_INTERVAL_S = 5.0
SHUTDOWN_TIMEOUT_S = 10
KEEP_ALIVE_S = 30
LOG_NICENESS = 12
SWITCH_INTERVAL_S = 0.0005
"""How long other threads may keep the answering one waiting; Python's default is ten times as much."""
logger = logging.getLogger("core.serve")


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="core.serve", description="Answer predictions over HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: only this machine)")
    parser.add_argument("--port", type=int, default=8601, help="port; 0 takes any that is free")
    parser.add_argument("--home", default=None, help="folder of all data (default: FULL_CIRCLE_HOME or .full_circle)")
    parser.add_argument(
        "--workers", type=int, default=None, help="processes that answer (default: one a core, at most four)"
    )
    parser.add_argument(
        "--release", type=Path, default=None, help="file that says which model of the home folder to make live there"
    )
    parser.add_argument("--started-by", default="launch", choices=("launch", "page"), help="noted in the store")
    return parser.parse_args(arguments)


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket bound to the address; a shared one lets others that are shared have it, too.

    Raises
    ------
    NotReadyError
        When the port is taken or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        # Lets a restarted service have its port back at once; on Windows it would let two programs share it.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise NotReadyError(f"Port {port} of {host} cannot be used.", "Choose another with --port.") from error
    return bound


def address_of(listening: socket.socket, host: str) -> str:
    """Return the address at which this machine reaches the socket."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{listening.getsockname()[1]}"


def is_public(bound: socket.socket) -> bool:
    """Whether other machines can reach the socket."""
    return not ipaddress.ip_address(bound.getsockname()[0]).is_loopback


def refuse_without_key(store: Store, bound: socket.socket) -> None:
    """See to it that nobody is served on other machines before there is a key.

    Raises
    ------
    NotReadyError
        When the socket can be reached from elsewhere, and no key opens anything.
    """
    if is_public(bound) and not store.count(ApiKey, revoked_at=None):
        bound.close()
        raise NotReadyError(
            "Without a key, everybody who reaches this machine could ask the models.",
            f"Make a key on Deploy model, or give one in the variable {KEY_VARIABLE}; or leave --host out.",
        )


@contextmanager
def announced(store: Store, info: ProcessInfo) -> Iterator[None]:
    """Record in the store that the service is there, and take the record back at the end."""
    for old in store.find(ProcessInfo, name=PROCESS_NAME):
        if utc_now() - old.heartbeat_at > HEARTBEAT_MAX_AGE:
            store.remove(ProcessInfo, id=old.id)
    store.add(info)
    try:
        yield
    finally:
        store.remove(ProcessInfo, id=info.id)


def beat(store: Store, info: ProcessInfo) -> None:
    """Record that the service is alive; a store that cannot be written at the moment is no reason to end."""
    try:
        store.update(info, heartbeat_at=utc_now())
    except (SQLAlchemyError, LifecycleError) as error:
        logger.warning("The heartbeat was not written: %s", error)


def make_server(store: Store, process_id: str, bound: socket.socket, parent: Parent | None = None) -> uvicorn.Server:
    """Return the service, ready to run on the socket; one that other machines reach wants a key for everything."""
    config = uvicorn.Config(
        create_app(store, process_id, parent=parent, always_keys=is_public(bound)),
        http=LimitedProtocol,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
    )
    return uvicorn.Server(config)


def serve_alone(store: Store, info: ProcessInfo, bound: socket.socket) -> None:
    """Answer in this very process until it is told to end."""
    stopping = threading.Event()

    def keep_beating() -> None:
        while not stopping.wait(HEARTBEAT_INTERVAL_S):
            beat(store, info)

    thread = threading.Thread(target=keep_beating, name="heartbeat", daemon=True)
    thread.start()
    try:
        make_server(store, info.id, bound).run(sockets=[bound])
    finally:
        stopping.set()
        thread.join(HEARTBEAT_INTERVAL_S)


def serve_together(store: Store, info: ProcessInfo, address: tuple[str, int], n_workers: int) -> None:
    """Keep worker processes answering until this one is told to end."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    last_beat = time.monotonic()

    def beat_sometimes() -> None:
        nonlocal last_beat
        if time.monotonic() - last_beat > HEARTBEAT_INTERVAL_S:
            last_beat = time.monotonic()
            beat(store, info)
            # A worker must not inherit an open connection.
            store.engine.dispose()

    def work(parent: Parent, wait_for_end: Callable[[], object]) -> None:
        own = open_store(store.home, store.engine.url.render_as_string(hide_password=False))
        bound = bind(*address, shared=True)
        server = make_server(own, info.id, bound, parent)

        def end_with_parent() -> None:
            wait_for_end()
            server.should_exit = True

        threading.Thread(target=end_with_parent, name="lifeline", daemon=True).start()
        server.run(sockets=[bound])
        own.engine.dispose()

    def keep_log(_parent: Parent, wait_for_end: Callable[[], object]) -> None:
        own = open_store(store.home, store.engine.url.render_as_string(hide_password=False))
        write_log(own, Path(os.environ[SHARED_FOLDER]), wait_for_end)
        own.engine.dispose()

    store.engine.dispose()
    with tempfile.TemporaryDirectory(prefix="full-circle-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        Workers(n_workers, work, keep_log).run(stopping, beat_sometimes)


def write_log(store: Store, shared: Path, wait_for_end: Callable[[], object]) -> None:
    """Move what workers journal to the store until told to end, or the main process is gone."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())

    def end_with_parent() -> None:
        wait_for_end()
        stopping.set()

    threading.Thread(target=end_with_parent, name="lifeline", daemon=True).start()
    # Who asks must not wait for the log: where there is too little processor for both, the log comes later.
    os.nice(LOG_NICENESS)
    LogWriter(store, lambda trouble: write_trouble(shared, trouble)).run(stopping)


def serve(options: argparse.Namespace) -> None:
    """Serve until the process is told to end."""
    n_workers = (options.workers or default_workers()) if can_share_port() else 1
    bound = bind(options.host, options.port)
    address = address_of(bound, options.host)
    store = open_store(options.home)
    if options.release is not None:
        enter_handover(store, options.release)
    if given := os.environ.get(KEY_VARIABLE):
        enter_key(store, given)
    refuse_without_key(store, bound)
    info = ProcessInfo(PROCESS_NAME, os.getpid(), address, options.started_by)
    # What is imported stays: looking through all of it for garbage would stop the answers for a tenth of a second.
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with announced(store, info):
        print(f"Predictions at {address}", flush=True)
        if not can_share_port():
            serve_alone(store, info, bound)
        else:
            place = (options.host, bound.getsockname()[1])
            bound.close()
            # Held, but never listened at: the port stays ours while a worker is started again.
            with bind(*place, shared=True):
                serve_together(store, info, place, n_workers)
    store.engine.dispose()


def main() -> int:
    """Run the command; return its exit code."""
    handler = logging.StreamHandler()
    handler.addFilter(add_request_id)
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT, handlers=[handler])
    try:
        serve(read_options(sys.argv[1:]))
    except LifecycleError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
