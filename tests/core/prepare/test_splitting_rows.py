from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import plan, prepare
from core.errors import BadInputError
from core.records import Split
from core.store import Store
from tests.visits import MakeRecipe, visits


def test_every_row_with_a_target_is_in_exactly_one_part(store: Store, make_recipe: MakeRecipe) -> None:
    frame = visits(200)
    frame.loc[:19, "comes"] = None
    recipe = make_recipe(frame, "comes")
    rows = prepare.split_rows(store, recipe)
    assert rows.n_dropped == 20
    assert (len(rows.train), len(rows.test)) == (144, 36)
    assert set(rows.train.index).isdisjoint(rows.test.index)
    assert rows.train["comes"].notna().all()


def test_the_same_recipe_always_divides_alike(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(200), "comes")
    first, again = prepare.split_rows(store, recipe), prepare.split_rows(store, recipe)
    pd.testing.assert_frame_equal(first.test, again.test)
    other = prepare.change_split(recipe, replace(recipe.split, random_state=1))
    assert list(prepare.split_rows(store, other).test.index) != list(first.test.index)


def test_a_stratified_split_keeps_the_shares_of_the_classes(store: Store, make_recipe: MakeRecipe) -> None:
    frame = visits(200).assign(comes=["yes"] * 20 + ["no"] * 180)
    rows = prepare.split_rows(store, make_recipe(frame, "comes"))
    assert (rows.test["comes"] == "yes").sum() == 4


def test_a_class_with_a_single_row_is_said_and_does_not_stop_a_split(store: Store, make_recipe: MakeRecipe) -> None:
    frame = visits(200).assign(comes=["yes"] * 99 + ["no"] * 100 + ["maybe"])
    rows = prepare.split_rows(store, make_recipe(frame, "comes"))
    assert "1 class has a single row" in rows.note
    assert len(rows.train) + len(rows.test) == 200


