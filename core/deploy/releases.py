"""What is live: approved by a second person, promoted by compare-and-swap, rolled back with one call."""

from core.deploy.registry import mark_champion
from core.errors import BadInputError, ConflictError, NotReadyError
from core.evaluate.model_folder import check_folder
from core.records import Deployment, Evaluation, Lap, ModelVersion, Release, utc_now
from core.store import Store


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
    store: Store, model_version_id: str, *, by: str, seen_generation: int, reason: str = ""
) -> Deployment:
    """Make an approved model version the one that is live; the first time, this completes a lap.

    Parameters
    ----------
    model_version_id : str
        What becomes live.
    by : str
        Who decides.
    seen_generation : int
        Generation of the deployment the person saw; 0 when nothing was live.
    reason : str
        Why this lap was gone round; kept in the history.

    Raises
    ------
    NotFoundError
        When there is no such version.
    NotReadyError
        When nobody has approved it.
    BadInputError
        When its files are not those that were approved.
    ConflictError
        When it is live already, or someone else changed what is live in the meantime.
    """
    model = store.get(ModelVersion, model_version_id)
    if model.status != "approved":
        raise NotReadyError(
            f"Version {model.number} has not been approved.", "Ask a second person to approve it first."
        )
    live = store.releases.current(model.project_id)
    if live is not None and live.model_version_id == model.id and live.generation == seen_generation:
        raise ConflictError(f"Version {model.number} is live already.", "There is nothing to do.")
    first_time = store.count(Release, model_version_id=model.id) == 0
    lap = _next_lap(store, model, by=by, reason=reason) if first_time else None
    return _make_live(store, model, Release(model.project_id, model.id, seen_generation + 1, "promote", by), lap)


def roll_back(store: Store, project_id: str, *, by: str, seen_generation: int) -> Deployment:
    """Make live again what was live before the present version was first promoted.

    Raises
    ------
    NotReadyError
        When nothing was live before.
    BadInputError
        When the files of the earlier version are damaged.
    ConflictError
        When someone else changed what is live in the meantime.
    """
    releases = store.find(Release, project_id=project_id)
    live = store.releases.current(project_id)
    versions = [release.model_version_id for release in releases]
    first = versions.index(live.model_version_id) if live and live.model_version_id in versions else 0
    if first == 0:
        raise NotReadyError("Nothing was live before the present version.", "Promote another approved version instead.")
    earlier = store.get(ModelVersion, versions[first - 1])
    return _make_live(store, earlier, Release(project_id, earlier.id, seen_generation + 1, "roll_back", by))


def live_model(store: Store, project_id: str) -> ModelVersion | None:
    """Return the model version that is live; None when nothing is."""
    live = store.releases.current(project_id)
    return store.get(ModelVersion, live.model_version_id) if live else None


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
