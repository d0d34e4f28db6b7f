"""Several projects are live: what the paths without a name say, and to whom."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from core import deploy, serve
from core.records import ModelVersion, Project, Release, new_id, utc_now
from core.store import Store, open_store
from tests.model_worlds import World


def add_project(store: Store, model: ModelVersion, name: str) -> Project:
    """Make the same model live for another project: training one takes seconds, copying does not."""
    project = store.add(Project(name, name))
    copied = replace(model, id=new_id(), project_id=project.id, number=1, candidate_id=new_id())
    shutil.copytree(store.files.model(model.id), store.files.model(copied.id))
    store.add(copied)
    store.releases.swap(Release(project.id, copied.id, 1, "promote", "Bert"), seen_generation=0, now=utc_now())
    return project


@pytest.fixture(scope="module")
def home(promoted: tuple[Path, World, ModelVersion], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which three projects are live: `late-flights` and `open` without a key, `closed` with one."""
    copied = tmp_path_factory.mktemp("several") / "home"
    shutil.copytree(promoted[0], copied)
    store = open_store(copied)
    add_project(store, promoted[2], "open")
    closed = add_project(store, promoted[2], "closed")
    made = deploy.create_key(store, closed.id, name="Test", scopes=["predict"], per_minute=1000, by="Anna")
    (copied / "key").write_text(made.secret)
    store.engine.dispose()
    return copied


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[httpx.Client]:
    store = open_store(home)
    try:
        with httpx.Client(base_url=serve.start_service(store), timeout=60, trust_env=False) as client:
            yield client
    finally:
        serve.stop_service(store)
        store.engine.dispose()


@pytest.mark.parametrize("path", ["/predict", "/labels"])
def test_only_what_the_caller_may_see_is_named(client: httpx.Client, home: Path, path: str) -> None:
    without = client.post(path, json={"rows": [{}]})
    assert (without.status_code, without.json()["error"]["code"]) == (409, "several_live")
    assert "/v1/open/predict" in without.text
    assert "closed" not in without.text
    assert "closed" not in client.get("/docs").text
    secret = (home / "key").read_text()
    assert "/v1/closed/predict" in client.post("/predict", json={}, headers={"X-API-Key": secret}).text
    assert "closed" in client.get("/docs", headers={"X-API-Key": secret}).text
