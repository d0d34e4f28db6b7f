"""The recipe as ONE scikit-learn Pipeline: rows as they come in, predictions out."""

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from core.errors import BadInputError
from core.prepare.columns import MISSING_LEVEL
from core.prepare.layout import feature_columns
from core.prepare.names import part_names
from core.prepare.transformers import CoerceColumns, ExpandDates
from core.records import ColumnKind, Json, Recipe, RecipeStep

TARGET_TYPES = {"binary": "binary", "multiclass": "multiclass", "regression": "continuous"}
N_TEXT_TERMS = 4_096
MAX_LEVELS = 40
CROSS_FITTING_FOLDS = 5

Block = tuple[str, Any, list[str] | str]


def build_pipeline(recipe: Recipe, estimator: BaseEstimator, *, dense: bool = False) -> Pipeline:
    """Return the unfitted pipeline `coerce -> dates -> features -> model` of a recipe and an estimator.

    It takes rows as `collect.load_frame` or a JSON request give them. `features` hands the model a matrix of float64,
    and consists of scikit-learn's own transformers only.

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
    return Pipeline([*build_features(recipe, dense=dense).steps, ("model", estimator)])


def build_features(recipe: Recipe, *, dense: bool = False) -> Pipeline:
    """Return the part of the pipeline before the model, not fitted.

    Raises
    ------
    BadInputError
        When the recipe leaves no column to learn from.
    """
    columns = feature_columns(recipe)
    if not columns:
        raise BadInputError("The recipe leaves no column to learn from.", "Switch a step off, or use another table.")
    parts = _date_parts(recipe)
    coerce = CoerceColumns([column.name for column in columns], [column.kind for column in columns])
    blocks = ColumnTransformer(_blocks(recipe), sparse_threshold=0.0 if dense else 0.3, verbose_feature_names_out=False)
    return Pipeline([("coerce", coerce), ("dates", ExpandDates(parts)), ("features", blocks)])


def check_missing_values(recipe: Recipe, estimator: BaseEstimator) -> None:
    """Raise BadInputError when missing numbers are left in the table and the estimator cannot learn from them."""
    step = _find(recipe, "impute_numbers")
    gaps = step is not None and not step.enabled and step.options.get("n_missing", 0) > 0
    if gaps and not estimator.__sklearn_tags__().input_tags.allow_nan:
        raise BadInputError(
            "This family cannot learn from missing numbers, and the recipe leaves them in.",
            "Switch 'Fill missing numbers' on at Prepare, or choose another family.",
        )


def _blocks(recipe: Recipe) -> list[Block]:
    """Return one block a kind of column, each ending in numbers."""
    of_kind = {kind: _names(recipe, kind) for kind in ("number", "boolean", "category", "text")}
    one_hot, by_target = _split_categories(recipe, of_kind["category"])
    fill, scale = _enabled(recipe, "impute_numbers"), _enabled(recipe, "scale")
    median = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    dates = SimpleImputer(strategy="median", keep_empty_features=True)
    frequent = SimpleImputer(strategy="most_frequent", keep_empty_features=True)
    blocks: list[Block] = [
        ("numbers", _chain(median if fill else None, _scaler(scale)), of_kind["number"]),
        ("booleans", _chain(frequent if fill else None), of_kind["boolean"]),
        ("dates", _chain(dates if fill else None, _scaler(scale)), part_names(_date_parts(recipe))),
        ("categories", _chain(_category_imputer(recipe), _one_hot(recipe)), one_hot),
        ("levels", _chain(_category_imputer(recipe), _target_encoder(recipe), _scaler(scale)), by_target),
    ]
    blocks = [block for block in blocks if block[2]]
    return blocks + [(f"text {name}", _text(recipe), name) for name in of_kind["text"]]


def _names(recipe: Recipe, kind: ColumnKind) -> list[str]:
    return [column.name for column in feature_columns(recipe) if column.kind == kind]


def _find(recipe: Recipe, key: str) -> RecipeStep | None:
    return next((step for step in recipe.steps if step.key == key), None)


def _enabled(recipe: Recipe, key: str) -> bool:
    step = _find(recipe, key)
    return step is not None and step.enabled


def _options(recipe: Recipe, key: str) -> Json:
    step = _find(recipe, key)
    return step.options if step is not None else {}


def _date_parts(recipe: Recipe) -> dict[str, list[str]]:
    parts: Json = _options(recipe, "dates").get("parts", {})
    return {name: list(parts.get(name, ("elapsed_days",))) for name in _names(recipe, "date")}


def _split_categories(recipe: Recipe, names: list[str]) -> tuple[list[str], list[str]]:
    """Divide category columns into those with few levels (a column each) and with many (target encoding)."""
    step = _find(recipe, "encode_many")
    many = set(step.columns) if step is not None else set()
    return [name for name in names if name not in many], [name for name in names if name in many]


def _chain(*steps: Any) -> Any:
    wanted = [step for step in steps if step is not None]
    if not wanted:
        return "passthrough"
    return Pipeline([(type(step).__name__.lower(), step) for step in wanted]) if len(wanted) > 1 else wanted[0]


def _scaler(wanted: bool) -> StandardScaler | None:
    return StandardScaler() if wanted else None


def _category_imputer(recipe: Recipe) -> SimpleImputer | None:
    """Missing categories are a level of their own; with that step switched off the most frequent level stands in."""
    step = _find(recipe, "impute_categories")
    if step is None or step.enabled:
        return None
    return SimpleImputer(missing_values=MISSING_LEVEL, strategy="most_frequent", keep_empty_features=True)


def _one_hot(recipe: Recipe) -> OneHotEncoder:
    options = _options(recipe, "encode_few")
    return OneHotEncoder(
        min_frequency=options.get("min_frequency"),
        max_categories=options.get("max_categories", MAX_LEVELS),
        handle_unknown="infrequent_if_exist",
    )


def _target_encoder(recipe: Recipe) -> TargetEncoder:
    folds = KFold(CROSS_FITTING_FOLDS, shuffle=True, random_state=recipe.split.random_state)
    return TargetEncoder(target_type=TARGET_TYPES[recipe.task], cv=folds)


def _text(recipe: Recipe) -> Pipeline:
    """Word counts, weighed by how telling a word is, pressed into a few numbers.

    Words are hashed, which never fails on a fold without words; n_components stays far below the number of terms.
    """
    n_components = _options(recipe, "text").get("n_components", 20)
    svd = TruncatedSVD(n_components, random_state=recipe.split.random_state)
    words = HashingVectorizer(n_features=N_TEXT_TERMS, alternate_sign=False, norm=None)
    return Pipeline([("words", words), ("weights", TfidfTransformer()), ("numbers", svd)])
