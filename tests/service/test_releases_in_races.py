"""Who changes what is live at the same moment as somebody else, and who asks meanwhile: by the faults' own measures."""

import json
from pathlib import Path

import pytest

from benchmarks.faults import races, releases
from benchmarks.faults.worlds import Made
from core.records import ModelVersion
from tests.model_worlds import World


@pytest.fixture
def made(promoted: tuple[Path, World, ModelVersion]) -> Made:
    home, world, model = promoted
    return Made(home, world, model)


def check(goals: dict) -> None:
    assert {name: goal for name, goal in goals.items() if not goal["met"]} == {}, json.dumps(goals)


@pytest.mark.slow
def test_two_hundred_races_have_one_winner_each(made: Made, tmp_path: Path) -> None:
    check(races.measure(made, tmp_path, quick=False))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_promoting_and_rolling_back_twenty_times_under_load_loses_no_request(made: Made, tmp_path: Path) -> None:
    check(releases.measure(made, tmp_path, quick=False))
