"""The exported recipe does, without our package, what the recipe does: the same rows, the same numbers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from core import collect, prepare
from core.collect.program import comment, literal
from core.prepare.pipeline import find_remover
from core.records import DatasetVersion, Recipe, Split, StepKind
from core.store import Store
from tests.exported import PlainPython
from tests.visits import MakeRecipe, visits

HOSTILE = (
    "quote \" and ' and \\",
    "'; import os; os.remove('x') #",
    '"""\nraise SystemExit("taken over")\n"""',
    "two\nlines",
    "{curly} %s %(x)s",
    "naïve 日本 🎉",
    "tab\tand\u2028separator",
    "\u202eright to left",
)


Check = Callable[[Recipe], dict[str, Any]]


@pytest.fixture
def check_same(store: Store, plain_python: PlainPython, tmp_path: Path) -> Check:
    """A function that runs a recipe's program, compares what it does with what the recipe does, and returns it."""

    def check(recipe: Recipe) -> dict[str, Any]:
        dataset = store.get(DatasetVersion, recipe.dataset_id)
        data = {collect.parquet_name(dataset): store.files.dataset(dataset.id)}
        text = prepare.recipe_script(store, recipe)
        names = ("matrix", "X_train", "X_test", "y_train", "y_test")
        found = plain_python.run(text, tmp_path / "run", *names, data=data)
        compare(store, recipe, found)
        return found

    return check


def compare(store: Store, recipe: Recipe, found: dict[str, Any]) -> None:
    rows = prepare.split_rows(store, recipe)
    features, target = prepare.features_and_target(rows.train, recipe)
    remover = find_remover(recipe)
    if remover is not None:
        kept = ~remover.find(features)
        features, target, rows = features[kept], target[kept], replace(rows, train=rows.train[kept])
    assert found["X_train"].index.tolist() == rows.train.index.tolist()
    assert found["X_test"].index.tolist() == rows.test.index.tolist()
    assert found["y_train"].tolist() == target.tolist()
    expected = prepare.build_features(recipe).fit_transform(features, target)
    dense = [
        matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix) for matrix in (found["matrix"], expected)
    ]
    np.testing.assert_allclose(dense[0], dense[1], rtol=0, atol=1e-9)
    assert dense[0].shape[1] > 0
    return found


def by_time(recipe: Recipe) -> Recipe:
    return prepare.change_split(recipe, Split("time", 0.25, time_column="seen_at"))


def by_group(recipe: Recipe) -> Recipe:
    return prepare.change_split(recipe, Split("group", 0.3, group_column="town", random_state=3))


def newest(recipe: Recipe) -> Recipe:
    return prepare.change_split(recipe, Split("newest", n_newest=37))


def all_switched_off_that_can_be(recipe: Recipe) -> Recipe:
    for key in ("drop_missing", "impute_numbers", "impute_categories", "scale"):
        recipe = prepare.switch_step(recipe, key, False)
    return recipe


def everything(recipe: Recipe) -> Recipe:
    return recipe


@pytest.mark.parametrize(
    "change", [everything, by_time, by_group, newest, all_switched_off_that_can_be], ids=lambda one: one.__name__
)
def test_the_program_gives_the_same_rows_and_numbers(
    make_recipe: MakeRecipe, check_same: Check, change: Callable[[Recipe], Recipe]
) -> None:
    frame = visits(300)
    frame.loc[::50, "seen_at"] = pd.NaT
    frame.loc[::40, "comes"] = np.nan
    frame.loc[::33, "town"] = np.nan
    check_same(change(make_recipe(frame, "comes")))


