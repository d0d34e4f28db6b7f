"""Every kind of step: what it learns and does, row by row, whatever the row looks like, and after a model file."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from core import prepare
from core.errors import BadInputError
from core.evaluate.model_folder import read_model, write_model
from core.prepare.encoders import MOST_NEIGHBORS_ROWS, FrequencyEncoder, NearestImputer
from core.prepare.rows import AnomalousRows, LearningPipeline
from core.prepare.table_steps import BinColumns, CapOutliers, CombineColumns, ElapsedDays
from core.prepare.transformers import ExpandDates
from core.records import Recipe
from core.store import Store
from tests.all_steps import put, with_all_steps, with_order
from tests.visits import MakeRecipe, visits


def column(*values: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(values, dtype="float64")})


def alike(step: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return what a fitted step makes of a table, after checking that it makes the same of arrays."""
    made = step.transform(frame)
    arrays = step.transform_columns({name: frame[name].to_numpy() for name in frame})
    assert list(arrays) == list(made.columns) == step.get_feature_names_out().tolist()
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, made[name].to_numpy())
    return made


def as_json(frame: pd.DataFrame) -> pd.DataFrame:
    plain = frame.astype(object).where(frame.notna(), None)
    return pd.DataFrame(json.loads(json.dumps(plain.to_dict(orient="records"), default=lambda one: one.isoformat())))


@pytest.fixture
def recipe(make_recipe: MakeRecipe) -> Recipe:
    return with_all_steps(make_recipe(with_order(visits(300)), "comes"))


def fit(store: Store, recipe: Recipe) -> tuple[Pipeline, pd.DataFrame]:
    rows = prepare.split_rows(store, recipe)
    model = Ridge() if recipe.task == "regression" else GaussianNB()
    pipeline = prepare.build_pipeline(recipe, model, dense=True).fit(*prepare.features_and_target(rows.train, recipe))
    return pipeline, prepare.features_and_target(rows.test, recipe)[0]


def test_fences_are_learned_from_the_rows_to_learn_from() -> None:
    cap = CapOutliers(["a"], factor=1.0).fit(column(0, 1, 2, 3, 4, None))
    assert cap.fences_ == {"a": [-1.0, 5.0]}
    assert alike(cap, column(-9, 2, 99, None))["a"].tolist()[:3] == [-1, 2, 5]
    assert np.isnan(cap.transform(column(None))["a"].iloc[0])


def test_a_column_that_is_mostly_one_value_is_not_flattened() -> None:
    frame = column(*[0] * 90, *range(10))
    assert CapOutliers(["a"]).fit(frame).transform(frame)["a"].max() == 9


def test_percentiles_can_be_the_fences() -> None:
    cap = CapOutliers(["a"], method="percentile", low=10, high=90).fit(column(*range(101)))
    assert cap.transform(column(0, 50, 100))["a"].tolist() == [10, 50, 90]


@pytest.mark.parametrize(
    ("operation", "expected"), [("ratio", [2.0, np.nan]), ("difference", [2.0, 3.0]), ("product", [8.0, 0.0])]
)
def test_two_columns_are_combined_and_a_ratio_to_nothing_is_missing(operation: str, expected: list[float]) -> None:
    frame = pd.DataFrame({"a": [4.0, 3.0], "b": [2.0, 0.0]})
    made = alike(CombineColumns("a", "b", operation, "c").fit(frame), frame)
    np.testing.assert_array_equal(made["c"], expected)


def test_a_product_beyond_all_numbers_is_missing() -> None:
    frame = pd.DataFrame({"a": [1e300, 1.0], "b": [1e300, 1.0]})
    made = CombineColumns("a", "b", "product", "c").fit(frame).transform(frame)
    assert np.isnan(made["c"].iloc[0])


def test_bins_hold_as_many_rows_or_are_equally_wide_or_lie_between_borders() -> None:
    frame = column(0, 1, 2, 3, 100)
    assert BinColumns(["a"], "width", 2).fit(frame).transform(frame)["a (bin)"].value_counts().tolist() == [4, 1]
    by_quantile = alike(BinColumns(["a"], "quantile", 2).fit(frame), frame)["a (bin)"]
    assert by_quantile.tolist() == ["below 2"] * 2 + ["2 and more"] * 3
    bins = BinColumns(["a"], "borders", borders=[3, 1]).fit(frame).transform(column(0, 1, 2.9, 3, None))["a (bin)"]
    assert bins.tolist() == ["below 1", "1 to 3", "1 to 3", "3 and more", "(missing)"]


