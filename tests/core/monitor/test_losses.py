"""When a model is called clearly worse: surely, by enough, and soon after a collapse."""

import numpy as np
import pytest

from core.monitor.losses import FEWEST_LABELS, find_loss
from core.monitor.realised import Measure
from core.records import MetricEstimate, Prototype, utc_now
from core.store import LabelledAnswer

TESTED = MetricEstimate("accuracy", "Accuracy", 0.9, 0.88, 0.92)


def answers(*stretches: tuple[int, float], seed: int = 0) -> list[LabelledAnswer]:
    """Return answers in order, of stretches with a number of rows and the share of them that is right."""
    rng = np.random.default_rng(seed)
    found = []
    for n_rows, share in stretches:
        for is_right in rng.random(n_rows) < share:
            said = str(rng.choice(["no", "yes"]))
            truth = said if is_right else {"no": "yes", "yes": "no"}[said]
            found.append(LabelledAnswer("m", utc_now(), said, None, truth))
    return found


def measure(minimum: float | None = None) -> Measure:
    return Measure("accuracy", Prototype("y", "binary", (), ("no", "yes")), None, minimum)


def test_a_collapse_is_seen_in_the_newest_hundred_labels_although_the_thousand_before_were_right() -> None:
    rows = answers((900, 0.9), (100, 0.5))
    loss = find_loss(measure(), TESTED, rows)
    assert loss is not None
    assert len(loss.answers) < len(rows)
    assert loss.estimate.value < 0.8


def test_a_small_loss_that_lasts_is_seen_in_many_labels() -> None:
    loss = find_loss(measure(), TESTED, answers((1_000, 0.82)))
    assert loss is not None
    assert len(loss.answers) == 1_000
    assert not loss.below_minimum


@pytest.mark.parametrize("seed", range(20))
def test_a_model_as_right_as_at_its_test_raises_nothing(seed: int) -> None:
    assert find_loss(measure(), TESTED, answers((1_000, 0.9), seed=seed)) is None


def test_a_sure_loss_of_less_than_five_points_is_none_unless_the_plan_wants_more() -> None:
    narrow = MetricEstimate("accuracy", "Accuracy", 0.9, 0.8999, 0.9001)
    rows = answers((20_000, 0.87))
    assert find_loss(measure(), narrow, rows[-5_000:]) is None
    loss = find_loss(measure(minimum=0.9), narrow, rows)
    assert loss is not None
    assert loss.below_minimum


def test_few_labels_say_nothing() -> None:
    assert find_loss(measure(), TESTED, answers((FEWEST_LABELS - 1, 0.1))) is None
    assert find_loss(measure(), None, answers((500, 0.1))) is None


def with_wrong(*places: int) -> list[LabelledAnswer]:
    """Return a hundred answers that are right but for some."""
    return [LabelledAnswer("m", utc_now(), "yes", None, "no" if place in places else "yes") for place in range(100)]


def test_two_bad_spells_are_no_sure_loss_but_as_many_mistakes_all_over_are() -> None:
    in_spells = with_wrong(*range(10, 22), *range(70, 82))
    all_over = with_wrong(*range(0, 96, 4))
    assert find_loss(measure(), TESTED, in_spells) is None
    loss = find_loss(measure(), TESTED, all_over)
    assert loss is not None
    assert loss.estimate.value == pytest.approx(0.76)


def test_a_plan_is_not_missed_by_two_bad_spells_alone_either() -> None:
    assert find_loss(measure(minimum=0.9), None, with_wrong(*range(10, 22), *range(70, 82))) is None
    loss = find_loss(measure(minimum=0.9), None, with_wrong(*range(0, 96, 4)))
    assert loss is not None
    assert loss.below_minimum
