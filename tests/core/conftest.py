"""A compute cluster for the tests that need one, started once, and a project with a table to learn from."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pytest
from distributed import LocalCluster

from core import collect, plan, prepare, train
from core.records import Recipe
from core.store import Store
from tests.visits import MakeRecipe


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    with train.open_cluster(n_workers=2) as opened:
        train.warm_up(opened.scheduler_address)
        yield opened


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
