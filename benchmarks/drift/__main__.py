"""`python -m benchmarks.drift`: how long a verdict on drift takes, and how often it is right, beside others.

Time: 20 columns, from rows in memory to the verdict, our binning included. Truth: windows in which nothing changed
(half of them rows of a real table), three columns of 20 moved by a fifth of their spread, one column of 30 broken.
The peers get environments of their own, and fewer windows, as they are slower.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.drift import ours
from benchmarks.drift.environments import PACKAGES, ask_peer, make_environment, peer_version
from benchmarks.goals import at_least, at_most, print_goals, print_versions
from core import collect
from core.store import open_store

N_REFERENCE = 100_000
SIZES = (500, 5_000, 100_000)
Found = list[dict[str, Any]]


def save_real(path: Path) -> Path:
    """Write the real table: flights, without what is empty."""
    sample = next(one for one in collect.SAMPLES if one.key == "late_flights")
    table, _ = sample.load()
    table.drop(columns=["year"]).to_parquet(path)
    return path


def say_share(found: Found, wanted: str) -> float:
    """Return the share of windows, out of 1, in which anything was flagged, or all the truth, or exactly the truth."""
    tests = {
        "any": lambda one: bool(one["flagged"]),
        "found": lambda one: bool(set(one["flagged"]) & set(one["truth"])),
        "right": lambda one: set(one["flagged"]) == set(one["truth"]),
        "overall": lambda one: one["overall"],
    }
    return round(sum(bool(tests[wanted](one)) for one in found) / len(found), 4)


def measure_time(peers: dict[str, Path], folder: Path, n_current: tuple[int, ...]) -> dict[str, float]:
    """Return seconds, medians of three for ours; print them."""
    figures: dict[str, float] = {}
    for n_rows in n_current:
        runs = [ours.time_windows(N_REFERENCE, n_rows) for _ in range(3)]
        middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        print(f"{n_rows:>9,} rows  ours {middle['all_s']:.3f} s: {say_parts(middle)}", flush=True)
        figures[f"ours_{n_rows}_s"] = middle["all_s"]
        for name, python in peers.items():
            (one,) = ask_peer(
                python, name, case="same", n_reference=N_REFERENCE, n_columns=20, n_rows=n_rows, seeds=[1]
            )
            figures[f"{name}_{n_rows}_s"] = one["seconds"]
            times = one["seconds"] / middle["all_s"]
            print(f"{n_rows:>9,} rows  {name} {one['seconds']:.2f} s, {times:.1f} times as long", flush=True)
    store = open_store(folder / "stored")
    stored = ours.time_stored(store, 1_000, 50)
    store.engine.dispose()
    figures["stored_ms"] = 1_000 * statistics.median(stored)
    print(f"1,000 stored windows of 50 columns: {figures['stored_ms']:.1f} ms, slowest {1_000 * max(stored):.1f} ms")
    return figures


def say_parts(middle: dict[str, float]) -> str:
    """Return the parts of a time in words."""
    return f"reference {middle['build_s']:.3f}, counting {middle['count_s']:.3f}, verdict {middle['verdict_s']:.4f}"


def measure_truth(peers: dict[str, Path], real: Path, n_windows: int, n_of_peers: dict[int, int]) -> dict[str, float]:
    """Return how often what was found; print it."""
    figures: dict[str, float] = {}
    for n_rows in SIZES:
        found = ours.find("same", n_rows, range(n_windows), N_REFERENCE, real)
        figures[f"false_alarms_{n_rows}"] = say_share(found, "any")
        print(f"nothing changed, {n_rows:,} rows: ours raises {figures[f'false_alarms_{n_rows}']:.2%} of {n_windows}")
        tell_peers(peers, "same", n_rows, n_of_peers[n_rows])
    for case, n_rows in (("shift", 5_000), ("broken", 2_000)):
        found = ours.find(case, n_rows, range(n_windows), N_REFERENCE, None)
        figures |= {f"{case}_found": say_share(found, "found"), f"{case}_right": say_share(found, "right")}
        said = f"found {figures[f'{case}_found']:.2%}, exactly the right columns {figures[f'{case}_right']:.2%}"
        print(f"{case}, {n_rows:,} rows: ours {said} of {n_windows}", flush=True)
        tell_peers(peers, case, n_rows, n_of_peers[5_000])
    return figures


def tell_peers(peers: dict[str, Path], case: str, n_rows: int, n_windows: int) -> None:
    """Print what the peers find in the first windows of a case."""
    for name, python in peers.items():
        if not n_windows:
            continue
        found = ask_peer(
            python,
            name,
            case=case,
            n_reference=N_REFERENCE,
            n_columns=30 if case == "broken" else 20,
            n_rows=n_rows,
            seeds=[2 * number for number in range(n_windows)],
        )
        shares = {wanted: say_share(found, wanted) for wanted in ("any", "overall", "found", "right")}
        words = f"any column flagged {shares['any']:.0%}, called drifted as a whole {shares['overall']:.0%}"
        if case != "same":
            words += f", right ones among them {shares['found']:.0%}, exactly those {shares['right']:.0%}"
        print(f"    {name}: {words} of {n_windows} windows", flush=True)


def main() -> int:
    """Run the command; return 0 when it got through."""
    parser = argparse.ArgumentParser(prog="benchmarks.drift", description="Drift, beside Evidently and NannyML.")
    parser.add_argument("--quick", action="store_true", help="fewer windows, and no peers unless --environments")
    parser.add_argument("--environments", type=Path, help="folder of the peers' environments, kept; made if missing")
    parser.add_argument("--part", choices=("time", "truth"), help="only one of both")
    options = parser.parse_args()
    print_versions("numpy", "pandas", "scipy")
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="full-circle-drift-") as name:
        folder = Path(name)
        peers = {}
        if options.environments is not None or not options.quick:
            where = (options.environments or folder / "environments").absolute()
            peers = {one: make_environment(where, one) for one in PACKAGES}
            print(", ".join(f"{one} {peer_version(python, one)}" for one, python in peers.items()), flush=True)
        if options.part != "truth":
            figures |= measure_time(peers, folder, (100_000,) if options.quick else (100_000, 1_000_000))
        if options.part != "time":
            n_of_peers = {500: 5, 5_000: 5, 100_000: 0} if options.quick else {500: 50, 5_000: 50, 100_000: 5}
            real = save_real(folder / "real.parquet")
            figures |= measure_truth(peers, real, 40 if options.quick else 500, n_of_peers)
    print_goals(judge(figures), **{name: round(value, 4) for name, value in figures.items()})
    return 0


def judge(figures: dict[str, float]) -> dict[str, dict[str, Any]]:
    """Return the goals for which there are figures."""
    goals: dict[str, dict[str, Any]] = {}
    if "evidently_1000000_s" in figures:
        times = figures["evidently_1000000_s"] / figures["ours_1000000_s"]
        goals["times_evidently_at_1m_rows"] = at_least(round(times, 1), 50)
    if "stored_ms" in figures:
        goals["verdict_from_1000_stored_windows_ms"] = at_most(round(figures["stored_ms"], 1), 50)
    for n_rows in SIZES:
        if (name := f"false_alarms_{n_rows}") in figures:
            goals[name] = at_most(figures[name], 0.01)
    for name, wanted in (("shift_found", 0.99), ("shift_right", 0.95), ("broken_found", 1.0)):
        if name in figures:
            goals[name] = at_least(figures[name], wanted)
    return goals


if __name__ == "__main__":
    sys.exit(main())
