import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan, prepare
from core.errors import BadInputError, NoDataError, NotFoundError, NotReadyError
from core.records import Recipe, RecipeStep, Split
from core.store import Store
from tests.visits import MakeRecipe, visits


def step(recipe: Recipe, key: str) -> RecipeStep:
    return next(one for one in recipe.steps if one.key == key)


def feature_names(recipe: Recipe) -> list[str]:
    return [column.name for column in prepare.feature_columns(recipe)]


def table(n_rows: int = 60) -> pd.DataFrame:
    """A number, a category and a class, to which tests add what they are about."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "size": rng.normal(size=n_rows),
            "shape": pd.Series(rng.choice(["round", "flat"], n_rows), dtype="str"),
            "good": pd.Series(rng.choice(["yes", "no"], n_rows), dtype="str"),
        }
    )


def test_each_step_names_its_columns_and_its_reason(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(200), "comes")
    assert step(recipe, "drop_missing").columns == ("nothing",)
    assert step(recipe, "dates").columns == ("seen_at",)
    assert step(recipe, "encode_few").columns == ("colour",)
    assert step(recipe, "encode_many").columns == ("town",)
    assert step(recipe, "text").columns == ("remark",)
    assert "age" in step(recipe, "scale").columns
    assert all(one.title and one.reason for one in recipe.steps)
    assert recipe.split.kind == "stratified"


def test_the_target_is_never_among_the_inputs(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(200), "comes")
    assert "comes" not in feature_names(recipe)
    assert all("comes" not in one.columns for one in recipe.steps)


def test_columns_that_only_name_the_row_are_left_out(make_recipe: MakeRecipe) -> None:
    frame = table().assign(
        running=range(1, 61),
        patient_id=np.random.default_rng(2).permutation(60) * 37 + 1_000,
        code=[f"c{i:03}" for i in range(60)],
        measured=np.random.default_rng(3).permutation(60) * 37.0 + 1_000,
    )
    assert step(make_recipe(frame, "good"), "drop_ids").columns == ("running", "patient_id", "code")


def test_a_column_with_one_value_is_left_out(make_recipe: MakeRecipe) -> None:
    frame = table().assign(country="here", version=3)
    assert step(make_recipe(frame, "good"), "drop_constant").columns == ("country", "version")


def test_what_a_sample_knows_to_be_a_leak_is_left_out_with_the_reason(store: Store) -> None:
    project = plan.create_project(store, "Flights", by="Ada", sample="late_flights")
    flights = pa.Table.from_pandas(table().assign(dep_delay=range(60), air_time=range(60)))
    collect.add_table(store, project.id, flights, filename="flights.csv", by="Ada", source="sample")
    plan.change_objective(store, project.id, by="Ada", target="good")
    recipe = prepare.propose_recipe(store, project.id, by="Ada")
    leaks = step(recipe, "drop_leaks")
    assert leaks.columns == ("dep_delay", "air_time")
    assert leaks.enabled
    assert "only after the moment" in leaks.reason
    assert not set(leaks.columns) & set(feature_names(recipe))


def test_a_step_switched_off_brings_its_columns_back(make_recipe: MakeRecipe) -> None:
    frame = table().assign(country="here")
    recipe = make_recipe(frame, "good")
    changed = prepare.switch_step(recipe, "drop_constant", False)
    assert "country" in step(changed, "encode_few").columns
    assert "country" in feature_names(changed)
    assert changed.id != recipe.id
    assert "country" not in feature_names(prepare.switch_step(changed, "drop_constant", True))


def test_switching_off_an_encoding_leaves_its_columns_out(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(200), "comes")
    assert "town" not in feature_names(prepare.switch_step(recipe, "encode_many", False))
    assert "remark" not in feature_names(prepare.switch_step(recipe, "text", False))
    assert "seen_at" not in feature_names(prepare.switch_step(recipe, "dates", False))


def test_a_step_that_is_not_there_cannot_be_switched(make_recipe: MakeRecipe) -> None:
    with pytest.raises(NotFoundError):
        prepare.switch_step(make_recipe(table(), "good"), "magic", True)


def test_a_person_can_leave_out_more_columns_and_take_that_back(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(table(), "good")
    fewer = prepare.drop_columns(recipe, ["size"], "Measured afterwards.")
    assert feature_names(fewer) == ["shape"]
    assert step(fewer, prepare.DROPPED_BY_PERSON).reason == "Measured afterwards."
    assert feature_names(prepare.drop_columns(fewer, [], "")) == ["size", "shape"]


@pytest.mark.parametrize("name", ["good", "colour"])
def test_only_other_columns_of_the_table_can_be_left_out(make_recipe: MakeRecipe, name: str) -> None:
    recipe = make_recipe(table(), "good")
    with pytest.raises(BadInputError, match=name):
        prepare.drop_columns(recipe, [name], "")


def test_rows_in_the_order_of_a_date_are_split_by_time_and_only_parts_that_come_again_are_used(
    make_recipe: MakeRecipe,
) -> None:
    frame = table().assign(at=pd.date_range("2024-01-01 06:00", periods=60, freq="h"))
    recipe = make_recipe(frame, "good")
    assert recipe.split == Split("time", time_column="at")
    assert step(recipe, "dates").options["parts"] == {
        "at": ["weekday", "hour", "weekday_sin", "weekday_cos", "hour_sin", "hour_cos"]
    }


def test_without_a_target_or_a_table_there_is_nothing_to_propose(store: Store) -> None:
    project = plan.create_project(store, "Empty", by="Ada")
    with pytest.raises(NoDataError):
        prepare.propose_recipe(store, project.id, by="Ada")


def test_the_target_has_to_be_chosen_first(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(table(), "good")
    plan.change_objective(store, recipe.project_id, by="Ada", target=None)
    with pytest.raises(NotReadyError, match="which column"):
        prepare.propose_recipe(store, recipe.project_id, by="Ada")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda frame: frame.assign(good="yes"), "same value"),
        (lambda frame: frame.assign(good=[f"answer {i}" for i in range(60)]), "different text in each"),
        (lambda frame: frame.assign(good=None), "nothing to learn"),
    ],
)
def test_a_target_from_which_nothing_can_be_learned_is_refused_in_words(
    make_recipe: MakeRecipe, damage: object, words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        make_recipe(damage(table()), "good")


def test_a_table_with_the_target_alone_leaves_nothing_to_learn_from(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(table()[["good"]], "good")
    with pytest.raises(BadInputError, match="no column to learn from"):
        prepare.preview_recipe(store, recipe)


def test_a_saved_recipe_is_the_current_one(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(table(), "good")
    changed = prepare.save_recipe(store, prepare.change_split(recipe, Split("random", test_share=0.3)))
    assert prepare.current_recipe(store, recipe.project_id) == changed


@pytest.mark.parametrize(
    "split",
    [
        Split("random", test_share=0.0),
        Split("random", test_share=1.0),
        Split("time", time_column="shape"),
        Split("newest"),
    ],
)
def test_an_impossible_split_is_refused(make_recipe: MakeRecipe, split: Split) -> None:
    recipe = make_recipe(table(), "good")
    with pytest.raises(BadInputError):
        prepare.change_split(recipe, split)
