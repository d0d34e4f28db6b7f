"""Projects: made, found by their name in the address, listed and deleted with everything that belongs to them."""

import re
import shutil
import unicodedata

from core import records
from core.errors import BadInputError, ConflictError, NotFoundError
from core.records import Project, utc_now
from core.store import Store

MAX_NAME_LENGTH = 80
MAX_SLUG_LENGTH = 40
OWNED = (
    records.ApiKey,
    records.Objective,
    records.Lap,
    records.Recipe,
    records.PriceList,
    records.AcceptedFinding,
    records.TrainingRun,
    records.Candidate,
    records.Evaluation,
    records.ModelVersion,
    records.Release,
    records.Challenge,
    records.Window,
    records.LabelRecord,
    records.EarlierLabel,
    records.Referral,
    records.ServingRules,
    records.Prediction,
    records.ShadowAnswer,
    records.Retention,
    records.Alert,
    records.KeptAnswer,
    records.AlertChange,
    records.AlertRule,
    records.Channel,
    records.Delivery,
    records.Source,
    records.DatasetVersion,
    records.Job,
)
"""Every kind of record that names its project."""


def create_project(store: Store, name: str, *, by: str, sample: str | None = None) -> Project:
    """Create a project and return it; its slug, which names it in addresses, is unique.

    Parameters
    ----------
    name : str
        What people call it, 1 to 80 characters; several projects may have the same name.
    by : str
        Name of the person creating it.
    sample : str, optional
        Key of the sample it starts from.

    Raises
    ------
    BadInputError
        When the name is empty or too long.
    """
    name = " ".join(name.split())
    if not name:
        raise BadInputError("The project has no name.", "Type a name, for example 'Late flights'.")
    if len(name) > MAX_NAME_LENGTH:
        raise BadInputError(f"The name has {len(name)} characters.", f"Use at most {MAX_NAME_LENGTH}.")
    project = store.add(Project(name=name, slug=_free_slug(store, name), created_by=by, sample=sample))
    # Thirty students may click at the same moment. Of two that took the same slug, whoever wrote last sees the other.
    while store.count(Project, slug=project.slug) > 1:
        project = store.update(project, slug=_free_slug(store, name))
    return project


def _free_slug(store: Store, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_SLUG_LENGTH].strip("-") or "project"
    taken = {project.slug for project in store.find(Project)}
    if slug not in taken:
        return slug
    number = 2
    while f"{slug}-{number}" in taken:
        number += 1
    return f"{slug}-{number}"


def list_projects(store: Store) -> list[Project]:
    """Return all projects, oldest first."""
    return store.find(Project)


def find_project(store: Store, slug: str) -> Project:
    """Return the project with this slug.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    project = store.newest(Project, slug=slug)
    if project is None:
        raise NotFoundError(f"There is no project '{slug}'.", "Choose a project from the list, or create one.")
    return project


def delete_project(store: Store, project_id: str) -> None:
    """Delete a project with its tables, models, predictions and history. This cannot be undone.

    Raises
    ------
    NotFoundError
        When there is no such project.
    ConflictError
        When work for it is running; waiting work is taken out of the queue.
    """
    project = store.get(Project, project_id)
    for job in store.find(records.Job, project_id=project_id, status="queued"):
        store.jobs.request_stop(job.id, utc_now())
    if store.count(records.Job, project_id=project_id, status="running"):
        raise ConflictError(
            f"Work for '{project.name}' is still running.", "Stop it, or wait until it is done; then delete."
        )
    store.remove(records.Deployment, id=project_id)
    _remove_files(store, project_id)
    for record_type in OWNED:
        store.remove(record_type, project_id=project_id)
    store.remove(Project, id=project_id)


def _remove_files(store: Store, project_id: str) -> None:
    store.files.remove_drafts(project_id)
    for dataset in store.find(records.DatasetVersion, project_id=project_id):
        store.files.dataset(dataset.id).unlink(missing_ok=True)
        store.files.remove_findings(dataset.id)
        if dataset.reading is not None and dataset.reading.original_id is not None:
            store.files.original(dataset.reading.original_id).unlink(missing_ok=True)
    for job in store.find(records.Job, project_id=project_id, kind="batch"):
        shutil.rmtree(store.files.batch(job.id), ignore_errors=True)
    for source in store.find(records.Source, project_id=project_id):
        store.files.remove_secret(source.id)
    for channel in store.find(records.Channel, project_id=project_id):
        store.files.remove_secret(channel.id)
    for model in store.find(records.ModelVersion, project_id=project_id):
        shutil.rmtree(store.files.model(model.id), ignore_errors=True)
    for candidate in store.find(records.Candidate, project_id=project_id):
        shutil.rmtree(store.files.candidate(candidate.id), ignore_errors=True)
