"""What all tests share: a store of its own for each test, in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "home")
    yield opened
    opened.engine.dispose()
