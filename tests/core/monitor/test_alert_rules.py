"""The rules: there by themselves, changed by somebody at some time, and each calling when it should and not before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from core import monitor, plan
from core.errors import BadInputError
from core.monitor.alerts.watching import Memory
from core.records import (
    LATENCY_EDGES_MS,
    Alert,
    ColumnImportance,
    Evaluation,
    LabelRecord,
    ModelVersion,
    Prediction,
    Reference,
    Window,
)
from core.store import Store
from tests.core.monitor.conftest import START, make_reference, make_window

MakeLive = Callable[..., ModelVersion]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
N_ROWS = 2_000


def draw(seed: int, shift: float = 0.0, missing: float = 0.0, unknown: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    heat = shift + rng.standard_normal(N_ROWS)
    heat[rng.random(N_ROWS) < missing] = np.nan
    town = pd.Series(rng.choice(["Aa", "Bb", "Cc"], N_ROWS), dtype="str")
    town[rng.random(N_ROWS) < unknown] = "Nowhere"
    return pd.DataFrame({"heat": heat, "calm": rng.standard_normal(N_ROWS), "town": town})


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(draw(0), ["no", "yes"] * 250)


@pytest.fixture
def model(reference: Reference, make_live: MakeLive) -> ModelVersion:
    return make_live(reference)


def ask(store: Store, model: ModelVersion, reference: Reference, frame: pd.DataFrame, minute: int = 1) -> None:
    window = make_window(reference, frame, (["no", "yes"] * N_ROWS)[:N_ROWS], minute)
    unknown = {"town": int((frame["town"] == "Nowhere").sum())}
    store.log.append([], [replace(window, model_version_id=model.id, unknown=unknown)])


def count(store: Store, model: ModelVersion, minute: float, **counts: object) -> None:
    store.log.append([], [Window("p", model.id, START + minute * MINUTE, **counts)])


def look(store: Store, minute: float = 2) -> dict[str, Alert]:
    return {alert.kind: alert for alert in monitor.check_alerts(store, "p", now=START + minute * MINUTE)}


def test_every_project_has_all_rules_switched_on(store: Store, model: ModelVersion) -> None:
    rules = monitor.list_rules(store, "p")
    assert [rule.kind for rule in rules] == list(monitor.RULES)
    assert all(rule.enabled for rule in rules)
    sentences = [monitor.say_rule(rule, plan.current_objective(store, "p")) for rule in rules]
    assert any("5 % or more of the requests of 15 minutes fail or are refused." in sentence for sentence in sentences)
    assert not any("{" in sentence for sentence in sentences)


def test_who_changed_a_rule_and_when_is_kept(store: Store, model: ModelVersion) -> None:
    monitor.change_rule(store, "p", "errors", by="Anna", threshold=0.2)
    monitor.change_rule(store, "p", "errors", by="Bert", enabled=False)
    rule = next(rule for rule in monitor.list_rules(store, "p") if rule.kind == "errors")
    assert (rule.enabled, rule.threshold) == (False, 0.2)
    told = [(one.created_by, one.enabled, one.threshold) for one in monitor.rule_history(store, "p", "errors")]
    assert told == [("Bert", False, 0.2), ("Anna", True, 0.2)]


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("errors", {"threshold": 1.5}, "It lies between 0.1 % and 100 %."),
        ("errors", {"threshold": None}, "It lies between"),
        ("latency", {"threshold": 0.0}, "It lies between 0.1 ms and 5,000 ms."),
        ("traffic", {"threshold": float("nan")}, "It lies between 5 minutes and 7 days."),
        ("drift", {"patience_minutes": -1}, "Choose a time in between."),
    ],
)
def test_an_impossible_limit_is_refused(
    store: Store, model: ModelVersion, kind: str, changes: dict[str, float], words: str
) -> None:
    with pytest.raises(BadInputError) as raised:
        monitor.change_rule(store, "p", kind, by="Anna", **changes)
    assert words in raised.value.hint


def test_columns_with_missing_and_with_unknown_values_are_one_alert_and_no_drift_besides(
    store: Store, model: ModelVersion, reference: Reference
) -> None:
    ask(store, model, reference, draw(1, missing=0.3, unknown=0.2))
    found = look(store)
    assert list(found) == ["missing"]
    assert found["missing"].title == "Values are missing or unknown: heat, town"
    assert (
        "heat: 31 % of the values are missing or unknown; when the model learnt, 0 % were." in found["missing"].message
    )
    assert [column["name"] for column in found["missing"].evidence["columns"]] == ["heat", "town"]


def test_what_missing_values_do_not_explain_is_drift_as_well(
    store: Store, model: ModelVersion, reference: Reference
) -> None:
    frame = draw(1, missing=0.3)
    frame["calm"] += 2.0
    ask(store, model, reference, frame)
    found = look(store)
    assert [column["name"] for column in found["drift"].evidence["columns"]] == ["calm"]
    assert [column["name"] for column in found["missing"].evidence["columns"]] == ["heat"]


@pytest.mark.parametrize(("important", "severity"), [("heat", "warning"), ("calm", "info")])
def test_drift_is_a_warning_where_the_model_relies_on_the_column_and_a_note_elsewhere(
    store: Store, model: ModelVersion, reference: Reference, important: str, severity: str
) -> None:
    store.update(
        store.get(Evaluation, model.evaluation_id),
        importance=(ColumnImportance(important, 0.2, 0.01), ColumnImportance("town", 0.001, 0.01)),
    )
    ask(store, model, reference, draw(1, shift=2.0))
    assert look(store)["drift"].severity == severity


def test_a_note_that_becomes_a_warning_is_kept_in_the_history(
    store: Store, model: ModelVersion, reference: Reference
) -> None:
    importance = (ColumnImportance("calm", 0.2, 0.01),)
    store.update(store.get(Evaluation, model.evaluation_id), importance=importance)
    ask(store, model, reference, draw(1, shift=2.0))
    note = look(store)["drift"]
    frame = draw(2, shift=2.0)
    frame["calm"] += 2.0
    ask(store, model, reference, frame, minute=2)
    assert look(store, 3) == {}
    (alert,) = monitor.list_alerts(store, "p")
    assert (alert.id, alert.severity, alert.evidence) == (note.id, "warning", note.evidence)
    assert monitor.alert_history(store, alert.id)[-1].reason == "It got worse: The questions have changed: calm, heat."


def test_slow_answers_call_when_the_plan_has_a_limit_and_after_two_minutes(store: Store, model: ModelVersion) -> None:
    slow = tuple(30 if edge == 100.0 else 0 for edge in (*LATENCY_EDGES_MS, 0.0))
    count(store, model, 0, n_requests=30, latency=slow)
    assert look(store, 1) == {}
    plan.change_objective(store, "p", by="Anna", latency_limit_ms=50.0)
    assert look(store, 1) == {}
    assert look(store, 2) == {}
    assert "the plan allows 50 ms" in look(store, 3)["latency"].message
    monitor.change_rule(store, "p", "latency", by="Anna", threshold=200.0)
    look(store, 4)
    assert monitor.list_alerts(store, "p")[0].quiet_since is not None


def test_answers_missing_in_the_log_call(store: Store, model: ModelVersion) -> None:
    count(store, model, 0, n_requests=10, n_rows=10)
    assert look(store, 1) == {}
    count(store, model, 1, n_requests=100, n_rows=990, n_dropped=10)
    assert look(store, 2)["dropped"].evidence["n_dropped"] == 10


def ask_daily(store: Store, model: ModelVersion, days: range, hours: tuple[int, int] = (8, 18)) -> None:
    """Thirty requests a minute-stamp, every ten minutes in working hours; `START` is a noon."""
    midnight = START.replace(hour=0)
    moments = [
        midnight + day * DAY + hour * 60 * MINUTE + ten * 10 * MINUTE
        for day in days
        for hour in range(*hours)
        for ten in range(6)
    ]
    store.log.append([], [Window("p", model.id, moment, n_requests=30) for moment in moments if moment <= START])


def test_silence_at_a_time_when_there_usually_are_questions_calls(store: Store, model: ModelVersion) -> None:
    ask_daily(store, model, range(-5, 1))
    assert look(store, 15) == {}
    silence = look(store, 45)["traffic"]
    assert silence.message.startswith(
        "Nothing has been asked for 44 minutes. On 5 of the last 5 days there were about 90"
    )


def test_silence_calls_nobody_at_night_nor_in_the_first_days_nor_on_a_day_of_rest(
    store: Store, model: ModelVersion
) -> None:
    ask_daily(store, model, range(-2, 1))
    assert look(store, 45) == {}  # Two days are no habit.
    ask_daily(store, model, range(-6, -2))
    assert look(store, 12 * 60) == {}  # Midnight.
    ask_daily(store, model, range(-13, -7))
    assert look(store, 45) == {}  # Seven days ago nobody asked, either.


def label(store: Store, model: ModelVersion, minutes: range, with_label: bool = True) -> None:
    asked = [
        Prediction("p", model.id, "r", {}, "yes", predicted_at=START + minute * MINUTE + timedelta(seconds=second))
        for minute in minutes
        for second in range(10)
    ]
    store.log.append(asked, [])
    if with_label:
        store.log.add_labels(
            [LabelRecord(one.id, "p", "yes", received_at=one.predicted_at + 5 * MINUTE) for one in asked]
        )


def test_labels_that_stop_coming_call_when_questions_wait_for_them(store: Store, model: ModelVersion) -> None:
    label(store, model, range(20))
    assert look(store, 200) == {}  # Nobody asks: nothing to know.
    label(store, model, range(20, 60), with_label=False)
    assert look(store, 80) == {}  # Not for an hour yet.
    alert = look(store, 100)["labels"]
    assert alert.evidence["n_waiting"] == 400
    assert "at the latest 5 minutes after the question; 400 questions wait" in alert.message


def test_a_look_computes_nothing_again_while_nothing_comes_in(
    store: Store, model: ModelVersion, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.monitor.alerts import watching

    looks = []
    real = watching.LOOKS["drift"]
    counted = {**watching.LOOKS, "drift": lambda *given: looks.append(1) or real(*given)}
    monkeypatch.setattr(watching, "LOOKS", counted)
    memory = Memory()
    ask(store, model, reference, draw(1, shift=2.0))
    for second in range(0, 300, 10):
        monitor.check_alerts(store, "p", now=START + 2 * MINUTE + timedelta(seconds=second), memory=memory)
    assert len(looks) == 1
    ask(store, model, reference, draw(2, shift=2.0), minute=3)
    monitor.check_alerts(store, "p", now=START + 10 * MINUTE, memory=memory)
    assert len(looks) == 2
    monitor.change_rule(store, "p", "drift", by="Anna", enabled=False)
    monitor.check_alerts(store, "p", now=START + 10 * MINUTE, memory=memory)
    assert monitor.list_alerts(store, "p")[0].state == "resolved"
