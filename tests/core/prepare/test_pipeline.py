import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from core import prepare
from core.errors import BadInputError
from core.records import Column, Recipe
from core.store import Store
from tests.visits import MakeRecipe, visits


def fit(store: Store, recipe: Recipe, estimator: BaseEstimator | None = None) -> tuple[Pipeline, pd.DataFrame]:
    """Return the fitted pipeline and the test part's features."""
    rows = prepare.split_rows(store, recipe)
    estimator = estimator or LogisticRegression(max_iter=500)
    pipeline = prepare.build_pipeline(recipe, estimator, dense=True)
    pipeline.fit(*prepare.features_and_target(rows.train, recipe))
    return pipeline, prepare.features_and_target(rows.test, recipe)[0]


def as_json(features: pd.DataFrame) -> pd.DataFrame:
    """The rows as the prediction service gets them: through JSON, dates as ISO text, None for missing."""
    plain = features.astype(object).where(features.notna(), None)
    text = json.dumps(plain.to_dict(orient="records"), default=lambda value: value.isoformat())
    return pd.DataFrame(json.loads(text))


def test_rows_from_a_request_are_answered_like_rows_from_the_table(store: Store, make_recipe: MakeRecipe) -> None:
    pipeline, features = fit(store, make_recipe(visits(300), "comes"))
    expected = pipeline.predict_proba(features)
    np.testing.assert_array_equal(pipeline.predict_proba(as_json(features)), expected)
    one_by_one = [pipeline.predict_proba(as_json(features.iloc[[i]]))[0] for i in range(len(features))]
    np.testing.assert_allclose(one_by_one, expected, rtol=0, atol=1e-12)


def test_the_model_gets_nothing_but_finite_numbers(store: Store, make_recipe: MakeRecipe) -> None:
    pipeline, features = fit(store, make_recipe(visits(300), "comes"))
    matrix = pipeline[:-1].transform(features)
    assert matrix.dtype == np.float64
    assert np.isfinite(matrix).all()


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"age": None, "colour": None, "town": None, "member": None, "remark": None, "seen_at": None},
        {"age": "41.5", "colour": "purple", "town": "nowhere", "member": True, "seen_at": "2031-05-06T07:08:09Z"},
        {"age": float("inf"), "colour": 7, "remark": "", "seen_at": "not a date", "income": "much"},
    ],
)
def test_gaps_new_levels_and_odd_values_are_answered(
    store: Store, make_recipe: MakeRecipe, row: dict[str, object]
) -> None:
    pipeline, _ = fit(store, make_recipe(visits(300), "comes"))
    probabilities = pipeline.predict_proba(pd.DataFrame([row], index=[0]))
    assert np.isfinite(probabilities).all()


def test_a_column_without_a_single_value_does_not_stop_boosting(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(300), "comes")
    for key in ("drop_missing", "impute_numbers"):
        recipe = prepare.switch_step(recipe, key, False)
    pipeline, features = fit(store, recipe, HistGradientBoostingClassifier(max_iter=5))
    assert len(pipeline.predict(features)) == len(features)


def test_missing_numbers_left_in_are_refused_for_families_that_cannot_take_them(
    store: Store, make_recipe: MakeRecipe
) -> None:
    recipe = prepare.switch_step(make_recipe(visits(300), "comes"), "impute_numbers", False)
    with pytest.raises(BadInputError, match="cannot learn from missing numbers"):
        fit(store, recipe)


@pytest.mark.parametrize("key", ["scale", "impute_categories", "encode_few", "encode_many", "dates", "text"])
def test_any_step_can_be_switched_off(store: Store, make_recipe: MakeRecipe, key: str) -> None:
    recipe = prepare.switch_step(make_recipe(visits(200), "comes"), key, False)
    pipeline, features = fit(store, recipe, HistGradientBoostingClassifier(max_iter=5))
    assert len(pipeline.predict(features)) == len(features)


def test_a_missing_category_is_a_level_or_the_most_frequent_one(store: Store, make_recipe: MakeRecipe) -> None:
    frame = visits(300).assign(colour=["red"] * 200 + ["green"] * 60 + [None] * 40)[["colour", "comes"]]
    recipe = make_recipe(frame, "comes")
    rows = [{"colour": None}, {"colour": "red"}, {"colour": "green"}]
    own_level = fit(store, recipe)[0][:-1].transform(pd.DataFrame(rows))
    most_frequent = fit(store, prepare.switch_step(recipe, "impute_categories", False))[0][:-1].transform(
        pd.DataFrame(rows)
    )
    assert own_level.shape[1] == 3
    assert not np.array_equal(own_level[0], own_level[1])
    assert np.array_equal(most_frequent[0], most_frequent[1])
    assert not np.array_equal(most_frequent[0], most_frequent[2])


