"""What is live: approved by a second person, promoted by compare-and-swap, rolled back with one call."""

from dataclasses import replace
from datetime import timedelta

from core.deploy.registry import mark_champion
from core.errors import BadInputError, ConflictError, NotReadyError
from core.evaluate.model_folder import check_folder
from core.records import Deployment, Evaluation, Lap, ModelVersion, Release, ReleasePlan, Rules, Watch, utc_now
from core.store import Store

LONGEST_WATCH = timedelta(days=30)


def approve_model(store: Store, model_version_id: str, *, by: str) -> ModelVersion:
    """Approve a model version, exactly as its files are now, and return it.

    Raises
    ------
    NotFoundError
        When there is no such version.
    BadInputError
        When nobody is named, or the files are not those that were registered.
    ConflictError
        When the person asked for the version themselves, or it was decided upon already.
    """
    model = store.get(ModelVersion, model_version_id)
    if not by.strip():
        raise BadInputError("An approval needs a name.", "Say who you are.")
    if _same_person(by, model.requested_by):
        raise ConflictError(
            f"{model.requested_by} asked for version {model.number} and cannot approve it, too.",
            "Ask a second person to look at it.",
        )
    if model.status != "registered":
        raise ConflictError(f"Version {model.number} is {model.status} already.", "Load the page again to see it.")
    check_folder(store.files.model(model.id), model.digest)
    return store.update(model, status="approved", approved_by=by.strip(), approved_at=utc_now())


def _same_person(first: str, second: str) -> bool:
    return " ".join(first.split()).casefold() == " ".join(second.split()).casefold()


def promote_model(
    store: Store,
    model_version_id: str,
    *,
    by: str,
    seen_generation: int,
    reason: str = "",
    rules: Rules | None = None,
) -> Deployment:
    """Make an approved model version the one that is live; the first time, this completes a lap.

    Canary, schedule and watch that were there end with it. A shadow goes on, unless it is this version.

    Parameters
    ----------
    model_version_id : str
        What becomes live.
    by : str
        Who decides.
    seen_generation : int
        Generation of the deployment the person saw; 0 when nothing was live.
    reason : str
        Why; kept in the history.
    rules : Rules, optional
        What it is watched for from now on: when it breaks one, what is live now becomes live again by itself.

    Raises
    ------
    NotFoundError
        When there is no such version.
    NotReadyError
        When nobody has approved it, or it is to be watched and there is nothing to go back to.
    BadInputError
        When its files are not those that were approved.
    ConflictError
        When it is live already, or someone else changed what is live or planned in the meantime.
    """
    model = approved_model(store, model_version_id)
    live = store.releases.current(model.project_id)
    if live is not None and live.model_version_id == model.id and live.generation == seen_generation:
        raise ConflictError(f"Version {model.number} is live already.", "There is nothing to do.")
    first_time = store.count(Release, model_version_id=model.id) == 0
    lap = _next_lap(store, model, by=by, reason=reason) if first_time else None
    plan = _plan_after(live, model)
    if rules is not None:
        plan = replace(plan, watch=_watch_after(live, model, rules, by))
    release = Release(model.project_id, model.id, seen_generation + 1, "promote", by, reason, plan)
    return _make_live(store, model, release, lap)


def approved_model(store: Store, model_version_id: str) -> ModelVersion:
    """Return a model version that may answer.

    Raises
    ------
    NotFoundError
        When there is no such version.
    NotReadyError
        When nobody has approved it.
    """
    model = store.get(ModelVersion, model_version_id)
    if model.status != "approved":
        raise NotReadyError(
            f"Version {model.number} has not been approved.", "Ask a second person to approve it first."
        )
    return model


def roll_back(
    store: Store, project_id: str, *, by: str, seen_generation: int, to_id: str | None = None, reason: str = ""
) -> Deployment:
    """Make a version live again that was live before; canary, schedule and watch end with it.

    Parameters
    ----------
    to_id : str, optional
        Which one (see `earlier_versions`); default: what was live before the present version was first promoted.
    reason : str
        Why; kept in the history.

    Raises
    ------
    NotReadyError
        When nothing was live before, or that version never was.
    BadInputError
        When the files of the earlier version are damaged.
    ConflictError
        When it is live now, or someone else changed what is live or planned in the meantime.
    """
    live = store.releases.current(project_id)
    earlier = _one_before(store, live) if to_id is None else _one_that_was_live(store, project_id, to_id)
    if live is not None and live.model_version_id == earlier.id and live.generation == seen_generation:
        raise ConflictError(f"Version {earlier.number} is live now.", "There is nothing to do.")
    plan = _plan_after(live, earlier)
    return _make_live(
        store, earlier, Release(project_id, earlier.id, seen_generation + 1, "roll_back", by, reason, plan)
    )


