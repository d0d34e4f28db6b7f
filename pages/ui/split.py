"""The choice of the rows to set aside for the test."""

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from core import prepare
from core.records import Recipe, Split
from pages.ui.state import prefill, store
from pages.ui.words import count, plain

SPLITS = {
    "random": "At random",
    "stratified": "At random, with the same share of each answer",
    "time": "By time: learn from older rows, test on newer ones",
    "group": "By group: rows that belong together stay together",
    "newest": "The newest rows that came in live",
}
FILE_ORDER = ""
"""Stands for the order of the rows in the file among the columns that can say when."""


def choose_split(base: Recipe, recipe: Recipe) -> Recipe:
    """Draw the choice of the rows to set aside; return the recipe with it.

    Parameters
    ----------
    base : Recipe
        As it was before anything was changed on the page.
    recipe : Recipe
        With the changes made so far.
    """
    now = recipe.split
    kinds = [kind for kind in SPLITS if kind != "stratified" or base.task != "regression"]
    kinds = [kind for kind in kinds if kind != "newest" or base.split.kind == "newest"]  # Retraining makes these.
    prefill(
        base.id,
        prepare_split=now.kind if now.kind in kinds else kinds[0],
        prepare_test_share=round(now.test_share * 100),
        prepare_time=(now.time_column or FILE_ORDER) if now.kind == "time" else None,
        prepare_group=now.group_column,
    )
    kind = st.radio("How to choose them", kinds, format_func=lambda one: SPLITS[one], key="prepare_split")
    if kind == "newest":
        st.caption(f"The last {count(base.split.n_newest or 1, 'row')} of the table, as retraining chose them.")
        return recipe
    share = st.slider("Share of the rows to set aside (%)", 5, 50, step=5, key="prepare_test_share")
    time = _choose_time(base) if kind == "time" else None
    group = _choose_group(base) if kind == "group" else None
    if (kind == "time" and time is None) or (kind == "group" and group is None):
        return recipe
    split = Split(kind, share / 100, time or None, random_state=base.split.random_state, group_column=group)
    return recipe if split == recipe.split else prepare.change_split(recipe, split)


@st.cache_data(max_entries=32, show_spinner="Looking whether this choice misleads ...")
def _warnings(content: Recipe) -> tuple[str, ...]:
    return prepare.split_warnings(store(), content)


def show_split_warnings(recipe: Recipe) -> None:
    """Say with figures where the chosen rows would make the test look better than life."""
    # All the answer depends on, so that a switched step does not ask anew.
    content = replace(recipe, steps=(), created_by="", id="", created_at=datetime.min.replace(tzinfo=UTC))
    for sentence in _warnings(content):
        st.warning(plain(sentence), icon=":material/warning:")


def _choose_time(base: Recipe) -> str | None:
    """Return the column that says when, `FILE_ORDER`, or None while nothing is chosen."""
    times = [FILE_ORDER, *(column.name for column in base.columns if column.kind in ("date", "number"))]
    time = st.selectbox(
        "What says when",
        times,
        index=None,
        format_func=lambda name: name or "The order of the rows in the file",
        key="prepare_time",
        placeholder="Choose",
    )
    if time is None:
        st.info("Choose the column that says when a row happened.", icon=":material/schedule:")
    return time


def _choose_group(base: Recipe) -> str | None:
    names = [column.name for column in base.columns if column.name != base.target]
    group = st.selectbox(
        "Column that says what belongs together", names, index=None, key="prepare_group", placeholder="Choose"
    )
    if group is None:
        st.info(
            "Choose the column that names the customer, patient or machine a row is about. A model that has seen "
            "other rows of the same one would look better in the test than it is.",
            icon=":material/group:",
        )
    return group
