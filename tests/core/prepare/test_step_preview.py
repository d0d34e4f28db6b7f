"""Each step is shown on real rows: what it touches just before and just after it."""

import numpy as np
import pytest

from core import prepare
from core.errors import NotFoundError
from core.records import Recipe
from core.store import Store
from tests.all_steps import find, put, with_all_steps, with_order
from tests.visits import MakeRecipe, visits


@pytest.fixture
def recipe(make_recipe: MakeRecipe) -> Recipe:
    return with_all_steps(make_recipe(with_order(visits(200)), "comes"))


def test_every_step_can_be_looked_at_and_told_in_words(store: Store, recipe: Recipe) -> None:
    for step in recipe.steps:
        seen = prepare.preview_step(store, recipe, step.key)
        assert seen.sentence, step.key
        assert prepare.say_step(step), step.key
        assert 0 < len(seen.before) <= 5, step.key
        if step.kind not in ("drop", "remove_rows"):
            assert len(seen.after) == len(seen.before), step.key
            assert len(seen.after.columns), step.key


def test_rows_in_which_something_changes_come_first(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = put(make_recipe(with_order(visits(200)), "comes"), "cap", ["income"])
    capped = prepare.preview_step(store, recipe, "cap")
    assert (capped.before["income"] > capped.after["income"]).any()
    filled = prepare.preview_step(store, recipe, "impute_numbers")
    assert filled.before["age"].isna().any()
    assert not filled.after["age"].isna().any()
    assert "of 160 rows looked at are changed" in filled.sentence


def test_a_step_switched_off_is_shown_as_it_would_be(store: Store, recipe: Recipe) -> None:
    off = prepare.switch_step(recipe, "combine", False)
    np.testing.assert_array_equal(
        prepare.preview_step(store, off, "combine").after, prepare.preview_step(store, recipe, "combine").after
    )


def test_earlier_values_are_shown_beside_the_rows_they_come_from(store: Store, recipe: Recipe) -> None:
    seen = prepare.preview_step(store, recipe, "look_back")
    assert {"seen_at", "machine", "age"} <= set(seen.before.columns)
    np.testing.assert_array_equal(seen.after["age (1 before)"].iloc[1:], seen.before["age"].iloc[:-1])


def test_what_is_left_out_of_the_learning_is_shown_and_counted(store: Store, recipe: Recipe) -> None:
    seen = prepare.preview_step(store, recipe, "remove_rows")
    assert "would not be learned from" in seen.sentence
    assert list(seen.before.columns) == list(find(recipe, "remove_rows").columns)


def test_a_step_without_columns_says_so(store: Store, recipe: Recipe) -> None:
    without = prepare.drop_columns(recipe, ["income"], "So.")
    assert "nothing to do" in prepare.preview_step(store, without, "combine").sentence
    with pytest.raises(NotFoundError):
        prepare.preview_step(store, recipe, "magic")
