"""Collect: bring in the table, see what is in it, choose what to predict, keep rows back to play them live later."""

import streamlit as st

from core import collect, plan
from core.errors import LifecycleError
from core.records import DatasetVersion
from pages import ui
from pages.ui.checks import show_checks
from pages.ui.objective import TASK_WORDS
from pages.ui.words import plain


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


table = ui.store().newest(DatasetVersion, project_id=ui.project().id, role="table")
reading = ui.show_reading_job(table)

if table is None and reading:
    st.caption("It is a large file. You can go on with the plan meanwhile; the work goes on without this page.")
    ui.link_to("plan")
elif table is None:
    st.info(
        "Bring a file with one example in each row and one property in each column, the answer among them.",
        title="There is no table yet.",
        icon=":material/table_view:",
    )
    ui.show_sources(ui.project(), first=True)
else:
    st.markdown(
        f"**{plain(table.filename)}**, version {table.number}: {table.n_rows:,} rows, {table.n_columns:,} columns."
    )
    ui.show_reading(table)
    choose_target(table)
    columns, checks, rows, stream, versions, sources = st.tabs(
        ["Columns", "Checks", "First rows", "Live stream", "Versions", "Sources"],
        key="collect_tabs",
        on_change="rerun",
    )
    with columns:
        ui.show_profile(table, plan.current_objective(ui.store(), table.project_id).target)
    with checks:
        if checks.open:  # The first look at a large table takes seconds.
            show_checks(table)
    with rows:
        st.dataframe(ui.first_rows(table.id), key="collect_rows", alt="The first rows of the table")
    with stream:
        keep_back(table)
    with versions:
        if versions.open:  # Comparing two versions takes a moment.
            ui.show_versions(table.project_id)
    with sources:
        ui.show_sources(ui.project())
    ui.show_code("collect", table.id, lambda own: collect.table_script(ui.store(), table.id, from_file=own))