def test_a_level_per_row_is_not_learned_by_heart(store: Store, make_recipe: MakeRecipe) -> None:
    """Target encoding must use other rows only: pure noise may not look like knowledge."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"town": rng.integers(0, 150, 400), "amount": rng.normal(size=400)})
    frame["town"] = frame["town"].astype("str").radd("t")
    recipe = make_recipe(frame, "amount")
    rows = prepare.split_rows(store, recipe)
    features, target = prepare.features_and_target(rows.train, recipe)
    encoded = prepare.build_features(recipe, dense=True).fit_transform(features, target)
    assert abs(np.corrcoef(encoded[:, 0], target)[0, 1]) < 0.25


def test_fitting_twice_gives_the_same_model(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(300), "comes")
    (one, features), (other, _) = fit(store, recipe), fit(store, recipe)
    np.testing.assert_array_equal(one.predict_proba(features), other.predict_proba(features))


def test_the_pipeline_is_read_back_from_a_file_with_the_fixed_list_of_types(
    store: Store, make_recipe: MakeRecipe
) -> None:
    pipeline, features = fit(store, make_recipe(visits(300), "comes"))
    content = skops.io.dumps(pipeline)
    again = skops.io.loads(content, trusted=list(prepare.TRUSTED_TYPES))
    np.testing.assert_array_equal(again.predict_proba(features), pipeline.predict_proba(features))


def test_a_sparse_table_gives_the_same_answers(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(300), "spends")
    rows = prepare.split_rows(store, recipe)
    features, target = prepare.features_and_target(rows.train, recipe)
    answers = [
        prepare.build_pipeline(recipe, Ridge(solver="cholesky"), dense=dense).fit(features, target).predict(features)
        for dense in (True, False)
    ]
    np.testing.assert_allclose(*answers)


def test_parts_are_read_off_dates(store: Store, make_recipe: MakeRecipe) -> None:
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2024-02-29 18:30", "2023-01-01 00:00"] * 10),
            "good": pd.Series(["yes", "no"] * 10, dtype="str"),
        }
    )
    recipe = prepare.switch_step(make_recipe(frame, "good"), "scale", False)
    after = prepare.preview_recipe(store, recipe, n_rows=20).after
    row = after.loc[after["at (year)"] == 2024].iloc[0].to_dict()
    leap_day = {name: value for name, value in row.items() if not name.endswith(("sin)", "cos)"))}
    assert leap_day == {
        "at (year)": 2024.0,
        "at (month)": 2.0,
        "at (day)": 29.0,
        "at (weekday)": 3.0,
        "at (hour)": 18.5,
        "at (elapsed days)": pytest.approx(19782.770833),
    }


def test_the_preview_shows_the_same_rows_before_and_after(store: Store, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(visits(200), "comes")
    preview = prepare.preview_recipe(store, recipe, n_rows=4)
    assert list(preview.before.index) == list(preview.after.index)
    assert len(preview.after) == 4
    assert preview.n_columns_before == 8
    assert preview.n_columns_after == preview.after.shape[1] > 30
    assert {"age", "missingindicator_age", "colour_red", "town", "remark (1)"} <= set(preview.after.columns)


def test_numbers_that_name_a_category_read_the_same_in_table_and_request() -> None:
    columns = [Column("zip", "category", "double")]
    table = prepare.coerce_frame(pd.DataFrame({"zip": [8000.0, np.nan]}), columns)
    request = prepare.coerce_frame(pd.DataFrame({"zip": [8000, None]}, dtype=object), columns)
    assert table["zip"].tolist() == request["zip"].tolist() == ["8000", "(missing)"]


def test_times_with_a_zone_are_brought_to_utc() -> None:
    columns = [Column("at", "date", "timestamp")]
    coerced = prepare.coerce_frame(pd.DataFrame({"at": ["2024-06-01T12:00:00+02:00", "2024-06-01T10:00:00"]}), columns)
    assert coerced["at"].iloc[0] == coerced["at"].iloc[1]
