"""When an objective counts as met: the whole interval has to be on the good side."""

import pytest

from core import plan
from core.records import Objective

AUC = Objective(project_id="p", metric="roc_auc", minimum=0.8)
ERROR = Objective(project_id="p", metric="neg_mean_absolute_error", minimum=10.0)


@pytest.mark.parametrize(
    ("objective", "value", "low", "high", "n_rows", "outcome"),
    [
        (AUC, 0.85, 0.81, 0.89, 500, "met"),
        (AUC, 0.85, 0.80, 0.89, 500, "met"),
        (AUC, 0.85, 0.79, 0.91, 500, "not_enough_data"),
        (AUC, 0.78, 0.75, 0.81, 500, "not_enough_data"),
        (AUC, 0.70, 0.65, 0.75, 500, "not_met"),
        (AUC, 0.99, 0.98, 1.00, 29, "not_enough_data"),
        (AUC, 0.99, float("nan"), float("nan"), 500, "not_enough_data"),
        (ERROR, 8.0, 7.0, 9.0, 500, "met"),
        (ERROR, 8.0, 7.0, 10.5, 500, "not_enough_data"),
        (ERROR, 12.0, 11.0, 13.0, 500, "not_met"),
    ],
)
def test_the_interval_decides(
    objective: Objective, value: float, low: float, high: float, n_rows: int, outcome: str
) -> None:
    verdict = plan.judge_objective(objective, value, low, high, n_rows)
    assert verdict.outcome == outcome
    assert (verdict.value, verdict.minimum) == (value, objective.minimum)


def test_what_would_decide_is_said() -> None:
    verdict = plan.judge_objective(AUC, 0.85, 0.75, 0.95, 100)
    assert "About 400 test rows instead of 100 would tell." in verdict.sentence
    assert "hardly decide" in plan.judge_objective(AUC, 0.8001, 0.75, 0.85, 100).sentence
    assert "at least 30 are needed" in plan.judge_objective(AUC, 0.9, 0.85, 0.95, 20).sentence


def test_errors_are_wanted_at_most() -> None:
    assert "wanted at most 10" in plan.judge_objective(ERROR, 8.0, 7.0, 9.0, 500).sentence


def test_without_an_objective_there_is_nothing_to_meet() -> None:
    no_minimum = Objective(project_id="p", metric="roc_auc")
    assert plan.judge_objective(no_minimum, 0.9, 0.8, 1.0, 500).outcome == "no_objective"
    assert plan.judge_objective(Objective(project_id="p"), 0.9, 0.8, 1.0, 500).outcome == "no_objective"
