"""A full disk: a real one, small, with a real service whose home is on it. Questions are answered all the same."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import serve
from core.records import ModelVersion
from core.store import Store, open_store
from tests.killing import check_log, wait_until_taken_in
from tests.model_worlds import World
from tests.service.test_killed_service import ROWS
from tests.waiting import wait_for


@pytest.fixture
def store_on_small_disk(promoted: tuple[Path, World, ModelVersion], tmp_path: Path) -> Iterator[Store]:
    """A store with the live model on a disk of 40 MB, where this machine lets us have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root can make a small disk")
    try:
        shutil.copytree(promoted[0], disk / "home")
        store = open_store(disk / "home")
        yield store
        serve.stop_service(store)
        store.engine.dispose()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def test_predictions_go_on_the_warning_is_shown_and_all_is_logged_when_there_is_room_again(
    store_on_small_disk: Store, promoted: tuple[Path, World, ModelVersion]
) -> None:
    store, slug, told = store_on_small_disk, promoted[1].project.slug, []

    def ask() -> None:
        with serve.ServiceClient(serve_address) as client:
            told.extend(answer["id"] for answer in client.predict(slug, ROWS)["predictions"])

    def troubles() -> str:
        with serve.ServiceClient(serve_address) as client:
            return " ".join(client.ping()["troubles"])

    serve_address = serve.start_service(store)
    ask()
    filler = store.home.parent / "filler"
    fill(filler)
    for _ in range(60):
        ask()
    wait_for(lambda: "journal" in troubles())
    wait_for(lambda: "prediction log cannot be written" in troubles())
    filler.unlink()
    for _ in range(30):
        ask()
    wait_for(lambda: not any(troubles() for _ in range(6)))
    wait_until_taken_in(store)
    check_log(store, promoted[2], told)
    assert store.log.count(promoted[1].project.id)[0] == 2 * 91
