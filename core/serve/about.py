"""What is said about a model that answers."""

from core.records import Json
from core.serve.live_models import ServedModel


def describe_served(served: ServedModel) -> Json:
    """Return what answers for a project, since when, and who approved it."""
    model, prototype = served.model, served.loaded.prototype
    return {
        "project": served.project.name,
        "deployment": served.project.slug,
        "target": prototype.target,
        "task": prototype.task,
        "classes": list(prototype.classes),
        "model_version": model.number,
        "model_version_id": model.id,
        "family": model.family,
        "digest": model.digest,
        "engine": served.loaded.engine,
        "engine_reason": model.engine_reason,
        "requested_by": model.requested_by,
        "approved_by": model.approved_by,
        "approved_at": model.approved_at.isoformat() if model.approved_at else None,
        "generation": served.deployment.generation,
        "live_since": served.deployment.promoted_at.isoformat(),
        "promoted_by": served.deployment.promoted_by,
        "trouble": served.trouble,
    }
