"""A rule tried on the past says what it would have done there: how often, how late, and how often for nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from core import charts, monitor
from core.errors import NotReadyError
from core.records import AlertRule, LabelRecord, ModelVersion, Prediction, Reference, Window
from core.store import Store
from tests.core.monitor.conftest import START, make_reference, make_window

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
END = START + 48 * HOUR


def draw(n_rows: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"heat": shift + rng.standard_normal(n_rows), "calm": rng.standard_normal(n_rows)})


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(draw(3_000, 0), ["no", "yes"] * 250)


@pytest.fixture
def model(reference: Reference, make_live: Callable[..., ModelVersion]) -> ModelVersion:
    return make_live(reference)


def rule_of(store: Store, kind: str, **changes: object) -> AlertRule:
    return replace(next(rule for rule in monitor.list_rules(store, "p") if rule.kind == kind), **changes)


def serve_hours(store: Store, model: ModelVersion, failing: set[int]) -> None:
    """Two days, 30 requests every five minutes; in some hours a fifth of them fails."""
    store.log.append(
        [],
        [
            Window("p", model.id, START + n * 5 * MINUTE, n_requests=30, n_errors=6 * (n // 12 in failing))
            for n in range(576)
        ],
    )


def test_failing_hours_are_counted_with_the_delay(store: Store, model: ModelVersion) -> None:
    serve_hours(store, model, failing={10, 30})
    tried = monitor.rehearse_rule(store, "p", rule_of(store, "errors"), now=END)
    assert [round((at - START) / HOUR) for at in tried.alarms] == [10, 30]
    assert tried.a_month == pytest.approx(30, rel=0.05)
    assert (tried.false_alarms, tried.unknown) == ((), ())
    assert "it would have called twice, about 30 a month." in tried.sentence
    patient = monitor.rehearse_rule(store, "p", rule_of(store, "errors", patience_minutes=30), now=END)
    assert patient.delay_minutes is not None
    assert tried.delay_minutes is not None
    assert 25 <= patient.delay_minutes - tried.delay_minutes <= 35
    never = monitor.rehearse_rule(store, "p", rule_of(store, "errors", threshold=0.5), now=END)
    assert "it would have called never." in never.sentence.replace(", about", ".")


@pytest.mark.slow
def test_a_rehearsal_opens_what_the_rule_itself_opens(store: Store, model: ModelVersion) -> None:
    """The same traffic, looked at live minute by minute, and rehearsed."""
    serve_hours(store, model, failing={3})
    tried = monitor.rehearse_rule(store, "p", rule_of(store, "errors"), now=END)
    store.remove(Window)
    opened = []
    for n in range(60):
        began = START + n * 5 * MINUTE
        store.log.append([], [Window("p", model.id, began, n_requests=30, n_errors=6 * (n // 12 == 3))])
        opened += monitor.check_alerts(store, "p", now=began + MINUTE)
    assert [alert.opened_at for alert in opened if alert.kind == "errors"] == list(tried.alarms)


def ask(store: Store, model: ModelVersion, reference: Reference, shifted: range, *, labels: str = "") -> None:
    """Forty hours with 1,000 rows each; `labels` "right" or "wrong" also logs 50 answers an hour with their truth."""
    other = {"yes": "no", "no": "yes"}
    for hour in range(40):
        frame = draw(1_000, hour + 1, 2.0 * (hour in shifted))
        window = make_window(reference, frame, ["no", "yes"] * 500, hour * 60)
        store.log.append([], [replace(window, model_version_id=model.id)])
        if not labels:
            continue
        answers = [
            Prediction("p", model.id, "r", {}, "yes" if n % 2 else "no", predicted_at=window.started_at + n * MINUTE)
            for n in range(50)
        ]
        store.log.append(answers, [])
        wrong = labels == "wrong" and hour in shifted
        truths = [
            other[str(one.prediction)] if n % 10 == 0 or (wrong and n % 2) else one.prediction
            for n, one in enumerate(answers)
        ]
        store.log.add_labels([LabelRecord(one.id, "p", truth) for one, truth in zip(answers, truths, strict=True)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "n_false", "n_unknown", "words"),
    [
        ("", 0, 1, "not known: too few labels"),
        ("right", 1, 0, "1 of 1 calls would have been for nothing"),
        ("wrong", 0, 0, "it would never have called for nothing"),
    ],
)
def test_drift_is_for_nothing_where_labels_show_no_loss(
    store: Store, model: ModelVersion, reference: Reference, labels: str, n_false: int, n_unknown: int, words: str
) -> None:
    ask(store, model, reference, range(20, 30), labels=labels)
    tried = monitor.rehearse_rule(store, "p", rule_of(store, "drift"), now=END)
    assert [(at - START) // HOUR for at in tried.alarms] == [20]
    assert (len(tried.false_alarms), len(tried.unknown)) == (n_false, n_unknown)
    assert words in tried.sentence
    assert tried.quiet_a_month == 0.0
    assert "drawn again and again, it would have called practically never" in tried.sentence


def test_lost_accuracy_is_rehearsed_in_the_order_of_the_questions(
    store: Store, model: ModelVersion, reference: Reference
) -> None:
    ask(store, model, reference, range(20, 40), labels="wrong")
    tried = monitor.rehearse_rule(store, "p", rule_of(store, "accuracy"), now=END)
    assert len(tried.alarms) == 1
    assert 20 <= (tried.alarms[0] - START) / HOUR <= 32
    assert tried.false_alarms == ()
    assert tried.delay_minutes is not None


def test_silence_is_rehearsed_too(store: Store, model: ModelVersion) -> None:
    windows = [
        Window("p", model.id, START + n * 10 * MINUTE, n_requests=10) for n in range(5 * 144) if not 600 <= n < 640
    ]
    store.log.append([], windows)
    now = START + timedelta(days=5)
    tried = monitor.rehearse_rule(store, "p", rule_of(store, "traffic"), now=now)
    assert len(tried.alarms) == 1
    assert START + 6_020 * MINUTE <= tried.alarms[0] <= START + 6_070 * MINUTE


def test_without_a_past_it_says_so_and_what_cannot_be_tried_is_refused(store: Store, model: ModelVersion) -> None:
    assert monitor.rehearse_rule(store, "p", rule_of(store, "drift")).sentence.startswith("There is no past")
    with pytest.raises(NotReadyError, match="cannot be tried on the past"):
        monitor.rehearse_rule(store, "p", rule_of(store, "labels"))


def test_the_chart_shows_levels_limit_and_alarms(store: Store, model: ModelVersion) -> None:
    serve_hours(store, model, failing={10, 30})
    figure = charts.rehearsal(monitor.rehearse_rule(store, "p", rule_of(store, "errors"), now=END))
    assert [len(trace.x) for trace in figure.data][1] == 2
    assert figure.data[1].name == "it would have called"
    assert [shape.y0 for shape in figure.layout.shapes] == [0.05]


@pytest.mark.parametrize("kind", ["errors", "drift", "accuracy"])
def test_a_rehearsal_tells_how_far_it_is(store: Store, model: ModelVersion, reference: Reference, kind: str) -> None:
    ask(store, model, reference, range(0), labels="right")
    told: list[float] = []
    monitor.rehearse_rule(store, "p", rule_of(store, kind), now=END, report=told.append)
    assert told == sorted(told)
    assert len(told) > 20
    assert 0 <= told[0] < 0.1
    assert told[-1] <= 1


class StoppedError(Exception):
    pass


def test_a_rehearsal_ends_when_the_one_who_is_told_wants_it(
    store: Store, model: ModelVersion, reference: Reference
) -> None:
    ask(store, model, reference, range(0))
    told: list[float] = []

    def stop_at_a_third(share: float) -> None:
        told.append(share)
        if share > 0.3:
            raise StoppedError

    with pytest.raises(StoppedError):
        monitor.rehearse_rule(store, "p", rule_of(store, "drift"), now=END, report=stop_at_a_third)
    assert max(told) < 0.4
