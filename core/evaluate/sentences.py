"""A model's quality in sentences anyone can check against their own experience."""

import numpy as np

from core.evaluate.scored_rows import ScoredRows
from core.records import Task


def describe_quality(task: Task, rows: ScoredRows, target: str) -> tuple[str, ...]:
    """Return a few plain sentences on what the model gets right and wrong on these rows."""
    if task == "regression":
        return _describe_numbers(rows, target)
    describe = _describe_binary if task == "binary" else _describe_classes
    return (*describe(rows, target), _compare_with_guess(rows))


def _per_hundred(part: float, whole: float) -> int:
    return round(100 * part / whole)


def _describe_binary(rows: ScoredRows, target: str) -> tuple[str, ...]:
    name = str(rows.labels[rows.positive_code])
    flagged, positive = rows.predicted_codes == rows.positive_code, rows.true_codes == rows.positive_code
    hits = int((flagged & positive).sum())
    sentences = []
    if flagged.any():
        share = _per_hundred(hits, flagged.sum())
        sentences.append(f"Of 100 rows for which it says {target} is '{name}', {share} really are.")
    else:
        sentences.append(f"It never says that {target} is '{name}'.")
    if positive.any():
        share = _per_hundred(hits, positive.sum())
        sentences.append(f"Of 100 rows whose {target} really is '{name}', it finds {share}.")
    return tuple(sentences)


def _describe_classes(rows: ScoredRows, target: str) -> tuple[str, ...]:
    right = rows.true_codes == rows.predicted_codes
    sentences = [f"It names the right {target} for {_per_hundred(right.sum(), rows.n_rows)} of 100 rows."]
    support = np.bincount(rows.true_codes, minlength=len(rows.labels))
    share = np.bincount(rows.true_codes, weights=right, minlength=len(rows.labels)) / np.maximum(support, 1)
    present = np.flatnonzero(support)
    hardest = int(present[np.argmin(share[present])])
    if share[hardest] < 1:
        found = round(100 * float(share[hardest]))
        sentences.append(f"Hardest is '{rows.labels[hardest]}': of 100 such rows it finds {found}.")
    return tuple(sentences)


def _compare_with_guess(rows: ScoredRows) -> str:
    right = int((rows.true_codes == rows.predicted_codes).sum())
    most_frequent = int(np.bincount(rows.true_codes).argmax())
    guess = int((rows.true_codes == most_frequent).sum())
    name = str(rows.labels[most_frequent])
    return (
        f"It is right {_per_hundred(right, rows.n_rows)} times in 100; "
        f"always saying '{name}' would be right {_per_hundred(guess, rows.n_rows)} times."
    )


def _describe_numbers(rows: ScoredRows, target: str) -> tuple[str, ...]:
    truth, answers = rows.truth.astype(float), rows.answers.astype(float)
    errors = np.abs(truth - answers)
    guess = float(np.abs(truth - np.median(truth)).mean())
    half, most = np.quantile(errors, (0.5, 0.9))
    return (
        f"Half of its answers are within {half:.3g} of the true {target}, nine of ten within {most:.3g}.",
        f"On average it is off by {errors.mean():.3g}; always saying the middle value would be off by {guess:.3g}.",
    )
