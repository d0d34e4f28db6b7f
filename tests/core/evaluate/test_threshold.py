"""From which chance on the positive class is answered: by what mistakes cost, or by a person."""

from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from core.errors import BadInputError
from core.evaluate import apply_threshold, choose_threshold, cost_curve, see_consequences, take_threshold
from core.evaluate.threshold import FEWEST_ROWS
from core.records import DecisionThreshold, Objective, OutOfFold
from core.train.out_of_fold import N_STEPS, ROUNDING

PLAN = Objective("p", positive_label="yes", cost_false_positive=1.0, cost_false_negative=4.0)
NO_COSTS = Objective("p", positive_label="yes")


def counted(chances: np.ndarray, is_yes: np.ndarray) -> OutOfFold:
    steps = ((chances + ROUNDING) * N_STEPS).astype(int)
    counts = (np.bincount(steps[rows], minlength=N_STEPS + 1).tolist() for rows in (is_yes, ~is_yes))
    return OutOfFold("yes", *map(tuple, counts))


def world(n_rows: int = 20_000, *, seed: int = 0, power: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return chances and truths, about a quarter of them positive; chances are right where `power` is 1."""
    rng = np.random.default_rng(seed)
    right = rng.beta(1, 3, n_rows)
    return right**power, rng.random(n_rows) < right


def cost_of(chances: np.ndarray, is_yes: np.ndarray, value: float) -> float:
    """Return the mean cost of a mistake, row by row."""
    said = chances >= value - ROUNDING
    return float((4.0 * (is_yes & ~said) + 1.0 * (~is_yes & said)).mean())


def test_of_chances_that_are_right_the_ratio_of_costs_is_chosen() -> None:
    found = choose_threshold(counted(*world()), PLAN)
    assert found.value == 0.2
    assert found.positive_label == "yes"
    assert found.chosen_by == ""
    assert found.sentence == "It says 'yes' from a chance of 20 % on."
    assert found.reason.startswith("A missed case costs 4 times a false alarm: in 1,000 rows of cross-validation ")


@pytest.mark.parametrize("power", [0.7, 2.0])
def test_of_chances_that_are_wrong_the_rows_decide(power: float) -> None:
    chances, is_yes = world(power=power)
    found = choose_threshold(counted(chances, is_yes), PLAN).value
    assert found == pytest.approx(0.2**power, abs=0.06)
    others, theirs = world(seed=1, power=power)
    assert cost_of(others, theirs, found) < min(cost_of(others, theirs, 0.5), cost_of(others, theirs, 0.2))


def test_where_a_false_alarm_is_the_dear_one_it_must_be_surer() -> None:
    dear = Objective("p", positive_label="yes", cost_false_positive=4.0, cost_false_negative=1.0)
    found = choose_threshold(counted(*world()), dear)
    assert found.value == pytest.approx(0.8, abs=0.01)
    assert found.reason.startswith("A false alarm costs 4 times a missed case: ")


def test_without_costs_it_stays_at_the_likelier_class_and_says_what_would_choose() -> None:
    found = choose_threshold(counted(*world()), NO_COSTS)
    assert found.is_likelier_class
    assert found.sentence == "It gives the likelier class, so 'yes' from a chance of 50 % on."
    assert "said on Plan, would choose another threshold" in found.reason


@pytest.mark.parametrize(("costs", "words"), [((None, 4.0), "a missed case"), ((1.0, 0.0), "a false alarm")])
def test_a_single_cost_would_always_give_one_answer_so_it_chooses_nothing(
    costs: tuple[float | None, float | None], words: str
) -> None:
    plan = Objective("p", positive_label="yes", cost_false_positive=costs[0], cost_false_negative=costs[1])
    found = choose_threshold(counted(*world()), plan)
    assert found.is_likelier_class
    assert found.reason.startswith(f"Plan says only what {words} costs, by which always giving the same answer")


def test_where_the_likelier_class_is_the_cheapest_it_mostly_stays_and_else_loses_next_to_nothing() -> None:
    equal = Objective("p", positive_label="yes", cost_false_positive=2.0, cost_false_negative=2.0)
    found = [choose_threshold(counted(*world(300, seed=seed)), equal) for seed in range(100)]
    assert sum(one.is_likelier_class for one in found) > 60
    stayed = next(one for one in found if one.is_likelier_class)
    assert stayed.reason == "On the rows of cross-validation no other threshold is cheaper by more than chance."
    new = counted(*world(50_000, seed=10_000))
    usual = see_consequences(new, 0.5, equal).cost or 0.0
    assert np.mean([see_consequences(new, one.value, equal).cost for one in found]) < 1.01 * usual


def test_few_rows_of_the_rarer_class_choose_nothing() -> None:
    chances, is_yes = world(200)
    few = is_yes & (is_yes.cumsum() < FEWEST_ROWS)
    found = choose_threshold(counted(chances, few), PLAN)
    assert found.is_likelier_class
    assert "too few to choose another threshold by" in found.reason


@pytest.mark.parametrize("n_rows", [100, 300, 1_000])
def test_on_new_rows_a_choice_by_few_is_never_dearer_than_the_likelier_class(n_rows: int) -> None:
    new = counted(*world(50_000, seed=10_000))
    usual, best = (see_consequences(new, value, PLAN).cost or 0.0 for value in (0.5, 0.2))
    values = [choose_threshold(counted(*world(n_rows, seed=seed)), PLAN).value for seed in range(100)]
    costs = [see_consequences(new, value, PLAN).cost or 0.0 for value in values]
    assert max(costs) <= usual
    assert np.mean(costs) < best + 0.3 * (usual - best)


def test_the_curve_is_what_mistakes_cost_row_by_row() -> None:
    chances, is_yes = world(2_000)
    curve = cost_curve(counted(chances, is_yes), PLAN)
    assert curve is not None
    for value in (0.001, 0.2, 0.5, 0.999):
        cost = curve.y[curve.x.index(value)]
        assert cost == pytest.approx(1_000 * cost_of(chances, is_yes, value))
    assert cost_curve(counted(chances, is_yes), NO_COSTS) is None


def test_consequences_are_those_of_the_rows_and_are_told_plainly() -> None:
    chances, is_yes = world(2_000)
    said = chances >= 0.3 - ROUNDING
    found = see_consequences(counted(chances, is_yes), 0.3, PLAN)
    assert (found.n_rows, found.n_positive, found.n_flagged) == (2_000, is_yes.sum(), said.sum())
    assert found.n_hits == (said & is_yes).sum()
    assert found.sentences[0].startswith(f"Of 100 rows it would say 'yes' to {100 * said.mean():.0f}; of 100 of those ")
    assert found.sentences[-1].startswith("In 1,000 rows the mistakes would cost about ")
    assert len(see_consequences(counted(chances, is_yes), 0.3, NO_COSTS).sentences) == 2


def test_when_plan_asks_for_the_other_class_it_says_to_train_again() -> None:
    other = Objective("p", positive_label="no", cost_false_positive=1.0, cost_false_negative=4.0)
    found = choose_threshold(counted(*world()), other)
    assert found.is_likelier_class
    assert found.reason.startswith("Plan asks for 'no' since it was trained: train again")


def test_what_a_person_chose_carries_the_name_and_what_it_costs() -> None:
    found = take_threshold(counted(*world()), PLAN, value=0.31, by="Ada")
    assert (found.value, found.chosen_by) == (0.31, "Ada")
    assert found.reason.startswith("Ada chose it: in 1,000 rows of cross-validation the mistakes cost about ")
    assert take_threshold(counted(*world()), NO_COSTS, value=0.31, by="Ada").reason == "Ada chose it."


@pytest.mark.parametrize("value", [0.0, 1.0, -0.2, 20.0, float("nan")])
def test_a_threshold_lies_between_never_and_always(value: float) -> None:
    with pytest.raises(BadInputError, match="is no threshold"):
        take_threshold(counted(*world(100)), PLAN, value=value, by="Ada")


def test_a_model_without_chances_has_no_threshold_to_choose() -> None:
    with pytest.raises(BadInputError, match="two classes that give chances"):
        take_threshold(None, PLAN, value=0.3, by="Ada")


def fitted() -> tuple[Pipeline, np.ndarray]:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(300, 3))
    labels = np.where(inputs[:, 0] + rng.normal(size=300) > 1, "yes", "no")
    return Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())]).fit(inputs, labels), inputs


@pytest.mark.parametrize(("positive", "value"), [("yes", 0.2), ("yes", 0.8), ("no", 0.9)])
def test_answers_change_where_the_chance_reaches_the_threshold_and_chances_stay(positive: str, value: float) -> None:
    pipeline, inputs = fitted()
    decided = apply_threshold(pipeline, DecisionThreshold(value, positive))
    proba = pipeline.predict_proba(inputs)
    reached = proba[:, pipeline.classes_.tolist().index(positive)] >= value
    other = "no" if positive == "yes" else "yes"
    assert decided.predict(inputs).tolist() == np.where(reached, positive, other).tolist()
    assert decided.predict(inputs).tolist() != pipeline.predict(inputs).tolist()
    assert decided.predict_proba(inputs).tolist() == proba.tolist()
    assert decided.classes_.tolist() == ["no", "yes"]


def test_the_likelier_class_leaves_a_model_exactly_as_it_is() -> None:
    pipeline, _ = fitted()
    assert apply_threshold(pipeline, DecisionThreshold(0.5, "yes")) is pipeline
    assert apply_threshold(pipeline, None) is pipeline


def test_a_chance_that_rounding_left_a_hair_below_has_reached_it() -> None:
    inputs, labels = np.zeros((10, 1)), np.array(["yes"] * 3 + ["no"] * 7)
    guess = Pipeline([("model", DummyClassifier(strategy="prior"))]).fit(inputs, labels)
    guess[-1].class_prior_ = np.array([0.7, 0.29999999])
    assert apply_threshold(guess, DecisionThreshold(0.3, "yes")).predict(inputs[:1]).tolist() == ["yes"]
    assert apply_threshold(guess, DecisionThreshold(0.301, "yes")).predict(inputs[:1]).tolist() == ["no"]


def test_files_of_the_model_bring_the_threshold_along(tmp_path: Path) -> None:
    pipeline, inputs = fitted()
    decided = apply_threshold(pipeline, DecisionThreshold(0.2, "yes"))
    joblib.dump(decided, tmp_path / "model.joblib")
    skops.io.dump(decided, tmp_path / "model.skops")
    for back in (joblib.load(tmp_path / "model.joblib"), skops.io.load(tmp_path / "model.skops", trusted=[])):
        assert back.predict(inputs).tolist() == decided.predict(inputs).tolist()
