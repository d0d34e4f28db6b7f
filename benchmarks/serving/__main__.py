"""`python -m benchmarks.serving`: requests a second and latencies of the prediction service, beside others.

All services run at once with the same number of workers and are asked in turn, in changing order, by a load generator
in a process of its own; figures of the first model are medians over rounds, those of the others come from one. Ours
checks, logs and counts every row, as always.
`--quick` takes one model, short rounds, and MLflow only where `--environment` names one that is there already.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

from benchmarks.goals import at_least, at_most, print_goals, print_versions
from benchmarks.serving import services
from benchmarks.serving.models import MODELS, Served, make_served
from benchmarks.serving.services import BARE, MLFLOW, OURS, PLAIN, Service
from core.records import Project
from core.serve.workers import default_workers
from core.store import open_store
from tests.killing import wait_until_taken_in
from tests.running import ROOT

CLIENTS = (1, 16, 64)
N_ROWS = (1, 100)
MEMORY_CLIENTS = 16
WARM_REQUESTS = 20_000
N_LOTS = 10
"""The requests before memory is looked at again are asked in so many lots, so that one sees how it goes."""
CATCH_UP_S = 120
REST_S = 65
"""Until the log is written and freed memory has been given back, which the service does every minute."""

Case = tuple[str, int, int]
"""Service, rows a request, clients."""
Figures = dict[str, float]


def ask(service: Service, folder: Path, rows: list[dict[str, object]], **how: float) -> Figures:
    """Let the load generator ask a service; return what it measured."""
    body = folder / "body.json"
    body.write_text(json.dumps(service.body(rows)))
    command = [sys.executable, "-m", "benchmarks.serving.load", "--address", service.address, "--body", str(body)]
    command += [part for name, value in how.items() for part in (f"--{name}", str(value))]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def measure(
    running: list[Service], served: Served, folder: Path, plan: "Plan", n_rounds: int
) -> tuple[dict[Case, Figures], list[float]]:
    """Return the medians of each service for each number of rows and clients, and how long our log came later.

    The others are asked when our log has everything: it must not take processor time from them.
    """
    behind_s = []
    found: defaultdict[Case, list[Figures]] = defaultdict(list)
    for turn in range(n_rounds):
        for n_rows in plan.n_rows:
            for clients in plan.clients:
                first = turn % len(running)
                for service in [*running[first:], *running[:first]]:
                    figures = ask(service, folder, served.rows[:n_rows], clients=clients, seconds=plan.seconds)
                    found[service.name, n_rows, clients].append(figures)
                    if service.name == OURS:
                        behind_s.append(catch_up(served.home)[0])
    medians = {
        case: {key: statistics.median(one[key] for one in many) for key in many[0]} for case, many in found.items()
    }
    return medians, behind_s


class Plan:
    """How long and how often is measured: the first model, which has the goals, in all rounds, the others in one."""

    def __init__(self, *, quick: bool) -> None:
        self.n_rounds, self.seconds = (1, 2.0) if quick else (3, 3.0)
        self.clients, self.n_rows = ((1, 16), N_ROWS) if quick else (CLIENTS, N_ROWS)
        self.models = list(MODELS)[:1] if quick else list(MODELS)
        self.memory_requests = 50_000 if quick else 1_000_000


def show(model: str, found: dict[Case, Figures]) -> None:
    """Print a table of all cases."""
    print(
        f"\n{model}\n{'rows':>5} {'clients':>8}  {'service':20} {'requests/s':>11} {'p50 ms':>8} {'p99 ms':>8} errors"
    )
    for (name, n_rows, clients), one in sorted(found.items(), key=lambda item: item[0][1:]):
        print(
            f"{n_rows:5} {clients:8}  {name:20} {one['per_second']:11,.0f} {one['p50_ms']:8.1f} {one['p99_ms']:8.1f} "
            f"{one['errors']:6.0f}",
            flush=True,
        )


def memory_mb(service: Service) -> float:
    """Return the memory that a service and its processes have for themselves alone, in MB."""
    main = psutil.Process(service.process.pid)
    return float(sum(one.memory_full_info().uss for one in [main, *main.children(recursive=True)]) / 1e6)


def grow(service: Service, folder: Path, rows: list[dict[str, object]], n_requests: int) -> float:
    """Return by how many MB the service has grown after so many requests, warmed up before and at rest both times."""
    at_rest = []
    for lots in ((WARM_REQUESTS,), (n_requests // N_LOTS,) * N_LOTS):
        for number, count in enumerate(lots, 1):
            errors = ask(service, folder, rows[:1], clients=MEMORY_CLIENTS, requests=count)["errors"]
            print(f"  {number * count:,} requests, {errors:.0f} errors, {memory_mb(service):.0f} MB", flush=True)
        time.sleep(REST_S)
        at_rest.append(memory_mb(service))
    return at_rest[1] - at_rest[0]


def catch_up(home: Path) -> tuple[float, int]:
    """Return after how many seconds all that was answered is in the log, and how many rows were dropped from it."""
    store = open_store(home)
    began_at = time.monotonic()
    wait_until_taken_in(store, CATCH_UP_S)
    taken_s = time.monotonic() - began_at
    windows = [one for project in store.find(Project) for one in store.log.windows(project.id, only=())]
    store.engine.dispose()
    return taken_s, sum(window.n_dropped for window in windows)


def judge(found: dict[Case, Figures], grown_mb: float, n_dropped: int) -> dict[str, dict[str, object]]:
    """Return the goals for the random forest; those that need MLflow only where it was there."""
    ours, bare = found[OURS, 1, 16], found[BARE, 1, 16]
    goals = {
        "one_row_16_clients_share_of_bare": at_least(round(ours["per_second"] / bare["per_second"], 2), 0.7),
        "one_row_16_clients_p99_ms": at_most(round(ours["p99_ms"], 1), 15),
        "errors": at_most(sum(one["errors"] for (name, *_), one in found.items() if name == OURS), 0),
        "rows_dropped_from_the_log": at_most(n_dropped, 0),
        "memory_growth_mb": at_most(round(grown_mb, 1), 20),
    }
    if (MLFLOW, 1, 16) in found:
        for n_rows, wanted in ((1, 40), (100, 10)):
            times = found[OURS, n_rows, 16]["per_second"] / found[MLFLOW, n_rows, 16]["per_second"]
            goals[f"{n_rows}_rows_16_clients_times_mlflow"] = at_least(round(times, 1), wanted)
    return goals


def main() -> int:
    """Run the command; return 0 when it got through."""
    parser = argparse.ArgumentParser(prog="benchmarks.serving", description="The prediction service beside others.")
    parser.add_argument("--quick", action="store_true", help="one model, short rounds, fewer requests")
    parser.add_argument("--environment", type=Path, help="folder of an environment with MLflow, kept; made if missing")
    parser.add_argument("--workers", type=int, default=default_workers(), help="of each service")
    options = parser.parse_args()
    plan = Plan(quick=options.quick)
    print_versions("scikit-learn", "onnxruntime", "fastapi", "uvicorn", "uvloop", "httptools")
    with tempfile.TemporaryDirectory(prefix="full-circle-serving-") as name:
        folder = Path(name)
        if options.environment is None and options.quick:
            mlflow = None
            print("MLflow is left out: --environment names no environment for it.")
        else:
            mlflow = services.make_mlflow_environment((options.environment or folder / "mlflow").absolute())
            print(f"mlflow {services.mlflow_version(mlflow)}")
        print(f"{options.workers} workers each; the plain service is {PLAIN}", flush=True)
        results: dict[str, dict[Case, Figures]] = {}
        grown_mb, n_dropped = 0.0, 0
        for number, model in enumerate(plan.models):
            part = folder / str(number)
            part.mkdir()
            served = make_served(part, model)
            with services.all_running(served, part, options.workers, mlflow) as running:
                results[model], behind_s = measure(running, served, part, plan, 1 if number else plan.n_rounds)
                show(model, results[model])
                dropped = catch_up(served.home)[1]
                n_dropped += dropped
                print(f"the log had all at most {max(behind_s):.1f} s later; {dropped:,} rows were dropped", flush=True)
                if number == 0:
                    grown_mb = grow(running[0], part, served.rows, plan.memory_requests)
                    print(f"memory after {plan.memory_requests:,} more requests: {grown_mb:+.1f} MB", flush=True)
    goals = judge(results[plan.models[0]], grown_mb, n_dropped)
    print_goals(goals, workers=options.workers, memory_requests=plan.memory_requests)
    return 0


if __name__ == "__main__":
    sys.exit(main())
