"""Earlier values: of earlier moments only, of the same group, the same for a row whatever comes after it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, prepare
from core.prepare.look_back import earlier_values, look_back
from core.records import ColumnKind, Recipe, RecipeStep, Split
from core.store import Store
from tests.all_steps import put
from tests.visits import MakeRecipe

KINDS: dict[str, ColumnKind] = {"load": "number", "state": "category", "on": "boolean"}


def step(*columns: str, group: str | None = None, **options: list[int]) -> RecipeStep:
    return RecipeStep(
        "look_back", "look_back", "", "", columns, options={"time_column": "at", "group_column": group} | options
    )


def values(frame: pd.DataFrame, one: RecipeStep) -> list[list[object]]:
    found = look_back(frame, one, KINDS)
    return [[None if pd.isna(value) else value for value in found[name]] for name in found]


def test_the_value_before_is_that_of_the_moment_before_in_whatever_order_rows_stand() -> None:
    frame = pd.DataFrame({"at": [3, 1, 2, 4], "load": [30.0, 10.0, 20.0, 40.0]})
    assert values(frame, step("load", lags=[1, 2])) == [[20, None, 10, 30], [10, None, None, 20]]


def test_rows_of_one_moment_do_not_see_each_other() -> None:
    frame = pd.DataFrame({"at": [1, 1, 2, 2, 3], "load": [1.0, 3.0, 10.0, 30.0, 5.0]})
    assert values(frame, step("load", lags=[1])) == [[None, None, 2, 2, 20]]


def test_only_rows_of_the_same_group_are_looked_back_at() -> None:
    frame = pd.DataFrame({"at": [1, 2, 3, 4], "load": [1.0, 2.0, 3.0, 4.0], "who": ["a", "b", "a", "b"]})
    assert values(frame, step("load", group="who", lags=[1])) == [[None, None, 1, 2]]


def test_means_leave_out_what_is_missing() -> None:
    frame = pd.DataFrame({"at": [1, 2, 3, 4], "load": [1.0, np.nan, 4.0, 7.0]})
    assert values(frame, step("load", windows=[3])) == [[None, 1, 1, 2.5]]


def test_categories_and_truth_values_are_looked_back_at_too() -> None:
    frame = pd.DataFrame({"at": [1, 2, 2], "state": ["up", None, "down"], "on": [True, False, None]})
    assert values(frame, step("state", lags=[1])) == [[None, "up", "up"]]
    assert values(frame.assign(at=[1, 2, 3]), step("on", lags=[1], windows=[2])) == [[None, 1, 0], [None, 1, 0.5]]


def test_without_time_or_group_nothing_is_known() -> None:
    frame = pd.DataFrame({"at": [1, None, 3], "load": [1.0, 2.0, 3.0], "who": ["a", "a", None]})
    assert values(frame, step("load", lags=[1])) == [[None, None, 1]]
    assert values(frame, step("load", group="who", lags=[1])) == [[None, None, None]]


@pytest.mark.parametrize("seed", range(5))
def test_the_future_changes_nothing_of_the_past(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 200
    frame = pd.DataFrame(
        {
            "at": rng.integers(0, 60, n),
            "load": rng.normal(size=n),
            "state": rng.choice(["x", "y"], n),
            "who": rng.choice(["a", "b", "c"], n),
        }
    )
    asked = step("load", group="who", lags=[1, 4], windows=[2, 7])
    named = step("state", group="who", lags=[1])
    for now in (5, 30, 59):
        future = frame["at"] >= now
        changed = frame.copy()
        changed.loc[future, "load"] = rng.normal(1e9, 1, int(future.sum()))
        changed.loc[future, "state"] = "z"
        shuffled = changed.sample(frac=1, random_state=seed)
        past = frame["at"] <= now  # The rows of this very moment, too, must not see it.
        for one in (asked, named):
            before = look_back(frame, one, KINDS).loc[past]
            pd.testing.assert_frame_equal(before, look_back(changed, one, KINDS).loc[past], check_exact=True)
            gone = look_back(frame.loc[past], one, KINDS)
            pd.testing.assert_frame_equal(before, gone, check_exact=True)
        moved = look_back(shuffled, asked, KINDS).loc[frame.index[past]]
        pd.testing.assert_frame_equal(look_back(frame, asked, KINDS).loc[past], moved, rtol=1e-12)


@pytest.fixture
def looking(make_recipe: MakeRecipe) -> Recipe:
    rng = np.random.default_rng(0)
    at = pd.date_range("2024-01-01", periods=120, freq="h")
    load = np.cumsum(rng.normal(size=120))
    recipe = make_recipe(pd.DataFrame({"at": at, "load": load, "other": rng.normal(size=120)}), "load")
    recipe = prepare.change_split(recipe, Split("time", time_column="at"))
    return put(recipe, "look_back", ["load"], lags=[1], windows=[3])


def test_the_target_is_looked_back_at_without_being_an_input(store: Store, looking: Recipe) -> None:
    names = [column.name for column in prepare.feature_columns(looking)]
    assert "load" not in names
    assert {"load (1 before)", "load (mean of 3 before)"} <= set(names)
    rows = prepare.split_rows(store, looking)
    both = pd.concat([rows.train, rows.test])
    np.testing.assert_array_equal(both["load (1 before)"].to_numpy()[1:], both["load"].to_numpy()[:-1])
    assert np.isnan(both["load (1 before)"].iloc[0])


def test_rows_read_from_the_middle_know_what_came_before(store: Store, looking: Recipe) -> None:
    from core.prepare.split import load_blocks, load_rows

    whole = load_rows(store, looking)
    part = load_rows(store, looking, start=50, limit=3)
    np.testing.assert_array_equal(part["load (1 before)"], whole["load (1 before)"].iloc[50:53])
    blocks = load_blocks(store, looking, [(10, 2), (90, 2)])
    np.testing.assert_array_equal(blocks["load (1 before)"], whole["load (1 before)"].iloc[[10, 11, 90, 91]])


def test_a_stream_has_the_table_as_its_history(store: Store, looking: Recipe) -> None:
    stream = pa.table({"at": pd.date_range("2024-01-06", periods=3, freq="h"), "load": [5.0, 6.0, 7.0]})
    added = collect.add_table(
        store, looking.project_id, stream, filename="s.csv", by="Ada", source="keep_back", role="stream"
    )
    table = collect.load_frame(store, looking.dataset_id)
    found = earlier_values(store, looking, stream_id=added.id)["load (1 before)"].tolist()
    assert found == [table["load"].iloc[-1], 5.0, 6.0]


def test_a_recipe_that_looks_back_is_previewed_and_switched_off(store: Store, looking: Recipe) -> None:
    assert "load (1 before)" in prepare.preview_recipe(store, looking).before
    assert (
        "load (1 before)" not in prepare.preview_recipe(store, prepare.switch_step(looking, "look_back", False)).before
    )
