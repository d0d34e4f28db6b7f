"""`benchmarks.monitor_pages` makes the log it says it does, and would notice a page that slows down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.faults.worlds import make
from benchmarks.monitor_pages import filling
from benchmarks.monitor_pages.__main__ import OPENED, judge
from core import monitor
from core.store import open_store

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
LAST_WHOLE_HOUR = datetime(2026, 5, 30, 12, tzinfo=UTC)
"""The end of the last hour that lies wholly before the last two days."""


def test_windows_follow_on_each_other_as_hours_and_then_minutes() -> None:
    found = list(filling.spans(NOW))
    ends = [began_at + timedelta(minutes=length) for began_at, length in found]
    assert ends[:-1] == [began_at for began_at, _ in found[1:]]
    assert (found[0][0], ends[-1]) == (datetime(2026, 4, 20, 12, tzinfo=UTC), NOW)
    assert all(began_at.minute == 0 for began_at, length in found if length == 60)
    assert all(length == (60 if end <= LAST_WHOLE_HOUR else 1) for (_, length), end in zip(found, ends, strict=True))


@pytest.mark.slow
def test_a_filled_log_holds_what_its_windows_count_and_folding_finds_nothing_to_do(tmp_path: Path) -> None:
    made = make(tmp_path)
    store = open_store(made.home)
    n_logged = filling.fill(store, made.model, 4_000, NOW)
    project_id = made.world.project.id
    assert store.log.coverage(project_id) == store.log.count(project_id)
    assert store.log.count(project_id)[0] == n_logged
    newest = store.log.read(project_id, newest=1)[0].prediction
    assert NOW - newest.predicted_at <= timedelta(minutes=1)
    total = store.log.total(project_id, made.model.id)
    assert total is not None
    assert {sum(counts) for counts in total.columns.values()} == {n_logged}
    assert sum(total.latency) == total.n_requests
    assert monitor.fold_windows(store, NOW) == 0
    store.engine.dispose()


def test_a_page_that_slows_down_with_the_log_is_noticed() -> None:
    small = {"rerun_p95_s": 0.5, **{f"{name}_p50_s": 1.0 for name in OPENED}}
    assert all(goal["met"] for goal in judge(small, {**small, "rerun_p95_s": 0.7}).values())
    slow = judge(small, {**small, "rerun_p95_s": 1.1, "retrain_p50_s": 2.0})
    assert {name for name, goal in slow.items() if not goal["met"]} == {
        "rerun_p95_s",
        "rerun_p95_large_to_small",
        "retrain_opened_large_to_small",
    }
