"""The versions of a project's table: where each came from and how it differs from the one before."""

import pandas as pd
import streamlit as st

from core import collect
from pages.ui.state import store


def show_versions(project_id: str) -> None:
    """Draw every version of a project's table and of its live stream, the newest first."""
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
        for version in reversed(collect.list_datasets(store(), project_id))
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="All versions of the table, the newest first")
