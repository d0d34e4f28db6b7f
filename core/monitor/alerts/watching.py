"""Looking at live models again and again: what is found becomes alerts, what is gone ends them.

The dear looks (changed questions, accuracy) are done again only when there is something new to look at.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from core.monitor.alerts.input_looks import look_for_drift, look_for_missing
from core.monitor.alerts.release_looks import look_beside, look_for_taken_back
from core.monitor.alerts.rules import list_rules
from core.monitor.alerts.scene import Scene, set_scene
from core.monitor.alerts.service_looks import look_for_drops, look_for_failures, look_for_silence, look_for_slowness
from core.monitor.alerts.states import BY_ITSELF, first_step, is_left_alone, move, next_step
from core.monitor.alerts.truth_looks import (
    look_for_estimated_loss,
    look_for_lost_accuracy,
    look_for_missing_labels,
)
from core.monitor.notices.outgoing import prepare_notices
from core.records import Alert, AlertEvidence, AlertKind, AlertRule, ModelVersion, Objective
from core.store import AlertStep, Store, newest_label_at

Look = Callable[[Scene, AlertRule], AlertEvidence | None]
LOOKS: Mapping[AlertKind, Look] = MappingProxyType(
    {
        "missing": look_for_missing,
        "drift": look_for_drift,
        "accuracy": look_for_lost_accuracy,
        "estimate": look_for_estimated_loss,
        "errors": look_for_failures,
        "latency": look_for_slowness,
        "dropped": look_for_drops,
        "traffic": look_for_silence,
        "labels": look_for_missing_labels,
        "taken_back": look_for_taken_back,
        "beside": look_beside,
    }
)
"""Missing values come before drift, which leaves out the columns that are told already."""
ON_COUNTS: tuple[AlertKind, ...] = ("missing", "drift", "estimate")
ON_LABELS: tuple[AlertKind, ...] = ("accuracy", "beside")
AGAIN_AFTER = timedelta(seconds=30)
"""The dear looks are done at most so often for one model, however much comes in."""


@dataclass
class Memory:
    """What the dear looks at one model found last, and from what."""

    seen: tuple[Hashable, ...] = ()
    looked_at: datetime | None = None
    found: dict[AlertKind, AlertEvidence | None] = field(default_factory=dict)


class Watcher:
    """Looks at every live model of a store.

    Parameters
    ----------
    store : Store
        The open store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memories: dict[str, Memory] = {}

    def look(self, now: datetime) -> list[Alert]:
        """Look at all that is live, and return the alerts opened now."""
        opened: list[Alert] = []
        for deployment in self._store.releases.all():
            memory = self._memories.setdefault(deployment.id, Memory())
            opened += check_alerts(self._store, deployment.id, now=now, memory=memory)
        return opened


def check_alerts(store: Store, project_id: str, *, now: datetime, memory: Memory | None = None) -> list[Alert]:
    """Look at the live model by the project's rules; open, bring up to date, resolve and reopen alerts.

    All changes of one look are written in one transaction with one notice for each channel that wants them.

    Parameters
    ----------
    memory : Memory, optional
        Of earlier looks, kept by whoever looks again and again.

    Returns
    -------
    list of Alert
        Those opened now, or reopened.
    """
    deployment = store.releases.current(project_id)
    if deployment is None:
        return []
    model = store.get(ModelVersion, deployment.model_version_id)
    alerts = store.find(Alert, project_id=project_id)
    rules = [rule for rule in list_rules(store, project_id) if rule.kind in LOOKS]
    findings = _look(store, model, [rule for rule in rules if rule.enabled], now, memory or Memory())
    steps = [*_steps_of_others(alerts, model, now), *_steps_of_rules(alerts, model, rules, findings, now)]
    _forget_what_never_opened(store, alerts, model, findings)
    if not steps:
        return []
    taken = store.alerts.take(project_id, steps, prepare_notices(store, project_id))
    return [step.alert for step in taken if step.change and step.change.before != "open" and step.alert.state == "open"]


