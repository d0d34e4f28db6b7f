"""Clients that ask as fast as they can over kept connections and remember each answer; threads of this process."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from core.records import Json

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Asked:
    """One request: when it was sent and answered (seconds of `time.monotonic`), status (0: none), version, ids."""

    sent_at: float
    answered_at: float
    status: int
    version: int
    ids: tuple[str, ...]

    @property
    def took_ms(self) -> float:
        """How long the answer took."""
        return (self.answered_at - self.sent_at) * 1000


@dataclass
class Load:
    """What all clients have seen so far."""

    asked: list[Asked] = field(default_factory=list)

    @property
    def n_failed(self) -> int:
        """Requests that were not answered with 200."""
        return sum(one.status != 200 for one in self.asked)

    def slowest_ms(self) -> float:
        """The longest wait."""
        return max(one.took_ms for one in self.asked)

    def p99_ms(self) -> float:
        """What 99 in 100 waited at most."""
        ordered = sorted(one.took_ms for one in self.asked)
        return ordered[int(len(ordered) * 0.99)]


@contextmanager
def load(address: str, rows: list[Json], n_clients: int = 8, pause_s: float = 0.0) -> Iterator[Load]:
    """Ask until the block ends."""
    seen, stopping = Load(), threading.Event()
    body = json.dumps({"rows": rows}).encode()
    clients = [
        threading.Thread(target=_ask, args=(address, body, seen, stopping, pause_s), daemon=True)
        for _ in range(n_clients)
    ]
    for client in clients:
        client.start()
    try:
        yield seen
    finally:
        stopping.set()
        for client in clients:
            client.join(30)


def _ask(address: str, body: bytes, seen: Load, stopping: threading.Event, pause_s: float) -> None:
    place = urlsplit(address)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
    while not stopping.is_set():
        sent_at = time.monotonic()
        try:
            connection.request("POST", place.path, body, JSON)
            response = connection.getresponse()
            content = json.loads(response.read())
            ids = tuple(one["id"] for one in content.get("predictions", ()))
            asked = Asked(sent_at, time.monotonic(), response.status, content.get("model_version", 0), ids)
        except (OSError, HTTPException, ValueError):
            asked = Asked(sent_at, time.monotonic(), 0, 0, ())
            connection.close()
        seen.asked.append(asked)
        time.sleep(pause_s)
    connection.close()
