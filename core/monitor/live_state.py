"""Is the live model all right? One word, the reason, and what to do next."""

from datetime import datetime, timedelta

from core import deploy, serve
from core.errors import LifecycleError
from core.monitor.alerts import list_alerts
from core.records import Deployment, Json, LiveState, ModelVersion, Project, Window
from core.store import TRAFFIC_COUNTS, Store, add_windows

SPAN = timedelta(minutes=15)
FEWEST_REQUESTS = 20
MOST_UNANSWERED = 0.05
"""Share of requests that may go without an answer before somebody is called; as an alert about errors has it."""


def check_state(store: Store, project_id: str, *, now: datetime) -> LiveState | None:
    """Return how the live model of a project is; None when nothing is live.

    Broken is what leaves callers without answers; to be looked at is what is not as it was meant, while callers do get
    answers; an open alert is, too. Counted are the last 15 minutes.
    """
    live = store.releases.current(project_id)
    if live is None:
        return None
    address = serve.service_address(store)
    if address is None:
        return LiveState(
            "broken", "The prediction service is not running, so nobody gets an answer.", "Start it.", "start_service"
        )
    try:
        with serve.ServiceClient(address, key=deploy.internal_key(store)) as client:
            told = client.metadata(store.get(Project, project_id).slug)
            status = client.ping()
    except LifecycleError as error:
        return _broken(store, project_id, f"Questions are refused: {error.message}")
    windows = store.log.windows(project_id, since=now - SPAN, only=TRAFFIC_COUNTS)
    total = add_windows(Window(project_id, live.model_version_id, now), *windows)
    return (
        _look_at_failures(store, project_id, total)
        or _look_at_loading(store, live, told)
        or _look_at_log(told, status, total)
        or _look_at_refusals(total)
        or _look_at_alerts(store, project_id)
        or _all_is_well(total)
    )


def _broken(store: Store, project_id: str, reason: str) -> LiveState:
    if deploy.earlier_versions(store, project_id):
        return LiveState("broken", reason, "Go back to an earlier version.", "roll_back")
    return LiveState("broken", reason, "Make another approved version live.", "none")


def _look_at_failures(store: Store, project_id: str, total: Window) -> LiveState | None:
    if not total.n_errors or total.n_errors < MOST_UNANSWERED * total.n_requests:
        return None
    said = f"The model failed on {total.n_errors:,} of {total.n_requests:,} requests in the last 15 minutes."
    return _broken(store, project_id, said)


def _look_at_loading(store: Store, live: Deployment, told: Json) -> LiveState | None:
    number = store.get(ModelVersion, live.model_version_id).number
    if told.get("trouble"):
        answers = told.get("model_version")
        other = f" Version {answers} answers instead." if answers != number else ""
        return LiveState("look", f"{told['trouble']}{other}", "Go back to an earlier version.", "roll_back")
    if told.get("generation", live.generation) != live.generation:
        said = f"What was changed last is being loaded; version {told.get('model_version')} answers until then."
        return LiveState("look", said, "Wait a moment.", "wait")
    return None


def _look_at_log(told: Json, status: Json, total: Window) -> LiveState | None:
    others = {slug for slug in status.get("loaded", {}) if slug != told.get("deployment")}
    troubles = [one for one in status.get("troubles", []) if one.partition(": ")[0] not in others]
    if total.n_dropped:
        said = f"{total.n_dropped:,} questions of the last 15 minutes were answered, but not logged: too many waited."
        return LiveState("look", " ".join([said, *troubles]), "See how it is used.", "monitor")
    if troubles:
        return LiveState("look", " ".join(troubles), "Tell whoever looks after this server.")
    return None


def _look_at_refusals(total: Window) -> LiveState | None:
    n_refused = total.n_refused - total.n_refused_by_rule
    if total.n_requests < FEWEST_REQUESTS or n_refused < MOST_UNANSWERED * total.n_requests:
        return None
    said = (
        f"{n_refused:,} of {total.n_requests:,} requests in the last 15 minutes were refused because of what was asked."
    )
    return LiveState("look", said, "See on Monitor what is wrong with them.", "monitor")


def _look_at_alerts(store: Store, project_id: str) -> LiveState | None:
    waiting = [alert.title for alert in list_alerts(store, project_id) if alert.state == "open"]
    if not waiting:
        return None
    n_waiting = "An alert waits" if len(waiting) == 1 else f"{len(waiting)} alerts wait"
    return LiveState("look", f"It answers. {n_waiting} for somebody: {'; '.join(waiting)}.", "See Monitor.", "monitor")


def _all_is_well(total: Window) -> LiveState:
    if not total.n_requests:
        return LiveState("healthy", "It is ready to answer. Nobody has asked anything in the last 15 minutes.")
    said = f"It answered {total.n_rows:,} {'question' if total.n_rows == 1 else 'questions'} in the last 15 minutes"
    failed = [f"{n:,} {word}" for n, word in ((total.n_refused, "refused"), (total.n_errors, "failed")) if n]
    return LiveState("healthy", f"{said}; {', '.join(failed)}." if failed else f"{said}, and left none unanswered.")
