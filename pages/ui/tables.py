"""What pages look up and show about a table, cached by its id: a dataset version never changes."""

import pandas as pd
import streamlit as st

from core import charts, collect, plan
from core.records import ColumnProfile, Profile, Reading, TaskGuess
from pages.ui.state import store
from pages.ui.words import plain

N_FIRST_ROWS = 100
KIND_WORDS = {"number": "number", "category": "category", "text": "text", "date": "date", "boolean": "yes or no"}


@st.cache_data(max_entries=32, show_spinner="Looking at every column ...")
def profile_of(dataset_id: str) -> Profile:
    """Return what a dataset version holds, column by column."""
    return collect.profile_dataset(store(), dataset_id)


@st.cache_data(max_entries=64, show_spinner=False)
def task_of(dataset_id: str, target: str) -> TaskGuess:
    """Return which kind of question a target column asks; BadInputError when nothing can be learned from it."""
    return plan.recognise_task(collect.load_frame(store(), dataset_id, columns=[target])[target])


@st.cache_data(max_entries=16, show_spinner=False)
def first_rows(dataset_id: str) -> pd.DataFrame:
    """Return the first rows of a dataset version, shape (at most 100, n_columns)."""
    return collect.load_frame(store(), dataset_id, limit=N_FIRST_ROWS)


def _span(column: ColumnProfile) -> str:
    """Say from where to where a column reaches, or name some of its values."""
    if column.kind == "number" and column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:.6g} to {column.maximum:.6g}"
    if column.first and column.last:
        return f"{column.first[:10]} to {column.last[:10]}"
    return ", ".join(column.examples[:3])


def show_profile(profile: Profile) -> None:
    """Draw a line for each column with a small distribution, and one column in detail."""
    rows = [
        {
            "Column": column.name,
            "Holds": KIND_WORDS[column.kind],
            "Distribution": list(column.distribution.counts),
            "Values": _span(column),
            "Different values": column.n_distinct,
            "Missing": 100 * column.n_missing / max(column.n_rows, 1),
        }
        for column in profile.columns
    ]
    config = {
        "Column": st.column_config.TextColumn(pinned=True),
        "Distribution": st.column_config.BarChartColumn(
            width="medium", y_min=0, help="How often each range or value occurs"
        ),
        "Different values": st.column_config.NumberColumn(format="localized"),
        "Missing": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.1f %%"),
    }
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, column_config=config, key="collect_profile", alt="One line for each column"
    )
    names = [column.name for column in profile.columns]
    column = profile.column(st.selectbox("Look closer at", names, key="collect_column"))
    st.plotly_chart(charts.distribution(column), key="collect_chart", alt=f"Distribution of {column.name}")


def show_reading(reading: Reading) -> None:
    """Tell what was decided and changed while a file was read."""
    with st.expander("What I did to your file", icon=":material/fact_check:", expanded=True):
        if not reading.decisions:
            st.markdown("Nothing had to be changed.")
        for decision in reading.decisions:
            examples = f" For example: {', '.join(decision.examples)}." if decision.examples else ""
            count = f" ({decision.count:,})" if decision.count else ""
            st.markdown(f"- {plain(decision.sentence.rstrip('.') + count)}.{plain(examples)}")
        st.caption(f"{reading.n_rows_in:,} rows in the file, {reading.n_rows_kept:,} rows in the table.")


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
