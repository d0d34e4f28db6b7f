"""Challenger beside the live version: agreement, accuracy and cost, only as sure as the answers allow."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from core import deploy, monitor, plan
from core.evaluate.model_folder import write_manifest
from core.monitor.mistake_costs import compare_costs, costs_of
from core.records import (
    ChallengerReport,
    LabelRecord,
    ModelVersion,
    Objective,
    Prediction,
    Prototype,
    ShadowAnswer,
    utc_now,
)
from core.store import Store
from tests.core.monitor.conftest import make_reference

MakeLive = Callable[..., ModelVersion]


@pytest.fixture
def versions(store: Store, make_live: MakeLive) -> tuple[ModelVersion, ModelVersion]:
    """The live version 1 and an approved version 2, where a miss costs 20 and a false alarm 5."""
    reference = make_reference(pd.DataFrame({"x": [1.0, 2.0, 3.0]}), ["yes", "no", "no"])
    second, first = (make_live(reference, number=number) for number in (2, 1))
    sealed = [store.update(model, digest=write_manifest(store.files.model(model.id))) for model in (first, second)]
    plan.change_objective(
        store, "p", by="Anna", positive_label="yes", cost_false_negative=20.0, cost_false_positive=5.0
    )
    return sealed[0], sealed[1]


def generation(store: Store) -> int:
    live = store.releases.current("p")
    return live.generation if live else 0


def say(store: Store, live: ModelVersion, shadow: ModelVersion, said: list[tuple[str, str, str | None]]) -> None:
    """Log what the live version and the shadow answered, and the truth where it is known."""
    predictions = [Prediction("p", live.id, "r", {}, one) for one, _, _ in said]
    store.log.append(predictions, [])
    store.shadows.add(
        [ShadowAnswer(p.id, "p", shadow.id, two) for p, (_, two, _) in zip(predictions, said, strict=True)]
    )
    store.log.add_labels(
        [LabelRecord(p.id, "p", t) for p, (_, _, t) in zip(predictions, said, strict=True) if t is not None]
    )


def shadow_report(store: Store) -> ChallengerReport:
    (report,) = monitor.compare_challengers(store, "p")
    return report


def test_without_a_challenger_there_is_nothing_to_compare(
    store: Store, versions: tuple[ModelVersion, ModelVersion]
) -> None:
    assert monitor.compare_challengers(store, "p") == ()
    assert monitor.compare_challengers(store, "another") == ()


def test_a_new_shadow_has_been_asked_nothing(store: Store, versions: tuple[ModelVersion, ModelVersion]) -> None:
    deploy.start_shadow(store, versions[1].id, by="Cleo", seen_generation=generation(store))
    report = shadow_report(store)
    assert (report.role, report.n_asked, report.agreement) == ("shadow", 0, None)
    assert report.sentences == ("No question has been put to both yet.",)


def test_agreement_is_told_out_of_100_with_its_range(store: Store, versions: tuple[ModelVersion, ModelVersion]) -> None:
    deploy.start_shadow(store, versions[1].id, by="Cleo", seen_generation=generation(store))
    say(store, *versions, [("yes", "yes" if number < 93 else "no", None) for number in range(100)])
    report = shadow_report(store)
    assert report.agreement.value == 0.93
    # Wilson's interval, from the formula.
    z, p, n = 1.959964, 0.93, 100
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (report.agreement.low, report.agreement.high) == pytest.approx((middle - half, middle + half), abs=1e-4)
    assert "Of 100 questions both answer 93 alike (between 86 and 97; 100 compared)." in report.sentences
    assert any("is not known yet: the truth is known for 0" in sentence for sentence in report.sentences)
    assert (report.live, report.cost) == (None, None)


def test_with_truths_accuracy_and_cost_are_told_and_who_is_better(
    store: Store, versions: tuple[ModelVersion, ModelVersion]
) -> None:
    deploy.start_shadow(store, versions[1].id, by="Cleo", seen_generation=generation(store))
    # 200 truths "yes": the live one misses 100 of them, the challenger 20.
    say(store, *versions, [("yes" if n % 2 else "no", "no" if n % 10 == 0 else "yes", "yes") for n in range(200)])
    report = shadow_report(store)
    assert (report.n_labelled, report.n_labelled_live) == (200, 200)
    assert (report.live.value, report.challenger.value) == (0.5, 0.9)
    assert (report.cost.live, report.cost.challenger, report.cost.difference) == (10_000.0, 2_000.0, -8_000.0)
    assert report.cost.low < -8_000 < report.cost.high < 0
    told = " ".join(report.sentences)
    assert "Version 2 is clearly better." in told
    assert "the mistakes of Version 2 cost about 8,000 less" in told


def test_a_difference_that_may_be_chance_is_called_so(
    store: Store, versions: tuple[ModelVersion, ModelVersion]
) -> None:
    deploy.start_shadow(store, versions[1].id, by="Cleo", seen_generation=generation(store))
    said = [("yes", "yes", "yes")] * 40 + [("yes", "no", "yes")] * 3 + [("no", "yes", "yes")] * 4
    say(store, *versions, said)
    told = " ".join(shadow_report(store).sentences)
    assert "may be chance" in told
    assert "no clear difference" in told


def test_what_a_shadow_could_not_answer_is_counted(store: Store, versions: tuple[ModelVersion, ModelVersion]) -> None:
    deploy.start_shadow(store, versions[1].id, by="Cleo", seen_generation=generation(store))
    say(store, *versions, [("yes", "yes", None)] * 3)
    lost = Prediction("p", versions[0].id, "r", {}, "yes")
    store.log.append([lost], [])
    store.shadows.add([ShadowAnswer(lost.id, "p", versions[1].id, None, failure="The model failed.")])
    report = shadow_report(store)
    assert (report.n_asked, report.n_failed, report.agreement.n) == (4, 1, 3)
    assert "1 question it could not answer." in report.sentences


def test_answers_of_an_earlier_live_version_are_not_held_against_the_present_one(
    store: Store, versions: tuple[ModelVersion, ModelVersion]
) -> None:
    deploy.start_shadow(store, versions[1].id, by="Cleo", seen_generation=generation(store))
    third = store.add(ModelVersion("p", 3, "c3", versions[0].evaluation_id, "d", "r", "linear", "0", "onnx", ""))
    say(store, third, versions[1], [("yes", "no", None)] * 5)
    assert shadow_report(store).agreement is None


def test_a_canary_is_compared_as_a_group_from_its_beginning_on(
    store: Store, versions: tuple[ModelVersion, ModelVersion]
) -> None:
    first, second = versions
    long_ago = utc_now() - timedelta(days=1)
    old = [Prediction("p", first.id, "r", {}, "no", predicted_at=long_ago) for _ in range(50)]
    store.log.append(old, [])
    store.log.add_labels([LabelRecord(one.id, "p", "yes") for one in old])
    deploy.start_canary(store, second.id, share=0.5, by="Cleo", seen_generation=generation(store))
    new = [Prediction("p", model.id, "r", {}, "yes" if n % 4 else "no") for model in versions for n in range(60)]
    store.log.append(new, [])
    store.log.add_labels([LabelRecord(one.id, "p", "yes") for one in new])
    (report,) = monitor.compare_challengers(store, "p")
    assert (report.role, report.agreement) == ("canary", None)
    assert (report.n_labelled_live, report.n_labelled) == (60, 60)
    assert report.live.value == report.challenger.value == 0.75
    assert report.cost.low < 0 < report.cost.high


def test_numbers_within_five_per_cent_are_alike(store: Store, make_live: MakeLive) -> None:
    reference = make_reference(pd.DataFrame({"x": [1.0, 2.0, 3.0]}), [1.0, 2.0, 3.0])
    metric = "neg_mean_absolute_error"
    second, first = (make_live(reference, task="regression", metric=metric, number=number) for number in (2, 1))
    second = store.update(second, digest=write_manifest(store.files.model(second.id)))
    plan.change_objective(store, "p", by="Anna", cost_error=2.0)
    deploy.start_shadow(store, second.id, by="Cleo", seen_generation=generation(store))
    pairs = [(100.0, 104.9, 100.0)] * 30 + [(100.0, 110.0, 100.0)] * 10 + [(0.0, 0.0, 0.0)] * 10
    say(store, first, second, pairs)
    report = shadow_report(store)
    assert report.agreement.value == 0.8
    assert "within 5 % of each other" in report.sentences[0]
    # Of 50 answers 30 are off by 4.9 and 10 by 10: 4.94 on average, at 2 each.
    assert report.cost.challenger == pytest.approx(1000 * 2 * (30 * 4.9 + 10 * 10) / 50)
    assert report.cost.live == 0


def test_costs_follow_the_owners_costs_of_each_mistake() -> None:
    binary = Prototype("y", "binary", (), ("no", "yes"))
    objective = Objective("p", positive_label="yes", cost_false_negative=20.0, cost_false_positive=5.0)
    found = costs_of(objective, binary, ["yes", "yes", "no", "no"], ["yes", "no", "yes", "no"])
    assert list(found) == [0.0, 20.0, 5.0, 0.0]
    many = Prototype("y", "multiclass", (), ("a", "b", "c"))
    assert list(costs_of(Objective("p", cost_error=3.0), many, ["a", "b"], ["a", "c"])) == [0.0, 3.0]
    assert costs_of(Objective("p"), many, ["a"], ["b"]) is None
    assert costs_of(Objective("p"), binary, ["yes"], ["no"]) is None
    number = Prototype("y", "regression", ())
    assert costs_of(Objective("p", cost_error=1.0), number, ["many"], [3.0]) is None


def test_an_interval_of_paired_costs_is_narrower_than_one_of_two_groups() -> None:
    rng = np.random.default_rng(3)
    base = rng.exponential(10, 400)
    other = base + rng.normal(0, 1, 400)
    paired, apart = (compare_costs(base, other, paired=how) for how in (True, False))
    assert paired.high - paired.low < (apart.high - apart.low) / 3
    assert paired.low < (other - base).mean() * 1000 < paired.high


def test_the_interval_of_a_cost_difference_holds_what_it_promises() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for seed in range(60):
        first, second = rng.exponential(10, 150), rng.exponential(8, 150)
        found = compare_costs(first, second, paired=False, random_state=seed)
        hits += found.low <= -2_000 <= found.high
    assert hits >= 52
