"""Freed memory goes back to the system, so that the service does not grow with the requests it has answered."""

import psutil
import pytest

from core.serve.memory import give_back


def test_what_was_freed_is_given_back() -> None:
    process = psutil.Process()
    held = [bytes(1_000) for _ in range(200_000)]
    kept = held[::100]
    grown = process.memory_info().rss
    del held
    if not give_back():
        pytest.skip("this system gives memory back by itself")
    assert process.memory_info().rss < grown - 100_000_000
    assert len(kept) == 2_000
