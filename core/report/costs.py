"""What a model's mistakes cost: the counts of its test, times the costs the owner gave on Plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.plan import say_cost
from core.records import ConfusionMatrix, Evaluation, Objective

CASES = 1_000


@dataclass(frozen=True)
class MistakeCosts:
    """Expected cost of 1,000 answers, in the owner's unit.

    `without_model` is what the cheapest answer that is always the same would cost.
    """

    total: float
    without_model: float
    sentence: str

    @property
    def comparison(self) -> str:
        """The cost without a model, in a sentence."""
        return f"Without a model, always giving the same answer, it would be about {say_cost(self.without_model)}."


def expected_costs(objective: Objective, evaluation: Evaluation) -> MistakeCosts | None:
    """Return what 1,000 answers cost in mistakes, going by the test rows; None when no cost was given.

    Parameters
    ----------
    objective : Objective
        With the costs: of each false positive and false negative (binary), of each wrong answer (multiclass), or of
        each unit of absolute error (regression).
    evaluation : Evaluation
        With the confusion matrix, or with true and predicted numbers.
    """
    if objective.task == "binary" and evaluation.confusion is not None and len(evaluation.confusion.labels) == 2:
        return _binary_costs(objective, evaluation.confusion)
    if objective.cost_error is None:
        return None
    if evaluation.confusion is not None:
        return _class_costs(objective.cost_error, evaluation.confusion)
    return _number_costs(objective.cost_error, evaluation.actual, evaluation.predicted)


def _binary_costs(objective: Objective, matrix: ConfusionMatrix) -> MistakeCosts | None:
    if objective.cost_false_positive is None and objective.cost_false_negative is None:
        return None
    alarm, missed = objective.cost_false_positive or 0.0, objective.cost_false_negative or 0.0
    positive = matrix.labels.index(objective.positive_label) if objective.positive_label in matrix.labels else 1
    negative = 1 - positive
    n_rows = sum(map(sum, matrix.counts))
    if n_rows == 0:
        return None
    n_alarms = CASES * matrix.counts[negative][positive] / n_rows
    n_missed = CASES * matrix.counts[positive][negative] / n_rows
    n_positive = CASES * sum(matrix.counts[positive]) / n_rows
    total = n_alarms * alarm + n_missed * missed
    sentence = (
        f"Of {CASES:,} cases about {n_alarms:,.0f} are false alarms and {n_missed:,.0f} are missed; "
        f"together that costs about {say_cost(total)}."
    )
    return MistakeCosts(total, min(n_positive * missed, (CASES - n_positive) * alarm), sentence)


def _class_costs(cost: float, matrix: ConfusionMatrix) -> MistakeCosts | None:
    totals = [sum(row) for row in matrix.counts]
    n_rows = sum(totals)
    if n_rows == 0:
        return None
    n_wrong = CASES * (n_rows - sum(row[place] for place, row in enumerate(matrix.counts))) / n_rows
    sentence = (
        f"Of {CASES:,} cases about {n_wrong:,.0f} are answered wrongly; that costs about {say_cost(n_wrong * cost)}."
    )
    return MistakeCosts(n_wrong * cost, CASES * (n_rows - max(totals)) / n_rows * cost, sentence)


def _number_costs(cost: float, actual: Sequence[float], predicted: Sequence[float]) -> MistakeCosts | None:
    if not actual:
        return None
    error = sum(abs(true - said) for true, said in zip(actual, predicted, strict=True)) / len(actual)
    middle = sorted(actual)[len(actual) // 2]
    guess = sum(abs(true - middle) for true in actual) / len(actual)
    total = CASES * error * cost
    sentence = (
        f"Its answers are off by {error:,.3g} on average; for {CASES:,} cases that costs about {say_cost(total)}."
    )
    return MistakeCosts(total, CASES * guess * cost, sentence)
