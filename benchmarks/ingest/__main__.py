"""`python -m benchmarks.ingest`: how fast does a table come in, and how much memory does that take?

A CSV of 20 mixed columns becomes a stored version, next to what DuckDB, pyarrow and pandas need for a Parquet file, and
the stored version is profiled, next to DuckDB's SUMMARIZE. Each run has a process of its own; rivals take turns, so
that whatever else the machine does falls on all of them; a ratio is one of medians.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.goals import at_most, print_goals, print_versions

SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (10_000, 100_000)
N_REPEATS, N_QUICK_REPEATS = 5, 3
READERS = ("full_circle", "duckdb_csv")
PROFILERS = ("full_circle_profile", "duckdb_summarize")
OTHERS = ("pyarrow", "pandas")
"""Shown for comparison, on the largest table only."""


@dataclass(frozen=True)
class Measured:
    """What one contestant needed, in the middle of its runs."""

    seconds: float
    peak_mb: float


def run_once(name: str, source: str, target: Path) -> dict[str, float]:
    """Run one contestant in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ingest.contestants", name, source, str(target)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(answer)) if answer else {}


def take_turns(names: Sequence[str], source: str, n_repeats: int) -> dict[str, Measured]:
    """Run contestants in turn, so many times; return the medians of each."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(n_repeats):
        for name in names:
            with tempfile.TemporaryDirectory(prefix="full-circle-ingest-") as folder:
                runs[name].append(run_once(name, source, Path(folder) / "target"))
    return {name: _middle(found) for name, found in runs.items()}


def _middle(runs: Sequence[dict[str, float]]) -> Measured:
    seconds, peaks = ([run[figure] for run in runs] for figure in ("seconds", "peak_mb"))
    return Measured(statistics.median(seconds), statistics.median(peaks))


def measure_size(n_rows: int, n_repeats: int, others: Sequence[str], folder: Path) -> dict[str, Measured]:
    """Measure all contestants on a table of so many rows."""
    csv, home = folder / f"{n_rows}.csv", folder / f"home_{n_rows}"
    run_once("write_csv", str(n_rows), csv)
    print(f"\n{n_rows:,} rows x 20 columns, {csv.stat().st_size / 1e6:,.0f} MB", flush=True)
    measured = take_turns([*READERS, *others], str(csv), n_repeats)
    run_once("full_circle", str(csv), home)
    measured |= take_turns(PROFILERS, str(home), n_repeats)
    for name, found in measured.items():
        print(f"  {name:22} {found.seconds:8.2f} s   peak {found.peak_mb:6,.0f} MB", flush=True)
    return measured


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when it got through: whether the goals are met, the last line says."""
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description="From CSV to a stored, profiled version.")
    parser.add_argument("--quick", action="store_true", help=f"up to {QUICK_SIZES[-1]:,} rows only, fewer repeats")
    quick = parser.parse_args(arguments).quick
    sizes, n_repeats = (QUICK_SIZES, N_QUICK_REPEATS) if quick else (SIZES, N_REPEATS)
    print_versions("duckdb", "pyarrow", "pandas")
    with tempfile.TemporaryDirectory(prefix="full-circle-ingest-") as folder:
        found = {
            n_rows: measure_size(n_rows, n_repeats, OTHERS if n_rows == sizes[-1] else (), Path(folder))
            for n_rows in sizes
        }
    largest = found[sizes[-1]]
    goals = {
        "csv_to_version_over_duckdb": _ratio(largest, READERS, 1.5),
        "profile_over_summarize": _ratio(largest, PROFILERS, 1.0),
    }
    for fewer, more in itertools.pairwise(sizes):
        for name in (READERS[0], PROFILERS[0]):
            growth = found[more][name].seconds / found[fewer][name].seconds
            goals[f"{name}_growth_{fewer}_to_{more}"] = at_most(round(growth, 2), more / fewer)
    figures = {name: {"seconds": one.seconds, "peak_mb": one.peak_mb} for name, one in largest.items()}
    print_goals(goals, n_rows=sizes[-1], figures=figures)
    return 0


def _ratio(measured: dict[str, Measured], names: tuple[str, str], goal: float) -> dict[str, object]:
    ours, theirs = (measured[name].seconds for name in names)
    return at_most(round(ours / theirs, 2), goal)


if __name__ == "__main__":
    sys.exit(main())