def test_bins_of_a_constant_or_empty_column_are_one() -> None:
    for frame in (column(5, 5, 5), column(None, None)):
        assert len(set(BinColumns(["a"]).fit(frame).transform(frame)["a (bin)"])) == 1


def test_days_are_counted_from_another_date_or_a_fixed_day() -> None:
    frame = pd.DataFrame({"in": pd.to_datetime(["2024-01-03 12:00", None]), "out": pd.to_datetime(["2024-01-01"] * 2)})
    spans = [["x", "in", "out", None], ["y", "out", None, "2023-12-31"]]
    days = alike(ElapsedDays(spans).fit(frame), frame)
    assert (days["x"].iloc[0], days["y"].iloc[1]) == (2.5, 1.0)
    assert np.isnan(days["x"].iloc[1])


def test_on_a_circle_december_lies_beside_january_and_midnight_beside_eleven() -> None:
    dates = pd.DataFrame({"d": pd.to_datetime(["2024-12-15 23:00", "2025-01-15 00:00", "2025-06-15 12:00"])})
    parts = ["month_sin", "month_cos", "hour_sin", "hour_cos"]
    places = ExpandDates({"d": parts}).fit(dates).transform(dates).to_numpy()
    for pair in (places[:, :2], places[:, 2:]):
        assert np.linalg.norm(pair[0] - pair[1]) < 0.6 < 1.5 < np.linalg.norm(pair[1] - pair[2])
        np.testing.assert_allclose(np.linalg.norm(pair, axis=1), 1)


def test_levels_stand_in_the_order_of_how_frequent_they_are() -> None:
    encoder = FrequencyEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    frame = pd.DataFrame({"a": ["z"] * 3 + ["b"] * 1 + ["m"] * 2}, dtype=object)
    encoder.fit(frame)
    new = pd.DataFrame({"a": ["b", "m", "z", "never seen"]}, dtype=object)
    assert encoder.transform(new)[:, 0].tolist() == [0, 1, 2, -1]


def test_neighbours_are_looked_for_among_some_of_many_rows() -> None:
    rows = np.random.default_rng(0).normal(size=(2 * MOST_NEIGHBORS_ROWS + 1, 2))
    imputer = NearestImputer(n_neighbors=1).fit(rows)
    assert len(imputer._fit_X) <= MOST_NEIGHBORS_ROWS
    assert np.isfinite(imputer.transform([[0.0, np.nan]])).all()


def numbers_with_odd_ones(n_rows: int = 200) -> tuple[pd.DataFrame, "pd.Series[Any]"]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=n_rows), "b": rng.normal(size=n_rows)})
    frame.loc[:4, "a"] = 1_000.0
    return frame, pd.Series(np.where(frame["b"] > 0, "yes", "no"), dtype=object)


@pytest.mark.parametrize("method", ["iqr", "isolation_forest"])
def test_unusual_rows_are_left_out_of_the_learning_only(method: str) -> None:
    frame, target = numbers_with_odd_ones()
    remover = AnomalousRows(["a", "b"], method=method, factor=3.0, share=5 / 200)
    pipeline = LearningPipeline([("model", LogisticRegression())], remover=remover).fit(frame, target)
    assert pipeline.n_removed_ == 5
    plain = Pipeline([("model", LogisticRegression())]).fit(frame.iloc[5:], target.iloc[5:])
    np.testing.assert_allclose(pipeline.predict_proba(frame), plain.predict_proba(frame))
    assert len(pipeline.predict(frame)) == len(frame)


def test_a_class_is_not_lost_with_its_unusual_rows() -> None:
    frame, target = numbers_with_odd_ones()
    target.iloc[:5] = "rare"
    pipeline = LearningPipeline([("model", LogisticRegression())], remover=AnomalousRows(["a"])).fit(frame, target)
    assert "rare" in pipeline.classes_
    assert pipeline.n_removed_ == 0


def test_leaving_out_most_rows_is_refused() -> None:
    frame, target = numbers_with_odd_ones()
    pipeline = LearningPipeline([("model", LogisticRegression())], remover=AnomalousRows(["a", "b"], factor=0.1))
    with pytest.raises(BadInputError, match="% of the rows would be left out"):
        pipeline.fit(frame, target)


