"""What goes on beside the live version: a share of the traffic, a silent challenger, a moment to come, a watch.

All of it is in the one row with the generation, so every change here is compare-and-swap, like a promotion.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from core.deploy.releases import approved_model, checked_rules, promote_model
from core.errors import BadInputError, ConflictError, LifecycleError, NotReadyError
from core.evaluate.model_folder import check_folder
from core.records import (
    Canary,
    Deployment,
    ModelVersion,
    Release,
    ReleasePlan,
    Rules,
    Schedule,
    Shadow,
    Watch,
    utc_now,
)
from core.records.release import ReleaseAction
from core.store import Store

AUTOMATIC = "Full Circle"
"""Who acts when nobody does: the name in the history."""
FARTHEST = timedelta(days=366)


def start_canary(
    store: Store, model_version_id: str, *, share: float, by: str, seen_generation: int, rules: Rules | None = None
) -> Deployment:
    """Let an approved version answer a share of the traffic, or change the share of the one that does.

    Parameters
    ----------
    share : float
        In (0, 1). Who was in a smaller share stays in a larger one.
    rules : Rules, optional
        What it is watched for: when it breaks one, it stops by itself.

    Raises
    ------
    NotReadyError
        When nobody has approved it, or nothing is live.
    BadInputError
        When the share is none, or its files are not those that were approved.
    ConflictError
        When it is live already, the live version is being watched, or someone else changed something in the meantime.
    """
    if not 0.0 < share < 1.0:
        raise BadInputError("A share is more than nothing and less than everything.", "Choose one from 1 to 99 of 100.")
    model, live = _candidate(store, model_version_id)
    plan, now = live.plan, utc_now()
    if rules is not None and plan.watch is not None and plan.watch.model_version_id == live.model_version_id:
        raise ConflictError(
            "The live version is still being watched, and one watch is all there is.", "End that watch first."
        )
    known = plan.canary if plan.canary and plan.canary.model_version_id == model.id else None
    canary = replace(known, share=share) if known else Canary(model.id, share, by, now)
    watch = Watch(model.id, checked_rules(rules), by, now) if rules else _watch_without(plan.canary, plan.watch)
    shadow = plan.shadow if plan.shadow and plan.shadow.model_version_id != model.id else None
    plan = replace(plan, canary=canary, shadow=shadow, watch=watch)
    return _change(store, live, plan, ("start_canary", by, ""), seen_generation)


def stop_canary(store: Store, project_id: str, *, by: str, seen_generation: int, reason: str = "") -> Deployment:
    """Let the live version answer everything again; NotReadyError when no other one takes a share."""
    live = _live(store, project_id, lambda plan: plan.canary, "No version takes a share of the traffic.")
    plan = replace(live.plan, canary=None, watch=_watch_without(live.plan.canary, live.plan.watch))
    return _change(store, live, plan, ("stop_canary", by, reason), seen_generation)


def start_shadow(store: Store, model_version_id: str, *, by: str, seen_generation: int) -> Deployment:
    """Ask an approved version silently what the live one is asked; one that was asked so before stops.

    Raises
    ------
    NotReadyError
        When nobody has approved it, or nothing is live.
    BadInputError
        When its files are not those that were approved.
    ConflictError
        When it answers already, or someone else changed something in the meantime.
    """
    model, live = _candidate(store, model_version_id)
    if live.plan.canary and live.plan.canary.model_version_id == model.id:
        raise ConflictError(f"Version {model.number} answers a share of the traffic already.", "Stop that first.")
    plan = replace(live.plan, shadow=Shadow(model.id, by, utc_now()))
    return _change(store, live, plan, ("start_shadow", by, ""), seen_generation)


def stop_shadow(store: Store, project_id: str, *, by: str, seen_generation: int, reason: str = "") -> Deployment:
    """Stop asking a version silently; its answers so far stay. NotReadyError when none is asked so."""
    live = _live(store, project_id, lambda plan: plan.shadow, "No version is asked silently.")
    return _change(store, live, replace(live.plan, shadow=None), ("stop_shadow", by, reason), seen_generation)


def schedule_promotion(
    store: Store, model_version_id: str, *, at: datetime, by: str, seen_generation: int, rules: Rules | None = None
) -> Deployment:
    """Plan that an approved version becomes live at a moment; a version planned before is planned no longer.

    Parameters
    ----------
    at : datetime
        Aware of its time zone; in the future, within a year.
    rules : Rules, optional
        What it is watched for from then on.

    Raises
    ------
    NotReadyError
        When nobody has approved it, or nothing is live.
    BadInputError
        When the moment is past or too far off, or its files are not those that were approved.
    ConflictError
        When it is live already, or someone else changed something in the meantime.
    """
    if not utc_now() < at <= utc_now() + FARTHEST:
        raise BadInputError("The moment has to lie ahead, within a year.", "Choose a later day or time.")
    model, live = _candidate(store, model_version_id)
    plan = replace(live.plan, schedule=Schedule(model.id, at, by, checked_rules(rules) if rules else None))
    return _change(store, live, plan, ("schedule", by, ""), seen_generation)


def cancel_schedule(store: Store, project_id: str, *, by: str, seen_generation: int, reason: str = "") -> Deployment:
    """Take back what was planned for a moment; NotReadyError when nothing was."""
    live = _live(store, project_id, lambda plan: plan.schedule, "Nothing is planned.")
    return _change(store, live, replace(live.plan, schedule=None), ("cancel_schedule", by, reason), seen_generation)


def end_watch(store: Store, project_id: str, *, by: str, seen_generation: int, reason: str = "") -> Deployment:
    """End a watch and leave everything as it is; NotReadyError when nothing is watched."""
    live = _live(store, project_id, lambda plan: plan.watch, "Nothing is watched.")
    return _change(store, live, replace(live.plan, watch=None), ("end_watch", by, reason), seen_generation)


def promote_due(store: Store, now: datetime) -> list[Deployment]:
    """Make live what was planned for a moment that has come; return what was made live.

    Several processes may do so at once: what is live changes once. What cannot be made live is planned no longer, and
    the history says why.
    """
    due = [live for live in store.releases.all() if live.plan.schedule is not None and live.plan.schedule.at <= now]
    return [done for live in due if (done := _promote_as_planned(store, live)) is not None]


def _promote_as_planned(store: Store, live: Deployment) -> Deployment | None:
    planned = live.plan.schedule
    if planned is None:
        return None
    reason = f"As planned for {planned.at:%d %B %Y, %H:%M} UTC."
    seen = live.generation
    try:
        return promote_model(
            store,
            planned.model_version_id,
            by=planned.scheduled_by,
            seen_generation=seen,
            reason=reason,
            rules=planned.rules,
        )
    except ConflictError:
        # Another process was faster, or a person decided otherwise at this moment.
        return None
    except LifecycleError as error:
        why = f"It could not be made live as planned: {error.message}"
        plan = replace(live.plan, schedule=None)
        try:
            _change(store, live, plan, ("cancel_schedule", AUTOMATIC, why), seen)
        except ConflictError:
            return None
    return None


def _candidate(store: Store, model_version_id: str) -> tuple[ModelVersion, Deployment]:
    """Return a version that may take part beside what is live, and what is live."""
    model = approved_model(store, model_version_id)
    live = store.releases.current(model.project_id)
    if live is None:
        raise NotReadyError(
            "Nothing is live yet.", "Make the first version live at once; later ones can begin beside it."
        )
    if live.model_version_id == model.id:
        raise ConflictError(f"Version {model.number} is live already.", "There is nothing to do.")
    check_folder(store.files.model(model.id), model.digest)
    return model, live


def _live(store: Store, project_id: str, part: Callable[[ReleasePlan], object], missing: str) -> Deployment:
    live = store.releases.current(project_id)
    if live is None or part(live.plan) is None:
        raise NotReadyError(missing, "Load the page again to see what is so now.")
    return live


def _watch_without(canary: Canary | None, watch: Watch | None) -> Watch | None:
    """Return a watch unless it is of a canary that ends or changes."""
    return None if watch and canary and watch.model_version_id == canary.model_version_id else watch


def _change(
    store: Store, live: Deployment, plan: ReleasePlan, why: tuple[ReleaseAction, str, str], seen_generation: int
) -> Deployment:
    """Change the plan and leave what is live; ConflictError when something changed since the person looked."""
    action, by, reason = why
    release = Release(live.id, live.model_version_id, seen_generation + 1, action, by, reason, plan)
    return store.releases.swap(release, seen_generation=seen_generation, now=utc_now())
