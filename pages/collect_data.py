"""Collect: bring in the table, see what is in it, choose what to predict, keep rows back to play them live later."""

import pandas as pd
import streamlit as st

from core import collect, plan
from core.errors import LifecycleError
from core.records import DatasetVersion
from pages import ui
from pages.ui.objective import TASK_WORDS
from pages.ui.words import plain


def upload_form(label: str) -> None:
    # Emptied at once, so that the server does not keep the file in memory, too.
    with st.form("collect_upload", clear_on_submit=True):
        uploaded = st.file_uploader(label, type=ui.FILE_TYPES, key="collect_file")
        submitted = st.form_submit_button(
            "Read this table", type="primary", icon=":material/upload:", key="collect_read"
        )
    if submitted and uploaded is None:
        st.info("Choose a file first.", icon=":material/upload_file:")
    elif submitted:
        with st.spinner(f"Reading {uploaded.name} ..."):
            ui.add_uploaded_table(ui.project(), uploaded)
        st.toast("The table is in.", icon=":material/check:")
        st.rerun()


def choose_target(table: DatasetVersion) -> None:
    objective = plan.current_objective(ui.store(), table.project_id)
    st.markdown("### Which column should be predicted?")
    known = objective.target if objective.target in table.column_names else None
    ui.prefill(f"{table.project_id} {table.id} {known}", collect_target=known)
    target = st.selectbox("Target", table.column_names, index=None, key="collect_target", placeholder="Choose a column")
    if target is None:
        return
    try:
        guess = ui.task_of(table.id, target)
    except LifecycleError as error:
        st.warning(plain(error.hint), title=plain(error.message), icon=":material/block:")
        return
    st.markdown(f"{plain(guess.reason)} The answer is: **{TASK_WORDS[guess.task].lower()}**.")
    if target == known and objective.task:
        st.caption(":green[:material/check_circle:] This is the target of the project.")
    elif st.button("Predict this column", type="primary", icon=":material/target:", key="collect_save_target"):
        changed = {"metric": None, "minimum": None, "positive_label": None} if objective.task != guess.task else {}
        plan.change_objective(ui.store(), table.project_id, by=ui.person(), target=target, task=guess.task, **changed)
        st.rerun()


def keep_back(table: DatasetVersion) -> None:
    stream = collect.current_stream(ui.store(), table.project_id)
    st.markdown(
        "Set some rows aside now and play them later against the live model, as if they came in day by day: "
        "then you see monitoring and retraining at work before the real world does it."
    )
    if stream:
        st.caption(f":green[:material/check_circle:] {stream.n_rows:,} rows are kept back.")
    dates = [column.name for column in table.columns if column.kind in ("date", "number")]
    share = st.slider("Share of the rows to keep back (%)", 5, 80, 30, key="collect_share")
    time = st.selectbox("The newest rows by", dates, index=None, key="collect_time", placeholder="Any rows, at random")
    if st.button("Keep these rows back", icon=":material/call_split:", key="collect_keep_back"):
        collect.keep_back_stream(ui.store(), table.id, share=share / 100, time_column=time, by=ui.person())
        st.rerun()


def show_versions(project_id: str) -> None:
    rows = [
        {
            "Version": version.number,
            "Kind": "to learn from" if version.role == "table" else "live stream",
            "File": version.filename,
            "Rows": version.n_rows,
            "Columns": version.n_columns,
            "By": version.created_by,
            "When (UTC)": version.created_at,
            "Note": version.note,
        }
        for version in reversed(collect.list_datasets(ui.store(), project_id))
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="All versions of the table, the newest first")


table = ui.store().newest(DatasetVersion, project_id=ui.project().id, role="table")

if table is None:
    st.info(
        "Bring a file with one example in each row and one property in each column, the answer among them.",
        title="There is no table yet.",
        icon=":material/table_view:",
    )
    upload_form("A table as CSV, TSV, Parquet or Excel, up to 500 MB")
else:
    st.markdown(
        f"**{plain(table.filename)}**, version {table.number}: {table.n_rows:,} rows, {table.n_columns:,} columns."
    )
    if table.reading:
        ui.show_reading(table.reading)
    choose_target(table)
    columns, rows, stream, versions, newer = st.tabs(
        ["Columns", "First rows", "Live stream", "Versions", "A newer table"], key="collect_tabs"
    )
    with columns:
        ui.show_profile(ui.profile_of(table.id))
    with rows:
        st.dataframe(ui.first_rows(table.id), key="collect_rows", alt="The first rows of the table")
    with stream:
        keep_back(table)
    with versions:
        show_versions(table.project_id)
    with newer:
        upload_form("A newer version of the table: the old one is kept")
