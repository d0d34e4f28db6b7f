"""What is expected of the live model without labels, and when that is said not to be reliable."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest

from core import deploy, monitor
from core.evaluate import ScoredRows, score_predictions
from core.monitor.estimate import FEWEST_ROWS, MOST_OUTSIDE, ROWS_A_POINT, divide_lastingly
from core.monitor.soft_truth import Asked, Correction, SoftTruth, learn_correction, learn_locally, soften
from core.records import LabelRecord, ModelVersion, Prediction, Reference, Window
from core.store import Store, record_to_json
from tests.core.monitor.conftest import START, make_reference

MakeLive = Callable[..., ModelVersion]
Rows = tuple[pd.DataFrame, ScoredRows]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(pd.DataFrame({"x": np.linspace(0, 1, 500)}), ["no", "yes"] * 250)


def classes(seed: int, n_rows: int = 1_000, *, flipped: bool = False, highest: float = 1.0) -> Rows:
    """Return rows of a model that knows exactly how right it is: as often as 0.5 + x / 2."""
    rng = np.random.default_rng(seed)
    x = rng.random(n_rows) * highest
    sure = 0.5 + x / 2
    said = np.where(rng.random(n_rows) < 0.5, "yes", "no")
    right = (rng.random(n_rows) < sure) != flipped
    truth = np.where(right, said, np.where(said == "yes", "no", "yes"))
    yes = np.where(said == "yes", sure, 1 - sure)
    return pd.DataFrame({"x": x}), ScoredRows(truth, said, np.column_stack([1 - yes, yes]), ("no", "yes"))


def numbers(seed: int, n_rows: int = 1_000, *, spread: float = 1.0) -> Rows:
    """Return rows of a model whose error grows with x."""
    rng = np.random.default_rng(seed)
    x = rng.random(n_rows)
    return pd.DataFrame({"x": x}), ScoredRows(50 + rng.normal(0, spread * (0.2 + x)), np.full(n_rows, 50.0))


def go_live(store: Store, make_live: MakeLive, reference: Reference, test: Rows, **options: object) -> ModelVersion:
    model = make_live(reference, **options)
    errors = deploy.learn_errors(options.get("task", "binary"), reference, *test)  # type: ignore[arg-type]
    assert errors is not None
    (store.files.model(model.id) / "errors.json").write_text(record_to_json(errors))
    return model


def ask(store: Store, model: ModelVersion, rows: Rows, *, minute: int = 0, labelled: bool = False) -> None:
    """Log rows within one minute, with or without their labels."""
    inputs, scored = rows
    n_rows = len(inputs)
    predictions = [
        Prediction(
            "p",
            model.id,
            "r",
            {"x": float(inputs["x"].iloc[row])},
            scored.answers[row].item(),
            None if scored.y_proba is None else dict(zip(("no", "yes"), scored.y_proba[row].tolist(), strict=True)),
            predicted_at=START + timedelta(minutes=minute, seconds=59 * row / n_rows),
        )
        for row in range(n_rows)
    ]
    window = Window("p", model.id, START + timedelta(minutes=minute), n_requests=n_rows, n_rows=n_rows)
    store.log.append(predictions, [window])
    if labelled:
        pairs = zip(predictions, scored.truth, strict=True)
        store.log.add_labels([LabelRecord(one.id, "p", value.item()) for one, value in pairs])


def test_where_every_answer_was_held_back_nothing_is_estimated(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    window = Window("p", model.id, START, n_requests=80, n_rows=80, n_abstained=80)
    held_back = [Prediction("p", model.id, "r", {"x": 0.5}, None, None, predicted_at=START, abstained=True)]
    store.log.append(held_back, [window])
    report = monitor.estimate(store, "p")
    assert [(point.n_rows, point.value) for point in report.points] == [(0, None)]
    assert report.trust == "not_checked"


def test_accuracy_is_estimated_without_a_single_label(store: Store, reference: Reference, make_live: MakeLive) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    easy, hard = classes(1), classes(2, highest=0.3)
    ask(store, model, easy)
    ask(store, model, hard, minute=1)
    report = monitor.estimate(store, "p")
    assert report.trust == "not_checked"
    assert "No labels have come yet" in report.sentence
    for point, (_, rows) in zip(report.points, (easy, hard), strict=True):
        assert point.n_rows == ROWS_A_POINT
        assert point.value == pytest.approx(float((rows.truth == rows.answers).mean()), abs=0.04)
        assert point.low is not None
        assert point.high is not None
        assert point.low < point.value < point.high
        assert point.measured is None


@pytest.mark.parametrize("metric", ["roc_auc", "balanced_accuracy", "f1"])
def test_other_metrics_are_estimated_too(store: Store, reference: Reference, make_live: MakeLive, metric: str) -> None:
    model = go_live(store, make_live, reference, classes(0), metric=metric, tested=0.75)
    ask(store, model, classes(1), labelled=True)
    (point,) = monitor.estimate(store, "p").points
    assert point.measured is not None
    assert point.expected == pytest.approx(point.measured, abs=0.07)
    assert not point.is_off


def flags(seed: int, n_rows: int = 1_000, *, least: float = 0.0, threshold: float = 0.2, more: float = 0.0) -> Rows:
    """Return rows of a model whose chance of yes is x / 2 and right, and that says yes from a low threshold on.

    With `more` than it thinks are yes.
    """
    rng = np.random.default_rng(seed)
    x = least + (1 - least) * rng.random(n_rows)
    said = np.where(x / 2 >= threshold, "yes", "no")
    truth = np.where(rng.random(n_rows) < x / 2 + more, "yes", "no")
    return pd.DataFrame({"x": x}), ScoredRows(truth, said, np.column_stack([1 - x / 2, x / 2]), ("no", "yes"))


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc"])
def test_answers_that_are_the_less_likely_class_are_estimated_as_what_they_are(
    reference: Reference, metric: str
) -> None:
    errors = deploy.learn_errors("binary", reference, *flags(0, 5_000))
    assert errors is not None
    inputs, rows = flags(1, 20_000)
    assert rows.y_proba is not None
    probabilities = [dict(zip(("no", "yes"), row, strict=True)) for row in rows.y_proba.tolist()]
    asked = Asked([{"x": x} for x in inputs["x"]], rows.answers.tolist(), probabilities)
    expected, low, high = soften(errors, reference, asked, ["no", "yes"], "yes").expect(metric)
    assert expected == pytest.approx(score_predictions(metric, rows), abs=0.02)
    assert low < expected < high


def test_labels_confirm_the_estimate_of_a_model_with_a_low_threshold(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, flags(0, 5_000), metric="recall", tested=0.84)
    for minute in range(3):
        ask(store, model, flags(minute + 4), minute=minute, labelled=True)
    report = monitor.estimate(store, "p", n_points=3)
    assert report.trust == "confirmed"
    assert not any(point.is_off for point in report.points)


def test_how_likely_such_an_answer_is_right_is_less_than_a_half() -> None:
    said = np.array(["yes", "no"])
    wide = ScoredRows(np.tile(["no", "yes"], 2), np.repeat(said, 2), None, ("no", "yes"), "yes")
    soft = SoftTruth(wide, np.array([[0.7, 0.3], [0.9, 0.1]]), np.zeros(2, dtype=bool), np.zeros((2, 1)))
    assert soft.right.tolist() == pytest.approx([0.3, 0.9])
    assert soft.logits.tolist() == pytest.approx([np.log(0.3 / 0.7), np.log(0.9 / 0.1)])
    assert soft.features[:, 0].tolist() == [1.0, 0.0]
    moved = soft.corrected(Correction(shift=1.0))
    assert (moved.right > soft.right).all()
    assert moved.weights.sum(axis=1) == pytest.approx(1.0)


def test_labels_that_say_more_yes_correct_both_answers_each_its_own_way(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, flags(0), metric="accuracy", tested=0.6)
    for minute in range(4):
        ask(store, model, flags(minute + 1, more=0.3), minute=minute, labelled=True)
    unlabelled = flags(9, more=0.3)
    ask(store, model, unlabelled, minute=4)
    first, *_, last = monitor.estimate(store, "p", n_points=5).points
    actual = float((unlabelled[1].truth == unlabelled[1].answers).mean())
    assert last.value == pytest.approx(actual, abs=0.06)
    assert first.value is not None


@pytest.mark.parametrize("metric", ["neg_mean_absolute_error", "neg_root_mean_squared_error"])
def test_the_error_of_numbers_is_estimated_and_its_growth_is_seen_by_labels_only(
    store: Store, make_live: MakeLive, metric: str
) -> None:
    built = make_reference(pd.DataFrame({"x": np.linspace(0, 1, 500)}), np.linspace(40, 60, 500).tolist())
    live = partial(go_live, task="regression", metric=metric, tested=0.6)
    model = live(store, make_live, built, numbers(0))
    ask(store, model, numbers(1), labelled=True)
    report = monitor.estimate(store, "p")
    assert report.trust == "confirmed"
    assert report.points[0].expected == pytest.approx(report.points[0].measured, rel=0.15)
    ask(store, model, numbers(2, spread=4.0), minute=1, labelled=True)
    report = monitor.estimate(store, "p")
    assert report.trust == "unreliable"
    assert report.points[1].is_off
    assert "the truth itself has changed" in report.sentence


def test_an_estimate_that_labels_contradict_is_said_to_be_unreliable(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    ask(store, model, classes(1), labelled=True)
    assert monitor.estimate(store, "p").trust == "confirmed"
    ask(store, model, classes(2, flipped=True), minute=1, labelled=True)
    report = monitor.estimate(store, "p")
    assert report.trust == "unreliable"
    assert [point.is_off for point in report.points] == [False, True]
    assert report.mean_gap is not None
    assert report.mean_gap > 0.2


def test_labels_that_came_lately_correct_the_estimate_of_the_next_stretch(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    for minute in range(3):
        ask(store, model, classes(minute + 1, flipped=True), minute=minute, labelled=True)
    ask(store, model, classes(9, flipped=True), minute=3)
    first, *_, last = monitor.estimate(store, "p", n_points=4).points
    assert first.value == pytest.approx(0.75, abs=0.03)
    assert last.value == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("sure", [0.9, 0.9999, 1.0])
def test_a_model_that_is_sure_of_itself_and_always_wrong_is_corrected(sure: float) -> None:
    said = np.full(300, "yes")
    rows = ScoredRows(said, said, np.tile([1 - sure, sure], (300, 1)), ("no", "yes"))
    wide = ScoredRows(np.tile(["no", "yes"], 300), np.repeat(said, 2), None, ("no", "yes"), "yes")
    soft = SoftTruth(wide, np.tile([1 - sure, sure], (300, 1)), np.zeros(300, dtype=bool), np.zeros((300, 1)))
    wrong = replace(rows, y_true=np.full(300, "no"))
    corrected = soft.corrected(learn_correction(soft, wrong))
    assert corrected.right.mean() < 0.1
    assert corrected.weights.sum(axis=1) == pytest.approx(1.0)
    assert soft.corrected(learn_correction(soft, rows)).right.mean() > 0.9


def wrong_above(rows: Rows, border: float) -> Rows:
    """Return rows whose answer is wrong wherever x is above a border."""
    inputs, scored = rows
    other = np.where(scored.answers == "yes", "no", "yes")
    return inputs, replace(scored, y_true=np.where(inputs["x"] > border, other, scored.truth))


def test_labels_correct_the_estimate_of_rows_like_theirs_and_of_no_others(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    for minute in range(3):
        ask(store, model, wrong_above(classes(minute + 1), 0.8), minute=minute, labelled=True)
    ask(store, model, classes(8, highest=0.7), minute=3)
    inputs, rows = classes(9, 8_000)
    high = np.flatnonzero(inputs["x"] > 0.85)[:1_000]
    proba = rows.y_proba[high] if rows.y_proba is not None else None
    few = replace(rows, y_true=rows.truth[high], y_pred=rows.answers[high], y_proba=proba)
    ask(store, model, (inputs.iloc[high], few), minute=4)
    *_, low, bad = monitor.estimate(store, "p", n_points=5).points
    assert low.value == pytest.approx(0.5 + 0.35 / 2, abs=0.05)
    assert bad.value == pytest.approx(0.0, abs=0.2)


def test_rows_to_come_leave_what_was_learnt_from_alone_until_there_are_many_more() -> None:
    n_rows = np.random.default_rng(0).integers(0, 60, 600)
    windows = [Window("p", "m", START + timedelta(minutes=minute), n_rows=int(n)) for minute, n in enumerate(n_rows)]
    moves = 0
    before = divide_lastingly(windows[:30], 20)
    for end in range(31, len(windows)):
        stretches = divide_lastingly(windows[:end], 20)
        assert [window for stretch in stretches for window in stretch] == [one for one in windows[:end] if one.n_rows]
        assert len(stretches) <= 20
        assert sum(window.n_rows for window in stretches[-1]) >= FEWEST_ROWS
        moves += stretches[: len(before) - 2] != before[:-2]
        before = stretches
    assert 1 <= moves <= 20
    assert len(before) >= 14


def test_a_window_that_drops_out_of_the_past_moves_no_stretch_within_the_hour(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    for minute in range(70):
        ask(store, model, classes(minute, 60), minute=minute + 30)
    starts = []
    for minute in range(70, 73):
        ask(store, model, classes(minute, 60), minute=minute + 30)
        starts.append([point.started_at for point in monitor.estimate(store, "p", n_points=4, newest=60).points])
    assert starts[0] == starts[1] == starts[2]


def test_what_labels_teach_of_weekends_is_expected_of_weekends_to_come(reference: Reference) -> None:
    sent = pd.DataFrame({"sent": pd.date_range("2026-06-01", periods=28 * 24, freq="h").astype("datetime64[us]")})
    said, sure = ["yes"] * len(sent), [{"no": 0.1, "yes": 0.9}] * len(sent)
    dated = make_reference(sent.head(100), ["no", "yes"] * 50)
    errors = deploy.learn_errors("binary", reference, *classes(0))
    assert errors is not None
    questions = [{"sent": moment.isoformat()} for moment in sent["sent"]]
    soft = soften(replace(errors, curves=()), dated, Asked(questions, said, sure), ["no", "yes"], "yes")
    at_weekend = (sent["sent"].dt.day_of_week >= 5).to_numpy()
    old = np.arange(len(sent)) < 21 * 24
    truth = np.where(at_weekend, "no", "yes")[old].astype(object)
    learnt = learn_locally(soft.part(old), replace(soft.part(old).rows, y_true=truth, y_pred=np.full(old.sum(), "yes")))
    expected = soft.part(~old).corrected_locally(learnt).right
    assert expected[at_weekend[~old]].max() < 0.2
    assert expected[~at_weekend[~old]].min() > 0.9


def test_labels_from_before_a_change_do_not_hide_it_and_those_that_agree_steady_the_estimate(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    for minute in range(9):
        ask(store, model, classes(minute + 1, flipped=minute >= 6), minute=minute, labelled=True)
    ask(store, model, classes(20, flipped=True), minute=9)
    values = [point.value for point in monitor.estimate(store, "p", n_points=10).points]
    assert values[:6] == [pytest.approx(0.75, abs=0.05)] * 6
    assert values[-1] == pytest.approx(0.25, abs=0.05)


def test_an_error_that_has_doubled_is_expected_to_stay_so(store: Store, make_live: MakeLive) -> None:
    built = make_reference(pd.DataFrame({"x": np.linspace(0, 1, 500)}), np.linspace(40, 60, 500).tolist())
    model = go_live(
        store, make_live, built, numbers(0), task="regression", metric="neg_mean_absolute_error", tested=0.6
    )
    ask(store, model, numbers(1, spread=2.0), labelled=True)
    ask(store, model, numbers(2, spread=2.0), minute=1)
    first, last = monitor.estimate(store, "p", n_points=2).points
    assert first.value is not None
    assert last.value == pytest.approx(2 * first.value, rel=0.15)


def test_rows_unlike_all_that_was_learnt_from_make_it_unreliable_before_any_label(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    inputs, rows = classes(1)
    inputs.loc[: len(inputs) * (MOST_OUTSIDE + 0.1), "x"] = 7.0
    ask(store, model, (inputs.sample(frac=1, random_state=0), rows))
    report = monitor.estimate(store, "p")
    assert report.trust == "unreliable"
    assert "unlike all that the model learnt from" in report.sentence


def test_few_rows_and_old_versions_get_no_estimate_but_a_reason(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    report = monitor.estimate(store, "p")
    assert (report.trust, report.points) == ("not_available", ())
    assert "too few rows" in report.sentence
    model = go_live(store, make_live, reference, classes(0), number=2)
    assert "50 predictions are needed" in monitor.estimate(store, "p").sentence
    ask(store, model, classes(1, 20))
    assert monitor.estimate(store, "p").newest is None


def test_a_loss_that_only_the_estimate_shows_calls_somebody(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = go_live(store, make_live, reference, classes(0), tested=0.75)
    ask(store, model, classes(1, highest=0.1))
    opened = monitor.check_alerts(store, "p", now=START + timedelta(minutes=2))
    assert [alert.kind for alert in opened] == ["estimate"]
    assert "Labels would tell for sure" in opened[0].message
