"""Adding a step to a recipe: a few fields for what it needs, the rest is chosen on its card."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core import prepare
from core.records import Recipe, StepKind
from pages.ui.recipe import keep_draft
from pages.ui.recipe_options import OPERATIONS
from pages.ui.words import plain

KINDS: Mapping[StepKind, tuple[str, str]] = {
    "combine": (
        "A ratio, difference or product",
        "A new column made of two others, such as price divided by area: many models cannot divide by themselves.",
    ),
    "bin": ("Bins", "A level for each stretch of a number, such as ages 18 to 30: what matters may not grow steadily."),
    "cap": ("Cap unusual values", "Values far from the rest are set to a limit, so that a few do not rule the model."),
    "remove_rows": ("Leave unusual rows out of the learning", "They teach nothing general. All rows are predicted."),
    "look_back": (
        "Earlier values, and means of several",
        "What was measured the moments before often says most about the next. Needs a split by time.",
    ),
    "drop": ("Leave columns out", "At the end of the steps on columns: after something was made from them."),
}


def add_step(base: Recipe, recipe: Recipe) -> None:
    """Draw the choice of a further step with its columns; added, it becomes a card."""
    with st.popover("Add a step", icon=":material/add:", key="prepare_add"):
        titles = {one: title for one, (title, _) in KINDS.items()}
        kind: StepKind = st.selectbox("Which", list(KINDS), format_func=titles.get, key="prepare_add_kind")
        st.caption(KINDS[kind][1])
        if kind == "look_back" and recipe.split.kind not in ("time", "newest"):
            st.info("First split the rows by time, beside the recipe.", icon=":material/schedule:")
            return
        columns, options = FORMS.get(kind, _some)(recipe)
        if st.button("Add it", type="primary", key="prepare_add_it", disabled=not columns):
            keep_draft(base, prepare.put_step(recipe, prepare.make_step(recipe, kind, columns, **options)))


def _numbers(recipe: Recipe) -> list[str]:
    return [column.name for column in prepare.columns_at_end(recipe) if column.kind == "number"]


def _some(recipe: Recipe) -> tuple[list[str], dict[str, Any]]:
    return st.multiselect("Columns", _numbers(recipe), key="prepare_add_columns", placeholder="Choose"), {}


def _any(recipe: Recipe) -> tuple[list[str], dict[str, Any]]:
    names = [column.name for column in prepare.columns_at_end(recipe)]
    return st.multiselect("Columns", names, key="prepare_add_any", placeholder="Choose"), {}


def _inputs(recipe: Recipe) -> tuple[list[str], dict[str, Any]]:
    names = [column.name for column in prepare.feature_columns(recipe) if column.kind == "number"]
    return st.multiselect("Numbers to look at", names, key="prepare_add_inputs", placeholder="Choose"), {}


def _two(recipe: Recipe) -> tuple[list[str], dict[str, Any]]:
    names = _numbers(recipe)
    choice: dict[str, Any] = {"index": None, "placeholder": "Choose"}
    left = st.selectbox("Column", names, key="prepare_add_left", **choice)
    operation = st.selectbox("What to do", list(OPERATIONS), format_func=OPERATIONS.get, key="prepare_add_operation")
    right = st.selectbox("With", names, key="prepare_add_right", **choice)
    return ([left, right] if left and right else []), {"operation": operation}


def _earlier(recipe: Recipe) -> tuple[list[str], dict[str, Any]]:
    names = [column.name for column in recipe.columns if column.kind in ("number", "boolean", "category")]
    if recipe.target not in names:
        names.append(recipe.target)
    columns = st.multiselect(
        "Earlier values of",
        names,
        key="prepare_add_earlier",
        placeholder="Choose",
        help="The target may be among them: only values from before are used.",
    )
    when = recipe.split.time_column
    st.caption(f"Earlier by {plain(when)}." if when else "Earlier by the order of the rows in the file.")
    groups = [column.name for column in recipe.columns if column.name not in (recipe.target, when)]
    group = st.selectbox(
        "Only within the same", groups, index=None, key="prepare_add_group", placeholder="All rows together"
    )
    return columns, {"group_column": group}


FORMS: Mapping[str, Callable[[Recipe], tuple[list[str], dict[str, Any]]]] = {
    "combine": _two,
    "look_back": _earlier,
    "remove_rows": _inputs,
    "drop": _any,
}
