"""The step `features`: which transformers turn which columns of the table into numbers."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler, TargetEncoder

from core.prepare.columns import MISSING_LEVEL
from core.prepare.encoders import FrequencyEncoder, NearestImputer
from core.prepare.layout import dated_names, table_columns
from core.records import Json, Recipe, RecipeStep

TARGET_TYPES = {"binary": "binary", "multiclass": "multiclass", "regression": "continuous"}
N_TEXT_TERMS = 4_096
N_TEXT_NUMBERS = 20
MAX_LEVELS = 40
N_NEIGHBORS = 5
CROSS_FITTING_FOLDS = 5
FILL_NUMBERS, FILL_CATEGORIES, SCALE = "impute_numbers", "impute_categories", "scale"
ENCODE_FEW, ENCODE_MANY, TEXT = "encode_few", "encode_many", "text"

Stages = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Block:
    """Columns that are treated alike: one transformer after the other, each with the key of the step it comes from."""

    name: str
    columns: list[str] | str
    stages: Stages

    def transformer(self) -> Any:
        """Return what a ColumnTransformer applies to the columns."""
        return chain([transformer for _, transformer in self.stages])


def chain(transformers: Sequence[Any]) -> Any:
    """Return transformers one after the other as one."""
    if not transformers:
        return "passthrough"
    if len(transformers) == 1:
        return transformers[0]
    return Pipeline([(type(one).__name__.lower(), one) for one in transformers])


def make_blocks(recipe: Recipe) -> list[Block]:
    """Return the blocks of a recipe, each ending in numbers, in the order in which the model gets them."""
    columns = table_columns(recipe)
    dated = dated_names(recipe)
    numbers = [one.name for one in columns if one.kind == "number"]
    return [
        *_group("numbers", [name for name in numbers if name not in dated], recipe, _how_number, _number_stages),
        *_group("booleans", [one.name for one in columns if one.kind == "boolean"], recipe, _how_boolean, _filled),
        *_group("dates", [name for name in numbers if name in dated], recipe, _how_date, _number_stages),
        *_group(
            "categories", [one.name for one in columns if one.kind == "category"], recipe, _how_level, _level_stages
        ),
        *(Block(f"text {one.name}", one.name, ((TEXT, _text(recipe)),)) for one in columns if one.kind == "text"),
    ]


How = dict[str, Any]


def _group(
    name: str,
    columns: Sequence[str],
    recipe: Recipe,
    how: Callable[[Recipe, str], How],
    stages: Callable[[Recipe, How, int], Stages],
) -> list[Block]:
    """Return a block for each different way in which columns are to be treated."""
    alike: dict[Hashable, tuple[How, list[str]]] = {}
    for column in columns:
        chosen = how(recipe, column)
        alike.setdefault(repr(sorted(chosen.items())), (chosen, []))[1].append(column)
    names = [name, *(f"{name} {number}" for number in range(2, len(alike) + 1))]
    ways = zip(names, alike.values(), strict=False)
    return [Block(block, members, stages(recipe, chosen, len(members))) for block, (chosen, members) in ways]


def find(recipe: Recipe, key: str) -> RecipeStep | None:
    """Return the step of a key; None when the recipe has none."""
    return next((step for step in recipe.steps if step.key == key), None)


def options_for(step: RecipeStep | None, column: str) -> Json:
    """Return a step's options as they are for one column: `options["by_column"]` holds those that differ."""
    options: Json = step.options if step is not None else {}
    own: Json = options.get("by_column", {}).get(column, {})
    return options | own


def _how_filled(recipe: Recipe, column: str, usual: str) -> How:
    step = find(recipe, FILL_NUMBERS)
    options = options_for(step, column)
    if step is not None and not step.enabled:
        return {"strategy": None}
    strategy = options.get("strategy") or usual
    how: How = {"strategy": strategy, "indicator": options.get("indicator", True)}
    if strategy == "constant":
        how["fill_value"] = float(options.get("fill_value") or 0.0)
    if strategy == "neighbors":
        how["n_neighbors"] = int(options.get("n_neighbors") or N_NEIGHBORS)
    return how


def _how_scaled(recipe: Recipe, column: str) -> str | None:
    step = find(recipe, SCALE)
    if step is None or not step.enabled:
        return None
    method = options_for(step, column).get("method") or "standard"
    return None if method == "none" else str(method)


def _how_number(recipe: Recipe, column: str) -> How:
    return _how_filled(recipe, column, "median") | {"scale": _how_scaled(recipe, column)}


def _how_date(recipe: Recipe, column: str) -> How:
    """What was read off dates is filled as numbers are, but its gaps are marked nowhere: all have the date's."""
    how = _how_filled(recipe, column, "median") | {"scale": _how_scaled(recipe, column), "indicator": False}
    return how | {"strategy": "median"} if how["strategy"] == "neighbors" else how


