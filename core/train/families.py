"""The model families that can be tried: what each does, when it is good, how it is built, and what it costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from core.errors import BadInputError
from core.records import Task

ALL_TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
CLASSES: tuple[Task, ...] = ("binary", "multiclass")
MAX_LEAVES = 2_000
N_TREES = 200
N_NEIGHBORS = 15
CALIBRATION_FOLDS = 3

Build = Callable[[Task, int, int], BaseEstimator]


@dataclass(frozen=True)
class Cost:
    """Seconds one fit and its scoring take on one core: `seconds * n_rows**rows * n_columns**columns`, measured.

    Preparing the table comes on top.
    """

    seconds: float
    rows: float = 1.0
    columns: float = 1.0


@dataclass(frozen=True)
class ModelFamily:
    """One kind of model.

    `build(task, n_rows, random_state)` returns an unfitted estimator fit for that many training rows. `sparse` says
    whether it works well on a matrix that is mostly zeros and stored as such.
    """

    key: str
    title: str
    sentence: str
    tasks: tuple[Task, ...]
    build: Build
    cost: Cost
    sparse: bool = False


def _dummy(task: Task, _n_rows: int, random_state: int) -> BaseEstimator:
    return DummyRegressor() if task == "regression" else DummyClassifier(random_state=random_state)


def _linear(task: Task, _n_rows: int, random_state: int) -> BaseEstimator:
    if task == "regression":
        return Ridge(random_state=random_state)
    return LogisticRegression(max_iter=500, random_state=random_state)


def _decision_tree(task: Task, n_rows: int, random_state: int) -> BaseEstimator:
    tree = DecisionTreeRegressor if task == "regression" else DecisionTreeClassifier
    return tree(max_depth=12, min_samples_leaf=max(5, n_rows // MAX_LEAVES), random_state=random_state)


def _random_forest(task: Task, n_rows: int, random_state: int) -> BaseEstimator:
    forest = RandomForestRegressor if task == "regression" else RandomForestClassifier
    return forest(**_forest_options(task, n_rows), random_state=random_state)


def _extra_trees(task: Task, n_rows: int, random_state: int) -> BaseEstimator:
    forest = ExtraTreesRegressor if task == "regression" else ExtraTreesClassifier
    return forest(**_forest_options(task, n_rows), random_state=random_state)


def _forest_options(task: Task, n_rows: int) -> dict[str, Any]:
    """Leaves grow with the table, so that a forest stays small enough to be stored and served."""
    features = 1 / 3 if task == "regression" else "sqrt"
    leaf = max(2, n_rows // MAX_LEAVES)
    return {"n_estimators": N_TREES, "min_samples_leaf": leaf, "max_features": features, "n_jobs": 1}


def _boosting(task: Task, _n_rows: int, random_state: int) -> BaseEstimator:
    boosting = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return boosting(random_state=random_state, early_stopping=False)


def _svm(task: Task, _n_rows: int, random_state: int) -> BaseEstimator:
    if task == "regression":
        return _scaled_target(SVR(cache_size=500))
    return CalibratedClassifierCV(SVC(cache_size=500, random_state=random_state), cv=CALIBRATION_FOLDS, ensemble=False)


def _neighbors(task: Task, n_rows: int, _random_state: int) -> BaseEstimator:
    neighbors = KNeighborsRegressor if task == "regression" else KNeighborsClassifier
    return neighbors(n_neighbors=max(1, min(N_NEIGHBORS, n_rows // 3)), n_jobs=1)


def _naive_bayes(_task: Task, _n_rows: int, _random_state: int) -> BaseEstimator:
    return GaussianNB()


def _neural_network(task: Task, _n_rows: int, random_state: int) -> BaseEstimator:
    options: dict[str, Any] = {"hidden_layer_sizes": (64, 32), "max_iter": 100, "random_state": random_state}
    return _scaled_target(MLPRegressor(**options)) if task == "regression" else MLPClassifier(**options)


def _scaled_target(regressor: BaseEstimator) -> BaseEstimator:
    """Bring the target to mean 0 and standard deviation 1 while learning: this family's settings assume that."""
    return TransformedTargetRegressor(regressor, transformer=StandardScaler())


FAMILIES: tuple[ModelFamily, ...] = (
    ModelFamily(
        "dummy",
        "Guessing",
        "Always gives the most frequent class or the mean; what does not beat it has learned nothing.",
        ALL_TASKS,
        _dummy,
        Cost(1e-8),
        sparse=True,
    ),
    ModelFamily(
        "linear",
        "Linear model",
        "Adds up the columns, each with a weight (logistic or ridge regression). Fast, easy to explain, hard to beat "
        "when effects simply add up.",
        ALL_TASKS,
        _linear,
        Cost(2.5e-7),
        sparse=True,
    ),
    ModelFamily(
        "naive_bayes",
        "Naive Bayes",
        "Looks at each column by itself and multiplies the odds. Very fast; good with few rows.",
        CLASSES,
        _naive_bayes,
        Cost(5e-8),
    ),
    ModelFamily(
        "decision_tree",
        "Decision tree",
        "Asks one yes-or-no question after another. Can be read by anyone; seldom the most accurate.",
        ALL_TASKS,
        _decision_tree,
        Cost(2e-7, rows=1.1),
    ),
    ModelFamily(
        "hist_gradient_boosting",
        "Gradient boosting",
        "Builds small trees one after another, each mending what is still wrong. Often the best on tables, and fast on "
        "large ones.",
        ALL_TASKS,
        _boosting,
        Cost(3e-5, rows=0.8, columns=0.7),
    ),
    ModelFamily(
        "k_nearest_neighbors",
        "Nearest neighbours",
        "Answers what the most similar known rows had. Good when similar rows behave alike and there are few columns.",
        ALL_TASKS,
        _neighbors,
        Cost(8e-10, rows=2.0, columns=0.5),
    ),
    ModelFamily(
        "extra_trees",
        "Extra trees",
        "Many trees with random questions, averaged. Like a random forest, faster, sometimes steadier.",
        ALL_TASKS,
        _extra_trees,
        Cost(1.2e-5, rows=1.1, columns=0.5),
    ),
    ModelFamily(
        "random_forest",
        "Random forest",
        "Many trees on random parts of the rows, averaged. Strong without any tuning; bigger and slower than boosting.",
        ALL_TASKS,
        _random_forest,
        Cost(4e-5, rows=1.1, columns=0.5),
    ),
    ModelFamily(
        "svm",
        "Support vector machine",
        "Draws the smoothest border that separates the classes. Good on small tables; too slow for large ones.",
        ALL_TASKS,
        _svm,
        Cost(1.2e-8, rows=2.0, columns=0.7),
    ),
    ModelFamily(
        "neural_network",
        "Neural network",
        "Two layers of small units that find their own combinations (a multilayer perceptron). Needs many rows.",
        ALL_TASKS,
        _neural_network,
        Cost(2.5e-4, columns=0.1),
    ),
)


def find_family(key: str) -> ModelFamily:
    """Return one family.

    Raises
    ------
    BadInputError
        When there is none of that key.
    """
    for family in FAMILIES:
        if family.key == key:
            return family
    raise BadInputError(f"There is no model family called '{key}'.", "Choose among the families offered on Train.")
