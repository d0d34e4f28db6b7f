"""How good predictions are: the metrics of each task, and the plain words to say a value in.

Values are always told in their natural sign: a mean absolute error of 12.3 is 12.3, although scikit-learn's scorer
of the same name ("neg_mean_absolute_error") answers -12.3; `score_to_value` turns the one into the other.
"""

from core.errors import BadInputError
from core.records import Metric, Task

BINARY: tuple[Task, ...] = ("binary",)
CLASSES: tuple[Task, ...] = ("binary", "multiclass")
MULTICLASS: tuple[Task, ...] = ("multiclass",)
REGRESSION: tuple[Task, ...] = ("regression",)

METRICS: tuple[Metric, ...] = (
    Metric(
        "roc_auc",
        "Ranking (ROC AUC)",
        "Shown one case of each kind, it tells which is which {value} times in 100; guessing manages 50.",
        BINARY,
    ),
    Metric(
        "balanced_accuracy",
        "Balanced accuracy",
        "Taking each class as equally important, {value} of 100 cases are answered rightly.",
        CLASSES,
    ),
    Metric("accuracy", "Accuracy", "Of 100 cases, {value} are answered rightly.", CLASSES),
    Metric("precision", "Precision", "Of 100 cases it flags, {value} really are what it says.", BINARY),
    Metric("recall", "Recall", "Of 100 cases that should be flagged, it finds {value}.", BINARY),
    Metric(
        "f1",
        "F1 score",
        "Finding the cases and flagging only real ones, taken together, reach {value} of 100 points.",
        BINARY,
    ),
    Metric(
        "average_precision",
        "Average precision",
        "Going down its list from the surest case, {value} of 100 flagged cases are real on average.",
        BINARY,
    ),
    Metric(
        "f1_macro",
        "F1 score, mean over classes",
        "Finding each class and naming it only when it is there, taken together, reach {value} of 100 points.",
        MULTICLASS,
    ),
    Metric(
        "roc_auc_ovr",
        "Ranking, mean over classes (ROC AUC)",
        "Shown one case of a class and one of another, it tells which is which {value} times in 100.",
        MULTICLASS,
    ),
    Metric(
        "neg_mean_absolute_error",
        "Mean absolute error",
        "Its answers are off by {value} on average, in the target's own unit.",
        REGRESSION,
        greater_is_better=False,
        highest=None,
    ),
    Metric(
        "neg_root_mean_squared_error",
        "Root mean squared error",
        "Its answers are typically off by {value}, with large misses weighing more, in the target's own unit.",
        REGRESSION,
        greater_is_better=False,
        highest=None,
    ),
    Metric(
        "neg_median_absolute_error",
        "Median absolute error",
        "Half of its answers are off by less than {value}, in the target's own unit.",
        REGRESSION,
        greater_is_better=False,
        highest=None,
    ),
    Metric(
        "r2",
        "Variation explained (R²)",
        "It explains {value} of 100 parts of why the target differs from row to row.",
        REGRESSION,
        lowest=None,
    ),
)
DEFAULTS: dict[Task, str] = {
    "binary": "roc_auc",
    "multiclass": "balanced_accuracy",
    "regression": "neg_mean_absolute_error",
}


def metrics_for(task: Task) -> tuple[Metric, ...]:
    """Return the metrics that suit a task, the default one first."""
    suiting = [candidate for candidate in METRICS if task in candidate.tasks]
    return tuple(sorted(suiting, key=lambda candidate: candidate.name != DEFAULTS[task]))


def metric(name: str) -> Metric:
    """Return the metric with scikit-learn's scoring name `name`.

    Raises
    ------
    BadInputError
        When there is none of that name.
    """
    for candidate in METRICS:
        if candidate.name == name:
            return candidate
    raise BadInputError(f"There is no metric called '{name}'.", "Choose one of the metrics offered on Plan.")


def default_metric(task: Task) -> Metric:
    """Return the metric a task is judged by when nobody chose one."""
    return metric(DEFAULTS[task])


def score_to_value(name: str, score: float) -> float:
    """Return a scikit-learn score in its natural sign: errors, which scorers negate, become positive again."""
    return score if metric(name).greater_is_better else -score


def format_value(name: str, value: float) -> str:
    """Return a metric's value as a person reads it: 0.72 of 1 as "72", an error with three figures: "0.456"."""
    if metric(name).highest == 1.0:
        return f"{value * 100:.3g}" if abs(value) < 1 else f"{value * 100:.0f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def say_value(name: str, value: float) -> str:
    """Return one sentence that says what a value of the metric means."""
    return metric(name).sentence.format(value=format_value(name, value))


def say_cost(cost: float) -> str:
    """Return a cost with three figures that count: an estimate pretends no more."""
    return f"{float(f'{cost:.3g}'):,.10g}"
