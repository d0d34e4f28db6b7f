"""What is said about a model that answers."""

from core.records import DecisionThreshold, Json, ModelVersion
from core.serve.live_models import ServedModel
from core.store import Store


def describe_served(store: Store, served: ServedModel) -> Json:
    """Return what answers for a project, since when, who approved it, and what goes on beside it."""
    model, prototype = served.model, served.loaded.prototype
    return {
        "project": served.project.name,
        "deployment": served.project.slug,
        "target": prototype.target,
        "task": prototype.task,
        "classes": list(prototype.classes),
        "threshold": describe_threshold(prototype.threshold),
        "model_version": model.number,
        "model_version_id": model.id,
        "family": model.family,
        "digest": model.digest,
        "engine": served.loaded.engine,
        "engine_reason": model.engine_reason,
        "note": served.loaded.note,
        "requested_by": model.requested_by,
        "approved_by": model.approved_by,
        "approved_at": model.approved_at.isoformat() if model.approved_at else None,
        "generation": served.deployment.generation,
        "live_since": served.deployment.promoted_at.isoformat(),
        "promoted_by": served.deployment.promoted_by,
        "trouble": served.trouble,
        **describe_plan(store, served),
    }


def describe_threshold(threshold: DecisionThreshold | None) -> Json | None:
    """Return from which chance of which class on that class is answered; None where no threshold is noted."""
    if threshold is None:
        return None
    return {"class": threshold.positive_label, "chance": threshold.value, "chosen_by": threshold.chosen_by or None}


def describe_plan(store: Store, served: ServedModel) -> Json:
    """Return `canary`, `shadow` and `scheduled`, each None where there is none.

    A canary is told only while it is loaded, so that what is said here is what answers. A shadow is asked by another
    process, which checks its files as this one does.
    """
    plan = served.deployment.plan
    canary, shadow, schedule = plan.canary, plan.shadow, plan.schedule
    return {
        "canary": {
            **_name(served.canary.model),
            "share": canary.share,
            "since": canary.started_at.isoformat(),
            "started_by": canary.started_by,
        }
        if canary and served.canary
        else None,
        "shadow": {
            **_name(store.get(ModelVersion, shadow.model_version_id)),
            "since": shadow.started_at.isoformat(),
            "started_by": shadow.started_by,
        }
        if shadow
        else None,
        "scheduled": {
            **_name(store.get(ModelVersion, schedule.model_version_id)),
            "at": schedule.at.isoformat(),
            "scheduled_by": schedule.scheduled_by,
        }
        if schedule
        else None,
    }


def _name(model: ModelVersion) -> Json:
    return {
        "model_version": model.number,
        "model_version_id": model.id,
        "digest": model.digest,
        "approved_by": model.approved_by,
    }
