"""What becomes of an alert: opened, seen, silenced, resolved and reopened, each step kept, and no step taken twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from core import monitor
from core.errors import BadInputError, ConflictError, NotReadyError
from core.monitor.alerts.states import BACK_WITHIN, CLEAR_AFTER, LEFT_ALONE
from core.records import Alert, ModelVersion, Reference, Window, utc_now
from core.store import Store
from tests.core.monitor.conftest import START, make_reference

MakeLive = Callable[..., ModelVersion]
MINUTE = timedelta(minutes=1)
NOW = START + 10 * MINUTE


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    return make_reference(pd.DataFrame({"heat": rng.standard_normal(500)}), ["no", "yes"] * 250)


@pytest.fixture
def model(reference: Reference, make_live: MakeLive) -> ModelVersion:
    return make_live(reference)


def fail_requests(store: Store, model: ModelVersion, minute: int, n_failed: int = 50) -> None:
    began = START + minute * MINUTE
    store.log.append([], [Window("p", model.id, began, n_requests=100, n_errors=n_failed)])


def look(store: Store, minute: float) -> list[Alert]:
    return monitor.check_alerts(store, "p", now=START + minute * MINUTE)


@pytest.fixture
def alert(store: Store, model: ModelVersion) -> Alert:
    """An alert about failing requests, opened at minute 1."""
    fail_requests(store, model, 0)
    (opened,) = look(store, 1)
    return opened


def state_of(store: Store) -> str:
    (alert,) = monitor.list_alerts(store, "p")
    return alert.state


def history(store: Store, alert: Alert) -> list[tuple[str | None, str, str]]:
    return [(one.before, one.after, one.changed_by) for one in monitor.alert_history(store, alert.id)]


def test_a_matter_that_is_gone_for_a_while_resolves_its_alert_by_itself(store: Store, alert: Alert) -> None:
    assert look(store, 20) == []  # The failures are more than 15 minutes old: gone from now on.
    assert state_of(store) == "open"
    look(store, 20 + CLEAR_AFTER / MINUTE - 1)
    assert state_of(store) == "open"
    look(store, 20 + CLEAR_AFTER / MINUTE)
    assert state_of(store) == "resolved"
    assert history(store, alert) == [(None, "open", "Full Circle"), ("open", "resolved", "Full Circle")]


def test_a_matter_that_comes_and_goes_is_one_alert(store: Store, model: ModelVersion, alert: Alert) -> None:
    look(store, 20)
    fail_requests(store, model, 25)
    look(store, 26)
    look(store, 45)
    look(store, 50)  # Gone since minute 45 only.
    assert state_of(store) == "open"
    assert store.count(Alert) == 1


def test_a_matter_that_comes_back_within_a_day_reopens_its_alert(
    store: Store, model: ModelVersion, alert: Alert
) -> None:
    look(store, 20)
    look(store, 40)
    fail_requests(store, model, 100)
    (again,) = look(store, 101)
    assert (again.id, again.state) == (alert.id, "open")
    assert history(store, alert)[-1] == ("resolved", "open", "Full Circle")


def test_a_matter_that_comes_back_later_opens_another_alert(store: Store, model: ModelVersion, alert: Alert) -> None:
    look(store, 20)
    look(store, 40)
    later = 60 + BACK_WITHIN // MINUTE
    fail_requests(store, model, later)
    (other,) = look(store, later + 1)
    assert other.id != alert.id


def test_people_see_silence_resolve_and_reopen_with_a_reason(store: Store, alert: Alert) -> None:
    monitor.acknowledge_alert(store, alert.id, by="Anna", reason="I look at it")
    until = utc_now() + timedelta(hours=1)
    assert monitor.silence_alert(store, alert.id, by="Bert", until=until).silenced_until == until
    monitor.resolve_alert(store, alert.id, by="Anna", reason="The cable is in again")
    reopened = monitor.reopen_alert(store, alert.id, by="Bert")
    assert (reopened.state, reopened.silenced_until, reopened.revision) == ("open", None, 4)
    steps = [(one.before, one.after, one.changed_by, one.reason) for one in monitor.alert_history(store, alert.id)]
    assert steps[1:] == [
        ("open", "acknowledged", "Anna", "I look at it"),
        ("acknowledged", "silenced", "Bert", ""),
        ("silenced", "resolved", "Anna", "The cable is in again"),
        ("resolved", "open", "Bert", ""),
    ]


def test_what_the_state_does_not_allow_is_refused_in_words(store: Store, alert: Alert) -> None:
    monitor.resolve_alert(store, alert.id, by="Anna", reason="Done")
    with pytest.raises(ConflictError, match="resolved by Anna, so it cannot be acknowledged"):
        monitor.acknowledge_alert(store, alert.id, by="Bert")
    with pytest.raises(ConflictError, match="resolved by Anna already"):
        monitor.resolve_alert(store, alert.id, by="Bert", reason="Done")
    monitor.reopen_alert(store, alert.id, by="Anna")
    with pytest.raises(ConflictError, match="open by Anna already"):
        monitor.reopen_alert(store, alert.id, by="Bert")
    with pytest.raises(BadInputError, match="not said why"):
        monitor.resolve_alert(store, alert.id, by="Anna", reason=" ")
    with pytest.raises(BadInputError, match="up to 90 days"):
        monitor.silence_alert(store, alert.id, by="Anna", until=utc_now() - MINUTE)


def test_of_two_people_who_act_at_once_one_is_told(store: Store, alert: Alert) -> None:
    monitor.acknowledge_alert(store, alert.id, by="Anna", seen=alert.revision)
    with pytest.raises(ConflictError, match="Anna was ahead of you: this alert is acknowledged now"):
        monitor.resolve_alert(store, alert.id, by="Bert", reason="Done", seen=alert.revision)
    assert state_of(store) == "acknowledged"


def test_new_figures_do_not_come_between_a_person_and_the_alert_on_the_screen(
    store: Store, model: ModelVersion, alert: Alert
) -> None:
    fail_requests(store, model, 2, n_failed=90)
    look(store, 3)
    seen = monitor.acknowledge_alert(store, alert.id, by="Anna", seen=alert.revision)
    assert seen.evidence["n_errors"] == 50
    assert seen.newest is not None
    assert seen.newest.figures["n_errors"] == 140


def test_a_look_that_is_late_does_not_undo_what_a_person_did(store: Store, model: ModelVersion, alert: Alert) -> None:
    """The look read the alert before Anna resolved it, and writes after her."""
    from core.monitor.alerts.rules import list_rules
    from core.monitor.alerts.states import next_step

    rule = next(rule for rule in list_rules(store, "p") if rule.kind == "errors")
    late = next_step(alert, replace(alert.newest, title="Worse"), rule, NOW)
    monitor.resolve_alert(store, alert.id, by="Anna", reason="Done")
    assert late is not None
    assert store.alerts.take("p", [late], lambda _: []) == []
    assert state_of(store) == "resolved"


def test_a_silenced_alert_opens_again_when_the_silence_is_over_and_the_matter_is_still_there(
    store: Store, model: ModelVersion, alert: Alert
) -> None:
    silenced = monitor.silence_alert(store, alert.id, by="Anna", until=utc_now() + timedelta(hours=1))
    until = silenced.silenced_until
    store.log.append([], [Window("p", model.id, until, n_requests=100, n_errors=50)])
    assert monitor.check_alerts(store, "p", now=until - MINUTE) == []
    assert state_of(store) == "silenced"
    (again,) = monitor.check_alerts(store, "p", now=until + MINUTE)
    assert (again.id, again.state, again.silenced_until) == (alert.id, "open", None)


def test_what_a_person_resolved_is_left_alone_for_an_hour_and_opened_again_if_it_is_still_there(
    store: Store, model: ModelVersion, alert: Alert
) -> None:
    done = monitor.resolve_alert(store, alert.id, by="Anna", reason="Done")
    for later in (LEFT_ALONE - MINUTE, LEFT_ALONE + MINUTE):
        store.log.append([], [Window("p", model.id, done.changed_at + later, n_requests=100, n_errors=50)])
    assert monitor.check_alerts(store, "p", now=done.changed_at + LEFT_ALONE - MINUTE / 2) == []
    (again,) = monitor.check_alerts(store, "p", now=done.changed_at + LEFT_ALONE + 2 * MINUTE)
    assert again.id == alert.id
    assert monitor.alert_history(store, alert.id)[-1].reason == "Anna resolved it, but it is still there or back."


def test_alerts_about_a_version_that_is_no_longer_live_are_resolved_and_cannot_be_reopened(
    store: Store, reference: Reference, make_live: MakeLive, alert: Alert
) -> None:
    make_live(reference, number=2)
    look(store, 2)
    assert monitor.alert_history(store, alert.id)[-1].reason == "Version 2 is live now."
    with pytest.raises(NotReadyError, match="no longer live"):
        monitor.reopen_alert(store, alert.id, by="Anna")


def test_a_patient_rule_waits_and_forgets_what_goes_away_in_between(store: Store, model: ModelVersion) -> None:
    monitor.change_rule(store, "p", "errors", by="Anna", patience_minutes=5)
    fail_requests(store, model, 0)
    assert look(store, 1) == []
    assert monitor.list_alerts(store, "p") == []
    look(store, 20)
    assert store.count(Alert) == 0
    fail_requests(store, model, 30)
    assert look(store, 31) == []
    assert look(store, 35) == []
    (opened,) = look(store, 36)
    assert (opened.state, opened.opened_at) == ("open", START + 36 * MINUTE)
    assert monitor.alert_history(store, opened.id)[0].reason == "Requests go unanswered, for 5 minutes."


def test_a_rule_that_is_switched_off_ends_its_alert_and_opens_none(
    store: Store, model: ModelVersion, alert: Alert
) -> None:
    monitor.change_rule(store, "p", "errors", by="Anna", enabled=False)
    assert look(store, 2) == []
    assert monitor.alert_history(store, alert.id)[-1].reason == "Anna switched the rule off."
    fail_requests(store, model, 3)
    assert look(store, 4) == []


def test_two_processes_that_look_at_once_open_one_alert(store: Store, model: ModelVersion) -> None:
    from concurrent.futures import ThreadPoolExecutor

    fail_requests(store, model, 0)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: look(store, 1), range(16)))
    assert sum(map(len, opened)) == store.count(Alert) == 1
