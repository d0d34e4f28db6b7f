"""Uploads leave the server's memory for disk at once, and become the next version of a project's table."""

import shutil
from pathlib import Path

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from core import collect
from core.records import DatasetVersion, Project, new_id
from pages.ui.state import person, store

FILE_TYPES = ["csv", "tsv", "txt", "tab", "dat", "data", "parquet", "xlsx", "xlsm"]


def add_uploaded_table(project: Project, uploaded: UploadedFile) -> DatasetVersion:
    """Move an upload to disk and add it to the project as the next version of its table.

    Raises
    ------
    BadInputError
        When the file is no table that can be read.
    """
    path = _move_to_disk(uploaded)
    try:
        return collect.add_dataset(store(), project.id, path, filename=uploaded.name, by=person())
    finally:
        path.unlink(missing_ok=True)


def _move_to_disk(uploaded: UploadedFile) -> Path:
    path = store().files.upload(new_id())
    with store().files.write_file(path) as temporary, temporary.open("wb") as target:
        shutil.copyfileobj(uploaded, target)
    context = get_script_run_ctx()
    # Streamlit itself would keep the bytes until the browser goes away.
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(session_id=context.session_id, file_id=uploaded.file_id)
    return path
