"""The recipe as pages use it: the saved or proposed one, and what it does to real rows."""

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from core import collect, plan, prepare
from core.records import Recipe
from pages.ui.state import begin_anew, person, project, store
from pages.ui.words import plain

N_COLUMNS_NAMED = 12
DRAFT = "recipe_draft"
"""Id of the recipe that was opened, the recipe as it was changed since, and for whom that is kept."""
INSTEAD_OF = "recipe_instead_of"
"""Id of the saved recipe in whose place a person asked for the proposed one."""


@st.cache_data(max_entries=32, show_spinner="Working out a recipe ...")
def _proposal(project_id: str, origin: tuple[str, str]) -> Recipe:  # noqa: ARG001 - a key of the cache
    """Return the proposed recipe; `origin` (objective and table) says when it has to be worked out anew."""
    return prepare.propose_recipe(store(), project_id, by=person())


@st.cache_data(max_entries=16, show_spinner="Trying the recipe on real rows ...")
def _preview(content: Recipe) -> prepare.Preview:
    """Return real rows before and after the recipe."""
    return prepare.preview_recipe(store(), content)


def _fresh() -> Recipe:
    """Return the proposal for the present target and table."""
    project_id = project().id
    objective = plan.current_objective(store(), project_id)
    return _proposal(project_id, (objective.id, collect.current_dataset(store(), project_id).id))


def base_recipe() -> tuple[Recipe, bool]:
    """Return the recipe to start from and whether it is saved: the newest one if it still fits table and target."""
    fresh = _fresh()
    saved = prepare.current_recipe(store(), fresh.project_id)
    same = ("dataset_id", "target", "task")
    fits = saved is not None and all(getattr(saved, name) == getattr(fresh, name) for name in same)
    if saved is not None and fits and st.session_state.get(INSTEAD_OF) != saved.id:
        return saved, True
    return fresh, False


def draft_of(base: Recipe) -> Recipe:
    """Return the recipe as it was changed since it was opened, in this session or before the page was loaded again."""
    begun, draft, _ = st.session_state.get(DRAFT, ("", base, ""))
    return draft if begun == base.id else prepare.find_draft(store(), base, by=person()) or base


def keep_changes(base: Recipe, recipe: Recipe) -> bool:
    """Keep a recipe as the person's draft where it differs from the one that was opened; return whether it does."""
    changed = prepare.is_changed(recipe, base)
    if not changed and DRAFT in st.session_state:
        forget_changes(base)
    draft = (base.id, recipe, person())
    if changed and st.session_state.get(DRAFT) != draft:
        st.session_state[DRAFT] = draft
        prepare.keep_draft(store(), recipe, by=person())
    return changed


def keep_draft(base: Recipe, recipe: Recipe) -> None:
    """Keep a changed recipe until it is saved, and draw the page anew with it."""
    keep_changes(base, recipe)
    st.rerun()


def forget_changes(base: Recipe) -> None:
    """Forget the person's draft, because it was saved or is not wanted."""
    st.session_state.pop(DRAFT, None)
    prepare.drop_draft(store(), base.project_id, by=person())


def offer_to_forget(base: Recipe, *, saved: bool) -> None:
    """Say that the changes are not saved yet, and draw the way to throw them away."""
    used = " You changed the recipe; the saved one is used until you save this one." if saved else ""
    kept = f"Your changes are kept under your name ({plain(person())}), also when the page is loaded again."
    st.caption(f"Not saved yet.{used} {kept}")
    if st.button("Throw the changes away", icon=":material/delete:", key="prepare_forget", type="tertiary"):
        forget_changes(base)
        begin_anew("prepare_")
        st.rerun()


def offer_proposal(base: Recipe) -> None:
    """Draw the way back to the proposed recipe, for whoever has saved another."""
    if base.id != _fresh().id and st.button(
        "Start again from the proposed recipe", icon=":material/restart_alt:", key="prepare_proposal", type="tertiary"
    ):
        saved = prepare.current_recipe(store(), project().id)
        st.session_state[INSTEAD_OF] = saved.id if saved else None
        forget_changes(base)
        st.rerun()


def name_columns(columns: tuple[str, ...]) -> str:
    """Return the names of columns as far as they fit on a line."""
    shown = ", ".join(plain(name) for name in columns[:N_COLUMNS_NAMED])
    more = len(columns) - N_COLUMNS_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def show_preview(recipe: Recipe) -> None:
    """Draw the same real rows as they are and as the model gets them."""
    seen = _preview(replace(recipe, id="", created_at=datetime.min.replace(tzinfo=UTC)))
    st.markdown(f"**Before:** {seen.n_columns_before:,} columns and the answer")
    st.dataframe(seen.before, key="prepare_before", hide_index=True, height="content", alt="Rows as they came in")
    st.markdown(f"**After:** {seen.n_columns_after:,} columns of numbers, as the model gets them")
    st.dataframe(
        seen.after, key="prepare_after", hide_index=True, height="content", alt="The same rows as the model gets them"
    )
