"""How often a key may ask: exactly so often, whatever the number of processes."""

import multiprocessing
import sys
import time
from pathlib import Path

import pytest

from core.serve.rates import Rates


@pytest.mark.parametrize("shared", [False, True])
def test_a_minutes_requests_may_come_at_once_and_then_evenly(tmp_path: Path, shared: bool) -> None:
    rates = Rates(tmp_path if shared else None)
    assert [rates.take("k", 60, now=100.0) for _ in range(60)] == [0.0] * 60
    assert rates.take("k", 60, now=100.0) == pytest.approx(1.0)
    assert rates.take("k", 60, now=100.5) == pytest.approx(0.5)
    assert rates.take("k", 60, now=101.0) == 0.0
    assert rates.take("k", 60, now=101.0) > 0.0
    assert rates.take("other", 60, now=101.0) == 0.0
    assert [rates.take("k", 60, now=10_000.0) for _ in range(61)].count(0.0) == 60
    rates.close()


def test_one_a_minute_is_one_a_minute() -> None:
    rates = Rates()
    assert [rates.take("k", 1, now=moment) == 0.0 for moment in (0.0, 1.0, 59.0, 60.0, 61.0)] == [
        True,
        False,
        False,
        True,
        False,
    ]


def take_many(folder: Path, n: int, taken: "multiprocessing.Queue[int]") -> None:
    rates = Rates(folder)
    now = time.monotonic()
    taken.put(sum(rates.take("k", 100, now=now) == 0.0 for _ in range(n)))
    rates.close()


@pytest.mark.skipif(sys.platform == "win32", reason="several processes answer on Linux only")
def test_processes_share_a_bucket(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    taken = fork.Queue()
    processes = [fork.Process(target=take_many, args=(tmp_path, 100, taken)) for _ in range(4)]
    for process in processes:
        process.start()
    total = sum(taken.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    # Between the first process's beginning and the last one's, a little was refilled.
    assert 100 <= total <= 110


@pytest.mark.parametrize("shared", [False, True])
def test_a_large_limit_is_exact_though_it_is_taken_in_lots(tmp_path: Path, shared: bool) -> None:
    per_minute = 100_000
    workers = [Rates(tmp_path if shared else None) for _ in range(2 if shared else 1)]
    taken = sum(worker.take("k", per_minute, now=100.0) == 0.0 for _ in range(per_minute) for worker in workers)
    assert taken == per_minute
    assert all(worker.take("k", per_minute, now=100.0) > 0 for worker in workers)
    # A minute's hundredth later a hundredth of it is there again.
    later = sum(worker.take("k", per_minute, now=100.6) == 0.0 for _ in range(per_minute) for worker in workers)
    assert later == pytest.approx(per_minute / 100, abs=1)
    for worker in workers:
        worker.close()
