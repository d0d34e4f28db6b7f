"""A prediction service in its own process, over real HTTP, shared by the tests of a module."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from core import serve
from core.records import ModelVersion
from core.store import Store, open_store
from tests.model_worlds import World, approve, make_world, promote


@dataclass
class Live:
    """A running service, with the project `late-flights` live on it."""

    store: Store
    world: World
    first: ModelVersion
    address: str
    http: httpx.Client
    client: serve.ServiceClient

    @property
    def slug(self) -> str:
        return self.world.project.slug

    def row(self, **changes: object) -> dict[str, object]:
        """Return a row the model accepts, with some fields changed."""
        return {
            "distance": 1200.0,
            "delay": 3.5,
            "carrier": "UA",
            "holiday": False,
            "scheduled": "2020-03-01T08:00:00",
            **changes,
        }

    def post(self, body: bytes | str, path: str = "predict", **headers: str) -> httpx.Response:
        """Post raw bytes."""
        content = body.encode() if isinstance(body, str) else body
        return self.http.post(
            f"/v1/{self.slug}/{path}", content=content, headers={"Content-Type": "application/json", **headers}
        )


def connect(address: str) -> httpx.Client:
    """Return a client of a service, to be closed."""
    return httpx.Client(base_url=address, timeout=60, trust_env=False)


@pytest.fixture(scope="session")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World, ModelVersion]:
    """A home folder in which version 1 of one project is live: made once, copied for each module."""
    home = tmp_path_factory.mktemp("promoted") / "home"
    store = open_store(home)
    world = make_world(store, "Late flights")
    first = promote(store, approve(store, world))
    store.engine.dispose()
    return home, world, first


@pytest.fixture(scope="module")
def live(promoted: tuple[Path, World, ModelVersion], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home, world, first = promoted
    copied = tmp_path_factory.mktemp("service") / "home"
    shutil.copytree(home, copied)
    store = open_store(copied)
    address = serve.start_service(store)
    try:
        one = Live(store, world, first, address, connect(address), serve.ServiceClient(address))
        yield one
        one.http.close()
        one.client.close()
    finally:
        serve.stop_service(store)
        store.engine.dispose()
