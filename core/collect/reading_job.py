"""Reading a large file as a job: the person goes on working, sees that it is under way, and can stop it."""

from core.collect.checks import run_checks
from core.collect.profile import profile_dataset
from core.collect.reading_again import read_again
from core.collect.versions import add_dataset
from core.errors import LifecycleError
from core.records import DatasetVersion, Job, Json, ReadingChoices
from core.store import JobHandle, Store, record_from_json, record_to_json

LARGE_BYTES = 20_000_000
"""Files from here on take longer to read than anyone wants to look at a page that waits."""


def start_reading(store: Store, project_id: str, upload_id: str, *, filename: str, by: str) -> Job:
    """Queue the reading of an uploaded file, which belongs to the job from now on and is removed by it.

    Parameters
    ----------
    upload_id : str
        The file lies at `store.files.upload(upload_id)`.
    filename : str
        What the person calls it.
    """
    params = {"upload_id": upload_id, "filename": filename}
    return store.add(Job(project_id, "collect", params, message=f"Reading {filename}", created_by=by))


def start_reading_again(store: Store, dataset_id: str, choices: ReadingChoices, *, by: str) -> Job:
    """Queue the reading of a version's file in another way."""
    version = store.get(DatasetVersion, dataset_id)
    params = {"dataset_id": dataset_id, "choices": record_to_json(choices)}
    message = f"Reading {version.filename} again"
    return store.add(Job(version.project_id, "collect", params, message=message, created_by=by))


def run_reading(handle: JobHandle) -> Json:
    """Store a file's table as the project's next version; result: dataset_id."""
    version = _read_again(handle) if "dataset_id" in handle.job.params else _read_upload(handle)
    handle.report(0.8, "Looking at every column")
    profile_dataset(handle.store, version.id)
    handle.report(0.9, "Checking the table")
    run_checks(handle.store, version.id)
    return {"dataset_id": version.id}


def _read_again(handle: JobHandle) -> DatasetVersion:
    handle.raise_if_stopped()
    handle.report(0.1, "Reading the file again")
    return read_again(
        handle.store,
        handle.job.params["dataset_id"],
        record_from_json(ReadingChoices, handle.job.params["choices"]),
        by=handle.job.created_by,
        before_storing=handle.raise_if_stopped,
    )


def _read_upload(handle: JobHandle) -> DatasetVersion:
    """Read an upload, which goes when the table is in, cannot be read, or is not wanted any more.

    An interrupted job finds its file where it was.
    """
    filename, path = handle.job.params["filename"], handle.store.files.upload(handle.job.params["upload_id"])
    try:
        handle.raise_if_stopped()
        handle.report(0.1, f"Reading {filename}")
        version = add_dataset(
            handle.store,
            handle.job.project_id,
            path,
            filename=filename,
            by=handle.job.created_by,
            before_storing=handle.raise_if_stopped,
        )
    except LifecycleError:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)
    return version
