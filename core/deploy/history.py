"""What was live and beside it, when, by whom and why: the releases of a project, told and laid out on time."""

from collections.abc import Mapping
from dataclasses import replace

from core.records import ModelVersion, Release, ReleaseEvent, ReleaseHistory, ReleasePlan, ReleaseSpan
from core.records.standing import SpanRole
from core.store import Store


def release_history(store: Store, project_id: str) -> ReleaseHistory:
    """Return the history of what is live for a project; empty before the first release."""
    releases = sorted(store.find(Release, project_id=project_id), key=lambda release: release.generation)
    numbers = {model.id: model.number for model in store.find(ModelVersion, project_id=project_id)}
    events = []
    before: Release | None = None
    for release in releases:
        events.append(_event(release, before.plan if before else ReleasePlan(), numbers))
        before = release
    return ReleaseHistory(tuple(_spans(releases, numbers)), tuple(events))


def _event(release: Release, before: ReleasePlan, numbers: Mapping[str, int]) -> ReleaseEvent:
    version_id, sentence = _tell(release, before)
    number = numbers.get(version_id, 0)
    return ReleaseEvent(
        release.generation,
        release.created_at,
        release.action,
        number,
        release.promoted_by,
        sentence.format(name=f"Version {number}" if number else "A deleted version"),
        release.reason,
    )


def _tell(release: Release, before: ReleasePlan) -> tuple[str, str]:
    """Return which version a release was about, and what happened to it; `{name}` stands for the version."""
    live, plan = release.model_version_id, release.plan
    if release.action == "start_canary" and plan.canary:
        return plan.canary.model_version_id, f"{{name}} answers {plan.canary.share * 100:g} of 100 questions"
    if release.action == "stop_canary":
        return before.canary.model_version_id if before.canary else live, "{name} stopped answering a share"
    if release.action == "start_shadow" and plan.shadow:
        return plan.shadow.model_version_id, "{name} is asked silently"
    if release.action == "stop_shadow":
        return before.shadow.model_version_id if before.shadow else live, "{name} is no longer asked silently"
    if release.action == "schedule" and plan.schedule:
        at = f"{plan.schedule.at:%d %B %Y, %H:%M} UTC".lstrip("0")
        return plan.schedule.model_version_id, f"{{name}} is planned to go live on {at}"
    if release.action == "cancel_schedule":
        return before.schedule.model_version_id if before.schedule else live, "{name} is planned no longer"
    if release.action == "end_watch":
        return before.watch.model_version_id if before.watch else live, "the watch over {name} ended"
    return live, "{name} was made live again" if release.action == "roll_back" else "{name} was made live"


def _roles(release: Release) -> dict[SpanRole, tuple[str, float]]:
    """Return who answers after a release, and how much of the traffic."""
    found: dict[SpanRole, tuple[str, float]] = {"live": (release.model_version_id, 1.0)}
    if release.plan.canary is not None:
        found["canary"] = (release.plan.canary.model_version_id, release.plan.canary.share)
    if release.plan.shadow is not None:
        found["shadow"] = (release.plan.shadow.model_version_id, 1.0)
    return found


def _spans(releases: list[Release], numbers: Mapping[str, int]) -> list[ReleaseSpan]:
    """Return one span for each stretch of time in which a version kept a role and a share, oldest first."""
    ended: list[ReleaseSpan] = []
    running: dict[SpanRole, tuple[tuple[str, float], ReleaseSpan]] = {}
    for release in releases:
        roles = _roles(release)
        for role, (who, span) in list(running.items()):
            if roles.get(role) != who:
                ended.append(replace(span, ended_at=release.created_at))
                del running[role]
        for role, who in roles.items():
            if role not in running:
                number = numbers.get(who[0], 0)
                running[role] = (who, ReleaseSpan(number, role, release.created_at, None, who[1]))
    return sorted([*ended, *(span for _, span in running.values())], key=lambda span: span.started_at)
