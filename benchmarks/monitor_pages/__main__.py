"""`python -m benchmarks.monitor_pages`: does Monitor keep up with ten million logged predictions?

Two homes with a live model, a small log and a large one over the same six weeks, each with the real dashboard, job
runner and service on it and a person at a real Chromium. After that the older half of the large log is deleted as
retention does it, while somebody writes.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.faults.worlds import Made, make
from benchmarks.goals import at_most, print_goals, print_versions
from benchmarks.monitor_pages import deleting, filling, reruns
from core.records import utc_now
from core.store import open_store

SIZES, QUICK_SIZES = (100_000, 10_000_000), (10_000, 300_000)
RERUNS = ("span", "after a decision", "slices")
OPENED = ("monitor", *reruns.PAGES)


def measure(made: Made, home: Path, n_rows: int, *, quick: bool, with_deleting: bool) -> dict[str, float]:
    """Return the figures of a log of one size."""
    shutil.copytree(made.home, home)
    store = open_store(home)
    empty_mb, started_at = deleting.size_mb(home), time.perf_counter()
    n_logged = filling.fill(store, made.model, n_rows, utc_now())
    figures: dict[str, float] = {"n_rows": n_logged, "filling_s": time.perf_counter() - started_at}
    figures["bytes_a_prediction"] = 1e6 * (deleting.size_mb(home) - empty_mb) / n_logged
    project = made.world.project
    found = reruns.measure(store, home, project.id, project.slug, quick=quick)
    together = [one for name in RERUNS for one in found[name]]
    figures |= {"rerun_p50_s": statistics.median(together), "rerun_p95_s": statistics.quantiles(together, n=20)[-1]}
    figures |= {f"{name.replace(' ', '_')}_p50_s": statistics.median(found[name]) for name in (*RERUNS, *OPENED)}
    if with_deleting:
        figures |= deleting.measure(store, home, project.id, made.model.id)
    store.engine.dispose()
    return figures


def judge(small: dict[str, float], large: dict[str, float]) -> dict[str, dict[str, Any]]:
    """Return the goals: quick with a large log, and hardly slower than with a small one."""
    goals = {
        "rerun_p95_s": at_most(round(large["rerun_p95_s"], 3), 1.0),
        "rerun_p95_large_to_small": at_most(round(large["rerun_p95_s"] / small["rerun_p95_s"], 2), 1.5),
    }
    for name in OPENED:
        times = large[f"{name}_p50_s"] / small[f"{name}_p50_s"]
        goals[f"{name}_opened_large_to_small"] = at_most(round(times, 2), 1.5)
    return goals


def main() -> int:
    """Run the command; return 0 when it got through."""
    parser = argparse.ArgumentParser(prog="benchmarks.monitor_pages", description="Monitor with a long log.")
    parser.add_argument("--quick", action="store_true", help="10 and 300 thousand predictions")
    options = parser.parse_args()
    print_versions("streamlit", "sqlalchemy")
    found = []
    with tempfile.TemporaryDirectory(prefix="full-circle-monitor-") as name:
        made = make(Path(name))
        for number, n_rows in enumerate(QUICK_SIZES if options.quick else SIZES):
            home = Path(name) / f"home{number}"
            found.append(measure(made, home, n_rows, quick=options.quick, with_deleting=number == 1))
            shutil.rmtree(home)
            print(f"{round(found[-1]['n_rows']):,} predictions", flush=True)
            for figure, value in found[-1].items():
                print(f"    {figure:28} {value:14,.3f}", flush=True)
    small, large = found
    print_goals(judge(small, large), small=_rounded(small), large=_rounded(large))
    return 0


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}


if __name__ == "__main__":
    sys.exit(main())
