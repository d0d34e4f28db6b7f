"""What a model's mistakes look like: confusion matrix, ROC and precision-recall curves, actual against predicted."""

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from core.evaluate.scored_rows import Floats, ScoredRows
from core.evaluate.scoring import score_predictions
from core.records import ConfusionMatrix, Curve

MOST_CLASSES_SHOWN = 20
MOST_CURVE_POINTS = 400
MOST_PAIRS = 2_000
ALL_OTHERS = "all others"


def confusion_matrix(rows: ScoredRows) -> ConfusionMatrix:
    """Return the confusion matrix; classes beyond the 19 most frequent are put together when there are more than 20."""
    n_labels = len(rows.labels)
    names = [str(label) for label in rows.labels]
    group = np.arange(n_labels)
    if n_labels > MOST_CLASSES_SHOWN:
        frequency = np.bincount(rows.true_codes, minlength=n_labels)
        shown = np.sort(np.argsort(-frequency, kind="stable")[: MOST_CLASSES_SHOWN - 1])
        group = np.full(n_labels, len(shown))
        group[shown] = np.arange(len(shown))
        names = [*(names[code] for code in shown), ALL_OTHERS]
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, (group[rows.true_codes], group[rows.predicted_codes]), 1)
    return ConfusionMatrix(tuple(names), tuple(tuple(row) for row in counts.tolist()))


def roc(rows: ScoredRows) -> Curve | None:
    """Return true positive rate over false positive rate; None where only one class occurs or scores are missing."""
    scored = _positive_scores(rows)
    if scored is None:
        return None
    x, y, _ = roc_curve(*scored)
    return _thinned(x, y, score_predictions("roc_auc", rows))


def precision_recall(rows: ScoredRows) -> Curve | None:
    """Return precision over recall; None where only one class occurs or scores are missing."""
    scored = _positive_scores(rows)
    if scored is None:
        return None
    precision, recall, _ = precision_recall_curve(*scored)
    return _thinned(recall[::-1], precision[::-1], score_predictions("average_precision", rows))


def actual_and_predicted(rows: ScoredRows, *, random_state: int = 0) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return a sample of at most 2,000 pairs of true and predicted numbers."""
    chosen = np.arange(rows.n_rows)
    if rows.n_rows > MOST_PAIRS:
        chosen = np.sort(np.random.default_rng(random_state).choice(rows.n_rows, MOST_PAIRS, replace=False))
    return (
        tuple(rows.truth[chosen].astype(float).tolist()),
        tuple(rows.answers[chosen].astype(float).tolist()),
    )


def _positive_scores(rows: ScoredRows) -> tuple[Floats, Floats] | None:
    is_positive = (rows.true_codes == rows.positive_code).astype(float)
    if rows.y_proba is None or is_positive.min() == is_positive.max():
        return None
    return is_positive, rows.y_proba[:, rows.positive_code]


def _thinned(x: Floats, y: Floats, area: float) -> Curve:
    """Keep at most 400 points, the ends among them: a screen shows no more."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_CURVE_POINTS)).astype(int))
    return Curve(tuple(x[kept].tolist()), tuple(y[kept].tolist()), area)
