"""`python -m core.serve`: the prediction service, until it is told to end."""

import argparse
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from core.errors import LifecycleError, NotReadyError
from core.records import ProcessInfo, utc_now
from core.serve.app import create_app
from core.serve.client import HEARTBEAT_MAX_AGE, PROCESS_NAME
from core.store import Store, open_store

HEARTBEAT_INTERVAL_S = 5.0
SHUTDOWN_TIMEOUT_S = 10
KEEP_ALIVE_S = 30
logger = logging.getLogger("core.serve")


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="core.serve", description="Answer predictions over HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: only this machine)")
    parser.add_argument("--port", type=int, default=8601, help="port; 0 takes any that is free")
    parser.add_argument("--home", default=None, help="folder of all data (default: FULL_CIRCLE_HOME or .full_circle)")
    parser.add_argument("--started-by", default="launch", choices=("launch", "page"), help="noted in the store")
    return parser.parse_args(arguments)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens at the address.

    Raises
    ------
    NotReadyError
        When the port is taken or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        # Lets a restarted service have its port back at once; on Windows it would let two programs share it.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise NotReadyError(f"Port {port} of {host} cannot be used.", "Choose another with --port.") from error
    return listening


def address_of(listening: socket.socket, host: str) -> str:
    """Return the address at which this machine reaches the socket."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{listening.getsockname()[1]}"


@contextmanager
def announced(store: Store, info: ProcessInfo) -> Iterator[None]:
    """Record in the store that the service is alive, every five seconds, and take the record back at the end."""
    for old in store.find(ProcessInfo, name=PROCESS_NAME):
        if utc_now() - old.heartbeat_at > HEARTBEAT_MAX_AGE:
            store.remove(ProcessInfo, id=old.id)
    store.add(info)
    stopping = threading.Event()
    thread = threading.Thread(target=_beat, args=(store, info, stopping), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(HEARTBEAT_INTERVAL_S)
        store.remove(ProcessInfo, id=info.id)


def _beat(store: Store, info: ProcessInfo, stopping: threading.Event) -> None:
    while not stopping.wait(HEARTBEAT_INTERVAL_S):
        try:
            store.update(info, heartbeat_at=utc_now())
        except (SQLAlchemyError, LifecycleError) as error:
            logger.warning("The heartbeat was not written: %s", error)


def serve(options: argparse.Namespace) -> None:
    """Serve until the process is told to end."""
    listening = bind(options.host, options.port)
    store = open_store(options.home)
    address = address_of(listening, options.host)
    info = ProcessInfo(PROCESS_NAME, os.getpid(), address, options.started_by)
    config = uvicorn.Config(
        create_app(store, info.id),
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
    )
    with announced(store, info):
        print(f"Predictions at {address}", flush=True)
        uvicorn.Server(config).run(sockets=[listening])
    store.engine.dispose()


def main() -> int:
    """Run the command; return its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        serve(read_options(sys.argv[1:]))
    except LifecycleError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
