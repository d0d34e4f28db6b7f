"""Which state does an alert go to next? By itself, from what is found; or because a person says so."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from core.errors import BadInputError, ConflictError, NotReadyError
from core.monitor.notices.outgoing import prepare_notices
from core.records import Alert, AlertChange, AlertEvidence, AlertRule, AlertState, ModelVersion, utc_now
from core.store import AlertStep, Store

BY_ITSELF = "Full Circle"
CLEAR_AFTER = timedelta(minutes=15)
"""A matter must be gone for so long before its alert is resolved, so that one that comes and goes is one alert."""
BACK_WITHIN = timedelta(days=1)
"""A matter that comes back so soon is the same alert, reopened."""
LEFT_ALONE = timedelta(hours=1)
"""So long a matter that a person called resolved may go on before it is opened again."""
LONGEST_SILENCE = timedelta(days=90)
SEVERITIES = ("info", "warning", "critical")
MOVES: Mapping[AlertState, frozenset[AlertState]] = MappingProxyType(
    {
        "pending": frozenset(),
        "open": frozenset({"acknowledged", "silenced", "resolved"}),
        "acknowledged": frozenset({"open", "silenced", "resolved"}),
        "silenced": frozenset({"open", "acknowledged", "silenced", "resolved"}),
        "resolved": frozenset({"open"}),
    }
)
"""What people may do with an alert, by its state."""


def next_step(alert: Alert, finding: AlertEvidence | None, rule: AlertRule, now: datetime) -> AlertStep | None:
    """Return what becomes of the last alert about a matter, given what is found now; None: nothing.

    Parameters
    ----------
    alert : Alert
        Pending, active or resolved; of the model version that is live.
    """
    if alert.state == "pending":
        return None if finding is None else _grow_up(alert, finding, rule, now)
    if alert.state == "resolved":
        return _come_back(alert, finding, rule, now)
    if finding is None:
        return _calm_down(alert, now)
    if alert.state == "silenced" and alert.silenced_until is not None and alert.silenced_until <= now:
        return move(_see(alert, finding), "open", BY_ITSELF, "The silence is over, and it is still there.", now)
    return _keep(alert, finding, now)


def first_step(model: ModelVersion, finding: AlertEvidence, rule: AlertRule, now: datetime) -> AlertStep:
    """Return a new alert: open, or pending where the rule waits for a while."""
    alert = Alert(
        model.project_id,
        model.id,
        rule.kind,
        finding.title,
        finding.message,
        finding.figures,
        "pending" if rule.patience_minutes else "open",
        severity=finding.severity,
        newest=finding,
        opened_at=now,
        changed_at=now,
    )
    change = AlertChange(model.project_id, alert.id, None, "open", BY_ITSELF, finding.title, changed_at=now)
    return AlertStep(alert, None, None if rule.patience_minutes else change)


def move(alert: Alert, after: AlertState, by: str, reason: str, now: datetime) -> AlertStep:
    """Return the step of an alert to another state, with its line in the history."""
    change = AlertChange(alert.project_id, alert.id, alert.state, after, by, reason, changed_at=now)
    until = alert.silenced_until if after == "silenced" else None
    moved = replace(alert, state=after, handled_by=by, silenced_until=until, changed_at=now)
    return AlertStep(replace(moved, revision=alert.revision + 1), alert.revision, change)


def _grow_up(alert: Alert, finding: AlertEvidence, rule: AlertRule, now: datetime) -> AlertStep | None:
    if now - alert.opened_at < timedelta(minutes=rule.patience_minutes):
        return None
    reason = f"{finding.title}, for {rule.patience_minutes:,} minute{'' if rule.patience_minutes == 1 else 's'}."
    step = move(alert, "open", BY_ITSELF, reason, now)
    grown = replace(
        _see(step.alert, finding),
        title=finding.title,
        message=finding.message,
        evidence=finding.figures,
        severity=finding.severity,
        opened_at=now,
        handled_by=None,
    )
    return replace(step, alert=grown)


def _come_back(alert: Alert, finding: AlertEvidence | None, rule: AlertRule, now: datetime) -> AlertStep | None:
    # A rule that waits does so again: otherwise each short return would call.
    if finding is None or rule.patience_minutes or now - alert.changed_at > BACK_WITHIN or is_left_alone(alert, now):
        return None
    reason = (
        "It is back."
        if alert.handled_by == BY_ITSELF
        else f"{alert.handled_by} resolved it, but it is still there or back."
    )
    return move(_see(alert, finding), "open", BY_ITSELF, reason, now)


def is_left_alone(alert: Alert, now: datetime) -> bool:
    """Whether a person resolved an alert so lately that the matter may still be there."""
    return alert.handled_by != BY_ITSELF and now - alert.changed_at < LEFT_ALONE


def _calm_down(alert: Alert, now: datetime) -> AlertStep | None:
    if alert.quiet_since is None:
        return AlertStep(replace(alert, quiet_since=now), alert.revision)
    if now - alert.quiet_since < CLEAR_AFTER:
        return None
    minutes = (now - alert.quiet_since) // timedelta(minutes=1)
    return move(alert, "resolved", BY_ITSELF, f"It has not been found any more for {minutes:,} minutes.", now)


def _keep(alert: Alert, finding: AlertEvidence, now: datetime) -> AlertStep | None:
    seen, last = _see(alert, finding), alert.newest
    if SEVERITIES.index(finding.severity) > SEVERITIES.index(alert.severity):
        step = move(seen, alert.state, BY_ITSELF, f"It got worse: {finding.title}.", now)
        worse = replace(step.alert, silenced_until=alert.silenced_until, handled_by=alert.handled_by)
        return replace(step, alert=worse)
    if alert.quiet_since is None and last and (last.title, last.message) == (finding.title, finding.message):
        return None
    return AlertStep(replace(seen, changed_at=now), alert.revision)


def _see(alert: Alert, finding: AlertEvidence) -> Alert:
    worst = max(alert.severity, finding.severity, key=SEVERITIES.index)
    return replace(alert, newest=finding, quiet_since=None, severity=worst)


def list_alerts(store: Store, project_id: str) -> list[Alert]:
    """Return all alerts of a project that were ever opened, newest first."""
    return [alert for alert in reversed(store.find(Alert, project_id=project_id)) if alert.state != "pending"]


def alert_history(store: Store, alert_id: str) -> list[AlertChange]:
    """Return every change of an alert, oldest first: when, from which state to which, by whom and why."""
    return store.find(AlertChange, alert_id=alert_id)


def acknowledge_alert(store: Store, alert_id: str, *, by: str, reason: str = "", seen: int | None = None) -> Alert:
    """Note that somebody takes care of an alert, and return it.

    Parameters
    ----------
    seen : int, optional
        The revision of the alert that was on the screen; default: whatever it is now.

    Raises
    ------
    NotFoundError
        When there is no such alert.
    ConflictError
        When its state does not allow that, or somebody else changed it meanwhile.
    """
    return _act(store, alert_id, "acknowledged", by, reason, seen)


def silence_alert(
    store: Store, alert_id: str, *, by: str, until: datetime, reason: str = "", seen: int | None = None
) -> Alert:
    """Say nothing more of an alert until a moment; if the matter is still there then, it is opened again.

    Raises
    ------
    BadInputError
        When the moment has passed or is more than 90 days away.
    NotFoundError, ConflictError
        As `acknowledge_alert`.
    """
    if not utc_now() < until <= utc_now() + LONGEST_SILENCE:
        raise BadInputError("An alert can be silenced for up to 90 days.", "Choose a moment within them.")
    return _act(store, alert_id, "silenced", by, reason, seen, until)


def resolve_alert(store: Store, alert_id: str, *, by: str, reason: str, seen: int | None = None) -> Alert:
    """Close an alert because the matter is dealt with; if it is still there an hour later, it is opened again.

    Raises
    ------
    BadInputError
        When no reason is given.
    NotFoundError, ConflictError
        As `acknowledge_alert`.
    """
    if not reason.strip():
        raise BadInputError("It is not said why the matter is dealt with.", "Give a reason; it is kept with the alert.")
    return _act(store, alert_id, "resolved", by, reason, seen)


def reopen_alert(store: Store, alert_id: str, *, by: str, reason: str = "", seen: int | None = None) -> Alert:
    """Open an alert again that was seen, silenced or resolved.

    Raises
    ------
    NotReadyError
        When it is about a model version that is no longer live.
    NotFoundError, ConflictError
        As `acknowledge_alert`.
    """
    alert = store.get(Alert, alert_id)
    deployment = store.releases.current(alert.project_id)
    if deployment is None or deployment.model_version_id != alert.model_version_id:
        raise NotReadyError("The model this alert is about is no longer live.", "Look at what is live now.")
    return _act(store, alert_id, "open", by, reason, seen)


def _act(  # noqa: PLR0913 - one step of a person, private
    store: Store,
    alert_id: str,
    after: AlertState,
    by: str,
    reason: str,
    seen: int | None,
    until: datetime | None = None,
) -> Alert:
    alert = store.get(Alert, alert_id)
    if seen is not None and seen != alert.revision:
        raise _ahead(alert)
    check_move(alert, after)
    step = move(replace(alert, silenced_until=until), after, by, " ".join(reason.split()), utc_now())
    if not store.alerts.take(alert.project_id, [step], prepare_notices(store, alert.project_id)):
        raise _ahead(store.get(Alert, alert_id))
    return step.alert


def check_move(alert: Alert, after: AlertState) -> None:
    """Refuse a move that the state of an alert does not allow.

    Raises
    ------
    ConflictError
        When it does not: in words.
    """
    if after in MOVES[alert.state]:
        return
    by = f" by {alert.handled_by}" if alert.handled_by else ""
    problem = f"This alert is {alert.state}{by} already" if alert.state == after else f"This alert is {alert.state}{by}"
    raise ConflictError(f"{problem}, so it cannot be {after}.", "Load the page again to see what can be done with it.")


def _ahead(alert: Alert) -> ConflictError:
    return ConflictError(
        f"{alert.handled_by or 'Somebody'} was ahead of you: this alert is {alert.state} now.",
        "Look at it again, then decide.",
    )
