"""Which faults were played on purpose, as events to be marked beside alerts; a drill's secret stays one."""

from datetime import UTC, datetime

from core.plan import current_objective
from core.records import Fault, Job, LiveEvent, Task
from core.simulate.catalogue import describe_fault
from core.simulate.progress import Trace
from core.simulate.settings import read_settings
from core.store import Store

NEWEST_PLAYS = 20


def known_faults(store: Store, project_id: str) -> tuple[LiveEvent, ...]:
    """Return the faults of the newest plays of a project that met any row, without those still to be guessed."""
    task = current_objective(store, project_id).task or "binary"
    found = []
    for job in store.find(Job, project_id=project_id, kind="replay", newest=NEWEST_PLAYS):
        settings = read_settings(job)
        if settings.hidden and not settings.revealed:
            continue
        traces = [Trace(**trace) for trace in job.result.get("traces", ())]
        pairs = zip(settings.faults, traces, strict=False)
        found += [event for fault, trace in pairs if (event := _as_event(fault, trace, task)) is not None]
    return tuple(found)


def _as_event(fault: Fault, trace: Trace, task: Task) -> LiveEvent | None:
    if trace.began_at is None:
        return None
    ended_at = None if trace.ended_at is None else datetime.fromtimestamp(trace.ended_at, UTC)
    return LiveEvent("fault", describe_fault(fault, task), datetime.fromtimestamp(trace.began_at, UTC), ended_at)
