"""More than forty hostile model folders: nothing in them runs, each is refused in words, the champion keeps answering.

They are tried as by an attacker who can change the store, too: manifest and digest fit. What nothing ever reads does no
harm; such a version is served as what it is. Without that power every changed file is noticed by its hash alone.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.deploy.loading import open_model
from core.errors import BadInputError
from core.store import Store, open_store
from tests.faults.hostile_models import HOSTILE, Hostile, make
from tests.model_worlds import approve, copy_version, make_world, promote
from tests.running import ROOT


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "home"


@pytest.fixture(scope="module")
def outcomes(home: Path) -> dict[str, Any]:
    """Try all in a process of its own, which a hostile file may end."""
    store = open_store(home)
    world = make_world(store, "Late flights")
    promote(store, approve(store, world))
    store.engine.dispose()
    canary = home.parent / "ran"
    command = [sys.executable, "-m", "tests.faults.hostile_models", str(home), world.project.slug, str(canary)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert answer.returncode == 0, answer.stderr[-3_000:]
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def test_there_are_many_and_all_differ() -> None:
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE) >= 40


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_nothing_runs_and_the_champion_keeps_answering(hostile: Hostile, outcomes: dict[str, Any]) -> None:
    outcome = outcomes[hostile.name]
    assert not outcome["ran"]
    assert outcome["answers"] == 1
    if hostile.never_read:
        assert outcome["trouble"] == ""
        return
    assert outcome["number"] == 1
    assert outcome["trouble"].startswith("Version ")
    assert "is not served: The " in outcome["trouble"], outcome["trouble"]


def test_the_payload_would_have_run(tmp_path: Path) -> None:
    import pickle

    from tests.faults.hostile_models import pickled

    pickled("model.skops")(tmp_path, tmp_path / "ran")
    pickle.loads((tmp_path / "model.skops").read_bytes())  # noqa: S301 - proves that the canary sings
    assert (tmp_path / "ran").exists()


@pytest.fixture
def opened(home: Path, outcomes: dict[str, Any]) -> Store:
    assert outcomes
    return open_store(home)


def test_with_the_digest_that_was_registered_every_changed_file_is_refused(opened: Store) -> None:
    from core.records import ModelVersion

    good = opened.find(ModelVersion, number=1)[0]
    refused = []
    for number, hostile in enumerate(HOSTILE):
        folder = opened.files.model(copy_version(opened, good, number=1_000 + number).id)
        make(hostile, folder, opened.home.parent / "ran")
        try:
            open_model(folder, good.digest)
        except BadInputError as error:
            refused.append(error.message)
    opened.engine.dispose()
    assert len(refused) == len(HOSTILE)
    assert {message.split(":")[0] for message in refused} == {
        "The model's manifest is not the one that was registered.",
        "The model's files are not as they were written",
    }
