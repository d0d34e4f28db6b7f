"""Homes with a live model, made once and copied for each fault; and a service on them until the block ends."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core import serve
from core.records import Json, ModelVersion
from core.store import Store, open_store
from tests.model_worlds import World, approve, make_world, promote

ROWS: list[Json] = [
    {"distance": 1200.0, "delay": 3.5, "carrier": "UA", "holiday": False, "scheduled": "2020-03-01T08:00:00"},
    {"distance": 300.0, "delay": None, "carrier": "Ünïcode", "holiday": True, "scheduled": "2020-07-01"},
]


@dataclass(frozen=True)
class Made:
    """A home in which version 1 of one project is live; nothing runs on it."""

    home: Path
    world: World
    model: ModelVersion

    @property
    def slug(self) -> str:
        """The name of the deployment."""
        return self.world.project.slug


@dataclass(frozen=True)
class Running:
    """A service on a copy of such a home."""

    made: Made
    store: Store
    address: str

    @property
    def predict(self) -> str:
        """Where to ask."""
        return f"{self.address}/v1/{self.made.slug}/predict"


def make(folder: Path) -> Made:
    """Return a new home below a folder."""
    home = folder / "made"
    store = open_store(home)
    world = make_world(store, "Late flights")
    model = promote(store, approve(store, world))
    store.engine.dispose()
    return Made(home, world, model)


@contextmanager
def running(made: Made, home: Path) -> Iterator[Running]:
    """Run a service on a copy of the home."""
    shutil.copytree(made.home, home)
    store = open_store(home)
    try:
        yield Running(made, store, serve.start_service(store))
    finally:
        serve.stop_service(store)
        store.engine.dispose()
