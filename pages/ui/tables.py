"""What pages look up about a table, cached by its id: a dataset version never changes."""

import pandas as pd
import streamlit as st

from core import collect, plan
from core.records import ColumnDetail, Profile, TargetRelations, TaskGuess, Twins
from pages.ui.state import store

N_FIRST_ROWS = 100


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


@st.cache_data(max_entries=16, show_spinner="Comparing every column with the target ...")
def relations_of(dataset_id: str, target: str) -> TargetRelations:
    """Return how strongly each column alone tells the target; BadInputError when it is no target."""
    return collect.relate_to_target(store(), dataset_id, target)


@st.cache_data(max_entries=16, show_spinner="Comparing the columns with each other ...")
def twins_of(dataset_id: str) -> tuple[Twins, ...]:
    """Return the groups of columns that say the same."""
    return collect.find_twins(store(), dataset_id)


@st.cache_data(max_entries=256, show_spinner="Looking closer ...")
def detail_of(dataset_id: str, column: str) -> ColumnDetail:
    """Return one column of a dataset version in detail."""
    return collect.look_closer(store(), dataset_id, column)


@st.cache_data(max_entries=64, show_spinner=False)
def rows_of(dataset_id: str, rows: tuple[int, ...]) -> pd.DataFrame:
    """Return single rows of a dataset version, numbered from 1, with these numbers as the index."""
    found = collect.load_rows(store(), dataset_id, [row - 1 for row in rows])
    return found.rename(index=lambda row: row + 1)
