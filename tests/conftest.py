"""What all tests share: a store of its own for each test, in a temporary folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store import Store, open_store


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with an empty store: copying it is quicker than making each from nothing."""
    home = tmp_path_factory.mktemp("empty") / "home"
    open_store(home).engine.dispose()
    return home


@pytest.fixture
def store(empty_home: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(empty_home, tmp_path / "home")
    opened = open_store(tmp_path / "home")
    yield opened
    opened.engine.dispose()
