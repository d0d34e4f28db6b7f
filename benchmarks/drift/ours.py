"""What the product finds in the same rows, by the functions that the service and the Monitor page use."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.drift import worlds
from core import deploy
from core.monitor.current_window import CurrentWindow
from core.monitor.drift import compare_counts
from core.records import Column, ColumnKind, Recipe, RecipeStep, Reference, Split, Window
from core.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)


def build(frame: pd.DataFrame) -> Reference:
    """Return the reference of a model that learned from these rows."""
    columns = tuple(Column(str(name), kind_of(frame[name]), "") for name in frame.columns)
    encoded = tuple(column.name for column in columns if column.kind == "category")
    dates = tuple(column.name for column in columns if column.kind == "date")
    steps = (RecipeStep("encode_few", "encode", "", "", encoded), RecipeStep("dates", "dates", "", "", dates))
    recipe = Recipe("p", "d", "y", "binary", steps, Split(), (*columns, Column("y", "category", "")))
    return deploy.build_reference(recipe, frame, ["no"] * 700 + ["yes"] * 300)


def kind_of(values: "pd.Series[Any]") -> ColumnKind:
    """Return what a column holds."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    return "number" if pd.api.types.is_numeric_dtype(values) else "category"


def count(reference: Reference, frame: pd.DataFrame, minute: int = 0) -> Window:
    """Return the window of live rows."""
    counts = deploy.count_table(reference, frame)
    at = START + timedelta(minutes=minute)
    return Window("p", "m", at, n_requests=1, n_rows=len(frame), predictions=(70, 30, 0, 0), **counts.__dict__)


def flag(reference: Reference, window: Window) -> set[str]:
    """Return the columns called drifted, as the page and the alerts would."""
    found = compare_counts(reference, CurrentWindow(window, 1, None, None))
    watched = (*found.columns, found.prediction)
    return {column.name for column in watched if column.outcome == "drifted"}


def time_windows(n_reference: int, n_rows: int) -> dict[str, float]:
    """Return the seconds from rows in memory to the verdict, and those of the parts."""
    frame, current = worlds.draw(n_reference, 0), worlds.draw(n_rows, 1)
    deploy.count_table(build(frame.head(100)), current.head(100))  # What is imported late is imported now.
    started_at = time.perf_counter()
    reference = build(frame)
    built_at = time.perf_counter()
    window = count(reference, current)
    counted_at = time.perf_counter()
    flag(reference, window)
    ended_at = time.perf_counter()
    parts = {"build_s": built_at - started_at, "count_s": counted_at - built_at, "verdict_s": ended_at - counted_at}
    return {**parts, "all_s": ended_at - started_at}


def time_stored(store: Store, n_windows: int, n_columns: int, n_repeats: int = 20) -> list[float]:
    """Return the seconds from stored windows to the verdict, over and over, the windows read each time."""
    reference = build(worlds.draw(20_000, 0, n_columns))
    window = count(reference, worlds.draw(200, 1, n_columns))
    moments = (START + timedelta(minutes=number) for number in range(n_windows))
    store.log.append([], [replace(window, started_at=at) for at in moments])
    seconds = []
    for _ in range(n_repeats):
        started_at = time.perf_counter()
        total = store.log.total("p", "m")
        if total is None:
            raise RuntimeError("The windows are not there.")
        flag(reference, total)
        seconds.append(time.perf_counter() - started_at)
    return seconds


def find(case: str, n_rows: int, seeds: Sequence[int], n_reference: int, real: Path | None) -> list[dict[str, Any]]:
    """Return what is found in each window of a case, each reference serving 25 windows of its world."""
    n_columns = 30 if case == "broken" else 20
    references: dict[tuple[bool, int], Reference] = {}
    found = []
    for seed in seeds:
        is_real = case == "same" and real is not None and seed % 2 == 1
        key = (is_real, seed // 50)
        if key not in references:
            many = 1_000_000 + seed
            drawn = (
                worlds.draw_real(worlds.read_real(real), n_reference, many)
                if is_real and real is not None
                else worlds.draw(n_reference, many, n_columns)
            )
            references[key] = build(drawn)
        current, truth = worlds.draw_case(case, n_rows, seed, real if is_real else None)
        flagged = flag(references[key], count(references[key], current))
        found.append({"flagged": sorted(flagged), "truth": sorted(truth), "overall": bool(flagged)})
    return found
