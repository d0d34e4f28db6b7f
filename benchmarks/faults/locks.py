"""The store is locked by somebody else, for 1, 12 and 60 s: does any prediction wait for it?"""

import sqlite3
import time
from pathlib import Path

from benchmarks.faults.load import Load, load
from benchmarks.faults.worlds import ROWS, Made, Running, running
from benchmarks.goals import at_most
from core.records import Json
from tests.killing import wait_until_taken_in

LOCKED_S = (1, 12, 60)
PAUSE_S = 0.005
N_CLIENTS = 4
WARM_S = 3


def measure(made: Made, folder: Path, *, quick: bool) -> Json:
    """Return the goals: nobody waits 50 ms longer than while nothing is locked, nothing is lost, drops are counted."""
    seconds = LOCKED_S[:1] if quick else LOCKED_S
    goals: Json = {}
    with running(made, folder / "home") as service:
        with load(service.predict, ROWS, N_CLIENTS, PAUSE_S) as first:
            time.sleep(WARM_S)
        with load(service.predict, ROWS, N_CLIENTS, PAUSE_S) as free:
            time.sleep(5 if quick else 30)
        rows = [*first.asked, *free.asked]
        _say("not locked", free)
        for locked_s in seconds:
            seen = _ask_while_locked(service, locked_s)
            rows += seen.asked
            _say(f"locked for {locked_s} s", seen)
            goals[f"locked_{locked_s}_s_longest_wait_beyond_unlocked_ms"] = at_most(
                round(seen.slowest_ms() - free.slowest_ms(), 1), 50
            )
            goals[f"locked_{locked_s}_s_failed_requests"] = at_most(seen.n_failed, 0)
        goals |= _account(service, sum(len(one.ids) for one in rows))
    return goals


def _ask_while_locked(service: Running, seconds: int) -> Load:
    blocker = sqlite3.connect(service.store.home / "store.db", isolation_level=None, timeout=30)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        with load(service.predict, ROWS, N_CLIENTS, PAUSE_S) as seen:
            time.sleep(seconds)
    finally:
        blocker.execute("COMMIT")
        blocker.close()
    return seen


def _account(service: Running, n_answered: int) -> Json:
    """Every answered row is in the log, or counted as dropped."""
    time.sleep(1)
    wait_until_taken_in(service.store)
    project_id = service.made.world.project.id
    n_logged = service.store.log.count(project_id)[0]
    n_dropped = sum(window.n_dropped for window in service.store.log.windows(project_id))
    print(f"  {n_answered:,} rows answered, {n_logged:,} in the log, {n_dropped:,} counted as dropped")
    return {"rows_neither_logged_nor_counted_as_dropped": at_most(abs(n_answered - n_logged - n_dropped), 0)}


def _say(what: str, seen: Load) -> None:
    print(
        f"  {what}: {len(seen.asked):,} requests, p99 {seen.p99_ms():.1f} ms, longest {seen.slowest_ms():.1f} ms",
        flush=True,
    )
