"""What mistakes cost, and whether the model is cheaper than always giving the same answer."""

import numpy as np
import pytest

from core import monitor
from core.monitor.realised import Measure
from core.monitor.worth import judge_worth
from core.records import Objective, Prototype, utc_now
from core.store import LabelledAnswer, Store

BINARY = Measure("accuracy", Prototype("y", "binary", (), ("no", "yes")), "yes", None)
COSTS = Objective(
    "p", target="y", task="binary", positive_label="yes", cost_false_positive=1.0, cost_false_negative=10.0
)


def answers(pairs: list[tuple[str | float, str | float]]) -> list[LabelledAnswer]:
    """Return answers from pairs of truth and prediction."""
    return [LabelledAnswer("m", utc_now(), said, None, truth) for truth, said in pairs]


def test_a_model_that_saves_money_is_worth_it() -> None:
    found = judge_worth(BINARY, COSTS, answers([("no", "no")] * 80 + [("yes", "yes")] * 18 + [("yes", "no")] * 2))
    assert found is not None
    assert found.cost == pytest.approx(200)
    assert found.without_model == pytest.approx(800)
    assert found.low <= found.cost <= found.high < found.without_model
    assert found.sentence.startswith("It is worth it: 1,000 answers cost about 200")


def test_a_model_that_costs_more_than_always_saying_yes_is_not_worth_it() -> None:
    found = judge_worth(BINARY, COSTS, answers([("no", "no")] * 50 + [("yes", "no")] * 50))
    assert found is not None
    assert (found.cost, found.without_model) == (pytest.approx(5_000), pytest.approx(500))
    assert "not worth it any more" in found.sentence


def test_numbers_are_held_against_their_middle() -> None:
    measure = Measure("neg_mean_absolute_error", Prototype("y", "regression", (), ()), None, None)
    rng = np.random.default_rng(0)
    truth = rng.normal(100, 20, 500)
    pairs = [(float(one), float(one + error)) for one, error in zip(truth, rng.normal(0, 5, 500), strict=True)]
    objective = Objective("p", target="y", task="regression", cost_error=2.0)
    found = judge_worth(measure, objective, answers(pairs))
    assert found is not None
    assert found.cost == pytest.approx(1_000 * 2 * 5 * 0.8, rel=0.1)
    assert found.without_model == pytest.approx(1_000 * 2 * 20 * 0.8, rel=0.1)


def test_without_costs_labels_or_a_live_model_there_is_nothing_to_say(store: Store) -> None:
    pairs = [("no", "no")] * 100
    assert judge_worth(BINARY, Objective("p", target="y", task="binary"), answers(pairs)) is None
    assert judge_worth(BINARY, COSTS, answers(pairs[:29])) is None
    assert monitor.worth(store, "p") is None
