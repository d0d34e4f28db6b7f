"""Real rows before and after, of a table too large to read for a glance."""

import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan, prepare
from core.prepare import preview
from core.records import Recipe
from core.store import Store


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "N_BLOCKS", 4)
    monkeypatch.setattr(preview, "BLOCK_ROWS", 25)


def recipe_of(store: Store, late: list[str]) -> Recipe:
    project = plan.create_project(store, "Large", by="Anna")
    frame = pd.DataFrame({"speed": [float(n % 50) for n in range(len(late))], "late": late})
    table = pa.Table.from_pandas(frame, preserve_index=False)
    collect.add_table(store, project.id, table, filename="large.csv", by="Anna", source="upload")
    plan.change_objective(store, project.id, by="Anna", target="late", task="binary")
    return prepare.propose_recipe(store, project.id, by="Anna")


def test_a_preview_reads_only_some_blocks(store: Store, small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_of(store, ["yes", "no", "no", "no"] * 250)
    monkeypatch.setattr(preview, "split_rows", lambda *_: pytest.fail("all rows were read"))
    seen = prepare.preview_recipe(store, recipe)
    assert (len(seen.before), len(seen.after), seen.n_columns_before) == (5, 5, 1)
    assert seen.before["late"].isin(["yes", "no"]).all()


def test_a_class_the_blocks_miss_is_found_in_all_rows(store: Store, small_blocks: None) -> None:
    late = ["no"] * 1000
    late[60:64] = ["yes"] * 4
    assert len(prepare.preview_recipe(store, recipe_of(store, late)).before) == 5
