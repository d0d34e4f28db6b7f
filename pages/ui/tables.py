"""What pages look up about a table, cached by its id: a dataset version never changes."""

import pandas as pd
import streamlit as st

from core import collect, plan
from core.records import Profile, TaskGuess
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
