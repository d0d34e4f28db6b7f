"""`python -m benchmarks.serving.load`: ask one address again and again over kept connections; a process of its own.

Bytes are made once and written as they are, and of an answer only status and length are read, so that asking costs a
fraction of answering. Prints one line of JSON: how many were answered, how many were not, and the latencies.
"""

import argparse
import asyncio
import json
import sys
import time
from array import array
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"
TIMEOUT_S = 30.0


class Client(asyncio.Protocol):
    """One connection that asks, waits for the whole answer, and asks again until time or the number is up."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.received = b""
        self.asked_at = 0.0
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        """Send the request once more, or end."""
        if not self.run.take():
            self.transport.close()
            return
        self.received, self.asked_at = b"", time.perf_counter()
        self.transport.write(self.run.request)

    def data_received(self, data: bytes) -> None:
        """Count the answer when it is complete."""
        self.received += data
        end = self.received.find(END_OF_HEAD)
        if end < 0:
            return
        head = self.received[:end].lower()
        at = head.find(b"content-length:")
        if at < 0:
            if not self.received.endswith(b"0\r\n\r\n"):
                return
        elif len(self.received) < end + len(END_OF_HEAD) + int(head[at + 15 :].split(b"\r\n", 1)[0]):
            return
        self.run.count(head[9:12], time.perf_counter() - self.asked_at)
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that this client is gone; when that was not its own wish, its last request failed."""
        self.run.leave(failed=exc is not None or not self.run.is_over())


class Run:
    """What all clients share: the request, when to stop, and what came of it."""

    def __init__(self, request: bytes, clients: int, seconds: float, requests: int) -> None:
        self.request = request
        self.n_left = requests or sys.maxsize
        self.ends_at = time.perf_counter() + seconds if seconds else float("inf")
        self.latencies = array("d")
        self.n_errors = 0
        self.n_clients = clients
        self.done = asyncio.Event()

    def is_over(self) -> bool:
        """Whether no further request is wanted."""
        return self.n_left <= 0 or time.perf_counter() >= self.ends_at

    def take(self) -> bool:
        """Take one of the requests that are left."""
        if self.is_over():
            return False
        self.n_left -= 1
        return True

    def count(self, status: bytes, seconds: float) -> None:
        """Count one answer."""
        if status == b"200":
            self.latencies.append(seconds)
        else:
            self.n_errors += 1

    def leave(self, *, failed: bool) -> None:
        """Count one client less."""
        self.n_errors += failed
        self.n_clients -= 1
        if not self.n_clients:
            self.done.set()


async def ask(options: argparse.Namespace) -> dict[str, float]:
    """Run all clients; return requests per second, p50 and p99 in milliseconds, answered, errors."""
    address = urlsplit(options.address)
    body = Path(options.body).read_bytes()
    head = f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    run = Run(
        f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body, options.clients, options.seconds, options.requests
    )
    loop = asyncio.get_running_loop()
    started_at = time.perf_counter()
    await asyncio.gather(
        *(loop.create_connection(lambda: Client(run), address.hostname, address.port) for _ in range(options.clients))
    )
    limit = None if options.requests else options.seconds + TIMEOUT_S
    with suppress(TimeoutError):
        await asyncio.wait_for(run.done.wait(), limit)
    run.n_errors += run.n_clients  # Those that still wait for their answer.
    taken_s = time.perf_counter() - started_at
    ordered = sorted(run.latencies) or [float("nan")]
    return {
        "per_second": len(run.latencies) / taken_s,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000,
        "answered": len(run.latencies),
        "errors": run.n_errors,
    }


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="benchmarks.serving.load")
    parser.add_argument("--address", required=True)
    parser.add_argument("--body", required=True, help="file with the JSON to send")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--requests", type=int, default=0, help="a number of requests instead of seconds")
    options = parser.parse_args()
    try:
        import uvloop
    except ImportError:  # Windows: asking costs a little more
        runner = asyncio.Runner()
    else:
        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with runner:
        print(json.dumps(runner.run(ask(options))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
