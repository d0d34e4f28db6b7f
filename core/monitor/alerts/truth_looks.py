"""Looks at the truth: what the labels say of the answers, and whether labels still come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from core import plan
from core.monitor.alerts.rules import say_limit
from core.monitor.alerts.scene import Scene
from core.monitor.estimate import estimate
from core.monitor.losses import FEWEST_LABELS, find_loss, is_estimated_loss
from core.monitor.performance import LATEST_ROWS, say_estimate
from core.monitor.realised import Measure, choose_measure, tested_estimate
from core.records import AlertEvidence, AlertRule, Json, MetricEstimate
from core.store import LabelledAnswer, label_times, newest_label_at

N_STRETCHES = 4
NEWEST_LABELS = 500
LONGER_THAN_USUAL = 3
MINUTE = timedelta(minutes=1)


def look_for_lost_accuracy(scene: Scene, rule: AlertRule) -> AlertEvidence | None:  # noqa: ARG001 - its limit is the plan's
    """Return how right the newest answers with known truth were, when that is clearly worse than wanted or tested."""
    measure = choose_measure(scene.store, scene.model, scene.objective)
    answers = scene.store.log.labelled_answers(
        scene.model.project_id, newest=LATEST_ROWS, model_version_id=scene.model.id
    )
    return judge_answers(measure, tested_estimate(scene.store, scene.model, measure.metric), answers, scene.now)


def judge_answers(
    measure: Measure, tested: MetricEstimate | None, answers: Sequence[LabelledAnswer], now: datetime
) -> AlertEvidence | None:
    """Return what is to be said when answers are clearly worse than the plan wants or than at the test, else None."""
    loss = find_loss(measure, tested, answers)
    if loss is None:
        return None
    estimate, newest = loss.estimate, loss.answers
    measured = f"Over the newest {len(newest):,} labels: {say_estimate(estimate)}."
    figures: Json = {
        "metric": measure.metric,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n_labelled": len(newest),
        "minimum": measure.minimum,
        "tested_value": tested.value if tested else None,
        "started_at": newest[0].predicted_at.isoformat(),
        "ended_at": newest[-1].predicted_at.isoformat(),
    }
    if loss.below_minimum:
        message = f"{measured} Wanted: {_say_minimum(measure)}."
        return AlertEvidence("The model is no longer good enough", message, "critical", figures, now)
    message = f"{measured} When it was tested: {say_estimate(tested)}." if tested else measured
    return AlertEvidence("The model is worse than when it was tested", message, "warning", figures, now)


def _say_minimum(measure: Measure) -> str:
    bound = "at least" if plan.metric(measure.metric).greater_is_better else "at most"
    return f"{bound} {plan.format_value(measure.metric, measure.minimum or 0.0)}"


def look_for_estimated_loss(scene: Scene, rule: AlertRule) -> AlertEvidence | None:  # noqa: ARG001 - its limit is the plan's
    """Return how right the model probably is where labels are missing, when that is clearly worse than wanted."""
    report = estimate(scene.store, scene.model.project_id, n_points=N_STRETCHES)
    newest = report.newest
    if newest is None or report.trust == "unreliable" or newest.n_labelled >= FEWEST_LABELS:
        return None
    measure = choose_measure(scene.store, scene.model, scene.objective)
    tested = tested_estimate(scene.store, scene.model, measure.metric)
    if not is_estimated_loss(measure, tested, newest):
        return None
    figures: Json = {
        "metric": measure.metric,
        "value": newest.value,
        "low": newest.low,
        "high": newest.high,
        "n_rows": newest.n_rows,
        "minimum": measure.minimum,
        "trust": report.trust,
    }
    message = f"{report.sentence} Labels would tell for sure. {report.assumption}"
    return AlertEvidence("The model is probably less right than it was", message, "warning", figures, scene.now)


def look_for_missing_labels(scene: Scene, rule: AlertRule) -> AlertEvidence | None:
    """Return since when no label has come, when labels usually do and there are questions that wait for one."""
    project_id, limit = scene.model.project_id, timedelta(minutes=rule.threshold or 0.0)
    last = newest_label_at(scene.store, project_id)
    if last is None or scene.now - last < limit:
        return None
    times = label_times(scene.store, project_id, newest=NEWEST_LABELS)
    usual_delay, usual_gap = _usual_delay(times), _usual_gap([received for received, _ in times])
    quiet = scene.now - last
    if len(times) < FEWEST_LABELS or quiet < LONGER_THAN_USUAL * usual_gap:
        return None
    # Asked since the newest label's question, and so long ago that the truth should be known.
    asked_since = max(asked for _, asked in times) + MINUTE / 60
    n_waiting = scene.store.log.count_between(project_id, asked_since, scene.now - 2 * usual_delay)
    if n_waiting < FEWEST_LABELS:
        return None
    minutes = quiet / MINUTE
    return AlertEvidence(
        "The truth stops coming",
        f"No label has come for {say_limit('minutes', round(minutes))}. Usually one comes at the latest "
        f"{say_limit('minutes', max(round(usual_delay / MINUTE), 1))} after the question; {n_waiting:,} questions "
        "wait. Whether the model is still right is not known.",
        "warning",
        {"quiet_minutes": minutes, "n_waiting": n_waiting, "usual_delay_minutes": usual_delay / MINUTE},
        scene.now,
    )


def _usual_delay(times: Sequence[tuple[datetime, datetime]]) -> timedelta:
    """Return within which time after the question nine of ten labels came."""
    delays = sorted(received - asked for received, asked in times)
    return max(delays[int(0.9 * (len(delays) - 1))], MINUTE) if delays else MINUTE


def _usual_gap(received: Sequence[datetime]) -> timedelta:
    """Return the longest pause between two labels that came one after the other."""
    gaps = [later - earlier for earlier, later in pairwise(received)]
    return max(gaps, default=timedelta())
