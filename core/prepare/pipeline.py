"""The recipe as ONE scikit-learn Pipeline: rows as they come in, predictions out."""

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from core.errors import BadInputError
from core.prepare.features import FILL_NUMBERS, find, make_blocks
from core.prepare.layout import Place, date_parts, feature_columns, looked_back_columns, table_places
from core.prepare.names import combined_name, elapsed_names
from core.prepare.rows import AnomalousRows, LearningPipeline
from core.prepare.table_steps import BinColumns, CapOutliers, CombineColumns, DropColumns, ElapsedDays
from core.prepare.transformers import CoerceColumns, ExpandDates
from core.records import Recipe

Steps = list[tuple[str, Any]]


def build_pipeline(recipe: Recipe, estimator: BaseEstimator, *, dense: bool = False) -> Pipeline:
    """Return the unfitted pipeline `coerce -> (table steps, by their keys) -> features -> model` of a recipe.

    It takes rows as `collect.load_frame` or a JSON request give them. Table steps turn a table into a table; `features`
    hands the model a matrix of float64, and consists of scikit-learn's own transformers or slight variations of them.

    Parameters
    ----------
    recipe : Recipe
        The steps; those switched off are left out.
    estimator : estimator
        Any scikit-learn classifier or regressor, not fitted.
    dense : bool
        Whether the model needs a dense matrix; otherwise one with mostly zeros is handed over as a sparse one.

    Raises
    ------
    BadInputError
        When no column is left, or missing numbers stay and the estimator cannot learn from them.
    """
    check_missing_values(recipe, estimator)
    steps = [*build_features(recipe, dense=dense).steps, ("model", estimator)]
    remover = find_remover(recipe)
    return Pipeline(steps) if remover is None else LearningPipeline(steps, remover=remover)


def build_features(recipe: Recipe, *, dense: bool = False) -> Pipeline:
    """Return the part of the pipeline before the model, not fitted.

    Raises
    ------
    BadInputError
        When the recipe leaves no column to learn from.
    """
    blocks = [(block.name, block.transformer(), block.columns) for block in make_blocks(recipe)]
    features = ColumnTransformer(blocks, sparse_threshold=0.0 if dense else 0.3, verbose_feature_names_out=False)
    return Pipeline([*build_table_steps(recipe), ("features", features)])


def build_table_steps(recipe: Recipe) -> Steps:
    """Return the pipeline's steps before `features`: `coerce`, then the recipe's table steps by their keys.

    Raises
    ------
    BadInputError
        When the recipe leaves no column to learn from.
    """
    columns = feature_columns(recipe)
    if not columns:
        raise BadInputError("The recipe leaves no column to learn from.", "Switch a step off, or use another table.")
    coerce = CoerceColumns([column.name for column in columns], [column.kind for column in columns])
    places = [place for place in table_places(recipe) if place.step.enabled and place.names]
    return [("coerce", coerce), *(step for place in places for step in TABLE_STEPS[place.step.kind](place))]


def find_remover(recipe: Recipe) -> AnomalousRows | None:
    """Return what finds the rows to leave out of the learning; None when all are learned from."""
    given = {column.name for column in feature_columns(recipe)}
    for step in recipe.steps:
        names = [name for name in step.columns if name in given]
        if step.kind == "remove_rows" and step.enabled and names:
            options = {name: step.options[name] for name in ("method", "factor", "share") if name in step.options}
            return AnomalousRows(names, random_state=recipe.split.random_state, **options)
    return None


def check_missing_values(recipe: Recipe, estimator: BaseEstimator) -> None:
    """Raise BadInputError when missing numbers are left in the table and the estimator cannot learn from them."""
    step = find(recipe, FILL_NUMBERS)
    left = step is not None and not step.enabled and (step.options.get("n_missing", 0) > 0 or _makes_gaps(recipe))
    if left and not estimator.__sklearn_tags__().input_tags.allow_nan:
        raise BadInputError(
            "This family cannot learn from missing numbers, and the recipe leaves them in.",
            "Switch 'Fill missing numbers' on at Prepare, or choose another family.",
        )


def _makes_gaps(recipe: Recipe) -> bool:
    """Whether a step makes numbers that may be missing where those of the table are not."""
    combined = any(place.step.kind == "combine" and place.made for place in table_places(recipe))
    return combined or bool(looked_back_columns(recipe))


def _drop(place: Place) -> Steps:
    return [(place.step.key, DropColumns(list(place.names)))]


def _expand(place: Place) -> Steps:
    """Spans of time first: afterwards the dates are gone."""
    dates = [column.name for column in place.before if column.kind == "date"]
    spans = [
        list(span) for span in elapsed_names(place.step.options, place.names) if span[2] is None or span[2] in dates
    ]
    elapsed: Steps = [(f"{place.step.key} elapsed", ElapsedDays(spans))] if spans else []
    parts = {name: date_parts(place.step, name) if name in place.names else [] for name in dates}
    return [*elapsed, (place.step.key, ExpandDates(parts))]


def _cap(place: Place) -> Steps:
    options = _chosen(place, "method", "factor", "low", "high")
    return [(place.step.key, CapOutliers(list(place.names), **options))]


def _combine(place: Place) -> Steps:
    options = place.step.options
    left, right = place.names[0], place.names[-1]
    return [(place.step.key, CombineColumns(left, right, options["operation"], combined_name(options, place.names)))]


def _bin(place: Place) -> Steps:
    return [(place.step.key, BinColumns(list(place.names), **_chosen(place, "method", "n_bins", "borders")))]


def _chosen(place: Place, *names: str) -> dict[str, Any]:
    return {name: place.step.options[name] for name in names if name in place.step.options}


TABLE_STEPS: Mapping[str, Callable[[Place], Steps]] = {
    "drop": _drop,
    "dates": _expand,
    "cap": _cap,
    "combine": _combine,
    "bin": _bin,
}
