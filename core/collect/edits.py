"""Recorded edits: a change to the rows or values of a table makes a new version, which says what was done.

The version before stays as it is, and can be made current again.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from core.collect.edit_kinds import EDITS, OF_COLUMNS, Change, EditedTable, selected, with_salt, without_salt
from core.collect.staging import ROW_GROUP_SIZE, open_staging
from core.collect.typed_source import numbered_relation
from core.collect.versions import Draft, current_dataset, current_stream, store_version
from core.collect.words import sql_name, sql_text
from core.errors import BadInputError, ConflictError
from core.records import Column, DatasetVersion, Edit
from core.store import Store

UNDO = "undo"


def edit_table(store: Store, dataset_id: str, edit: Edit, *, by: str) -> DatasetVersion:
    """Make the edited table the project's next version and return it; its `edit` says what was done, with the count.

    Rows stay in their order; rows before = rows after + rows that the edit counts. A change of columns or values is
    made to the rows kept back for live traffic as well, so that they go on looking like the table. Where there is
    nothing to change, no version is made, and the one there is comes back.

    Parameters
    ----------
    dataset_id : str
        The project's current table.
    edit : Edit
        `kind` is one of `edit_kinds.EDITS`; `columns` and `options` are what it needs. The count is found here and put
        into the sentence.

    Raises
    ------
    NotFoundError
        When there is no such version.
    ConflictError
        When the project has a newer table by now, or no row would be left.
    BadInputError
        When the kind is unknown, or a column is missing.
    """
    dataset = store.get(DatasetVersion, dataset_id)
    _check_current(store, dataset)
    if edit.kind not in EDITS:
        raise BadInputError(f"There is no edit '{edit.kind}'.", "Choose one that a check offers.")
    ready = with_salt(edit)
    edited = _edit_version(store, dataset, ready, by)
    stream = current_stream(store, dataset.project_id)
    if edited.id != dataset.id and stream and edit.kind in OF_COLUMNS and set(edit.columns) <= set(stream.column_names):
        _edit_version(store, stream, ready, by)
    return edited


def undo_edit(store: Store, dataset_id: str, *, by: str) -> DatasetVersion:
    """Make the version before an edit current again, as a new version with the same rows; nothing is removed.

    Raises
    ------
    NotFoundError
        When there is no such version.
    ConflictError
        When it was not made by an edit, or the project has a newer table by now.
    """
    dataset = store.get(DatasetVersion, dataset_id)
    _check_current(store, dataset)
    if dataset.edit is None or dataset.edit.kind == UNDO or dataset.parent_id is None:
        raise ConflictError("This version was not made by an edit.", "Choose an edited one.")
    stream = current_stream(store, dataset.project_id)
    if stream and stream.edit and stream.edit.kind == dataset.edit.kind and stream.edit.columns == dataset.edit.columns:
        _restore(store, stream, by)
    return _restore(store, dataset, by)


def _restore(store: Store, edited: DatasetVersion, by: str) -> DatasetVersion:
    before = store.get(DatasetVersion, edited.parent_id or "")

    def write(target: Path) -> tuple[tuple[Column, ...], None]:
        shutil.copyfile(store.files.dataset(before.id), target)
        return before.columns, None

    sentence = f"Undone: {edited.edit.sentence}" if edited.edit else ""
    edit = Edit(UNDO, sentence, n_changed=before.n_rows - edited.n_rows)
    draft = Draft(edited.project_id, edited.filename, by, "edit", edited.role, edited.id, sentence, edit)
    return store_version(store, draft, write)


def _check_current(store: Store, dataset: DatasetVersion) -> None:
    if current_dataset(store, dataset.project_id).id != dataset.id:
        raise ConflictError("The table has changed meanwhile.", "Look at the checks of the newest version.")


def _edit_version(store: Store, dataset: DatasetVersion, edit: Edit, by: str) -> DatasetVersion:
    with _open(store, dataset) as table:
        change = EDITS[edit.kind](table, edit)
        n_dropped = table.count(change.dropped) if change.dropped != "false" else 0
        n_cells = sum(_count_cells(table, name, value) for name, value in change.cells.items())
        gone = [column.name for column in table.columns if column.name not in {kept.name for kept in change.columns}]
        if not n_dropped + n_cells + len(gone):
            return dataset
        if n_dropped == dataset.n_rows:
            raise ConflictError("No row would be left.", "Leave the rows as they are.")
        told = _say(edit, n_dropped, n_cells, dataset.n_rows)
        done = replace(without_salt(edit), sentence=told, n_changed=n_dropped + n_cells + len(gone))
        draft = Draft(dataset.project_id, dataset.filename, by, "edit", dataset.role, dataset.id, told, done)
        return store_version(store, draft, lambda target: (_write(table, change, target), None))


@contextmanager
def _open(store: Store, dataset: DatasetVersion) -> Iterator[EditedTable]:
    with (
        tempfile.TemporaryDirectory(dir=store.home / "uploads") as folder,
        open_staging(Path(folder)) as connection,
    ):
        yield EditedTable(connection, numbered_relation(store.files.dataset(dataset.id)), dataset.columns)


def _count_cells(table: EditedTable, name: str, value: str) -> int:
    """Return how many cells become another value; for a new type, how many become missing, or all when none does."""
    before = table.sql(name)
    lost = f"{before} IS NOT NULL AND ({value}) IS NULL"
    n_lost = table.count(lost)
    return n_lost or table.count(f"CAST({before} AS VARCHAR) IS DISTINCT FROM CAST(({value}) AS VARCHAR)")


def _say(edit: Edit, n_dropped: int, n_cells: int, n_rows: int) -> str:
    what = edit.sentence.rstrip(".")
    if n_dropped:
        return f"{what}: {n_dropped:,} of {n_rows:,}, {n_rows - n_dropped:,} are left."
    names = ", ".join(f"'{name}'" for name in edit.columns)
    if n_cells:
        return f"{what}: {n_cells:,} {'cell' if n_cells == 1 else 'cells'} of {names}."
    return f"{what}: {names}."


def _write(table: EditedTable, change: Change, target: Path) -> tuple[Column, ...]:
    cells = ", ".join(f"{value} AS {sql_name(name)}" for name, value in selected(table, change))
    table.connection.execute(
        f"COPY (SELECT {cells} FROM {table.relation} WHERE NOT ({change.dropped}) ORDER BY n) "  # noqa: S608
        f"TO {sql_text(str(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    )
    return change.columns
