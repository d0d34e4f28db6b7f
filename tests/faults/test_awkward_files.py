"""Eighty awkward files: loaded as expected, or refused with the place and the way out; memory stays under a cap."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.awkward_files import AWKWARD, Awkward
from tests.running import ROOT

CAP_MB = 800
"""What the process may ever hold, its libraries (about 200 MB) and DuckDB's own limit included."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Read all the files in one process of its own, whose memory is only theirs."""
    folder = tmp_path_factory.mktemp("awkward")
    for file in AWKWARD:
        (folder / file.name).write_bytes(file.bytes())
    command = [sys.executable, "-m", "tests.faults.awkward_files", str(folder)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return dict(json.loads(answer.stdout))


def test_there_are_many_and_all_differ() -> None:
    assert len({file.name for file in AWKWARD}) == len(AWKWARD) >= 60


@pytest.mark.parametrize("file", AWKWARD, ids=lambda file: file.name)
def test_an_awkward_file_is_loaded_as_expected_or_refused_in_words(file: Awkward, outcomes: dict[str, Any]) -> None:
    outcome = outcomes[file.name]
    if file.refused:
        assert all(words in f"{outcome.get('message')} {outcome.get('hint')}" for words in file.refused), outcome
        assert outcome["message"].startswith(f"{file.name}.csv: ")
        assert outcome["hint"]
        return
    assert "message" not in outcome, outcome
    if file.table is not None:
        assert outcome["table"] == file.table
    if file.shape is not None:
        assert tuple(outcome["shape"]) == file.shape
    assert outcome["rows"][1] == outcome["shape"][0]
    assert set(file.told) <= set(outcome["told"]), outcome["told"]


def test_memory_stays_under_the_cap(outcomes: dict[str, Any]) -> None:
    highest = max(outcomes.items(), key=lambda entry: entry[1]["peak_mb"])
    assert highest[1]["peak_mb"] < CAP_MB, highest[0]
