"""kill -9 of the whole service while eight clients ask: every answer that arrived is in the log, once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import serve
from core.records import Json, ModelVersion
from core.store import Store, open_store
from tests.killing import check_log, kill_under_load, time_until_back, wait_until_taken_in
from tests.model_worlds import World

ROWS: list[Json] = [
    {"distance": 1200.0, "delay": 3.5, "carrier": "UA", "holiday": False, "scheduled": "2020-03-01T08:00:00"},
    {"distance": 300.0, "delay": None, "carrier": "Ünïcode", "holiday": True, "scheduled": "2020-07-01"},
]


@pytest.fixture
def home(promoted: tuple[Path, World, ModelVersion], tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(promoted[0], tmp_path / "home")
    store = open_store(tmp_path / "home")
    serve.start_service(store)
    yield store
    serve.stop_service(store)
    store.engine.dispose()


def kill_again_and_again(store: Store, world: World, model: ModelVersion, n_times: int) -> list[float]:
    told: list[str] = []
    took = []
    for number in range(n_times):
        told += kill_under_load(store, world.project.slug, ROWS, after_s=0.4 + 0.1 * (number % 5))
        took.append(time_until_back(store, world.project.slug, ROWS[0]))
        wait_until_taken_in(store)
    check_log(store, model, told)
    return took


def test_no_answer_that_arrived_is_missing_after_kill_9(
    home: Store, promoted: tuple[Path, World, ModelVersion]
) -> None:
    kill_again_and_again(home, promoted[1], promoted[2], 2)


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_no_answer_that_arrived_is_missing_after_100_times_kill_9(
    home: Store, promoted: tuple[Path, World, ModelVersion]
) -> None:
    took = kill_again_and_again(home, promoted[1], promoted[2], 100)
    assert max(took) < 5
    print(f"back after {sorted(took)[50]:.1f} s (median), {max(took):.1f} s (longest)")
