"""Starting, opening and deleting projects."""

import streamlit as st
from streamlit.typing import UploadedFile

from core import collect, plan
from core.errors import LifecycleError
from core.records import Project
from pages.ui.errors import error_frame
from pages.ui.navigation import go_to
from pages.ui.state import open_project, person, store
from pages.ui.upload import FILE_TYPES, add_uploaded_table
from pages.ui.words import plain


def _start_sample(key: str) -> None:
    with st.spinner("Setting up the sample ..."):
        project = collect.create_sample_project(store(), key, by=person())
    open_project(project.slug)
    go_to("home")


def _start_own(name: str, uploaded: UploadedFile | None) -> None:
    """Create a project of one's own; a file that cannot be read leaves no project behind."""
    with st.spinner("Reading the file ..." if uploaded else "Setting up the project ..."):
        project = plan.create_project(store(), name, by=person())
        if uploaded is not None:
            try:
                add_uploaded_table(project, uploaded)
            except LifecycleError:
                plan.delete_project(store(), project.id)
                raise
    open_project(project.slug)
    go_to("collect" if uploaded else "plan")


def sample_cards(prefix: str) -> None:
    """Draw a card for each sample: a ready project in one click. `prefix` begins the keys."""
    with st.grid(2, min_column_width=220):
        for sample in collect.SAMPLES:
            with st.container(border=True, height="stretch", vertical_alignment="distribute"):
                with st.container(gap="xsmall"):
                    st.markdown(f"**{sample.name}**  \n{sample.question}")
                    st.caption(f"{sample.description.split('. ')[0].rstrip('.')}.")
                if st.button("Start with this", key=f"{prefix}_sample_{sample.key}", width="stretch"):
                    with error_frame():
                        _start_sample(sample.key)


def own_project_form(prefix: str) -> None:
    """Draw the form for a project of one's own, with a table or without. `prefix` begins the keys."""
    with st.form(f"{prefix}_own", border=True):
        name = st.text_input("Name of the project", placeholder="For example: Late deliveries", key=f"{prefix}_name")
        uploaded = st.file_uploader(
            "A table as CSV, TSV, Parquet or Excel (can also be added later)", type=FILE_TYPES, key=f"{prefix}_file"
        )
        if st.form_submit_button("Start this project", type="primary", icon=":material/add:", key=f"{prefix}_start"):
            with error_frame():
                _start_own(name, uploaded)


@st.dialog("New project", width="large", icon=":material/add_circle:")
def new_project_dialog() -> None:
    """Ask for a new project, wherever the person is."""
    with error_frame():
        own_project_form("new")
        st.markdown("**Or look around with a ready one**")
        sample_cards("new")


@st.dialog("Delete this project?", icon=":material/delete:")
def delete_project_dialog(project: Project) -> None:
    """Ask once more, then delete the project with everything in it."""
    with error_frame():
        st.markdown(
            f"**{plain(project.name)}** goes with its tables, models, predictions and history. "
            "If a model of it is live, programs that ask it get no answers any more. This cannot be undone."
        )
        with st.container(horizontal=True):
            if st.button("Delete for good", type="primary", key="sidebar_delete_confirm"):
                plan.delete_project(store(), project.id)
                open_project(None)
                go_to("home")
            if st.button("Keep it", key="sidebar_delete_cancel"):
                st.rerun()
