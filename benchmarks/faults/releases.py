"""Promote and roll back under load: no request fails, and every answer names the version that was live then."""

import time
from pathlib import Path

from benchmarks.faults.load import Load, load
from benchmarks.faults.worlds import ROWS, Made, Running, running
from benchmarks.goals import at_most
from core import deploy
from core.records import Json, ModelVersion
from tests.model_worlds import copy_version

REACHES_ALL_S = 2.0
"""A promotion reaches every worker within about a second; the machine is under load here."""
BETWEEN_S = 2.5

Change = tuple[float, float, int]
"""When a version became live: between these two moments; and its number."""


def measure(made: Made, folder: Path, *, quick: bool) -> Json:
    """Return the goals."""
    n_times = 3 if quick else 20
    with running(made, folder / "home") as service:
        second = copy_version(service.store, made.model, number=2)
        changes: list[Change] = [(0.0, time.monotonic(), 1)]
        with load(service.predict, ROWS, n_clients=8) as seen:
            time.sleep(1)
            for _ in range(n_times):
                changes += [_change(service, second, is_back=False), _change(service, second, is_back=True)]
    wrong = count_wrong(seen, changes)
    versions = {one.version for one in seen.asked}
    print(f"  {n_times} times there and back, {len(seen.asked):,} requests, versions {sorted(versions)}")
    return {
        "failed_requests_while_releasing": at_most(seen.n_failed, 0),
        "answers_of_a_version_not_live": at_most(wrong, 0),
        "versions_that_never_answered": at_most(len({1, 2} - versions), 0),
    }


def _change(service: Running, second: ModelVersion, *, is_back: bool) -> Change:
    store, project_id = service.store, service.made.world.project.id
    current = store.releases.current(project_id)
    seen = current.generation if current else 0
    began_at = time.monotonic()
    if is_back:
        deploy.roll_back(store, project_id, by="Cleo", seen_generation=seen)
    else:
        deploy.promote_model(store, second.id, by="Cleo", seen_generation=seen)
    ended_at = time.monotonic()
    time.sleep(BETWEEN_S)
    return began_at, ended_at, 1 if is_back else 2


def count_wrong(seen: Load, changes: list[Change]) -> int:
    """Return how many answers name a version that was not live at any moment from a little before they were asked."""
    wrong = 0
    for one in seen.asked:
        if one.status != 200:
            continue
        live = set()
        for place, (began_at, _, number) in enumerate(changes):
            next_at = changes[place + 1][1] if place + 1 < len(changes) else float("inf")
            # Live from when it could have been written until the next one had been and had reached everybody.
            if began_at <= one.answered_at and one.sent_at <= next_at + REACHES_ALL_S:
                live.add(number)
        wrong += one.version not in live
    return wrong
