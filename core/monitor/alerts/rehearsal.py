"""What would a rule have done over the traffic that went by? Tried before it is switched on, by the very same looks."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from types import MappingProxyType
from typing import TypeVar

from core import plan
from core.errors import NotReadyError
from core.evaluate import score_predictions
from core.monitor.alerts.input_looks import drift_level, missing_level
from core.monitor.alerts.quiet import MONTH, Alarm, quiet_accuracy_a_month, quiet_inputs_a_month
from core.monitor.alerts.rehearsal_words import say_rehearsal
from core.monitor.alerts.rules import limit_of
from core.monitor.alerts.scene import PastTraffic, Scene, set_scene
from core.monitor.alerts.service_looks import drop_level, failure_level, latency_level, silence_level
from core.monitor.alerts.truth_looks import judge_answers
from core.monitor.alerts.watching import LOOKS, step_of_rule
from core.monitor.current_window import MINUTE
from core.monitor.drift import live_version_id
from core.monitor.judging import PSI_FLOOR
from core.monitor.losses import FEWEST_LABELS
from core.monitor.performance import LATEST_ROWS, MOST_LABELLED
from core.monitor.realised import Measure, choose_measure, tested_estimate
from core.records import (
    Alert,
    AlertEvidence,
    AlertKind,
    AlertRule,
    MetricEstimate,
    ModelVersion,
    Rehearsal,
    Window,
    utc_now,
)
from core.store import TRAFFIC_COUNTS, Store

MOST_WINDOWS = 5_000
MOST_MOMENTS = 300
MOST_CHECKS = 40
"""Looks at accuracy: each takes an interval of a thousand labels."""
SHORTEST_SPAN = timedelta(days=1)
"""A shorter past says nothing of a month."""
LOOKS_SHARE = 0.6
"""Of the work: the looks at the past; the rest are looks at quiet stretches drawn from it."""
T = TypeVar("T")
Level = Callable[[Scene], float | None]
LEVELS: Mapping[AlertKind, Level] = MappingProxyType(
    {
        "drift": drift_level,
        "missing": missing_level,
        "errors": failure_level,
        "latency": latency_level,
        "dropped": drop_level,
        "traffic": silence_level,
    }
)
OF_ONE_MINUTE: Mapping[AlertKind, Level] = MappingProxyType(
    {
        "errors": lambda scene: failure_level(scene, MINUTE),
        "latency": lambda scene: latency_level(scene, MINUTE),
        "dropped": lambda scene: drop_level(scene, MINUTE),
    }
)
"""The same for the newest minute alone: when the matter began, seen from afterwards."""
UNITS: Mapping[AlertKind, str] = MappingProxyType(
    {
        "drift": "greatest change of a column (PSI)",
        "missing": "more missing or unknown values, worst column",
        "errors": "share of requests without an answer",
        "latency": "95 of 100 answers within (ms)",
        "dropped": "share of rows not logged",
        "traffic": "minutes without a question",
        "accuracy": "measured over the newest labels",
    }
)
REHEARSED: tuple[AlertKind, ...] = (*LEVELS, "accuracy")
"""Kinds of rules that can be tried on the past; the others need what was known of labels at the time."""


@dataclass(frozen=True)
class Moment:
    """One look of a rehearsal: what the rule looked at, what it found, and whether the matter was there by itself."""

    at: datetime
    level: float | None
    finding: AlertEvidence | None
    is_there: bool | None


def rehearse_rule(
    store: Store,
    project_id: str,
    rule: AlertRule,
    *,
    days: int = 30,
    now: datetime | None = None,
    report: Callable[[float], object] = lambda _share: None,
) -> Rehearsal:
    """Return what a rule would have done over the live version's past: alarms a month, false ones, and the delay.

    Of the newest 5,000 minutes with traffic, or 5,000 labels, at most 300 moments are looked at.

    Parameters
    ----------
    rule : AlertRule
        As it is or might be; it need not be saved.
    report : callable
        Is told again and again which share of the work is done, in [0, 1]; what it raises ends the work.

    Raises
    ------
    NotReadyError
        When no model is live, or the rule cannot be tried on the past.
    """
    if rule.kind not in REHEARSED:
        raise NotReadyError("This rule cannot be tried on the past.", "Switch it on and see what it finds.")
    model = store.get(ModelVersion, live_version_id(store, project_id))
    now = now or utc_now()
    if rule.kind == "accuracy":
        return _rehearse_accuracy(store, model, rule, now, report)
    with_bins = rule.kind in ("drift", "missing")
    windows = store.log.windows(
        project_id,
        since=now - timedelta(days=days),
        model_version_id=model.id,
        newest=MOST_WINDOWS,
        only=None if with_bins else TRAFFIC_COUNTS,
    )
    scene = set_scene(store, model, now, PastTraffic(windows))
    limit = PSI_FLOOR if rule.kind == "drift" else limit_of(rule, scene.objective)
    times = _moments(windows, rule, now)
    moments = [_look(scene, rule, limit, at) for at in _told(times, lambda share: report(LOOKS_SHARE * share))]
    alarms = _alarms(model, rule, moments)
    quiet = quiet_inputs_a_month(scene, rule, windows, alarms, report=_rest(report)) if with_bins else None
    judged = _judge_by_labels(store, model, scene, alarms) if with_bins else [True] * len(alarms)
    return _summarise(rule, limit, moments, alarms, judged, quiet)


def _told(things: Sequence[T], report: Callable[[float], object]) -> Iterator[T]:
    """Yield each thing, and tell before it which share is done."""
    for place, thing in enumerate(things):
        report(place / len(things))
        yield thing


def _rest(report: Callable[[float], object]) -> Callable[[float], object]:
    """Return how the looks at quiet stretches tell their share of the whole work."""
    return lambda share: report(LOOKS_SHARE + (1 - LOOKS_SHARE) * share)


def _moments(windows: Sequence[Window], rule: AlertRule, now: datetime) -> list[datetime]:
    """Return when to look: as traffic came in, and for silence at even steps."""
    if not windows:
        return []
    if rule.kind == "traffic":
        step = max((now - windows[0].started_at) / MOST_MOMENTS, 5 * MINUTE)
        return [windows[0].started_at + step * n for n in range(1, int((now - windows[0].started_at) / step) + 1)]
    ends = [window.started_at + MINUTE for window in windows]
    return ends[:: -(-len(ends) // MOST_MOMENTS)]


def _look(scene: Scene, rule: AlertRule, limit: float | None, at: datetime) -> Moment:
    scene = replace(scene, now=at)
    level = LEVELS[rule.kind](scene)
    alone = OF_ONE_MINUTE[rule.kind](scene) if rule.kind in OF_ONE_MINUTE else level
    is_there = None if alone is None or limit is None else alone >= limit and alone > 0
    return Moment(at, level, LOOKS[rule.kind](scene, rule), is_there)


def _alarms(model: ModelVersion, rule: AlertRule, moments: Sequence[Moment]) -> list[Alarm]:
    """Return the alerts that would have opened, by the same steps as real ones."""
    alarms: list[Alarm] = []
    alert: Alert | None = None
    rule = replace(rule, enabled=True)
    for place, moment in enumerate(moments):
        step = step_of_rule(alert, model, rule, moment.finding, moment.at)
        if alert is not None and alert.state == "pending" and moment.finding is None:
            alert = None
        if step is None:
            continue
        if step.alert.state == "open" and (alert is None or alert.state != "open"):
            alarms.append(Alarm(moment.at, *_beginning(moments[: place + 1])))
        elif step.alert.state == "resolved" and alarms:
            alarms[-1] = replace(alarms[-1], ended_at=moment.at)
        alert = step.alert
    return alarms


def _beginning(moments: Sequence[Moment]) -> tuple[datetime, datetime]:
    """Return from when on the matter was there without a break up to the last moment, and when it last was not."""
    began = moments[-1].at
    for moment in reversed(moments):
        if moment.is_there is False:
            return began, moment.at
        began = moment.at if moment.is_there else began
    return began, moments[0].at


def _judge_by_labels(store: Store, model: ModelVersion, scene: Scene, alarms: Sequence[Alarm]) -> list[bool | None]:
    """Return for each alarm whether accuracy suffered while it lasted; None where too few labels tell."""
    measure = choose_measure(store, model, scene.objective)
    tested = tested_estimate(store, model, measure.metric)
    answers = store.log.labelled_answers(model.project_id, newest=MOST_LABELLED, model_version_id=model.id)
    times = [answer.predicted_at for answer in answers]

    def judge(alarm: Alarm) -> bool | None:
        end = len(times) if alarm.ended_at is None else bisect_left(times, alarm.ended_at)
        mine = answers[bisect_left(times, alarm.began_at) : end]
        if len(mine) < FEWEST_LABELS:
            return None
        return judge_answers(measure, tested, mine[:LATEST_ROWS], scene.now) is not None

    return [judge(alarm) for alarm in alarms]


def _rehearse_accuracy(
    store: Store, model: ModelVersion, rule: AlertRule, now: datetime, report: Callable[[float], object]
) -> Rehearsal:
    """Look at the labels in the order of their questions, the newest thousand each time."""
    scene = set_scene(store, model, now)
    measure = choose_measure(store, model, scene.objective)
    tested = tested_estimate(store, model, measure.metric)
    border = _border(measure, tested)
    answers = store.log.labelled_answers(model.project_id, newest=MOST_LABELLED, model_version_id=model.id)
    step = max(len(answers) // MOST_CHECKS, FEWEST_LABELS // 2)
    moments = []
    ends = range(FEWEST_LABELS, len(answers) + 1, step)
    for end in _told(ends, lambda share: report(LOOKS_SHARE * share)):
        mine = answers[max(end - LATEST_ROWS, 0) : end]
        at = mine[-1].predicted_at
        level = score_predictions(measure.metric, measure.scored(mine))
        is_there = None if border is None else _is_worse(measure.metric, level, border)
        moments.append(Moment(at, level, judge_answers(measure, tested, mine, at), is_there))
    alarms = _alarms(model, rule, moments)
    judged = _judge_by_labels(store, model, scene, [replace(alarm, began_at=alarm.opened_at) for alarm in alarms])
    quiet = quiet_accuracy_a_month(
        answers, alarms, lambda mine: judge_answers(measure, tested, mine, now) is not None, report=_rest(report)
    )
    return _summarise(rule, border, moments, alarms, judged, quiet)


def _border(measure: Measure, tested: MetricEstimate | None) -> float | None:
    """Return the value below which (of errors: above which) an alert opens when that is certain."""
    if measure.minimum is not None:
        return measure.minimum
    if tested is None:
        return None
    return tested.low if plan.metric(measure.metric).greater_is_better else tested.high


def _is_worse(metric: str, value: float, border: float) -> bool:
    return value < border if plan.metric(metric).greater_is_better else value > border


def _summarise(
    rule: AlertRule,
    limit: float | None,
    moments: Sequence[Moment],
    alarms: Sequence[Alarm],
    judged: Sequence[bool | None],
    quiet: float | None,
) -> Rehearsal:
    span = moments[-1].at - moments[0].at if moments else timedelta()
    delays = [(alarm.opened_at - alarm.began_at) / MINUTE for alarm in alarms]
    by_outcome = {
        outcome: tuple(alarm.opened_at for alarm, one in zip(alarms, judged, strict=True) if one is outcome)
        for outcome in (False, None)
    }
    told = Rehearsal(
        rule.kind,
        tuple(moment.at for moment in moments),
        tuple(moment.level for moment in moments),
        limit,
        tuple(alarm.opened_at for alarm in alarms),
        by_outcome[False],
        by_outcome[None],
        len(alarms) * (MONTH / span) if span >= SHORTEST_SPAN else None,
        quiet if span >= SHORTEST_SPAN else None,
        median(delays) if delays else None,
        "",
        UNITS[rule.kind],
    )
    return replace(told, sentence=say_rehearsal(told))
