"""Bodies far too large: refused within two seconds, and without the memory for them."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.faults.worlds import ROWS, Made, Running, running
from benchmarks.goals import at_least, at_most
from core.records import Json, ProcessInfo
from core.serve.client import PROCESS_NAME

SIZES_MB = (2, 20, 500)
PART = 1 << 16
LOOK_S = 0.02


def measure(made: Made, folder: Path, *, quick: bool) -> Json:
    """Return the goals: 413 within two seconds, 50 MB more at most."""
    sizes = SIZES_MB[:2] if quick else SIZES_MB
    goals: Json = {}
    with running(made, folder / "home") as service:
        _post(service, 1)
        for size_mb in sizes:
            before = _memory_mb(service)
            peak = Peak(service)
            status, took_s = _post(service, size_mb)
            grown_mb = peak.stop() - before
            print(f"  {size_mb} MB: {status} after {took_s:.2f} s, memory {grown_mb:+.1f} MB at most", flush=True)
            goals[f"body_{size_mb}_mb_refused_413"] = at_least(int(status == 413), 1)
            goals[f"body_{size_mb}_mb_seconds"] = at_most(round(took_s, 2), 2)
            goals[f"body_{size_mb}_mb_memory_mb"] = at_most(round(grown_mb, 1), 50)
    return goals


def _body(size_mb: int) -> Iterator[bytes]:
    """Rows that are right, far too many of them, as long as asked for."""
    row = json.dumps(ROWS[0]).encode() + b", "
    yield b'{"rows": [' + row
    part = row * (PART // len(row))
    for _ in range(size_mb * 1_000_000 // len(part)):
        yield part
    yield json.dumps(ROWS[0]).encode() + b"]}"


def _post(service: Running, size_mb: int) -> tuple[int, float]:
    """Post while listening for the answer, as most clients do; return its status and when it came."""
    place = urlsplit(service.predict)
    connection = socket.create_connection((place.hostname or "", place.port or 0), timeout=60)
    size = sum(map(len, _body(size_mb)))
    head = f"POST {place.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    started_at = time.monotonic()
    connection.sendall(head.encode())
    sending = threading.Thread(target=_send, args=(connection, size_mb), daemon=True)
    sending.start()
    said = connection.recv(1 << 16)
    took_s = time.monotonic() - started_at
    sending.join(60)
    connection.close()
    return int(said.split()[1]), took_s


def _send(connection: socket.socket, size_mb: int) -> None:
    try:
        for part in _body(size_mb):
            connection.sendall(part)
    except OSError:  # Closed by the other side, which has said enough.
        return


def _memory_mb(service: Running) -> float:
    info = service.store.newest(ProcessInfo, name=PROCESS_NAME)
    main = psutil.Process(info.pid if info else 0)
    return sum(one.memory_full_info().uss for one in [main, *main.children(recursive=True)]) / 1e6


class Peak:
    """The most memory that the service's processes have had since, looked at fifty times a second."""

    def __init__(self, service: Running) -> None:
        self._service = service
        self._most = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self._most = max(self._most, _memory_mb(self._service))

    def stop(self) -> float:
        """Stop looking and return the most, in MB."""
        self._most = max(self._most, _memory_mb(self._service))
        self._stopping.set()
        self._thread.join()
        return self._most
