"""One service with one live model for all tests of this folder."""

from collections.abc import Iterator

import pytest

from core import serve
from core.store import open_store
from tests.model_worlds import approve, make_world, promote
from tests.playing import Live


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    store = open_store(tmp_path_factory.mktemp("replay") / "home")
    world = make_world(store, "Late flights")
    promote(store, approve(store, world))
    serve.start_service(store)
    yield Live(store, world)
    serve.stop_service(store)
    store.engine.dispose()
