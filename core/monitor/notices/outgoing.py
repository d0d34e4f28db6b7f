"""What is told of changed alerts, to whom: one notice a channel for all that changed at one moment."""

from collections.abc import Sequence
from dataclasses import replace

from core.records import Alert, AlertChange, Channel, Delivery, Json, ModelVersion, Project, utc_now
from core.store import AlertStep, Store
from core.store.alert_desk import Notify

TYPE = "alerts.changed"
TEST_TYPE = "channel.test"
WORDS = {"opened": "New", "reopened": "Open again", "worse": "Worse", "resolved": "Over"}


def prepare_notices(store: Store, project_id: str) -> Notify:
    """Return the function that turns changes of a project's alerts into notices for those who want them."""
    project = store.get(Project, project_id)
    channels = store.find(Channel, project_id=project_id, enabled=True)
    numbers = {model.id: model.number for model in store.find(ModelVersion, project_id=project_id)} if channels else {}

    def notify(steps: Sequence[AlertStep]) -> list[Delivery]:
        told = [(step, word) for step in steps if step.change and (word := _what_happened(step.change))]
        notices = []
        for channel in channels:
            wanted = [
                _describe(step, word, numbers.get(step.alert.model_version_id))
                for step, word in told
                if _wants(channel, step.alert)
            ]
            if wanted:
                notices.append(_write(project, channel, TYPE, wanted))
        return notices

    return notify


def write_test(store: Store, channel: Channel, by: str) -> Delivery:
    """Return a notice that says who tries a channel."""
    project = store.get(Project, channel.project_id)
    notice = _write(project, channel, TEST_TYPE, [])
    text = f"{by} tries the channel '{channel.name}' of {project.name}. It works: alerts will arrive like this."
    return replace(notice, subject=f"{project.name}: a test", payload={**notice.payload, "text": text})


def _wants(channel: Channel, alert: Alert) -> bool:
    return alert.severity in channel.severities and (not channel.kinds or alert.kind in channel.kinds)


def _what_happened(change: AlertChange) -> str | None:
    """Return in a word what a change is to those who are told; None: nothing worth a notice."""
    if change.after == change.before:
        return None if change.after == "silenced" else "worse"
    if change.after == "open":
        return "opened" if change.before in (None, "pending") else "reopened"
    return "resolved" if change.after == "resolved" and change.before in ("open", "acknowledged") else None


def _describe(step: AlertStep, word: str, version: int | None) -> Json:
    alert, change = step.alert, step.change
    found = alert.newest
    return {
        "id": alert.id,
        "change": word,
        "kind": alert.kind,
        "severity": alert.severity,
        "state": alert.state,
        "title": found.title if found and word != "resolved" else alert.title,
        "message": found.message if found and word != "resolved" else alert.message,
        "model_version": version,
        "opened_at": alert.opened_at.isoformat(),
        "changed_at": alert.changed_at.isoformat(),
        "by": change.changed_by if change else "",
        "reason": change.reason if change else "",
    }


def _write(project: Project, channel: Channel, kind: str, alerts: list[Json]) -> Delivery:
    notice = Delivery(project.id, channel.id, "", {})
    lines = [f"{WORDS[alert['change']]}: {alert['title']}. {_say_more(alert)}" for alert in alerts]
    payload: Json = {
        "id": notice.id,
        "type": kind,
        "written_at": utc_now().isoformat(),
        "project": {"id": project.id, "slug": project.slug, "name": project.name},
        "text": "\n\n".join(lines),
        "alerts": alerts,
    }
    told = (
        f"{WORDS[alerts[0]['change']].lower()}: {alerts[0]['title']}" if len(alerts) == 1 else f"{len(alerts)} alerts"
    )
    return replace(notice, subject=f"{project.name}: {told}", payload=payload)


def _say_more(alert: Json) -> str:
    return str(alert["reason"] if alert["change"] == "resolved" else alert["message"])
