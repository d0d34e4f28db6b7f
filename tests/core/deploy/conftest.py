"""One registered model for all tests here: registering takes seconds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from core import plan
from core.records import ModelVersion, new_id
from core.store import Store, open_store
from tests.model_worlds import World, copy_version, make_world, register


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


@pytest.fixture
def versions(registered: Registered) -> list[ModelVersion]:
    """Three approved versions of a project of their own, where nothing is live."""
    store = registered.store
    project = plan.create_project(store, f"Project {new_id()}", by="Anna")
    moved = replace(registered.model, project_id=project.id)
    return [copy_version(store, moved, number=number) for number in (1, 2, 3)]
