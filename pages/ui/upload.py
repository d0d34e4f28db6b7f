"""Uploads leave the server's memory for disk at once, and become the next version of a project's table."""

import shutil

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from core import collect
from core.records import DatasetVersion, Project, new_id
from pages.ui.jobs import show_job
from pages.ui.state import newest_job, person, project, store

FILE_TYPES = [
    *("csv", "tsv", "txt", "tab", "dat", "data", "parquet", "xlsx", "xlsm", "xls"),
    *("json", "jsonl", "ndjson", "zip", "gz"),
]


def add_uploaded_table(target: Project, uploaded: UploadedFile) -> None:
    """Move an upload to disk and make it the next version of a project's table: at once, or as a job when it is large.

    Raises
    ------
    BadInputError
        When the file is read at once and is no table that can be read.
    """
    # Asked for before the file is moved: whoever leaves the page ends the script at its next touch of Streamlit, and
    # a file on disk that nobody has queued would be lost.
    kept, by, filename = store(), person(), uploaded.name
    upload_id = move_to_disk(uploaded)
    path = kept.files.upload(upload_id)
    if path.stat().st_size >= collect.LARGE_BYTES:
        collect.start_reading(kept, target.id, upload_id, filename=filename, by=by)
        return
    try:
        collect.add_dataset(kept, target.id, path, filename=filename, by=by)
    finally:
        path.unlink(missing_ok=True)


def move_to_disk(uploaded: UploadedFile) -> str:
    """Move an upload out of the server's memory; return the id of the file on disk."""
    upload_id = new_id()
    with store().files.write_file(store().files.upload(upload_id)) as temporary, temporary.open("wb") as target:
        shutil.copyfileobj(uploaded, target)
    context = get_script_run_ctx()
    # Streamlit itself would keep the bytes until the browser goes away.
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(session_id=context.session_id, file_id=uploaded.file_id)
    return upload_id


def upload_form(label: str) -> None:
    """Draw the form that brings in a file as the next version of the project's table."""
    # Emptied at once, so that the server does not keep the file in memory, too.
    with st.form("collect_upload", clear_on_submit=True):
        uploaded = st.file_uploader(label, type=FILE_TYPES, key="collect_file")
        submitted = st.form_submit_button(
            "Read this table", type="primary", icon=":material/upload:", key="collect_read"
        )
    if submitted and uploaded is None:
        st.info("Choose a file first.", icon=":material/upload_file:")
    elif submitted:
        with st.spinner(f"Reading {uploaded.name} ..."):
            add_uploaded_table(project(), uploaded)
        st.rerun()


def show_reading_job(table: DatasetVersion | None) -> bool:
    """Draw the reading of a large file, live, or why it failed; return whether it is under way.

    What a newer table has overtaken is not shown any more.
    """
    job = newest_job("collect")
    if job is not None and table is not None and job.created_at < table.created_at and not job.active:
        return False
    return show_job(job, title="Reading the file")