def _how_boolean(recipe: Recipe, column: str) -> How:
    """Truth values keep two values: the most frequent stands in, unless another is chosen for this very column."""
    step = find(recipe, FILL_NUMBERS)
    chosen = step.options.get("by_column", {}).get(column, {}) if step is not None else {}
    how = _how_filled(recipe, column, "most_frequent") | {"indicator": bool(chosen.get("indicator", False))}
    return how if how["strategy"] is None or chosen.get("strategy") else how | {"strategy": "most_frequent"}


def _number_stages(recipe: Recipe, how: How, n_columns: int) -> Stages:
    scaler = {"standard": StandardScaler, "robust": RobustScaler, None: None}[how["scale"]]
    scaled: Stages = ((SCALE, scaler()),) if scaler else ()
    if how["strategy"] != "neighbors":
        return (*_filled(recipe, how, n_columns), *scaled)
    # Neighbours are near on a common scale only, so that comes first.
    return (*(scaled or ((FILL_NUMBERS, StandardScaler()),)), *_filled(recipe, how, n_columns))


def _filled(_recipe: Recipe, how: How, _n_columns: int) -> Stages:
    if how["strategy"] is None:
        return ()
    usual = {"add_indicator": how["indicator"], "keep_empty_features": True}
    if how["strategy"] == "neighbors":
        return ((FILL_NUMBERS, NearestImputer(n_neighbors=how["n_neighbors"], **usual)),)
    return ((FILL_NUMBERS, SimpleImputer(strategy=how["strategy"], fill_value=how.get("fill_value"), **usual)),)


def _how_level(recipe: Recipe, column: str) -> How:
    few, many = find(recipe, ENCODE_FEW), find(recipe, ENCODE_MANY)
    step, usual = (many, "target") if many is not None and column in many.columns else (few, "one_hot")
    options = options_for(step, column)
    method = options.get("method") or usual
    how: How = {"key": step.key if step else ENCODE_FEW, "method": method} | _how_level_filled(recipe, column)
    if method == "one_hot":
        how |= {"rare": options.get("min_frequency"), "most": options.get("max_categories", MAX_LEVELS)}
    if method == "ordinal":
        how |= {"order": options.get("order") or "frequency"}
        if how["order"] == "given":
            how |= {"levels": [str(level) for level in options.get("levels", ())]}
    return how | {"scale": None if method == "one_hot" else _how_scaled(recipe, column)}


def _how_level_filled(recipe: Recipe, column: str) -> How:
    """Missing categories are a level of their own; with that step switched off the most frequent level stands in."""
    step = find(recipe, FILL_CATEGORIES)
    options = options_for(step, column)
    strategy = options.get("strategy") or "level"
    if step is not None and not step.enabled:
        strategy = "most_frequent"
    fill = {"fill_value": str(options.get("fill_value") or MISSING_LEVEL)} if strategy == "constant" else {}
    return {"strategy": strategy} | fill


def _level_stages(recipe: Recipe, how: How, n_columns: int) -> Stages:
    stages: list[tuple[str, Any]] = []
    if how["strategy"] != "level":
        missing = {"missing_values": MISSING_LEVEL, "keep_empty_features": True}
        imputer = SimpleImputer(strategy=how["strategy"], fill_value=how.get("fill_value"), **missing)
        stages.append((FILL_CATEGORIES, imputer))
    stages.append((how["key"], _encoder(recipe, how, n_columns)))
    if how["scale"]:
        stages.append((SCALE, RobustScaler() if how["scale"] == "robust" else StandardScaler()))
    return tuple(stages)


def _encoder(recipe: Recipe, how: How, n_columns: int) -> Any:
    unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
    if how["method"] == "target":
        folds = KFold(CROSS_FITTING_FOLDS, shuffle=True, random_state=recipe.split.random_state)
        return TargetEncoder(target_type=TARGET_TYPES[recipe.task], cv=folds)
    if how["method"] == "one_hot":
        # Levels not seen in training count as rare ones, where there are any.
        return OneHotEncoder(
            min_frequency=how["rare"], max_categories=how["most"], handle_unknown="infrequent_if_exist"
        )
    if how["order"] == "given":
        return OrdinalEncoder(categories=[how["levels"]] * n_columns, **unknown)
    return FrequencyEncoder(**unknown) if how["order"] == "frequency" else OrdinalEncoder(**unknown)


def _text(recipe: Recipe) -> Pipeline:
    """Word counts, weighed by how telling a word is, pressed into a few numbers.

    Words are hashed, which never fails on a fold without words; n_components stays far below the number of terms.
    """
    step = find(recipe, TEXT)
    n_components = int((step.options if step else {}).get("n_components") or N_TEXT_NUMBERS)
    svd = TruncatedSVD(n_components, random_state=recipe.split.random_state)
    words = HashingVectorizer(n_features=N_TEXT_TERMS, alternate_sign=False, norm=None)
    return Pipeline([("words", words), ("weights", TfidfTransformer()), ("numbers", svd)])
