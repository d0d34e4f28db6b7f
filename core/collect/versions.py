"""Immutable dataset versions: a Parquet file, its hash, and a record of where it came from."""

import hashlib
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.collect.reading import convert_file
from core.collect.staging import ROW_GROUP_SIZE, open_staging
from core.collect.typed_source import write_typed
from core.errors import NoDataError
from core.records import Column, DatasetVersion, Edit, Project, Reading, new_id
from core.records.data import DatasetRole, DatasetSource
from core.store import Store


def add_dataset(  # noqa: PLR0913 - provenance, each part named
    store: Store,
    project_id: str,
    path: Path,
    *,
    filename: str,
    by: str,
    source: DatasetSource = "upload",
    parent_id: str | None = None,
    before_storing: Callable[[], None] = lambda: None,
) -> DatasetVersion:
    """Read a file and store its table as the project's next version; nothing is stored when it cannot be read.

    Parameters
    ----------
    path : Path
        Where the bytes lie; the file is left as it is, and its bytes are kept to be read again.
    filename : str
        What the person calls it.
    parent_id : str, optional
        The version it comes from; default for an upload: the newest table, whose place it takes.
    before_storing : function, optional
        Called when the table has been read; what it raises ends the matter with nothing stored.

    Raises
    ------
    BadInputError
        When the file holds no table.
    NotFoundError
        When the project is gone.
    """
    if source == "upload" and parent_id is None:
        current = store.newest(DatasetVersion, project_id=project_id, role="table")
        parent_id = current.id if current else None
    draft = Draft(project_id, filename, by, source, parent_id=parent_id)
    original_id = new_id()
    hashes: list[Future[str]] = []

    def write(target: Path) -> tuple[tuple[Column, ...], Reading]:
        # The copy waits for the disk, so the reading need not wait for the copy; nor does the hash need the reading.
        with ThreadPoolExecutor(2) as beside:
            kept = beside.submit(store.files.keep_original, path, original_id)
            columns, reading = convert_file(
                path,
                filename,
                target,
                store.home / "uploads",
                when_written=lambda: hashes.append(beside.submit(_sha256, target)),
            )
            before_storing()
            kept.result()
        return columns, replace(reading, original_id=original_id)

    try:
        return store_version(store, draft, write, lambda target: hashes[0].result() if hashes else _sha256(target))
    except BaseException:
        store.files.original(original_id).unlink(missing_ok=True)
        raise


def add_table(  # noqa: PLR0913 - provenance, each part named
    store: Store,
    project_id: str,
    table: pa.Table,
    *,
    filename: str,
    by: str,
    source: DatasetSource,
    role: DatasetRole = "table",
    parent_id: str | None = None,
    note: str = "",
) -> DatasetVersion:
    """Store a table in memory as the project's next version.

    With a parent, columns of the same name stay what they are there: whole numbers whole, free text free text.

    Raises
    ------
    BadInputError
        When it has no columns, or too many.
    NotFoundError
        When the project is gone.
    """
    like = store.get(DatasetVersion, parent_id).columns if parent_id is not None else ()

    def write(target: Path) -> tuple[tuple[Column, ...], None]:
        with (
            tempfile.TemporaryDirectory(dir=store.home / "uploads") as folder,
            open_staging(Path(folder)) as connection,
        ):
            names = [f"c{index}" for index in range(table.num_columns)]
            connection.register("t", table.rename_columns(names))
            return write_typed(connection, "t", table.schema, target, like=like)[0], None

    draft = Draft(project_id, filename, by, source, role, parent_id, note)
    return store_version(store, draft, write)


def store_rows(store: Store, draft: "Draft", rows: pa.Table, columns: tuple[Column, ...]) -> DatasetVersion:
    """Store rows of a version as a version of their own, its columns being what they were."""

    def write(target: Path) -> tuple[tuple[Column, ...], None]:
        pq.write_table(rows, target, compression="zstd", row_group_size=ROW_GROUP_SIZE)
        return columns, None

    return store_version(store, draft, write)


@dataclass(frozen=True)
class Draft:
    """What is known of a version before its table is written."""

    project_id: str
    filename: str
    created_by: str
    source: DatasetSource
    role: DatasetRole = "table"
    parent_id: str | None = None
    note: str = ""
    edit: Edit | None = None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def store_version(
    store: Store,
    draft: Draft,
    write: Callable[[Path], tuple[tuple[Column, ...], Reading | None]],
    hash_of: Callable[[Path], str] = _sha256,
) -> DatasetVersion:
    """Write the file whole, then the record: a file without a record is never seen.

    Parameters
    ----------
    hash_of : function, optional
        Returns the hash of what was written.
    """
    store.get(Project, draft.project_id)
    dataset_id = new_id()
    path = store.files.dataset(dataset_id)
    with store.files.write_file(path) as temporary:
        columns, reading = write(temporary)
    return store.add(
        DatasetVersion(
            project_id=draft.project_id,
            number=1 + store.count(DatasetVersion, project_id=draft.project_id, role=draft.role),
            source=draft.source,
            filename=draft.filename,
            sha256=hash_of(path),
            n_rows=pq.read_metadata(path).num_rows,
            columns=columns,
            role=draft.role,
            parent_id=draft.parent_id,
            reading=reading,
            edit=draft.edit,
            note=draft.note,
            created_by=draft.created_by,
            id=dataset_id,
        )
    )


def list_datasets(store: Store, project_id: str) -> list[DatasetVersion]:
    """Return all versions of a project, tables and streams, oldest first."""
    return store.find(DatasetVersion, project_id=project_id)


def current_dataset(store: Store, project_id: str) -> DatasetVersion:
    """Return the newest table of a project.

    Raises
    ------
    NoDataError
        When it has none yet.
    """
    dataset = store.newest(DatasetVersion, project_id=project_id, role="table")
    if dataset is None:
        raise NoDataError("This project has no table yet.", "Upload one on Collect data.")
    return dataset


def current_stream(store: Store, project_id: str) -> DatasetVersion | None:
    """Return the newest stream kept back for a project; None when there is none."""
    return store.newest(DatasetVersion, project_id=project_id, role="stream")
