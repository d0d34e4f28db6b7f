"""How did a drill go? Which alarm came from which fault and after how long, what nobody noticed, what was false."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from core.errors import NotFoundError
from core.plan import current_objective
from core.records import AlarmScore, AlarmVerdict, Alert, DrillReport, Fault, FaultScore, Job, PlayedSpan
from core.simulate.catalogue import describe_fault
from core.simulate.drill_words import say_drill
from core.simulate.progress import Sighting, Trace
from core.simulate.settings import read_settings
from core.store import Store


def score_drill(store: Store, job_id: str, *, now: datetime) -> DrillReport:
    """Return how a drill went, or goes so far.

    An alarm belongs to each fault in whose span, or whose grace after it, it came up. If it names columns and one of
    those faults touched one of them, it belongs to the faults that did. An alarm outside all of them is false.

    Raises
    ------
    NotFoundError
        When there is no such play, or nothing went wrong in it on purpose.
    """
    job = store.get(Job, job_id)
    settings = read_settings(job)
    if not settings.faults:
        raise NotFoundError("That play was no drill: nothing went wrong in it on purpose.", "Choose faults next time.")
    traces = [Trace(**trace) for trace in job.result.get("traces", ())] or [Trace() for _ in settings.faults]
    sightings = [Sighting(**sighting) for sighting in job.result.get("sightings", ())]
    alerts = {alert.id: alert for alert in store.find(Alert, project_id=job.project_id)}
    alarms = tuple(
        _score_alarm(sighting, settings.faults, traces, settings.alarm_grace_s, alerts) for sighting in sightings
    )
    task = current_objective(store, job.project_id).task or "binary"
    faults = tuple(
        _score_fault(describe_fault(fault, task), fault, trace, [one for one in alarms if number in one.faults])
        for number, (fault, trace) in enumerate(zip(settings.faults, traces, strict=True))
    )
    opened = {sighting.alert_id for sighting in sightings if not sighting.was_open}
    n_open_before = len((job.result.get("known") or {}).keys() - opened)
    return DrillReport(
        job_id=job.id,
        project_id=job.project_id,
        started_at=job.started_at or job.created_at,
        ended_at=None if job.active else job.ended_at or now,
        n_rows=int(job.result.get("next_row", settings.first_row)) - settings.first_row,
        speed_up=settings.speed_up,
        grace_s=settings.alarm_grace_s,
        faults=faults,
        alarms=alarms,
        sentences=say_drill(faults, alarms, n_open_before=n_open_before, is_over=not job.active),
    )


def list_plays(store: Store, project_id: str, *, newest: int = 20) -> tuple[PlayedSpan, ...]:
    """Return the last stretches of simulated traffic, oldest first: what charts of live traffic mark as simulated."""
    jobs = store.find(Job, project_id=project_id, kind="replay", newest=newest)
    return tuple(PlayedSpan(job.started_at, job.ended_at) for job in jobs if job.started_at is not None)


def _score_alarm(
    sighting: Sighting, faults: Sequence[Fault], traces: Sequence[Trace], grace_s: float, alerts: Mapping[str, Alert]
) -> AlarmScore:
    """Say which faults an alarm came from."""
    near = [number for number, trace in enumerate(traces) if _is_near(sighting.at, trace, grace_s)]
    right = [number for number in near if set(faults[number].columns) & set(sighting.columns)]
    verdict: AlarmVerdict = "right"
    if not near:
        verdict = "false"
    elif sighting.columns and not right and all(faults[number].columns for number in near):
        verdict = "other_column"
    alert = alerts.get(sighting.alert_id)
    return AlarmScore(
        sighting.alert_id,
        sighting.title,
        datetime.fromtimestamp(sighting.at, UTC),
        sighting.row,
        verdict,
        tuple(right or near),
        tuple(sighting.columns),
        sighting.was_open,
        alert.handled_by if alert else None,
    )


def _is_near(at: float, trace: Trace, grace_s: float) -> bool:
    """Whether a moment lies within what a fault did, or the grace after it."""
    return (
        trace.began_at is not None and trace.ended_at is not None and trace.began_at <= at <= trace.ended_at + grace_s
    )


def _score_fault(sentence: str, fault: Fault, trace: Trace, alarms: Sequence[AlarmScore]) -> FaultScore:
    """Say what the first alarm of a fault was, one about other columns only if there is no other."""
    began_at, ended_at = (
        None if moment is None else datetime.fromtimestamp(moment, UTC) for moment in (trace.began_at, trace.ended_at)
    )
    score = FaultScore(fault, sentence, trace.n_rows, began_at, ended_at)
    first = min(alarms, key=lambda alarm: (alarm.verdict == "other_column", alarm.seen_at), default=None)
    if first is None or began_at is None or trace.first_row is None:
        return score
    named = any(set(alarm.columns) & set(fault.columns) for alarm in alarms)
    could_name = fault.columns and any(alarm.columns for alarm in alarms)
    return FaultScore(
        fault,
        sentence,
        trace.n_rows,
        began_at,
        ended_at,
        noticed_at=first.seen_at,
        noticed_after_s=(first.seen_at - began_at).total_seconds(),
        noticed_after_rows=max(first.row - trace.first_row, 0),
        noticed_by=first.title,
        named_its_column=named if could_name else None,
        acknowledged_by=next((alarm.acknowledged_by for alarm in alarms if alarm.acknowledged_by), None),
    )