def test_a_split_by_the_order_of_the_file_tests_on_its_last_rows(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = prepare.change_split(make_recipe(visits(200), "comes"), Split("time", 0.25))
    rows = prepare.split_rows(store, recipe)
    n_train = len(rows.train)
    assert rows.train.index.tolist() == list(range(n_train))
    assert rows.test.index.tolist() == list(range(n_train, n_train + len(rows.test)))
    assert len(rows.test) == round(0.25 * (n_train + len(rows.test)))


def test_a_split_by_time_tests_on_the_last_rows(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = prepare.change_split(make_recipe(visits(200), "comes"), Split("time", 0.25, time_column="seen_at"))
    rows = prepare.split_rows(store, recipe)
    assert len(rows.test) == 50
    assert rows.train["seen_at"].max() <= rows.test["seen_at"].min()


def test_rows_without_a_date_count_as_the_oldest(store: Store, make_recipe: MakeRecipe) -> None:
    frame = visits(200)
    frame.loc[100:109, "seen_at"] = pd.NaT
    recipe = prepare.change_split(make_recipe(frame, "comes"), Split("time", time_column="seen_at"))
    rows = prepare.split_rows(store, recipe)
    assert "10 rows without" in rows.note
    assert rows.test["seen_at"].notna().all()


def test_a_split_by_group_keeps_rows_that_belong_together_in_one_part(store: Store, make_recipe: MakeRecipe) -> None:
    owner = [f"customer {number % 40}" for number in range(200)]
    recipe = make_recipe(visits(200).assign(owner=owner), "comes")
    recipe = prepare.drop_columns(recipe, ["owner"], "It says nothing.")
    rows = prepare.split_rows(store, prepare.change_split(recipe, Split("group", 0.25, group_column="owner")))
    owners = pd.Series(owner)
    assert set(owners[rows.train.index]).isdisjoint(owners[rows.test.index])
    assert owners[rows.test.index].nunique() == 10
    assert "owner" not in rows.train.columns
    assert rows.note == "10 of 40 groups by 'owner' were set aside whole: 25 % of the rows."
    assert rows.groups is not None
    assert len(rows.groups) == len(rows.train)
    assert len(set(rows.groups)) == 30


def test_rows_of_no_known_group_stand_for_themselves(store: Store, make_recipe: MakeRecipe) -> None:
    owner = [f"customer {number % 20}" if number < 100 else None for number in range(200)]
    recipe = make_recipe(visits(200).assign(owner=owner), "comes")
    rows = prepare.split_rows(store, prepare.change_split(recipe, Split("group", 0.5, group_column="owner")))
    assert "60 of 120 groups" in rows.note


def test_too_few_groups_are_said_so(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(200).assign(owner=["a", "b"] * 100), "comes")
    recipe = prepare.change_split(recipe, Split("group", group_column="owner"))
    with pytest.raises(BadInputError, match="holds 2 different values"):
        prepare.split_rows(store, recipe)


@pytest.mark.parametrize("column", [None, "comes", "nowhere"])
def test_a_split_by_group_needs_a_column_other_than_the_target(make_recipe: MakeRecipe, column: str | None) -> None:
    with pytest.raises(BadInputError, match="what belongs together"):
        prepare.change_split(make_recipe(visits(50), "comes"), Split("group", group_column=column))


def test_the_newest_rows_are_the_last_of_the_table(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = prepare.change_split(make_recipe(visits(200), "comes"), Split("newest", n_newest=30))
    rows = prepare.split_rows(store, recipe)
    assert list(rows.test.index) == list(range(170, 200))


@pytest.mark.parametrize("n_rows", [2, 9])
def test_too_few_rows_are_said_so(store: Store, make_recipe: MakeRecipe, n_rows: int) -> None:
    frame = visits(n_rows).assign(comes=["yes", "no"] + ["no"] * (n_rows - 2))
    with pytest.raises(BadInputError, match=f"Only {n_rows} rows have a value"):
        prepare.split_rows(store, make_recipe(frame, "comes"))


def test_a_training_part_with_one_class_is_said_so(store: Store, make_recipe: MakeRecipe) -> None:
    frame = visits(100).assign(comes=["no"] * 80 + ["yes"] * 20)
    recipe = prepare.change_split(make_recipe(frame, "comes"), Split("newest", n_newest=20))
    with pytest.raises(BadInputError, match="same value, 'no', in all 80 rows"):
        prepare.split_rows(store, recipe)


def test_words_cannot_be_predicted_as_numbers(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(100), "comes")
    plan.change_objective(store, recipe.project_id, by="Ada", task="regression", metric="r2")
    recipe = prepare.propose_recipe(store, recipe.project_id, by="Ada")
    with pytest.raises(BadInputError, match="100 of 100 rows hold something else \\(the first: row 1\\)"):
        prepare.split_rows(store, recipe)


def test_more_than_two_classes_are_not_one_of_two(store: Store, make_recipe: MakeRecipe) -> None:
    frame = visits(99).assign(comes=["yes", "no", "maybe"] * 33)
    recipe = replace(make_recipe(frame, "comes"), task="binary")
    with pytest.raises(BadInputError, match="3 different values"):
        prepare.split_rows(store, recipe)


def test_classes_are_text_whatever_they_were_stored_as(store: Store, make_recipe: MakeRecipe) -> None:
    numbers = make_recipe(visits(100).assign(comes=np.arange(100) % 2), "comes", "Numbers")
    truth = make_recipe(visits(100).assign(comes=np.arange(100) % 2 == 1), "comes", "Truth")
    seen = [prepare.features_and_target(prepare.split_rows(store, one).train, one)[1] for one in (numbers, truth)]
    assert [set(target) for target in seen] == [{"0", "1"}, {"True", "False"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (1.0, "1"), (np.float64(2), "2"), (True, "True"), ("a", "a"), (0.5, "0.5"), (1234567.0, "1234567")],
)
def test_a_class_reads_the_same_however_it_arrives(value: object, text: str) -> None:
    assert prepare.label_text(value) == text


@pytest.mark.parametrize("value", [None, float("nan"), pd.NaT, pd.NA, np.nan])
def test_a_missing_class_is_none(value: object) -> None:
    assert prepare.label_text(value) is None