def earlier_versions(store: Store, project_id: str) -> tuple[ModelVersion, ...]:
    """Return the versions to go back to: approved, live once and not now; the one that was live last comes first."""
    live = store.releases.current(project_id)
    ids = dict.fromkeys(release.model_version_id for release in store.find(Release, project_id=project_id)[::-1])
    models = {model.id: model for model in store.find(ModelVersion, project_id=project_id, status="approved")}
    return tuple(models[one] for one in ids if one in models and (live is None or one != live.model_version_id))


def live_model(store: Store, project_id: str) -> ModelVersion | None:
    """Return the model version that is live; None when nothing is."""
    live = store.releases.current(project_id)
    return store.get(ModelVersion, live.model_version_id) if live else None


def _one_before(store: Store, live: Deployment | None) -> ModelVersion:
    versions = [release.model_version_id for release in store.find(Release, project_id=live.id)] if live else []
    first = versions.index(live.model_version_id) if live and live.model_version_id in versions else 0
    if first == 0:
        raise NotReadyError("Nothing was live before the present version.", "Promote another approved version instead.")
    return approved_model(store, versions[first - 1])


def _one_that_was_live(store: Store, project_id: str, model_version_id: str) -> ModelVersion:
    model = approved_model(store, model_version_id)
    if not store.count(Release, project_id=project_id, model_version_id=model.id):
        raise NotReadyError(f"Version {model.number} was never live.", "Promote it instead of going back to it.")
    return model


def _plan_after(live: Deployment | None, model: ModelVersion) -> ReleasePlan:
    """Return what is left of the plan when a version becomes live: all else was decided with another one in mind."""
    shadow = live.plan.shadow if live else None
    return ReleasePlan(shadow=shadow if shadow and shadow.model_version_id != model.id else None)


def _watch_after(live: Deployment | None, model: ModelVersion, rules: Rules, by: str) -> Watch:
    if live is None:
        raise NotReadyError(
            "Nothing is live yet, so there is nothing to go back to.", "Make the first version live without a watch."
        )
    return Watch(model.id, checked_rules(rules), by, utc_now(), live.model_version_id)


def checked_rules(rules: Rules) -> Rules:
    """Return rules of a watch that can be kept and broken; BadInputError otherwise."""
    if not 0 < rules.minutes <= LONGEST_WATCH / timedelta(minutes=1):
        raise BadInputError("A watch lasts from one minute to 30 days.", "Choose a span in between.")
    if (rules.max_unanswered, rules.max_latency_p95_ms, rules.keep_objective) == (None, None, False):
        raise BadInputError("A watch needs at least one rule.", "Choose a rule, or do without a watch.")
    if not 0 <= (rules.max_unanswered or 0) < 1 or (rules.max_latency_p95_ms or 1) <= 0:
        raise BadInputError("A rule of the watch cannot be kept.", "Give a share below 100 of 100 and a time above 0.")
    return rules


def _make_live(store: Store, model: ModelVersion, release: Release, lap: Lap | None = None) -> Deployment:
    check_folder(store.files.model(model.id), model.digest)
    deployment = store.releases.swap(release, seen_generation=release.generation - 1, now=utc_now(), lap=lap)
    mark_champion(store, model)
    return deployment


def _next_lap(store: Store, model: ModelVersion, *, by: str, reason: str) -> Lap:
    """Return the lap that the model's first promotion completes, not stored yet."""
    estimates = store.get(Evaluation, model.evaluation_id).metrics
    last = store.newest(Lap, project_id=model.project_id)
    return Lap(
        project_id=model.project_id,
        number=last.number + 1 if last else 1,
        reason=reason or ("First model" if last is None else "A better model"),
        dataset_id=model.dataset_id,
        model_version_id=model.id,
        metric=estimates[0].name if estimates else None,
        value=estimates[0].value if estimates else None,
        promoted_by=by,
    )
