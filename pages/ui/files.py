"""Files of many rows: handed in, answered in the background, and fetched with the answers beside their columns."""

import shutil
from pathlib import Path

import streamlit as st
from streamlit.typing import UploadedFile

from core import serve
from core.records import Job, ModelVersion
from pages.ui.errors import error_frame
from pages.ui.jobs import show_job
from pages.ui.state import person, project, store
from pages.ui.upload import move_to_disk
from pages.ui.words import plain

KEY = "deploy_file"
KINDS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
MOST_SHOWN = 5


def show_files(model: ModelVersion) -> None:
    """Draw the form that takes a file, how far files are, and their answers."""
    jobs = store().find(Job, project_id=project().id, kind="batch", newest=MOST_SHOWN)[::-1]
    is_busy = any(job.active for job in jobs)
    box = st.expander("Ask about a whole file", icon=":material/table:", key=f"{KEY}_box", expanded=is_busy)
    with box, error_frame():
        st.markdown(
            "The answers come back beside the columns of the file, as the same kind of file: CSV or Parquet. Rows that "
            "cannot be answered say why."
        )
        _show_form(model)
        for job in jobs:
            _show_file(job)


def _show_form(model: ModelVersion) -> None:
    # Emptied at once, so that the server does not keep the file in memory, too.
    with st.form(f"{KEY}_form", clear_on_submit=True):
        uploaded = st.file_uploader("File", type=list(KINDS), key=KEY)
        sent = st.form_submit_button("Answer this file", type="primary", icon=":material/send:", key=f"{KEY}_send")
    if sent and uploaded is None:
        st.info("Choose a file first.", icon=":material/upload_file:")
    elif sent:
        with st.spinner(f"Reading {uploaded.name} ..."):
            _hand_in(model, uploaded)
        st.rerun()


def _hand_in(model: ModelVersion, uploaded: UploadedFile) -> None:
    # Asked for before the file is moved: whoever leaves the page ends the script at its next touch of Streamlit.
    kept, by, kind = store(), person(), Path(uploaded.name).suffix.lower().removeprefix(".")
    path = kept.files.upload(move_to_disk(uploaded))

    def move(target: Path) -> None:
        shutil.move(path, target)

    try:
        serve.start_batch(kept, model, kind=kind, write=move, by=by)
    finally:
        path.unlink(missing_ok=True)


def _show_file(job: Job) -> None:
    told = serve.describe_batch(store(), project().slug, job)
    if show_job(job, title="The file", key=job.id):
        return
    with st.container(border=True, key=f"{KEY}_{job.id}"):
        st.caption(f"Handed in by {plain(job.created_by)}, answered by version {told['model_version']}.")
        for note in told["notes"]:
            st.caption(plain(note))
        with st.container(horizontal=True):
            if told["result"]:
                st.download_button(
                    "The answers",
                    serve.result_path(store(), job).read_bytes,
                    file_name=f"{project().slug}-answers.{job.params['kind']}",
                    mime=KINDS[job.params["kind"]],
                    icon=":material/download:",
                    on_click="ignore",
                    key=f"{KEY}_answers_{job.id}",
                )
            if st.button("Delete", icon=":material/delete:", key=f"{KEY}_delete_{job.id}"):
                serve.end_batch(store(), job)
                st.rerun()
