"""Every store test runs on both databases: SQLite in a file, and a real PostgreSQL server started for the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store import Store, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None for the default (SQLite in the home folder), else the address of a PostgreSQL database."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def store(tmp_path: Path, database_url: str | None) -> Iterator[Store]:
    opened = open_store(tmp_path / "home", database_url)
    yield opened
    opened.engine.dispose()
