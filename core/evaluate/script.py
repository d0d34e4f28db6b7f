"""Fit and test of one model as a plain scikit-learn program."""

from collections.abc import Mapping
from types import MappingProxyType

from core.collect.program import bracketed, comment, literal
from core.errors import NotReadyError
from core.plan import metric, metrics_for
from core.records import Candidate, DecisionThreshold, Evaluation, Recipe, TrainingRun
from core.store import Store
from core.train import ROUNDING, find_family
from core.train.script import fitted_code, positive_class, training_program

CODES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "accuracy": ("accuracy_score(y_test, y_pred)", ("accuracy_score",)),
        "balanced_accuracy": ("balanced_accuracy_score(y_test, y_pred)", ("balanced_accuracy_score",)),
        "precision": ("precision_score(y_test, y_pred, pos_label=POSITIVE, zero_division=0)", ("precision_score",)),
        "recall": ("recall_score(y_test, y_pred, pos_label=POSITIVE, zero_division=0)", ("recall_score",)),
        "f1": ("f1_score(y_test, y_pred, pos_label=POSITIVE, zero_division=0)", ("f1_score",)),
        "roc_auc": ("roc_auc_score(y_test == POSITIVE, y_proba[:, classes.index(POSITIVE)])", ("roc_auc_score",)),
        "average_precision": (
            "average_precision_score(y_test == POSITIVE, y_proba[:, classes.index(POSITIVE)])",
            ("average_precision_score",),
        ),
        "f1_macro": ('f1_score(y_test, y_pred, average="macro", zero_division=0)', ("f1_score",)),
        "roc_auc_ovr": (
            "np.mean([roc_auc_score(y_test == one, y_proba[:, i]) for i, one in enumerate(classes)])",
            ("roc_auc_score",),
        ),
        "neg_mean_absolute_error": ("mean_absolute_error(y_test, y_pred)", ("mean_absolute_error",)),
        "neg_root_mean_squared_error": ("root_mean_squared_error(y_test, y_pred)", ("root_mean_squared_error",)),
        "neg_median_absolute_error": ("median_absolute_error(y_test, y_pred)", ("median_absolute_error",)),
        "r2": ("r2_score(y_test, y_pred)", ("r2_score",)),
    }
)
"""Code for each metric, and what it needs of sklearn.metrics."""


def evaluation_script(store: Store, candidate_id: str, *, from_file: bool = False) -> str:
    """Return a program that goes from the table to one model's metrics on the rows set aside.

    Parameters
    ----------
    from_file : bool
        Whether it starts from the file as the person brought it, see `collect.table_script`.

    Raises
    ------
    NotReadyError
        When the candidate has not finished training.
    """
    candidate = store.get(Candidate, candidate_id)
    if candidate.status != "done":
        raise NotReadyError("This model has not finished training.", "Choose one that has a score.")
    run = store.get(TrainingRun, candidate.run_id)
    recipe = store.get(Recipe, run.recipe_id)
    title = find_family(candidate.family).title
    program = training_program(store, run, f"{title}: from the table to the test", from_file=from_file)
    program = program.then("The model learns from all training rows", *fitted_code(store, candidate))
    evaluation = store.newest(Evaluation, candidate_id=candidate.id)
    if evaluation and evaluation.threshold and not evaluation.threshold.is_likelier_class:
        program = program.then("From which chance on it says which class", *_threshold_code(evaluation.threshold))
    return program.then("The test, on rows it has never seen", *_test_code(store, recipe)).text()


def _threshold_code(threshold: DecisionThreshold) -> tuple[str, ...]:
    settings = [
        "model",
        f"threshold={threshold.value - ROUNDING:.6g}",
        f"pos_label={literal(threshold.positive_label)}",
        'response_method="predict_proba"',
    ]
    code = [
        comment(f"{threshold.sentence} {threshold.reason}"),
        comment("A hair less, since a chance that has come out a rounding error too low counts as having reached it."),
        bracketed("model = FixedThresholdClassifier(", settings, ")"),
    ]
    return "\n".join(code), "from sklearn.model_selection import FixedThresholdClassifier"


def _test_code(store: Store, recipe: Recipe) -> tuple[str, ...]:
    names = [one.name for one in metrics_for(recipe.task)]
    parts = [f"{literal(metric(name).label)}: {CODES[name][0]}" for name in names]
    needs = {f"from sklearn.metrics import {one}" for name in names for one in CODES[name][1]}
    before = ["y_pred = model.predict(X_test)"]
    if recipe.task != "regression":
        before += ["y_proba = model.predict_proba(X_test)", "classes = list(model.classes_)"]
    if recipe.task == "binary":
        positive = positive_class(store, recipe)
        before.append(f"POSITIVE = {literal(positive)}  # the class to be found")
    after = ["for name, value in results.items():", '    print(f"{name}: {value:.4f}")']
    if recipe.task != "regression":
        after += ['print(pd.crosstab(y_test, y_pred, rownames=["true"], colnames=["predicted"]))']
    code = [*before, "", bracketed("results = {", parts, "}"), *after]
    return "\n".join(code), "import numpy as np", "import pandas as pd", *needs
