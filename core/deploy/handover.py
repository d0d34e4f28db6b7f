"""A model version on its way to another store: what it is, as a file, and its entry there."""

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from core.errors import BadInputError, ConflictError
from core.records import ModelVersion, Project, Release, ServingRules, utc_now
from core.store import Store, record_from_json, record_to_json

PROMOTED_BY = "the exported folder"


@dataclass(frozen=True)
class Handover:
    """A model version with the project it answers for, and the owner's rules; None: none were ever set."""

    project: Project
    model: ModelVersion
    rules: ServingRules | None = None


def write_handover(store: Store, model: ModelVersion, path: Path) -> None:
    """Write what another store has to know of a model version, with the rules as they hold now.

    No person is beside a service elsewhere, so nothing waits for one there.
    """
    rules = store.newest(ServingRules, project_id=model.project_id)
    alone = replace(rules, people_answer=False, expire_after_hours=None) if rules else None
    handover = Handover(store.get(Project, model.project_id), model, alone)
    path.write_text(record_to_json(handover), encoding="utf-8")


def enter_handover(store: Store, path: Path) -> ModelVersion:
    """Enter a handed-over model version in this store, make it live the first time, and return it.

    Several services that start on one store at once may do so together. A version that was live here before is left as
    it is, so that a restart never undoes a later promotion. Of several folders' rules, those hold that were set last.

    Raises
    ------
    BadInputError
        When the file is not one that `write_handover` wrote.
    ConflictError
        When the store has another project under the same address.
    """
    try:
        handover = record_from_json(Handover, path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise BadInputError(f"'{path}' does not say which model to serve.", "Export the folder again.") from error
    project, model = handover.project, handover.model
    if any(other.id != project.id for other in store.find(Project, slug=project.slug)):
        raise ConflictError(
            f"The database has another project at the address '{project.slug}'.",
            "Give this service a database of its own.",
        )
    for record in (project, model, handover.rules):
        if record is not None:
            _add_once(store, record)
    while store.count(Release, model_version_id=model.id) == 0:
        _make_live(store, model)
    return model


def _add_once(store: Store, record: Project | ModelVersion | ServingRules) -> None:
    if store.count(type(record), id=record.id) == 0:
        try:
            store.add(record)
        except ConflictError:
            # Another service that starts at this moment was faster.
            store.get(type(record), record.id)


def _make_live(store: Store, model: ModelVersion) -> None:
    live = store.releases.current(model.project_id)
    seen = live.generation if live else 0
    try:
        release = Release(model.project_id, model.id, seen + 1, "promote", PROMOTED_BY)
        store.releases.swap(release, seen_generation=seen, now=utc_now())
    except ConflictError:
        # Something else went live in the meantime; the caller looks again.
        return
