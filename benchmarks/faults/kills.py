"""kill -9 of the whole service under eight clients, again and again."""

from pathlib import Path

from benchmarks.faults.worlds import ROWS, Made, running
from benchmarks.goals import at_most
from core.records import Json
from tests.killing import check_log, kill_under_load, time_until_back, wait_until_taken_in

SAID_EVERY = 10


def measure(made: Made, folder: Path, *, quick: bool) -> Json:
    """Return the goals: nothing acknowledged is missing, no id twice, back within 5 s."""
    n_times = 3 if quick else 100
    told: list[str] = []
    took: list[float] = []
    with running(made, folder / "home") as service:
        for number in range(n_times):
            told += kill_under_load(service.store, made.slug, ROWS, after_s=0.1 + 0.1 * (number % 5))
            took.append(time_until_back(service.store, made.slug, ROWS[0]))
            if len(took) % SAID_EVERY == 0:
                print(f"  {len(took)} kills, {len(told):,} rows, back after {max(took):.1f} s at most", flush=True)
        wait_until_taken_in(service.store)
        logged = {one.prediction.id for one in service.store.log.read(made.world.project.id)}
        # Also counts the windows again and compares, and looks for ids that are there twice.
        check_log(service.store, made.model, told)
    print(
        f"  {n_times} kills, {len(told):,} rows acknowledged, back after {sorted(took)[len(took) // 2]:.1f} s (median)"
    )
    return {
        "acknowledged_rows_missing": at_most(len(set(told) - logged), 0),
        "acknowledged_ids_twice": at_most(len(told) - len(set(told)), 0),
        "slowest_back_s": at_most(round(max(took), 1), 5),
    }
