"""Three hundred connections that send a byte a second, heads and bodies; a good client asks meanwhile."""

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.faults.load import load
from benchmarks.faults.worlds import ROWS, Made, Running, running
from benchmarks.goals import at_most
from core.records import Json

N_SLOW = 300
GIVEN_UP_AFTER_S = 60
PAUSE_S = 0.01


def measure(made: Made, folder: Path, *, quick: bool) -> Json:
    """Return the goals: each closed within 15 s, the good client sees no error."""
    n_slow = 60 if quick else N_SLOW
    with running(made, folder / "home") as service, load(service.predict, ROWS[:1], 2, PAUSE_S) as seen:
        took = asyncio.run(_feed_all(service, n_slow))
    print(
        f"  {n_slow} slow connections closed after {min(took):.1f} to {max(took):.1f} s; meanwhile "
        f"{len(seen.asked):,} good requests, p99 {seen.p99_ms():.1f} ms"
    )
    return {
        "slow_connections_longest_open_s": at_most(round(max(took), 1), 15),
        "good_requests_failed_beside_slow_ones": at_most(seen.n_failed, 0),
    }


async def _feed_all(service: Running, n_slow: int) -> list[float]:
    return list(await asyncio.gather(*(_feed(service, number) for number in range(n_slow))))


async def _feed(service: Running, number: int) -> float:
    """Send a byte a second until the other side closes; return after how many seconds that was."""
    place = urlsplit(service.predict)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    started_at = time.monotonic()
    head = f"POST {place.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    parts = head.encode() + b" " * 1000
    # The first third sends nothing at all, the second its head by the byte, the third its body.
    n_at_once = (0, 0, len(head))[number % 3]
    writer.write(parts[:n_at_once])
    closed = asyncio.create_task(reader.read())
    for place_of in range(n_at_once, n_at_once + GIVEN_UP_AFTER_S):
        done, _ = await asyncio.wait({closed}, timeout=1)
        if done:
            break
        if number % 3:
            writer.write(parts[place_of : place_of + 1])
    took = time.monotonic() - started_at
    closed.exception() if closed.done() else closed.cancel()
    writer.close()
    return took
