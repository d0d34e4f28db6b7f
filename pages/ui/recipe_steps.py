"""The steps of a recipe as cards: a switch, what it does and why, its options, and what it does to real rows."""

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from core import prepare
from core.errors import LifecycleError
from core.prepare.recipe import DROPPED_BY_PERSON
from core.records import Recipe, RecipeStep
from pages.ui.recipe import keep_draft, name_columns
from pages.ui.recipe_options import choose_options
from pages.ui.state import prefill, store
from pages.ui.words import plain

MOVABLE = ("drop", "dates", "cap", "combine", "bin")
REMOVABLE = ("cap", "combine", "bin", "look_back", "remove_rows")


def show_steps(base: Recipe, draft: Recipe) -> Recipe:
    """Draw a card for each step; return the recipe as switched and changed on them.

    Parameters
    ----------
    base : Recipe
        Saved or proposed; the fields begin anew when it is another one.
    draft : Recipe
        The same with the steps that were added, moved or removed since.
    """
    recipe = draft
    steps = [step for step in draft.steps if step.key != DROPPED_BY_PERSON]
    for step in steps:
        prefill(base.id, **{f"prepare_step_{step.key}": step.enabled})
    for step in steps:
        recipe = _card(base, recipe, step)
    return recipe


def _card(base: Recipe, recipe: Recipe, step: RecipeStep) -> Recipe:
    with st.container(border=True, key=f"prepare_card_{step.key}"):
        head, options = st.columns([3, 1], vertical_alignment="center")
        enabled = head.toggle(f"**{plain(step.title)}**", key=f"prepare_step_{step.key}")
        if enabled != step.enabled:
            recipe = prepare.switch_step(recipe, step.key, enabled)
        key = f"prepare_options_{step.key}"
        panel = options.popover("Options", icon=":material/tune:", width="stretch", key=key, on_change="rerun")
        if panel.open:
            with panel:
                _change(base, recipe, step)
        now = next(found for found in recipe.steps if found.key == step.key)
        names = f"  \n{name_columns(now.columns)}" if now.columns else "  \nNone of its columns is there."
        st.caption(f"{plain(prepare.say_step(now))} {plain(step.reason)}{names}")
        shown = st.expander("On real rows", key=f"prepare_rows_{step.key}", on_change="rerun")
        if shown.open:
            with shown:
                _show_preview(recipe, step.key)
    return recipe


def _change(base: Recipe, recipe: Recipe, step: RecipeStep) -> None:
    """Draw what can be chosen; a change is kept at once, because the fields are gone when the panel is closed."""
    changed = choose_options(recipe, step, base.id)
    if changed.steps != recipe.steps:
        keep_draft(base, changed)
    _arrange(base, recipe, step)


def _arrange(base: Recipe, recipe: Recipe, step: RecipeStep) -> None:
    """Draw what moves a step or removes it."""
    if step.kind not in (*MOVABLE, *REMOVABLE):
        return
    with st.container(horizontal=True):
        moves = (("up", "Earlier", "arrow_upward", -1), ("down", "Later", "arrow_downward", 1))
        for name, label, icon, by in moves if step.kind in MOVABLE else ():
            if st.button(label, icon=f":material/{icon}:", key=f"prepare_{name}_{step.key}"):
                keep_draft(base, prepare.move_step(recipe, step.key, by))
        if step.kind in REMOVABLE and st.button("Remove", icon=":material/delete:", key=f"prepare_remove_{step.key}"):
            keep_draft(base, prepare.remove_step(recipe, step.key))


@st.cache_data(max_entries=64, show_spinner="Trying the step on real rows ...")
def _preview(content: Recipe, key: str) -> prepare.StepPreview:
    return prepare.preview_step(store(), content, key)


def _show_preview(recipe: Recipe, key: str) -> None:
    try:
        seen = _preview(replace(recipe, id="", created_at=datetime.min.replace(tzinfo=UTC)), key)
    except LifecycleError as error:
        st.warning(f"{plain(error.message)} {plain(error.hint or '')}", icon=":material/info:")
        return
    st.caption(plain(seen.sentence))
    sides = [("before", "Just before", seen.before), ("after", "Just after", seen.after)]
    for name, title, frame in sides:
        if len(frame.columns):
            st.markdown(f"**{title}**")
            key_of = f"prepare_{name}_{key}"
            st.dataframe(frame, key=key_of, hide_index=True, height="content", alt=f"Rows {title.lower()} the step")
