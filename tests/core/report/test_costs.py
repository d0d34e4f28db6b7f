"""What mistakes cost: counts of the test times the costs the owner gave, never more precise than an estimate is."""

import pytest

from core import records
from core.report import expected_costs


def evaluation(**changes: object) -> records.Evaluation:
    return records.Evaluation("p", "r", "c", "d", 1000, (), records.Verdict("met", ""), **changes)


TWO = records.ConfusionMatrix(("no", "yes"), ((700, 100), (60, 140)))


def test_false_alarms_and_missed_cases_are_priced_apart() -> None:
    objective = records.Objective(
        "p", task="binary", positive_label="yes", cost_false_positive=5.0, cost_false_negative=20.0
    )
    costs = expected_costs(objective, evaluation(confusion=TWO))
    assert costs is not None
    assert costs.total == pytest.approx(100 * 5 + 60 * 20)
    assert "100 are false alarms and 60 are missed" in costs.sentence
    assert costs.without_model == pytest.approx(min(200 * 20, 800 * 5))


def test_the_positive_class_decides_which_mistake_is_a_missed_case() -> None:
    objective = records.Objective("p", task="binary", positive_label="no", cost_false_negative=1.0)
    costs = expected_costs(objective, evaluation(confusion=TWO))
    assert costs is not None
    assert costs.total == pytest.approx(100)


def test_every_wrong_class_costs_the_same() -> None:
    matrix = records.ConfusionMatrix(("a", "b", "c"), ((50, 10, 0), (0, 20, 10), (0, 0, 10)))
    costs = expected_costs(records.Objective("p", task="multiclass", cost_error=3.0), evaluation(confusion=matrix))
    assert costs is not None
    assert costs.total == pytest.approx(200 * 3)
    assert costs.without_model == pytest.approx(400 * 3)
    assert costs.comparison.endswith("it would be about 1,200.")


def test_errors_of_amounts_cost_by_their_size() -> None:
    objective = records.Objective("p", task="regression", cost_error=2.0)
    costs = expected_costs(objective, evaluation(actual=(1.0, 2.0, 6.0), predicted=(1.0, 3.0, 4.0)))
    assert costs is not None
    assert costs.total == pytest.approx(1000 * 1.0 * 2)
    assert costs.without_model == pytest.approx(1000 * 5 / 3 * 2)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_without_a_price_nothing_is_said_about_cost(task: records.Task) -> None:
    measured = evaluation(confusion=TWO if task != "regression" else None, actual=(1.0,), predicted=(2.0,))
    assert expected_costs(records.Objective("p", task=task), measured) is None


def test_an_estimate_of_cost_pretends_to_no_more_than_three_figures() -> None:
    objective = records.Objective("p", task="multiclass", cost_error=1.23456)
    matrix = records.ConfusionMatrix(("a", "b"), ((998, 1), (1, 0)))
    costs = expected_costs(objective, evaluation(confusion=matrix))
    assert costs is not None
    assert costs.sentence.endswith("costs about 2.47.")
