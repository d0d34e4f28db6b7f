"""Prepare: the recipe in words with switches, which rows are set aside for the test, real rows before and after."""

from dataclasses import replace

import streamlit as st

from core import prepare
from core.errors import NoDataError, NotReadyError
from core.prepare.recipe import DROPPED_BY_PERSON
from core.records import Recipe, new_id, utc_now
from pages import ui
from pages.ui.checks import say_open_problems
from pages.ui.prices import show_prices
from pages.ui.recipe import (
    base_recipe,
    draft_of,
    forget_changes,
    keep_changes,
    offer_proposal,
    offer_to_forget,
    show_preview,
)
from pages.ui.recipe_adding import add_step
from pages.ui.recipe_steps import show_steps
from pages.ui.split import choose_split, show_split_warnings


def leave_out_more(base: Recipe, recipe: Recipe) -> Recipe:
    """Draw the choice of more columns to leave out; return the recipe without them."""
    chosen = tuple(name for step in recipe.steps if step.key == DROPPED_BY_PERSON for name in step.columns)
    ui.prefill(base.id, prepare_drop=list(chosen))
    names = [column.name for column in base.columns if column.name != base.target]
    dropped = st.multiselect(
        "Leave out more columns",
        names,
        key="prepare_drop",
        placeholder="None",
        help="For example what is only known afterwards, or what it would be unfair to use.",
    )
    return prepare.drop_columns(recipe, dropped, "You chose so.") if set(dropped) != set(chosen) else recipe


try:
    base, saved = base_recipe()
except (NoDataError, NotReadyError) as error:
    ui.stop_missing(error.message, error.hint, stage="collect")
ui.say_version(base.dataset_id, "This recipe is for")
stored = prepare.current_recipe(ui.store(), base.project_id)
if stored and stored.dataset_id != base.dataset_id:
    st.caption(f"The recipe saved last is for {ui.name_table(stored.dataset_id)}; this one is a new proposal.")
say_open_problems()
steps, rest = st.columns([3, 2], gap="large")
with rest:
    st.markdown("### The rows set aside for the test")
    recipe = choose_split(base, draft_of(base))
    show_split_warnings(recipe)
with steps:
    st.markdown("### The recipe")
    recipe = show_steps(base, recipe)
    recipe = leave_out_more(base, recipe)
    add_step(base, recipe)
    offer_proposal(base)
with rest:
    changed = keep_changes(base, recipe)
    if saved and not changed:
        st.success("This recipe is saved and will be used.", icon=":material/check_circle:")
    elif st.button("Save the recipe", type="primary", icon=":material/save:", key="prepare_save"):
        prepare.save_recipe(ui.store(), replace(recipe, id=new_id(), created_by=ui.person(), created_at=utc_now()))
        forget_changes(base)
        ui.run_again("The recipe is saved.")
    if changed:
        offer_to_forget(base, saved=saved)
st.markdown("### Real rows, before and after")
show_preview(recipe)
show_prices(base, saved=saved)
ui.show_code("prepare", recipe.dataset_id, lambda own: prepare.recipe_script(ui.store(), recipe, from_file=own))
