"""One registered model for all tests here: registering takes seconds."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from core.records import ModelVersion
from core.store import Store, open_store
from tests.model_worlds import World, make_world, register


@dataclass(frozen=True)
class Registered:
    """A store with one project and one registered version of it."""

    store: Store
    world: World
    model: ModelVersion


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    store = open_store(tmp_path_factory.mktemp("deploy") / "home")
    world = make_world(store, "Late flights")
    yield Registered(store, world, register(store, world))
    store.engine.dispose()
