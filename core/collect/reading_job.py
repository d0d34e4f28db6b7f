"""Reading a large file as a job: the person goes on working, sees that it is under way, and can stop it."""

from core.collect.profile import profile_dataset
from core.collect.versions import add_dataset
from core.errors import LifecycleError
from core.records import Job, Json
from core.store import JobHandle, Store

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


def run_reading(handle: JobHandle) -> Json:
    """Store the file's table as the project's next version; result: dataset_id.

    An interrupted job finds its file where it was; the file goes when the table is in, cannot be read, or is not
    wanted any more.
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
    handle.report(0.8, "Looking at every column")
    profile_dataset(handle.store, version.id)
    return {"dataset_id": version.id}
