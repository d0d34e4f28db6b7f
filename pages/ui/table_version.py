"""Whatever is made from a table names its version, and says so where a newer table exists."""

import streamlit as st

from core import collect
from core.records import DatasetVersion
from pages.ui.navigation import link_to, page_info
from pages.ui.state import store
from pages.ui.words import count, plain


def name_table(dataset_id: str) -> str:
    """Return which table a thing was made from: "version 2 of the table"."""
    version = store().newest(DatasetVersion, id=dataset_id)
    return f"{collect.name_version(version)} of the table" if version else "a table that is gone"


def say_version(dataset_id: str, what: str, *, stage: str | None = None) -> None:
    """Say which version of the table a thing comes from, and with a stage whether there is a newer one.

    Parameters
    ----------
    what : str
        Begins the sentence: "These models learned from".
    stage : str, optional
        Key of the page where a newer table is taken up.
    """
    version = store().newest(DatasetVersion, id=dataset_id)
    if version is None:
        return
    size = f"{count(version.n_rows, 'row')}, {count(version.n_columns, 'column')}"
    st.caption(f":material/table_view: {what} {name_table(dataset_id)}: {plain(version.filename)}, {size}.")
    newest = store().newest(DatasetVersion, project_id=version.project_id, role=version.role)
    if stage is None or newest is None or newest.id == version.id:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"newer_table_{stage}"):
        st.markdown(
            f":material/update: The table has a newer **{collect.name_version(newest)}**, "
            f"{count(newest.n_rows, 'row')}. What you see here does not know it."
        )
        link_to(stage, f"Take it up on {page_info(stage).title}")