def with_every_kind_of_step(recipe: Recipe) -> Recipe:
    """Each kind of step a recipe can hold, with other choices than the usual ones where there are some."""
    added = (
        ("look_back", ["income", "colour"], {"lags": [1, 2], "windows": [], "time_column": "seen_at"}),
        ("look_back", ["age"], {"lags": [1], "windows": [3], "time_column": "seen_at", "group_column": "colour"}),
        ("cap", ["income"], {"method": "percentile"}),
        ("combine", ["income", "age"], {}),
        ("bin", ["age"], {"n_bins": 4}),
        ("remove_rows", ["income"], {"method": "iqr", "factor": 1.5}),
        ("drop", ["member"], {}),
    )
    for kind, columns, options in added:
        recipe = prepare.put_step(recipe, prepare.make_step(recipe, kind, columns, **options))
    recipe = prepare.change_options(recipe, "scale", method="robust")
    recipe = prepare.change_options(recipe, "impute_numbers", by_column={"age": {"strategy": "neighbors"}})
    recipe = prepare.change_options(recipe, "encode_few", by_column={"colour": {"method": "ordinal"}})
    parts = {"seen_at": ["month_sin", "month_cos", "hour"]}
    return prepare.change_options(recipe, "dates", parts=parts, since_day={"seen_at": "2024-02-03"})


def test_every_kind_of_step_has_its_code(make_recipe: MakeRecipe, check_same: Check, store: Store) -> None:
    """A new kind of step fails here until it is added above, and then until its code gives the same numbers."""
    recipe = with_every_kind_of_step(make_recipe(visits(300), "comes"))
    assert {step.kind for step in recipe.steps if step.enabled and step.columns} == set(get_args(StepKind))
    found = check_same(recipe)
    assert len(found["X_train"]) < len(prepare.split_rows(store, recipe).train)


def test_a_number_to_predict_is_read_as_a_number(make_recipe: MakeRecipe, check_same: Check) -> None:
    check_same(make_recipe(visits(200), "spends"))


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3, None] * 50,
        [0, 1] * 100,
        [True, False, None, True] * 50,
        [1.0, 2.5] * 100,
        ["a"] * 100 + ["b"] * 99 + ["alone"],
    ],
    ids=["whole with gaps", "whole", "truth", "decimal", "a class with one row"],
)
def test_classes_are_the_same_text(make_recipe: MakeRecipe, check_same: Check, values: list[object]) -> None:
    frame = visits(200)[["age", "colour"]].assign(answer=pd.Series(values))
    recipe = make_recipe(frame, "answer")
    recipe = replace(recipe, task="multiclass", split=Split("stratified"))
    found = check_same(recipe)
    assert {type(value) for value in found["y_train"]} == {str}


def test_a_column_without_a_value_in_the_training_rows_becomes_0(make_recipe: MakeRecipe, check_same: Check) -> None:
    frame = visits(200).sort_values("seen_at").assign(late=np.where(np.arange(200) >= 150, 1.5, np.nan))
    recipe = prepare.change_split(make_recipe(frame, "comes"), Split("time", 0.25, time_column="seen_at"))
    check_same(recipe)


def test_hostile_names_are_names_and_nothing_else(store: Store, make_recipe: MakeRecipe, check_same: Check) -> None:
    frame = visits(120)[["age", "colour", "remark", "seen_at", "comes"]]
    for position, name in enumerate(HOSTILE):
        kind = ("age", "colour", "remark", "seen_at")[position % 4]
        frame.insert(0, name, frame[kind])
    target = 'comes"""\n\'; raise SystemExit(1) #'
    frame = frame.rename(columns={"comes": target})
    recipe = make_recipe(frame, " ".join(target.split()))
    step = replace(recipe.steps[0], reason='x\nraise SystemExit("from a comment")\r\nand\u2028more', title="a\nb")
    check_same(replace(recipe, steps=(step, *recipe.steps[1:])))
    assert "\u202e" not in prepare.recipe_script(store, recipe)


def test_what_people_wrote_stays_on_comment_lines() -> None:
    for words in (*HOSTILE, "a\rb", "a\x0cb", "a\x00b", ""):
        assert all(line.startswith("#") for line in comment(words).split("\n"))
        assert all(line.startswith("#") for line in comment(words).splitlines())


@pytest.mark.parametrize("value", [*HOSTILE, [*HOSTILE], dict.fromkeys(HOSTILE, 1.5), ("a",), (), 1, -2.5, None, True])
def test_a_literal_is_read_back_as_the_value(value: object) -> None:
    import ast

    assert ast.literal_eval(literal(value)) == value


def test_a_value_without_code_fails_loudly() -> None:
    with pytest.raises(TypeError, match="cannot be written"):
        literal(object())
