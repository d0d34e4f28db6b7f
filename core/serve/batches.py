"""Files of rows to be answered in the background: handed in, looked at, stopped, fetched, deleted."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from core.deploy import load_prototype
from core.errors import ConflictError, NotFoundError, NotReadyError
from core.records import Job, Json, ModelVersion, ProcessInfo, Retention, utc_now
from core.serve.batch_formats import open_file
from core.store import Store

LARGEST_FILE = 1_000_000_000
"""Bytes."""
KEPT_FOR = timedelta(days=7)
MOST_ACTIVE = 20
"""Files of one project that wait or are being answered at the same time."""
STATES = {"queued": "waiting"}
SENT = "input"


def result_path(store: Store, job: Job) -> Path:
    """Return where the result of a file is, once it is there."""
    return store.files.batch(job.id) / f"result.{job.params['kind']}"


def new_batch(
    project_id: str, kind: str, model: ModelVersion, *, by: str, simulated: bool = False, key_id: str = ""
) -> Job:
    """Return the work for a file of a kind ("csv" or "parquet"), not stored yet: one version answers all of it."""
    params = {
        "kind": kind,
        "model_version_id": model.id,
        "model_version": model.number,
        "simulated": simulated,
        "key_id": key_id,
    }
    return Job(project_id, "batch", params, created_by=by, message="Waiting for its turn.")


def begin_file(store: Store, job: Job) -> Path:
    """Make room for a file and return where it belongs.

    Raises
    ------
    NotReadyError
        When nobody is there who would answer it.
    ConflictError
        When too many files of the project are under way.
    """
    if store.count(ProcessInfo, name="jobs") == 0:
        raise NotReadyError(
            "Files are answered by the job runner, which is not running.",
            "Start it with Full Circle, or send rows to /predict, up to 1,000 at a time.",
        )
    n_active = sum(
        store.count(Job, project_id=job.project_id, kind="batch", status=one) for one in ("queued", "running")
    )
    if n_active >= MOST_ACTIVE:
        raise ConflictError(f"{n_active} files of this project are under way.", "Wait until some are done.")
    folder = store.files.batch(job.id)
    folder.mkdir(mode=0o700, parents=True)
    return folder / SENT


def check_file(store: Store, job: Job) -> None:
    """Return if a file that has arrived can be answered, as far as its columns tell.

    Raises
    ------
    BadInputError
        When it is none of its kind, or its columns are not those of the model.
    """
    prototype = load_prototype(store, job.params["model_version_id"])
    open_file(store.files.batch(job.id) / SENT, job.params["kind"], prototype)


def start_batch(store: Store, model: ModelVersion, *, kind: str, write: Callable[[Path], None], by: str) -> Job:
    """Have a file answered in the background and return the job.

    Parameters
    ----------
    model : ModelVersion
        The version that answers.
    kind : {"csv", "parquet"}
        What the file is.
    write : callable
        Writes the file to the path it is given.

    Raises
    ------
    BadInputError
        When it is none of its kind, or its columns are not those of the model.
    NotReadyError, ConflictError
        When there is nobody to answer it, or too many are under way.
    """
    job = new_batch(model.project_id, kind, model, by=by)
    path = begin_file(store, job)
    try:
        write(path)
        check_file(store, job)
        return store.add(job)
    except BaseException:
        discard(store, job.id)
        raise


def discard(store: Store, job_id: str) -> None:
    """Delete all files of a batch."""
    shutil.rmtree(store.files.batch(job_id), ignore_errors=True)


def find_batch(store: Store, project_id: str, batch_id: str) -> Job:
    """Return the work for a file.

    Raises
    ------
    NotFoundError
        When the project has no such file (any more).
    """
    found = store.find(Job, id=batch_id, project_id=project_id, kind="batch")
    if not found:
        raise NotFoundError("There is no such file here (any more).", "Results are deleted after seven days.")
    return found[0]


def describe_batch(store: Store, slug: str, job: Job) -> Json:
    """Return how far a file is, and where its result is."""
    address = f"/v1/{slug}/batches/{job.id}"
    failed = " ".join(filter(None, (job.error, job.hint)))
    is_there = not job.active and result_path(store, job).exists()
    return {
        "id": job.id,
        "state": STATES.get(job.status, job.status),
        "progress": job.progress,
        "message": failed or job.message,
        "n_rows": job.result.get("n_rows"),
        "n_answered": job.result.get("n_answered", 0),
        "n_refused": job.result.get("n_refused", 0),
        "model_version": job.params["model_version"],
        "notes": job.result.get("notes", []),
        "created_at": job.created_at.isoformat(),
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
        "address": address,
        "result": f"{address}/result" if is_there else None,
        "expires_at": (job.ended_at + KEPT_FOR).isoformat() if job.ended_at else None,
    }


def end_batch(store: Store, job: Job) -> Job:
    """Stop the answering of a file, or delete a file that is at its end, with its result; return what it is then."""
    if job.active:
        store.jobs.request_stop(job.id, utc_now())
        return store.get(Job, job.id)
    discard(store, job.id)
    store.log.forget_journal(place_name(job.id))
    store.remove(Job, id=job.id)
    return replace(job, message="Deleted.")


def place_name(job_id: str) -> str:
    """Return under which name the log remembers how many rows of a file it has."""
    return f"batch-{job_id}"


def remove_old_batches(store: Store, now: datetime) -> int:
    """Delete files that ended a week ago, or as long ago as rows of the log are kept; and files of no job."""
    n_removed = 0
    for job in store.find(Job, kind="batch"):
        retention = store.newest(Retention, project_id=job.project_id)
        days = retention.days if retention else None
        kept_for = KEPT_FOR if days is None else min(KEPT_FOR, timedelta(days=days))
        if job.ended_at is not None and now - job.ended_at > kept_for:
            end_batch(store, job)
            n_removed += 1
    return n_removed + _remove_orphans(store, now)


def _remove_orphans(store: Store, now: datetime) -> int:
    """Delete what was sent half, and what belonged to a project that is gone."""
    n_removed = 0
    for folder in store.files.batches.iterdir():
        is_old = now.timestamp() - folder.stat().st_mtime > timedelta(days=1).total_seconds()
        if is_old and store.count(Job, id=folder.name) == 0:
            discard(store, folder.name)
            n_removed += 1
    return n_removed
