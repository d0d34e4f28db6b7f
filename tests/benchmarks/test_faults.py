"""The quick parts of `benchmarks.faults`, and whether what it counts would be noticed."""

import shutil
from pathlib import Path

import pytest

from benchmarks.faults import damage, races
from benchmarks.faults.load import Asked, Load
from benchmarks.faults.releases import count_wrong
from benchmarks.faults.worlds import Made, make


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("faults"))


def asked(at: float, version: int, status: int = 200) -> Asked:
    return Asked(at, at + 0.01, status, version, ())


def test_an_answer_of_a_version_that_was_not_live_is_counted() -> None:
    changes = [(0.0, 0.1, 1), (10.0, 10.1, 2), (20.0, 20.1, 1)]
    right = [asked(5, 1), asked(10.5, 1), asked(10.5, 2), asked(15, 2), asked(21, 2), asked(30, 1)]
    wrong = [asked(5, 2), asked(15, 1), asked(30, 2), asked(15, 3)]
    assert count_wrong(Load(right), changes) == 0
    assert count_wrong(Load([*right, *wrong]), changes) == len(wrong)
    assert Load([asked(1, 1, 503), asked(1, 1)]).n_failed == 1


def test_of_two_promotions_at_once_one_wins_and_the_other_is_told(made: Made, tmp_path: Path) -> None:
    (goal,) = races.measure(made, tmp_path, quick=True).values()
    assert goal["met"]


def test_no_damaged_file_of_a_model_is_served(made: Made, tmp_path: Path) -> None:
    shutil.copytree(made.home, tmp_path / "home")
    found = damage.damage_all(tmp_path / "home", made.slug, 0, 16, 8)
    assert (found["served"], found["answered"]) == (0, 24)
    assert min(found["files"].values()) >= 2
