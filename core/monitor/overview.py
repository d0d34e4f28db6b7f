"""Is it still working, and is it still worth it? All that is watched, in one sentence with its reasons."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core import deploy, plan
from core.errors import NotReadyError
from core.monitor.alerts import list_alerts
from core.monitor.drift import drift
from core.monitor.estimate import estimate
from core.monitor.performance import performance
from core.monitor.traffic import traffic
from core.monitor.wording import say_share
from core.monitor.worth import FEWEST_LABELS, worth
from core.records import (
    Alert,
    DriftReport,
    EstimateReport,
    LiveEvent,
    ModelVersion,
    Objective,
    Overview,
    OverviewState,
    PerformanceReport,
    Release,
    TrafficReport,
    Worth,
)
from core.store import Store

LATELY = timedelta(hours=1)
MOST_UNANSWERED = 0.05
"""Share of requests that may fail or be refused before the first sentence says so."""
FEWEST_REQUESTS = 20
SERIOUS: dict[OverviewState, int] = {"bad": 0, "look": 1, "unknown": 2, "good": 3}
MOST_EVENTS = 100
STILL_WORTH, NOT_WORTH = "It is still worth it.", "It is not worth it any more."
RETRAIN = "Think about retraining."


@dataclass(frozen=True)
class _Finding:
    """One thing to say: how serious it is, in brief, with the figures, and what to do about it."""

    state: OverviewState
    brief: str
    detail: str = ""
    hint: str = ""

    @property
    def words(self) -> str:
        """All that there is to say."""
        return f"{self.brief} {self.detail}".strip()


@dataclass(frozen=True)
class Measured:
    """What is measured of the version that is live; it takes some tenths of a second, so pages keep it for a while."""

    objective: Objective
    performance: PerformanceReport
    estimate: EstimateReport
    worth: Worth | None
    drift: DriftReport
    lately: TrafficReport


@dataclass(frozen=True)
class _Facts(Measured):
    """What the sentence is made from."""

    alerts: tuple[Alert, ...]


def measure_live(store: Store, project_id: str, *, now: datetime) -> Measured:
    """Return what is measured of the version that is live.

    Raises
    ------
    NotReadyError
        When no model is live.
    """
    if deploy.live_model(store, project_id) is None:
        raise NotReadyError("No model is live, so there is nothing to watch.", "Promote a model on Deploy first.")
    return Measured(
        objective=plan.current_objective(store, project_id),
        performance=performance(store, project_id),
        estimate=estimate(store, project_id),
        worth=worth(store, project_id),
        drift=drift(store, project_id),
        lately=traffic(store, project_id, since=now - LATELY),
    )


def overview(store: Store, project_id: str, measured: Measured) -> Overview:
    """Return how the version that is live stands: what was measured of it, and the alerts there are now."""
    alerts = tuple(alert for alert in list_alerts(store, project_id) if alert.active)
    return _judge(project_id, _Facts(**vars(measured), alerts=alerts))


def _judge(project_id: str, facts: _Facts) -> Overview:
    found = [*_answering(facts), *_right(facts), *_worth_it(facts), *_changed(facts), *_called(facts)]
    found.sort(key=lambda finding: SERIOUS[finding.state])
    worst = found[0]
    return Overview(
        project_id,
        worst.state,
        _headline(facts, worst),
        "" if worst.state == "good" else worst.detail,
        tuple(finding.words for finding in found),
        worst.hint,
        facts.performance,
        facts.estimate,
        facts.worth,
        facts.drift,
        facts.lately,
    )


def _headline(facts: _Facts, worst: _Finding) -> str:
    """Answer both questions without a figure: is it still working, and is it still worth it?"""
    worth_it = _brief_worth(facts.worth)
    if worst.state == "good":
        return "It is still working, and it is still worth it." if worth_it == STILL_WORTH else "It is still working."
    if worst.state == "unknown":
        return f"Whether it is still right is not known. {worst.brief}".strip()
    return worst.brief if worst.brief == worth_it else f"{worst.brief} {worth_it}".strip()


def _brief_worth(value: Worth | None) -> str:
    if value is None:
        return ""
    if value.low > value.without_model:
        return NOT_WORTH
    return STILL_WORTH if value.high < value.without_model else "Whether it is worth it is not sure."


def _answering(facts: _Facts) -> list[_Finding]:
    lately = facts.lately
    if lately.n_requests == 0:
        return [_Finding("good", "Nobody has asked it anything in the last hour.")]
    share = lately.n_unanswered / lately.n_requests
    if lately.n_requests >= FEWEST_REQUESTS and share >= MOST_UNANSWERED:
        words = f"In the last hour {say_share(share)} of {lately.n_requests:,} requests got no answer."
        state: OverviewState = "bad" if 2 * lately.n_errors > lately.n_unanswered else "look"
        return [_Finding(state, words, hint="See below which and why.")]
    if lately.n_dropped:
        return [_Finding("look", f"{lately.n_dropped:,} answers of the last hour are missing in the log.")]
    return [_Finding("good", f"It answered {lately.n_rows:,} questions in the last hour.")]


def _right(facts: _Facts) -> list[_Finding]:
    report = facts.performance
    if report.n_predictions == 0:
        return [_Finding("unknown", "It is new: nobody has asked it anything yet.")]
    newest = report.latest
    if newest is None:
        return [_expected(facts.estimate)]
    if report.n_latest < FEWEST_LABELS:
        brief = "Too few true values have come to tell."
        return [_Finding("unknown", brief, f"So far {report.n_latest:,}.", "More would tell: hand them in below.")]
    said = plan.say_value(report.metric, newest.value)
    if report.minimum is None:
        return [_Finding("good", f"Where the truth is known: {said}")]
    verdict = plan.judge_objective(facts.objective, newest.value, newest.low, newest.high, report.n_latest)
    if verdict.outcome == "not_met":
        return [_Finding("bad", "It is right less often than it should be.", said, RETRAIN)]
    return [_Finding("good", "It is right as often as it should be, as far as that can be told.", said)]


def _expected(report: EstimateReport) -> _Finding:
    if report.trust == "unreliable":
        brief = "How right it is now is not known, and the estimate cannot be relied on."
        return _Finding("look", brief, report.sentence, "Only true values can tell: hand them in below.")
    if report.newest is None:
        return _Finding("unknown", "Nobody has told it the truth yet.", report.sentence, "Hand in true values below.")
    return _Finding("unknown", "", report.sentence, "True values would tell: hand them in below.")


def _worth_it(facts: _Facts) -> list[_Finding]:
    value = facts.worth
    if value is None:
        return []
    if value.low > value.without_model:
        # The sentence says the same before its colon.
        figures = value.sentence.partition(": ")[2]
        return [_Finding("bad", NOT_WORTH, figures, "Think about retraining, or take it back on Deploy model.")]
    return [_Finding("good", "", value.sentence)]


def _changed(facts: _Facts) -> list[_Finding]:
    report = facts.drift
    if report.n_drifted:
        return [_Finding("look", "It is asked other things than it learned from.", report.sentence, "See below.")]
    return [_Finding("good", report.sentence)]


def _called(facts: _Facts) -> list[_Finding]:
    """Return one finding for the alerts that still wait for somebody."""
    waiting = [alert for alert in facts.alerts if alert.state == "open"]
    if not waiting:
        return []
    titles = "; ".join(dict.fromkeys(alert.title for alert in waiting))
    is_bad = any(alert.severity == "critical" for alert in waiting)
    n_waiting = f"{len(waiting)} alerts wait" if len(waiting) > 1 else "One alert waits"
    state: OverviewState = "bad" if is_bad else "look"
    return [_Finding(state, f"{n_waiting} for somebody.", f"{titles}.", "Look at the alerts below.")]


def live_events(store: Store, project_id: str) -> tuple[LiveEvent, ...]:
    """Return what happened to what is live: releases and alerts, oldest first, to be marked in charts."""
    models = {model.id: model.number for model in store.find(ModelVersion, project_id=project_id)}
    releases = [
        LiveEvent("release", f"version {models.get(one.model_version_id, '?')} live", one.created_at)
        for one in store.find(Release, project_id=project_id, newest=MOST_EVENTS)
        if one.lets_answer(one.model_version_id)
    ]
    alerts = [
        LiveEvent("alert", one.title, one.opened_at, one.changed_at if one.state == "resolved" else None)
        for one in list_alerts(store, project_id)[:MOST_EVENTS]
        if one.state != "pending"
    ]
    return tuple(sorted((*releases, *alerts), key=lambda event: event.started_at))
