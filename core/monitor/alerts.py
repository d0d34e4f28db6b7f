"""What needs a look? Alerts for drift, lost accuracy and failing requests: one of a kind for each model version."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import plan
from core.monitor.drift import drift
from core.monitor.performance import LATEST_ROWS, say_estimate
from core.monitor.realised import choose_measure, tested_estimate
from core.monitor.wording import say_share
from core.records import Alert, AlertKind, Json, Metric, MetricEstimate, ModelVersion, utc_now
from core.store import Store

MOST_SENTENCES = 5
FEWEST_LABELS = 100
"""Labels an alert about accuracy needs."""
ERROR_SPAN = timedelta(minutes=15)
FEWEST_REQUESTS = 20
MOST_FAILURES = 0.05
"""Share of requests that may fail or be refused before somebody is called."""


@dataclass(frozen=True)
class Finding:
    """Something that needs a look, as it is now."""

    kind: AlertKind
    title: str
    message: str
    evidence: Json


def check_alerts(store: Store, project_id: str, *, now: datetime) -> list[Alert]:
    """Look for drift, lost accuracy and failing requests of the live model, and open alerts.

    An alert that is open or acknowledged is brought up to date instead of opened twice; alerts about model versions
    that are no longer live are resolved.

    Returns
    -------
    list of Alert
        Those opened now.
    """
    deployment = store.releases.current(project_id)
    if deployment is None:
        return []
    _resolve_others(store, project_id, deployment.model_version_id, now)
    model = store.get(ModelVersion, deployment.model_version_id)
    looks: tuple[Callable[[Store, ModelVersion, datetime], Finding | None], ...] = (
        _look_for_drift,
        _look_for_lost_accuracy,
        _look_for_failures,
    )
    findings = [finding for look in looks if (finding := look(store, model, now)) is not None]
    raised = [_raise_alert(store, model, finding, now) for finding in findings]
    return [alert for alert in raised if alert is not None]


def list_alerts(store: Store, project_id: str) -> list[Alert]:
    """Return all alerts of a project, newest first."""
    return list(reversed(store.find(Alert, project_id=project_id)))


def acknowledge_alert(store: Store, alert_id: str, *, by: str) -> Alert:
    """Note that somebody has seen an alert, and return it; it stays until another model version is live.

    Raises
    ------
    NotFoundError
        When there is no such alert.
    """
    alert = store.get(Alert, alert_id)
    if alert.state != "open":
        return alert
    return store.update(alert, state="acknowledged", handled_by=by, changed_at=utc_now())


def _resolve_others(store: Store, project_id: str, live_id: str, now: datetime) -> None:
    for alert in store.find(Alert, project_id=project_id):
        if alert.state != "resolved" and alert.model_version_id != live_id:
            store.update(alert, state="resolved", changed_at=now)


def _raise_alert(store: Store, model: ModelVersion, finding: Finding, now: datetime) -> Alert | None:
    """Open an alert and return it, or bring the one there is up to date and return None."""
    present = _active(store, model, finding.kind)
    if present:
        if (present[0].title, present[0].message) != (finding.title, finding.message):
            store.update(
                present[0], title=finding.title, message=finding.message, evidence=finding.evidence, changed_at=now
            )
        return None
    alert = store.add(
        Alert(
            project_id=model.project_id,
            model_version_id=model.id,
            kind=finding.kind,
            title=finding.title,
            message=finding.message,
            evidence=finding.evidence,
            opened_at=now,
            changed_at=now,
        )
    )
    # Two processes may have looked at the same moment: both see both alerts now, and both keep the older one.
    for twin in _active(store, model, finding.kind)[1:]:
        store.remove(Alert, id=twin.id)
    return alert if _active(store, model, finding.kind)[0].id == alert.id else None


def _active(store: Store, model: ModelVersion, kind: AlertKind) -> list[Alert]:
    alerts = store.find(Alert, project_id=model.project_id, model_version_id=model.id, kind=kind)
    return [alert for alert in alerts if alert.state != "resolved"]


def _look_for_drift(store: Store, model: ModelVersion, _now: datetime) -> Finding | None:
    report = drift(store, model.project_id, model_version_id=model.id)
    found = [column for column in report.columns if column.outcome == "drifted"]
    found.sort(key=lambda column: column.psi or 0.0, reverse=True)
    if report.prediction is not None and report.prediction.outcome == "drifted":
        found.append(report.prediction)
    if not found:
        return None
    names = ", ".join(column.name for column in found[:3]) + (" and more" if len(found) > 3 else "")
    columns = [{"name": one.name, "psi": one.psi, "p_value": one.p_value, "sentence": one.sentence} for one in found]
    return Finding(
        "drift",
        f"The questions have changed: {names}" if report.n_drifted else "The predictions have changed",
        " ".join(column.sentence for column in found[:MOST_SENTENCES]),
        {
            "columns": columns,
            "n_rows": report.n_rows,
            "started_at": report.started_at.isoformat() if report.started_at else None,
            "ended_at": report.ended_at.isoformat() if report.ended_at else None,
        },
    )


def _look_for_lost_accuracy(store: Store, model: ModelVersion, _now: datetime) -> Finding | None:
    measure = choose_measure(store, model, plan.current_objective(store, model.project_id))
    answers = store.log.labelled_answers(model.project_id, newest=LATEST_ROWS, model_version_id=model.id)
    estimate = measure.estimate(answers) if len(answers) >= FEWEST_LABELS else None
    if estimate is None:
        return None
    metric, tested = plan.metric(measure.metric), tested_estimate(store, model, measure.metric)
    measured = f"Over the newest {len(answers):,} labels: {say_estimate(estimate)}."
    evidence: Json = {
        "metric": metric.name,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n_labelled": len(answers),
        "minimum": measure.minimum,
        "tested_value": tested.value if tested else None,
    }
    if measure.minimum is not None and _clearly_worse(metric, estimate, measure.minimum):
        bound = "at least" if metric.greater_is_better else "at most"
        wanted = f"{bound} {plan.format_value(metric.name, measure.minimum)}"
        return Finding("accuracy", "The model is no longer good enough", f"{measured} Wanted: {wanted}.", evidence)
    if tested is not None and _clearly_worse(metric, estimate, _worst(metric, tested)):
        message = f"{measured} When it was tested: {say_estimate(tested)}."
        return Finding("accuracy", "The model is worse than when it was tested", message, evidence)
    return None


def _clearly_worse(metric: Metric, estimate: MetricEstimate, border: float) -> bool:
    return estimate.high < border if metric.greater_is_better else estimate.low > border


def _worst(metric: Metric, estimate: MetricEstimate) -> float:
    return estimate.low if metric.greater_is_better else estimate.high


def _look_for_failures(store: Store, model: ModelVersion, now: datetime) -> Finding | None:
    windows = store.log.windows(model.project_id, since=now - ERROR_SPAN, model_version_id=model.id, with_bins=False)
    n_requests = sum(window.n_requests for window in windows)
    n_errors = sum(window.n_errors for window in windows)
    n_refused = sum(window.n_refused for window in windows)
    if n_requests < FEWEST_REQUESTS or n_errors + n_refused < MOST_FAILURES * n_requests:
        return None
    share = (n_errors + n_refused) / n_requests
    return Finding(
        "errors",
        "Requests go unanswered",
        f"In the last 15 minutes {say_share(share)} of {n_requests:,} requests got no prediction: "
        f"{n_refused:,} were refused because of what was asked, {n_errors:,} failed in the service.",
        {"n_requests": n_requests, "n_refused": n_refused, "n_errors": n_errors},
    )
