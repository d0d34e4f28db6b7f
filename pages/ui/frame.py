"""The frame around every page: sidebar with project and person, title, the circle, and the way on at the end."""

import atexit
import gc
from functools import cache
from pathlib import Path
from typing import NoReturn

import streamlit as st

from core import deploy, plan
from pages.ui import state
from pages.ui.circle import draw_circle
from pages.ui.navigation import OPENED, STAGE_KEYS, current_info, link_to, page_info
from pages.ui.projects import delete_project_dialog, new_project_dialog
from pages.ui.words import count, plain

TO_SAY = "to_say"
LOGO = Path(__file__).parent / "logo.svg"


@cache
def keep_imports() -> None:
    """Leave out of all searches for garbage what the first run of this process has imported.

    Streamlit searches after every run; through 300,000 objects that stay anyway it took 0.2 s, in which nobody else's
    page could run either.
    """
    gc.collect()
    gc.freeze()
    # At the end all is given back, or duckdb would tell of a leak.
    atexit.register(gc.unfreeze)


def draw_sidebar() -> None:
    """Draw the project picker, the person's name, and the buttons for a new project and for deleting this one."""
    slugs = [project.slug for project in reversed(plan.list_projects(state.store()))]
    _settle_choice(slugs)
    st.logo(str(LOGO), size="large")
    with st.sidebar:
        st.selectbox(
            "Project",
            slugs,
            index=None,
            key="project",
            bind="query-params",
            placeholder="Choose a project" if slugs else "None yet",
            disabled=not slugs,
        )
        with st.container(horizontal=True):
            if st.button("New project", icon=":material/add:", key="sidebar_new"):
                new_project_dialog()
            if state.slug() and st.button("Delete", icon=":material/delete:", key="sidebar_delete", type="tertiary"):
                delete_project_dialog(state.project())
        st.text_input(
            "You are",
            key="you",
            bind="query-params",
            placeholder="Your name",
            max_chars=60,
            help="Written beside everything you do, so that others know whom to ask.",
        )
        _show_waiting(slugs)


def _show_waiting(slugs: list[str]) -> None:
    """Say in the sidebar, where it is seen from every page, how many rows wait for a person."""
    if state.slug() not in slugs:
        return
    n_waiting = deploy.n_waiting(state.store(), state.project().id)
    if n_waiting:
        words = f"{count(n_waiting, 'row')} {'waits' if n_waiting == 1 else 'wait'} for a person"
        link_to("answer", words, icon=":material/front_hand:")


def _settle_choice(slugs: list[str]) -> None:
    """Before the picker is drawn: choose what was just opened, and say so when the address names no project of ours."""
    if OPENED in st.session_state:
        st.session_state["project"] = st.session_state.pop(OPENED)
    asked_for = st.query_params.get("project") or st.session_state.get("project")
    if asked_for and asked_for not in slugs and st.session_state.get("project") not in slugs:
        st.session_state["project"] = None
        st.toast(f"There is no project '{asked_for}' (any more).", icon=":material/search_off:")


def run_again(words: str) -> NoReturn:
    """Run the page anew, so that what was just written shows everywhere, and say these words then.

    A toast that is drawn before `st.rerun` is lost when the new run begins before the browser has fetched it.
    """
    st.session_state[TO_SAY] = words
    st.rerun()


def draw_header(page: "st.Page") -> None:
    """Draw the page's title, the circle of the chosen project, and what happens at this stage and why."""
    if words := st.session_state.pop(TO_SAY, None):
        st.toast(words, icon=":material/check:")
    info = current_info(page)
    if info.on_wall:
        return
    st.title(info.title, icon=info.icon)
    if state.slug() and info.key != "home":
        project = state.project()
        here = info.key if info.key in STAGE_KEYS else None
        draw_circle(project, plan.stage_states(state.store(), project.id), here=here)
    st.markdown(info.opening)


def draw_way_on(page: "st.Page") -> None:
    """Draw the way on at the end of a stage's page: what is still open here, or the link to the next stage."""
    info = current_info(page)
    if info.on_wall:
        return
    if info.key == "home" or not state.slug():
        if info.key != "home":
            link_to("home", "Go to Life cycle to choose or start a project", icon=":material/arrow_forward:")
        return
    states = plan.stage_states(state.store(), state.project().id)
    here = next((found for found in states if found.key == info.key), None)
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="way_on"
    ):
        if here is None:
            link_to(plan.next_stage(states).key, icon=":material/arrow_forward:")
            return
        following = STAGE_KEYS[(STAGE_KEYS.index(info.key) + 1) % len(STAGE_KEYS)]
        mark = ":green[:material/check_circle:]" if here.done else ":material/radio_button_unchecked:"
        st.markdown(f"{mark} **{here.title}.** {plain(here.sentence)}", width="content")
        link_to(following, f"Go on to {page_info(following).title}", icon=":material/arrow_forward:")