def _look(
    store: Store, model: ModelVersion, rules: list[AlertRule], now: datetime, memory: Memory
) -> dict[AlertKind, AlertEvidence | None]:
    """Return what each rule finds; the dear ones from memory while nothing new has come."""
    dear = [rule for rule in rules if rule.kind in (*ON_COUNTS, *ON_LABELS)]
    scene = set_scene(store, model, now)
    seen = _what_there_is(store, model, dear)
    is_fresh = memory.looked_at is not None and now - memory.looked_at < AGAIN_AFTER
    if memory.seen != seen and not (is_fresh and memory.seen and memory.seen[0] == seen[0]):
        memory.found = _look_by(scene, dear)
        memory.seen, memory.looked_at = seen, now
    return memory.found | _look_by(scene, [rule for rule in rules if rule not in dear])


def _look_by(scene: Scene, rules: list[AlertRule]) -> dict[AlertKind, AlertEvidence | None]:
    by_kind = {rule.kind: rule for rule in rules}
    found: dict[AlertKind, AlertEvidence | None] = {}
    for kind in (kind for kind in LOOKS if kind in by_kind):
        found[kind] = finding = LOOKS[kind](scene, by_kind[kind])
        if kind == "missing" and finding is not None:
            scene = replace(scene, told=frozenset(column["name"] for column in finding.figures["columns"]))
    return found


def _what_there_is(store: Store, model: ModelVersion, rules: list[AlertRule]) -> tuple[Hashable, ...]:
    """Return what the dear looks depend on: first what people decided, then the traffic and the labels."""
    limits = tuple((rule.kind, rule.threshold) for rule in rules)
    live = store.releases.current(model.project_id)
    decided = (model.id, live and live.generation, limits, store.newest(Objective, project_id=model.project_id))
    newest = store.log.windows(model.project_id, model_version_id=model.id, newest=3, only=())
    counts = tuple((window.started_at, window.n_rows) for window in newest)
    return decided, counts, newest_label_at(store, model.project_id)


def _forget_what_never_opened(
    store: Store, alerts: list[Alert], model: ModelVersion, findings: Mapping[AlertKind, AlertEvidence | None]
) -> None:
    for alert in alerts:
        is_gone = alert.model_version_id != model.id or findings.get(alert.kind) is None
        if alert.state == "pending" and is_gone:
            store.remove(Alert, id=alert.id, state="pending")


def _steps_of_others(alerts: list[Alert], model: ModelVersion, now: datetime) -> list[AlertStep]:
    """Resolve what is about versions that are no longer live."""
    reason = f"Version {model.number} is live now."
    others = [alert for alert in alerts if alert.model_version_id != model.id and alert.active]
    return [move(alert, "resolved", BY_ITSELF, reason, now) for alert in others]


def _steps_of_rules(
    alerts: list[Alert],
    model: ModelVersion,
    rules: list[AlertRule],
    findings: Mapping[AlertKind, AlertEvidence | None],
    now: datetime,
) -> list[AlertStep]:
    steps = []
    for rule in rules:
        mine = [alert for alert in alerts if alert.model_version_id == model.id and alert.kind == rule.kind]
        step = step_of_rule(_last_of(mine), model, rule, findings.get(rule.kind), now)
        if step is not None:
            steps.append(step)
    return steps


def _last_of(alerts: list[Alert]) -> Alert | None:
    """Return the alert about a matter that is not over; else the one that ended last."""
    return max(alerts, key=lambda alert: (alert.state != "resolved", alert.changed_at), default=None)


def step_of_rule(
    last: Alert | None, model: ModelVersion, rule: AlertRule, finding: AlertEvidence | None, now: datetime
) -> AlertStep | None:
    """Return what becomes of one matter at a look, given its last alert and what is found; None: nothing."""
    if last is not None and last.active and not rule.enabled:
        return move(last, "resolved", BY_ITSELF, f"{rule.created_by} switched the rule off.", now)
    step = next_step(last, finding, rule, now) if last is not None else None
    if step is not None or finding is None:
        return step
    is_over = last is None or (last.state == "resolved" and not is_left_alone(last, now))
    return first_step(model, finding, rule, now) if is_over else None
