"""Steps of a recipe are added, changed, moved and removed; each change is a new recipe that is checked in words."""

import pytest

from core import prepare
from core.errors import BadInputError, NotFoundError
from core.records import Recipe, RecipeStep, Split
from core.store import Store
from tests.visits import MakeRecipe, visits


@pytest.fixture
def recipe(make_recipe: MakeRecipe) -> Recipe:
    return make_recipe(visits(120), "comes")


def find(recipe: Recipe, key: str) -> RecipeStep:
    return next(one for one in recipe.steps if one.key == key)


def keys(recipe: Recipe) -> list[str]:
    return [one.key for one in recipe.steps]


def inputs(recipe: Recipe) -> set[str]:
    return {column.name for column in prepare.feature_columns(recipe)}


def put(recipe: Recipe, kind: str, *columns: str, **options: object) -> Recipe:
    return prepare.put_step(recipe, prepare.make_step(recipe, kind, columns, **options))


def test_a_step_is_added_in_a_new_recipe_and_told_in_words(recipe: Recipe) -> None:
    changed = put(recipe, "combine", "income", "age", operation="ratio")
    assert changed.id != recipe.id
    assert "combine" not in keys(recipe)
    step = find(changed, "combine")
    assert (step.title, step.columns, step.enabled) == ("Add income / age", ("income", "age"), True)
    assert keys(changed).index("combine") < keys(changed).index("impute_numbers")


def test_steps_of_one_kind_have_keys_of_their_own(recipe: Recipe) -> None:
    changed = put(put(recipe, "bin", "age"), "bin", "income")
    assert {"bin", "bin_2"} <= set(keys(changed))


def test_a_step_takes_the_place_of_the_one_with_its_key(recipe: Recipe) -> None:
    changed = put(recipe, "cap", "age")
    again = prepare.change_options(changed, "cap", ["income"], factor=1.5)
    assert keys(again) == keys(changed)
    assert find(again, "cap").columns == ("income",)
    assert find(again, "cap").options["factor"] == 1.5
    assert find(again, "cap").title == "Cap unusual values of income"


def test_a_column_can_be_left_out_after_something_was_made_from_it(recipe: Recipe) -> None:
    made = put(recipe, "combine", "income", "age", operation="ratio")
    without = put(made, "drop", "income")
    assert "income" in inputs(without)  # A row has to bring it, for the ratio.
    moved = prepare.move_step(prepare.switch_step(without, "combine", False), "drop", -5)
    assert "income" not in inputs(moved)


def test_a_step_does_not_move_before_the_one_that_makes_its_columns(recipe: Recipe) -> None:
    made = put(put(recipe, "combine", "income", "age", operation="ratio"), "bin", "income / age")
    with pytest.raises(BadInputError, match="income / age"):
        prepare.move_step(made, "bin", -1)
    with pytest.raises(BadInputError, match="works on 'income / age'"):
        prepare.remove_step(made, "combine")
    assert keys(prepare.remove_step(prepare.remove_step(made, "bin"), "combine")) == keys(recipe)


def test_moving_beyond_the_end_stays_at_the_end(recipe: Recipe) -> None:
    made = put(put(recipe, "bin", "age"), "bin", "income")
    moved = prepare.move_step(made, "bin", 99)
    assert keys(moved).index("bin") == keys(moved).index("bin_2") + 1
    assert keys(moved).index("bin") < keys(moved).index("impute_numbers")


@pytest.mark.parametrize("change", [prepare.remove_step, lambda one, key: prepare.move_step(one, key, 1)])
def test_a_step_that_is_not_there_cannot_be_changed(recipe: Recipe, change: object) -> None:
    with pytest.raises(NotFoundError):
        change(recipe, "magic")


@pytest.mark.parametrize(
    ("kind", "columns", "options", "words"),
    [
        ("combine", ["income"], {}, "two different columns"),
        ("combine", ["age", "age"], {"operation": "difference"}, "two different columns"),
        ("combine", ["age", "colour"], {}, "'colour' holds categories"),
        ("combine", ["age", "income"], {"operation": "magic"}, "how to combine"),
        ("combine", ["age", "comes"], {}, "is the target"),
        ("bin", ["size"], {}, "no column 'size' in the table"),
        ("bin", [], {}, "no column to work on"),
        ("bin", ["age"], {"n_bins": 1}, "from 2 to 50"),
        ("bin", ["age"], {"method": "borders", "borders": []}, "not all numbers"),
        ("bin", ["age"], {"method": "borders", "borders": [1, "x"]}, "not all numbers"),
        ("bin", ["nothing"], {}, "at this step"),
        ("cap", ["age"], {"factor": -1}, "-1 is not possible"),
        ("cap", ["age"], {"method": "magic"}, "'magic' is no way"),
        ("look_back", ["age"], {"lags": []}, "how far to look back"),
        ("look_back", ["age"], {"lags": [0]}, "whole steps"),
        ("look_back", ["remark"], {}, "holds text"),
        ("remove_rows", ["age"], {"share": 0.9}, "not possible"),
    ],
)
def test_a_step_that_cannot_work_is_refused_in_words(
    recipe: Recipe, kind: str, columns: list[str], options: dict[str, object], words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        put(recipe, kind, *columns, **options)


def test_two_steps_cannot_make_the_same_column(recipe: Recipe) -> None:
    made = put(recipe, "combine", "income", "age")
    with pytest.raises(BadInputError, match="'income / age' already"):
        put(made, "combine", "income", "age")


def test_looking_back_is_refused_unless_rows_are_split_by_time(store: Store, recipe: Recipe) -> None:
    by_time = prepare.change_split(recipe, Split("time", time_column="seen_at"))
    looking = put(by_time, "look_back", "age", "comes", lags=[1])
    assert "age (1 before)" in inputs(looking)
    prepare.save_recipe(store, looking)
    with pytest.raises(BadInputError, match="needs a split by time"):
        prepare.save_recipe(store, prepare.change_split(looking, Split("random")))


def test_recipes_stored_before_steps_had_options_still_work(recipe: Recipe) -> None:
    from dataclasses import replace

    bare = replace(recipe, steps=tuple(replace(step, options={}) for step in recipe.steps))
    assert inputs(prepare.switch_step(bare, "drop_missing", True)) == inputs(recipe)
