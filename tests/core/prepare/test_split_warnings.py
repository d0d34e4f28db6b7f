"""A split at random is warned of where it would mislead, with the evidence, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import prepare
from core.records import Recipe, Split
from core.store import Store
from tests.visits import visits

MakeRecipe = Callable[..., Recipe]
N_ROWS = 1_000


def repeated(n_patients: int = 100) -> pd.DataFrame:
    """Visits of patients who are well or ill at all their visits."""
    rng = np.random.default_rng(0)
    patient = rng.integers(0, n_patients, N_ROWS)
    ill = rng.random(n_patients) < 0.4
    return visits(N_ROWS).assign(
        patient=[f"patient {number}" for number in patient],
        ill=np.where(ill[patient], "yes", "no"),
        weight=rng.normal(70, 10, n_patients)[patient] + rng.normal(0, 2, N_ROWS),
    )


@pytest.mark.parametrize("target", ["ill", "weight"])
def test_rows_that_belong_together_are_named(store: Store, make_recipe: MakeRecipe, target: str) -> None:
    recipe = make_recipe(repeated()[["patient", "age", "colour", target]], target)
    (sentence,) = prepare.split_warnings(store, recipe)
    assert sentence.startswith("Rows with the same 'patient' mostly have the same answer")
    assert sentence.endswith("Split by group.")


@pytest.mark.parametrize("target", ["ill", "weight"])
def test_a_target_that_changes_over_time_is_named_with_figures(
    store: Store, make_recipe: MakeRecipe, target: str
) -> None:
    rng = np.random.default_rng(0)
    day = np.arange(N_ROWS)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=N_ROWS),
            "seen_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(N_ROWS), unit="D"),
        }
    )
    day = (frame["seen_at"] - frame["seen_at"].min()).dt.days.to_numpy()
    frame["ill"] = np.where(rng.random(N_ROWS) < 0.1 + 0.5 * day / N_ROWS, "yes", "no")
    frame["weight"] = 50 + 40 * day / N_ROWS + rng.normal(0, 5, N_ROWS)
    recipe = make_recipe(frame[["size", "seen_at", target]], target)
    (sentence,) = prepare.split_warnings(store, recipe)
    assert sentence.startswith("The answers change with 'seen_at'")
    assert sentence.endswith("Split by time.")


def test_an_ordinary_table_is_warned_of_nothing(store: Store, make_recipe: MakeRecipe) -> None:
    for target in ("comes", "age"):
        assert prepare.split_warnings(store, make_recipe(visits(N_ROWS), target)) == ()


def test_a_category_that_merely_helps_is_no_repetition(store: Store, make_recipe: MakeRecipe) -> None:
    rng = np.random.default_rng(0)
    town = rng.integers(0, 60, N_ROWS)
    frame = visits(N_ROWS).assign(
        town=[f"town {number}" for number in town],
        ill=np.where(rng.random(N_ROWS) < 0.3 + 0.4 * (town % 2), "yes", "no"),
    )
    assert prepare.split_warnings(store, make_recipe(frame[["town", "income", "ill"]], "ill")) == ()


@pytest.mark.parametrize("split", [Split("group", group_column="patient"), Split("time", time_column="seen_at")])
def test_a_split_that_was_chosen_for_it_is_not_warned_of(store: Store, make_recipe: MakeRecipe, split: Split) -> None:
    recipe = make_recipe(repeated(), "ill")
    assert prepare.split_warnings(store, recipe)
    assert prepare.split_warnings(store, prepare.change_split(recipe, split)) == ()


def test_few_rows_or_a_constant_number_say_nothing(store: Store, make_recipe: MakeRecipe) -> None:
    assert prepare.split_warnings(store, make_recipe(repeated()[:90], "ill")) == ()
    recipe = make_recipe(repeated(), "weight")
    assert prepare.split_warnings(store, replace(recipe, target="member", task="binary")) == ()


def sensor(n_rows: int = N_ROWS) -> pd.DataFrame:
    """Readings one after the other, without a time: the next one is much like the last."""
    rng = np.random.default_rng(0)
    level = np.cumsum(rng.normal(size=n_rows)) - 0.02 * np.cumsum(rng.normal(size=n_rows))
    return pd.DataFrame(
        {
            "noise": rng.normal(size=n_rows),
            "level": level,
            "state": np.where(np.sin(np.arange(n_rows) / 9) > 0, "on", "off"),
        }
    )


@pytest.mark.parametrize("target", ["level", "state"])
def test_a_file_whose_neighbouring_rows_are_alike_is_named_with_figures(
    store: Store, make_recipe: MakeRecipe, target: str
) -> None:
    recipe = make_recipe(sensor()[["noise", target]], target)
    (sentence,) = prepare.split_warnings(store, recipe)
    assert sentence.startswith("The order of the rows in the file tells the answer")
    assert sentence.endswith("Split by time.")
    assert prepare.split_warnings(store, prepare.change_split(recipe, Split("time"))) == ()


@pytest.mark.parametrize("target", ["level", "state"])
def test_a_file_sorted_by_the_answer_may_be_split_at_random_but_not_in_its_order(
    store: Store, make_recipe: MakeRecipe, target: str
) -> None:
    rows = sensor()[["noise", target]].sort_values(target, ignore_index=True)
    recipe = make_recipe(rows.assign(number=np.arange(N_ROWS) * 1.5), target)
    assert prepare.split_warnings(store, recipe) == ()
    (by_file,) = prepare.split_warnings(store, prepare.change_split(recipe, Split("time")))
    (by_column,) = prepare.split_warnings(store, prepare.change_split(recipe, Split("time", time_column="number")))
    assert by_file.startswith("Ordered by their place in the file, the rows are sorted by the answer")
    assert by_column.startswith("Ordered by 'number', the rows are sorted by the answer")
    assert by_file.endswith("Split at random.")
