"""Looking out for alarms while a drill lasts, so that it is known at which row each of them came up."""

from collections.abc import Callable

from core.monitor import list_alerts
from core.records import Alert
from core.simulate.progress import Progress, Sighting
from core.store import Store


def look_out(store: Store, project_id: str, progress: Progress, row_at: Callable[[float], int], now: float) -> None:
    """Write down every alarm that was not there, and every one that names columns it did not name before.

    The first look only notes what is there already: it has nothing to do with the drill.

    Parameters
    ----------
    progress : Progress
        Of the play; its `known` and `sightings` are changed.
    row_at : function
        Returns how many rows of the play had been asked at a moment (seconds since 1970).
    now : float
        Seconds since 1970.
    """
    alerts = [alert for alert in list_alerts(store, project_id) if alert.state != "resolved"]
    if progress.known is None:
        progress.known = {alert.id: named_columns(alert) for alert in alerts}
        return
    for alert in reversed(alerts):
        named = named_columns(alert)
        before = progress.known.get(alert.id)
        fresh = [name for name in named if name not in (before or ())]
        if before is None:
            at = alert.opened_at.timestamp()
            progress.sightings.append(Sighting(alert.id, alert.title, row_at(at), at, named))
        elif fresh:
            progress.sightings.append(Sighting(alert.id, alert.title, row_at(now), now, fresh, was_open=True))
        progress.known[alert.id] = [*(before or ()), *fresh]


def named_columns(alert: Alert) -> list[str]:
    """Return the columns that an alert names in its evidence, that of its opening and that found last."""
    newest = alert.newest.figures if alert.newest else {}
    columns = (*alert.evidence.get("columns", ()), *newest.get("columns", ()))
    names = [str(column["name"]) for column in columns if isinstance(column, dict) and "name" in column]
    return list(dict.fromkeys(names))