@pytest.mark.parametrize("target", ["comes", "spends"])
def test_with_every_kind_of_step_one_row_is_answered_as_in_a_batch_and_through_json(
    store: Store, make_recipe: MakeRecipe, target: str
) -> None:
    recipe = with_all_steps(make_recipe(with_order(visits(300)), target))
    pipeline, rows = fit(store, recipe)
    answer: Callable[[pd.DataFrame], Any] = pipeline.predict if target == "spends" else pipeline.predict_proba
    expected = answer(rows)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(answer(as_json(rows)), expected, rtol=1e-9)
    one_by_one = [answer(as_json(rows.iloc[[position]]))[0] for position in range(len(rows))]
    np.testing.assert_allclose(one_by_one, expected, rtol=1e-9)


def test_with_every_kind_of_step_a_pipeline_survives_its_file(store: Store, recipe: Recipe, tmp_path: Any) -> None:
    pipeline, rows = fit(store, recipe)
    write_model(pipeline, tmp_path)
    again = read_model(tmp_path)
    np.testing.assert_array_equal(again.predict_proba(rows), pipeline.predict_proba(rows))
    stored = {type(step).__name__ for _, step in again.steps} | {type(again).__name__, type(again.remover).__name__}
    ours = {name.split(".")[-1] for name in prepare.TRUSTED_TYPES if name.startswith("core.")}
    assert stored >= ours - {"FrequencyEncoder", "NearestImputer"}
    assert {"FrequencyEncoder", "NearestImputer"} <= {name.split(".")[-1] for name in types_in(tmp_path)}


def types_in(folder: Any) -> list[str]:
    return list(skops.io.get_untrusted_types(file=folder / "model.skops"))


@pytest.mark.parametrize("how", ["never seen", "nothing", "constant", "all missing", "text for numbers"])
def test_with_every_kind_of_step_odd_rows_are_answered(store: Store, recipe: Recipe, how: str) -> None:
    pipeline, rows = fit(store, recipe)
    odd = rows.astype(object)
    texts = ["colour", "town", "size", "machine", "comes (1 before)"]
    changes: dict[str, Callable[[], pd.DataFrame]] = {
        "never seen": lambda: odd.assign(**dict.fromkeys(texts, "never seen"), remark="words unknown"),
        "nothing": lambda: pd.DataFrame([{}] * 3, index=range(3)),
        "constant": lambda: odd.assign(**odd.iloc[0].to_dict()),
        "all missing": lambda: odd.assign(**dict.fromkeys(odd.columns)),
        "text for numbers": lambda: odd.assign(age="old", income="much", seen_at="yesterday", member="maybe"),
    }
    assert np.isfinite(pipeline.predict_proba(changes[how]())).all()


@pytest.mark.parametrize("value", [None, "same"])
def test_with_every_kind_of_step_any_column_may_be_empty_or_constant_while_learning(
    store: Store, recipe: Recipe, value: str | None
) -> None:
    rows = prepare.split_rows(store, recipe)
    features = prepare.features_and_target(rows.test, recipe)[0]
    for name in ("age", "income", "colour", "town", "size", "seen_at", "booked_at", "member"):
        train = rows.train.copy()
        train[name] = None if value is None else train[name].dropna().iloc[0]
        pipeline = prepare.build_pipeline(recipe, GaussianNB(), dense=True)
        pipeline.fit(*prepare.features_and_target(train, recipe))
        assert np.isfinite(pipeline.predict_proba(features)).all(), name


def test_what_is_learned_depends_on_the_rows_learned_from_only(store: Store, recipe: Recipe) -> None:
    rows = prepare.split_rows(store, recipe)
    features, target = prepare.features_and_target(rows.train, recipe)
    pipeline = prepare.build_pipeline(recipe, GaussianNB(), dense=True).fit(features, target)
    before = pipeline[:-1].transform(features.head(20))
    pipeline[:-1].transform(prepare.features_and_target(rows.test, recipe)[0].assign(income=1e12))
    np.testing.assert_array_equal(pipeline[:-1].transform(features.head(20)), before)


def test_missing_numbers_that_a_step_makes_are_refused_where_the_family_cannot_take_them(
    store: Store, make_recipe: MakeRecipe
) -> None:
    frame = visits(200).assign(age=np.arange(200) % 50, income=1.5, member=True, town="x")
    frame.loc[3:, "income"] = 2.5
    recipe = put(make_recipe(frame, "comes"), "combine", ["age", "income"], operation="ratio")
    recipe = prepare.switch_step(recipe, "impute_numbers", False)
    with pytest.raises(BadInputError, match="cannot learn from missing numbers"):
        fit(store, recipe)
