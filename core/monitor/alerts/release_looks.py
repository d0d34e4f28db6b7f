"""Looks at what goes on beside the live version: versions on trial that are not right enough, or were taken back."""

from dataclasses import replace
from datetime import timedelta

from core import deploy
from core.monitor.alerts.scene import Scene
from core.monitor.alerts.truth_looks import judge_answers
from core.monitor.challengers import answers_beside
from core.monitor.realised import choose_measure, tested_estimate
from core.monitor.watch import KEPT
from core.records import Alert, AlertEvidence, AlertRule, ModelVersion, Release

TOLD_FOR = timedelta(days=1)
"""So long a version that was taken back is a matter, unless somebody says before that it is dealt with."""
ROLES = {"canary": "answers a share of the questions", "shadow": "is asked silently"}


def look_for_taken_back(scene: Scene, rule: AlertRule) -> AlertEvidence | None:  # noqa: ARG001 - there is no limit
    """Return which version was taken back by itself, when that is the last that happened to what is live."""
    store, project_id = scene.store, scene.model.project_id
    last = store.newest(Release, project_id=project_id)
    if last is None or not _is_broken_watch(last) or scene.now - last.created_at > TOLD_FOR:
        return None
    # Somebody who called it dealt with is not called again for the same one.
    told = store.newest(Alert, project_id=project_id, kind="taken_back")
    if told and told.state == "resolved" and told.newest and told.newest.figures.get("generation") == last.generation:
        return None
    event = deploy.release_history(store, project_id).events[-1]
    is_back = last.action != "end_watch"
    return AlertEvidence(
        "A version was taken back" if is_back else "A version breaks its rules and could not be taken back",
        f"{event.sentence}. {last.reason}".strip(),
        "warning" if is_back else "critical",
        {
            "generation": last.generation,
            "action": last.action,
            "model_version": event.number,
            "at": last.created_at.isoformat(),
            "reason": last.reason,
        },
        scene.now,
    )


def _is_broken_watch(release: Release) -> bool:
    """Whether a release is what a watch did about a broken rule."""
    if release.promoted_by != deploy.AUTOMATIC:
        return False
    if release.action == "end_watch":
        return not release.reason.startswith(KEPT)
    return release.action in ("roll_back", "stop_canary")


def look_beside(scene: Scene, rule: AlertRule) -> AlertEvidence | None:  # noqa: ARG001 - its limit is the plan's
    """Return which version on trial is clearly worse than wanted or tested, judged as the live one is."""
    store = scene.store
    live = store.releases.current(scene.model.project_id)
    measure = choose_measure(store, scene.model, scene.objective)
    for role, version_id, answers in answers_beside(store, live) if live else ():
        model = store.get(ModelVersion, version_id)
        found = judge_answers(measure, tested_estimate(store, model, measure.metric), answers, scene.now)
        if found is not None:
            return replace(
                found,
                title=f"Version {model.number}, on trial, is not right enough",
                message=f"Version {model.number} {ROLES[role]}. {found.message}",
                severity="warning",
                figures={**found.figures, "model_version": model.number, "role": role},
            )
    return None
